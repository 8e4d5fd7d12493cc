"""Loops for convolutions of a batch that lies side by side, in two dimensions: products included, a part in one call.

A ``layout`` is kernel, stride, dilation, padding before and size of the output, each along both axes. A part is where
its windows begin and end along both axes, and as columns.
"""

from __future__ import annotations

from typing import Any

from .numba_calls import product
from .numba_compiled import compiled

__all__ = ["convolve_parts", "put_back_channels", "weight_parts"]

Array = Any


@compiled
def inside(start: int, stop: int, distance: int, stride: int, size: int) -> tuple[int, int]:
    """Which of the windows from ``start`` to ``stop`` have an element at this distance that is not padding."""
    first = min(max(-(distance // stride), start), stop)
    return first, max(min((size - 1 - distance) // stride + 1, stop), first)


@compiled
def windows(x: Array, columns: Array, part: Array, layout: Array) -> None:
    """Those of a part of ``x (C, *size, n)`` one after another, as rows of a matrix; zeros where they have padding."""
    channels, high, wide, n = x.shape
    top, bottom, left, right = part[0], part[1], part[2], part[3]
    down, across, stride, step = layout[0], layout[1], layout[2], layout[3]
    apart, aside, over, before = layout[4], layout[5], layout[6], layout[7]
    flat, zero, length = x.reshape(-1), x.dtype.type(0), (right - left) * n
    at = 0
    for channel in range(channels):
        for i in range(down):
            first_row, last_row = inside(top, bottom, i * apart - over, stride, high)
            for j in range(across):
                shift = j * aside - before
                first, last = inside(left, right, shift, step, wide)
                for p in range(at, at + (first_row - top) * length):
                    columns[p] = zero
                for k in range(first_row, last_row):
                    to = at + (k - top) * length
                    start = ((channel * high + k * stride + i * apart - over) * wide + shift) * n
                    for p in range(to, to + (first - left) * n):
                        columns[p] = zero
                    for p in range(to + (last - left) * n, to + length):
                        columns[p] = zero
                    if step == 1:
                        copy(flat, columns, start + first * n, to + (first - left) * n, (last - first) * n)
                    else:
                        for m in range(first, last):
                            copy(flat, columns, start + m * step * n, to + (m - left) * n, n)
                for p in range(at + (last_row - top) * length, at + (bottom - top) * length):
                    columns[p] = zero
                at += (bottom - top) * length


@compiled
def copy(of: Array, to: Array, start: int, at: int, count: int) -> None:
    """So many numbers."""
    source, target = of[start : start + count], to[at : at + count]
    for p in range(count):
        target[p] = source[p]


@compiled
def add(of: Array, to: Array, start: int, at: int, count: int) -> None:
    """So many numbers to others."""
    source, target = of[start : start + count], to[at : at + count]
    for p in range(count):
        target[p] += source[p]


@compiled
def columns_of(x: Array, part: Array, layout: Array, ones: bool, memory: Array) -> Array:
    """The windows of a part as a matrix, with a row of ones if asked."""
    count, one = part[5] - part[4], x.dtype.type(1)
    size = x.shape[0] * layout[0] * layout[1] * count
    windows(x, memory, part, layout)
    if not ones:
        return memory[:size].reshape(-1, count)
    for p in range(size, size + count):
        memory[p] = one
    return memory[: size + count].reshape(-1, count)


@compiled
def convolve_parts(
    x: Array, filters: Array, ones: bool, parts: Array, layout: Array, memory: Array, out: Array
) -> None:
    """`nnx_numpy.convolution_batch.convolve` for these parts."""
    for i in range(len(parts)):
        part = parts[i]
        columns = columns_of(x, part, layout, ones, memory)
        product(filters, columns, out[:, part[4] : part[5]])


@compiled
def weight_parts(
    x: Array, y: Array, ones: bool, parts: Array, layout: Array, memory: Array, total: Array
) -> None:
    """`nnx_numpy.convolution_batch.weight_slopes` for these parts, whose sum is ``total``."""
    flat = total.reshape(-1)
    for i in range(len(parts)):
        part = parts[i]
        columns = columns_of(x, part, layout, ones, memory)
        results = y[:, part[4] : part[5]].T
        if i == 0:
            product(columns, results, total)
            continue
        more = memory[columns.size : columns.size + flat.size]
        product(columns, results, more.reshape(total.shape))
        for p in range(flat.size):
            flat[p] += more[p]


@compiled
def put_back_channels(
    y: Array, filters: Array, start: int, stop: int, rows: int, layout: Array, memory: Array, x: Array
) -> None:
    """`nnx_numpy.convolution_batch.put_back` to these channels, for so many rows of windows at a time."""
    _, high, wide, n = x.shape
    down, across, stride, step = layout[0], layout[1], layout[2], layout[3]
    apart, aside, over, before, out = layout[4], layout[5], layout[6], layout[7], layout[8]
    places, line, flat, zero = down * across, layout[9] * n, x.reshape(-1), x.dtype.type(0)
    for p in range(start * high * wide * n, stop * high * wide * n):
        flat[p] = zero
    for top in range(0, out, rows):
        bottom = min(top + rows, out)
        size = (stop - start) * places * (bottom - top) * line
        results = memory[:size].reshape(-1, (bottom - top) * line)
        product(filters[:, start * places : stop * places].T, y[:, top * line : bottom * line], results)
        at = 0
        for channel in range(start, stop):
            for i in range(down):
                first_row, last_row = inside(top, bottom, i * apart - over, stride, high)
                for j in range(across):
                    shift = j * aside - before
                    first, last = inside(0, layout[9], shift, step, wide)
                    for k in range(first_row, last_row):
                        of = at + (k - top) * line
                        to = ((channel * high + k * stride + i * apart - over) * wide + shift) * n
                        if step == 1:
                            add(memory, flat, of + first * n, to + first * n, (last - first) * n)
                        else:
                            for m in range(first, last):
                                add(memory, flat, of + m * n, to + m * step * n, n)
                    at += (bottom - top) * line
