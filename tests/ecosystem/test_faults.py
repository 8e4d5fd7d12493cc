"""Ways in which code of others once lost a derivative, or nearly: each is a few lines of what SciPy or
scikit-learn do, and stays mended."""

from __future__ import annotations

from typing import Any

import array_api_strict
import numpy as np
import pytest

import nnx

STRICT = array_api_strict.asarray


def total(x: Any) -> Any:
    return nnx.array_namespace(x).sum(x)


def test_functions_beyond_the_standard_that_write_into_their_argument() -> None:
    """`scipy.stats.false_discovery_control` restores an order with `xp.put_along_axis` where there is one."""
    weights = np.asarray([1.0, 10.0, 100.0])

    def f(x: Any) -> Any:
        xp = nnx.array_namespace(x)
        order = xp.argsort(x)
        y = xp.take_along_axis(x, order, axis=-1) ** 2
        xp.put_along_axis(y, order, values=y.copy(), axis=-1)
        return total(weights * y)

    x = np.asarray([3.0, 1.0, 2.0])
    np.testing.assert_allclose(nnx.grad(f)(x), 2 * weights * x)


def test_zero_cotangents_stay_zero_through_operators() -> None:
    """scikit-learn's scalers compute 0 / 0 and overwrite it under a mask."""

    def f(x: Any) -> Any:
        xp = nnx.array_namespace(x)
        zero = xp.zeros_like(x)
        unused = (x * zero / zero) ** 2
        unused[zero == 0] = (x * x)[zero == 0]
        return total(unused)

    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(nnx.grad(f)(np.asarray([1.0, 2.0])), [2.0, 4.0])


@pytest.mark.parametrize("make", [np.asarray, STRICT], ids=["numpy", "strict"])
def test_views_with_new_axes_are_written_back(make: Any) -> None:
    def f(x: Any) -> Any:
        y = x * 1.0
        y[None, :][0, 1] = 5.0 * x[0]
        column = y[:, None]
        column *= 2.0
        return total(y * y)

    np.testing.assert_allclose(nnx.to_numpy(nnx.grad(f)(make([1.0, 2.0, 3.0]))), [208.0, 0.0, 24.0])


@pytest.mark.parametrize("make", [np.asarray, STRICT], ids=["numpy", "strict"])
def test_numbers_of_numpy_on_either_side(make: Any) -> None:
    two = np.float64(2.0)

    def f(x: Any) -> Any:
        chosen = nnx.array_namespace(x).astype((x > two) & (np.float64(9.0) > x), x.dtype)
        return total((two * x + x / two) * chosen)

    np.testing.assert_allclose(nnx.to_numpy(nnx.grad(f)(make([1.0, 4.0]))), [0.0, 2.5])


def test_python_booleans_on_the_left() -> None:
    def f(x: Any) -> Any:
        return total(nnx.array_namespace(x).where(True & (x > 2.0), x, 0.0))

    np.testing.assert_array_equal(nnx.grad(f)(np.asarray([1.0, 4.0])), [0.0, 1.0])


def test_parameters_by_position_are_not_taken_for_arrays() -> None:
    """scikit-learn calls `xp.diff(x, 2)`, as NumPy has it: the order of the difference, not what to put before."""
    x = np.asarray([1.0, 4.0, 2.0, 8.0])
    value, gradient = nnx.value_and_grad(lambda x: total(nnx.array_namespace(x).diff(x, 2) ** 2))(x)
    second = np.diff(x, 2)
    np.testing.assert_allclose(value, np.sum(second**2))
    np.testing.assert_allclose(gradient, np.diff(np.eye(4), 2, axis=0).T @ (2 * second))


def scalar_result(x: Any) -> Any:
    s = nnx.array_namespace(x).sum(x)
    t = s
    t *= 3.0
    return s * t


def scalar_item(x: Any) -> Any:
    a = x[0]
    b = a
    b += 1.0
    return a * b * x[0]


def scalar_that_grows(x: Any) -> Any:
    s = nnx.array_namespace(x).sum(x)
    s *= x
    return total(s)


def array_of_a_scalar(x: Any) -> Any:
    y = nnx.array_namespace(x).asarray(x[0], copy=True)
    z = y
    y += 1.0
    y += 1.0
    return z * x[0]


def view_of_an_element(x: Any) -> Any:
    xp = nnx.array_namespace(x)
    x = x * 1.0
    y = xp.reshape(x[:1], ())
    z = y
    y += 1.0
    y += 1.0
    return z * x[0]


@pytest.mark.parametrize("make", [np.asarray, STRICT], ids=["numpy", "strict"])
@pytest.mark.parametrize(
    "f", [scalar_result, scalar_item, scalar_that_grows, array_of_a_scalar, view_of_an_element]
)
def test_scalars_of_numpy_do_not_alias_and_arrays_of_no_dimensions_do(make: Any, f: Any) -> None:
    """SciPy's sums are scalars on NumPy, `s *= 3` binds the name anew; on strict libraries they are arrays."""
    x = [2.0, 3.0]
    try:
        expected = f(make(x))
    except ValueError:
        with pytest.raises(ValueError, match="the result has shape"):
            nnx.grad(f)(make(x))
        return
    value, gradient = nnx.value_and_grad(f)(make(x))
    assert float(value) == float(expected)
    step = 1e-6
    for i, direction in enumerate(np.eye(2)):
        ends = [float(f(make((x + s * step * direction).tolist()))) for s in (1, -1)]
        assert np.isclose(nnx.to_numpy(gradient)[i], (ends[0] - ends[1]) / (2 * step), rtol=1e-8)


def test_gradients_of_psi_in_single_precision() -> None:
    """SciPy's polygamma, which the derivative of psi is, answers in double precision."""
    x = np.asarray([0.5, 2.0], dtype=np.float32)
    xp = nnx.traced_namespace(np)
    gradient = nnx.grad(lambda x: total(xp.special.psi(x)))(x)
    assert gradient.dtype == np.float32
    np.testing.assert_allclose(gradient, [4.934802, 0.644934], rtol=1e-6)


def test_dtypes_are_no_arrays() -> None:
    def f(x: Any) -> Any:
        xp = nnx.array_namespace(x)
        return total(xp.astype(x, xp.result_type(x, xp.float64)) * xp.finfo(x.dtype).eps)

    assert nnx.grad(f)(np.asarray([1.0]))[0] == np.finfo(np.float64).eps


def test_an_error_of_compiled_code_says_what_was_refused_before() -> None:
    def f(x: Any) -> Any:
        try:
            np.asarray(x)
        except TypeError:
            raise ValueError("could not convert") from None
        return total(x)

    with pytest.raises(ValueError, match="could not convert") as caught:
        nnx.grad(f)(np.asarray([1.0]))
    assert "a conversion to NumPy takes a plain array out of a derivative" in caught.value.__notes__[0]
    assert "test_faults.py" in caught.value.__notes__[0]
