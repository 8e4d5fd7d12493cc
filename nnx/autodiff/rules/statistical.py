"""Rules of the statistical functions: sums, products, moments, extrema and cumulative ones.

A reduction's cotangent first gets its reduced axes back with length one (``_restored``) and is then spread
over the argument. Products never divide by an element, so that zeros need no special case. Equal extrema
share their cotangent.
"""

from __future__ import annotations

from typing import Any

from ..primitive import Rule

__all__ = ["RULES"]

Axis = int | tuple[int, ...] | None


def _axes(axis: Axis, ndim: int) -> tuple[int, ...]:
    """The reduced axes, all of them non-negative."""
    if axis is None:
        return tuple(range(ndim))
    return tuple(a % ndim for a in (axis if isinstance(axis, (tuple, list)) else (axis,)))


def _count(shape: tuple[int, ...], axis: Axis) -> int:
    """How many elements go into one result."""
    n = 1
    for a in _axes(axis, len(shape)):
        n *= shape[a]
    return n


def _restored(xp: Any, r: Any, shape: tuple[int, ...], axis: Axis, keepdims: bool) -> Any:
    """A reduction's result with the reduced axes back, each of length one."""
    if keepdims or axis is None:
        return r
    axes = _axes(axis, len(shape))
    return xp.reshape(r, tuple(1 if i in axes else n for i, n in enumerate(shape)))


def _sum(
    xp: Any, g: Any, _out: Any, x_like: Any, *, axis: Axis = None, keepdims: bool = False, **_: Any
) -> Any:
    return xp.broadcast_to(_restored(xp, g, x_like.shape, axis, keepdims), x_like.shape)


def _mean(xp: Any, g: Any, _out: Any, x_like: Any, *, axis: Axis = None, keepdims: bool = False) -> Any:
    n = _count(x_like.shape, axis)
    return _sum(xp, g / max(n, 1), None, x_like, axis=axis, keepdims=keepdims)


def _var(
    xp: Any, g: Any, _out: Any, x: Any, *, axis: Axis = None, correction: float = 0.0, keepdims: bool = False
) -> Any:
    freedom = _count(x.shape, axis) - correction
    scale = 2 / freedom if freedom > 0 else float("nan")
    deviation = x - xp.mean(x, axis=axis, keepdims=True)
    if xp.isdtype(x.dtype, "complex floating"):
        deviation = xp.conj(deviation)
    return _restored(xp, g, x.shape, axis, keepdims) * scale * deviation


def _std(xp: Any, g: Any, out: Any, x: Any, **params: Any) -> Any:
    # Where all elements are equal the derivative is taken to be 0, which is its mean over directions.
    flat = out == 0
    return _var(xp, xp.where(flat, 0, g / xp.where(flat, 1, 2 * out)), None, x, **params)


def _extremum(xp: Any, g: Any, out: Any, x: Any, *, axis: Axis = None, keepdims: bool = False) -> Any:
    g, out = (_restored(xp, r, x.shape, axis, keepdims) for r in (g, out))
    chosen = xp.logical_or(x == out, xp.isnan(x))
    ties = xp.sum(xp.astype(chosen, g.dtype), axis=axis, keepdims=True)
    return xp.where(chosen, g / ties, 0)


def _along(axis: int | None, ndim: int, part: slice) -> tuple[Any, ...]:
    """The key that takes ``part`` along one axis."""
    return (slice(None),) * ((axis or 0) % max(ndim, 1)) + (part, ...)


def _reverse_sum(xp: Any, g: Any, axis: int) -> Any:
    """Sums from each element to the last."""
    return xp.flip(xp.cumulative_sum(xp.flip(g, axis=axis), axis=axis), axis=axis)


def _cumulative_sum(
    xp: Any,
    g: Any,
    _out: Any,
    x_like: Any,
    *,
    axis: int | None = None,
    include_initial: bool = False,
    **_: Any,
) -> Any:
    if include_initial:
        g = g[_along(axis, g.ndim, slice(1, None))]
    if x_like.ndim == 0:
        return xp.reshape(g, ())
    return _reverse_sum(xp, g, axis or 0)


def recurrence(xp: Any, a: Any, b: Any, axis: int) -> Any:
    """The sequence ``r[i] = a[i] * r[i+1] + b[i]``, zero beyond the end, by doubling.

    Each step composes the affine maps of neighbouring stretches, so the work is n log n in standard functions
    and there is nothing to divide by.
    """
    n, step = a.shape[axis], 1
    while step < n:
        tail, head = (_along(axis, a.ndim, part) for part in (slice(step, None), slice(-step, None)))
        later_a = xp.concat([a[tail], xp.zeros_like(a[head])], axis=axis)
        later_b = xp.concat([b[tail], xp.zeros_like(b[head])], axis=axis)
        b = b + a * later_b
        a = a * later_a
        step *= 2
    return b


def _exclusive(xp: Any, x: Any, axis: int) -> Any:
    """Products of all elements before each one."""
    return xp.cumulative_prod(x, axis=axis, include_initial=True)[_along(axis, x.ndim, slice(None, -1))]


def _cumulative_prod(
    xp: Any, g: Any, _out: Any, x: Any, *, axis: int | None = None, include_initial: bool = False, **_: Any
) -> Any:
    if include_initial:
        g = g[_along(axis, g.ndim, slice(1, None))]
    if x.ndim == 0:
        return xp.reshape(g, ())
    along = (axis or 0) % x.ndim
    if x.shape[along] == 0:
        return g
    # d/dx[i] = (x[0] ... x[i-1]) * r[i], r[i] = g[i] + x[i+1] * r[i+1]
    first = _along(along, x.ndim, slice(1, None)), _along(along, x.ndim, slice(None, 1))
    following = xp.concat([x[first[0]], xp.zeros_like(x[first[1]])], axis=along)
    return _exclusive(xp, x, along) * recurrence(xp, following, g, along)


def _prod(xp: Any, g: Any, _out: Any, x: Any, *, axis: Axis = None, keepdims: bool = False, **_: Any) -> Any:
    g = _restored(xp, g, x.shape, axis, keepdims)
    if x.ndim == 0 or axis == ():
        return g
    reduced = _axes(axis, x.ndim)
    order = tuple(i for i in range(x.ndim) if i not in reduced) + reduced
    moved = xp.permute_dims(x, order)
    rows = xp.reshape(moved, (*moved.shape[: x.ndim - len(reduced)], _count(x.shape, axis)))
    after = xp.flip(_exclusive(xp, xp.flip(rows, axis=-1), -1), axis=-1)
    others = xp.reshape(_exclusive(xp, rows, -1) * after, moved.shape)
    return g * xp.permute_dims(others, tuple(order.index(i) for i in range(x.ndim)))


RULES: dict[str, Rule] = {
    "cumulative_prod": Rule(_cumulative_prod, params=("axis",)),
    "cumulative_sum": Rule(_cumulative_sum, params=("axis",)),
    "max": Rule(_extremum, params=("axis",)),
    "mean": Rule(_mean, params=("axis",)),
    "min": Rule(_extremum, params=("axis",)),
    "prod": Rule(_prod, params=("axis",)),
    "std": Rule(_std, params=("axis",)),
    "sum": Rule(_sum, params=("axis",)),
    "var": Rule(_var, params=("axis",)),
}
