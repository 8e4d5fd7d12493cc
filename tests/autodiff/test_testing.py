"""That `nnx.testing.check_gradients` accepts what is right and rejects what is not."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

import nnx
from nnx import array_namespace
from nnx.autodiff import primitive
from nnx.testing import check_gradients

LINE = [0.3, -1.2, 2.0]


def cube_with(slope: Callable[..., Any], backward: Callable[..., Any] | None = None) -> Callable[[Any], Any]:
    """x³ with a given derivative."""

    @nnx.custom_vjp
    def cube(x: Any) -> Any:
        return x**3

    cube.defvjp(lambda x: (x**3, x), backward or (lambda x, g: (g * slope(x),)))
    return cube


@primitive("cube_with_a_wrong_rule")
def wrong_cube(_xp: Any, x: Any) -> Any:
    return x**3


wrong_cube.defpullback(lambda xp, g, _out, x: 3.003 * g * x**2)


@primitive("product_with_a_wrong_rule")
def wrong_product(_xp: Any, x: Any, y: Any) -> Any:
    return x * y


wrong_product.defpullback(lambda xp, g, _out, _x, y: g * y, lambda xp, g, _out, x, _y: 1.001 * g * x)


def first_element_wrong(x: Any) -> Any:
    xp = array_namespace(x)
    first = xp.astype(xp.arange(x.shape[0], device=x.device) == 0, x.dtype)
    return 3 * x**2 * (1 + 1e-3 * first)


# accepted -----------------------------------------------------------------------------------------------------


class Pair(NamedTuple):
    first: Any
    second: Any


def norms(tree: Any) -> dict[str, Any]:
    xp = array_namespace(tree["a"])
    a, (b, c) = tree["a"], tree["rest"]
    return {"sum": xp.sum(xp.sin(a)) * b, "order": xp.argsort(a), "pair": Pair(c * a, xp.sum(c))}


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
@pytest.mark.parametrize(
    "f",
    [
        pytest.param(lambda x: x**3, id="cube"),
        pytest.param(lambda x: array_namespace(x).exp(x) / x, id="quotient"),
        pytest.param(lambda x: abs(x) ** 2, id="real value"),
        pytest.param(lambda x: (x[0] * x[1], [x[2] * 1j * x]), id="several values"),
        pytest.param(cube_with(lambda x: 3 * x**2), id="custom pullback"),
    ],
)
def test_right_derivatives_pass(lib: Any, f: Callable[..., Any], dtype: str) -> None:
    numbers = LINE if "float" in dtype else [0.3 + 1j, -1.2 - 0.5j, 2.0 + 0j]
    check_gradients(f, lib.asarray(numbers, dtype))


@pytest.mark.parametrize("order", [1, 2, 3])
def test_any_order(lib: Any, order: int) -> None:
    check_gradients(lambda x: array_namespace(x).sin(x) * x**2, lib.asarray(LINE), order=order)


def test_containers_and_integers(lib: Any) -> None:
    tree = {"a": lib.asarray(LINE), "rest": (lib.asarray(0.5), lib.asarray([2.0, 1.0, -1.0]))}
    check_gradients(norms, tree)
    check_gradients(lambda i, x: x[i] ** 2, 1, lib.asarray(LINE))
    check_gradients(
        lambda i, x: array_namespace(x).take(x, i) ** 2, lib.asarray([2, 0, 2]), lib.asarray(LINE)
    )


def test_layers(lib: Any) -> None:
    model = nnx.Sequential(nnx.Linear(3, 4), nnx.Tanh(), nnx.Linear(4, 2))
    before = {path: lib.to_numpy(x) for path, x in model.parameters().items()}
    check_gradients(lambda model, x: model(x), model, lib.asarray([LINE, LINE], "float32"))
    for path, x in model.parameters().items():
        lib.assert_equal(x, before[path])


def test_shared_parameters_move_once(lib: Any) -> None:
    layer = nnx.Linear(3, 3)
    check_gradients(
        lambda model, x: model(x), nnx.Sequential(layer, nnx.Tanh(), layer), lib.asarray(LINE, "float32")
    )


@pytest.mark.parametrize("scale", [1e-9, 1e-3, 1.0, 1e3, 1e9])
def test_steps_follow_the_size_of_an_argument(lib: Any, scale: float) -> None:
    check_gradients(lambda x: array_namespace(x).log(x), lib.asarray([scale, 2 * scale]))
    check_gradients(lambda x: x * x / scale, lib.asarray([scale, 2 * scale, -scale]), rtol=1e-5)


def test_near_the_edge_of_a_domain(lib: Any) -> None:
    check_gradients(lambda x: array_namespace(x).asin(x), lib.asarray([0.999, -0.9999]))
    check_gradients(lambda x: array_namespace(x).maximum(x, 0.1 * x), lib.asarray([1e-3, -1e-3]))


def test_empty_arrays(lib: Any) -> None:
    check_gradients(lambda x: x * x, lib.asarray([], "float64"))


def test_argnums(lib: Any) -> None:
    def f(x: Any, y: Any) -> Any:
        return nnx.stop_gradient(x) * x * y

    x, y = lib.asarray(LINE), lib.asarray(2.0)
    check_gradients(f, x, y, argnums=1)
    with pytest.raises(AssertionError, match="argument 0: expected"):
        check_gradients(f, x, y, argnums=(0, 1))
    with pytest.raises(AssertionError, match="argument 0: expected"):
        check_gradients(f, x, y)


def test_random_numbers_are_drawn_the_same_each_time(lib: Any) -> None:
    model = nnx.Sequential(nnx.Linear(3, 8), nnx.Dropout(0.5), nnx.Tanh())
    check_gradients(lambda model, x: model(x), model, lib.asarray(LINE, "float32"))
    generator = nnx.random.Generator(3)
    check_gradients(
        lambda x: x * generator.normal(3, dtype=lib.dtype("float64"), device=x.device), lib.asarray(LINE)
    )


# rejected -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128"])
@pytest.mark.parametrize("modes", [("vjp",), ("jvp",)])
@pytest.mark.parametrize(
    "f",
    [
        pytest.param(wrong_cube, id="rule"),
        pytest.param(cube_with(lambda x: 3.003 * x**2), id="custom pullback"),
        pytest.param(cube_with(lambda x: 2.997 * x**2), id="too small"),
        pytest.param(cube_with(first_element_wrong), id="one element"),
    ],
)
def test_a_rule_off_by_one_part_in_a_thousand_is_rejected(
    lib: Any, f: Callable[..., Any], modes: tuple[str, ...], dtype: str
) -> None:
    with pytest.raises(AssertionError, match=rf"order 1, {modes[0]} of .*, argument 0: expected"):
        check_gradients(f, lib.asarray([1.3, -1.2, 2.0], dtype), order=1, modes=modes)


def test_the_argument_is_named(lib: Any) -> None:
    x = lib.asarray(LINE)
    with pytest.raises(
        AssertionError, match=r"argument 1: expected .* \(finite differences\), got .* relative error 1.0e-03"
    ):
        check_gradients(wrong_product, x, x)
    with pytest.raises(AssertionError, match=r"argument 0\['b'\]\[1\]: "):
        check_gradients(lambda t: wrong_product(t["a"], t["b"][1]), {"a": x, "b": [x, x]})


def test_a_parameter_is_named(lib: Any) -> None:
    class Wrong(nnx.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nnx.Parameter(lib.asarray(LINE))

        def forward(self, x: Any) -> Any:
            return wrong_product(x, self.weight)

    with pytest.raises(AssertionError, match="argument 0, parameter '0.weight': "):
        check_gradients(lambda model, x: model(x), nnx.Sequential(Wrong()), lib.asarray(LINE))


def test_a_rule_wrong_only_at_second_order_is_rejected(lib: Any) -> None:
    f = cube_with(lambda x: 3 * nnx.stop_gradient(x) ** 2)
    x = lib.asarray(LINE)
    check_gradients(f, x, order=1)
    with pytest.raises(AssertionError, match="order 2, vjp"):
        check_gradients(f, x)


def test_a_second_derivative_off_by_one_part_in_a_thousand_is_rejected(lib: Any) -> None:
    slope = nnx.custom_vjp(lambda x: 3 * x**2)
    slope.defvjp(lambda x: (3 * x**2, x), lambda x, g: (g * 6.006 * x,))
    f = cube_with(slope)
    x = lib.asarray(LINE)
    check_gradients(f, x, order=1)
    with pytest.raises(AssertionError, match="order 2, vjp"):
        check_gradients(f, x)


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda x: x * 2 if hasattr(x, "__nnx_traced__") else x, "array 0: plain"),
        (lambda x: x[:2] if hasattr(x, "__nnx_traced__") else x, "array 0: expected shape"),
        (lambda x: (x, x) if hasattr(x, "__nnx_traced__") else x, "all of it: 1 leaves"),
    ],
)
def test_a_traced_value_other_than_the_plain_one_is_rejected(
    lib: Any, f: Callable[..., Any], message: str
) -> None:
    with pytest.raises(AssertionError, match=message):
        check_gradients(f, lib.asarray(LINE))


def test_a_conjugated_gradient_is_rejected(lib: Any) -> None:
    xp = lib.xp
    f = cube_with(lambda x: xp.conj(3 * x**2), lambda x, g: (g * array_namespace(x).conj(3 * x**2),))
    with pytest.raises(AssertionError, match="order 1, vjp"):
        check_gradients(f, lib.asarray([0.3 + 1j, 2.0 - 0.5j]))


def test_a_derivative_that_is_wrong_in_single_precision_is_rejected(lib: Any) -> None:
    def backward(x: Any, g: Any) -> Any:
        factor = 3.0 if x.dtype == lib.xp.float64 else 3.01
        return (g * factor * x**2,)

    f = cube_with(math.nan, backward)  # type: ignore[arg-type]
    check_gradients(f, lib.asarray(LINE))
    with pytest.raises(AssertionError, match="in .*float32 off by"):
        check_gradients(f, lib.asarray(LINE, "float32"))


@pytest.mark.parametrize(
    ("f", "numbers"),
    [
        pytest.param(lambda x: array_namespace(x).sqrt(abs(x)), [0.0], id="cusp"),
        pytest.param(lambda x: array_namespace(x).sign(x) * 3, [0.0], id="jump"),
    ],
)
def test_where_differences_say_nothing_that_is_said(
    lib: Any, f: Callable[..., Any], numbers: list[float]
) -> None:
    with pytest.raises(AssertionError, match="do not converge"):
        check_gradients(f, lib.asarray(numbers), modes=("vjp",))


def test_noise_is_not_mistaken_for_a_derivative(lib: Any) -> None:
    state = {"n": 0}

    def noisy(x: Any) -> Any:
        state["n"] += not hasattr(x, "__nnx_traced__")
        return x * (1 + 1e-3 * math.sin(state["n"] ** 2) * (state["n"] > 1))

    with pytest.raises(AssertionError, match="do not converge|value"):
        check_gradients(noisy, lib.asarray(LINE))


def test_mistakes_in_the_call(lib: Any) -> None:
    with pytest.raises(ValueError, match='modes has to be of "vjp" and "jvp"'):
        check_gradients(lambda x: x, lib.asarray(LINE), modes=("rev",))
    with pytest.raises(ValueError, match="no argument holds a floating array"):
        check_gradients(lambda x: x, lib.asarray([1, 2]))
