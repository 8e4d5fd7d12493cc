"""Rules of linear algebra: products, structure, determinants and solutions of linear systems.

Written as plain transposes of the derivative (no conjugation), except where a function itself conjugates.
Norms and decompositions have files of their own, and are merged into ``RULES`` here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..primitive import Rule, joint
from . import decompositions, norms
from ._matrices import adjoint, conj, eye
from .determinant import cofactors

__all__ = ["NO_DERIVATIVE", "RULES"]

NO_DERIVATIVE = frozenset({"linalg.matrix_rank"})


def _matmul_x(xp: Any, g: Any, _out: Any, _x: Any, y: Any) -> Any:
    if y.ndim == 1:
        return g[..., None] * y
    if g.ndim < y.ndim:  # x is a vector
        return xp.matmul(y, g[..., None])[..., 0]
    return xp.matmul(g, y.mT)


def _matmul_y(xp: Any, g: Any, _out: Any, x: Any, y: Any) -> Any:
    if x.ndim == 1:
        return g * x if y.ndim == 1 else x[:, None] * g[..., None, :]
    if y.ndim == 1:
        return xp.matmul(x.mT, g[..., None])[..., 0]
    if y.ndim == 2 and x.ndim > 2:  # one product over all rows, not a stack of products to be summed
        rows = math.prod(x.shape[:-1])
        return xp.matmul(xp.reshape(x, (rows, x.shape[-1])).mT, xp.reshape(g, (rows, g.shape[-1])))
    return xp.matmul(x.mT, g)


def _contracted(
    axes: int | tuple[Sequence[int], Sequence[int]], x_ndim: int, y_ndim: int
) -> tuple[list[int], list[int]]:
    """The axes of a tensordot, pair by pair and non-negative."""
    if isinstance(axes, int):
        return list(range(x_ndim - axes, x_ndim)), list(range(axes))
    pairs = [[a] if isinstance(a, int) else a for a in axes]
    return [a % x_ndim for a in pairs[0]], [a % y_ndim for a in pairs[1]]


def _permuted(xp: Any, z: Any, labels: list[int]) -> Any:
    """Axes in the order of their labels."""
    order = tuple(labels.index(i) for i in range(len(labels)))
    return z if order == tuple(range(len(labels))) else xp.permute_dims(z, order)


def _tensordot_x(xp: Any, g: Any, _out: Any, x_like: Any, y: Any, *, axes: Any = 2) -> Any:
    ax, ay = _contracted(axes, x_like.ndim, y.ndim)
    free_x = [i for i in range(x_like.ndim) if i not in ax]
    free_y = [i for i in range(y.ndim) if i not in ay]
    product = xp.tensordot(g, y, axes=(tuple(range(len(free_x), g.ndim)), tuple(free_y)))
    return _permuted(xp, product, free_x + [ax[ay.index(j)] for j in sorted(ay)])


def _tensordot_y(xp: Any, g: Any, _out: Any, x: Any, y_like: Any, *, axes: Any = 2) -> Any:
    ax, ay = _contracted(axes, x.ndim, y_like.ndim)
    free_x = [i for i in range(x.ndim) if i not in ax]
    free_y = [i for i in range(y_like.ndim) if i not in ay]
    product = xp.tensordot(x, g, axes=(tuple(free_x), tuple(range(len(free_x)))))
    return _permuted(xp, product, [ay[ax.index(i)] for i in sorted(ax)] + free_y)


def _from_end(axis: int, like: Any) -> int:
    """An axis counted from the end, where broadcasting lines arrays up."""
    return axis if axis < 0 else axis - like.ndim


def _vecdot_x(xp: Any, g: Any, _out: Any, x_like: Any, y: Any, *, axis: int = -1) -> Any:
    product = conj(xp, g)[..., None] * xp.moveaxis(conj(xp, y), axis, -1)
    return xp.moveaxis(product, -1, _from_end(axis, x_like))


def _vecdot_y(xp: Any, g: Any, _out: Any, x: Any, y_like: Any, *, axis: int = -1) -> Any:
    product = g[..., None] * xp.moveaxis(conj(xp, x), axis, -1)
    return xp.moveaxis(product, -1, _from_end(axis, y_like))


def _cross_x(xp: Any, g: Any, _out: Any, x_like: Any, y: Any, *, axis: int = -1) -> Any:
    product = xp.linalg.cross(xp.moveaxis(y, axis, -1), xp.moveaxis(g, axis, -1))
    return xp.moveaxis(product, -1, _from_end(axis, x_like))


def _cross_y(xp: Any, g: Any, _out: Any, x: Any, y_like: Any, *, axis: int = -1) -> Any:
    product = xp.linalg.cross(xp.moveaxis(g, axis, -1), xp.moveaxis(x, axis, -1))
    return xp.moveaxis(product, -1, _from_end(axis, y_like))


def _outer_x(xp: Any, g: Any, _out: Any, x_like: Any, y: Any) -> Any:
    return xp.reshape(xp.matmul(g, xp.reshape(y, (-1,))), x_like.shape)


def _outer_y(xp: Any, g: Any, _out: Any, x: Any, y_like: Any) -> Any:
    return xp.reshape(xp.matmul(xp.reshape(x, (-1,)), g), y_like.shape)


def _diagonal(xp: Any, g: Any, _out: Any, x_like: Any, *, offset: int = 0) -> Any:
    mask = xp.eye(*x_like.shape[-2:], k=offset, dtype=xp.bool, device=g.device)
    missing = x_like.shape[-2 if offset >= 0 else -1] - g.shape[-1]
    if missing:
        g = xp.concat([g, xp.zeros((*g.shape[:-1], missing), dtype=g.dtype, device=g.device)], axis=-1)
    return xp.where(mask, g[..., :, None] if offset >= 0 else g[..., None, :], 0)


def _trace(xp: Any, g: Any, _out: Any, x_like: Any, *, offset: int = 0, **_: Any) -> Any:
    mask = xp.eye(*x_like.shape[-2:], k=offset, dtype=xp.bool, device=g.device)
    return xp.where(mask, g[..., None, None], 0)


def _inv(xp: Any, g: Any, out: Any, _x: Any) -> Any:
    return -xp.matmul(out.mT, xp.matmul(g, out.mT))


def _det(xp: Any, g: Any, _out: Any, x: Any) -> Any:
    return g[..., None, None] * cofactors(xp, x)


def _slogdet(xp: Any, g: Any, out: Any, x: Any) -> Any:
    # d log det = tr(x⁻¹ dx): its real part moves logabsdet, its imaginary part turns the sign.
    (g_sign, g_log), sign = g, out[0]
    if g_sign is not None and xp.isdtype(sign.dtype, "complex floating"):
        turn = g_sign * sign
        turn = (turn - xp.conj(turn)) / 2
        g_log = turn if g_log is None else g_log + turn
    if g_log is None:
        return xp.zeros_like(x)
    singular = sign == 0  # has no derivative: NaN, but only where one is asked for
    g_log = xp.where(singular & (g_log != 0), float("nan"), g_log)
    inverse = xp.linalg.inv(xp.where(singular[..., None, None], xp.astype(eye(xp, x), x.dtype), x))
    return g_log[..., None, None] * inverse.mT


def _matrix_power(xp: Any, g: Any, _out: Any, x: Any, *, n: int) -> Any:
    if n < 0:
        inverse = xp.linalg.inv(x)
        return _inv(xp, _matrix_power(xp, g, None, inverse, n=-n), inverse, None)
    # f([[x, g], [0, x]]) = [[f(x), Df(x)[g]], [0, f(x)]] for every power f; for the transpose take xᵀ.
    size, transpose = x.shape[-1], x.mT
    above = xp.concat([transpose, g], axis=-1)
    below = xp.concat([xp.zeros_like(g), transpose], axis=-1)
    return xp.linalg.matrix_power(xp.concat([above, below], axis=-2), n)[..., :size, size:]


def _solve(xp: Any, g: Any, out: Any, x: Any, y_like: Any, *, needed: tuple[bool, bool]) -> tuple[Any, Any]:
    vector = y_like.ndim == 1  # the standard takes the right-hand side as a vector in this case only
    columns = xp.linalg.solve(x.mT, g[..., None] if vector else g)
    g_x = None
    if needed[0]:
        g_x = -xp.matmul(columns, out[..., None, :] if vector else out.mT)
    return g_x, columns[..., 0] if vector else columns


def _pinv(xp: Any, g: Any, out: Any, x: Any, **_: Any) -> Any:
    # At constant rank (Golub and Pereyra 1973), with P = pinv(x):
    # dP = -P dx P + P Pᴴ dxᴴ (1 - x P) + (1 - P x) dxᴴ Pᴴ P
    transpose, g_h = out.mT, adjoint(xp, g)
    conj_x, conj_p = conj(xp, x), conj(xp, out)
    left = xp.matmul(g_h, xp.matmul(conj_p, transpose))
    left = left - xp.matmul(conj_x, xp.matmul(conj_p, left))
    right = xp.matmul(xp.matmul(transpose, conj_p), g_h)
    right = right - xp.matmul(xp.matmul(right, conj_p), conj_x)
    return left + right - xp.matmul(transpose, xp.matmul(g, transpose))


_main: dict[str, Rule] = {
    "matmul": Rule(_matmul_x, _matmul_y),
    "matrix_transpose": Rule(lambda xp, g, _out, _x: g.mT),
    "tensordot": Rule(_tensordot_x, _tensordot_y),
    "vecdot": Rule(_vecdot_x, _vecdot_y),
}

RULES: dict[str, Rule] = {
    **_main,
    **{f"linalg.{name}": rule for name, rule in _main.items()},
    "linalg.cross": Rule(_cross_x, _cross_y),
    "linalg.det": Rule(_det),
    "linalg.diagonal": Rule(_diagonal),
    "linalg.inv": Rule(_inv),
    "linalg.matrix_power": Rule(_matrix_power, params=("n",)),
    "linalg.outer": Rule(_outer_x, _outer_y),
    "linalg.pinv": Rule(_pinv),
    "linalg.slogdet": Rule(_slogdet, outputs=True),
    "linalg.solve": Rule(joint(_solve)),
    "linalg.trace": Rule(_trace),
    **norms.RULES,
    **decompositions.RULES,
}
