"""Loops for max pooling in two by two elements.

A maximum is NumPy's: NaN if either is, and of zeros of both signs the second.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .numba_compiled import compiled

__all__ = ["pool_pairs", "pool_runs", "unpool_pairs", "unpool_runs"]

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


@compiled
def pool_runs(x: Array, out: Array) -> None:
    """`pool_pairs` for a batch that lies side by side along one more axis."""
    planes, rows, columns, run = out.shape
    for k in range(planes):
        for i in range(rows):
            for j in range(columns):
                for n in range(run):
                    a, b = x[k, 2 * i, 2 * j, n], x[k, 2 * i, 2 * j + 1, n]
                    c, d = x[k, 2 * i + 1, 2 * j, n], x[k, 2 * i + 1, 2 * j + 1, n]
                    left = a if (a > c) | (a != a) else c
                    right = b if (b > d) | (b != b) else d
                    out[k, i, j, n] = left if (left > right) | (left != left) else right


@compiled
def unpool_runs(g: Array, x: Array, out: Array) -> bool:
    """`unpool_pairs` likewise; with memory in between for the loop to be vectorised."""
    planes, rows, columns, run = g.shape
    zero = g.dtype.type(0)
    moved = np.empty((4, run), g.dtype)
    first, second, third, fourth = moved[0], moved[1], moved[2], moved[3]
    nan = False
    for k in range(planes):
        for i in range(rows):
            for j in range(columns):
                for n in range(run):
                    a, b = x[k, 2 * i, 2 * j, n], x[k, 2 * i, 2 * j + 1, n]
                    c, d = x[k, 2 * i + 1, 2 * j, n], x[k, 2 * i + 1, 2 * j + 1, n]
                    nan |= (a != a) | (b != b) | (c != c) | (d != d)
                    above, below, v = a if a > b else b, c if c > d else d, g[k, i, j, n]
                    upper = v if above >= below else zero
                    lower = zero if above >= below else v
                    first[n], second[n] = upper if a >= b else zero, zero if a >= b else upper
                    third[n], fourth[n] = lower if c >= d else zero, zero if c >= d else lower
                for n in range(run):
                    out[k, 2 * i, 2 * j, n] = first[n]
                for n in range(run):
                    out[k, 2 * i, 2 * j + 1, n] = second[n]
                for n in range(run):
                    out[k, 2 * i + 1, 2 * j, n] = third[n]
                for n in range(run):
                    out[k, 2 * i + 1, 2 * j + 1, n] = fourth[n]
        if nan:
            return False
    return True
