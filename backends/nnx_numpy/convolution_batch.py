"""Convolution of a batch that lies side by side, see nnx_numpy.batch_last: one matrix for the windows of all images.

Its columns are windows, by place and then by image, so that a part is a range of columns, copied in runs as long as
a row of the image times the batch. OpenBLAS has kernels for small products that do not copy the operands once more,
which takes longer than the product where the filters are few; parts are made for them where that goes.
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .batch_last import BATCH, first, laid_last, last
from .compiled import FLOATS
from .convolution_plan import LANES, WORTH, limit
from .cores import alone, cores, scratch, share
from .windows import carve, shifts

if TYPE_CHECKING:
    from nnx.functional._windows import Geometry

__all__ = ["BatchPlan", "batch_plan", "convolve", "put_back", "weight_slopes"]

Array = Any

CACHE = 2**20  # bytes of windows in a part
PRODUCT = 10**6  # multiplications up to which OpenBLAS takes a product for a small one
SUM = 2**19  # bytes of products that are added while they are in the cache
SUMS = 2**22  # and of what they are added to
ROWS = (
    16  # of one product on the way back, below which there is one for all places of the kernel's first axis
)
FEW = 96  # numbers in a window, above which small products bring nothing


class Columns(NamedTuple):
    """A part of the windows: some rows of them, or some of one row."""

    key: tuple[slice, ...]
    """Along the first two axes of the windows."""
    span: slice
    """Of the columns."""


class BatchPlan:
    """Shapes of one convolution, and the parts that it is done in."""

    def __init__(self, images: int, shape: tuple[int, ...], itemsize: int, geometry: Geometry) -> None:
        self.geometry, self.images, self.shape = geometry, images, shape
        self.filters, self.channels, self.numbers = shape[0], shape[1], math.prod(shape[1:])
        self.line = math.prod(geometry.out[1:]) * images
        self.count = geometry.out[0] * self.line
        self.plain = not any(n for pair in geometry.padding for n in pair)
        self.pointwise = self.plain and set(geometry.kernel) == {1} == set(geometry.stride)
        self.room = tuple(n + a + b for n, (a, b) in zip(geometry.size, geometry.padding, strict=True))
        work = self.numbers * self.count * (0.15 + self.filters / 100)
        self.shared = work > WORTH
        self.parts = self._parts(itemsize)
        self.lanes = self._lanes(itemsize)
        most = SUMS // (self._sums(1) * itemsize)
        size = _even(self.channels, most, self.shared)
        self.some_channels = [slice(i, min(i + size, self.channels)) for i in range(0, self.channels, size)]
        widest = max(part.span.stop - part.span.start for part in self.parts)
        self.most = itemsize * max((self.numbers + 1) * widest, self._sums(self.some_channels[0].stop))

    def _sums(self, channels: int) -> int:
        """How many numbers the sums along the first axis are, on the way back to so many channels."""
        return channels * math.prod(self.shape[3:]) * self.room[0] * self.line

    def _parts(self, itemsize: int) -> list[Columns]:
        """Each of so many columns as stay in the cache, and for short windows as make a small product."""
        out, numbers = self.geometry.out, self.numbers + 1
        most = CACHE // (numbers * itemsize)
        small = PRODUCT // (numbers * self.filters)
        if small >= (self.line if numbers > FEW else self.line // out[1]):
            most = min(most, small)
        if most >= self.line:
            length = _even(out[0], most // self.line, self.shared)
            return [_rows(i, min(i + length, out[0]), self.line) for i in range(0, out[0], length)]
        one = self.line // out[1]
        length = _even(out[1], most // one, False)
        return [
            Columns(
                (slice(i, i + 1), slice(j, end)), slice(i * self.line + j * one, i * self.line + end * one)
            )
            for i in range(out[0])
            for j in range(0, out[1], length)
            for end in (min(j + length, out[1]),)
        ]

    def _lanes(self, itemsize: int) -> list[list[Columns]]:
        """The parts one after another that go into one sum: of those there is memory for a few."""
        most = max(min(LANES // (self.filters * self.numbers * itemsize), 16), 1)
        count = -(-len(self.parts) // most)
        return [self.parts[i : i + count] for i in range(0, len(self.parts), count)]

    def run(self, work: Any, what: Any) -> None:
        """On several cores if there is enough to do, and memory for the windows of each."""
        (share if self.shared and cores() * self.most <= limit()() else alone)(work, what)


def _even(n: int, most: int, shared: bool) -> int:
    """How long are parts of ``n``, none longer than ``most``, and about equal: what is left over costs as much."""
    count = -(-n // max(most, 1))
    if shared and n > 1:
        count = 1 << max(count - 1, 1).bit_length()
    return -(-n // count)


def _rows(start: int, stop: int, line: int) -> Columns:
    return Columns((slice(start, stop),), slice(start * line, stop * line))


_planned = lru_cache(512)(BatchPlan)


def batch_plan(x: Array, shape: tuple[int, ...], geometry: Geometry) -> BatchPlan | None:
    """A plan, where a batch of images is to be convolved like that with weights of this shape."""
    if (
        len(x) < BATCH
        or x.ndim < 4
        or geometry.groups > 1
        or x.dtype not in FLOATS
        or not (x.size and 0 not in shape)
    ):
        return None
    if not math.prod(geometry.out):
        return None
    plan = _planned(len(x), shape, x.itemsize, geometry)
    return plan if plan.most <= limit()() else None


# windows ---------------------------------------------------------------------------------------------------------


def _windows(x: Array, plan: BatchPlan) -> Array:
    """All windows ``(C, *kernel, *out, n)`` of ``x (n, C, *size)``, as a view of it or of a copy with padding."""
    geometry = plan.geometry
    if plan.plain:
        x = laid_last(x)
    else:
        padded = np.empty((plan.channels, *plan.room, plan.images), x.dtype)
        before: tuple[slice, ...] = (slice(None),)
        for n, (a, b) in zip(geometry.size, geometry.padding, strict=True):
            padded[(*before, slice(a))] = 0
            padded[(*before, slice(a + n, a + n + b))] = 0
            before += (slice(a, a + n),)
        padded[before] = last(x)
        x = padded
    steps = x.strides[1:-1]
    within = (s * d for s, d in zip(steps, geometry.dilation, strict=True))
    between = (s * d for s, d in zip(steps, geometry.stride, strict=True))
    shape = (plan.channels, *geometry.kernel, *geometry.out, plan.images)
    return np.ndarray(shape, x.dtype, x, 0, (x.strides[0], *within, *between, x.strides[-1]))


def _columns(
    windows: Array, plan: BatchPlan, part: Columns, ones: bool, more: int = 0
) -> tuple[Array, Array]:
    """The windows of a part as a matrix in this thread's memory, with a row of ones if asked, and more memory."""
    key = (slice(None),) * (1 + len(plan.geometry.kernel)) + part.key
    if plan.pointwise and not ones:
        flat = windows.reshape(plan.channels, -1)[:, part.span]
        return flat, scratch((more,), windows.dtype)
    source, count = windows[key], part.span.stop - part.span.start
    columns, rest = carve(windows.dtype, (plan.numbers + ones, count), (more,))
    np.copyto((columns[:-1] if ones else columns).reshape(source.shape), source)
    if ones:
        columns[-1] = 1
    return columns, rest


