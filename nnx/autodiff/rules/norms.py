"""Rules of vector and matrix norms.

Subgradients where a norm has a kink: zero at a zero vector or element; equal extrema share equally.
"""

from __future__ import annotations

import math
from typing import Any

from ..primitive import Rule
from ._matrices import conj, is_complex, safe_divide

__all__ = ["RULES"]

Axis = int | tuple[int, ...] | None


def _direction(xp: Any, x: Any) -> Any:
    """The derivative of ``abs(x)``: conj(x) / abs(x), zero at zero."""
    if not is_complex(xp, x):
        return xp.sign(x)
    size = xp.abs(x)
    return safe_divide(xp, xp.conj(x), size, size == 0)


def _restored(xp: Any, r: Any, shape: tuple[int, ...], axis: Axis) -> Any:
    """A reduction's result with the reduced axes back, each of length one."""
    reduced = range(len(shape)) if axis is None else axis if isinstance(axis, (tuple, list)) else (axis,)
    axes = {a % len(shape) for a in reduced}
    return xp.reshape(r, tuple(1 if i in axes else n for i, n in enumerate(shape)))


def _chosen(xp: Any, values: Any, axis: Axis, largest: bool) -> Any:
    """1 / (number of ties) at the extrema of ``values``, 0 elsewhere."""
    extremum = (xp.max if largest else xp.min)(values, axis=axis, keepdims=True)
    mask = xp.astype(values == extremum, values.dtype)
    return mask / xp.sum(mask, axis=axis, keepdims=True)


def _vector_norm(
    xp: Any, g: Any, out: Any, x: Any, *, axis: Axis = None, keepdims: bool = False, ord: Any = 2
) -> Any:
    g, out = _restored(xp, g, x.shape, axis), _restored(xp, out, x.shape, axis)
    if ord == 2:
        return safe_divide(xp, g, out, out == 0) * conj(xp, x)
    if ord == 0:
        return xp.zeros_like(x) * g
    if 0 in x.shape:
        return x
    direction = _direction(xp, x)
    if ord == 1:
        return g * direction
    size = xp.abs(x)
    if math.isinf(ord):
        return g * _chosen(xp, size, axis, ord > 0) * direction
    flat = (size == 0) | (out == 0)
    ratio = xp.where(flat, 1, size) / xp.where(out == 0, 1, out)
    return xp.where(flat, 0, g * ratio ** (ord - 1)) * direction


def _singular_values(xp: Any, g: Any, x: Any, weights: Any) -> Any:
    """The derivative of a weighted sum of singular values; ``weights`` makes the weights from the values."""
    u, s, vh = xp.linalg.svd(x, full_matrices=False)
    return conj(xp, xp.matmul(u * (g * weights(s)[..., None, :]), vh))


def _matrix_norm(xp: Any, g: Any, out: Any, x: Any, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    g, out = _restored(xp, g, x.shape, (-2, -1)), _restored(xp, out, x.shape, (-2, -1))
    if ord is None or ord == "fro":
        return safe_divide(xp, g, out, out == 0) * conj(xp, x)
    if 0 in x.shape:
        return x
    if ord == "nuc":
        return _singular_values(xp, g, x, xp.ones_like)
    if abs(ord) == 2:
        return _singular_values(xp, g, x, lambda s: _chosen(xp, s, -1, ord > 0))
    summed, chosen = (-2, -1) if abs(ord) == 1 else (-1, -2)
    sums = xp.sum(xp.abs(x), axis=summed, keepdims=True)
    return g * _chosen(xp, sums, chosen, ord > 0) * _direction(xp, x)


RULES: dict[str, Rule] = {
    "linalg.matrix_norm": Rule(_matrix_norm),
    "linalg.vector_norm": Rule(_vector_norm),
}
