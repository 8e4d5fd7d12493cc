"""Convolution in NumPy: windows copied a few images at a time, into one buffer that stays in the cache.

A buffer holds as many images as fit into ``CACHE`` bytes, or into the limit of ``set_convolution_memory`` where that is
smaller, and one at least. Where there are few windows in an image, the images' columns lie side by side, for one large
product instead of many small ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from .reference import reference

if TYPE_CHECKING:
    from nnx.functional._windows import Geometry

Array = Any

CACHE = 2**21
FEW = 100  # windows in an image: for fewer, one product for all images is faster than one for each


def _groups(images: int, channels: int, itemsize: int, geometry: Geometry) -> tuple[int, Iterator[slice]]:
    """How many images go at a time, and the slices of the batch axis."""
    from nnx.functional._windows import memory_limit

    each = channels * math.prod(geometry.kernel) * math.prod(geometry.out) * itemsize
    count = max(min(CACHE, memory_limit()) // each, 1) if each else images
    count = max(min(count, images), 1)
    return count, (slice(i, min(i + count, images)) for i in range(0, images, count))


def _padded(x: Array, geometry: Geometry) -> Array:
    pairs = geometry.padding
    if not any(n for pair in pairs for n in pair):
        return x
    out = np.zeros(_room(x.shape, geometry), x.dtype)
    out[_inside(geometry)] = x
    return out


def _room(shape: tuple[int, ...], geometry: Geometry) -> tuple[int, ...]:
    """``shape`` up to the channels, then the sizes with padding."""
    sizes = (n + a + b for n, (a, b) in zip(geometry.size, geometry.padding, strict=True))
    return (*shape[:2], *sizes)


def _inside(geometry: Geometry) -> tuple[Any, ...]:
    """The key that takes what is not padding."""
    return (..., *(slice(a, a + n) for n, (a, _) in zip(geometry.size, geometry.padding, strict=True)))


def _view(x: Array, geometry: Geometry) -> Array:
    """Every window of ``x (n, C, *room)`` without a copy: ``(n, C, *kernel, *out)``."""
    shape = (*x.shape[:2], *geometry.kernel, *geometry.out)
    steps = x.strides[2:]
    within = (s * d for s, d in zip(steps, geometry.dilation, strict=True))
    between = (s * d for s, d in zip(steps, geometry.stride, strict=True))
    return as_strided(x, shape, (*x.strides[:2], *within, *between))


def _side_by_side(x: Array) -> Array:
    """``(n, groups, rows, L)`` to ``(groups, rows, n, L)``, a view."""
    return x.transpose(1, 2, 0, 3)


def _places(geometry: Geometry) -> Iterator[tuple[int, ...]]:
    return product(*map(range, geometry.kernel))


def _keys(geometry: Geometry) -> Iterator[tuple[Any, ...]]:
    """For each place within the kernel, what takes its element of every window."""
    for place in _places(geometry):
        yield (
            ...,
            *(
                slice(j * d, j * d + (n - 1) * s + 1, s)
                for j, d, n, s in zip(place, geometry.dilation, geometry.out, geometry.stride, strict=True)
            ),
        )


def _pointwise(geometry: Geometry) -> bool:
    """Whether a window is one element, and every element a window."""
    return geometry.size == geometry.out and all(
        n == 1 and s == 1 and not any(pair)
        for n, s, pair in zip(geometry.kernel, geometry.stride, geometry.padding, strict=True)
    )


class _Plan:
    """Shapes of one convolution: ``x (n, C, *size)``, ``y (n, O, *out)``."""

    def __init__(self, images: int, weight: Array, geometry: Geometry) -> None:
        self.groups = geometry.groups
        self.channels = weight.shape[1] * self.groups
        self.rows, self.columns = weight.shape[0] // self.groups, math.prod(weight.shape[1:])
        self.places = math.prod(geometry.out)
        self.weight = weight.reshape(self.groups, self.rows, self.columns)
        self.count, self.parts = _groups(images, self.channels, weight.dtype.itemsize, geometry)
        self.few = self.places < FEW and self.count > 1

    def windows(self, geometry: Geometry, dtype: Any) -> tuple[Array, Array]:
        """A buffer and it as ``(images, C, *kernel, *out)``; where there are few windows, side by side."""
        middle = (*geometry.kernel, *geometry.out)
        if not self.few:
            buffer = np.empty((self.count, self.channels, *middle), dtype)
            return buffer, buffer
        buffer = np.empty((self.channels, *geometry.kernel, self.count, *geometry.out), dtype)
        axes = len(geometry.kernel)
        return buffer, np.moveaxis(buffer, axes + 1, 0)

    def matrices(self, buffer: Array, images: int) -> Array:
        """The buffer's first images: ``(groups, C / groups * K, n * L)`` if few, else one such for each image."""
        if self.few:
            return buffer.reshape(self.groups, self.columns, -1)[..., : images * self.places]
        return buffer[:images].reshape(images, self.groups, self.columns, self.places)


