"""Elementwise rules against PyTorch, at ordinary points and where a function has an edge."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import nnx

INF = math.inf
EDGES = [0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 1e-300, 1e300, -1e300, INF, -INF, 30.0, -30.0, 800.0, -800.0]
COMPLEX_EDGES = [0j, 1 + 0j, -1 + 0j, 1j, 0.5 - 2j, -0.3 + 1e-3j, 20 + 1j, -20 - 1j]

UNARY = {
    "abs": "abs", "acos": "acos", "acosh": "acosh", "asin": "asin", "asinh": "asinh", "atan": "atan",
    "atanh": "atanh", "conj": "conj_physical", "cos": "cos", "cosh": "cosh", "exp": "exp", "expm1": "expm1",
    "log": "log", "log10": "log10", "log1p": "log1p", "log2": "log2", "negative": "neg", "positive": "positive",
    "reciprocal": "reciprocal", "sign": "sgn", "sin": "sin", "sinh": "sinh", "sqrt": "sqrt", "square": "square",
    "tan": "tan", "tanh": "tanh",
}  # fmt: skip
COMPLEX_ONLY = {"real": "real", "imag": "imag"}
BINARY = {
    "add": "add", "atan2": "atan2", "copysign": "copysign", "divide": "divide", "hypot": "hypot",
    "logaddexp": "logaddexp", "maximum": "maximum", "minimum": "minimum", "multiply": "multiply", "pow": "pow",
    "remainder": "remainder", "subtract": "subtract",
}  # fmt: skip


def gradients(lib: Any, name: str, arrays: list[np.ndarray], weight: np.ndarray) -> list[np.ndarray]:
    """The pullback of ``weight`` at the arrays."""
    with np.errstate(all="ignore"):
        _, pullback = nnx.vjp(
            lambda *xs: getattr(nnx.array_namespace(*xs), name)(*xs), *map(lib.asarray, arrays)
        )
        return [lib.to_numpy(g) for g in pullback(lib.asarray(weight))]


def torch_gradients(name: str, arrays: list[np.ndarray], weight: np.ndarray) -> list[np.ndarray]:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    inputs = [torch.tensor(a, requires_grad=True) for a in arrays]
    getattr(torch, name)(*inputs).backward(torch.tensor(weight.conj()))
    return [x.grad.resolve_conj().numpy(force=True).conj() for x in inputs]


def agree(got: list[np.ndarray], wanted: list[np.ndarray], rtol: float) -> None:
    """Equal wherever PyTorch has an answer: where it says NaN, nnx may know better."""
    for g, w in zip(got, wanted, strict=True):
        known = ~np.isnan(w)
        np.testing.assert_allclose(g[known], w[known], rtol=rtol, atol=1e-14)


@pytest.mark.parametrize("name", UNARY)
def test_one_real_argument(lib: Any, name: str) -> None:
    x = np.asarray([*EDGES, *np.random.default_rng(0).uniform(-2, 2, 20)])
    if name == "acosh":
        x = x[x >= 1]  # beyond its domain PyTorch says something other than NaN
    weight = np.linspace(1.0, 2.0, x.size)
    agree(gradients(lib, name, [x], weight), torch_gradients(UNARY[name], [x], weight), 1e-12)


@pytest.mark.parametrize("name", UNARY | COMPLEX_ONLY)
def test_one_complex_argument(lib: Any, name: str) -> None:
    rng = np.random.default_rng(0)
    x = np.asarray([*COMPLEX_EDGES, *(rng.uniform(-2, 2, 20) + 1j * rng.uniform(-2, 2, 20))])
    weight = np.linspace(1.0, 2.0, x.size)
    if name not in ("abs", "real", "imag"):
        weight = weight + 1j * weight[::-1]
    agree(
        gradients(lib, name, [x], weight), torch_gradients((UNARY | COMPLEX_ONLY)[name], [x], weight), 1e-10
    )


@pytest.mark.parametrize("name", BINARY)
def test_two_real_arguments(lib: Any, name: str) -> None:
    rng = np.random.default_rng(0)
    x, y = (a.ravel() for a in np.meshgrid(EDGES, EDGES))
    x, y = np.append(x, rng.uniform(-2, 2, 20)), np.append(y, rng.uniform(-2, 2, 20))
    weight = np.linspace(1.0, 2.0, x.size)
    agree(gradients(lib, name, [x, y], weight), torch_gradients(BINARY[name], [x, y], weight), 1e-10)


@pytest.mark.parametrize("name", ["add", "divide", "multiply", "pow", "subtract"])
def test_two_complex_arguments(lib: Any, name: str) -> None:
    rng = np.random.default_rng(0)
    x, y = (rng.uniform(-2, 2, 20) + 1j * rng.uniform(-2, 2, 20) for _ in range(2))
    weight = np.linspace(1.0, 2.0, x.size) * (1 + 2j)
    agree(gradients(lib, name, [x, y], weight), torch_gradients(BINARY[name], [x, y], weight), 1e-10)


@pytest.mark.parametrize("number", [0, 1, 2, 3, -1, 0.5, -0.5, 2.0])
@pytest.mark.parametrize("side", ["left", "right"])
def test_powers_with_a_python_number(lib: Any, number: float, side: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    x = np.asarray([0.0, 1.0, 2.0, 0.3] + [-1.0, -2.0] * (number == int(number) and side == "right"))

    def f(x: Any) -> Any:
        return x**number if side == "right" else number**x

    t = torch.tensor(x, requires_grad=True)
    f(t).backward(torch.ones(x.size, dtype=torch.float64))
    with np.errstate(all="ignore"):
        got = lib.to_numpy(nnx.vjp(f, lib.asarray(x))[1](lib.asarray(np.ones(x.size)))[0])
    agree([got], [t.grad.numpy()], 1e-12)


@pytest.mark.parametrize("bounds", [(-1.0, 1.0), (None, 1.0), (-1.0, None), (0.0, 0.0), (-INF, INF)])
def test_clip_by_numbers(lib: Any, bounds: tuple[float | None, float | None]) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    x = np.asarray(EDGES)
    t = torch.tensor(x, requires_grad=True)
    torch.clip(t, *bounds).backward(torch.arange(1.0, x.size + 1, dtype=torch.float64))
    weight = lib.asarray(np.arange(1.0, x.size + 1))
    got = nnx.vjp(lambda x: nnx.array_namespace(x).clip(x, *bounds), lib.asarray(x))[1](weight)[0]
    agree([lib.to_numpy(got)], [t.grad.numpy()], 1e-15)


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_nan_reaches_both_arguments(lib: Any, name: str) -> None:
    x, y = np.asarray([math.nan, 1.0, math.nan]), np.asarray([1.0, math.nan, math.nan])
    for g in gradients(lib, name, [x, y], np.asarray([1.0, 2.0, 3.0])):
        np.testing.assert_array_equal(g, [1.0, 2.0, 3.0])


@pytest.mark.parametrize("name", ["hypot", "logaddexp"])
def test_where_pytorch_says_nan_the_arguments_share(lib: Any, name: str) -> None:
    at, share = {"hypot": (0.0, 0.0), "logaddexp": (-INF, 0.5)}[name]
    x = np.asarray([at])
    for g in gradients(lib, name, [x, x], np.ones(1)):
        np.testing.assert_array_equal(g, [share])


def test_shares_of_large_numbers_are_exact(lib: Any) -> None:
    (gx, gy) = gradients(lib, "logaddexp", [np.asarray([1e15]), np.asarray([1e15 + 1])], np.ones(1))
    np.testing.assert_allclose([gx[0], gy[0]], [1 / (1 + math.e), math.e / (1 + math.e)], rtol=1e-14)
    nnx.testing.check_gradients(
        lambda x: nnx.array_namespace(x).logaddexp(x, 0 * x), lib.asarray([0.0, 800.0, -800.0]), order=3
    )


# masked ---------------------------------------------------------------------------------------------------------

Function = Callable[..., Any]
BRANCHES: dict[str, tuple[Function, float]] = {
    "sqrt at 0": (lambda xp, x: xp.sqrt(x), 0.0),
    "sqrt below 0": (lambda xp, x: xp.sqrt(x), -1.0),
    "log at 0": (lambda xp, x: xp.log(x), 0.0),
    "log below 0": (lambda xp, x: xp.log(x), -1.0),
    "log1p at -1": (lambda xp, x: xp.log1p(x), -1.0),
    "1 / x at 0": (lambda xp, x: 1 / x, 0.0),
    "x / abs(x) at 0": (lambda xp, x: x / xp.abs(x), 0.0),
    "power at 0": (lambda xp, x: x**0.5, 0.0),
    "x to the x below 0": (lambda xp, x: x**x, -0.5),
    "exp overflows": (lambda xp, x: xp.exp(x * x) / xp.exp(x * x), -1e3),
    "acosh below 0": (lambda xp, x: xp.acosh(x + 1), -0.5),
    "atanh of 1": (lambda xp, x: xp.atanh(x / 5), -5.0),
    "reciprocal at 0": (lambda xp, x: xp.reciprocal(x), 0.0),
    "sine of infinity": (lambda xp, x: xp.sin(x), -INF),
}
GOOD = [0.3, 1.7]


def by_where(xp: Any, f: Function, x: Any) -> Any:
    return xp.sum(xp.where(x > 0, f(xp, x), xp.zeros_like(x)))


def by_mask(xp: Any, f: Function, x: Any) -> Any:
    return xp.sum(f(xp, x)[x > 0])


def by_write(xp: Any, f: Function, x: Any) -> Any:
    y = f(xp, x)
    y[x <= 0] = 0.0
    return xp.sum(y)


def by_clip(xp: Any, f: Function, x: Any) -> Any:
    y = f(xp, x)
    return xp.sum(xp.where(x > 0, xp.clip(y, -1e6, 1e6), 0.5))


@pytest.mark.parametrize("branch", BRANCHES)
@pytest.mark.parametrize("choose", [by_where, by_mask, by_write, by_clip])
def test_a_branch_that_is_not_taken_has_no_say(lib: Any, choose: Function, branch: str) -> None:
    """Neither in the gradient nor in the gradient of that."""
    f, bad = BRANCHES[branch]

    def loss(x: Any) -> Any:
        return choose(nnx.array_namespace(x), f, x)

    def slope(x: Any) -> Any:
        return nnx.array_namespace(x).sum(nnx.grad(loss)(x) ** 2)

    x = lib.asarray([GOOD[0], bad, GOOD[1], bad])
    with np.errstate(all="ignore"):
        for derivative in (nnx.grad(loss), nnx.grad(slope)):
            got, alone = derivative(x), derivative(lib.asarray(GOOD))
            lib.assert_close(got, [float(alone[0]), 0.0, float(alone[1]), 0.0], rtol=1e-12)
