"""Adding, and taking extrema, at repeated places and along an axis; the largest elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiled import FLOATS, loops
from .reference import reference

Array = Any

_BLOCK = 65536  # numbers combined at a time, so that their places stay in the cache

# numbers, and in a row, from which on writing rows and adding the rest beats adding all
WORTHWHILE, WIDE = 16384, 16


def at_rows(combine: Any, target: Array, rows: Array, source: Array) -> None:
    """`combine.at(target, rows, source)` number by number, which NumPy does three times as fast as row by row."""
    count, width = len(target), target.size // max(len(target), 1)
    source = np.broadcast_to(source, rows.shape + target.shape[1:]).reshape(-1, width)
    rows = rows.reshape(-1, 1).astype(np.int64)
    if rows.size and not (-count <= rows.min() and rows.max() < count):
        raise IndexError(
            f"index on axis 0: expected integers from {-count} to {count - 1}, got {rows.ravel()}"
        )
    rows[rows < 0] += count
    flat, columns, block = target.reshape(-1), np.arange(width), max(_BLOCK // width, 1)
    for start in range(0, len(rows), block):
        places = rows[start : start + block] * width + columns
        combine.at(flat, places.reshape(-1), source[start : start + block].reshape(-1))


def sum_rows(source: Array, index: Array, *, rows: int) -> Array:
    """Straight into the result, which is not copied."""
    out = np.zeros((rows, *source.shape[1:]), source.dtype)
    if out.ndim == 1:
        np.add.at(out, index.astype(np.int64, copy=False), source)
    elif source.size and not _summed(source, index, out):
        index, source = _written(source, index, out)
        at_rows(np.add, out, index, source)
    return out


def _written(source: Array, index: Array, out: Array) -> tuple[Array, Array]:
    """Write the first row for each place, where that is most of them; what is left to add, in order."""
    n, rows = len(index), len(out)
    if n > rows or source.size < max(WORTHWHILE, WIDE * n) or index.min() < -rows or index.max() >= rows:
        return index, source
    order, first = np.arange(n)[::-1], np.empty(rows, np.int64)
    first[index[::-1]] = order  # of several numbers for a place the last stays
    out[index[::-1]] = source[::-1]
    rest = np.flatnonzero(first[index] != order[::-1])
    return index[rest], source[rest]


def _summed(source: Array, index: Array, out: Array) -> bool:
    """Whether the compiled loop could do it."""
    whole = source.shape[:1] == index.shape and source.dtype in FLOATS and len(out) > 0
    fast = loops(source.size) if whole else None
    if fast is None:
        return False
    rows, width = np.ascontiguousarray(index, np.int64), out.size // len(out)
    if fast.sum_rows(np.ascontiguousarray(source).reshape(-1, width), rows, out.reshape(-1, width)):
        return True
    out.fill(0)  # at_rows says which row is not there
    return False


def segment_extremum(x: Array, segment_ids: Array, *, rows: int, largest: bool) -> Array:
    """One row more than asked for, for what belongs to no segment."""
    empty = -np.inf if largest else np.inf
    if x.dtype.kind != "f":
        empty = np.iinfo(x.dtype).min if largest else np.iinfo(x.dtype).max
    out = np.full((rows + 1, *x.shape[1:]), empty, x.dtype)
    if x.size:
        inside = (segment_ids >= 0) & (segment_ids < rows)
        with np.errstate(invalid="ignore"):  # NaN
            at_rows(np.maximum if largest else np.minimum, out, np.where(inside, segment_ids, rows), x)
    return out[:rows]


def cumulative_extremum(x: Array, *, axis: int, largest: bool) -> Array:
    """Where the running extremum was last equalled, by two running maxima."""
    with np.errstate(invalid="ignore"):  # NaN
        running = (np.maximum if largest else np.minimum).accumulate(x, axis)
    shape = [1] * x.ndim
    shape[axis] = -1
    count = np.arange(x.shape[axis]).reshape(shape)
    return np.maximum.accumulate(np.where((x == running) | (x != x), count, 0), axis)


def logcumsumexp(x: Array, *, axis: int) -> Array:
    """One pass."""
    with np.errstate(invalid="ignore"):  # NaN
        return np.logaddexp.accumulate(x, axis)


def top_k_indices(x: Array, *, k: int, axis: int, largest: bool) -> Array:
    """A partition, and the order of what it chose; all in order where equal elements are on both sides of it."""
    rows = np.moveaxis(x, axis, -1)
    n = rows.shape[-1]
    if not 0 < k < n or not x.size:
        return reference("top_k_indices")(x, k=k, axis=axis, largest=largest)
    at = n - k if largest else k - 1
    order = np.argpartition(rows, at, axis=-1)
    chosen = np.sort(order[..., at:] if largest else order[..., :k], axis=-1)
    values = np.take_along_axis(rows, chosen, -1)
    edge = np.take_along_axis(rows, order[..., at : at + 1], -1)
    if not (np.count_nonzero(rows == edge) == np.count_nonzero(values == edge) and (edge == edge).all()):
        return reference("top_k_indices")(x, k=k, axis=axis, largest=largest)
    if largest:
        places = k - 1 - np.argsort(values[..., ::-1], axis=-1, kind="stable")[..., ::-1]
    else:
        places = np.argsort(values, axis=-1, kind="stable")
    return np.moveaxis(np.take_along_axis(chosen, places, -1), -1, axis)


OVERRIDES: dict[str, Any] = {
    function.__name__: (function, ())
    for function in (sum_rows, segment_extremum, cumulative_extremum, logcumsumexp, top_k_indices)
}
