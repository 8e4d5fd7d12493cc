"""The way back of max pooling with windows of two, next to each other along every axis.

Then an array is pairs, along one axis after the other: which of two is larger takes one comparison, and what the
cotangent's bits leave over for the second is what the first has not got.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import Any

import numpy as np

from .compiled import FLOATS, loops

__all__ = ["compiled_halves", "halving", "unhalved", "unpooled"]

Array = Any

HALVES = {2: (np.uint32, np.uint16), 4: (np.uint64, np.uint32)}
"""For the size of an element, whole numbers of two of them and of one."""


@lru_cache(maxsize=256)
def halving(windows: Any) -> bool:
    """Whether windows are such."""
    return all(
        along.kernel == along.dilation + 1 == 2 == getattr(along, "stride", 0)
        and along.before == 0
        and along.size == 2 * along.out
        for along in windows
    )


@lru_cache(maxsize=256)
def _two_by_two(windows: Any) -> bool:
    """Whether they are along two axes, beyond the last of which there may be more elements."""
    return len(windows) == 2 and halving(
        tuple(
            along._replace(size=min(along.size, 2 * along.out)) if hasattr(along, "stride") else along
            for along in windows
        )
    )


def compiled_halves(x: Array, windows: Any) -> Any:
    """The compiled loops, where they can pool in those windows and it is time for them."""
    return loops(x.size) if x.dtype in FLOATS and _two_by_two(windows) else None


def unpooled(fast: Any, g: Array, x: Array, out: Array) -> bool:
    """`unhalved` by the compiled loops; without runs, all rows of cotangents are alike to them."""
    width = g.shape[-1]
    if x.ndim > 3:
        return fast.unpool_runs(g, x, out)
    g, x = (np.ascontiguousarray(a).reshape(-1, n * width) for a, n in ((g, 1), (x, 4)))
    return fast.unpool_pairs(g, x, out.reshape(x.shape))


def unhalved(g: Array, x: Array, out: Array, bits: Any, run: int = 1) -> bool:
    """Write cotangents to where the largest are, in contiguous planes; False where NaN is, which is larger than all.

    A ``run`` is of so many elements that lie side by side instead, along one more axis.
    """
    firsts: list[Array] = []
    shape = x.shape
    inners: list[int] = []
    inner = run
    for axis in range(len(shape) - 1 - (run > 1), 0, -1):
        first, second = _halves(x) if inner == 1 else _pairs(x, inner)
        firsts.append(np.greater_equal(first, second))
        inners.append(inner)
        inner *= shape[axis] // 2
        if axis > 1:
            x = np.maximum(first, second)
    if np.isnan(np.minimum.reduce(x, axis=None)):
        return False
    g = g.view(bits)
    for first, inner in zip(reversed(firsts), reversed(inners), strict=True):
        g = g.reshape(first.shape)
        mask = np.negative(first.view(np.int8)).astype(bits)
        mask &= g
        to = np.empty(2 * g.size, bits) if first is not firsts[0] else out.view(bits)
        one, other = _pairs(to, inner)
        one[...] = mask
        np.bitwise_xor(g, mask, other)
        g = to
    return True


def _halves(x: Array) -> tuple[Array, Array]:
    """Copies of every other element, of pairs seen as whole numbers: in a third of the time that steps of two take."""
    both, one = HALVES.get(x.itemsize, (None, None)) if sys.byteorder == "little" else (None, None)
    if both is None:
        return _pairs(x, 1)
    pairs: Array = np.ascontiguousarray(x).reshape(-1).view(both)
    return tuple(n.astype(one).view(x.dtype) for n in (pairs, np.right_shift(pairs, 8 * x.itemsize)))


def _pairs(x: Array, inner: int) -> tuple[Array, Array]:
    """The first and the second of each pair, which lie so many elements apart."""
    pairs = x.reshape(-1, 2, inner) if inner > 1 else x.reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]
