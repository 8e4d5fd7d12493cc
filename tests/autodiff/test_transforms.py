"""The transforms: what they return, for which arguments, to any order."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest

import nnx


def cubes(x: Any) -> Any:
    xp = nnx.array_namespace(x)
    return xp.sum(x * x * x)


class Pair(NamedTuple):
    left: Any
    right: Any


@dataclass
class Scaled:
    array: Any
    power: int


def close(lib: Any, actual: Any, expected: Any, tolerance: float = 1e-12) -> None:
    assert not getattr(type(actual), "__nnx_traced__", False), "a traced array came out"
    assert type(actual) is type(lib.asarray([1.0]))
    assert actual.device == lib.asarray([1.0]).device
    np.testing.assert_allclose(lib.to_numpy(actual), expected, rtol=tolerance, atol=tolerance)


def test_value_and_grad_returns_plain_arrays(lib: Any) -> None:
    value, gradient = nnx.value_and_grad(cubes)(lib.asarray([1.0, 2.0]))
    close(lib, value, 9.0)
    close(lib, gradient, [3.0, 12.0])


def test_decorators_with_and_without_arguments(lib: Any) -> None:
    @nnx.grad
    def plain(x: Any) -> Any:
        return x * x

    @nnx.value_and_grad(argnums=1, has_aux=True)
    def second(x: Any, y: Any) -> Any:
        return x * y * y, {"x": x, "twice": 2 * y}

    close(lib, plain(lib.asarray(3.0)), 6.0)
    (value, aux), gradient = second(lib.asarray(2.0), lib.asarray(3.0))
    close(lib, value, 18.0)
    close(lib, aux["x"], 2.0)
    close(lib, aux["twice"], 6.0)
    close(lib, gradient, 12.0)
    assert plain.__name__ == "plain"


@pytest.mark.parametrize(
    ("argnums", "expected"), [(0, 3.0), (1, 2.0), (-1, 2.0), ((0, 1), (3.0, 2.0)), ([1], (2.0,))]
)
def test_argnums(lib: Any, argnums: Any, expected: Any) -> None:
    result = nnx.grad(lambda x, y: x * y, argnums=argnums)(lib.asarray(2.0), lib.asarray(3.0))
    if isinstance(expected, tuple):
        assert isinstance(result, tuple)
        for r, e in zip(result, expected, strict=True):
            close(lib, r, e)
    else:
        close(lib, result, expected)


def test_containers_keep_their_structure(lib: Any) -> None:
    x, y = lib.asarray([1.0, 2.0]), lib.asarray([3.0, 4.0])

    def f(tree: Any) -> Any:
        pair, more = tree["pair"], tree["more"]
        return cubes(pair.left) + cubes(pair.right * more[0].array ** more[0].power) * more[1]

    gradient = nnx.grad(f)({"pair": Pair(x, y), "more": [Scaled(x, 2), 0.5], "none": None})
    assert type(gradient["pair"]) is Pair
    close(lib, gradient["pair"].left, [3.0, 12.0])
    assert type(gradient["more"][0]) is Scaled
    close(lib, gradient["more"][0].array, [0.5 * 27 * 6, 0.5 * 64 * 6 * 2**5])
    assert gradient["none"] is None


def test_unused_arguments_get_zeros(lib: Any) -> None:
    gradient = nnx.grad(lambda x, y: cubes(x), argnums=(0, 1))(lib.asarray([1.0]), lib.asarray([[5.0, 6.0]]))
    close(lib, gradient[1], [[0.0, 0.0]])


def test_a_result_that_depends_on_nothing_gives_zeros(lib: Any) -> None:
    def constant(x: Any) -> Any:
        return nnx.array_namespace(x).ones((), dtype=x.dtype, device=x.device)

    value, gradient = nnx.value_and_grad(constant)(lib.asarray([1.0]))
    close(lib, value, 1.0)
    close(lib, gradient, [0.0])


def test_arguments_that_are_not_differentiated_are_in_the_trace(lib: Any) -> None:
    def f(x: Any, y: Any, *, scale: Any) -> Any:
        assert nnx.array_namespace(y[0]) is nnx.array_namespace(x) is scale.__array_namespace__()
        return x * y[0] * scale

    close(lib, nnx.grad(f)(lib.asarray(2.0), [lib.asarray(3.0)], scale=lib.asarray(5.0)), 15.0)


def test_gradients_are_fresh_writable_arrays(lib: Any) -> None:
    x, y = lib.asarray([1.0, 2.0]), lib.asarray([3.0, 4.0])
    cotangent = lib.xp.ones(2, dtype=x.dtype, device=x.device)
    out, pullback = nnx.vjp(lambda x, y: x + y, x, y)
    first, second = pullback(cotangent)
    first[0] = 7.0
    close(lib, second, [1.0, 1.0])
    close(lib, cotangent, [1.0, 1.0])
    close(lib, out, [4.0, 6.0])
    broadcast = nnx.grad(lambda x: nnx.array_namespace(x).sum(x))(x)
    broadcast[0] = 7.0
    close(lib, broadcast, [7.0, 1.0])


def test_vjp_pulls_several_times_and_checks_its_cotangents(lib: Any) -> None:
    x = lib.asarray([1.0, 2.0])
    out, pullback = nnx.vjp(lambda x: {"a": x * x, "n": 3}, x)
    assert out["n"] == 3
    close(lib, pullback({"a": lib.asarray([1.0, 1.0]), "n": None})[0], [2.0, 4.0])
    close(lib, pullback({"a": lib.asarray([0.0, 2.0]), "n": 3})[0], [0.0, 8.0])
    with pytest.raises(ValueError, match=r"cotangent of shape \(2,\), got \(3,\)"):
        pullback({"a": lib.asarray([1.0, 1.0, 1.0]), "n": 3})
    with pytest.raises(ValueError, match="structure"):
        pullback([lib.asarray([1.0, 1.0])] * 2)


def test_cotangents_and_tangents_belong_to_keys_not_to_their_order(lib: Any) -> None:
    x, y = lib.asarray([1.0, 2.0]), lib.asarray([3.0, 4.0])
    _, pullback = nnx.vjp(lambda x, y: {"x": x, "y": 10 * y}, x, y)
    first, second = pullback({"y": lib.asarray([0.0, 1.0]), "x": lib.asarray([5.0, 0.0])})
    close(lib, first, [5.0, 0.0])
    close(lib, second, [0.0, 10.0])
    point, direction = {"x": x, "y": y}, {"y": lib.asarray([1.0, 0.0]), "x": lib.asarray([0.0, 1.0])}
    close(lib, nnx.jvp(lambda p: cubes(p["x"]) + 10 * cubes(p["y"]), (point,), (direction,))[1], 12.0 + 270.0)
    with pytest.raises(
        ValueError, match="nnx.vjp: cotangent: expected the structure dict with x, y, got dict with x"
    ):
        pullback({"x": x})
    with pytest.raises(
        ValueError, match=r"nnx.jvp: tangent\[0\]: expected the structure dict with x, y, got tuple of 2"
    ):
        nnx.jvp(lambda p: cubes(p["x"]), (point,), ((x, y),))
    with pytest.raises(TypeError, match=r"expected a cotangent array of shape \(2,\), got float"):
        pullback({"x": 1.0, "y": y})


def test_a_container_of_numbers_only_is_refused(lib: Any) -> None:
    with pytest.raises(
        TypeError, match="argument 0 of .* holds no array to be differentiated, but float 2.0"
    ):
        nnx.grad(lambda p: p["a"] * cubes(lib.asarray([1.0])))({"a": 2.0})
    gradient = nnx.grad(lambda p: p["a"] * cubes(p["x"]))({"a": 2.0, "x": lib.asarray([1.0])})
    assert gradient["a"] is None
    close(lib, gradient["x"], [6.0])
    assert nnx.grad(lambda p, x: cubes(x))({}, lib.asarray([1.0])) == {}


def test_jvp_of_real_and_complex_functions(lib: Any) -> None:
    x, t = lib.asarray([1.0, 2.0]), lib.asarray([0.5, -1.0])
    out, tangent = nnx.jvp(lambda x: nnx.array_namespace(x).sin(x), (x,), (t,))
    close(lib, out, np.sin([1.0, 2.0]))
    close(lib, tangent, np.cos([1.0, 2.0]) * [0.5, -1.0])
    z, w = lib.asarray([1 + 2j, 3 - 1j]), lib.asarray([1j, 1.0 + 0j])
    out, tangent = nnx.jvp(lambda z: nnx.array_namespace(z).conj(z) * z * z, (z,), (w,))
    zn, wn = lib.to_numpy(z), lib.to_numpy(w)
    close(lib, tangent, wn.conj() * zn * zn + 2 * zn.conj() * zn * wn)


def test_jvp_along_some_arguments(lib: Any) -> None:
    x, y = lib.asarray(2.0), lib.asarray(3.0)
    close(lib, nnx.jvp(lambda x, y: x * y, (x, y), (lib.asarray(1.0),), argnums=1)[1], 2.0)
    close(lib, nnx.jvp(lambda x, y: x * y, (x, y), (y, x))[1], 13.0)


def test_jacobian_shapes_and_structure(lib: Any) -> None:
    x = lib.asarray([[1.0, 2.0, 3.0]])
    jac = nnx.jacobian(lambda x: (x[0, :2] ** 2, {"s": cubes(x)}))(x)
    close(lib, jac[0], [[[2.0, 0.0, 0.0]], [[0.0, 4.0, 0.0]]])
    close(lib, jac[1]["s"], [[3.0, 12.0, 27.0]])
    both = nnx.jacobian(lambda x, y: x * y, argnums=(0, 1))(lib.asarray([1.0, 2.0]), lib.asarray([3.0, 4.0]))
    close(lib, both[0], np.diag([3.0, 4.0]))
    close(lib, both[1], np.diag([1.0, 2.0]))
    empty = nnx.jacobian(lambda x: x[:0])(lib.asarray([1.0, 2.0]))
    assert empty.shape == (0, 2)


def test_hessian_and_hvp_agree(lib: Any) -> None:
    def f(x: Any) -> Any:
        xp = nnx.array_namespace(x)
        return xp.sum(xp.sin(x[:, None] * x[None, :]))

    x, v = lib.asarray([0.3, 0.7, 1.1]), lib.asarray([1.0, -2.0, 0.5])
    hessian = nnx.hessian(f)(x)
    (product,) = nnx.hvp(f, (x,), (v,))
    close(lib, product, lib.to_numpy(hessian) @ lib.to_numpy(v))
    close(lib, nnx.hvp(f, (x,), v, argnums=0), lib.to_numpy(product))
    s = np.sin(np.outer([0.3, 0.7, 1.1], [0.3, 0.7, 1.1]))
    assert abs(float(lib.to_numpy(hessian)[0, 0]) - _second_derivative(f, lib)) < 1e-5, s


def _second_derivative(f: Any, lib: Any) -> float:
    h, at = 1e-4, [0.3, 0.7, 1.1]
    values = [float(lib.to_numpy(f(lib.asarray([at[0] + d, *at[1:]])))) for d in (-h, 0.0, h)]
    return (values[0] - 2 * values[1] + values[2]) / h**2


def test_high_orders(lib: Any) -> None:
    f = lambda x: x**5  # noqa: E731
    expected = 2.0**5
    for order in range(5):
        f, expected = nnx.grad(f), expected * (5 - order) / 2.0
        close(lib, f(lib.asarray(2.0)), expected)


def test_levels_do_not_confuse_perturbations(lib: Any) -> None:
    one = lib.asarray(1.0)
    close(lib, nnx.grad(lambda x: x * nnx.grad(lambda y: x + y)(one))(lib.asarray(3.0)), 1.0)
    close(lib, nnx.grad(lambda x: nnx.grad(lambda y: x * y * y)(x))(lib.asarray(3.0)), 12.0)
    close(lib, nnx.grad(lambda x: x * nnx.grad(lambda y: x * nnx.grad(lambda z: x * y * z)(y))(x))(one), 3.0)


def test_jvp_of_grad_and_grad_of_jvp(lib: Any) -> None:
    x, t = lib.asarray([1.0, 2.0]), lib.asarray([1.0, 0.0])
    close(lib, nnx.jvp(nnx.grad(cubes), (x,), (t,))[1], [6.0, 0.0])
    close(lib, nnx.grad(lambda x: nnx.jvp(cubes, (x,), (t,))[1])(x), [6.0, 0.0])


def test_stop_gradient_and_lift(lib: Any) -> None:
    close(lib, nnx.grad(lambda x: x * nnx.stop_gradient(x))(lib.asarray(3.0)), 3.0)
    plain = lib.asarray([1.0])
    assert nnx.stop_gradient({"a": plain})["a"] is plain
    outside = lib.asarray([2.0, 2.0])

    def asks_for_its_namespace(x: Any) -> Any:
        w = nnx.lift(outside)
        assert w.__array_namespace__() is x.__array_namespace__()
        return x.__array_namespace__().sum(x * w)

    close(lib, nnx.grad(asks_for_its_namespace)(lib.asarray([1.0, 1.0])), [2.0, 2.0])


def test_a_stopped_value_is_free_to_leave(lib: Any) -> None:
    read = []
    nnx.grad(lambda x: (read.append(float(nnx.stop_gradient(x))), x * x)[1])(lib.asarray(3.0))
    assert read == [3.0]


def test_plain_arrays_outside_a_derivative(lib: Any) -> None:
    x = lib.asarray([1.0, 2.0])
    xp = nnx.array_namespace(x)
    assert type(xp.sin(x)) is type(x)


def test_callers_arrays_are_never_written(lib: Any) -> None:
    x = lib.asarray([1.0, 2.0, 3.0])

    def f(x: Any, y: Any) -> Any:
        x[0] = 10.0
        y += 5.0
        y[1:] *= x[:2]
        return nnx.array_namespace(x).sum(x * y)

    y = lib.asarray([1.0, 1.0, 1.0])
    nnx.grad(f, argnums=(0, 1))(x, y)
    close(lib, x, [1.0, 2.0, 3.0])
    close(lib, y, [1.0, 1.0, 1.0])


# memory, threads, tasks ---------------------------------------------------------------------------------------


def test_a_tape_keeps_only_what_its_rules_name(lib: Any) -> None:
    alive: list[weakref.ref[Any]] = []

    def f(x: Any) -> Any:
        xp = nnx.array_namespace(x)
        for _ in range(4):
            x = x + 1.0  # the rule of add needs no array
            alive.append(weakref.ref(x))
        gc.collect()
        assert sum(ref() is not None for ref in alive) == 1
        return xp.sum(x)

    nnx.grad(f)(lib.asarray([1.0, 2.0]))


def test_the_tape_is_freed_when_the_gradient_is_there(lib: Any) -> None:
    kept: list[weakref.ref[Any]] = []

    def f(x: Any) -> Any:
        y = nnx.array_namespace(x).exp(x)
        kept.append(weakref.ref(y))
        return nnx.array_namespace(x).sum(y * y)

    nnx.grad(f)(lib.asarray([1.0]))
    assert kept[0]() is None


def test_threads_do_not_mix(lib: Any) -> None:
    x = lib.asarray(2.0)
    wrong: list[Any] = []

    def work(power: int) -> None:
        for _ in range(30):
            got = float(lib.to_numpy(nnx.grad(nnx.grad(lambda x: x**power))(x)))
            if abs(got - power * (power - 1) * 2.0 ** (power - 2)) > 1e-9:
                wrong.append((power, got))

    threads = [threading.Thread(target=work, args=(p,)) for p in (2, 3, 4, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_tasks_do_not_mix(lib: Any) -> None:
    async def work(power: int) -> float:
        gradient = nnx.grad(lambda x: x**power)
        await asyncio.sleep(0)
        return float(lib.to_numpy(gradient(lib.asarray(2.0))))

    async def main() -> list[float]:
        return list(await asyncio.gather(*(work(p) for p in (2, 3, 4))))

    assert asyncio.run(main()) == [4.0, 12.0, 32.0]


def test_two_libraries_in_one_process() -> None:
    strict = pytest.importorskip("array_api_strict", reason="needs array-api-strict")
    a = nnx.grad(cubes)(np.asarray([2.0]))
    b = nnx.grad(cubes)(strict.asarray([2.0]))
    assert type(a) is np.ndarray
    assert float(a[0]) == float(b[0]) == 12.0
    both = nnx.grad(lambda x, y: cubes(x), argnums=(0, 1))(np.asarray([2.0]), strict.asarray([2.0]))
    assert type(both[1]) is type(strict.asarray(0.0))
