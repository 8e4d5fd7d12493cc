"""checkpoint and custom_vjp: derivatives by running again, and derivatives of one's own."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import pytest

import nnx


def cubes(x: Any) -> Any:
    xp = nnx.array_namespace(x)
    return xp.sum(x * x * x)


def close(lib: Any, actual: Any, expected: Any, tolerance: float = 1e-12) -> None:
    assert not getattr(type(actual), "__nnx_traced__", False), "a traced array came out"
    assert type(actual) is type(lib.asarray([1.0]))
    assert actual.device == lib.asarray([1.0]).device
    np.testing.assert_allclose(lib.to_numpy(actual), expected, rtol=tolerance, atol=tolerance)


def wavy(x: Any, y: Any) -> Any:
    xp = nnx.array_namespace(x, y)
    for _ in range(3):
        x = xp.sin(x) * y + x
    return x


def test_checkpoint_gives_the_same_to_second_order(lib: Any) -> None:
    x, y = lib.asarray([0.3, 0.7]), lib.asarray([1.0, 2.0])

    def total(block: Any) -> Any:
        def f(x: Any, y: Any) -> Any:
            return nnx.array_namespace(x).sum(block(block(x, y), x) * y)

        return f

    for transform in (nnx.grad, nnx.hessian):
        for argnums in (0, 1):
            plain = transform(total(wavy), argnums)(x, y)
            checked = transform(total(nnx.checkpoint(wavy)), argnums)(x, y)
            close(lib, checked, lib.to_numpy(plain))


def test_checkpoint_reaches_what_the_function_closes_over(lib: Any) -> None:
    def f(x: Any) -> Any:
        inner = nnx.checkpoint(lambda y: nnx.checkpoint(lambda z: wavy(z, x))(y * x))
        return nnx.array_namespace(x).sum(inner(x))

    def g(x: Any) -> Any:
        return nnx.array_namespace(x).sum(wavy(x * x, x))

    x = lib.asarray([0.3, 0.7])
    close(lib, nnx.grad(f)(x), lib.to_numpy(nnx.grad(g)(x)))


def test_checkpoint_pulls_back_several_times(lib: Any) -> None:
    x = lib.asarray([0.3, 0.7])
    block = nnx.checkpoint(wavy)
    _, pullback = nnx.vjp(block, x, x)
    first, second = pullback(x), pullback(x)
    close(lib, first[0], lib.to_numpy(second[0]))
    _, plain = nnx.vjp(wavy, x, x)
    close(lib, first[1], lib.to_numpy(plain(x)[1]))


def test_checkpoint_draws_the_same_random_numbers_again(lib: Any) -> None:
    generator = nnx.random.Generator(3)

    def noisy(x: Any) -> Any:
        mask = generator.bernoulli(0.5, tuple(x.shape), device=x.device, backend=nnx.backend_of(x))
        return nnx.array_namespace(x).where(mask, x * x, -x)

    x = lib.asarray([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    kept: list[Any] = []

    def f(x: Any) -> Any:
        y = nnx.checkpoint(noisy)(x)
        kept.append(nnx.stop_gradient(y))
        return nnx.array_namespace(x).sum(y)

    (value, aux), gradient = nnx.value_and_grad(lambda x: (f(x), kept[-1]), has_aux=True)(x)
    taken = lib.to_numpy(aux) > 0
    close(lib, gradient, np.where(taken, 2 * lib.to_numpy(x), -1.0))
    close(lib, value, lib.to_numpy(aux).sum())


def test_checkpoint_says_when_the_function_does_not_repeat_itself(lib: Any) -> None:
    calls = []

    def moody(x: Any) -> Any:
        calls.append(1)
        return x * x if len(calls) == 1 else x * x * x

    with pytest.raises(RuntimeError, match="did not repeat itself"):
        nnx.grad(lambda x: nnx.checkpoint(moody)(x))(lib.asarray(2.0))


def test_checkpoint_frees_what_lies_between(lib: Any) -> None:
    alive: list[weakref.ref[Any]] = []

    def block(x: Any) -> Any:
        for _ in range(5):
            x = nnx.array_namespace(x).sin(x)
            alive.append(weakref.ref(x))
        return x

    def f(x: Any) -> Any:
        y = nnx.checkpoint(block)(x)
        gc.collect()
        assert sum(ref() is not None for ref in alive) <= 1
        return nnx.array_namespace(x).sum(y)

    nnx.grad(f)(lib.asarray([1.0, 2.0]))


def test_custom_vjp(lib: Any) -> None:
    @nnx.custom_vjp
    def product(x: Any, y: Any) -> Any:
        return x * y

    product.defvjp(lambda x, y: (x * y, (x, y)), lambda kept, g: (10 * g * kept[1], g * kept[0]))
    x, y = lib.asarray(3.0), lib.asarray(4.0)
    assert float(lib.to_numpy(product(x, y))) == 12.0
    first = nnx.grad(product, argnums=(0, 1))(x, y)
    close(lib, first[0], 40.0)
    close(lib, first[1], 3.0)
    close(lib, nnx.grad(nnx.grad(product), argnums=1)(x, y), 10.0)


def test_custom_vjp_with_structures_and_unused_outputs(lib: Any) -> None:
    @nnx.custom_vjp
    def split(tree: Any, power: int) -> Any:
        return {"a": tree["x"] ** power, "b": tree["x"] * 2}

    split.defvjp(
        lambda tree, power: (split.f(tree, power), (tree["x"], power)),
        lambda kept, g: ({"x": g["a"] * kept[1] * kept[0] ** (kept[1] - 1) + 2 * g["b"]}, None),
    )
    close(lib, nnx.grad(lambda x: cubes(split({"x": x}, 2)["a"]))(lib.asarray([2.0])), [6 * 2.0**5])


def test_custom_vjp_gradients_of_containers(lib: Any) -> None:
    f = nnx.custom_vjp(lambda p, n: p["x"] * p["y"] * n)
    f.defvjp(
        lambda p, n: (p["x"] * p["y"] * n, p), lambda p, g: ({"y": 10 * g * p["x"], "x": g * p["y"]}, None)
    )
    point = {"x": lib.asarray(2.0), "y": lib.asarray(3.0)}
    gradient = nnx.grad(lambda p: f(p, 1))(point)
    close(lib, gradient["x"], 3.0)
    close(lib, gradient["y"], 20.0)
    f.defvjp(lambda p, n: (p["x"] * p["y"] * n, p), lambda p, g: ({"y": None, "x": g * p["y"]}, None))
    close(lib, nnx.grad(lambda p: f(p, 1))(point)["y"], 0.0)
    f.defvjp(lambda p, n: (p["x"] * n, p), lambda p, g: ({"x": g}, None))
    with pytest.raises(
        ValueError, match="argument 0: expected the structure dict with x, y, got dict with x"
    ):
        nnx.grad(lambda p: f(p, 1))(point)
    f.defvjp(lambda p, n: (p["x"] * n, p), lambda p, g: ({"x": 1.0, "y": g}, None))
    with pytest.raises(TypeError, match="gave float for argument 0; expected an array, or None"):
        nnx.grad(lambda p: f(p, 1))(point)


def test_what_is_no_function_is_refused() -> None:
    for call, name in ((nnx.custom_vjp, "custom_vjp"), (nnx.checkpoint, "checkpoint"), (nnx.grad, "grad")):
        with pytest.raises(TypeError, match=f"nnx.{name}: expected a function, got int"):
            call(3)
    with pytest.raises(TypeError, match="nnx.custom_vjp: expected backward to be a function, got NoneType"):
        nnx.custom_vjp(np.sin).defvjp(np.sin, None)
    with pytest.raises(TypeError, match="nnx.stop_gradient: expected arrays, got a Layer"):
        nnx.stop_gradient(nnx.ReLU())


def test_custom_vjp_errors_name_the_function(lib: Any) -> None:
    @nnx.custom_vjp
    def halves(x: Any) -> Any:
        return x / 2

    x = lib.asarray([1.0, 2.0])
    with pytest.raises(TypeError, match="halves has no pullback yet"):
        nnx.grad(lambda x: cubes(halves(x)))(x)
    halves.defvjp(lambda x: (x / 2, None), lambda _, g: g)
    with pytest.raises(TypeError, match="tuple with one gradient"):
        nnx.grad(lambda x: cubes(halves(x)))(x)
    halves.defvjp(lambda x: (x / 2, None), lambda _, g: (g[:1],))
    with pytest.raises(ValueError, match=r"gave shape \(1,\) for argument 0"):
        nnx.grad(lambda x: cubes(halves(x)))(x)


def test_custom_vjp_refuses_what_it_would_lose(lib: Any) -> None:
    def f(x: Any) -> Any:
        @nnx.custom_vjp
        def g(y: Any) -> Any:
            return y * x

        g.defvjp(lambda y: (y * x, None), lambda _, c: (c,))
        return cubes(g(x * 2))

    with pytest.raises(TypeError, match="not among its arguments|Expected Array or Python scalar"):
        nnx.grad(f)(lib.asarray([1.0]))
