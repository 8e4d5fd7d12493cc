"""Normalisation of some groups of an array ``(outer, groups, inner)``, from their moments to the result, and back.

Sums are BLAS's, as those of `nnx_numpy.normalizing_rows.dots`, and everything else follows in NumPy's order. There are
two kinds of weights: those with one number for each group, and those with one for each place within it. They and the
biases are empty where there are none.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .numba_calls import address, long_dot
from .numba_compiled import compiled

__all__ = ["standardized", "standardized_back", "standardized_by_place", "standardized_by_place_back"]

Array = Any


@compiled
def _squares(x: Array, count: int, most: int) -> Any:
    """The product of a vector with itself."""
    return long_dot(x, count, address(x), address(x), most * x.itemsize, most)


@compiled
def _gathered(x: Array, k: int, out: Array) -> int:
    """Where the runs of a group lie one after another: in ``out``, if it is not only one."""
    outer, _, inner = x.shape
    if outer == 1:
        return address(x) + k * inner * x.itemsize
    for o in range(outer):
        for i in range(inner):
            out[o * inner + i] = x[o, k, i]
    return address(out)


@compiled
def _centred(x: Array, k: int, mean: Any, out: Array) -> None:
    """The runs less a number."""
    outer, _, inner = x.shape
    for o in range(outer):
        for i in range(inner):
            out[o * inner + i] = x[o, k, i] - mean


@compiled
def _moments(
    x: Array, k: int, eps: Any, ones: Array, room: Array, inverse: Array, mean: Array, var: Array
) -> Any:
    """Those of a group, which is left in ``room``, less its mean; what is returned is ``inverse``'s."""
    count, one = x.dtype.type(room.size), x.dtype.type(1)
    m = long_dot(x, room.size, _gathered(x, k, room), address(ones), 0, ones.size) / count
    _centred(x, k, m, room)
    v = _squares(room, room.size, ones.size) / count
    factor = one / np.sqrt(v + eps)
    mean[k], var[k], inverse[k] = m, v, factor
    return factor


@compiled
def standardized(
    x: Array, first: int, stop: int, weight: Array, bias: Array, eps: Any, ones: Array, rooms: Array, y: Array,
    inverse: Array, mean: Array, var: Array,
) -> None:  # fmt: skip
    """Some groups, with weights and biases that are a number for each."""
    outer, _, inner = x.shape
    room = rooms[0]
    for k in range(first, stop):
        factor = _moments(x, k, eps, ones, room, inverse, mean, var)
        if weight.size:
            factor = factor * weight[k]
        for o in range(outer):
            start = o * inner
            if bias.size:
                b = bias[k]
                for i in range(inner):
                    y[o, k, i] = room[start + i] * factor + b
            else:
                for i in range(inner):
                    y[o, k, i] = room[start + i] * factor


@compiled
def standardized_by_place(
    x: Array, first: int, stop: int, weight: Array, bias: Array, eps: Any, ones: Array, rooms: Array, y: Array,
    inverse: Array, mean: Array, var: Array,
) -> None:  # fmt: skip
    """Some rows, with a number for each place; as many at a time as there is room for, as one waits for its sums."""
    size, most, line = x.shape[1], ones.size, x.shape[1] * x.itemsize
    count, one, at, to = x.dtype.type(size), x.dtype.type(1), address(x), address(rooms)
    for start in range(first, stop, len(rooms)):
        some = min(len(rooms), stop - start)
        for r in range(some):
            total = long_dot(x, size, at + (start + r) * line, address(ones), 0, most)
            mean[start + r] = total / count
        for r in range(some):
            m = mean[start + r]
            for i in range(size):
                rooms[r, i] = x[start + r, i] - m
        for r in range(some):
            var[start + r] = long_dot(x, size, to + r * line, to + r * line, most * x.itemsize, most) / count
        for k in range(start, start + some):
            inverse[k] = one / np.sqrt(var[k] + eps)
        for r in range(some):
            _placed(rooms, r, inverse[start + r], weight, bias, y, start + r)


@compiled
def _placed(rooms: Array, r: int, factor: Any, weight: Array, bias: Array, y: Array, k: int) -> None:
    """A row scaled and shifted."""
    if weight.size and bias.size:
        for i in range(rooms.shape[1]):
            y[k, i] = rooms[r, i] * factor * weight[i] + bias[i]
    elif weight.size:
        for i in range(rooms.shape[1]):
            y[k, i] = rooms[r, i] * factor * weight[i]
    else:
        for i in range(rooms.shape[1]):
            y[k, i] = rooms[r, i] * factor + bias[i]


@compiled
def standardized_back(
    x: Array, g: Array, first: int, stop: int, mean: Array, inverse: Array, weight: Array, ones: Array,
    rooms: Array, to: Array, by_weight: Array, by_bias: Array,
) -> None:  # fmt: skip
    """The cotangents of some groups; those of ``x`` unless there is no place for them."""
    outer, _, inner = x.shape
    size, most = outer * inner, ones.size
    count, centred = x.dtype.type(size), rooms[0]
    for k in range(first, stop):
        _centred(x, k, mean[k], centred)
        along = _gathered(g, k, rooms[1])
        product = long_dot(x, size, along, address(centred), most * x.itemsize, most)
        total = long_dot(x, size, along, address(ones), 0, most)
        factor = inverse[k]
        by_weight[k], by_bias[k] = product * factor, total
        if not to.size:
            continue
        slope, mean_g = by_weight[k] * factor / -count, total / count
        if weight.size:
            factor = factor * weight[k]
        for o in range(outer):
            start = o * inner
            for i in range(inner):
                to[o, k, i] = (centred[start + i] * slope + g[o, k, i] - mean_g) * factor


@compiled
def standardized_by_place_back(
    x: Array, g: Array, first: int, stop: int, mean: Array, inverse: Array, weight: Array, ones: Array,
    rooms: Array, to: Array, by_weight: Array, by_bias: Array,
) -> None:  # fmt: skip
    """The same for rows with a number for each place, whose cotangents are sums over the rows."""
    size, most, line = x.shape[1], ones.size, x.shape[1] * x.itemsize
    count, half = x.dtype.type(size), len(rooms) // 2
    ys, along = rooms[:half], rooms[half:]
    by_weight[:], by_bias[:] = x.dtype.type(0), g[first]
    for start in range(first, stop, half):
        some = min(half, stop - start)
        for r in range(some):
            k, m, factor = start + r, mean[start + r], inverse[start + r]
            for i in range(size):
                ys[r, i] = (x[k, i] - m) * factor
            for i in range(size):
                by_weight[i] += g[k, i] * ys[r, i]
            if k > first:
                for i in range(size):
                    by_bias[i] += g[k, i]
        if not to.size:
            continue
        for r in range(some):
            for i in range(size):
                along[r, i] = g[start + r, i] * weight[i] if weight.size else g[start + r, i]
        for r in range(some):
            at, factor = address(along) + r * line, inverse[start + r]
            slope = long_dot(x, size, at, address(ys) + r * line, most * x.itemsize, most) / -count
            mean_g = long_dot(x, size, at, address(ones), 0, most) / count
            for i in range(size):
                to[start + r, i] = (ys[r, i] * slope + along[r, i] - mean_g) * factor