# the three maps --------------------------------------------------------------------------------------------------


def convolve(x: Array, weight: Array, bias: Array | None, plan: BatchPlan) -> Array:
    """C."""
    windows = _windows(x, plan)
    y = np.empty((plan.filters, *plan.geometry.out, plan.images), x.dtype)
    flat, filters = y.reshape(plan.filters, -1), weight.reshape(plan.filters, -1)
    ones = bias is not None and not plan.pointwise
    if bias is not None and ones:  # the bias is one more product: a pass over the results less
        filters = np.concatenate((filters, bias[:, None]), axis=1)

    def work(part: Columns) -> None:
        target = flat[:, part.span]
        np.matmul(filters, _columns(windows, plan, part, ones)[0], target)
        if bias is not None and not ones:
            target += bias[:, None]

    plan.run(work, plan.parts)
    return first(y)


def weight_slopes(x: Array, y: Array, plan: BatchPlan, ones: bool) -> tuple[Array, Array | None]:
    """W, and the sum of ``y`` over all but channels, if asked."""
    windows, y = _windows(x, plan), laid_last(y).reshape(plan.filters, -1)
    rows = plan.numbers + ones
    sums = np.empty((len(plan.lanes), rows, plan.filters), x.dtype)

    def work(lane: int) -> None:
        total = sums[lane]
        for i, part in enumerate(plan.lanes[lane]):
            columns, rest = _columns(windows, plan, part, ones, total.size if i else 0)
            target = rest.reshape(total.shape) if i else total
            np.matmul(columns, y[:, part.span].T, target)
            if i:
                total += target

    plan.run(work, range(len(plan.lanes)))
    total = sums[0] if len(sums) == 1 else np.add.reduce(sums, axis=0)
    slopes = np.ascontiguousarray(total[: plan.numbers].T).reshape(plan.shape)
    return slopes, total[-1].copy() if ones else None


