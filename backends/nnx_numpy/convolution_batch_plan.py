"""Shapes of the convolution of a batch that lies side by side, and the parts that it is done in.

OpenBLAS has kernels for small products that do not copy the operands once more, which takes longer than the product
where the filters are few; parts are made for them where that goes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .batch_last import BATCH
from .compiled import FLOATS
from .convolution_plan import PIECE, WORTH, limit
from .cores import alone, cores, share
from .windows import shifts

if TYPE_CHECKING:
    from nnx.functional._windows import Geometry

__all__ = ["BatchPlan", "Columns", "batch_plan"]

Array = Any

CACHE = 2**20  # bytes of windows in a part
PRODUCT = 10**6  # multiplications up to which OpenBLAS takes a product for a small one
PRODUCTS = 2**21  # bytes of products on the way back, before they are added up
SUMS = 2**22  # and of those of one row of windows, which cannot be fewer
LANES = 2**21  # bytes of the sums that the parts of a weight's gradient come to
FEW = 96  # numbers in a window, above which small products bring nothing
ROWS = 144  # of a product on the way back: with fewer it is slower


class Columns(NamedTuple):
    """A part of the windows: some rows of them, or some of one row."""

    key: tuple[slice, ...]
    """Along the first two axes of the windows."""
    span: slice
    """Of the columns."""


class Rows(NamedTuple):
    """Some rows of windows on the way back."""

    span: slice
    """Of the columns."""
    shape: tuple[int, ...]
    """Of these windows."""
    sums: list[tuple[tuple[slice | int, ...], tuple[slice | int, ...]]]
    """For each place of the kernel, elements, and what windows have of them."""


class BatchPlan:
    """Shapes of one convolution, and the parts that it is done in."""

    def __init__(self, images: int, shape: tuple[int, ...], itemsize: int, geometry: Geometry) -> None:
        self.geometry, self.images, self.shape = geometry, images, shape
        self.filters, self.channels, self.numbers = shape[0], shape[1], math.prod(shape[1:])
        self.places = math.prod(geometry.kernel)
        self.line = math.prod(geometry.out[1:]) * images
        self.count = geometry.out[0] * self.line
        self.plain = not any(n for pair in geometry.padding for n in pair)
        self.pointwise = self.plain and self.places == 1 == math.prod(geometry.stride)
        self.room = tuple(n + a + b for n, (a, b) in zip(geometry.size, geometry.padding, strict=True))
        self.in_loops = len(geometry.size) == 2 and self.filters > 1 and self.places > 1
        self.work = self.numbers * self.count * (0.15 + self.filters / 100)
        self.shared = self.work > WORTH
        self.parts = self._parts(itemsize)
        self.lanes = self._lanes(itemsize)
        self.groups = self._groups(itemsize)
        most = self.groups[0].stop * self.places * self.line
        self.step = _even(geometry.out[0], PRODUCTS // (most * itemsize), False)
        self.widest = max(part.span.stop - part.span.start for part in self.parts)
        self.sums = most * self.step
        self.most = itemsize * max((self.numbers + 1) * self.widest, self.sums)

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

    def _lanes(self, itemsize: int) -> list[slice]:
        """The parts one after another that go into one sum: of those there is memory for a few."""
        most = max(min(LANES // (self.filters * self.numbers * itemsize), 8 if self.shared else 1), 1)
        return _slices(len(self.parts), -(-len(self.parts) // most))

    def _groups(self, itemsize: int) -> list[slice]:
        """Of channels on the way back, each of which is a task."""
        most = SUMS // (self.places * self.line * itemsize)
        if self.shared:
            most = min(most, ROWS // self.places)
        return _slices(self.channels, _even(self.channels, most, self.shared))

    @cached_property
    def chunks(self) -> list[slice]:
        """Parts that are done in one call of compiled loops."""
        pieces = self.work / PIECE if self.shared else 1
        count = max(int(min(pieces, 8)), int(pieces / 4))
        return _slices(len(self.parts), -(-len(self.parts) // count))

    @cached_property
    def numbered(self) -> Array:
        """The parts, for loops in two dimensions."""
        (_, wide), found = self.geometry.out, []
        for (rows, *rest), span in self.parts:
            (columns,) = rest or (slice(0, wide),)
            found.append((rows.start, rows.stop, columns.start, columns.stop, span.start, span.stop))
        return np.array(found, np.int64)

    @cached_property
    def layout(self) -> Array:
        """Of windows, for loops in two dimensions."""
        it = self.geometry
        before = [a for a, _ in it.padding]
        return np.array((*it.kernel, *it.stride, *it.dilation, *before, *it.out), np.int64)

    @cached_property
    def back(self) -> list[Rows]:
        """What is added up in one go on the way back."""
        out, found = self.geometry.out, []
        first, *others = (shifts(self.geometry, axis) for axis in range(len(out)))
        distances = [shift.distance for shift in first]
        stride = self.geometry.stride[0]
        for start in range(0, out[0], self.step):
            stop, sums = min(start + self.step, out[0]), []
            for (i, shift), *rest in product(*map(enumerate, (first, *others))):
                low, high = max(shift.windows.start, start), min(shift.windows.stop, stop)
                if high <= low:
                    continue
                begin = distances[i] + low * stride
                rows = slice(begin, begin + (high - low - 1) * stride + 1, stride)
                to = slice(None), rows, *(along.elements for _, along in rest)
                of = slice(None), i, *(j for j, _ in rest), slice(low - start, high - start)
                sums.append((to, (*of, *(along.windows for _, along in rest))))
            span = slice(start * self.line, stop * self.line)
            found.append(Rows(span, (stop - start, *out[1:], self.images), sums))
        return found

    def run(self, tasks: Sequence[Callable[[], Any]], worth: float = WORTH) -> None:
        """On several cores if there is enough to do, and memory for the windows of each."""
        shared = self.work > worth and cores() * self.most <= limit()()
        (share if shared else alone)(_call, tasks)


def _call(task: Callable[[], Any]) -> None:
    task()


def _slices(n: int, length: int) -> list[slice]:
    return [slice(i, min(i + length, n)) for i in range(0, n, length)]


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
