"""Derivatives of the statistical functions: every keyword, zeros, ties, and nothing to reduce."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import nnx
from nnx.autodiff import primitive
from nnx.autodiff.rules import statistical
from nnx.testing import check_gradients

RNG = np.random.default_rng(3)
X = RNG.normal(size=(2, 3, 4))
Z = X + 1j * RNG.normal(size=X.shape)
ZEROS = np.where(RNG.uniform(size=(4, 5)) < 0.4, 0.0, RNG.normal(size=(4, 5)))
AXES = [None, 0, -1, (0, 2), (-1, 1), ()]


def total(x: Any) -> Any:
    return nnx.array_namespace(x).sum(x)


def call(name: str, x: Any, **keywords: Any) -> Any:
    return getattr(nnx.array_namespace(x), name)(x, **keywords)


def check(lib: Any, name: str, x: Any, order: int = 2, **keywords: Any) -> None:
    check_gradients(lambda a: call(name, a, **keywords), lib.asarray(x), order=order)


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", AXES, ids=str)
@pytest.mark.parametrize("name", ["sum", "prod", "mean", "var", "std", "max", "min"])
def test_reduction(lib: Any, name: str, axis: Any, keepdims: bool) -> None:
    if name == "std" and axis == ():
        return  # of single elements: zero, and flat by convention
    check(lib, name, X, axis=axis, keepdims=keepdims)


@pytest.mark.parametrize("name", ["sum", "prod", "mean"])
@pytest.mark.parametrize("axis", [None, (0, 2)], ids=str)
def test_complex_reduction(lib: Any, name: str, axis: Any) -> None:
    check(lib, name, Z, axis=axis)


@pytest.mark.parametrize("correction", [0, 1, 0.5, 2])
@pytest.mark.parametrize("name", ["var", "std"])
def test_correction(lib: Any, name: str, correction: float) -> None:
    check(lib, name, X, axis=(1, 2), correction=correction)
    check(lib, name, X, correction=correction, keepdims=True)


def test_complex_variance() -> None:
    """Beyond the standard, but NumPy has it."""
    check_gradients(lambda z: nnx.array_namespace(z).var(z, axis=1, correction=1), Z)


@pytest.mark.parametrize("name", ["var", "std"])
def test_correction_against_torch(name: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle")
    x = torch.tensor(X, requires_grad=True)
    getattr(torch, name)(x, dim=(0, 1), correction=3).sum().backward()
    mine = nnx.grad(lambda a: total(call(name, a, axis=(0, 1), correction=3)))(X)
    np.testing.assert_allclose(mine, x.grad.numpy(), rtol=1e-12)


def test_no_degrees_of_freedom_is_nan(lib: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # NumPy's, of the value
        gradient = nnx.grad(lambda a: total(call("var", a, axis=1, correction=1)))(
            lib.asarray([[1.0], [2.0]])
        )
    assert np.all(np.isnan(lib.to_numpy(gradient)))


def test_std_of_equal_elements_is_flat(lib: Any) -> None:
    x = lib.asarray([[1.0, 1.0, 1.0], [1.0, 2.0, 4.0]])

    def slopes(a: Any) -> Any:
        return nnx.grad(lambda b: total(call("std", b, axis=1)))(a)

    first = lib.to_numpy(slopes(x))
    assert np.all(first[0] == 0)
    assert np.all(first[1] != 0)
    second = lib.to_numpy(nnx.grad(lambda a: total(slopes(a) ** 2))(x))
    assert np.all(second[0] == 0)
    assert np.all(np.isfinite(second))


@pytest.mark.parametrize("name", ["max", "min"])
def test_ties_share(lib: Any, name: str) -> None:
    x = lib.asarray([[3.0, 1.0, 3.0, 1.0, 3.0], [5.0, 5.0, 5.0, 5.0, 5.0]])
    gradient = nnx.grad(lambda a: total(call(name, a, axis=1)))(x)
    share = [1 / 3, 0, 1 / 3, 0, 1 / 3] if name == "max" else [0, 1 / 2, 0, 1 / 2, 0]
    lib.assert_close(gradient, [share, [0.2] * 5])


def test_nan_is_the_extremum(lib: Any) -> None:
    gradient = nnx.grad(lambda a: call("max", a))(lib.asarray([1.0, np.nan, 2.0]))
    lib.assert_equal(gradient, [0.0, 1.0, 0.0])


@pytest.mark.parametrize("keywords", [{}, {"axis": 0}, {"axis": (0, 1), "keepdims": True}], ids=str)
def test_prod_with_zeros(lib: Any, keywords: dict[str, Any]) -> None:
    check(lib, "prod", ZEROS, **keywords)
    for x in ([[0.0, 2.0, 3.0]], [[0.0, 2.0, 0.0]], np.zeros((2, 2))):
        check(lib, "prod", x, order=3, **keywords)


@pytest.mark.parametrize("initial", [False, True])
@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("name", ["cumulative_sum", "cumulative_prod"])
def test_cumulative(lib: Any, name: str, axis: int, initial: bool) -> None:
    for x in (X, Z, ZEROS):
        check(lib, name, x, axis=axis, include_initial=initial)


@pytest.mark.parametrize("name", ["cumulative_sum", "cumulative_prod"])
@pytest.mark.parametrize("n", [0, 1, 2, 3, 8, 9])
def test_cumulative_of_any_length(lib: Any, name: str, n: int) -> None:
    x = np.array([1.5, 0.0, -2.0, 0.5, 0.0, 3.0, 1.0, -1.0, 2.0])[:n]
    check(lib, name, x)
    check(lib, name, x, include_initial=True)


@pytest.mark.parametrize("name", ["sum", "prod", "cumulative_sum", "cumulative_prod"])
def test_dtype(lib: Any, name: str) -> None:
    keywords = {"axis": 0} if name.startswith("cumulative") else {}

    def f(a: Any, dtype: str) -> Any:
        xp = nnx.array_namespace(a)
        out = call(name, a, dtype=getattr(xp, dtype), **keywords)
        return total(xp.real(out * (1 + 2j)) if dtype == "complex128" else out)

    exact = lib.to_numpy(nnx.grad(lambda a: f(a, "float64"))(lib.asarray(ZEROS)))
    for given, asked in (("float32", "float64"), ("float64", "float32"), ("float64", "complex128")):
        gradient = nnx.grad(f)(lib.asarray(ZEROS, given), asked)
        assert gradient.dtype == lib.dtype(given)
        np.testing.assert_allclose(lib.to_numpy(gradient), exact, rtol=1e-5)


@pytest.mark.parametrize("name", sorted(statistical.RULES))
def test_single_precision(lib: Any, name: str) -> None:
    keywords = {"axis": 1} if name.startswith("cumulative") else {}
    check_gradients(lambda a: call(name, a, **keywords), lib.asarray(X, "float32"))


@pytest.mark.parametrize("name", ["sum", "prod", "mean", "max", "min"])
def test_zero_dimensional(lib: Any, name: str) -> None:
    check(lib, name, 1.5)
    lib.assert_equal(nnx.grad(lambda a: call(name, a))(lib.asarray(1.5)), 1.0)


@pytest.mark.parametrize("name", ["sum", "prod"])
@pytest.mark.parametrize(("shape", "axis"), [((0,), None), ((0, 3), 0), ((0, 3), 1), ((2, 0), (0, 1))])
def test_empty(lib: Any, name: str, shape: tuple[int, ...], axis: Any) -> None:
    x = lib.asarray(np.zeros(shape))
    gradient = nnx.grad(lambda a: total(call(name, a, axis=axis)))(x)
    assert gradient.shape == shape
    assert gradient.dtype == x.dtype


@primitive("tests.var_off_by_a_thousandth", params=("correction",))
def var_off(xp: Any, x: Any, *, correction: float) -> Any:
    return xp.var(x, correction=correction)


var_off.defpullback(
    lambda xp, g, out, x, **params: 1.001 * statistical.RULES["var"].pullbacks[0](xp, g, out, x, **params)
)


def test_a_planted_fault_is_found(lib: Any) -> None:
    with pytest.raises(AssertionError, match="vjp"):
        check_gradients(lambda a: var_off(a, correction=1), lib.asarray(X))
