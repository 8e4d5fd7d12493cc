"""Adding at repeated integer indices, differentiably: the transpose of taking.

The forward is the backend's scatter-add, which every library has (its default is written in pure standard
functions); the derivative takes, so that any order follows.
"""

from __future__ import annotations

import math
from typing import Any

from ..backend.registry import backend_of
from .primitive import primitive

__all__ = ["index_add", "scatter_rows", "xp_scatter_add"]


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
    trailing = (*shape[:axis], *shape[axis + 1 :])
    target = xp.zeros((shape[axis], *trailing), dtype=source.dtype, device=source.device)
    return xp.moveaxis(scatter_rows(target, index, rows), 0, axis)
