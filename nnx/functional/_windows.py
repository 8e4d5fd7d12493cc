"""Sliding windows over the last axes of an array, and their transpose: what convolution and folding are made of.

Windows are gathered by one strided slice for each offset within the kernel and put back axis by axis, so that
nothing is scattered. A window's elements take ``kernel`` times the memory of the array, therefore convolution takes
a group of images at a time (``set_convolution_memory``).
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from ..backend import Array
from ._errors import complaint

__all__ = [
    "Geometry",
    "Pairs",
    "gather",
    "groups_of_images",
    "laid",
    "memory_limit",
    "padded",
    "put_back",
    "set_convolution_memory",
    "spread",
]

Pairs = tuple[tuple[int, int], ...]

_limit = 64 * 2**20


class Geometry(NamedTuple):
    """Where windows lie: one entry an axis, but for ``groups``."""

    size: tuple[int, ...]
    """Of the array the windows slide over, without padding."""
    kernel: tuple[int, ...]
    out: tuple[int, ...]
    """How many windows there are."""
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    padding: Pairs
    """Zeros before and after."""
    groups: int = 1


def set_convolution_memory(limit: int) -> int:
    """Set how many bytes of gathered windows a convolution may hold at a time, and return the limit before.

    Convolutions, forward and backward, gather each window's elements for one matrix product. Where all the images
    together would take more than ``limit`` bytes (64 MiB to begin with), they go in groups, of one image at least.

    Examples
    --------
    >>> import nnx.functional as F
    >>> before = F.set_convolution_memory(2**20)
    >>> F.set_convolution_memory(before)
    1048576
    """
    global _limit
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 0:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise complaint("set_convolution_memory", f"expected a number of bytes, got {limit!r}")
    before, _limit = _limit, limit
    return before


def memory_limit() -> int:
    """The limit in force."""
    return _limit


def groups_of_images(images: int, channels: int, itemsize: int, geometry: Geometry) -> list[slice]:
    """Slices of the batch axis whose windows keep to the limit; at least one."""
    each = channels * math.prod(geometry.kernel) * math.prod(geometry.out) * itemsize
    if not each or images * each <= _limit:
        return [slice(0, images)]
    count = max(_limit // each, 1)
    return [slice(start, min(start + count, images)) for start in range(0, images, count)]


def spread(name: str, where: str, value: Any, count: int, least: int = 0) -> tuple[int, ...]:
    """One whole number, or one for each of ``count`` axes, as a tuple of ``count``."""
    if type(value) is int and value >= least:
        return (value,) * count
    if (
        type(value) is tuple
        and len(value) == count
        and set(map(type, value)) == {int}
        and min(value) >= least
    ):
        return value
    numbers: Any = tuple(value) if isinstance(value, Sequence) else (value,)
    if any(isinstance(n, bool) or not hasattr(type(n), "__index__") for n in numbers):
        raise complaint(where, f"expected {name} of whole numbers, got {value!r}", TypeError)
    values = tuple(operator.index(n) for n in numbers)
    if len(values) == 1:
        values *= count
    if len(values) != count or min(values) < least:
        raise complaint(where, f"expected {name} of 1 or {count} numbers of at least {least}, got {value!r}")
    return values


def padded(xp: Any, x: Array, pairs: Pairs, value: Any = 0) -> Array:
    """The last axes of ``x`` longer by ``value`` on either side, or shorter where a number is negative."""
    first = x.ndim - len(pairs)
    for axis, (before, after) in enumerate(pairs, first):
        pieces = [
            xp.full((*x.shape[:axis], n, *x.shape[axis + 1 :]), value, dtype=x.dtype, device=x.device)
            if n > 0
            else None
            for n in (before, after)
        ]
        pieces.insert(1, x)
        kept = [piece for piece in pieces if piece is not None]
        if len(kept) > 1:
            x = xp.concat(kept, axis=axis)
    if any(n < 0 for pair in pairs for n in pair):
        keys = [slice(max(-a, 0), n - max(-b, 0)) for n, (a, b) in zip(x.shape[first:], pairs, strict=True)]
        x = x[(..., *keys)]
    return x


def offsets(geometry: Geometry) -> Iterator[tuple[slice, ...]]:
    """For each place within the kernel, the slices that take its element of every window."""
    places = itertools.product(*map(range, geometry.kernel))
    for place in places:
        yield tuple(
            slice(j * d, j * d + (n - 1) * s + 1, s)
            for j, d, n, s in zip(place, geometry.dilation, geometry.out, geometry.stride, strict=True)
        )


def gather(xp: Any, x: Array, geometry: Geometry, axis: int) -> Array:
    """The windows of the last axes, a new ``axis`` with the places in the kernel: ``(…, K, …, *out)``."""
    x = padded(xp, x, geometry.padding)
    return xp.stack([x[(..., *key)] for key in offsets(geometry)], axis=axis)


def put_back(xp: Any, windows: Array, geometry: Geometry, axis: int) -> Array:
    """The transpose of ``gather``: every element added where it came from."""
    count = len(geometry.kernel)
    z = xp.reshape(windows, (*windows.shape[:axis], *geometry.kernel, *windows.shape[axis + 1 :]))
    everything = (slice(None),) * axis
    for i in range(count):
        along = z.ndim - count + i - 1  # once the axis of the kernel is gone
        pieces = [z[(*everything, j, ...)] for j in range(geometry.kernel[i])]
        z = laid(
            xp,
            pieces,
            along,
            geometry.size[i],
            geometry.stride[i],
            geometry.dilation[i],
            geometry.padding[i][0],
        )
    return z


def laid(
    xp: Any, pieces: Sequence[Array], axis: int, size: int, stride: int, dilation: int, before: int
) -> Array:
    """The transpose of windows along one axis: each place's piece added where its elements came from."""
    z: Any = None
    rest = ((0, 0),) * (pieces[0].ndim - axis - 1)
    if dilation == 1 and len(pieces) <= stride:  # nothing overlaps
        gaps = [xp.zeros_like(pieces[0])] * (stride - len(pieces))
        shape = pieces[0].shape
        z = xp.stack([*pieces, *gaps], axis=axis + 1) if stride > 1 else pieces[0]
        z = xp.reshape(z, (*shape[:axis], shape[axis] * stride, *shape[axis + 1 :]))
        return padded(xp, z, ((-before, size + before - z.shape[axis]), *rest))
    for j, piece in enumerate(pieces):
        piece = _apart(xp, piece, axis, stride)
        start = j * dilation - before
        piece = padded(xp, piece, ((start, size - start - piece.shape[axis]), *rest))
        z = piece if z is None else z + piece
    return z


def _apart(xp: Any, x: Array, axis: int, stride: int) -> Array:
    """``stride - 1`` zeros between the elements along an axis."""
    if stride == 1:
        return x
    length = x.shape[axis]
    zeros = xp.zeros((*x.shape[: axis + 1], stride - 1, *x.shape[axis + 1 :]), dtype=x.dtype, device=x.device)
    z = xp.concat([xp.expand_dims(x, axis=axis + 1), zeros], axis=axis + 1)
    z = xp.reshape(z, (*x.shape[:axis], length * stride, *x.shape[axis + 1 :]))
    return z[(*(slice(None),) * axis, slice(0, (length - 1) * stride + 1), ...)]
