"""Attention by the compiled loops: each core takes some of the heads, from beginning to end, without the interpreter.

That is for heads that have their own keys and values.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .compiled import loops
from .cores import alone, scratch, share

if TYPE_CHECKING:
    from collections.abc import Callable

    from nnx.functional._attention_blocks import Five, Options

__all__ = ["Heads", "heads", "like", "lined_up", "turned"]

Array = Any

PART = 2**22  # multiplications that are worth a call of their own: 120 µs
SMALL = 10**6  # multiplications
ROUNDED = 16 * 8  # numbers: pieces of the memory begin at multiples of 16


def turned(rows: int, columns: int, size: int) -> bool:
    """Whether keys are turned for their product with queries: for small ones OpenBLAS has a faster way then."""
    return rows * columns * size <= SMALL


def lined_up(x: Array) -> Array:
    """``x`` with its matrices as BLAS takes them: neighbours along the last axis."""
    row, step = x.strides[-2:]
    size = x.itemsize
    if step == size and row % size == 0 and row >= x.shape[-1] * size and x.flags.aligned:
        return x
    return np.array(x, order="C")


def like(x: Array, width: int, dtype: Any = None) -> Array:
    """A new array like ``x`` with so many columns, whose axes lie in memory as those of ``x`` do.

    So heads that are taken apart as views come together again as a view. For more than four axes there is one order.
    """
    shape, dtype = (*x.shape[:-1], width), dtype or x.dtype
    if not x.flags.c_contiguous and x.ndim <= 4:
        out = np.empty_like(x, dtype, "K", False, shape)
        if out.strides[-1] == out.itemsize:
            return out
    return np.empty(shape, dtype)


class Heads(NamedTuple):
    """What the compiled loops are to do: all heads, with blocks of so many queries."""

    fast: Any
    query: Array
    key: Array
    value: Array
    masks: tuple[Array, Array, Array]
    options: Options
    block: int

    @property
    def factor(self) -> float:
        """Of the weights that dropout keeps."""
        return self.options.factor if self.masks[2].size else 1.0

    @property
    def turned(self) -> bool:
        """Whether keys and values are turned."""
        return turned(self.block, *self.key.shape[-2:])

    def attend(self, safe: float) -> tuple[Array, Array]:
        """The result and its logarithms."""
        query, key, value = self.query, self.key, self.value
        (*lead, length, size), columns, width = query.shape, key.shape[-2], value.shape[-1]
        out, total = like(query, width), np.empty((*lead, length, 1), query.dtype)
        top = np.zeros_like(total)
        given = [_given(x) for x in (query, key, value)]
        made = [_four(x)[:, :, ::-1] for x in (out, total, top)]
        real, options = query.dtype.type, self.options
        room = self.block * (columns + width + 3) + length * (size + 3) + columns * (size + width + 4)

        def part(some: range) -> None:
            self.fast.attended(
                *given, *self.masks, real(options.scale), real(self.factor), real(safe), options.causal, self.turned,
                options.first, self.block, some.start, some.stop, scratch((room + ROUNDED,), query.dtype), *made,
            )  # fmt: skip

        self.share(part, length * columns * (size + width))
        np.log(total, total)
        total += top
        return out, total

    def attend_back(self, g: Array, delta: Array, norm: Array) -> tuple[Array, Array, Array]:
        """The cotangents of query, key and value."""
        query, key, value = self.query, self.key, self.value
        length, size, columns, width = *query.shape[-2:], *value.shape[-2:]
        made = [like(x, x.shape[-1]) for x in (query, key, value)]
        given = [_given(x) for x in (g, delta, norm, query, key, value)]
        to = [_four(x)[:, :, ::-1] for x in made]
        real, options = query.dtype.type, self.options
        room = 2 * self.block * columns + (length + columns) * (size + width + 2) + columns * max(size, width)

        def part(some: range) -> None:
            self.fast.attended_back(
                *given, *self.masks, real(options.scale), real(self.factor), options.causal, self.turned,
                options.first, self.block, some.start, some.stop, scratch((room + ROUNDED,), query.dtype), *to,
            )  # fmt: skip

        self.share(part, 2 * length * columns * (size + width))
        return made[0], made[1], made[2]

    def share(self, work: Callable[[range], None], each: int) -> None:
        """Let all heads be done, each of so many multiplications; a single one may use BLAS's threads."""
        count, some = self.query.size // (self.query.shape[-2] * self.query.shape[-1]), max(PART // each, 1)
        parts = [range(i, min(i + some, count)) for i in range(0, count, some)]
        if count == 1:
            work(parts[0])
        elif count * each < 2 * PART:
            alone(work, [range(count)])
        else:
            share(work, parts)


def heads(arrays: Five, options: Options, limit: int) -> Heads | None:
    """What there is to do, where the compiled loops can do it and it is time for them; scores keep to the limit."""
    query, key, value, mask, kept = arrays
    if query is None or key is None or value is None:
        return None
    (*lead, length, size), columns, width = query.shape, key.shape[-2], value.shape[-1]
    if not tuple(lead) == key.shape[:-2] == value.shape[:-2] or (mask is not None and len(lead) > 2):
        return None
    if kept is not None and (kept.dtype != bool or kept.shape != (*lead, length, columns)):
        return None
    block = min(max(limit // (columns * query.itemsize), 1), length)
    if min(size, columns, width, block) < 2 or length % block == 1:  # NumPy calls other functions for vectors
        return None
    fast = loops(8 * columns * (query.size // size))
    if not (fast and fast.usable):
        return None
    return Heads(fast, query, key, value, _masks(mask, kept, query.dtype), options, block)


@lru_cache(8)
def _no_mask(dtype: Any) -> Array:
    return _fixed(np.empty((1, 1, 0, 0), dtype))


def _masks(mask: Array | None, kept: Array | None, dtype: Any) -> tuple[Array, Array, Array]:
    """A mask of booleans and one of numbers, of which one at least is none, and that of what is kept."""
    seen, added = _no_mask(np.dtype(bool)), _no_mask(dtype)
    kept = seen if kept is None else _fixed(np.ascontiguousarray(_four(kept)))
    if mask is None:
        return seen, added, kept
    given: Array = _four(mask)
    once = tuple([slice(0, 1) if step == 0 else slice(None) for step in given.strides])
    given = _fixed(np.ascontiguousarray(given[once]))
    return (given, added, kept) if given.dtype == bool else (seen, given, kept)


def _fixed(x: Array) -> Array:
    """The array in a view that is not to be written to."""
    x = x[:]
    x.flags.writeable = False
    return x


def _four(x: Array) -> Array:
    """``x`` with axes of batch, heads, length and size."""
    if x.ndim == 4:
        return x
    return x.reshape((1,) * (4 - x.ndim) + x.shape if x.ndim < 4 else (-1, *x.shape[-3:]))


def _given(x: Array) -> Array:
    """What the loops read, of one type, whether ``x`` is contiguous, or may be written to, or not."""
    return _fixed(_four(x)[:, :, ::-1])