def _same_dtype(x: Array, *others: Array | None) -> bool:
    return x.dtype.kind in "fc" and all(y is None or y.dtype == x.dtype for y in others)


def convolution(x: Array, weight: Array, bias: Array | None, *, geometry: Geometry) -> Array:
    """C."""
    if not _same_dtype(x, weight, bias):
        return reference("convolution")(x, weight, bias, geometry=geometry)
    images, plan = x.shape[0], _Plan(x.shape[0], weight, geometry)
    y = np.empty((images, plan.groups, plan.rows, plan.places), x.dtype)
    if _pointwise(geometry) and not plan.few:
        np.matmul(plan.weight, x.reshape(images, plan.groups, plan.columns, plan.places), y)
    elif plan.rows == 1 == weight.shape[1]:
        _each_by_itself(
            _padded(x, geometry), weight, y.reshape(images, weight.shape[0], *geometry.out), geometry
        )
    else:
        view = _view(_padded(x, geometry), geometry)
        buffer, windows = plan.windows(geometry, x.dtype)
        for part in plan.parts:
            n = part.stop - part.start
            windows[:n] = view[part]
            columns = plan.matrices(buffer, n)
            if plan.few:
                side = np.matmul(plan.weight, columns).reshape(plan.groups, plan.rows, n, plan.places)
                _side_by_side(y[part])[...] = side
            else:
                np.matmul(plan.weight, columns, y[part])
    return _biased(y.reshape(images, weight.shape[0], *geometry.out), bias)


def _each_by_itself(x: Array, weight: Array, y: Array, geometry: Geometry) -> None:
    """A channel of its own for each filter: a product for each element of the kernel, and no windows."""
    weight = weight.reshape(-1, math.prod(geometry.kernel), *(1,) * len(geometry.kernel))
    for image, out in zip(x, y, strict=True):
        for i, key in enumerate(_keys(geometry)):
            if i:
                out += image[key] * weight[:, i]
            else:
                np.multiply(image[key], weight[:, i], out)


def _each_put_back(x: Array, weight: Array, y: Array, geometry: Geometry) -> None:
    """The transpose of that."""
    weight = weight.reshape(-1, math.prod(geometry.kernel), *(1,) * len(geometry.kernel))
    for image, out in zip(x, y, strict=True):
        for i, key in enumerate(_keys(geometry)):
            image[key] += out * weight[:, i]


def _biased(y: Array, bias: Array | None) -> Array:
    if bias is not None:
        y += bias.reshape(-1, *(1,) * (y.ndim - 2))
    return y


def transposed_convolution(y: Array, weight: Array, bias: Array | None, *, geometry: Geometry) -> Array:
    """T."""
    if not _same_dtype(y, weight, bias):
        return reference("transposed_convolution")(y, weight, bias, geometry=geometry)
    images, plan = y.shape[0], _Plan(y.shape[0], weight, geometry)
    results = y.reshape(images, plan.groups, plan.rows, plan.places)
    filters = plan.weight.swapaxes(1, 2)
    if _pointwise(geometry) and not plan.few:
        x = np.matmul(filters, results).reshape(images, plan.channels, *geometry.size)
        return _biased(x, bias)
    x = np.zeros(_room((images, plan.channels), geometry), y.dtype)
    if plan.rows == 1 == weight.shape[1]:
        _each_put_back(x, weight, y, geometry)
        return _biased(np.ascontiguousarray(x[_inside(geometry)]), bias)
    if _runs_pay(geometry):
        return _biased(_put_back_in_runs(results, plan, geometry), bias)
    buffer, windows = plan.windows(geometry, y.dtype)
    moves = tuple(zip(_keys(geometry), _places(geometry), strict=True))
    for part in plan.parts:
        n = part.stop - part.start
        side = _side_by_side(results[part]).reshape(plan.groups, plan.rows, -1) if plan.few else results[part]
        np.matmul(filters, side, plan.matrices(buffer, n))
        target, source = x[part], windows[:n]
        for key, place in moves:
            target[key] += source[(slice(None), slice(None), *place)]
    return _biased(np.ascontiguousarray(x[_inside(geometry)]), bias)


