"""Putting arrays together, and taking parts out of the middle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ._tools import as_array, as_arrays, axis_of, same_dtype, with_axes
from .shapes import FUNCTIONS as SHAPES

__all__ = ["FUNCTIONS"]

_at_least_1d, _at_least_2d, _at_least_3d = (SHAPES[f"atleast_{n}d"] for n in (1, 2, 3))


def _concatenate(
    xp: Any, arrays: Any, /, axis: Any = 0, out: Any = None, *, dtype: Any = None, casting: str = "same_kind"
) -> Any:
    return xp.concat(same_dtype(xp, as_arrays(xp, arrays), dtype), axis=axis)


def _stack(
    xp: Any, arrays: Any, axis: int = 0, out: Any = None, *, dtype: Any = None, casting: str = "same_kind"
) -> Any:
    return xp.stack(same_dtype(xp, as_arrays(xp, arrays), dtype), axis=axis)


def _vstack(xp: Any, tup: Any, *, dtype: Any = None, casting: str = "same_kind") -> Any:
    return _concatenate(xp, [_at_least_2d(xp, x) for x in as_arrays(xp, tup)], 0, dtype=dtype)


def _hstack(xp: Any, tup: Any, *, dtype: Any = None, casting: str = "same_kind") -> Any:
    items = [_at_least_1d(xp, x) for x in as_arrays(xp, tup)]
    return _concatenate(xp, items, 0 if items[0].ndim == 1 else 1, dtype=dtype)


def _dstack(xp: Any, tup: Any) -> Any:
    return _concatenate(xp, [_at_least_3d(xp, x) for x in as_arrays(xp, tup)], 2)


def _column_stack(xp: Any, tup: Any) -> Any:
    items = as_arrays(xp, tup)
    return _concatenate(xp, [x if x.ndim > 1 else xp.reshape(x, (-1, 1)) for x in items], 1)


def _leaves(x: Any) -> list[Any]:
    return [leaf for item in x for leaf in _leaves(item)] if isinstance(x, list) else [x]


def _block(xp: Any, arrays: Any) -> Any:
    def depth(x: Any) -> int:
        return 1 + max(map(depth, x)) if isinstance(x, list) else 0

    def rank(x: Any) -> int:
        return max(map(rank, x)) if isinstance(x, list) else xp.asarray(x).ndim

    ndim = max(depth(arrays), rank(arrays))
    like = next((x for x in _leaves(arrays) if isinstance(x, xp._library.base)), None)

    def join(x: Any, level: int) -> Any:
        if not isinstance(x, list):
            x = as_array(xp, x, like)
            return with_axes(x, ndim)
        return _concatenate(xp, [join(item, level + 1) for item in x], ndim - (depth(arrays) - level))

    return xp.asarray(join(arrays, 0), copy=True)


def _append(xp: Any, arr: Any, values: Any, axis: Any = None) -> Any:
    items = as_arrays(xp, (arr, values))
    if axis is None:
        return _concatenate(xp, [xp.reshape(x, (-1,)) for x in items])
    return _concatenate(xp, items, axis)


def _selected(obj: Any, length: int) -> list[int]:
    """The places that an integer, a slice, a mask or a list of integers names."""
    if isinstance(obj, slice):
        return list(range(*obj.indices(length)))
    chosen = (
        obj.tolist()
        if hasattr(obj, "tolist")
        else list(obj)
        if isinstance(obj, (tuple, list))
        else [int(obj)]
    )
    chosen = chosen if isinstance(chosen, list) else [chosen]
    if chosen and isinstance(chosen[0], bool):
        return [i for i, c in enumerate(chosen) if c]
    for i in chosen:
        if not -length <= i <= length:
            raise IndexError(f"index {i} is out of bounds for axis with size {length}")
    return [int(i) % length if i < 0 else int(i) for i in chosen]


def _delete(xp: Any, arr: Any, obj: Any, axis: Any = None) -> Any:
    a = as_array(xp, arr)
    if axis is None:
        a, axis = xp.reshape(a, (-1,)), 0
    axis = axis_of(axis, a.ndim)
    gone = set(_selected(obj, a.shape[axis]))
    if gone and max(gone) >= a.shape[axis]:
        raise IndexError(f"index {max(gone)} is out of bounds for axis {axis} with size {a.shape[axis]}")
    kept = [i for i in range(a.shape[axis]) if i not in gone]
    return xp.take(a, xp.asarray(kept, dtype=xp.int64, device=a.device), axis=axis)


def _insert(xp: Any, arr: Any, obj: Any, values: Any, axis: Any = None) -> Any:
    a = as_array(xp, arr)
    if axis is None:
        a, axis = xp.reshape(a, (-1,)), 0
    axis = axis_of(axis, a.ndim)
    n = a.shape[axis]
    chosen = _selected(obj, n)
    values = xp.astype(as_arrays(xp, (a, values))[1], a.dtype, copy=False)
    if len(chosen) == 1:  # one place may take several slices; a plain integer has them come first of the axes
        values = with_axes(values, a.ndim)
        if not isinstance(obj, (slice, tuple, list)) and not getattr(obj, "ndim", 0):
            values = xp.moveaxis(values, 0, axis)
        chosen = chosen * values.shape[axis]
    order = sorted(range(len(chosen)), key=lambda i: chosen[i])
    target = [0] * len(chosen)
    for count, i in enumerate(order):
        target[i] = chosen[i] + count
    length = n + len(chosen)
    taken = set(target)
    kept = [i for i in range(length) if i not in taken]
    source = [0] * length  # where each element comes from, among those of a and then the values
    for i, place in enumerate([*kept, *target]):
        source[place] = i
    values = xp.broadcast_to(values, (*a.shape[:axis], len(target), *a.shape[axis + 1 :]))
    joined = xp.concat([a, values], axis=axis)
    return xp.take(joined, xp.asarray(source, dtype=xp.int64, device=a.device), axis=axis)


def _meshgrid(xp: Any, *xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> Any:
    items = [xp.reshape(x, (-1,)) for x in as_arrays(xp, xi)]
    if not sparse:
        return tuple(xp.meshgrid(*items, indexing=indexing)) if items else ()
    order = list(range(len(items)))
    if indexing == "xy" and len(items) > 1:
        order[:2] = [1, 0]
    return tuple(
        xp.asarray(x[tuple(slice(None) if i == place else None for i in range(len(items)))], copy=copy)
        for x, place in zip(items, order, strict=True)
    )


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "append": _append,
    "block": _block,
    "column_stack": _column_stack,
    "concat": _concatenate,
    "concatenate": _concatenate,
    "delete": _delete,
    "dstack": _dstack,
    "hstack": _hstack,
    "insert": _insert,
    "meshgrid": _meshgrid,
    "stack": _stack,
    "vstack": _vstack,
}
