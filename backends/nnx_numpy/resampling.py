"""Resampling in NumPy: what comes of each tap is added in place, in blocks that stay in the cache.

Weighted sums of rows go column by column where rows are short.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from .reference import reference

if TYPE_CHECKING:
    from nnx.functional._resample_plan import AxisMap

Array = Any

BLOCK = 2**18  # bytes
FEW = 8  # taps
SHORT = 4  # columns
SMALL = 2**12  # results up to so many are left to the version in standard functions


def resample_axis(x: Array, *, axis: int, plan: AxisMap) -> Array:
    """Floating-point arrays along an axis of which few elements count for each result."""
    taps, old, after = plan.there, x.shape[axis], math.prod(x.shape[axis + 1 :])
    before, new = math.prod(x.shape[:axis]), taps.size
    if before * new * after < SMALL or taps.count > FEW or taps.idle or x.dtype.kind != "f":
        return reference("resample_axis")(x, axis=axis, plan=plan)
    rows = x.reshape((before, old, after) if after > 1 else (before, old))
    out = np.empty((before, new, *rows.shape[2:]), x.dtype)
    places, weights, _ = taps.on(x)
    weights = weights.reshape((taps.count, new) + (1,) * (rows.ndim - 2))
    step = max(BLOCK // (new * after * x.itemsize), 1)
    space = np.empty((step, *out.shape[1:]), x.dtype)
    for start in range(0, before, step):
        block, source = out[start : start + step], rows[start : start + step]
        for k in range(taps.count):
            room, even = space[: len(block)] if k else block, taps.even[k]
            if even is None:
                part = source.take(places[k], 1, room, "clip")
                if not taps.unit[k]:
                    part *= weights[k]
            elif taps.unit[k]:
                part = source[:, even]
            else:
                part = np.multiply(source[:, even], weights[k], room)
            if k:
                block += part
            elif part is not block:
                block[...] = part
    return out.reshape(*x.shape[:axis], new, *x.shape[axis + 1 :])


def weighted_rows(rows: Array, index: Array, weight: Array) -> Array:
    """Column by column, where rows are short."""
    if rows.shape[1] > SHORT or not index.size:
        return reference("weighted_rows")(rows, index, weight)
    out = np.empty((rows.shape[1], index.shape[1]), rows.dtype)
    space = np.empty(index.shape[1], rows.dtype)
    for column, total in zip(np.ascontiguousarray(rows.T), out, strict=True):
        for t in range(len(index)):
            part = column.take(index[t], None, space if t else total, "clip")
            part *= weight[t]
            if t:
                total += part
    return out.T


def weighted_rows_back(rows: Any, index: Array, weight: Array, g: Array) -> Array:
    """Column by column, in double precision, where rows are short."""
    if rows.shape[1] > 2 * SHORT or not index.size:
        return reference("weighted_rows_back")(rows, index, weight, g)
    out: Array = np.empty(rows.shape[::-1], g.dtype)
    places = index.reshape(-1)
    for total, column in zip(out, np.ascontiguousarray(g.T), strict=True):
        total[...] = np.bincount(places, (weight * column).reshape(-1), len(total))
    return out.T


def row_products(rows: Array, index: Array, g: Array) -> Array:
    """One pass, without the products as an array."""
    if not index.size:
        return reference("row_products")(rows, index, g)
    return np.stack([np.einsum("mc,mc->m", rows.take(places, 0), g) for places in index])


OVERRIDES: dict[str, Any] = {
    function.__name__: (function, ())
    for function in (resample_axis, weighted_rows, weighted_rows_back, row_products)
}
