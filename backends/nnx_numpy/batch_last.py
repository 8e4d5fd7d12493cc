"""Arrays ``(n, C, *size)`` that lie in memory as ``(C, *size, n)``: the images of a batch side by side.

Then windows, pairs of neighbours and channels are long runs whatever the size of an image, and the windows of all
images are one matrix. A convolution of enough images gives such an array, functions of elements keep it, and whoever
needs another order copies it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["BATCH", "first", "in_order", "laid_last", "last", "lies_last", "like"]

Array = Any

BATCH = 16  # images, from which on their runs are long enough
BLOCK = 2**15  # bytes


def last(x: Array) -> Array:
    """``(n, C, *size)`` as ``(C, *size, n)``; a view."""
    return x.transpose(*range(1, x.ndim), 0)


def first(x: Array) -> Array:
    """The other way round."""
    return x.transpose(x.ndim - 1, *range(x.ndim - 1))


def lies_last(x: Array) -> bool:
    """Whether it lies in memory like that, and not also as it is."""
    return x.ndim > 2 and not x.flags.c_contiguous and bool(last(x).flags.c_contiguous)


def laid_last(x: Array) -> Array:
    """``(C, *size, n)`` in one piece of memory."""
    return np.ascontiguousarray(last(x))


def in_order(x: Array) -> Array:
    """A copy of such an array in C order; other arrays as they are.

    A block at a time, as the cache holds them: NumPy by itself takes five to ten times as long.
    """
    if not lies_last(x):
        return x
    out = np.empty(x.shape, x.dtype)
    of, to = last(x).reshape(-1, len(x)), out.reshape(len(x), -1)
    step = max(BLOCK // (len(x) * x.itemsize), 8)
    for i in range(0, len(of), step):
        to[:, i : i + step] = of[i : i + step].T
    return out


def like(x: Array, *others: Array) -> tuple[tuple[Array, ...], bool]:
    """Arrays of a shape as they follow each other in the memory of ``x``, and whether that is images last."""
    if lies_last(x):
        return (last(x), *map(laid_last, others)), True
    return (x, *map(in_order, others)), False
