"""Images read at any places: the two halves of a spatial transformer (Jaderberg et al., NeurIPS 2015).

Places become weights and whole positions axis by axis, in arrays without channels and in traced functions;
``weighted_rows`` then does the work on the channels.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

from ..autodiff import array_namespace, primitive
from ..backend import Array
from ._errors import check_arrays, complaint
from ._pad import pad_constant
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
    sizes, axes = tuple(x.shape[2:]), x.ndim - 2
    along = [
        _one_axis(xp, grid[..., axes - 1 - i], size, mode, padding_mode, bool(align_corners))
        for i, size in enumerate(sizes)
    ]
    table = xp.moveaxis(x, 1, -1)
    if padding_mode == "zeros":
        table = pad_constant(table, pairs=((1, 1),) * axes + ((0, 0),))
    start = xp.reshape(xp.arange(x.shape[0], dtype=xp.int64, device=x.device), (-1,) + (1,) * axes)
    sums = [(None, start)]  # weights and rows of all combinations
    for taps, size in zip(along, table.shape[1:], strict=False):
        sums = [
            (w if weight is None else weight * w, place * size + p) for weight, place in sums for w, p in taps
        ]
    weight, index = (xp.reshape(xp.stack(arrays), (len(sums), -1)) for arrays in zip(*sums, strict=True))
    rows = xp.reshape(table, (math.prod(table.shape[:-1]), table.shape[-1]))
    out = weighted_rows(rows, index, weight)
    return xp.moveaxis(xp.reshape(out, (*grid.shape[:-1], x.shape[1])), -1, 1)


def _check(x: Array, grid: Array, mode: str, padding_mode: str) -> None:
    check_arrays("grid_sample", x=x, grid=grid)
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


def _one_axis(
    xp: Any, c: Array, size: int, mode: str, padding: str, align: bool
) -> list[tuple[Array, Array]]:
    """Weights and whole positions of the elements that count along an axis; with zeros outside, positions are
    those in an image that is longer by one of them at both ends."""
    place = _place(c, size=size, align=align, mode=mode, padding=padding)
    below = xp.floor(place)
    if mode == "bicubic":
        positions = [below + float(j - 1) for j in range(4)]
        if padding == "reflection":
            positions = [_reflected(xp, p, size, align)[0] for p in positions]
        return [
            (w, _position(xp, p, size, padding))
            for w, p in zip(_cubic_weights(place - below), positions, strict=True)
        ]
    if mode == "nearest":
        position = xp.round(place)
        return [(xp.ones_like(position), _position(xp, position, size, padding))]
    above = place - below
    return [
        (1.0 - above, _position(xp, below, size, padding)),
        (above, _position(xp, below + 1.0, size, padding)),
    ]


def _position(xp: Any, p: Array, size: int, padding: str) -> Array:
    outside = 1 if padding == "zeros" else 0
    return xp.astype(xp.clip(p, -float(outside), size - 1.0 + outside), xp.int64) + outside


@primitive("place_in_image", params=("size", "align", "mode", "padding"))
def _place(xp: Any, c: Array, *, size: int, align: bool, mode: str, padding: str) -> Array:
    """A coordinate from -1 to 1 as a place along an axis, brought to where it has a meaning."""
    return _place_and_slope(xp, c, size, align, mode, padding, False)[0]


_place.defpullback(
    lambda xp, g, _out, c, *, size, align, mode, padding: (
        g * _place_and_slope(xp, c, size, align, mode, padding, True)[1]
    )
)


def _place_and_slope(
    xp: Any, c: Array, size: int, align: bool, mode: str, padding: str, slope: bool
) -> tuple[Array, Any]:
    c = xp.where(xp.isnan(c), -1.0, c)
    place = (c + 1.0) * 0.5 * (size - 1) if align else ((c + 1.0) * size - 1.0) * 0.5
    steep: Any = 0.5 * (size - 1 if align else size)
    reach = 2.0 if mode != "bicubic" else 3.0  # beyond it, all neighbours are outside
    low, high = -reach, size - 1.0 + reach
    if mode == "bicubic" and padding != "zeros":
        low, high = -(2.0**31), 2.0**31  # whole positions are brought inside
    elif padding != "zeros":
        low, high = 0.0, size - 1.0
        if padding == "reflection":
            place = xp.clip(place, -(2.0**31), 2.0**31)
            place, sign = _reflected(xp, place, size, align)
            steep = steep * sign
    if slope:
        outside = xp.logical_or(place <= low, place >= high)
        steep = xp.where(outside, 0.0, xp.ones_like(place) * steep)
    return xp.clip(place, low, high), steep


def _reflected(xp: Any, place: Array, size: int, align: bool) -> tuple[Array, Any]:
    """Mirrored at the ends until it is between them, and the slope of that."""
    low, span = (0.0, size - 1.0) if align else (-0.5, float(size))
    if span == 0.0:
        return place * 0.0, 0.0
    place = place - low
    sign = xp.where(place < 0.0, xp.full_like(place, -1.0), 1.0)
    place = xp.remainder(place * sign, 2.0 * span)
    back = place >= span
    return xp.where(back, 2.0 * span - place, place) + low, xp.where(back, -sign, sign)


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
    check_arrays("affine_grid", theta=theta)
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
