"""Images read at any places: the two halves of a spatial transformer (Jaderberg et al., NeurIPS 2015).

Places become weights and whole positions axis by axis, in arrays without channels and in traced functions;
``weighted_rows`` then does the work on the channels.
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Sequence
from typing import Any

from ..autodiff import array_namespace
from ..backend import Array
from ._errors import complaint
from ._piecewise import hardtanh
from ._weighted_rows import weighted_rows

__all__ = ["affine_grid", "grid_sample"]

MODES = ("bilinear", "nearest", "bicubic")
PADDINGS = ("zeros", "border", "reflection")


def grid_sample(
    x: Array,
    grid: Array,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Array:
    """The values of an image or volume at places given by ``grid``, as ``torch.nn.functional.grid_sample``.

    Jaderberg et al., "Spatial transformer networks", arXiv:1506.02025. Differentiable by ``x`` and ``grid``, to any
    order.

    Parameters
    ----------
    x
        Shape ``(N, C, H, W)`` or ``(N, C, D, H, W)``, floating-point.
    grid
        Shape ``(N, *out, 2)`` or ``(N, *out, 3)``: places (x, y) or (x, y, z), that is, along the last axis first, from
        -1 to 1. NaN counts as -1.
    mode
        ``"bilinear"`` (of all neighbours, also in a volume), ``"nearest"``, or, for images, ``"bicubic"`` (Keys'
        convolution with a = -0.75).
    padding_mode
        What is outside: ``"zeros"``, the element at the ``"border"``, or the image's ``"reflection"``.
    align_corners
        Whether -1 and 1 are the centres of the outermost elements, rather than their edges (by default).

    Returns
    -------
    Shape ``(N, C, *out)``.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.asarray([[[[1.0, 2.0], [3.0, 4.0]]]])
    >>> grid_sample(x, np.asarray([[[[0.0, 0.0], [1.0, -1.0]]]]), align_corners=True)
    array([[[[2.5, 2. ]]]])
    """
    _check(x, grid, mode, padding_mode)
    xp: Any = array_namespace(x, grid)
    sizes, channels, axes = tuple(x.shape[2:]), x.shape[1], x.ndim - 2
    grid = xp.where(xp.isnan(grid), -1.0, grid)
    along = [
        _one_axis(xp, grid[..., axes - 1 - i], sizes[i], mode, padding_mode, bool(align_corners))
        for i in range(axes)
    ]
    start = xp.reshape(xp.arange(x.shape[0], dtype=xp.int64, device=x.device), (-1,) + (1,) * axes)
    rows = xp.reshape(xp.moveaxis(x, 1, -1), (x.shape[0] * math.prod(sizes), channels))
    if padding_mode == "zeros":  # a last row of them, for what is outside
        rows = xp.concat([rows, xp.zeros((1, channels), dtype=x.dtype, device=x.device)])
    weights, index = [], []
    for taps in itertools.product(*along):
        weight, place, outside = 1.0, start, False
        for (w, p, out), size in zip(taps, sizes, strict=True):
            weight, place, outside = w * weight, place * size + p, xp.logical_or(out, outside)
        if padding_mode == "zeros":
            place = xp.where(outside, rows.shape[0] - 1, place)
        weights.append(xp.reshape(weight, (-1,)))
        index.append(xp.reshape(place, (-1,)))
    out = weighted_rows(rows, xp.stack(index), xp.stack(weights))
    return xp.moveaxis(xp.reshape(out, (*grid.shape[:-1], channels)), -1, 1)


def _check(x: Array, grid: Array, mode: str, padding_mode: str) -> None:
    where, shapes = "grid_sample", f"got input {tuple(x.shape)} and grid {tuple(grid.shape)}"
    if mode not in MODES:
        raise complaint(where, f"expected a mode of {', '.join(MODES)}, got {mode!r}")
    if padding_mode not in PADDINGS:
        raise complaint(where, f"expected a padding_mode of {', '.join(PADDINGS)}, got {padding_mode!r}")
    if x.ndim not in (4, 5) or grid.ndim != x.ndim:
        raise complaint(where, f"expected input and grid both with 4 or 5 axes, {shapes}")
    if mode == "bicubic" and x.ndim == 5:
        raise complaint(where, f'expected an input with 4 axes for "bicubic", {shapes}')
    if x.shape[0] != grid.shape[0]:
        raise complaint(where, f"expected batches of the same size, {shapes}")
    if grid.shape[-1] != x.ndim - 2:
        raise complaint(where, f"expected a grid whose last axis is {x.ndim - 2}, {shapes}")
    if min(x.shape[2:]) < 1:
        raise complaint(where, f"expected an input with no empty axis of positions, {shapes}")
    if x.dtype != grid.dtype or not array_namespace(x).isdtype(x.dtype, "real floating"):
        raise complaint(
            where,
            f"expected floating-point input and grid of one dtype, got {x.dtype} and {grid.dtype}",
            TypeError,
        )


def _one_axis(xp: Any, place: Array, size: int, mode: str, padding: str, align: bool) -> list[Any]:
    """Weights and whole positions of the elements that count along an axis."""
    place = (place + 1.0) / 2.0 * (size - 1) if align else ((place + 1.0) * size - 1.0) / 2.0
    if mode == "bicubic":
        place = hardtanh(place, -(2.0**31), 2.0**31)
        below = xp.floor(place)
        weights = _cubic_weights(place - below)
        positions = [_inside(xp, below + float(j - 1), size, padding, align) for j in range(4)]
        return [_tap(xp, w, p, size) for w, p in zip(weights, positions, strict=True)]
    place = _inside(xp, place, size, padding, align)
    if mode == "nearest":
        position = xp.round(place)
        return [_tap(xp, xp.ones_like(position), position, size)]
    below = xp.floor(place)
    above = place - below
    return [_tap(xp, 1.0 - above, below, size), _tap(xp, above, below + 1.0, size)]


def _inside(xp: Any, place: Array, size: int, padding: str, align: bool) -> Array:
    """Brought to where the image is; far away from it where there are zeros outside."""
    if padding == "zeros":
        return hardtanh(place, -4.0, size + 4.0)
    if padding == "reflection":
        low, span = (0.0, size - 1.0) if align else (-0.5, float(size))
        if span == 0.0:
            return place * 0.0
        place = hardtanh(place, -(2.0**31), 2.0**31) - low
        place = xp.remainder(xp.where(place < 0.0, -place, place), 2.0 * span)
        place = xp.where(place >= span, 2.0 * span - place, place) + low
    return hardtanh(place, 0.0, size - 1.0)


def _tap(xp: Any, weight: Array, position: Array, size: int) -> tuple[Array, Array, Array]:
    """The weight, the position as an integer inside, and whether it was outside."""
    outside = xp.logical_or(position < 0, position > size - 1)
    return weight, xp.astype(xp.clip(position, 0.0, size - 1.0), xp.int64), outside


def _cubic_weights(t: Array) -> list[Array]:
    """Of the elements at -1, 0, 1 and 2, ``t`` after the second: Keys' convolution with a = -0.75."""
    a, s = -0.75, 1.0 - t

    def near(d: Array) -> Array:
        return ((a + 2.0) * d - (a + 3.0)) * d * d + 1.0

    def far(d: Array) -> Array:
        return ((a * d - 5.0 * a) * d + 8.0 * a) * d - 4.0 * a

    return [far(t + 1.0), near(t), near(s), far(s + 1.0)]


