"""What a mistake is answered with: each message names what was wanted and what came."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import nnx


def total(x: Any) -> Any:
    return nnx.array_namespace(x).sum(x)


@pytest.mark.parametrize("transform", [nnx.grad, nnx.value_and_grad, nnx.hessian])
def test_a_result_that_is_no_scalar(lib: Any, transform: Any) -> None:
    with pytest.raises(ValueError, match=r"has to return a scalar \(0-d array\), got shape \(2,\).*jacobian"):
        transform(lambda x: x * 2)(lib.asarray([1.0, 2.0]))


def test_a_result_that_is_no_array(lib: Any) -> None:
    with pytest.raises(TypeError, match="has to return a 0-d array, got str"):
        nnx.grad(lambda x: "no")(lib.asarray([1.0]))
    with pytest.raises(TypeError, match="got tuple.*has_aux=True"):
        nnx.grad(lambda x: (total(x), x))(lib.asarray([1.0]))
    with pytest.raises(TypeError, match=r"return \(scalar, aux\)"):
        nnx.grad(total, has_aux=True)(lib.asarray([1.0]))


def test_results_of_the_wrong_kind(lib: Any) -> None:
    with pytest.raises(TypeError, match="real floating scalar, got .*complex128.*nnx.vjp"):
        nnx.grad(total)(lib.asarray([1.0 + 1j]))
    with pytest.raises(TypeError, match="real floating scalar, got .*int64"):
        nnx.grad(lambda x: nnx.array_namespace(x).argmax(x))(lib.asarray([1.0]))


def test_arguments_that_cannot_be_differentiated(lib: Any) -> None:
    integers = lib.xp.asarray([1, 2], device=lib.device)
    with pytest.raises(
        TypeError, match=r"argument 0 of .*total has dtype .*int64; only real and complex floating"
    ):
        nnx.grad(total)(integers)
    with pytest.raises(TypeError, match=r"argument 1\['a'\]\[0\] .* dtype .*int64"):
        nnx.grad(lambda x, y: total(x), argnums=1)(lib.asarray([1.0]), {"a": [integers]})
    with pytest.raises(
        TypeError, match="argument 0 .* has to be an array, a Layer or a container .*got float 3.0"
    ):
        nnx.grad(total)(3.0)
    with pytest.raises(ValueError, match="argnums has 2, but .*total was called with 1 arguments"):
        nnx.grad(total, argnums=2)(lib.asarray([1.0]))
    with pytest.raises(TypeError, match="argnums has to be"):
        nnx.grad(total, argnums="x")  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="nnx.grad: expected a function, got int"):
        nnx.grad(3)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    "convert",
    [
        float,
        int,
        complex,
        np.asarray,
        lambda x: x.item(),
        lambda x: x.__dlpack__(),
        pickle.dumps,
        np.from_dlpack,
    ],
    ids=["float", "int", "complex", "asarray", "item", "dlpack", "pickle", "from_dlpack"],
)
def test_leaving_a_derivative_is_refused(lib: Any, convert: Any) -> None:
    def f(x: Any) -> Any:
        with pytest.raises(nnx.DerivativeLostError, match=r"would be lost .*use nnx.stop_gradient\(x\)"):
            convert(x)
        return x * x

    nnx.grad(f)(lib.asarray(2.0))


def test_looking_is_free(lib: Any) -> None:
    def f(x: Any) -> Any:
        assert bool(x > 1) is True
        assert "traced(" in repr(x)
        assert "2" in str(x)
        if x > 0:
            return x * copy.deepcopy(x)
        return x

    assert float(lib.to_numpy(nnx.grad(f)(lib.asarray(2.0)))) == 4.0


def test_constants_convert_freely(lib: Any) -> None:
    def f(x: Any) -> Any:
        xp = nnx.array_namespace(x)
        assert float(xp.ones(())) == 1.0
        assert int(xp.argmax(x)) == 1
        assert [1, 2, 3][xp.argmax(x)] == 2
        assert len(x) == 2
        assert [float(nnx.stop_gradient(v)) for v in x] == [1.0, 2.0]
        return xp.sum(x)

    nnx.grad(f)(lib.asarray([1.0, 2.0]))


def test_a_leaked_array_says_so(lib: Any) -> None:
    leaked: list[Any] = []

    def f(x: Any) -> Any:
        leaked.extend([x, x * 2])
        return total(x)

    nnx.grad(f)(lib.asarray([1.0]))
    for use in (lambda x: x * 2, lambda x: x[0], total, float, lambda x: x + leaked[1], lambda x: x > 0):
        with pytest.raises(nnx.LeakedArrayError, match="after the derivative that it belongs to had ended"):
            use(leaked[0])


def test_a_library_that_meets_another() -> None:
    strict = pytest.importorskip("array_api_strict", reason="needs array-api-strict")
    mine, other = np.asarray([1.0, 2.0]), strict.asarray([1.0, 2.0])
    with pytest.raises(nnx.MixedLibrariesError, match="numpy and array_api_strict"):
        nnx.grad(lambda x: total(x * other))(mine)
    with pytest.raises(nnx.MixedLibrariesError, match="numpy and array_api_strict"):
        nnx.grad(lambda x, y: total(nnx.lift(x) + y))(mine, other)
    with pytest.raises(nnx.MixedLibrariesError, match="numpy and array_api_strict"):
        nnx.array_namespace(mine, other)


def test_devices_that_meet() -> None:
    strict = pytest.importorskip("array_api_strict", reason="needs array-api-strict")
    x = strict.asarray([1.0], device=strict.Device("device1"))
    with pytest.raises(ValueError, match=r"CPU_DEVICE.*device1|device1.*CPU_DEVICE"):
        nnx.grad(lambda x, y: total(x * y))(x, strict.asarray([1.0]))


def test_a_plain_array_in_a_closure_gets_a_note() -> None:
    from array_api_compat import array_namespace

    outside = np.asarray([1.0, 2.0])
    with pytest.raises(TypeError, match="namespaces") as caught:
        nnx.grad(lambda x: array_namespace(x, outside).sum(x * outside))(np.asarray([1.0, 2.0]))
    assert "nnx.lift" in caught.value.__notes__[0]


def test_a_library_that_refuses_plain_beside_traced_gets_the_note() -> None:
    strict = pytest.importorskip("array_api_strict", reason="needs array-api-strict")
    outside = strict.asarray([1.0, 2.0])
    with pytest.raises(TypeError) as caught:
        nnx.grad(lambda x: total(outside * x))(strict.asarray([1.0, 2.0]))
    assert "nnx.lift" in caught.value.__notes__[0]


def test_a_library_whose_own_functions_refuse_traced_arrays_is_told_of_array_namespace() -> None:
    strict = pytest.importorskip("array_api_strict", reason="needs array-api-strict")
    x = strict.asarray([1.0, 2.0])
    with pytest.raises(AttributeError, match=r"'_array'.* functions are those of nnx.array_namespace\(x\)"):
        nnx.grad(strict.sum)(x)
    with pytest.raises(TypeError) as caught:
        nnx.grad(lambda x: total(strict.exp(x)))(x)
    assert "nnx.array_namespace(x)" in caught.value.__notes__[0]


def test_array_namespace_wants_arrays(lib: Any) -> None:
    with pytest.raises(TypeError, match="expected arrays, got str"):
        nnx.array_namespace("x")
    with pytest.raises(TypeError, match="at least one array"):
        nnx.array_namespace()
    assert nnx.array_namespace(None, 1.0, lib.asarray([1.0])) is nnx.array_namespace(lib.asarray([1.0]))


def test_a_function_without_a_rule_fails_only_where_its_derivative_is_needed() -> None:
    x = np.asarray([1.0, 2.0])
    unused = nnx.grad(lambda x: (nnx.array_namespace(x).histogram_bin_edges(x, 1), total(x * x))[1])(x)
    np.testing.assert_array_equal(unused, [2.0, 4.0])
    with pytest.raises(
        nnx.NotDifferentiableError,
        match=r"numpy.histogram_bin_edges has no derivative in nnx.*test_errors.py:\d+",
    ):
        nnx.grad(lambda x: total(nnx.array_namespace(x).histogram_bin_edges(x, 1)))(x)


def test_a_function_without_a_rule_is_seen_by_every_level() -> None:
    x = np.asarray([1.0, 2.0])

    def inner(x: Any) -> Any:
        return nnx.grad(lambda y: total(y * nnx.array_namespace(x).histogram_bin_edges(x, 1)))(x * 1.0)

    with pytest.raises(nnx.NotDifferentiableError, match="numpy.histogram_bin_edges"):
        nnx.grad(lambda x: total(inner(x)))(x)


def test_writing_a_derivative_into_an_integer_array(lib: Any) -> None:
    def f(x: Any) -> Any:
        counts = nnx.array_namespace(x).zeros(2, dtype=nnx.array_namespace(x).int64, device=x.device)
        with pytest.raises(nnx.DerivativeLostError, match="cannot carry a derivative"):
            counts[0] = x[0]
        return total(x)

    nnx.grad(f)(lib.asarray([1.0]))


def test_an_exception_in_a_traced_call_leaves_nothing_behind(lib: Any) -> None:
    class Boom(Exception):
        pass

    def f(x: Any) -> Any:
        raise Boom

    with pytest.raises(Boom):
        nnx.grad(f)(lib.asarray([1.0]))
    assert float(lib.to_numpy(nnx.grad(total)(lib.asarray([1.0])))[0]) == 1.0
