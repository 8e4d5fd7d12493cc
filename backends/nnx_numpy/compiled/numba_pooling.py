"""Loops for max pooling in two by two elements.

A maximum is NumPy's: NaN if either is, and of zeros of both signs the second.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .numba_compiled import compiled

__all__ = ["pool_pairs", "unpool_pairs"]

Array = Any

STRIP = 512  # elements of a cotangent at a time


@compiled
def pool_pairs(x: Array, out: Array) -> None:
    """The largest of each two by two elements of planes; a row or column left over at the end is in none."""
    planes, rows, columns = out.shape
    for k in range(planes):
        for i in range(rows):
            above, below = x[k, 2 * i], x[k, 2 * i + 1]
            for j in range(columns):
                a, b, c, d = above[2 * j], above[2 * j + 1], below[2 * j], below[2 * j + 1]
                left = a if (a > c) | (a != a) else c
                right = b if (b > d) | (b != b) else d
                out[k, i, j] = left if (left > right) | (left != left) else right


@compiled
def unpool_pairs(g: Array, x: Array, out: Array) -> bool:
    """Write cotangents to where the largest are, pairs of rows lying after each other; False where NaN is.

    A few rows at a time, in three simple loops with memory in between: one loop that does it all is not vectorised.
    """
    total, columns = g.shape
    zero = g.dtype.type(0)
    some = max(min(STRIP // columns, total), 1)
    best, moved = np.empty((some, 2, columns), g.dtype), np.empty((some, 2, columns), g.dtype)
    flat, moved_flat = best.reshape(-1), moved.reshape(-1)
    nan = False
    for start in range(0, total, some):
        end = min(start + some, total)
        of, to, size = x[start:end].reshape(-1), out[start:end].reshape(-1), (end - start) * 2 * columns
        for p in range(size):
            a, b = of[2 * p], of[2 * p + 1]
            nan |= (a != a) | (b != b)
            flat[p] = a if a > b else b
        for i in range(end - start):
            above, below, y = best[i, 0], best[i, 1], g[start + i]
            to_above, to_below = moved[i, 0], moved[i, 1]
            for j in range(columns):
                v, upper = y[j], above[j] >= below[j]
                to_above[j] = v if upper else zero
                to_below[j] = zero if upper else v
        for p in range(size):
            v, left = moved_flat[p], of[2 * p] >= of[2 * p + 1]
            to[2 * p] = v if left else zero
            to[2 * p + 1] = zero if left else v
        if nan:
            return False
    return True
