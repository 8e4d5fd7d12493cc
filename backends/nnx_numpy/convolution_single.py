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
    """This thread's memory for an image with its padding and for its windows, with a row of ``ones`` or without."""

    def __init__(self, plan: Plan, geometry: Geometry, dtype: Any, ones: bool) -> None:
        size = (*room(geometry), geometry.size[-1] + sum(geometry.padding[-1]))
        shape = windows_shape(1, plan.channels, geometry)
        count = plan.groups * plan.columns
        self.padded, rows, buffer = carve(
            dtype,
            (1, plan.channels, *size),
            rows_shape(1, plan.channels, geometry),
            (count + ones, plan.places),
        )
        inside = (slice(a, a + n) for n, (a, _) in zip(geometry.size, geometry.padding, strict=True))
        self.inside = self.padded[(..., *inside)]
        self.ones = buffer[count:]
        self.matrices = buffer.reshape(plan.groups, -1, plan.places)
        windows = buffer[:count].reshape(shape)
        if len(size) == 1:
            self.copies = ((windows, everywhere(self.padded, shape, geometry)),)
        else:
            last = _along_the_last(geometry)
            rows_of = windows_shape(1, plan.channels, last)
            self.copies = (
                (rows.reshape(rows_of), everywhere(self.padded, rows_of, last)),
                (windows, along_the_rest(rows, shape, geometry)),
            )

    def gathered(self, x: Array) -> Array:
        """The windows of an image as a matrix for each group of channels."""
        self.padded.fill(0)
        self.inside[...] = x
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
