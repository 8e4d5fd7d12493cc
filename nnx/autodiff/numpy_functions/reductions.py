"""Sums, means, extrema and running sums, with NumPy's ``where``, ``initial``, ``ddof`` and ``dtype``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ._tools import as_array, axes_of, axis_of, common, dtype_of, floating, is_complex, kind_of, unavailable

__all__ = ["FUNCTIONS", "mean_of", "reduced_axis", "var_of"]


def _count(x: Any, axis: Any) -> int:
    count = 1
    for a in axes_of(axis, x.ndim):
        count *= x.shape[a]
    return count


def reduced_axis(axis: Any, a: Any) -> Any:
    """An axis of an array, or several as a tuple; a 0-d array may be said to have one."""
    axis = tuple(axis) if isinstance(axis, list) else axis
    return None if not a.ndim and axis in (0, -1, (0,), (-1,)) else axis


def _cast(xp: Any, x: Any, dtype: Any) -> Any:
    kind = dtype_of(xp, dtype)
    return x if kind is None or x.dtype == kind else xp.astype(x, kind)


def _prepared(xp: Any, a: Any, dtype: Any) -> Any:
    """A floating array in the dtype that a mean or a variance is computed in."""
    a = as_array(xp, a)
    if dtype is None:
        return floating(xp, a)
    kind = dtype_of(xp, dtype)
    if xp.isdtype(kind, "integral") or (is_complex(xp, a) and not xp.isdtype(kind, "complex floating")):
        raise unavailable(f"a mean or variance of {a.dtype} in dtype={dtype!r}")
    return _cast(xp, a, dtype)


def _folding(name: str, neutral: int, combine: str) -> Callable[..., Any]:
    """``sum`` and ``prod``."""

    def fold(
        xp: Any, a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False,
        initial: Any = None, where: Any = True,
    ) -> Any:  # fmt: skip
        a = as_array(xp, a)
        if kind_of(xp, a) == "bool":
            a = xp.astype(a, xp.int64)
        a = _cast(xp, a, dtype)
        if where is not True:
            a = xp.where(as_array(xp, where, a), a, neutral)
        params = {"dtype": a.dtype} if dtype is not None else {}
        result = getattr(xp, name)(a, axis=reduced_axis(axis, a), keepdims=bool(keepdims), **params)
        return result if initial is None else _cast(xp, getattr(xp, combine)(result, initial), dtype)

    return fold


def _extremum(name: str, combine: str) -> Callable[..., Any]:
    """``max`` and ``min``."""

    def extremum(
        xp: Any, a: Any, axis: Any = None, out: Any = None, keepdims: bool = False, initial: Any = None,
        where: Any = True,
    ) -> Any:  # fmt: skip
        a = as_array(xp, a)
        if where is not True:
            if initial is None:
                raise ValueError(f"np.{name}: where= needs initial=")
            a = xp.where(as_array(xp, where, a), a, initial)
        axis = reduced_axis(axis, a)
        if initial is not None and not isinstance(initial, (int, float)):
            initial = as_array(xp, initial, a)
        if initial is not None and _count(a, axis) == 0:
            kept = [n for i, n in enumerate(a.shape) if i not in axes_of(axis, a.ndim)]
            shape = (
                [1 if i in axes_of(axis, a.ndim) else n for i, n in enumerate(a.shape)] if keepdims else kept
            )
            return xp.zeros(tuple(shape), dtype=a.dtype, device=a.device) + initial
        result = getattr(xp, name)(a, axis=axis, keepdims=bool(keepdims))
        return result if initial is None else getattr(xp, combine)(result, initial)

    return extremum


_sum, _prod = _folding("sum", 0, "add"), _folding("prod", 1, "multiply")
_max, _min = _extremum("max", "maximum"), _extremum("min", "minimum")


def _total(xp: Any, a: Any, axis: Any, keepdims: bool, where: Any) -> tuple[Any, Any]:
    """The sum of the chosen elements, and how many there are."""
    if where is True:
        return xp.sum(a, axis=axis, keepdims=keepdims), _count(a, axis)
    chosen = xp.broadcast_to(xp.astype(as_array(xp, where, a), xp.bool, copy=False), a.shape)
    count = xp.sum(xp.astype(chosen, xp.int64), axis=axis, keepdims=keepdims)
    total = xp.sum(xp.where(chosen, a, 0), axis=axis, keepdims=keepdims)
    return total, xp.astype(count, xp.real(total).dtype if is_complex(xp, total) else total.dtype)


def mean_of(
    xp: Any,
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: bool = False,
    *,
    where: Any = True,
) -> Any:
    """``np.mean``."""
    a = _prepared(xp, a, dtype)
    if where is True:
        return _cast(xp, xp.mean(a, axis=reduced_axis(axis, a), keepdims=bool(keepdims)), dtype)
    total, count = _total(xp, a, reduced_axis(axis, a), bool(keepdims), where)
    return _cast(xp, total / count, dtype)


def var_of(
    xp: Any, a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: float = 0, keepdims: bool = False,
    *, where: Any = True, mean: Any = None, correction: Any = None,
) -> Any:  # fmt: skip
    """``np.var``."""
    a = _prepared(xp, a, dtype)
    axis, ddof = reduced_axis(axis, a), ddof if correction is None else correction
    if where is True and mean is None and not is_complex(xp, a):
        return _cast(xp, xp.var(a, axis=axis, correction=ddof, keepdims=bool(keepdims)), dtype)
    if mean is None:
        mean = mean_of(xp, a, axis, keepdims=True, where=where)
    d = a - mean
    square = xp.real(d) ** 2 + xp.imag(d) ** 2 if is_complex(xp, d) else d * d
    total, count = _total(xp, square, axis, bool(keepdims), where)
    left = (_count(a, axis) if where is True else count) - ddof
    result = total / (max(left, 0) if isinstance(left, (int, float)) else xp.where(left > 0, left, 0))
    return _cast(xp, result, dtype)


def _std(
    xp: Any, a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: float = 0, keepdims: bool = False,
    *, where: Any = True, mean: Any = None, correction: Any = None,
) -> Any:  # fmt: skip
    a = _prepared(xp, a, dtype)
    if where is True and mean is None and not is_complex(xp, a):
        ddof = ddof if correction is None else correction
        return _cast(
            xp, xp.std(a, axis=reduced_axis(axis, a), correction=ddof, keepdims=bool(keepdims)), dtype
        )
    square = var_of(xp, a, axis, None, None, ddof, keepdims, where=where, mean=mean, correction=correction)
    return _cast(xp, xp.sqrt(square), dtype)


def _ptp(xp: Any, a: Any, axis: Any = None, out: Any = None, keepdims: bool = False) -> Any:
    return _max(xp, a, axis, None, keepdims) - _min(xp, a, axis, None, keepdims)


def _average(
    xp: Any, a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: bool = False
) -> Any:
    a = floating(xp, a)
    axis = reduced_axis(axis, a)
    if weights is None:
        result = xp.mean(a, axis=axis, keepdims=bool(keepdims))
        total = xp.ones_like(result) * _count(a, axis)
    else:
        w = as_array(xp, weights, a)
        if w.shape != a.shape:
            w = _along(xp, w, a, axis)
        w = xp.astype(w, common(xp, a, w), copy=False)
        total = xp.sum(w * xp.ones_like(a), axis=axis, keepdims=bool(keepdims))
        if bool(xp.any(total == 0)):
            raise ZeroDivisionError("Weights sum to zero, can't be normalized")
        result = xp.sum(a * w, axis=axis, keepdims=bool(keepdims)) / total
    return (result, total) if returned else result


def _along(xp: Any, w: Any, a: Any, axis: Any) -> Any:
    """Weights for some axes, laid along them."""
    if axis is None:
        raise TypeError("np.average: axis must be specified when shapes of a and weights differ")
    axes = axes_of(axis, a.ndim)
    if w.shape != tuple(a.shape[i] for i in axes):
        raise ValueError(
            "np.average: shape of weights must be consistent with shape of a along specified axis"
        )
    order = sorted(range(len(axes)), key=lambda i: axes[i])
    shape = tuple(a.shape[i] if i in axes else 1 for i in range(a.ndim))
    return xp.reshape(xp.permute_dims(w, tuple(order)), shape)


def _cumulative(name: str) -> Callable[..., Any]:
    """``cumsum`` and ``cumprod``."""

    def cumulate(xp: Any, a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
        a = as_array(xp, a)
        if kind_of(xp, a) == "bool":
            a = xp.astype(a, xp.int64)
        if axis is None:
            a, axis = xp.reshape(a, (-1,)), 0
        elif a.ndim:
            axis = axis_of(axis, a.ndim)
        else:
            a, axis = xp.reshape(a, (1,)), axis_of(axis, 1)
        if dtype is not None:
            a = xp.astype(a, dtype_of(xp, dtype), copy=False)
            return getattr(xp, name)(a, axis=axis, dtype=a.dtype)
        return getattr(xp, name)(a, axis=axis)

    return cumulate


def _cumulative_standard(name: str) -> Callable[..., Any]:
    """``cumulative_sum`` and ``cumulative_prod``, under the standard's own names."""

    def cumulate(
        xp: Any,
        x: Any,
        /,
        *,
        axis: Any = None,
        dtype: Any = None,
        out: Any = None,
        include_initial: bool = False,
    ) -> Any:
        x = as_array(xp, x)
        if dtype is not None:
            x = xp.astype(x, dtype_of(xp, dtype), copy=False)
        params = {} if dtype is None else {"dtype": x.dtype}
        return getattr(xp, name)(x, axis=axis, include_initial=include_initial, **params)

    return cumulate