def affine_grid(theta: Array, size: Sequence[int], align_corners: bool | None = None) -> Array:
    """The grid for :func:`grid_sample` that an affine map makes, as ``torch.nn.functional.affine_grid``.

    Parameters
    ----------
    theta
        Affine maps from places in the output to places in the input: shape ``(N, 2, 3)`` or ``(N, 3, 4)``.
    size
        Of the output: ``(N, C, H, W)`` or ``(N, C, D, H, W)``.
    align_corners
        Whether -1 and 1 are the centres of the outermost elements, rather than their edges (by default).

    Returns
    -------
    Shape ``(N, H, W, 2)`` or ``(N, D, H, W, 3)``.

    Examples
    --------
    >>> import numpy as np
    >>> identity = np.asarray([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])
    >>> affine_grid(identity, (1, 1, 1, 2))
    array([[[[-0.5,  0. ],
             [ 0.5,  0. ]]]])
    """
    where, size = "affine_grid", tuple(size)
    if any(isinstance(n, bool) or not hasattr(type(n), "__index__") for n in size):
        raise complaint(where, f"expected a size of whole numbers, got {size}", TypeError)
    size, axes = tuple(operator.index(n) for n in size), len(size) - 2
    if axes not in (2, 3):
        raise complaint(where, f"expected a size of 4 or 5 numbers, got {size}")
    if min(size) < 1:
        raise complaint(where, f"expected a size of numbers of at least 1, got {size}")
    if tuple(theta.shape) != (size[0], axes, axes + 1):
        wanted = (size[0], axes, axes + 1)
        raise complaint(where, f"expected theta of shape {wanted} for size {size}, got {tuple(theta.shape)}")
    xp: Any = array_namespace(theta)
    if not xp.isdtype(theta.dtype, "real floating"):
        raise complaint(where, f"expected a floating-point theta, got {theta.dtype}", TypeError)
    lines = [_centres(xp, theta, n, bool(align_corners)) for n in size[2:]]
    lines = xp.meshgrid(*lines, indexing="ij")
    ones = xp.ones(size[2:], dtype=theta.dtype, device=theta.device)
    base = xp.reshape(xp.stack([*reversed(lines), ones], axis=-1), (-1, axes + 1))
    return xp.reshape(xp.matmul(base, xp.matrix_transpose(theta)), (size[0], *size[2:], axes))


def _centres(xp: Any, theta: Array, n: int, align_corners: bool) -> Array:
    """Places of ``n`` elements from -1 to 1."""
    where: dict[str, Any] = {"dtype": theta.dtype, "device": theta.device}
    if n == 1:
        return xp.zeros((1,), **where)
    end = 1.0 if align_corners else (n - 1) / n
    return xp.linspace(-end, end, n, **where)