def _runs_pay(geometry: Geometry) -> bool:
    """Whether windows lie side by side, and rows as wide as the padded image are not much longer than their own."""
    wide = (geometry.out[0], *_room((), geometry)[1:])
    return (
        len(wide) > 1 and set(geometry.stride) == {1} and 2 * math.prod(wide) <= 3 * math.prod(geometry.out)
    )


def _put_back_in_runs(results: Array, plan: _Plan, geometry: Geometry) -> Array:
    """Windows added where they belong, all rows of a channel in one run: zeros make the rows as wide as the image."""
    images, (first, *rest) = results.shape[0], _room((), geometry)
    length, places = geometry.out[0] * math.prod(rest), list(_places(geometry))
    count = max(min(plan.count * plan.places // length, images), 1)
    rows = np.zeros((count, plan.groups, plan.rows, geometry.out[0], *rest), results.dtype)
    buffer = np.empty((count, plan.channels, len(places), length), results.dtype)
    out = np.zeros(
        (images, plan.channels, first + 1, *rest), results.dtype
    )  # the last run goes a little beyond
    flat, filters = (
        out.reshape(images, plan.channels, (first + 1) * math.prod(rest)),
        plan.weight.swapaxes(1, 2),
    )
    steps = [math.prod(rest[i:]) * d for i, d in enumerate(geometry.dilation)]
    for start in range(0, images, count):
        some, n = flat[start : start + count], min(count, images - start)
        rows[(slice(n), ..., *map(slice, geometry.out))] = results[start : start + n].reshape(
            n, plan.groups, plan.rows, *geometry.out
        )
        matrices = buffer[:n].reshape(n, plan.groups, plan.columns, length)
        np.matmul(filters, rows[:n].reshape(n, plan.groups, plan.rows, length), matrices)
        for i, place in enumerate(places):
            at = sum(j * step for j, step in zip(place, steps, strict=True))
            some[..., at : at + length] += buffer[:n, :, i]
    return np.ascontiguousarray(out[:, :, :first][_inside(geometry)])


def weight_convolution(x: Array, y: Array, *, geometry: Geometry) -> Array:
    """W."""
    if not _same_dtype(x, y):
        return reference("weight_convolution")(x, y, geometry=geometry)
    images, channels = x.shape[:2]
    shape = (y.shape[1], channels // geometry.groups, *geometry.kernel)
    total = np.zeros(shape, x.dtype)
    plan = _Plan(images, total, geometry)
    plan.few = 4 * plan.rows > plan.places  # a sum of products for each image would be the larger
    sums = total.reshape(plan.weight.shape)
    results = y.reshape(images, plan.groups, plan.rows, plan.places)
    view = _view(_padded(x, geometry), geometry)
    buffer, windows = plan.windows(geometry, x.dtype)
    for part in plan.parts:
        n = part.stop - part.start
        windows[:n] = view[part]
        columns = plan.matrices(buffer, n).swapaxes(-1, -2)
        if plan.few:
            sums += np.matmul(_side_by_side(results[part]).reshape(plan.groups, plan.rows, -1), columns)
        else:
            sums += np.add.reduce(np.matmul(results[part], columns), axis=0)
    return total


def pad_constant(x: Array, *, pairs: tuple[tuple[int, int], ...], value: Any = 0) -> Array:
    """One array of the constant, and the rest written into it."""
    first = x.ndim - len(pairs)
    sizes = x.shape[first:]
    shape = tuple(n + a + b for n, (a, b) in zip(sizes, pairs, strict=True))
    out = np.full((*x.shape[:first], *shape), value, x.dtype)
    to = (slice(max(a, 0), n - max(b, 0)) for n, (a, b) in zip(shape, pairs, strict=True))
    kept = (slice(max(-a, 0), n - max(-b, 0)) for n, (a, b) in zip(sizes, pairs, strict=True))
    out[(..., *to)] = x[(..., *kept)]
    return out


OVERRIDES: dict[str, Any] = {
    function.__name__: (function, ())
    for function in (convolution, transposed_convolution, weight_convolution, pad_constant)
}
