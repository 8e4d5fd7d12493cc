"""Sorting, quantiles, unique values and sets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ._tools import as_array, as_arrays, axis_of, floating, is_complex, item, unavailable

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
    return (
        order_of(xp, xp.reshape(a, (-1,)), 0)
        if axis is None or not a.ndim
        else order_of(xp, a, axis_of(axis, a.ndim))
    )


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
    "nanargmax": _nanposition("argmax", float("-inf")),
    "nanargmin": _nanposition("argmin", float("inf")),
    "partition": _partition,
    "searchsorted": _searchsorted,
    "sort": _sort,
    "sort_complex": _sort_complex,
    "trim_zeros": _trim_zeros,
}