_cumsum, _cumprod = _cumulative("cumulative_sum"), _cumulative("cumulative_prod")


def _count_nonzero(xp: Any, a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return xp.count_nonzero(as_array(xp, a), axis=reduced_axis(axis, a), keepdims=keepdims)


def _truth(name: str) -> Callable[..., Any]:
    """``all`` and ``any``."""

    def function(
        xp: Any, a: Any, axis: Any = None, out: Any = None, keepdims: bool = False, *, where: Any = True
    ) -> Any:
        a = xp.astype(as_array(xp, a), xp.bool)
        if where is not True:
            a = xp.where(as_array(xp, where, a), a, name == "all")
        return getattr(xp, name)(a, axis=reduced_axis(axis, a), keepdims=bool(keepdims))

    return function


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "all": _truth("all"),
    "amax": _max,
    "amin": _min,
    "any": _truth("any"),
    "average": _average,
    "count_nonzero": _count_nonzero,
    "cumprod": _cumprod,
    "cumsum": _cumsum,
    "cumulative_prod": _cumulative_standard("cumulative_prod"),
    "cumulative_sum": _cumulative_standard("cumulative_sum"),
    "max": _max,
    "mean": mean_of,
    "min": _min,
    "prod": _prod,
    "ptp": _ptp,
    "std": _std,
    "sum": _sum,
    "var": var_of,
}