def put_back(y: Array, weight: Array, bias: Array | None, plan: BatchPlan) -> Array:
    """T: first what each place of the kernel's first axis gives is added up, in long runs, then along the others."""
    y, geometry = laid_last(y).reshape(plan.filters, -1), plan.geometry
    x = np.empty((plan.channels, *geometry.size, plan.images), y.dtype)
    # (kernel's first axis, C, its others, O): one matrix for each place along the first
    filters = np.ascontiguousarray(np.moveaxis(weight, 0, -1).swapaxes(0, 1))

    def work(some: slice) -> None:
        target = x[some]
        _add_rows(_sums(y, filters[:, some], plan), target, plan)
        if bias is not None:
            target += bias[some].reshape(-1, *(1,) * (x.ndim - 1))

    plan.run(work, plan.some_channels)
    return first(x)


def _sums(y: Array, filters: Array, plan: BatchPlan) -> Array:
    """Windows' rows ``(C, *kernel's other axes, first axis with padding, *others of out, n)``."""
    (high, channels, *others, _), geometry = filters.shape, plan.geometry
    rows, line, out = channels * math.prod(others), plan.line, geometry.out[0]
    some = 1 if rows >= ROWS else high  # places at once
    step = max(PRODUCT // (some * rows * plan.filters * line), SUM // (some * rows * line * y.itemsize))
    step = max(min(step, out), 1)
    sums, room = carve(y.dtype, (rows, plan.room[0], line), (some * rows * step * line,))
    stride, dilation = geometry.stride[0], geometry.dilation[0]
    direct = some == stride == 1
    sums[:, out if direct else 0 :] = 0
    for i, j in product(range(0, high, some), range(0, out, step)):
        end = min(j + step, out)
        factors, of = filters[i : i + some].reshape(-1, plan.filters), y[:, j * line : end * line]
        if direct and i == 0:
            np.matmul(factors, of, sums[:, j:end].reshape(rows, -1))
            continue
        parts = np.matmul(factors, of, room[: len(factors) * (end - j) * line].reshape(len(factors), -1))
        for k, part in enumerate(parts.reshape(some, rows, end - j, line), i):
            start = k * dilation + j * stride
            sums[:, start : start + (end - j - 1) * stride + 1 : stride] += part
    return sums.reshape(channels, *others, plan.room[0], *geometry.out[1:], plan.images)


def _add_rows(sums: Array, x: Array, plan: BatchPlan) -> None:
    """``x (C, *size, n)`` becomes the sum of the rows that are not padding, along the other axes."""
    geometry = plan.geometry
    (before, _), size = geometry.padding[0], geometry.size[0]
    inside = slice(before, before + size)
    others = [shifts(geometry, axis) for axis in range(1, len(geometry.size))]
    x[...] = 0
    for place in product(*map(enumerate, others)):
        at = tuple(j for j, _ in place)
        windows, elements = (tuple(shift[k] for _, shift in place) for k in range(2))
        x[(slice(None), slice(None), *elements)] += sums[(slice(None), *at, inside, *windows)]
