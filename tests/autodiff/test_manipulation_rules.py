"""Derivatives of the functions that move elements about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import nnx
from nnx.autodiff.rules import manipulation
from nnx.testing import check_gradients

RNG = np.random.default_rng(4)
X = RNG.normal(size=(2, 3, 4))
Y = RNG.normal(size=(2, 1, 4))
V = RNG.normal(size=(5,))
EMPTY = np.zeros((0, 3))

# The function, its arrays; `xp` is the namespace of these.
CASES: list[tuple[str, Callable[..., Any], tuple[Any, ...]]] = [
    ("astype", lambda xp, x: xp.astype(x, xp.complex128) * (1 + 2j), (X,)),
    ("astype", lambda xp, x: xp.astype(x, xp.float64, copy=False), (X,)),
    ("broadcast_arrays", lambda xp, x, y, v: xp.broadcast_arrays(x, y, v), (X, Y, V[:1])),
    ("broadcast_arrays", lambda xp, x, y: xp.broadcast_arrays(x, y)[1] * x, (X, Y)),
    ("broadcast_to", lambda xp, x: xp.broadcast_to(x, (3, 2, 5, 4)), (Y,)),
    ("broadcast_to", lambda xp, x: xp.broadcast_to(x, (2, 2)), (np.asarray(1.5),)),
    ("concat", lambda xp, x, y: xp.concat([x, y], axis=1), (X, Y)),
    ("concat", lambda xp, x, y: xp.concat((x, y), axis=-2), (X, Y)),
    ("concat", lambda xp, x, y: xp.concat([x, y], axis=None), (X, V)),
    ("concat", lambda xp, x, y: xp.concat([x, y, x]), (X[:1], X)),
    ("concat", lambda xp, x, y: xp.concat([x, y]), (EMPTY, X[0, :, :3])),
    ("concat", lambda xp, x: xp.concat([x, xp.ones_like(x)], axis=2), (X,)),
    ("diff", lambda xp, x: xp.diff(x), (X,)),
    ("diff", lambda xp, x: xp.diff(x, axis=1, n=2), (X,)),
    ("diff", lambda xp, x: xp.diff(x, axis=0, n=1), (X,)),
    ("diff", lambda xp, x: xp.diff(x, n=4), (X,)),
    ("diff", lambda xp, x: xp.diff(x, n=9), (X,)),
    ("diff", lambda xp, x: xp.diff(x, n=0), (X,)),
    ("diff", lambda xp, x, y: xp.diff(x, prepend=y), (X, X[..., :2])),
    ("diff", lambda xp, x, y: xp.diff(x, axis=1, n=2, append=y), (X, Y)),
    ("diff", lambda xp, x, y, z: xp.diff(x, axis=1, n=3, prepend=z, append=y), (X, Y, X[:, :2])),
    ("expand_dims", lambda xp, x: xp.expand_dims(x, axis=0), (X,)),
    ("expand_dims", lambda xp, x: xp.expand_dims(x, axis=-2), (X,)),
    ("flip", lambda xp, x: xp.flip(x), (X,)),
    ("flip", lambda xp, x: xp.flip(x, axis=1), (X,)),
    ("flip", lambda xp, x: xp.flip(x, axis=(0, -1)), (X,)),
    ("moveaxis", lambda xp, x: xp.moveaxis(x, 0, -1), (X,)),
    ("moveaxis", lambda xp, x: xp.moveaxis(x, (0, 2), (1, 0)), (X,)),
    ("permute_dims", lambda xp, x: xp.permute_dims(x, (2, 0, 1)), (X,)),
    ("permute_dims", lambda xp, x: xp.permute_dims(x, axes=(1, 2, 0)), (X,)),
    ("permute_dims", lambda xp, x: xp.permute_dims(x, (-1, 0, -2)), (X,)),
    ("repeat", lambda xp, x: xp.repeat(x, 3), (X,)),
    ("repeat", lambda xp, x: xp.repeat(x, 2, axis=1), (X,)),
    ("repeat", lambda xp, x: xp.repeat(x, 0, axis=-1), (X,)),
    ("repeat", lambda xp, x: xp.repeat(x, _integers(xp, x, [2, 0, 3]), axis=1), (X,)),
    ("repeat", lambda xp, x: xp.repeat(x, _integers(xp, x, [1, 4, 0, 2, 2])), (V,)),
    ("repeat", lambda xp, x: xp.repeat(x, _integers(xp, x, [2]), axis=-1), (X,)),
    ("reshape", lambda xp, x: xp.reshape(x, (4, -1)), (X,)),
    ("reshape", lambda xp, x: xp.reshape(x, shape=(24,), copy=True), (X,)),
    ("reshape", lambda xp, x: xp.reshape(x, ()), (V[:1],)),
    ("roll", lambda xp, x: xp.roll(x, 5), (X,)),
    ("roll", lambda xp, x: xp.roll(x, -1, axis=1), (X,)),
    ("roll", lambda xp, x: xp.roll(x, (1, 2), axis=(0, -1)), (X,)),
    ("roll", lambda xp, x: xp.roll(x, shift=(1, 1), axis=(2, 2)), (X,)),
    ("roll", lambda xp, x: xp.roll(x, 2, axis=(1, 2)), (X,)),
    ("squeeze", lambda xp, x: xp.squeeze(x, axis=1), (Y,)),
    ("squeeze", lambda xp, x: xp.squeeze(x, (0, -1)), (V[None, :, None],)),
    ("stack", lambda xp, x, y: xp.stack([x, y]), (X, 2 * X)),
    ("stack", lambda xp, x, y: xp.stack((x, y, x), axis=-1), (X, 2 * X)),
    ("stack", lambda xp, x: xp.stack([x, xp.zeros_like(x)], axis=2), (X,)),
    ("tile", lambda xp, x: xp.tile(x, (2, 1, 3)), (X,)),
    ("tile", lambda xp, x: xp.tile(x, (2,)), (X,)),
    ("tile", lambda xp, x: xp.tile(x, (2, 3, 1, 2)), (X,)),
    ("tile", lambda xp, x: xp.tile(x, (2, 0)), (X,)),
    ("tile", lambda xp, x: xp.tile(x, (3,)), (np.asarray(1.5),)),
    ("unstack", lambda xp, x: xp.unstack(x), (X,)),
    ("unstack", lambda xp, x: xp.unstack(x, axis=-1)[2], (X,)),
]


def _integers(xp: Any, x: Any, values: list[int]) -> Any:
    return xp.asarray(values, device=x.device)


@pytest.mark.parametrize("case", range(len(CASES)), ids=lambda i: f"{CASES[i][0]}-{i}")
def test_rule(lib: Any, case: int) -> None:
    _, f, arrays = CASES[case]
    given = [lib.asarray(a) for a in arrays]
    check_gradients(lambda *xs: f(nnx.array_namespace(*xs), *xs), *given)


@pytest.mark.parametrize("case", range(len(CASES)), ids=lambda i: f"{CASES[i][0]}-{i}")
def test_complex_single_precision(lib: Any, case: int) -> None:
    name, f, arrays = CASES[case]
    if name != "astype":
        given = [lib.asarray(np.asarray(a) * (1 + 2j), "complex64") for a in arrays]
        check_gradients(lambda *xs: f(nnx.array_namespace(*xs), *xs), *given, order=1)


def test_every_rule_has_a_case() -> None:
    assert set(manipulation.RULES) <= {name for name, *_ in CASES}


REST = {"roll": (1,), "reshape": ((3, 0),), "repeat": (2,), "tile": ((2, 2),), "permute_dims": ((1, 0),)}


@pytest.mark.parametrize("name", ["concat", "stack", "flip", *REST])
def test_nothing_in_it(lib: Any, name: str) -> None:
    x = lib.asarray(EMPTY)

    def f(a: Any) -> Any:
        xp = nnx.array_namespace(a)
        first = [a, a] if name in ("concat", "stack") else a
        return xp.sum(getattr(xp, name)(first, *REST.get(name, ())))

    lib.assert_equal(nnx.grad(f)(x), EMPTY)


def test_mixed_dtypes_keep_their_own(lib: Any) -> None:
    def f(x: Any, y: Any) -> Any:
        xp = nnx.array_namespace(x, y)
        return xp.sum(xp.concat([x, y]) ** 2)

    x, y = lib.asarray([1.0, 2.0], "float32"), lib.asarray([3.0], "float64")
    gx, gy = nnx.grad(f, argnums=(0, 1))(x, y)
    assert (gx.dtype, gy.dtype) == (x.dtype, y.dtype)
    lib.assert_close(gx, [2.0, 4.0])
    lib.assert_close(gy, [6.0])


def test_integers_beside_floats(lib: Any) -> None:
    def f(x: Any) -> Any:
        xp = nnx.array_namespace(x)
        count = xp.asarray([1, 2], dtype=xp.float64, device=x.device)
        return xp.sum(xp.stack([x, count]) * xp.stack([count, x]))

    lib.assert_close(nnx.grad(f)(lib.asarray([1.0, 2.0])), [2.0, 4.0])


def test_against_torch() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle")
    w = RNG.normal(size=(6, 3, 8))
    x = torch.tensor(X, requires_grad=True)
    (torch.tile(x, (3, 1, 2)) * torch.tensor(w)).sum().backward()
    mine = nnx.grad(lambda a: (xp := nnx.array_namespace(a)).sum(xp.tile(a, (3, 1, 2)) * w))(X)
    np.testing.assert_allclose(mine, x.grad.numpy(), rtol=1e-12)
