"""Gradients against finite differences, through the public transforms and nothing else of nnx.

``check`` differentiates ``Re sum(weights * f(x))`` for random weights, and compares with a fourth-order
central difference in a random direction; then does the same to the gradient itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import array_api_compat.numpy as compat_numpy
import array_api_strict as strict
import numpy as np

import nnx

__all__ = ["LIBRARIES", "Library", "check", "gradient"]


class Library:
    """A namespace and the device that its arrays are made on."""

    def __init__(self, name: str, xp: Any, device: Any) -> None:
        self.name, self.xp, self.device = name, xp, device

    def array(self, x: Any) -> Any:
        return self.xp.asarray(np.array(x), device=self.device)

    def numpy(self, x: Any) -> Any:
        return np.array(x._array if self.name == "strict" else x)

    def __repr__(self) -> str:
        return self.name


LIBRARIES = [
    Library("numpy", compat_numpy, None),
    Library("strict", strict, strict.Device("device1")),
]


def _leaves(out: Any) -> list[Any]:
    return [leaf for item in out for leaf in _leaves(item)] if isinstance(out, (tuple, list)) else [out]


def _real_sum(xp: Any, x: Any) -> Any:
    return xp.sum(xp.real(x) if xp.isdtype(x.dtype, "complex floating") else x)


def _draw(rng: np.random.Generator, like: Any) -> Any:
    x = rng.standard_normal(like.shape)
    return x + 1j * rng.standard_normal(like.shape) if np.iscomplexobj(like) else x


def _loss(
    library: Library, f: Callable[..., Any], args: list[Any], rng: np.random.Generator
) -> Callable[..., Any]:
    """A random real functional of ``f``."""
    plain = f(library.xp, *[library.array(a) for a in args])
    weights = [_draw(rng, library.numpy(leaf)) for leaf in _leaves(plain)]

    def loss(*arrays: Any) -> Any:
        xp = nnx.autodiff.array_namespace(*arrays)
        total = 0.0
        for leaf, weight in zip(_leaves(f(xp, *arrays)), weights, strict=True):
            total = total + _real_sum(xp, leaf * xp.asarray(library.array(weight)))
        return total

    return loss


def _difference(
    library: Library, loss: Callable[..., Any], args: list[Any], along: list[Any], h: float
) -> float:
    def at(e: float) -> float:
        return float(
            library.numpy(loss(*[library.array(a + e * t) for a, t in zip(args, along, strict=True)]))
        )

    return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)


def gradient(library: Library, loss: Callable[..., Any], args: list[Any]) -> list[Any]:
    """The gradient of a scalar function, as NumPy arrays, after a look at shape, dtype and device."""
    arrays = [library.array(a) for a in args]
    gradients = nnx.grad(loss, argnums=tuple(range(len(arrays))))(*arrays)
    for g, a in zip(gradients, arrays, strict=True):
        assert g.shape == a.shape
        assert g.dtype == a.dtype
        assert g.device == a.device
    return [library.numpy(g) for g in gradients]


def check(
    library: Library,
    f: Callable[..., Any],
    *args: Any,
    order: int = 2,
    seed: int = 0,
    tolerance: float = 1e-6,
    h: float = 1e-3,
) -> None:
    """Fail unless the derivatives of ``f(xp, *args)`` up to ``order`` agree with finite differences."""
    rng = np.random.default_rng(seed)
    host = [np.asarray(a) for a in args]
    loss = _loss(library, f, host, rng)
    for n in range(order):
        along = [_draw(rng, a) for a in host]
        want = _difference(library, loss, host, along, h)
        got = sum(
            float(np.sum((g * t).real)) for g, t in zip(gradient(library, loss, host), along, strict=True)
        )
        scale = max(abs(want), abs(got), 1e-2)
        assert abs(got - want) <= tolerance * scale, f"order {n + 1}: {got} against {want}"
        if n + 1 < order:
            loss = _slope(library, loss, [_draw(rng, a) for a in host])


def _slope(library: Library, loss: Callable[..., Any], along: list[Any]) -> Callable[..., Any]:
    """The derivative of ``loss`` in one direction, as a function of where."""
    inner = loss

    def slope(*arrays: Any) -> Any:
        xp = nnx.autodiff.array_namespace(*arrays)
        gradients = nnx.grad(inner, argnums=tuple(range(len(arrays))))(*arrays)
        total = 0.0
        for g, t in zip(gradients, along, strict=True):
            total = total + _real_sum(xp, g * xp.asarray(library.array(t)))
        return total

    return slope
