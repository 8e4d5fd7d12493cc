"""Loops for normalisation, over some groups of an array ``(outer, groups, inner)`` and rows gathered from it."""

from __future__ import annotations

from typing import Any

from .numba_compiled import compiled

__all__ = ["centred", "normalized_back", "normalized_by_place"]

Array = Any


@compiled
def centred(x: Array, mean: Array, first: int, out: Array) -> None:
    """The groups from ``first`` on less their means, a row for each."""
    groups, outer, inner = out.shape
    for k in range(groups):
        for o in range(outer):
            of, to, m = x[o, first + k], out[k, o], mean[k]
            for i in range(inner):
                to[i] = of[i] - m


@compiled
def normalized_by_place(rows: Array, factor: Array, scale: Array, shift: Array, out: Array) -> None:
    """Rows scaled, each by one number and then each place by its own, and shifted."""
    groups, inner = rows.shape
    for k in range(groups):
        of, to, all_alike = rows[k], out[k], factor[k]
        for i in range(inner):
            to[i] = of[i] * all_alike * scale[i] + shift[i]


@compiled
def normalized_back(
    rows: Array, g: Array, slope: Array, mean: Array, factor: Array, first: int, out: Array
) -> None:
    """``(rows slope + g - mean) factor``, with one number of each of the three for each row."""
    groups, outer, inner = rows.shape
    for k in range(groups):
        for o in range(outer):
            y, dy, to, a, b, c = rows[k, o], g[k, o], out[o, first + k], slope[k], mean[k], factor[k]
            for i in range(inner):
                to[i] = (y[i] * a + dy[i] - b) * c
