"""Adding at repeated integer indices, differentiably: the transpose of taking.

The forward is the backend's scatter-add, which every library has (its default is written in pure standard
functions); the derivative takes, so that any order follows.
"""

from __future__ import annotations

import math
from typing import Any

from ..backend.registry import backend_of
from .primitive import primitive

__all__ = ["index_add", "places_along", "scatter_rows", "sum_rows", "xp_scatter_add"]


@primitive("scatter_rows")
def scatter_rows(xp: Any, target: Any, index: Any, source: Any) -> Any:
    """A new array: ``target`` with ``source[i]`` added to row ``index[i]``, repeated rows accumulating.

    Parameters
    ----------
    target
        Array of shape ``(rows, ...)``.
    index
        One-dimensional array of row numbers, none of them negative.
    source
        Array of shape ``(index.size, ...)``.
    """
    return backend_of(target).scatter_add(target, (index,), source)


scatter_rows.defpullback(
    lambda xp, g, _out, _target, _index, _source: g,
    None,
    lambda xp, g, _out, _target, index, _source: xp.take(g, index, axis=0),
)


@primitive("sum_rows", params=("rows",))
def sum_rows(xp: Any, source: Any, index: Any, *, rows: int) -> Any:
    """The sum of those rows of ``source`` that go to each row of the result: ``scatter_rows`` onto zeros.

    Parameters
    ----------
    source
        Array of shape ``(index.size, ...)``.
    index
        One-dimensional array of row numbers, from 0 to ``rows - 1``.
    rows
        The number of rows of the result.
    """
    target = xp.zeros((rows, *source.shape[1:]), dtype=source.dtype, device=source.device)
    return backend_of(source).scatter_add(target, (index,), source)


sum_rows.defpullback(lambda xp, g, _out, _source, index, *, rows: xp.take(g, index, axis=0), None)


def places_along(xp: Any, shape: tuple[int, ...], lengths: tuple[int, ...], axis: int, index: Any) -> Any:
    """Where in a flattened array of ``shape`` the elements are that ``index`` names along one axis.

    Along the others they run from 0 to ``lengths``, or stay at 0 where ``shape`` is 1; one-dimensional.
    """
    flat: Any = 0
    for i, (n, length) in enumerate(zip(shape, lengths, strict=True)):
        along = index
        if i != axis:
            line = (-1,) + (1,) * (len(shape) - 1 - i)
            along = xp.reshape(xp.arange(min(n, length), device=index.device), line)
        flat = flat * n + along
    return xp.reshape(xp.broadcast_to(flat, lengths), (-1,))


def xp_scatter_add(xp: Any, target: Any, index: tuple[Any, ...], source: Any) -> Any:
    """``target`` with ``source`` added at the positions that integer arrays name along its leading axes.

    The arrays in ``index`` broadcast with each other; negative indices count from the end. ``target`` and
    ``source`` may be traced, and both are differentiable.
    """
    rows = 0
    for i, positions in enumerate(index):
        n = target.shape[i]
        rows = rows * n + xp.where(positions < 0, positions + n, positions)
    trailing = target.shape[len(index) :]
    count = 1
    for n in target.shape[: len(index)]:
        count *= n
    flat = xp.reshape(source, (math.prod(rows.shape), *trailing))  # type: ignore[union-attr]
    target_rows = xp.reshape(target, (count, *trailing))
    return xp.reshape(scatter_rows(target_rows, xp.reshape(rows, (-1,)), flat), target.shape)


def index_add(xp: Any, shape: tuple[int, ...], axis: int, index: Any, source: Any) -> Any:
    """Zeros of ``shape`` with ``source`` added along one axis: the transpose of ``xp.take``.

    ``index`` is one-dimensional, none of it negative, and ``source`` has its length along ``axis``.
    """
    rows = xp.moveaxis(source, axis, 0)
    return xp.moveaxis(sum_rows(rows, index, rows=shape[axis]), 0, axis)
