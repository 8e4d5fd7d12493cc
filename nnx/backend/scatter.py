"""Scatter-add in pure standard functions: sort, segmented scan, searchsorted, take.

The reference that faster versions are tested against, and what serves a library that has none. An index of
any kind becomes one flat integer index of rows. A stable sort brings the sources of each row together, a scan
adds them up that never crosses from one row to the next (so nothing cancels, and an infinity stays where it
is), and the last of each run is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from operator import add
from operator import index as as_integer
from typing import Any, NamedTuple, TypeAlias, cast

Array: TypeAlias = Any
Device: TypeAlias = Any
Namespace: TypeAlias = Any


class Rows(NamedTuple):
    """An index into an array, as a flat integer index into its rows."""

    numbers: Array
    """1-D, int64, one row number for each element of `shape`."""
    shape: tuple[int, ...]
    """What the index selects, without the trailing axes that it takes whole."""
    trailing: tuple[int, ...]
    """The trailing axes that it takes whole: the shape of a row."""


def scatter_add(xp: Namespace, target: Array, index: Any, source: Array) -> Array:
    """A new array: `target` with `source` added at `index`, repeated places accumulating.

    >>> import array_api_strict as xp
    >>> scatter_add(xp, xp.zeros(3), xp.asarray([0, 2, 2]), xp.asarray([1.0, 2.0, 3.0]))
    Array([1., 0., 5.], dtype=array_api_strict.float64)
    """
    rows = rows_of(xp, target.shape, index, target.device)
    width = prod(rows.trailing)
    source = xp.astype(xp.asarray(source, device=target.device), target.dtype, copy=False)
    source = xp.reshape(xp.broadcast_to(source, rows.shape + rows.trailing), (prod(rows.shape), width))
    if 0 in source.shape:
        return xp.asarray(target, copy=True)
    added = reduce_by_row(xp, add, 0, rows.numbers, source, prod(target.shape) // width)
    return target + xp.reshape(added, target.shape)


def reduce_by_row(
    xp: Namespace, combine: Any, empty: float, numbers: Array, source: Array, count: int
) -> Array:
    """The rows of `source` that have each number from 0 to `count` - 1, combined; `empty` where none has.

    `combine` is associative and takes two arrays; other numbers are left out.
    """
    order = xp.argsort(numbers)
    numbers, source = xp.take(numbers, order, axis=0), xp.take(source, order, axis=0)
    distance = 1
    while distance < numbers.shape[0]:
        same = numbers[distance:] == numbers[:-distance]
        if not xp.any(same):  # the longest run is covered
            break
        later = source[distance:, :]
        reached = xp.where(same[:, None], combine(source[:-distance, :], later), later)
        source = xp.concat([source[:distance, :], reached], axis=0)
        distance *= 2
    each = xp.arange(count, dtype=numbers.dtype, device=numbers.device)
    end = xp.searchsorted(numbers, each, side="right")
    found = end > xp.searchsorted(numbers, each, side="left")
    last = xp.take(source, xp.where(found, end - 1, xp.zeros_like(end)), axis=0)
    return xp.where(found[:, None], last, xp.full_like(last, empty))


def rows_of(
    xp: Namespace, shape: Sequence[int], index: Any, device: Device = None, check: bool = True
) -> Rows:
    """The rows of an array of this shape that `index` selects, in NumPy's order.

    `index` is an item or a tuple of integers, slices, one ellipsis, None, integer arrays and boolean arrays.
    Without `check` nobody looks whether integers are out of bounds, for on a GPU that waits.

    Raises
    ------
    IndexError
        If there are more axes than the array has, or an integer is out of bounds.

    Examples
    --------
    >>> import array_api_strict as xp
    >>> rows_of(xp, (4, 3), (slice(0, 4, 2),))
    Rows(numbers=Array([0, 2], dtype=array_api_strict.int64), shape=(2,), trailing=(3,))
    """
    index = cast("tuple[Any, ...]", index if isinstance(index, tuple) else (index,))
    items, axes = _one_by_one(xp, index, len(shape))
    while items and _takes_whole(items[-1], shape[axes[-1]]):
        items, axes = items[:-1], axes[:-1]
    leading = axes[-1] + 1 if axes else 0
    strides = [prod(shape[axis + 1 : leading]) for axis in range(leading)]

    groups: list[Array] = []  # row numbers along one or more axes of the result; they add up
    arrays: Array = None
    arrays_at = [i for i, item in enumerate(items) if not isinstance(item, slice | None)]
    for item, axis in zip(items, axes, strict=True):
        if item is None:
            groups.append(xp.zeros(1, dtype=xp.int64, device=device))
        elif isinstance(item, slice):
            steps = xp.arange(*item.indices(shape[axis]), dtype=xp.int64, device=device)
            groups.append(steps * strides[axis])
        else:
            offsets = _positions(xp, item, shape[axis], axis, device, check) * strides[axis]
            arrays = offsets if arrays is None else arrays + offsets
    if arrays_at:  # side by side they stay where they are, apart they come first
        side_by_side = arrays_at[-1] - arrays_at[0] == len(arrays_at) - 1
        groups.insert(arrays_at[0] if side_by_side else 0, arrays)

    numbers = xp.zeros((), dtype=xp.int64, device=device)
    for group in groups:
        numbers = xp.reshape(numbers, numbers.shape + (1,) * group.ndim) + group
    return Rows(xp.reshape(numbers, (-1,)), tuple(numbers.shape), tuple(shape[leading:]))


def _one_by_one(xp: Namespace, index: tuple[Any, ...], ndim: int) -> tuple[list[Any], list[int]]:
    """The items of an index, one an axis (masks as integer arrays, the ellipsis as slices), and the axes."""
    items: list[Any] = []
    for item in index:
        if getattr(item, "dtype", None) == xp.bool:
            items.extend(xp.nonzero(item))
        else:
            items.append(item)
    missing = ndim - sum(item is not None and item is not Ellipsis for item in items)
    if missing < 0:
        raise IndexError(f"index: expected at most {ndim} axes, got {ndim - missing}")
    at = next((i for i, item in enumerate(items) if item is Ellipsis), len(items))
    items[at : at + 1] = [slice(None)] * missing
    axes: list[int] = []
    for item in items:
        axes.append((axes[-1] if axes else -1) + (item is not None))
    return items, axes


def _takes_whole(item: Any, length: int) -> bool:
    return isinstance(item, slice) and item.indices(length) == (0, length, 1)


def _positions(xp: Namespace, item: Any, length: int, axis: int, device: Device, check: bool) -> Array:
    """Integers along an axis, counted from its start."""
    if not hasattr(item, "shape"):
        item = as_integer(item)
    positions = xp.astype(xp.asarray(item, device=device), xp.int64, copy=False)
    if check and xp.any((positions < -length) | (positions >= length)):
        raise IndexError(
            f"index on axis {axis}: expected integers from {-length} to {length - 1}, got {item}"
        )
    return xp.where(positions < 0, positions + length, positions)
