"""Differences, integrals, interpolation and the functions of signals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ._tools import as_array, as_arrays, axes_of, axis_of, double, floating, is_complex, kind_of, places

__all__ = ["FUNCTIONS"]


def _diff(xp: Any, a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    a = as_array(xp, a)
    if n < 0:
        raise ValueError(f"order must be non-negative but got {n}")
    axis = axis_of(axis, a.ndim)
    if n == 0:
        return a
    pieces = []
    for piece in (prepend, a, append):
        if piece is not None:
            piece = as_array(xp, piece, a)
            if piece.ndim == 0:
                piece = xp.broadcast_to(piece, (*a.shape[:axis], 1, *a.shape[axis + 1 :]))
            pieces.append(piece)
    if len(pieces) > 1:
        kind = xp.result_type(*pieces)
        a = xp.concat([xp.astype(p, kind, copy=False) for p in pieces], axis=axis)
    for _ in range(n):
        later, earlier = a[places(axis, slice(1, None))], a[places(axis, slice(None, -1))]
        a = later != earlier if kind_of(xp, a) == "bool" else later - earlier
    return a


def _ediff1d(xp: Any, ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    a = xp.reshape(as_array(xp, ary), (-1,))
    d = a[1:] - a[:-1]
    ends = [
        None if e is None else xp.astype(xp.reshape(as_array(xp, e, a), (-1,)), d.dtype)
        for e in (to_begin, to_end)
    ]
    pieces = [p for p in (ends[0], d, ends[1]) if p is not None]
    return xp.concat(pieces) if len(pieces) > 1 else d


def _gradient(xp: Any, f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    f = floating(xp, f)
    axes = axes_of(axis, f.ndim)
    spacings = list(varargs) or [1.0]
    if len(spacings) == 1 and len(axes) > 1 and not getattr(spacings[0], "ndim", 0):
        spacings = spacings * len(axes)
    if len(spacings) != len(axes):
        raise TypeError("invalid number of arguments")
    if edge_order > 2:
        raise ValueError("'edge_order' greater than 2 not supported")
    results = [_slope(xp, f, h, a, edge_order) for h, a in zip(spacings, axes, strict=True)]
    return results[0] if len(results) == 1 else tuple(results)


def _slope(xp: Any, f: Any, spacing: Any, axis: int, edge_order: int) -> Any:
    """The derivative along one axis by second-order differences."""
    n = f.shape[axis]
    if n < edge_order + 1:
        raise ValueError(
            f"np.gradient: axis {axis} has {n} elements, edge_order {edge_order} needs at least {edge_order + 1}"
        )
    f = xp.moveaxis(f, axis, 0)
    spacing = as_arrays(xp, (f, spacing))[1]
    if spacing.ndim:
        if spacing.ndim != 1 or spacing.shape[0] != n:
            raise ValueError("when 1d, distances must match the length of the corresponding dimension")
        h = spacing[1:] - spacing[:-1]
        h = xp.reshape(xp.astype(h, f.dtype, copy=False), (-1,) + (1,) * (f.ndim - 1))
    else:
        h = xp.broadcast_to(xp.astype(spacing, f.dtype, copy=False), (n - 1,) + (1,) * (f.ndim - 1))
    rise = (f[1:, ...] - f[:-1, ...]) / h
    before, after = h[:-1, ...], h[1:, ...]
    inner = (after * rise[:-1, ...] + before * rise[1:, ...]) / (before + after)
    first, last = rise[:1, ...], rise[-1:, ...]
    if edge_order == 2:
        bend = (rise[1:, ...] - rise[:-1, ...]) / (before + after)
        first = first - before[:1, ...] * bend[:1, ...]
        last = last + after[-1:, ...] * bend[-1:, ...]
    return xp.moveaxis(xp.concat([first, inner, last]), 0, axis)


def _trapezoid(xp: Any, y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    y = floating(xp, y)
    given, axis = axis, axis_of(axis, y.ndim)
    if x is None:
        d: Any = dx if isinstance(dx, (int, float)) else as_array(xp, dx, y)
    else:
        x = as_array(xp, x, y)
        d = _diff(xp, x, axis=-1 if x.ndim == 1 else given)
        if x.ndim == 1:
            d = xp.reshape(d, (-1,) + (1,) * (y.ndim - axis - 1))
    pairs = y[places(axis, slice(1, None))] + y[places(axis, slice(None, -1))]
    return xp.sum(d * pairs / 2.0, axis=given)


def _interp(
    ns: Any, /, x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None
) -> Any:
    x, knots, values = (double(ns, v) for v in as_arrays(ns, (x, xp, fp)))
    if knots.ndim != 1 or values.ndim != 1:
        raise ValueError("Data points must be 1-D sequences")
    if knots.shape[0] != values.shape[0]:
        raise ValueError("fp and xp are not of the same length.")
    if period is not None:
        period = ns.abs(as_array(ns, period, x))
        if bool(ns.any(period == 0)):
            raise ValueError("period must be a non-zero value")
        left = right = None
        x, knots = x % period, knots % period
        order = ns.argsort(knots)
        knots, values = ns.take(knots, order), ns.take(values, order)
        knots = ns.concat([knots[-1:] - period, knots, knots[:1] + period])
        values = ns.concat([values[-1:], values, values[:1]])
    n = knots.shape[0]
    first = values[0] if left is None else left
    last = values[n - 1] if right is None else right
    flat = ns.reshape(x, (-1,))
    if n > 1:
        i = ns.clip(ns.searchsorted(knots, flat, side="right") - 1, min=0, max=n - 2)
        low, high = (ns.take(knots, j) for j in (i, i + 1))
        below, above = (ns.take(values, j) for j in (i, i + 1))
        gap = ns.where(high == low, 1, high - low)
        between = below + (above - below) / gap * (flat - low)
    else:
        between = ns.broadcast_to(values, flat.shape)
    out = ns.where(flat < knots[0], first, ns.where(flat > knots[n - 1], last, between))
    return ns.reshape(out, x.shape)


def _unwrap(xp: Any, p: Any, discont: Any = None, axis: int = -1, *, period: Any = 6.283185307179586) -> Any:
    p = floating(xp, p)
    axis = axis_of(axis, p.ndim)
    d = _diff(xp, p, axis=axis)
    discont = period / 2 if discont is None else discont
    low = -period / 2
    wrapped = (d - low) % period + low
    wrapped = xp.where(xp.logical_and(wrapped == low, d > 0), -low, wrapped)
    jumps = xp.where(xp.abs(d) < discont, 0, wrapped - d)
    # Every jump is a whole number of periods: it has no derivative, but for the rounding in computing it.
    turns = xp.round(jumps / period) * period
    later = p[places(axis, slice(1, None))] + xp.cumulative_sum(turns, axis=axis)
    return xp.concat([p[places(axis, slice(0, 1))], later], axis=axis)


def _sinc(xp: Any, x: Any) -> Any:
    t = floating(xp, x) * xp.pi
    if is_complex(xp, t):
        safe = xp.where(t == 0, 1, t)
        return xp.where(t == 0, 1, xp.sin(safe) / safe)
    near = xp.abs(t) < 0.2  # where the series is exact to the last bit, as are all its derivatives
    u = xp.where(near, t, 0) ** 2
    series = 1 - u / 6 * (1 - u / 20 * (1 - u / 42 * (1 - u / 72 * (1 - u / 110 * (1 - u / 156)))))
    safe = xp.where(near, 1, t)
    return xp.where(near, series, xp.sin(safe) / safe)


def _i0(xp: Any, x: Any) -> Any:
    return xp.special.i0(floating(xp, x))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "diff": _diff,
    "ediff1d": _ediff1d,
    "gradient": _gradient,
    "i0": _i0,
    "interp": _interp,
    "sinc": _sinc,
    "trapezoid": _trapezoid,
    "unwrap": _unwrap,
}
