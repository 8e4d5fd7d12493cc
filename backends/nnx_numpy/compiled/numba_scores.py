"""Loops over attention's scores, a row for each query: what is hidden, and what is taken from all."""

from __future__ import annotations

from typing import Any

import numpy as np

from .numba_compiled import compiled

__all__ = ["LANES", "hide", "hide_later", "shift"]

Array = Any

LANES = 16  # numbers that are compared, or moved, side by side


@compiled
def hide_later(scores: Array, first: int) -> None:
    """Minus infinity for the keys that come after a query."""
    rows, columns = scores.shape
    nothing = scores.dtype.type(-np.inf)
    for i in range(rows):
        row = scores[i]
        for j in range(first + i + 1, columns):
            row[j] += nothing


@compiled
def _row(mask: Array, i: int, h: int, query: int) -> Array:
    """A query's row of a mask, whose axes of length 1 serve all."""
    examples, heads, length = mask.shape[:3]
    return mask[i if examples > 1 else 0, h if heads > 1 else 0, query if length > 1 else 0]


@compiled
def hide(scores: Array, seen: Array, added: Array, i: int, h: int, start: int) -> None:
    """Minus infinity for keys that are not seen, and what a mask adds; masks without elements are none."""
    zero, nothing = scores.dtype.type(0), scores.dtype.type(-np.inf)
    rows, columns = scores.shape
    if seen.size:
        for r in range(rows):
            of, to = _row(seen, i, h, start + r), scores[r]
            if of.size > 1:
                for j in range(columns):
                    to[j] += zero if of[j] else nothing
            elif not of[0]:
                to += nothing
    if added.size:
        for r in range(rows):
            numbers, to = _row(added, i, h, start + r), scores[r]
            if numbers.size > 1:
                for j in range(columns):
                    to[j] += numbers[j]
            else:
                to += numbers[0]


@compiled
def _greatest(x: Array, lanes: Array) -> Any:
    """The greatest number; NaN where there is one, 0 where all are minus infinity."""
    whole = x.size - x.size % LANES
    lanes[:] = -np.inf
    for start in range(0, whole, LANES):
        some = x[start : start + LANES]
        for j in range(LANES):
            y, most = some[j], lanes[j]
            lanes[j] = y if (y > most) | (y != y) else most
    most = lanes[0]
    for j in range(1, LANES):
        if lanes[j] > most or lanes[j] != lanes[j]:
            most = lanes[j]
    for j in range(whole, x.size):
        if x[j] > most or x[j] != x[j]:
            most = x[j]
    return most if most != -np.inf else x.dtype.type(0)


@compiled
def shift(scores: Array, lanes: Array, top: Array) -> None:
    """Take the greatest score of each query from its others."""
    for i in range(scores.shape[0]):
        row = scores[i]
        most = _greatest(row, lanes)
        for j in range(row.size):
            row[j] -= most
        top[i, 0] = most
