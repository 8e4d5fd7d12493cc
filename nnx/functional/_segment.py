"""Reductions over segments: the rows of an array that share a number, which need be neither sorted nor adjacent."""

from __future__ import annotations

import math
from typing import Any

from ..autodiff import array_namespace, primitive
from ..autodiff.scatter import sum_rows
from ..backend import Array
from ..backend.scatter import reduce_by_row
from ._errors import check_arrays, complaint
from ._indices import integers

__all__ = ["segment_max", "segment_mean", "segment_min", "segment_sum"]


def _checked(where: str, x: Array, segment_ids: Array, num_segments: int | None) -> tuple[Array, int]:
    """The ids and the number of segments; by default one more than the largest id."""
    check_arrays(where, x=x)
    segment_ids = integers(where, "segment_ids", segment_ids)
    if not x.ndim or tuple(segment_ids.shape) != (x.shape[0],):
        raise complaint(
            where,
            f"expected one segment id for each row of x, got shapes {tuple(segment_ids.shape)} and {tuple(x.shape)}",
        )
    if num_segments is None:
        xp = array_namespace(segment_ids)
        return segment_ids, (max(int(xp.max(segment_ids)) + 1, 0) if segment_ids.size else 0)
    if num_segments < 0:
        raise complaint(where, f"expected num_segments to be at least 0, got {num_segments}")
    return segment_ids, num_segments


def _inside(xp: Any, segment_ids: Array, count: int, other: int) -> Array:
    """The ids, with ``other`` in place of those that are of no segment."""
    return xp.where((segment_ids >= 0) & (segment_ids < count), segment_ids, other)


def segment_sum(x: Array, segment_ids: Array, num_segments: int | None = None) -> Array:
    """The sum of the rows of each segment, as ``jax.ops.segment_sum``.

    Parameters
    ----------
    x
        Array of at least one axis.
    segment_ids
        One-dimensional integers, one for each row of ``x``; rows with ids outside ``[0, num_segments)`` are left out.
    num_segments
        The number of segments; one more than the largest id by default.

    Returns
    -------
    Shape ``(num_segments, *x.shape[1:])``; zeros for a segment without rows.

    Raises
    ------
    TypeError
        For ids of other than integers.
    ValueError
        Where there isn't one id for each row.

    Examples
    --------
    >>> import numpy as np
    >>> segment_sum(np.asarray([1.0, 2.0, 4.0]), np.asarray([0, 2, 0]))
    array([5., 0., 2.])
    """
    segment_ids, count = _checked("segment_sum", x, segment_ids, num_segments)
    xp = array_namespace(x, segment_ids)
    return sum_rows(x, _inside(xp, segment_ids, count, count), rows=count + 1)[:count, ...]


def segment_mean(x: Array, segment_ids: Array, num_segments: int | None = None) -> Array:
    """The mean of the rows of each segment, zeros for a segment without rows; see ``segment_sum``.

    Examples
    --------
    >>> import numpy as np
    >>> segment_mean(np.asarray([1.0, 2.0, 4.0]), np.asarray([0, 2, 0]))
    array([2.5, 0. , 2. ])
    """
    segment_ids, count = _checked("segment_mean", x, segment_ids, num_segments)
    xp = array_namespace(x, segment_ids)
    if not xp.isdtype(x.dtype, ("real floating", "complex floating")):
        raise complaint("segment_mean", f"expected floating-point numbers, got {x.dtype}", TypeError)
    ones = xp.ones((x.shape[0],), dtype=x.dtype, device=x.device)
    number = segment_sum(ones, segment_ids, count)
    number = xp.where(number == 0, 1, number)
    total = segment_sum(x, segment_ids, count)
    return total / xp.reshape(number, (count,) + (1,) * (x.ndim - 1))


@primitive("segment_extremum", params=("rows", "largest"))
def _segment_extremum(xp: Any, x: Array, segment_ids: Array, *, rows: int, largest: bool) -> Array:
    if xp.isdtype(x.dtype, "real floating"):
        empty = -math.inf if largest else math.inf
    else:
        empty = xp.iinfo(x.dtype).min if largest else xp.iinfo(x.dtype).max
    shape, width = (rows, *x.shape[1:]), math.prod(x.shape[1:])
    if not x.size or not rows:
        return xp.full(shape, empty, dtype=x.dtype, device=x.device)
    combine = xp.maximum if largest else xp.minimum
    flat = xp.reshape(x, (x.shape[0], width))
    return xp.reshape(reduce_by_row(xp, combine, empty, segment_ids, flat, rows), shape)


def _extremum_pullback(
    xp: Any, g: Array, out: Array, x: Array, segment_ids: Array, *, rows: int, largest: bool
) -> Array:
    """Equal extrema share their cotangent."""
    del largest
    if not x.size or not rows:
        return xp.zeros_like(x)
    index = _inside(xp, segment_ids, rows, 0)
    inside = xp.reshape(index == segment_ids, (-1,) + (1,) * (x.ndim - 1))
    chosen = inside & ((x == xp.take(out, index, axis=0)) | xp.isnan(x))
    ties = sum_rows(xp.astype(chosen, g.dtype), index, rows=rows)
    share = g / xp.where(ties == 0, 1, ties)
    return xp.where(chosen, xp.take(share, index, axis=0), 0)


_segment_extremum.defpullback(_extremum_pullback, None)


def _extremum(where: str, x: Array, segment_ids: Array, num_segments: int | None, largest: bool) -> Array:
    segment_ids, count = _checked(where, x, segment_ids, num_segments)
    if not array_namespace(x).isdtype(x.dtype, ("real floating", "integral")):
        raise complaint(where, f"expected real numbers, got {x.dtype}", TypeError)
    return _segment_extremum(x, segment_ids, rows=count, largest=largest)


def segment_max(x: Array, segment_ids: Array, num_segments: int | None = None) -> Array:
    """The largest element of each segment, NaN where there is one; see ``segment_sum``.

    A segment without rows has minus infinity, or the smallest integer. Equal elements share the derivative.

    Examples
    --------
    >>> import numpy as np
    >>> segment_max(np.asarray([1.0, 2.0, 4.0]), np.asarray([0, 2, 0]))
    array([  4., -inf,   2.])
    """
    return _extremum("segment_max", x, segment_ids, num_segments, True)


def segment_min(x: Array, segment_ids: Array, num_segments: int | None = None) -> Array:
    """The smallest element of each segment, NaN where there is one; see ``segment_max``.

    Examples
    --------
    >>> import numpy as np
    >>> segment_min(np.asarray([1.0, 2.0, 4.0]), np.asarray([0, 2, 0]))
    array([ 1., inf,  2.])
    """
    return _extremum("segment_min", x, segment_ids, num_segments, False)
