"""The way back from max pooling: elements where they were, zeros elsewhere."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..autodiff import array_namespace, primitive
from ..backend import Array
from ._errors import complaint, not_arrays
from ._pool_arguments import check_input, unpooled_size

__all__ = ["max_unpool1d", "max_unpool2d", "max_unpool3d"]

Numbers = int | Sequence[int]
Ints = tuple[int, ...]


def _in_rows(xp: Any, x: Array, axes: int) -> Array:
    """Its last axes as one."""
    return xp.reshape(x, (*x.shape[:-axes], math.prod(x.shape[-axes:])))


@primitive("max_unpool", params=("size",))
def _unpool(xp: Any, x: Array, indices: Array, *, size: Ints) -> Array:
    """Zeros, and in each plane the elements at their indices."""
    volume, lead = math.prod(size), x.shape[: -len(size)]
    rows = _in_rows(xp, indices, len(size))
    starts = xp.arange(0, math.prod(lead) * volume, volume or 1, dtype=xp.int64, device=x.device)
    where = xp.reshape(rows + xp.reshape(starts, (*lead, 1)), (-1,))
    order = xp.argsort(where)
    where, values = xp.take(where, order, axis=0), xp.take(xp.reshape(x, (-1,)), order, axis=0)
    each = xp.arange(math.prod(lead) * volume, dtype=xp.int64, device=x.device)
    end = xp.searchsorted(where, each, side="right")
    found = end > xp.searchsorted(where, each, side="left")
    out = (
        xp.where(found, xp.take(values, xp.clip(end - 1, 0), axis=0), 0)
        if x.size
        else xp.astype(each, x.dtype)
    )
    return xp.reshape(out, (*lead, *size))


def _unpool_pullback(xp: Any, g: Array, _out: Any, _x: Any, indices: Array, *, size: Ints) -> Array:
    rows = _in_rows(xp, indices, len(size))
    return xp.reshape(xp.take_along_axis(_in_rows(xp, g, len(size)), rows, axis=-1), indices.shape)


_unpool.defpullback(_unpool_pullback, None)


def _unpooled(
    axes: int, x: Array, indices: Array, kernel_size: Any, stride: Any, padding: Any, output_size: Any
) -> Array:
    where = f"max_unpool{axes}d"
    if not (hasattr(x, "dtype") and hasattr(indices, "dtype")):
        raise not_arrays(where, input=x, indices=indices)
    sizes = check_input(where, x, axes)
    size = unpooled_size(where, sizes, kernel_size, stride, padding, output_size)
    if indices.dtype != array_namespace(x, indices).int64:
        raise complaint(where, f"expected indices of dtype int64, got {indices.dtype}", TypeError)
    if indices.shape != x.shape:
        raise complaint(where, f"expected indices of the input's shape {x.shape}, got {indices.shape}")
    if x.size:
        _check_range(where, indices, size)
    return _unpool(x, indices, size=size)


def _check_range(where: str, indices: Array, size: Ints) -> None:
    xp, volume = array_namespace(indices), math.prod(size)
    low, high = int(xp.min(indices)), int(xp.max(indices))
    if low < 0 or high >= volume:
        raise complaint(
            where,
            f"expected indices from 0 to {volume - 1} for an output of {size}, got {low} to {high}",
            IndexError,
        )


def max_unpool1d(
    x: Array,
    indices: Array,
    kernel_size: Numbers,
    stride: Numbers | None = None,
    padding: Numbers = 0,
    output_size: Sequence[int] | None = None,
) -> Array:
    """Undo ``max_pool1d`` for the elements that it kept; see ``max_unpool2d``.

    Examples
    --------
    >>> import numpy as np
    >>> import nnx.functional as F
    >>> F.max_unpool1d(*F.max_pool1d(np.asarray([[1.0, 3.0, 2.0, 0.0]]), 2, return_indices=True), 2)
    array([[0., 3., 2., 0.]])
    """
    return _unpooled(1, x, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(
    x: Array,
    indices: Array,
    kernel_size: Numbers,
    stride: Numbers | None = None,
    padding: Numbers = 0,
    output_size: Sequence[int] | None = None,
) -> Array:
    """Undo ``max_pool2d`` for the elements that it kept, with zeros elsewhere, as in PyTorch.

    Where an index comes twice, as with windows that overlap, one of its elements stays, and each has the derivative
    of the place, as in PyTorch.

    Parameters
    ----------
    x, indices
        What ``max_pool2d`` gives with ``return_indices``: shape ``(N, C, H, W)`` or ``(C, H, W)``.
    kernel_size, stride, padding
        What it was given.
    output_size
        The height and width that it was given an image of, or the image's whole shape: several sizes are pooled to
        one. By default the least without padding, ``(size - 1) * stride + kernel_size - 2 * padding``.

    Returns
    -------
    Shape ``(N, C, *output_size)`` or without the ``N``.

    Raises
    ------
    ValueError
        Where shapes or numbers don't fit.
    TypeError
        Where the indices aren't int64.
    IndexError
        Where an index is of no element of the output.

    Examples
    --------
    >>> import numpy as np
    >>> max_unpool2d(np.asarray([[[5.0]]]), np.asarray([[[2]]]), 2)
    array([[[0., 0.],
            [5., 0.]]])
    """
    return _unpooled(2, x, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(
    x: Array,
    indices: Array,
    kernel_size: Numbers,
    stride: Numbers | None = None,
    padding: Numbers = 0,
    output_size: Sequence[int] | None = None,
) -> Array:
    """Undo ``max_pool3d`` for the elements that it kept; see ``max_unpool2d``.

    Examples
    --------
    >>> import numpy as np
    >>> max_unpool3d(np.asarray([[[[5.0]]]]), np.asarray([[[[1]]]]), (1, 1, 2))
    array([[[[0., 5.]]]])
    """
    return _unpooled(3, x, indices, kernel_size, stride, padding, output_size)
