"""Windows copied out of images and added back, axis by axis, and the parts in which that is done.

The windows of the last axis are taken first, for every row, padding included; those of the other axes are then
copied in runs as long as the rows that follow each other in both. A copy in short runs costs five times as much.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from .cores import scratch

if TYPE_CHECKING:
    from nnx.functional._windows import Geometry

__all__ = [
    "SMALL",
    "Part",
    "along_the_rest",
    "carve",
    "everywhere",
    "gather",
    "parts",
    "put_back",
    "room",
    "rows_shape",
    "shifts",
    "windows_shape",
]

Array = Any

SMALL = 2**15  # numbers in windows: for fewer, one copy in short runs is faster than many calls


def carve(dtype: Any, *shapes: tuple[int, ...]) -> list[Array]:
    """Several arrays side by side in this thread's memory."""
    sizes = [math.prod(shape) for shape in shapes]
    memory, found, start = scratch((sum(sizes),), dtype), [], 0
    for shape, size in zip(shapes, sizes, strict=True):
        found.append(memory[start : start + size].reshape(shape))
        start += size
    return found


# parts -----------------------------------------------------------------------------------------------------------


class Part(NamedTuple):
    """Some images, or some rows of the windows of one."""

    images: slice
    size: slice
    """Of the rows that these windows have elements of."""
    out: slice
    """Of the windows' rows."""
    geometry: Geometry
    """Of these rows by themselves."""

    @property
    def length(self) -> int:
        """How many images."""
        return self.images.stop - self.images.start


