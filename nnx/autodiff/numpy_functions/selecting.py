"""Choosing elements: by condition, by position, by bounds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ._tools import as_array, as_arrays, axis_of, common, double, item, kind_of, unavailable, weak_arrays

__all__ = ["FUNCTIONS", "condition_of", "indices_of"]


def condition_of(xp: Any, condition: Any, beside: Any = None) -> Any:
    """A boolean array of anything that has a truth value."""
    condition = as_array(xp, condition, beside)
    return condition if kind_of(xp, condition) == "bool" else condition != 0


def _where(xp: Any, condition: Any, x: Any = None, y: Any = None, /) -> Any:
    like = next((v for v in (condition, x, y) if isinstance(v, xp._library.base)), None)
    condition = condition_of(xp, condition, like)
    if x is None and y is None:
        return _nonzero(xp, condition)
    if isinstance(x, (int, float, complex)) and isinstance(y, (int, float, complex)):
        x, y = as_array(xp, x, condition), as_array(xp, y, condition)
    return xp.where(
        condition,
        *(v if isinstance(v, (int, float, complex)) else as_array(xp, v, condition) for v in (x, y)),
    )


def _nonzero(xp: Any, a: Any) -> Any:
    return xp.nonzero(as_array(xp, a))


def _clip(
    xp: Any, a: Any, a_min: Any = None, a_max: Any = None, out: Any = None, *, min: Any = None, max: Any = None,
    **kwargs: Any,
) -> Any:  # fmt: skip
    if kwargs:
        raise unavailable(f"np.clip with {', '.join(kwargs)}=")
    low, high = (a_min if min is None else min), (a_max if max is None else max)
    a, *bounds = weak_arrays(xp, (a, *(b for b in (low, high) if b is not None)))
    if not bounds:
        return xp.asarray(a, copy=True)
    kind, bounds = common(xp, a, *bounds), iter(bounds)
    low, high = (None if b is None else xp.astype(next(bounds), kind, copy=False) for b in (low, high))
    a = xp.astype(a, kind, copy=False)
    if high is None:
        return xp.clip(a, min=low)
    return xp.clip(a, max=high) if low is None else xp.clip(a, min=xp.minimum(low, high), max=high)


def indices_of(xp: Any, indices: Any, n: int, mode: str, beside: Any) -> Any:
    """Positions from 0 to n - 1, as NumPy's modes have them."""
    indices = as_array(xp, indices, beside)
    if kind_of(xp, indices) == "bool":
        indices = xp.astype(indices, xp.int64)
    if mode == "wrap":
        return indices % n
    if mode == "clip":
        return xp.clip(indices, min=0, max=n - 1)
    if bool(xp.any(xp.logical_or(indices < -n, indices >= n))):
        raise IndexError(f"index out of bounds for size {n}")
    return xp.where(indices < 0, indices + n, indices)


def _take(xp: Any, a: Any, indices: Any, axis: Any = None, out: Any = None, mode: str = "raise") -> Any:
    a = as_array(xp, a)
    if axis is None or not a.ndim:
        a, axis = xp.reshape(a, (-1,)), 0
    axis = axis_of(axis, a.ndim)
    at = indices_of(xp, indices, a.shape[axis], mode, a)
    taken = xp.take(a, xp.reshape(at, (-1,)), axis=axis)
    return xp.reshape(taken, (*a.shape[:axis], *at.shape, *a.shape[axis + 1 :]))


def _take_along_axis(xp: Any, arr: Any, indices: Any, axis: Any = -1) -> Any:
    a, indices = as_arrays(xp, (arr, indices))
    if axis is None:
        a, axis = xp.reshape(a, (-1,)), 0
    return xp.take_along_axis(a, indices, axis=axis)


def _choose(xp: Any, a: Any, choices: Any, out: Any = None, mode: str = "raise") -> Any:
    options = list(xp.unstack(choices)) if hasattr(choices, "dtype") else weak_arrays(xp, choices)
    at = indices_of(xp, a, len(options), mode, options[0])
    result = options[0] + xp.zeros(at.shape, dtype=common(xp, *options), device=at.device)
    for i, option in enumerate(options[1:], 1):
        result = xp.where(at == i, option, result)
    return result


def _compress(xp: Any, condition: Any, a: Any, axis: Any = None, out: Any = None) -> Any:
    a = as_array(xp, a)
    if axis is None or not a.ndim:
        a, axis = xp.reshape(a, (-1,)), 0
    (at,) = xp.nonzero(condition_of(xp, condition, a))
    return xp.take(a, at, axis=axis)


