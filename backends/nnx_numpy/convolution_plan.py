"""How NumPy does a convolution: its shapes, which way is the fastest for them, and the parts it is done in.

The figures are for one core of a processor with AVX-512 and 1 MiB of its own cache; parts depend on shapes alone, so
that results are the same on any processor.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from .cores import cores, share
from .windows import SMALL, Part, carve, parts, rows_shape, windows_shape

if TYPE_CHECKING:
    from nnx.functional._windows import Geometry

__all__ = ["LANES", "PIECE", "WORTH", "Plan", "Space", "limit", "planned"]

Array = Any

CACHE = 2**21  # bytes of windows in a part: with smaller parts calls take the time, larger ones go to memory
WORTH, PIECE = 3e5, 1e5  # nanoseconds of work that are shared out, and of a part at least
FEW = 64  # windows in an image: for fewer, one product for all images is faster than one for each
BESIDE = 128  # the like on the way back, where the images' windows are added in one run
TURN = 2000  # windows in all: for more, columns times results are worth a copy, faster in BLAS than the transpose
LANES = 2**22  # bytes of the sums that the parts of a weight's gradient come to


class Plan:
    """Shapes of one convolution, ``x (n, C, *size)`` to ``y (n, O, *out)``, and the parts that it is done in."""

    def __init__(
        self, images: int, shape: tuple[int, ...], itemsize: int, geometry: Geometry, most: int, few: int
    ) -> None:
        self.groups = geometry.groups
        self.channels = shape[1] * self.groups
        self.rows, self.columns = shape[0] // self.groups, math.prod(shape[1:])
        self.places, self.line = math.prod(geometry.out), math.prod(geometry.out[1:])
        numbers = images * self.channels * math.prod(geometry.kernel) * self.places
        # to copy a number takes 0.15 ns, 100 products of it 1 ns, or one in half precision, which BLAS has not
        work = numbers * (0.15 + self.rows / (100 if itemsize > 2 else 1))
        least = -(-numbers * itemsize // max(most, 1))
        if work > WORTH:
            least = max(least, min(int(work / PIECE), 4))
        self.parts, self.images = parts(images, least, geometry, True), parts(images, least, geometry, False)
        self.lanes = _lanes(
            self.parts, min(int(work / PIECE / 2), LANES // (shape[0] * self.columns * itemsize or 1))
        )
        self.shared = work > WORTH
        self.bytes = numbers * itemsize
        self.turned = self.columns > self.rows and images * self.places > TURN
        self.beside = numbers > SMALL and (self.places < BESIDE or not self.shared)
        self.depthwise = self.rows == 1 == shape[1]
        self.pointwise = geometry.size == geometry.out and all(
            n == 1 and s == 1 and not any(pair)
            for n, s, pair in zip(geometry.kernel, geometry.stride, geometry.padding, strict=True)
        )
        # one image whose windows stay in the cache, for which calls take as long as the arithmetic
        self.alone = (
            images == 1 == len(self.parts)
            and 0 < self.bytes <= CACHE
            and not self.shared
            and not self.depthwise
        )
        self.few = images > 1 and self.places < few
        self.few_sums = images > 1 and 4 * self.rows > self.places  # their sums would be larger than they
        self.ones = (
            self.groups == 1
            and not self.pointwise
            and not self.depthwise
            and images * self.places > 2 * self.columns  # the pass saved takes longer than the filters' copy
        )

    def filters(self, weight: Array) -> Array:
        """A matrix for each group."""
        return weight.reshape(self.groups, self.rows, self.columns)

    def results(self, y: Array, part: Part) -> Array:
        """The part of ``y`` as ``(n, groups, O / groups, L)``, a view if there can be one."""
        flat = y.reshape(y.shape[0], self.groups, self.rows, self.places)
        return flat[part.images, ..., part.out.start * self.line : part.out.stop * self.line]

    def run(self, work: Callable[[Any], None], what: Sequence[Any], pieces: Sequence[Part]) -> None:
        """On several cores if there is enough to do, and memory for the windows of so many pieces."""
        if self.shared and cores() * self.bytes <= limit()() * len(pieces):
            share(work, what)
        else:
            for part in what:
                work(part)


def _lanes(all_parts: tuple[Part, ...], most: int) -> tuple[tuple[Part, ...], ...]:
    """The parts one after another that go into one sum: of those there is memory for a few."""
    count = -(-len(all_parts) // max(min(most, 16), 1)) or 1
    return tuple(all_parts[i : i + count] for i in range(0, len(all_parts), count))


_plan = lru_cache(512)(Plan)


def planned(images: int, weight: tuple[int, ...], x: Array, geometry: Geometry) -> Plan:
    """The plan for so many images, and weights of this shape."""
    return _plan(images, weight, x.itemsize, geometry, min(CACHE, limit()()), FEW)


@cache
def limit() -> Callable[[], int]:
    """What tells that of ``set_convolution_memory``; its module needs this one first."""
    from nnx.functional import _windows

    return _windows.memory_limit


@lru_cache(512)
def _shapes(n: int, channels: int, geometry: Geometry, beside: bool, ones: bool) -> tuple[Any, ...]:
    """Of the memory for rows and windows, of the windows in it, and their axes in the order of an image's."""
    numbers, places = channels * math.prod(geometry.kernel), math.prod(geometry.out)
    axes = len(geometry.kernel)
    rows = rows_shape(n, channels, geometry)
    if not beside:
        return rows, (n, numbers + ones, places), windows_shape(n, channels, geometry), None
    order = (axes + 1, *range(axes + 1), *range(axes + 2, 2 * axes + 2))
    return rows, (numbers + ones, n, places), (channels, *geometry.kernel, n, *geometry.out), order


class Space:
    """Memory of this thread's for the windows of a part, and the matrices that they are.

    The windows of several images lie ``beside`` each other in one matrix, or are a matrix each; a row of ``ones`` may
    follow. ``more`` is whatever else is worked in.
    """

    def __init__(
        self, plan: Plan, part: Part, dtype: Any, beside: bool, ones: bool, more: tuple[int, ...] = (0,)
    ) -> None:
        n = part.length
        rows, shape, windows, order = _shapes(n, plan.channels, part.geometry, beside, ones)
        self.rows, buffer, self.more = carve(dtype, rows, shape, more)
        if beside:
            inner = buffer[:-1] if ones else buffer
            self.windows = inner.reshape(windows).transpose(order)
            self.matrices = buffer.reshape(plan.groups, -1, n * shape[-1])
        else:
            inner = buffer[:, :-1] if ones else buffer
            self.windows = inner.reshape(windows)
            self.matrices = buffer.reshape(n, plan.groups, -1, shape[-1])
        if ones:
            self.matrices[..., -1, :] = 1
