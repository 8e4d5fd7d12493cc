"""Unique values, and sets of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ._tools import as_array, as_arrays, is_exact, same_dtype, unavailable
from .order import order_of

__all__ = ["FUNCTIONS"]


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
    if equal_nan and not is_exact(xp, a):
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
    a, b = (_unique(xp, x, True) for x in same_dtype(xp, as_arrays(xp, (ar1, ar2))))
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


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "intersect1d": _intersect1d,
    "setdiff1d": _setdiff1d,
    "setxor1d": _setxor1d,
    "union1d": _union1d,
    "unique": _unique,
    "unique_all": lambda xp, x: xp.unique_all(as_array(xp, x)),
    "unique_counts": lambda xp, x: xp.unique_counts(as_array(xp, x)),
    "unique_inverse": lambda xp, x: xp.unique_inverse(as_array(xp, x)),
    "unique_values": lambda xp, x: xp.unique_values(as_array(xp, x)),
}
