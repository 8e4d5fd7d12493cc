"""Sorting, quantiles, unique values and sets."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ._tools import (
    as_array,
    as_arrays,
    axes_of,
    axis_of,
    floating,
    is_complex,
    item,
    unavailable,
    weak_arrays,
)

__all__ = ["FUNCTIONS", "order_of"]


def order_of(xp: Any, x: Any, axis: int = -1) -> Any:
    """What sorts an array stably; complex numbers by real, then imaginary part."""
    if not is_complex(xp, x):
        return xp.argsort(x, axis=axis)
    order = xp.argsort(xp.imag(x), axis=axis)
    return xp.take_along_axis(
        order, xp.argsort(xp.take_along_axis(xp.real(x), order, axis=axis), axis=axis), axis=axis
    )


def _sort(xp: Any, a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> Any:
    if order is not None:
        raise unavailable("np.sort with order=")
    a = as_array(xp, a)
    if axis is None:
        a, axis = xp.reshape(a, (-1,)), 0
    axis = axis_of(axis, a.ndim)
    if is_complex(xp, a):
        return xp.take_along_axis(a, order_of(xp, a, axis), axis=axis)
    return xp.sort(a, axis=axis)


def _partition(
    xp: Any, a: Any, kth: Any, axis: Any = -1, kind: Any = "introselect", order: Any = None
) -> Any:
    # A sorted array is partitioned, but in another order than NumPy's on either side of kth: ask the library.
    a = as_array(xp, a)
    if axis is None:
        a, axis = xp.reshape(a, (-1,)), 0
    raw = xp._library.raw(a)
    if order is not None or not hasattr(raw, "argpartition"):
        raise unavailable("np.partition")
    where = xp.asarray(raw.argpartition(xp._library.strip_all(kth), axis=axis))
    return xp.take_along_axis(a, where, axis=axis)


def _sort_complex(xp: Any, a: Any) -> Any:
    a = as_array(xp, a)
    return _sort(xp, a if is_complex(xp, a) else xp.astype(a, xp.complex128))


# quantiles -----------------------------------------------------------------------------------------------------

# Hyndman and Fan's families: position = n q + alpha + q (1 - alpha - beta) - 1.
_CONTINUOUS = {
    "hazen": (0.5, 0.5),
    "interpolated_inverted_cdf": (0.0, 1.0),
    "linear": (1.0, 1.0),
    "median_unbiased": (1 / 3, 1 / 3),
    "normal_unbiased": (3 / 8, 3 / 8),
    "weibull": (0.0, 0.0),
}
_DISCRETE: dict[str, Callable[..., Any]] = {
    "higher": lambda xp, n, q: xp.ceil((n - 1) * q),
    "inverted_cdf": lambda xp, n, q: xp.ceil(n * q - 1),
    "lower": lambda xp, n, q: xp.floor((n - 1) * q),
    "nearest": lambda xp, n, q: xp.round((n - 1) * q),
}


def _gathered(
    xp: Any, a: Any, axis: Any, keepdims: bool, ignore_nan: bool
) -> tuple[Any, Any, tuple[int, ...]]:
    """The reduced axes sorted as one last axis, how many elements count there, and the shape of the result."""
    axes = axes_of(axis, a.ndim)
    rest = tuple(i for i in range(a.ndim) if i not in axes)
    shape = (
        tuple(1 if i in axes else n for i, n in enumerate(a.shape))
        if keepdims
        else tuple(a.shape[i] for i in rest)
    )
    n = math.prod(a.shape[i] for i in axes)
    rows = xp.reshape(xp.permute_dims(a, rest + axes), tuple(a.shape[i] for i in rest) + (n,))
    rows = xp.sort(rows, axis=-1)
    missing = xp.isnan(rows)
    if ignore_nan:
        count: Any = xp.sum(xp.astype(xp.logical_not(missing), rows.dtype), axis=-1, keepdims=True)
    else:
        count = n
        rows = xp.where(xp.any(missing, axis=-1, keepdims=True), xp.nan, rows)
    return rows, count, shape


def _pick(xp: Any, rows: Any, position: Any, count: Any) -> Any:
    """Elements at whole positions along the last axis, those beyond an end being the ends."""
    last = count - 1
    top = (
        xp.where(position > last, last, position)
        if hasattr(last, "dtype")
        else xp.clip(position, max=float(last))
    )
    index = xp.astype(xp.where(top < 0, 0, top), xp.int64)
    if index.ndim == 1:
        return xp.take(rows, index, axis=-1)
    return xp.take_along_axis(rows, index, axis=-1)


def _quantile(scale: float, ignore_nan: bool) -> Callable[..., Any]:
    """``quantile``, ``percentile`` and the two that pass NaN over."""

    def quantile(
        xp: Any, a: Any, q: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False,
        method: str = "linear", keepdims: bool = False, *, weights: Any = None,
    ) -> Any:  # fmt: skip
        if weights is not None:
            raise unavailable("np.quantile with weights=")
        a = floating(xp, a)
        if is_complex(xp, a):
            raise TypeError("a must be an array of real numbers")
        q = weak_arrays(xp, (a, q))[1] if isinstance(q, (int, float)) else floating(xp, as_array(xp, q, a))
        if bool(xp.any(xp.logical_or(q < 0, q > scale))):
            raise ValueError(f"Quantiles must be in the range [0, {scale:g}]")
        flat = xp.reshape(q, (-1,)) / scale
        rows, n, shape = _gathered(xp, a, axis, bool(keepdims), ignore_nan)
        if method in _DISCRETE:
            result = _pick(xp, rows, _DISCRETE[method](xp, n, flat), n)
        elif method == "midpoint":
            low, high = (_pick(xp, rows, r((n - 1) * flat), n) for r in (xp.floor, xp.ceil))
            result = (low + high) / 2
        elif method in _CONTINUOUS:
            alpha, beta = _CONTINUOUS[method]
            position = n * flat + (alpha + flat * (1 - alpha - beta)) - 1
            below = xp.floor(position)
            low, high = _pick(xp, rows, below, n), _pick(xp, rows, below + 1, n)
            result = low + (high - low) * (position - below)
        else:
            raise unavailable(f"np.quantile with method={method!r}")
        return xp.reshape(xp.moveaxis(result, -1, 0), q.shape + shape)

    return quantile


def _median(ignore_nan: bool) -> Callable[..., Any]:
    """``median`` and ``nanmedian``."""

    def median(
        xp: Any,
        a: Any,
        axis: Any = None,
        out: Any = None,
        overwrite_input: bool = False,
        keepdims: bool = False,
    ) -> Any:
        a = floating(xp, a)
        rows, n, shape = _gathered(xp, a, axis, bool(keepdims), ignore_nan)
        middle = (n - 1) / 2
        if not hasattr(middle, "dtype"):
            middle = xp.full((1,), middle, dtype=rows.dtype, device=rows.device)
        low, high = (_pick(xp, rows, r(middle), n) for r in (xp.floor, xp.ceil))
        return xp.reshape((low + high) / 2, shape)

    return median


# unique values and sets ----------------------------------------------------------------------------------------


def _unique(
    xp: Any, ar: Any, return_index: bool = False, return_inverse: bool = False, return_counts: bool = False,
    axis: Any = None, *, equal_nan: bool = True, sorted: bool = True,
) -> Any:  # fmt: skip
    if axis is not None:
        raise unavailable("np.unique with axis=")
    a = as_array(xp, ar)
    flat = xp.reshape(a, (-1,))
    order = order_of(xp, flat)
    ordered = xp.take(flat, order)
    differs = ordered[1:] != ordered[:-1]
    if equal_nan and not xp.isdtype(a.dtype, ("integral", "bool")):
        missing = xp.isnan(ordered)
        differs = xp.logical_and(differs, xp.logical_not(xp.logical_and(missing[1:], missing[:-1])))
    starts = xp.concat([xp.ones((min(flat.size, 1),), dtype=xp.bool, device=a.device), differs])
    (first,) = xp.nonzero(starts)
    results = [xp.take(ordered, first)]
    if return_index:
        results.append(xp.take(order, first))
    if return_inverse:
        number = xp.cumulative_sum(xp.astype(starts, xp.int64)) - 1
        results.append(xp.reshape(xp.take(number, xp.argsort(order)), a.shape))
    if return_counts:
        ends = xp.concat([first[1:], xp.asarray([flat.size], dtype=first.dtype, device=a.device)])
        results.append(ends - first)
    return results[0] if len(results) == 1 else tuple(results)


def _concatenated(xp: Any, *items: Any) -> Any:
    return xp.concat([xp.reshape(x, (-1,)) for x in as_arrays(xp, items)])


def _member(xp: Any, a: Any, ordered: Any) -> Any:
    """Which elements of ``a`` are among sorted ones."""
    if not ordered.size:
        return xp.zeros(a.shape, dtype=xp.bool, device=a.device)
    at = xp.searchsorted(ordered, a)
    return xp.take(ordered, xp.where(at == ordered.size, ordered.size - 1, at)) == a


def _union1d(xp: Any, ar1: Any, ar2: Any) -> Any:
    return _unique(xp, _concatenated(xp, ar1, ar2))


def _intersect1d(
    xp: Any, ar1: Any, ar2: Any, assume_unique: bool = False, return_indices: bool = False
) -> Any:
    a, b = (_unique(xp, x, True) for x in (ar1, ar2))
    in_b, in_a = _member(xp, a[0], b[0]), _member(xp, b[0], a[0])
    values = a[0][in_b]
    return (values, a[1][in_b], b[1][in_a]) if return_indices else values


def _setdiff1d(xp: Any, ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    ar1, ar2 = as_arrays(xp, (ar1, ar2))
    a = xp.reshape(ar1, (-1,)) if assume_unique else _unique(xp, ar1)
    return a[xp.logical_not(_member(xp, a, xp.sort(xp.reshape(ar2, (-1,)))))]


def _setxor1d(xp: Any, ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    values, counts = _unique(xp, _concatenated(xp, _unique(xp, ar1), _unique(xp, ar2)), return_counts=True)
    return values[counts == 1]


def _trim_zeros(xp: Any, filt: Any, trim: str = "fb", axis: Any = None) -> Any:
    a = as_array(xp, filt)
    if a.ndim != 1:
        raise unavailable("np.trim_zeros of arrays with several axes")
    (kept,) = xp.nonzero(a != 0)
    if not kept.size:
        return a[:0]
    start = int(item(kept[0])) if "f" in trim.lower() else 0
    stop = int(item(kept[-1])) + 1 if "b" in trim.lower() else a.shape[0]
    return a[start:stop]


# positions: no derivative --------------------------------------------------------------------------------------


def _positions(name: str) -> Callable[..., Any]:
    """``argmax`` and ``argmin``."""

    def function(xp: Any, a: Any, axis: Any = None, out: Any = None, *, keepdims: bool = False) -> Any:
        return getattr(xp, name)(as_array(xp, a), axis=axis, keepdims=bool(keepdims))

    return function


def _argsort(
    xp: Any, a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None
) -> Any:
    if order is not None:
        raise unavailable("np.argsort with order=")
    a = as_array(xp, a)
    return order_of(xp, xp.reshape(a, (-1,)), 0) if axis is None else order_of(xp, a, axis_of(axis, a.ndim))


def _searchsorted(xp: Any, a: Any, v: Any, side: str = "left", sorter: Any = None) -> Any:
    a, v = as_arrays(xp, (a, v))
    if sorter is not None:
        a = xp.take(a, as_array(xp, sorter, a))
    found = xp.searchsorted(a, xp.reshape(v, (-1,)), side=side)
    return xp.reshape(found, v.shape)


def _nanposition(name: str, worst: float) -> Callable[..., Any]:
    def function(xp: Any, a: Any, axis: Any = None, out: Any = None, *, keepdims: bool = False) -> Any:
        a = floating(xp, a)
        missing = xp.isnan(a)
        if bool(xp.any(xp.all(missing, axis=axis))):
            raise ValueError("All-NaN slice encountered")
        return getattr(xp, name)(xp.where(missing, worst, a), axis=axis, keepdims=bool(keepdims))

    return function


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "argmax": _positions("argmax"),
    "argmin": _positions("argmin"),
    "argsort": _argsort,
    "intersect1d": _intersect1d,
    "median": _median(False),
    "nanargmax": _nanposition("argmax", float("-inf")),
    "nanargmin": _nanposition("argmin", float("inf")),
    "nanmedian": _median(True),
    "nanpercentile": _quantile(100.0, True),
    "nanquantile": _quantile(1.0, True),
    "partition": _partition,
    "percentile": _quantile(100.0, False),
    "quantile": _quantile(1.0, False),
    "searchsorted": _searchsorted,
    "setdiff1d": _setdiff1d,
    "setxor1d": _setxor1d,
    "sort": _sort,
    "sort_complex": _sort_complex,
    "trim_zeros": _trim_zeros,
    "union1d": _union1d,
    "unique": _unique,
    "unique_all": lambda xp, x: xp.unique_all(as_array(xp, x)),
    "unique_counts": lambda xp, x: xp.unique_counts(as_array(xp, x)),
    "unique_inverse": lambda xp, x: xp.unique_inverse(as_array(xp, x)),
    "unique_values": lambda xp, x: xp.unique_values(as_array(xp, x)),
}
