"""Weighted sums of a table's rows, where rows and weights are differentiable.

With ``index (T, M)``, ``weight (T, M)`` and ``g (M, C)``, the number ``sum_tmc rows[index_tm, c] weight_tm g_mc`` has
three derivatives: by ``g``, by ``rows`` and by ``weight``. Each is a primitive, and the derivatives of each are the
other two, so that any order follows.
"""

from __future__ import annotations

from typing import Any

from ..autodiff import primitive
from ..backend import Array, backend_of

__all__ = ["weighted_rows"]


@primitive("weighted_rows")
def weighted_rows(xp: Any, rows: Array, index: Array, weight: Array) -> Array:
    """The sum over t of ``weight[t] * rows[index[t]]``: shape ``(M, C)``."""
    total: Any = None
    for t in range(index.shape[0]):
        part = xp.take(rows, index[t, :], axis=0) * xp.expand_dims(weight[t, :], axis=1)
        total = part if total is None else total + part
    return total


@primitive("weighted_rows_back")
def weighted_rows_back(xp: Any, rows_like: Array, index: Array, weight: Array, g: Array) -> Array:
    """By ``rows``: zeros of their shape, with ``weight[t] * g`` added to row ``index[t]``."""
    total = xp.zeros_like(rows_like)
    for t in range(index.shape[0]):
        part = g * xp.expand_dims(weight[t, :], axis=1)
        total = backend_of(total).scatter_add(total, (index[t, :],), part)
    return total


@primitive("row_products")
def row_products(xp: Any, rows: Array, index: Array, g: Array) -> Array:
    """By ``weight``: the scalar products of ``rows[index[t, m]]`` and ``g[m]``."""
    return xp.stack(
        [xp.sum(xp.take(rows, index[t, :], axis=0) * g, axis=1) for t in range(index.shape[0])], axis=0
    )


weighted_rows.defpullback(
    lambda xp, g, _out, rows, index, weight: weighted_rows_back(rows, index, weight, g),
    None,
    lambda xp, g, _out, rows, index, _weight: row_products(rows, index, g),
)
weighted_rows_back.defpullback(
    None,
    None,
    lambda xp, h, _out, _rows, index, _weight, g: row_products(h, index, g),
    lambda xp, h, _out, _rows, index, weight, _g: weighted_rows(h, index, weight),
)
row_products.defpullback(
    lambda xp, h, _out, rows, index, g: weighted_rows_back(rows, index, h, g),
    None,
    lambda xp, h, _out, rows, index, _g: weighted_rows(rows, index, h),
)
