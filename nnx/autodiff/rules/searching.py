"""Rules of sorting, searching, selecting and sets.

An order or a choice is piecewise constant, so the derivative passes through the elements that were chosen. A
unique value belongs to its first occurrence, as in JAX.
"""

from __future__ import annotations

import math
from typing import Any

from ..primitive import Rule
from ..scatter import index_add, places_along, scatter_rows, sum_rows

__all__ = ["NO_DERIVATIVE", "RULES"]


def _sort(
    xp: Any, g: Any, _out: Any, x: Any, *, axis: int = -1, descending: bool = False, stable: bool = True
) -> Any:
    order = xp.argsort(x, axis=axis, descending=descending)
    return xp.take_along_axis(g, xp.argsort(order, axis=axis), axis=axis)


def _counted_up(xp: Any, index: Any, n: int) -> Any:
    """Negative indices as those counted from the start."""
    return xp.where(index < 0, index + n, index)


def _take(xp: Any, g: Any, _out: Any, x_like: Any, indices: Any, *, axis: int | None = None) -> Any:
    along = (axis or 0) % x_like.ndim
    if indices.ndim != 1:  # some libraries take any shape of indices
        g = xp.reshape(g, (*x_like.shape[:along], math.prod(indices.shape), *x_like.shape[along + 1 :]))
        indices = xp.reshape(indices, (-1,))
    return index_add(xp, x_like.shape, along, _counted_up(xp, indices, x_like.shape[along]), g)


def _take_along_axis(xp: Any, g: Any, _out: Any, x_like: Any, indices: Any, *, axis: int = -1) -> Any:
    axis %= x_like.ndim
    index = _counted_up(xp, indices, x_like.shape[axis])
    places = places_along(xp, x_like.shape, g.shape, axis, index)
    return xp.reshape(sum_rows(xp.reshape(g, (-1,)), places, rows=x_like.size), x_like.shape)


def _order(xp: Any, x: Any) -> Any:
    """What sorts a one-dimensional array stably; complex numbers by real, then imaginary part."""
    if not xp.isdtype(x.dtype, "complex floating"):
        return xp.argsort(x)
    order = xp.argsort(xp.imag(x))
    return xp.take(order, xp.argsort(xp.take(xp.real(x), order)))


def _unique_values(xp: Any, g: Any, out: Any, x: Any) -> Any:
    if 0 in x.shape:
        return xp.zeros_like(x)
    flat = xp.reshape(x, (-1,))
    order = _order(xp, flat)
    ordered = xp.take(flat, order)
    differs = ordered[1:] != ordered[:-1]
    starts = xp.concat([xp.ones((1,), dtype=xp.bool, device=x.device), differs])
    first = xp.take(order, xp.nonzero(starts)[0])
    # Libraries return the values in any order they like: match them by rank.
    rank = xp.argsort(_order(xp, out))
    target = xp.zeros((math.prod(x.shape),), dtype=g.dtype, device=g.device)
    return xp.reshape(scatter_rows(target, xp.take(first, rank), g), x.shape)


def _first_output(xp: Any, g: Any, out: Any, x: Any) -> Any:
    return _unique_values(xp, g[0], out[0], x)


RULES: dict[str, Rule] = {
    "sort": Rule(_sort, params=("axis",)),
    "take": Rule(_take, None, params=("axis",)),
    "take_along_axis": Rule(_take_along_axis, None, params=("axis",)),
    "unique_all": Rule(_first_output, outputs=True),
    "unique_counts": Rule(_first_output, outputs=True),
    "unique_inverse": Rule(_first_output, outputs=True),
    "unique_values": Rule(_unique_values),
    "where": Rule(
        None,
        lambda xp, g, _out, condition, _x, _y: xp.where(condition, g, 0),
        lambda xp, g, _out, condition, _x, _y: xp.where(condition, 0, g),
        masks=True,
    ),
}

NO_DERIVATIVE: frozenset[str] = frozenset(
    {
        "all",
        "any",
        "argmax",
        "argmin",
        "argsort",
        "count_nonzero",
        "isin",
        "nonzero",
        "searchsorted",
    }
)
