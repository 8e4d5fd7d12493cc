"""Recurrent layers in NumPy: every step in place, with the sequences of a batch on the last axis.

So laid out, the gates of a step are contiguous, which NumPy's functions are two or three times as fast on. What
comes in is transposed once for all steps, and what goes out is seen transposed, or copied where others read it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import prod
from typing import Any

import numpy as np

from .compiled import FLOATS, loops
from .cores import LEAST, MOST, alone, cores, product, share

Array = Any

LINES = 128  # bytes of the processor's cache that are fetched, and belong to one core, at a time
WORTH = 2**25  # multiplications, from which on waking another core pays
LONG = 128  # sequences, from which on a number in place of a row of them saves more than it costs


def usual(first: Array, *others: Array | None) -> bool:
    """Whether these are of one of the dtypes that are worth it, and there is something in them."""
    dtype = first.dtype
    return dtype in FLOATS and all(x is None or (x.dtype == dtype and x.size) for x in (first, *others))


def together(elements: int, size: int, *shapes: tuple[Any, Any]) -> Any:
    """Compiled loops that take all steps in one call; None where NumPy is to, or its products are of vectors.

    They don't look where they write: all arrays are to have the shapes that come with them here.
    """
    fast = loops(elements) if size > 1 else None
    if fast is None or not fast.usable or not all(x is None or x.shape == shape for x, shape in shapes):
        return None
    return fast


def ready(x: Array) -> Array:
    """The array as loops are compiled for: contiguous, and not write-protected, which would be another type."""
    return x if x.flags.carray else x.copy()


def by_sequences(
    work: Callable[[tuple[int, int]], Any], steps: int, weights: tuple[int, int], rows: int, dtype: Any
) -> None:
    """Call ``work`` with the first and last of all sequences, or of parts of them on several cores.

    That is if a step's product has the same bits in parts, and each part has lines of the cache to itself.
    """
    size = prod(weights) * rows
    parts = cores() if steps * size >= WORTH else 1
    while parts > 1 and (rows * dtype.itemsize % (parts * LINES) or not splits(*weights, rows, parts, dtype)):
        parts -= 1
    each = rows // parts
    if parts == 1:
        calmly(work, (0, rows), size)
    else:
        share(work, [(k, k + each) for k in range(0, rows, each)])


def calmly(work: Callable[[Any], Any], part: Any, size: int) -> None:
    """Call ``work`` with ``part``; without BLAS's threads, if they are not worth it for its products of this size."""
    if LEAST <= size < MOST:
        alone(work, [part])
    else:
        work(part)


@cache
def splits(outs: int, ins: int, columns: int, parts: int, dtype: Any) -> bool:
    """Whether a product's columns have the same bits in parts as at once: BLAS chooses its loops by size."""
    rng = np.random.default_rng(0)
    x, y = rng.random((outs, ins), dtype), rng.random((ins, columns), dtype)
    found, each = np.empty((outs, columns), dtype), columns // parts
    alone(lambda k: np.matmul(x, y[:, k : k + each], found[:, k : k + each]), range(0, columns, each))
    return bool((found == x.dot(y)).all())


def apart(shape: tuple[int, ...], dtype: Any) -> Array:
    """An array that begins where the cache's lines do, so that cores can write to lines of their own."""
    memory = np.empty(prod(shape) * dtype.itemsize + LINES, np.uint8)
    return np.ndarray(shape, dtype, memory, -memory.ctypes.data % LINES)


def order(count: int, reverse: bool) -> range:
    """Of the steps."""
    return range(count - 1, -1, -1) if reverse else range(count)


def turned(x: Array) -> Array:
    """The last two axes change places, and what comes out is contiguous."""
    fast = loops(x.size) if x.ndim == 3 and x.flags.c_contiguous else None
    if fast is None:
        return x.mT.copy()
    fast.turned(x, out := np.empty(x.mT.shape, x.dtype))
    return out


def by_gate(size: int, rows: int, values: tuple[float, ...], dtype: Any) -> Array:
    """A number for each gate, as often as NumPy is faster with it: short rows cost it a loop each."""
    column = np.repeat(np.array(values, dtype), size)[:, None]
    return np.repeat(column, rows, axis=1) if rows < LONG else column


def weight_slope(d: Array, hs: Array, h: Array, reverse: bool) -> Array:
    """The sum over all steps of the products of ``d (T, N, G)`` with the state before, ``(T, N, H)``."""
    later, first, before = (d[:-1], d[-1], hs[1:]) if reverse else (d[1:], d[0], hs[:-1])
    total = product(first.T, h)
    if len(later):
        total += product(later.reshape(-1, d.shape[2]).T, before.reshape(-1, hs.shape[2]))
    return total
