"""The three maps of convolution, each linear in both its arguments, and each other's derivatives.

With :math:`y = C(x, w)` a convolution, the cotangent of :math:`x` is :math:`T(g, w)` (the transposed convolution)
and that of :math:`w` is :math:`W(x, g)`. Then the derivatives of :math:`T(y, w)` are :math:`C` and :math:`W`, those
of :math:`W(x, y)` are :math:`T` and :math:`C`: closed, so that every order is exact, and as fast as the first.

Shapes, with any number of spatial axes: ``x (n, C, *size)``, ``w (O, C / groups, *kernel)``, ``y (n, O, *out)``. Each
map is one matrix product for each group of images (``set_convolution_memory``), batched over the groups of channels.
"""

from __future__ import annotations

import math
from typing import Any

from ..autodiff import joint, primitive
from ..backend import Array
from ._windows import Geometry, gather, groups_of_images, put_back

__all__ = ["convolution", "transposed_convolution", "weight_convolution"]


def _itemsize(xp: Any, x: Array) -> int:
    bits = xp.finfo(x.dtype).bits if xp.isdtype(x.dtype, ("real floating", "complex floating")) else 64
    return bits // (4 if xp.isdtype(x.dtype, "complex floating") else 8)


def _swapped(xp: Any, x: Array) -> Array:
    """The first two axes, images and channels, change places."""
    return xp.permute_dims(x, (1, 0, *range(2, x.ndim)))


def _columns(xp: Any, x: Array, geometry: Geometry) -> Array:
    """Windows as the columns of one matrix for each group of channels: ``(groups, C / groups * K, n * L)``."""
    images, channels = x.shape[:2]
    rows = channels // geometry.groups * math.prod(geometry.kernel)
    windows = gather(xp, _swapped(xp, x), geometry, 1)
    return xp.reshape(windows, (geometry.groups, rows, images * math.prod(geometry.out)))


def _results(xp: Any, y: Array, geometry: Geometry) -> Array:
    """``y`` as one matrix for each group of channels: ``(groups, O / groups, n * L)``."""
    shape = (geometry.groups, y.shape[1] // geometry.groups, y.shape[0] * math.prod(geometry.out))
    return xp.reshape(_swapped(xp, y), shape)


def _filters(xp: Any, weight: Array, geometry: Geometry) -> Array:
    """``(groups, O / groups, C / groups * K)``."""
    rows, columns = weight.shape[0] // geometry.groups, math.prod(weight.shape[1:])
    return xp.reshape(weight, (geometry.groups, rows, columns))


def _joined(xp: Any, parts: list[Array]) -> Array:
    return parts[0] if len(parts) == 1 else xp.concat(parts, axis=0)


@primitive("convolution", params=("geometry",))
def convolution(xp: Any, x: Array, weight: Array, bias: Array | None, *, geometry: Geometry) -> Array:
    """C, with a number added for each channel."""
    filters, parts = _filters(xp, weight, geometry), []
    for images in groups_of_images(x.shape[0], x.shape[1], _itemsize(xp, x), geometry):
        some = x[images, ...]
        y = xp.matmul(filters, _columns(xp, some, geometry))
        parts.append(_swapped(xp, xp.reshape(y, (weight.shape[0], some.shape[0], *geometry.out))))
    return _biased(xp, _joined(xp, parts), bias)


def _biased(xp: Any, y: Array, bias: Array | None) -> Array:
    return y if bias is None else y + xp.reshape(bias, (bias.shape[0], *(1,) * (y.ndim - 2)))


@primitive("transposed_convolution", params=("geometry",))
def transposed_convolution(
    xp: Any, y: Array, weight: Array, bias: Array | None, *, geometry: Geometry
) -> Array:
    """T, with a number added for each channel."""
    filters, parts = xp.matrix_transpose(_filters(xp, weight, geometry)), []
    channels, places = weight.shape[1] * geometry.groups, math.prod(geometry.kernel)
    for images in groups_of_images(y.shape[0], channels, _itemsize(xp, y), geometry):
        some = y[images, ...]
        windows = xp.matmul(filters, _results(xp, some, geometry))
        windows = xp.reshape(windows, (channels, places, some.shape[0], *geometry.out))
        parts.append(_swapped(xp, put_back(xp, windows, geometry, 1)))
    return _biased(xp, _joined(xp, parts), bias)


@primitive("weight_convolution", params=("geometry",))
def weight_convolution(xp: Any, x: Array, y: Array, *, geometry: Geometry) -> Array:
    """W: how much each element of the kernel has part in the product of ``y`` with what the windows give."""
    total = None
    for images in groups_of_images(x.shape[0], x.shape[1], _itemsize(xp, x), geometry):
        columns = _columns(xp, x[images, ...], geometry)
        part = xp.matmul(_results(xp, y[images, ...], geometry), xp.matrix_transpose(columns))
        total = part if total is None else total + part
    return xp.reshape(total, (y.shape[1], x.shape[1] // geometry.groups, *geometry.kernel))


def _per_channel(xp: Any, g: Array) -> Array:
    """Over the images first: NumPy is twice as fast at adding long rows as at adding up short ones."""
    g = g[0, ...] if g.shape[0] == 1 else xp.sum(g, axis=0)
    return xp.sum(g, axis=tuple(range(1, g.ndim)))


def _convolution_pullback(
    xp: Any, g: Array, _out: Any, x: Array, weight: Array, _bias: Any, *, needed: Any, geometry: Geometry
) -> tuple[Array | None, ...]:
    return (
        transposed_convolution(g, weight, None, geometry=geometry) if needed[0] else None,
        weight_convolution(x, g, geometry=geometry) if needed[1] else None,
        _per_channel(xp, g) if needed[2] else None,
    )


def _transposed_pullback(
    xp: Any, g: Array, _out: Any, y: Array, weight: Array, _bias: Any, *, needed: Any, geometry: Geometry
) -> tuple[Array | None, ...]:
    return (
        convolution(g, weight, None, geometry=geometry) if needed[0] else None,
        weight_convolution(g, y, geometry=geometry) if needed[1] else None,
        _per_channel(xp, g) if needed[2] else None,
    )


convolution.defpullback(joint(_convolution_pullback))
transposed_convolution.defpullback(joint(_transposed_pullback))
weight_convolution.defpullback(
    lambda _xp, g, _out, _x, y, *, geometry: transposed_convolution(y, g, None, geometry=geometry),
    lambda _xp, g, _out, x, _y, *, geometry: convolution(x, g, None, geometry=geometry),
)
