"""Shorter ways for ``nnx.compile``: functions for arrays of shapes that have been looked at once.

Each maker is given what a function was called with, likes in the place of arrays, and gives one that does the same to
such arrays, to the bit, or None where there is nothing to be saved. For small arrays the questions that are not asked
again are an eighth of a step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import convolution, dense, normalizing, normalizing_back
from .compiled import loops
from .constants import ones, unit, zero, zeros
from .cores import LEAST, product

Array = Any
Like = Any
Prepared = Callable[..., Any] | None

_FLOATS = frozenset((np.dtype(np.float32), np.dtype(np.float64)))


def _dot(x: Array, y: Array) -> Array:
    return x.dot(y)


def linear(x: Like, weight: Like, bias: Like = None) -> Prepared:
    """`nnx_numpy.dense.linear` of a batch of rows."""
    if bias is None or not x.ndim == weight.ndim == 2 or not (x.dtype == weight.dtype == bias.dtype):
        return None
    (rows, length), (columns, wanted) = x.shape, weight.shape
    if x.dtype not in _FLOATS or length != wanted or bias.shape != (columns,):
        return None
    times = _dot if rows * length * columns < LEAST else product

    def narrow(x: Array, weight: Array, bias: Array) -> Array:
        out = times(x, weight.T)
        out += bias
        return out

    def wide(x: Array, weight: Array, bias: Array) -> Array:
        return add(times(weight, x.T).T, bias, empty((rows, columns), dtype))

    def one(x: Array, weight: Array, bias: Array) -> Array:
        out = times(x, weight.T)
        row = out[0]
        row += bias
        return out

    add, empty, dtype = np.add, np.empty, x.dtype
    if rows == 1:
        return one
    return narrow if columns < 2 * rows or rows * columns > dense.WIDE else wide


def linear_back(
    _xp: Any, g: Like, _out: Any, x: Like, weight: Like, _bias: Any, *, needed: tuple[bool, ...]
) -> Prepared:
    """`nnx_numpy.dense.linear_back` of a batch of rows."""
    if not g.ndim == x.ndim == 2 or g.dtype not in _FLOATS or len(needed) != 3 or g.shape[0] > dense.MANY:
        return None
    to_x, to_weight, to_bias = needed
    times = _dot if g.shape[0] * g.shape[1] * x.shape[1] < LEAST else product
    column = ones(g.shape[0], g.dtype)

    def prepared(_xp: Any, g: Array, _out: Any, x: Array, weight: Array, _bias: Any, *, needed: Any) -> Any:
        return (
            times(g, weight) if to_x else None,
            times(g.T, x) if to_weight else None,
            column.dot(g) if to_bias else None,
        )

    return prepared


def relu(x: Like) -> Prepared:
    """`nnx_numpy.dense.relu` of few elements."""
    if not x.ndim or x.size >= dense.ROW:
        return None
    few = x.size < dense.WORTHWHILE or x.shape[-1] < dense.SHORT
    none, maximum = zero(x.dtype) if few else zeros(x.shape[-1], x.dtype), np.maximum
    return lambda x: maximum(x, none)


def relu_back(_xp: Any, g: Like, out: Like, _x: Any) -> Prepared:
    """`nnx_numpy.dense.where_positive` of few elements, which Numba would not do sooner, or of more."""
    if g.dtype not in dense.MASKS or out.shape != g.shape or not g.ndim:
        return None
    if g.size >= dense.WORTHWHILE:
        return _relu_back(g) if g.dtype == out.dtype and g.dtype in _FLOATS else None
    kind, dtype, none = dense.MASKS[g.dtype], g.dtype, zero(out.dtype)
    one, less_equal, subtract, bitwise_and = unit(kind), np.less_equal, np.subtract, np.bitwise_and

    def prepared(_xp: Any, g: Array, out: Array, _x: Any) -> Array:
        bits = subtract(less_equal(out, none), one)
        return bitwise_and(g.view(kind), bits, bits).view(dtype)

    return prepared


def _relu_back(like: Like) -> Callable[..., Any]:
    """The compiled loop as soon as it is there."""
    size, shape, dtype, empty = like.size, like.shape, like.dtype, np.empty

    def prepared(_xp: Any, g: Array, out: Array, _x: Any) -> Array:
        fast = loops(size) if out.flags.c_contiguous and g.flags.c_contiguous else None
        if fast is None:
            return dense.where_positive(out, g)
        slope = empty(shape, dtype)
        fast.positive(out.reshape(-1), g.reshape(-1), slope.reshape(-1))
        return slope

    return prepared


PREPARED: dict[Callable[..., Any], Callable[..., Prepared]] = {
    dense.linear: linear,
    dense.linear_back: linear_back,
    dense.relu: relu,
    dense.relu_back: relu_back,
}
IN_PLACE: dict[Callable[..., Any], tuple[int, Callable[..., Any]]] = {
    dense.relu: (0, dense.relu_in_place),
    dense.relu_back: (1, dense.relu_back_in_place),
}
FRESH: frozenset[Callable[..., Any]] = frozenset((
    dense.linear, dense.linear_back, convolution.convolution, convolution.convolution_back,
    normalizing.standardize, normalizing_back.standardize_back,
))  # fmt: skip
