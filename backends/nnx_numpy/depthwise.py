"""Convolution with a filter for each channel: a product for each place of the kernel, and no windows."""

from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from .windows import Part, carve

if TYPE_CHECKING:
    from nnx.functional._windows import Geometry

__all__ = ["convolve", "put_back"]

Array = Any


def _padded(part: Part, x: Array) -> tuple[Array, Array]:
    """Zeros that ``x`` has room in with its padding, and where; and memory for a product."""
    geometry = part.geometry
    room = tuple(n + a + b for n, (a, b) in zip(geometry.size, geometry.padding, strict=True))
    images, channels = part.length, x.shape[1]
    padded, spare = carve(x.dtype, (images, channels, *room), (images, channels, *geometry.out))
    padded[...] = 0
    return padded, spare


def _inside(geometry: Geometry) -> tuple[Any, ...]:
    return (..., *(slice(a, a + n) for n, (a, _) in zip(geometry.size, geometry.padding, strict=True)))


def _keys(geometry: Geometry) -> list[tuple[Any, ...]]:
    """For each place within the kernel, what takes its element of every window."""
    sizes = (geometry.dilation, geometry.out, geometry.stride)
    return [
        (..., *(slice(j * d, j * d + (n - 1) * s + 1, s) for j, d, n, s in zip(place, *sizes, strict=True)))
        for place in product(*map(range, geometry.kernel))
    ]


def _by_place(weight: Array) -> Array:
    """``(K, C, 1, …)``: the numbers of a place for all channels."""
    places = math.prod(weight.shape[2:])
    return weight.reshape(-1, places).T.reshape(places, -1, *(1,) * (weight.ndim - 2))


def convolve(x: Array, weight: Array, y: Array, part: Part) -> None:
    """``y`` becomes the convolution of ``x``."""
    padded, spare = _padded(part, x)
    padded[_inside(part.geometry)] = x
    for i, (key, factor) in enumerate(zip(_keys(part.geometry), _by_place(weight), strict=True)):
        if i:
            y += np.multiply(padded[key], factor, spare)
        else:
            np.multiply(padded[key], factor, y)


def put_back(y: Array, weight: Array, x: Array, part: Part) -> None:
    """The transpose of that."""
    padded, spare = _padded(part, y)
    for key, factor in zip(_keys(part.geometry), _by_place(weight), strict=True):
        padded[key] += np.multiply(y, factor, spare)
    x[...] = padded[_inside(part.geometry)]
