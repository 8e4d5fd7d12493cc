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
    """Those of a part of ``x (C, *size, n)`` as columns; zeros where they have padding."""
    channels, high, wide, n = x.shape
    top, bottom, left, right = part[0], part[1], part[2], part[3]
    _, across, stride, step = layout[0], layout[1], layout[2], layout[3]
    flat, zero, length = x.reshape(-1), x.dtype.type(0), (right - left) * n
    for row in range(channels * layout[0] * across):
        channel, i, j = row // (layout[0] * across), row // across % layout[0], row % across
        above, before = i * layout[4] - layout[6], j * layout[5] - layout[7]
        first, last = inside(left, right, before, step, wide)
        first_row, last_row = inside(top, bottom, above, stride, high)
        line = columns[row]
        for p in range((first_row - top) * length):
            line[p] = zero
        for p in range((last_row - top) * length, (bottom - top) * length):
            line[p] = zero
        for k in range(first_row, last_row):
            to = line[(k - top) * length : (k - top + 1) * length]
            start = ((channel * high + k * stride + above) * wide + before) * n
            for p in range((first - left) * n):
                to[p] = zero
            for p in range((last - left) * n, length):
                to[p] = zero
            if step == 1:
                run = to[(first - left) * n : (last - left) * n]
                of = flat[start + first * n : start + last * n]
                for p in range(run.size):
                    run[p] = of[p]
            else:
                for m in range(first, last):
                    run = to[(m - left) * n : (m - left + 1) * n]
                    of = flat[start + m * step * n : start + (m * step + 1) * n]
                    for p in range(run.size):
                        run[p] = of[p]


@compiled
def columns_of(x: Array, part: Array, layout: Array, ones: bool, memory: Array) -> Array:
    """The windows of a part as a matrix, with a row of ones if asked."""
    numbers, count = x.shape[0] * layout[0] * layout[1], part[5] - part[4]
    columns = memory[: (numbers + ones) * count].reshape(numbers + ones, count)
    windows(x, columns, part, layout)
    if ones:
        last, one = columns[numbers], x.dtype.type(1)
        for p in range(count):
            last[p] = one
    return columns


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
    y: Array, filters: Array, start: int, stop: int, step: int, layout: Array, memory: Array, x: Array
) -> None:
    """`nnx_numpy.convolution_batch.put_back` to these channels, for so many rows of windows at a time."""
    _, high, wide, n = x.shape
    down, across, out, line = layout[0], layout[1], layout[8], layout[9] * n
    places, zero = down * across, x.dtype.type(0)
    flat = x[start:stop].reshape(-1)
    for p in range(flat.size):
        flat[p] = zero
    for top in range(0, out, step):
        bottom = min(top + step, out)
        shape = ((stop - start) * places, (bottom - top) * line)
        results = memory[: shape[0] * shape[1]].reshape(shape)
        product(filters[:, start * places : stop * places].T, y[:, top * line : bottom * line], results)
        for row in range(shape[0]):
            channel, i, j = row // places, row // across % down, row % across
            above, before = i * layout[4] - layout[6], j * layout[5] - layout[7]
            first, last = inside(0, layout[9], before, layout[3], wide)
            first_row, last_row = inside(top, bottom, above, layout[2], high)
            for k in range(first_row, last_row):
                of = results[row, (k - top) * line : (k - top + 1) * line]
                to = flat[(channel * high + k * layout[2] + above) * wide * n :]
                add(of, to, first, last, before, layout[3], n)


@compiled
def add(of: Array, to: Array, first: int, last: int, before: int, step: int, n: int) -> None:
    """To the elements of a row what the windows from ``first`` to ``last`` have of them."""
    if step == 1:
        run, source = to[(first + before) * n : (last + before) * n], of[first * n : last * n]
        for p in range(run.size):
            run[p] += source[p]
        return
    for m in range(first, last):
        run, source = to[(m * step + before) * n : (m * step + before + 1) * n], of[m * n : (m + 1) * n]
        for p in range(run.size):
            run[p] += source[p]