@lru_cache(512)
def parts(images: int, least: int, geometry: Geometry, by_rows: bool) -> tuple[Part, ...]:
    """At least so many parts of about the same size, as far as that goes, and a power of two of them."""
    wanted = 1 << max(least - 1, 0).bit_length()
    count = -(-images // wanted) or 1
    pieces = 1 << (-(-wanted // max(images, 1)) - 1).bit_length() if by_rows and count == 1 else 1
    length = -(-geometry.out[0] // pieces) or 1
    return tuple(
        Part(slice(i, min(i + count, images)), *_rows(j, min(j + length, geometry.out[0]), geometry))
        for i in range(0, images, count)
        for j in range(0, geometry.out[0], length)
    )


def _rows(start: int, stop: int, geometry: Geometry) -> tuple[slice, slice, Geometry]:
    """Of the input, of the output, and how the windows of these rows lie in them."""
    if stop - start == geometry.out[0]:
        return slice(None), slice(start, stop), geometry
    (before, _), stride, size = geometry.padding[0], geometry.stride[0], geometry.size[0]
    first = start * stride - before
    beyond = (stop - 1) * stride + geometry.dilation[0] * (geometry.kernel[0] - 1) + 1 - before
    a = min(max(first, 0), size)
    b = max(min(beyond, size), a)
    own = geometry._replace(
        size=(b - a, *geometry.size[1:]),
        out=(stop - start, *geometry.out[1:]),
        padding=((a - first, beyond - b), *geometry.padding[1:]),
    )
    return slice(a, b), slice(start, stop), own


# copies ----------------------------------------------------------------------------------------------------------


def rows_shape(images: int, channels: int, geometry: Geometry) -> tuple[int, ...]:
    """Of what ``gather`` and ``put_back`` work in: windows along the last axis, for all rows with padding."""
    if len(geometry.kernel) == 1:
        return (0,)
    return (images, channels, geometry.kernel[-1], *room(geometry), geometry.out[-1])


def windows_shape(images: int, channels: int, geometry: Geometry) -> tuple[int, ...]:
    """Of all windows."""
    return (images, channels, *geometry.kernel, *geometry.out)


def room(geometry: Geometry) -> tuple[int, ...]:
    """All sizes but the last, with padding."""
    return tuple(n + a + b for n, (a, b) in zip(geometry.size[:-1], geometry.padding[:-1], strict=True))


def _inside(geometry: Geometry) -> tuple[slice, ...]:
    """What is not padding of all axes but the last."""
    return tuple(slice(a, a + n) for n, (a, _) in zip(geometry.size[:-1], geometry.padding[:-1], strict=True))


class Shift(NamedTuple):
    """One place of the kernel along an axis: which windows have an element there that is not padding, and which."""

    windows: slice
    elements: slice
    distance: int


@lru_cache(512)
def shifts(geometry: Geometry, axis: int = -1) -> tuple[Shift, ...]:
    """For each place of the kernel along an axis."""
    size, out, stride = geometry.size[axis], geometry.out[axis], geometry.stride[axis]
    found = []
    for place in range(geometry.kernel[axis]):
        distance = place * geometry.dilation[axis] - geometry.padding[axis][0]
        first = min(max(-(distance // stride), 0), out)
        stop = min(max((size - 1 - distance) // stride + 1, first), out)
        start = distance + first * stride
        elements = slice(start, start + (stop - first - 1) * stride + 1, stride) if stop > first else slice(0)
        found.append(Shift(slice(first, stop), elements, distance))
    return tuple(found)


def _in_runs(x: Array, geometry: Geometry) -> bool:
    """Whether there are as many windows as elements, so that whole images can be shifted and edges mended."""
    return (
        len(geometry.size) > 1
        and geometry.stride[-1] == 1
        and geometry.out[-1] == geometry.size[-1]
        and x.strides[-1] == x.itemsize
        and x.strides[-2] == x.shape[-1] * x.itemsize
    )


def _merged(x: Array, axes: int) -> Array:
    """So many of the last axes as one; a view."""
    kept = x.shape[: x.ndim - axes]
    return x.reshape(*kept, math.prod(x.shape[len(kept) :]))


def _run(distance: int) -> tuple[tuple[Any, slice], tuple[Any, slice]]:
    """What takes a run of windows, and their elements."""
    if distance < 0:
        return (..., slice(-distance, None)), (..., slice(distance))
    return (..., slice(-distance or None)), (..., slice(distance, None))


def _edges(rows: Array, shift: Shift) -> None:
    """Zero where the windows have padding."""
    first, stop, _ = shift.windows.indices(rows.shape[-1])
    if first:
        rows[..., :first] = 0
    if stop < rows.shape[-1]:
        rows[..., stop:] = 0


def gather(x: Array, rows: Array, windows: Array, geometry: Geometry) -> None:
    """``windows (n, C, *kernel, *out)`` of ``x (n, C, *size)``; ``rows`` is memory to work in."""
    if len(geometry.kernel) == 1:
        _gather_rows(x, windows, geometry)
        return
    if windows.size < SMALL:
        windows[...] = everywhere(_padded(x, geometry), windows.shape, geometry)
        return
    for axis, (n, (a, b)) in enumerate(zip(geometry.size[:-1], geometry.padding[:-1], strict=True), 3):
        before = (slice(None),) * axis
        if a:
            rows[(*before, slice(a))] = 0
        if b:
            rows[(*before, slice(a + n, None))] = 0
    _gather_rows(x, rows[(slice(None),) * 3 + _inside(geometry)], geometry)
    windows[...] = along_the_rest(rows, windows.shape, geometry)


def _padded(x: Array, geometry: Geometry) -> Array:
    if not any(n for pair in geometry.padding for n in pair):
        return x
    room = tuple(n + a + b for n, (a, b) in zip(geometry.size, geometry.padding, strict=True))
    out = np.zeros((*x.shape[:2], *room), x.dtype)
    out[(..., *(slice(a, a + n) for n, (a, _) in zip(geometry.size, geometry.padding, strict=True)))] = x
    return out


def everywhere(x: Array, shape: tuple[int, ...], geometry: Geometry) -> Array:
    """All windows of what has its padding, as a view."""
    steps = x.strides[2:]
    within = (s * d for s, d in zip(steps, geometry.dilation, strict=True))
    between = (s * d for s, d in zip(steps, geometry.stride, strict=True))
    return as_strided(x, shape, (*x.strides[:2], *within, *between))


def _gather_rows(x: Array, rows: Array, geometry: Geometry) -> None:
    """Along the last axis."""
    runs = _in_runs(x, geometry)
    for place, shift in enumerate(shifts(geometry)):
        to = rows[:, :, place]
        if runs:
            key, source = _run(shift.distance)
            _merged(to, 2)[key] = _merged(x, 2)[source]
        else:
            to[..., shift.windows] = x[..., shift.elements]
        _edges(to, shift)


def along_the_rest(rows: Array, shape: tuple[int, ...], geometry: Geometry) -> Array:
    """All windows, as a view of those along the last axis."""
    image, channel, place, *steps, last = rows.strides
    within = (s * d for s, d in zip(steps, geometry.dilation[:-1], strict=True))
    between = (s * d for s, d in zip(steps, geometry.stride[:-1], strict=True))
    return np.ndarray(shape, rows.dtype, rows, 0, (image, channel, *within, place, *between, last))


@lru_cache(512)
def _keys(geometry: Geometry) -> tuple[tuple[tuple[int, ...], tuple[slice, ...]], ...]:
    """For each place of the kernel but along its last axis, which rows it has part in."""
    axes = [values[:-1] for values in (geometry.dilation, geometry.out, geometry.stride)]
    places: Iterator[tuple[int, ...]] = product(*map(range, geometry.kernel[:-1]))
    return tuple(
        (
            place,
            tuple(slice(j * d, j * d + (n - 1) * s + 1, s) for j, d, n, s in zip(place, *axes, strict=True)),
        )
        for place in places
    )


def put_back(windows: Array, rows: Array, total: Array, geometry: Geometry, beside: bool) -> None:
    """``total (n, C, *size)`` becomes the sum of all that ``windows (n, C, *kernel, *out)`` have of each element.

    Where images lie ``beside`` each other, they come before the last axis of all three instead.
    """
    every = (slice(None),) * (1 if beside else 2)
    if len(geometry.kernel) == 1:
        rows = windows
    else:
        rows[...] = 0
        for place, key in _keys(geometry):
            rows[(*every, slice(None), *key)] += windows[(*every, *place)]
        rows = rows[(*every, slice(None), *_inside(geometry))]
    total[...] = 0
    axes = min(len(geometry.kernel), 2) + beside
    runs = axes > 1 and geometry.stride[-1] == 1 and geometry.out[-1] == geometry.size[-1]
    for place, shift in enumerate(shifts(geometry)):
        source = rows[(*every, place)]
        if runs:
            _edges(source, shift)
            key, to = _run(shift.distance)
            _merged(total, axes)[to] += _merged(source, axes)[key]
        else:
            total[..., shift.elements] += source[..., shift.windows]
