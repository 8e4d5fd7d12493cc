"""Convolution of one small image, where calls take as long as the arithmetic.

What is worked in is this thread's memory, and the views into it are made once for each set of shapes: then an image
takes half a dozen calls. Windows along the last axis come first, for every row with its padding; those of the other
axes are then copied in runs, as in ``gather``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .cores import laid_out
from .windows import along_the_rest, carve, everywhere, room, rows_shape, windows_shape

if TYPE_CHECKING:
    from nnx.functional._windows import Geometry

    from .convolution_plan import Plan

__all__ = ["convolve_one"]

Array = Any


def convolve_one(x: Array, weight: Array, bias: Array | None, plan: Plan, geometry: Geometry) -> Array:
    """The result for a batch of one image, whose plan says that it goes ``alone``."""
    filters = plan.filters(weight)
    y = np.empty((1, weight.shape[0], *geometry.out), x.dtype)
    results = y.reshape(plan.groups, plan.rows, plan.places)
    if plan.pointwise:
        np.matmul(filters, x.reshape(plan.groups, plan.columns, plan.places), results)
    else:
        ones = bias is not None and plan.ones
        space = laid_out((plan, x.dtype, ones), lambda: _Space(plan, geometry, x.dtype, ones))
        if bias is not None and ones:  # the bias is one more product: a pass over the results less
            filters, bias = np.concatenate((filters, bias.reshape(1, -1, 1)), axis=2), None
        np.matmul(filters, space.gathered(x), results)
    if bias is not None:
        results += bias.reshape(plan.groups, plan.rows, 1)
    return y


class _Space:
    """This thread's memory for the windows of an image, with a row of ``ones`` or without, and what leads to them.

    Where there are as many windows as elements along the last axis, the whole image is shifted for each place of the
    kernel; else it is copied with its padding.
    """

    def __init__(self, plan: Plan, geometry: Geometry, dtype: Any, ones: bool) -> None:
        axes, count = len(geometry.size), plan.groups * plan.columns
        shape = windows_shape(1, plan.channels, geometry)
        runs = axes > 1 and geometry.stride[-1] == 1 and geometry.out[-1] == geometry.size[-1]
        size = (*room(geometry), geometry.size[-1] + sum(geometry.padding[-1]))
        padded, rows, buffer = carve(
            dtype,
            (0,) if runs else (1, plan.channels, *size),
            rows_shape(1, plan.channels, geometry),
            (count + ones, plan.places),
        )
        self.matrices, self.ones = buffer.reshape(plan.groups, -1, plan.places), buffer[count:]
        windows = buffer[:count].reshape(shape)
        self.image = (1, plan.channels, *geometry.size)
        if runs:
            self.image = (*self.image[:-2], geometry.size[-2] * geometry.size[-1])
            self.moves, self.zeros = _shifted(rows, geometry)
        else:
            inside = (slice(a, a + n) for n, (a, _) in zip(geometry.size, geometry.padding, strict=True))
            self.moves, self.zeros = [(padded[(..., *inside)], ...)], _margins(padded, 2, geometry.padding)
        self.copies: list[tuple[Array, Array]] = []
        if axes > 1 and not runs:
            last = _along_the_last(geometry)
            in_rows = windows_shape(1, plan.channels, last)
            self.copies += [(rows.reshape(in_rows), everywhere(padded, in_rows, last))]
        source = along_the_rest(rows, shape, geometry) if axes > 1 else everywhere(padded, shape, geometry)
        self.copies += [(windows, source)]

    def gathered(self, x: Array) -> Array:
        """The windows of an image as a matrix for each group of channels."""
        x = x.reshape(self.image)
        for to, key in self.moves:
            to[...] = x[key]
        for margin in self.zeros:
            margin.fill(0)
        for to, source in self.copies:
            to[...] = source
        self.ones.fill(1)
        return self.matrices


def _along_the_last(geometry: Geometry) -> Geometry:
    """Windows of one row each, for all rows with padding."""
    one = (1,) * (len(geometry.kernel) - 1)
    return geometry._replace(
        kernel=(*one, geometry.kernel[-1]),
        out=(*room(geometry), geometry.out[-1]),
        stride=(*one, geometry.stride[-1]),
    )


def _margins(x: Array, first: int, padding: tuple[tuple[int, int], ...]) -> list[Array]:
    """What is padding, from that axis on."""
    found: list[Array] = []
    for axis, (before, behind) in enumerate(padding, first):
        every = (slice(None),) * axis
        found += [x[(*every, slice(before))]] if before else []
        found += [x[(*every, slice(-behind, None))]] if behind else []
    return found


def _shifted(rows: Array, geometry: Geometry) -> tuple[list[tuple[Array, Any]], list[Array]]:
    """Where an image with its last two axes in one goes in the rows, and what else in them is zero.

    Elements that a shift moves into the next row or the one before are overwritten by the zeros.
    """
    moves, zeros = [], _margins(rows, 3, geometry.padding[:-1])
    width, heights = geometry.size[-1], zip(geometry.size[:-1], geometry.padding[:-1], strict=True)
    inside = tuple(slice(a, a + n) for n, (a, _) in heights)
    for place in range(geometry.kernel[-1]):
        some, by = rows[:, :, place], place * geometry.dilation[-1] - geometry.padding[-1][0]
        to = some[(..., *inside, slice(None))]
        to = to.reshape(*to.shape[:-2], -1)
        if by < 0:
            moves += [(to[..., -by:], (..., slice(by)))]
            zeros += [some[..., :-by]]
        elif by > 0:
            moves += [(to[..., :-by], (..., slice(by, None)))]
            zeros += [some[..., max(width - by, 0) :]]
        else:
            moves += [(to, ...)]
    return moves, zeros