def _extract(xp: Any, condition: Any, arr: Any) -> Any:
    condition, arr = (xp.reshape(x, (-1,)) for x in as_arrays(xp, (condition, arr)))
    return _compress(xp, condition, arr)


def _select(xp: Any, condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    if len(condlist) != len(choicelist):
        raise ValueError("list of cases must be same length as list of conditions")
    choices = as_arrays(xp, choicelist)
    dtype = common(xp, *choices, default) if isinstance(default, (int, float, complex)) else None
    result = (
        as_array(xp, default) if dtype is None else xp.asarray(default, dtype=dtype, device=choices[0].device)
    )
    for condition, choice in list(zip(condlist, choices, strict=True))[::-1]:
        result = xp.where(condition_of(xp, condition, choice), choice, result)
    return result


def _conditions(xp: Any, condlist: Any, x: Any) -> list[Any]:
    """The conditions of ``piecewise``: one alone need not be in a list."""
    ndim = x.ndim
    if isinstance(condlist, (tuple, list)):
        first = condlist[0]
        nested = isinstance(first, list) or getattr(first, "ndim", 0)
        return list(condlist) if nested or not ndim else [condlist]
    condlist = as_array(xp, condlist, x)
    return [condlist] if condlist.ndim == 0 or (condlist.ndim == 1 and ndim) else list(xp.unstack(condlist))


def _piecewise(xp: Any, x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Any:
    x = as_array(xp, x)
    conditions = [xp.broadcast_to(condition_of(xp, c, x), x.shape) for c in _conditions(xp, condlist, x)]
    if len(funclist) == len(conditions) + 1:
        none = xp.logical_not(conditions[0])
        for c in conditions[1:]:
            none = xp.logical_and(none, xp.logical_not(c))
        conditions.append(none)
    elif len(funclist) != len(conditions):
        n = len(conditions)
        raise ValueError(f"with {n} condition(s), either {n} or {n + 1} functions are expected")
    y = xp.zeros_like(x)
    for condition, f in zip(conditions, funclist, strict=True):
        if bool(xp.any(condition)):
            y[condition] = f(x[condition], *args, **kw) if callable(f) else f
    return y


def _apply_along_axis(xp: Any, func1d: Any, axis: int, arr: Any, *args: Any, **kwargs: Any) -> Any:
    a = as_array(xp, arr)
    axis = axis_of(axis, a.ndim)
    rest = a.shape[:axis] + a.shape[axis + 1 :]
    rows = xp.reshape(xp.moveaxis(a, axis, -1), (-1, a.shape[axis]))
    if not rows.shape[0]:
        raise ValueError("Cannot apply_along_axis when any iteration dimensions are 0")
    results = [as_array(xp, func1d(rows[i, :], *args, **kwargs), a) for i in range(rows.shape[0])]
    out = xp.stack(results)
    shape = out.shape[1:]
    out = xp.reshape(out, rest + shape)
    source = tuple(range(len(rest), len(rest) + len(shape)))
    return xp.moveaxis(out, source, tuple(range(axis, axis + len(shape)))) if shape else out


def _apply_over_axes(xp: Any, func: Any, a: Any, axes: Any) -> Any:
    a = as_array(xp, a)
    for axis in (axes,) if isinstance(axes, int) else axes:
        axis = axis_of(axis, a.ndim)
        result = as_array(xp, func(a, axis), a)
        if result.ndim != a.ndim:
            result = xp.expand_dims(result, axis=axis)
        a = result
    return a


def _bincount(xp: Any, x: Any, /, weights: Any = None, minlength: int = 0) -> Any:
    from ..scatter import xp_scatter_add

    x = as_array(xp, x, weights if isinstance(weights, xp._library.base) else None)
    if x.size and bool(xp.any(x < 0)):
        raise ValueError("'list' argument must have no negative elements")
    length = max(int(item(xp.max(x))) + 1 if x.size else 0, minlength)
    source = (
        xp.ones(x.shape, dtype=xp.int64, device=x.device)
        if weights is None
        else double(xp, as_array(xp, weights, x))
    )
    target = xp.zeros((length,), dtype=source.dtype, device=x.device)
    return xp_scatter_add(xp, target, (x,), source)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "apply_along_axis": _apply_along_axis,
    "apply_over_axes": _apply_over_axes,
    "bincount": _bincount,
    "choose": _choose,
    "clip": _clip,
    "compress": _compress,
    "extract": _extract,
    "nonzero": _nonzero,
    "piecewise": _piecewise,
    "select": _select,
    "take": _take,
    "take_along_axis": _take_along_axis,
    "where": _where,
}
