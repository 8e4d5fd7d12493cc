"""Attention in NumPy: blocks that stay in the cache, and two passes over the scores instead of ten.

What a softmax takes away from every score of a query, or from every probability's cotangent, is one column more in
the matrix product; the sum over a query's exponentials is one column more in the product with the values. The
greatest score is looked for only in heads where the lengths of queries and keys don't bound it well enough.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from .attention_heads import heads, like, lined_up, turned
from .reference import QUIET, reference

if TYPE_CHECKING:
    from nnx.functional._attention_blocks import Five, Options

Array = Any

CACHE = 2**19
SAFE = {np.dtype(np.float32): 40.0, np.dtype(np.float64): 300.0}  # scores whose exponentials need no shift


def _blocks(shape: tuple[int, ...], itemsize: int, limit: int) -> Iterator[tuple[slice, ...]]:
    """Slices of all axes of the scores but the keys', whose blocks keep to the limit; () for the whole."""
    from nnx.functional._attention_blocks import pieces

    found = pieces(shape, itemsize, limit)
    if found is None:
        yield ()
        return
    axis, parts = found
    whole = tuple(slice(0, n) for n in shape[:-1])
    for part in parts:
        inner = (*shape[:axis], part.stop - part.start, *shape[axis + 1 :])
        for key in _blocks(inner, itemsize, limit):
            key = key or whole
            yield (*key[:axis], part, *key[axis + 1 :])


def _cut(x: Array, key: tuple[slice, ...], rows: bool = True) -> Array:
    """A block's part; an axis of length 1 serves all blocks."""
    if not key:
        return x
    key = key if rows else key[:-1]
    return x[tuple(part if n != 1 else slice(None) for part, n in zip(key, x.shape, strict=False))]


def _longer(x: Array, column: Any, scale: Any = 1) -> Array:
    """``x`` times a number, with one column more, an array or a number."""
    lead = x.shape[:-1]
    if type(column) is not int and column.shape[:-1] != lead:
        lead = np.broadcast_shapes(lead, column.shape[:-1])
    out = np.empty((*lead, x.shape[-1] + 1), x.dtype)
    if type(scale) is int:
        out[..., :-1] = x
    else:
        np.multiply(x, scale, out[..., :-1])
    out[..., -1:] = column
    return out


@lru_cache(16)
def _ones(rows: int, dtype: Any) -> Array:
    """Two columns, with which a product gives sums; one takes BLAS longer. Not to be written to."""
    return np.ones((rows, 2), dtype)


@lru_cache(16)
def _later(rows: int, columns: int, dtype: Any) -> Array:
    """Minus infinity above the diagonal; not to be written to."""
    return np.triu(np.full((rows, columns), -np.inf, dtype), 1)


class _Scores:
    """The blocks of scores of one call, made in one buffer."""

    def __init__(self, arrays: Five, options: Options, shape: tuple[int, ...], limit: int) -> None:
        self.options, self.mask, self.shape = options, arrays[3], shape
        self.dtype: Any = arrays[0].dtype  # pyright: ignore[reportOptionalMemberAccess]
        self.keys = list(_blocks(shape, self.dtype.itemsize, limit))
        first = self.keys[0]
        self.at_once = self.lengths(first)[-1] == self.shape[-2] and self.columns(first) == self.shape[-1]
        self.turned = turned(self.lengths(first)[-1], *arrays[1].shape[-2:])  # pyright: ignore[reportOptionalMemberAccess]
        self.most = max(math.prod(self.lengths(key)) for key in self.keys) * self.shape[-1]

    def right(self, x: Array) -> Array:
        """Keys or values turned, for products from the left."""
        x = x.swapaxes(-1, -2)
        return np.ascontiguousarray(x) if self.turned else x

    def lengths(self, key: tuple[slice, ...]) -> tuple[int, ...]:
        """A block's shape but for the keys'."""
        return tuple([p.stop - p.start for p in key]) if key else self.shape[:-1]

    def buffer(self) -> Array:
        return np.empty(self.most, self.dtype)

    def result(self, query: Array, width: int) -> Array:
        """Room for the result, in memory as the queries are, if each head of theirs has one of its own."""
        whole = query.shape[:-1] == self.shape[:-1]
        return like(query, width) if whole else np.empty((*self.shape[:-1], width), self.dtype)

    def columns(self, key: tuple[slice, ...]) -> int:
        """How many keys the block's last query may look at."""
        n = self.shape[-1]
        last = key[-1].stop if key else self.shape[-2]
        return min(n, self.options.first + last) if self.options.causal else n

    def room(self, buffer: Array, key: tuple[slice, ...]) -> Array:
        shape = (*self.lengths(key), self.columns(key))
        return buffer[: math.prod(shape)].reshape(shape)

    def fill(self, out: Array, query: Array, keys: Array, key: tuple[slice, ...]) -> Array:
        """The product of queries and keys, which are turned, masked."""
        count = out.shape[-1]
        np.matmul(_cut(query, key), _cut(keys, key, False)[..., :count], out)
        if self.mask is not None:
            mask = _cut(self.mask, key)
            mask = mask[..., :count] if mask.shape[-1] != 1 else mask
            if mask.dtype == bool:
                mask = np.where(mask, self.dtype.type(0), self.dtype.type(-np.inf))
            out += mask
        start = self.options.first + (key[-1].start if key else 0)
        if self.options.causal and start + 1 < count:
            out[..., start:] += _later(out.shape[-2], count - start, self.dtype)
        return out


def _plain(arrays: Five) -> tuple[tuple[int, ...], int] | None:
    """The shape of the scores and a block's bytes, for arrays of the kind and size that the fast way is for."""
    from nnx.functional._attention_blocks import attention_limit, scores_shape

    dtype = arrays[0].dtype  # pyright: ignore[reportOptionalMemberAccess]
    mask, shape = arrays[3], scores_shape(arrays)
    if dtype in SAFE and (mask is None or mask.dtype in (np.bool_, dtype)) and 0 not in shape:
        return shape, min(CACHE, attention_limit())
    return None


@QUIET  # as the compiled loops are; and BLAS's loops for vectors look at more memory than they use
def attention(
    query: Array, key: Array, value: Array, mask: Array | None, kept: Array | None, *, options: Options
) -> tuple[Array, Array]:
    """The result and its logarithms."""
    arrays = (query, key, value, mask, kept)
    plain = _plain(arrays)
    if plain is None:
        return reference("attention")(*arrays, options=options)
    query, key, value = lined_up(query), lined_up(key), lined_up(value)
    arrays = (query, key, value, mask, kept)
    if by_heads := heads(arrays, options, plain[1]):
        return by_heads.attend(SAFE[query.dtype] ** 2 if mask is None or mask.dtype == bool else -1.0)
    scores = _Scores(arrays, options, *plain)
    room, query = scores.buffer(), query * query.dtype.type(options.scale)
    bounded = (
        _bounded(query, key) if mask is None or mask.dtype == bool else np.zeros((1,) * query.ndim, bool)
    )
    every = bounded.all()
    out = scores.result(query, value.shape[-1])
    keys, value = scores.right(key), _longer(value, 1)
    norm = np.empty((*scores.shape[:-1], 1), query.dtype)
    for place in scores.keys:
        e = scores.fill(scores.room(room, place), query, keys, place)
        top: Any = 0
        if not every:
            top = np.maximum.reduce(e, axis=-1, keepdims=True)
            top[top == -np.inf] = 0
            np.copyto(top, 0, where=_cut(bounded, place))
            e -= top
        np.exp(e, e)
        total = None
        if kept is not None:
            total = np.matmul(e, _ones(e.shape[-1], e.dtype))[..., :1]
            e *= _cut(kept, place)[..., : e.shape[-1]]
        result = np.matmul(e, _cut(value, place, False)[..., : e.shape[-1], :])
        total = result[..., -1:] if total is None else total
        np.copyto(total, 1, where=total == 0)
        np.add(np.log(total), top, norm[place])
        np.multiply(result[..., :-1], (1 if kept is None else options.factor) / total, out[place])
    return out, norm


@QUIET
def _bounded(query: Array, key: Array) -> Array:
    """Whether a head's scores are surely within what is safe, with two axes of 1 at the end."""
    squares = [np.maximum.reduce(np.vecdot(x, x), axis=-1) for x in (query, key)]
    return (squares[0] * squares[1] < SAFE[query.dtype] ** 2)[..., None, None]


@QUIET
def attention_pullback(
    g: Array, delta: Array, norm: Array, *arrays: Array | None, options: Options, needed: tuple[bool, ...]
) -> tuple[Array | None, ...]:
    """The cotangents of query, key, value and mask."""
    plain = _plain(arrays)
    if plain is None or not g.dtype == delta.dtype == norm.dtype == arrays[0].dtype:  # pyright: ignore[reportOptionalMemberAccess]
        return reference("attention_pullback")(g, delta, norm, *arrays, options=options, needed=needed)
    g, query, key, value = [lined_up(x) for x in (g, *arrays[:3])]
    arrays = (query, key, value, *arrays[3:])
    if all(needed[:3]) and not needed[3] and (by_heads := heads(arrays, options, plain[1])):
        return (*by_heads.attend_back(g, delta, norm), None)
    kept = arrays[4]
    scores = _Scores(arrays, options, *plain)
    rooms = scores.buffer(), scores.buffer()
    scale = g.dtype.type(options.scale)
    sums = [
        _Sum(x, scores, i) if n and x is not None else None
        for i, (x, n) in enumerate(zip(arrays[:4], needed, strict=False))
    ]
    longer = _longer(query, -norm, scale), _longer(g, -delta)
    keys, values = scores.right(_longer(key, 1)), scores.right(_longer(value, 1))
    query = longer[0][..., :-1]
    for place in scores.keys:
        p = scores.fill(scores.room(rooms[0], place), longer[0], keys, place)
        np.exp(p, p)
        count = p.shape[-1]
        drop = None if kept is None else _cut(kept, place)[..., :count] * g.dtype.type(options.factor)
        if sums[2]:
            weights = p if drop is None else np.multiply(p, drop, scores.room(rooms[1], place))
            sums[2].add(place, count, weights.swapaxes(-1, -2), _cut(g, place))
        if not (sums[0] or sums[1] or sums[3]):
            continue
        some = _cut(values, place, False)[..., :count]
        if drop is None:
            ds = np.matmul(_cut(longer[1], place), some, scores.room(rooms[1], place))
        else:
            ds = np.matmul(_cut(g, place), some[..., :-1, :], scores.room(rooms[1], place))
            ds *= drop
            ds -= _cut(delta, place)
        ds *= p
        if sums[0]:
            sums[0].add(place, None, ds, _cut(key, place, False)[..., :count, :])
        if sums[1]:
            sums[1].add(place, count, ds.swapaxes(-1, -2), _cut(query, place))
        if sums[3]:
            sums[3].add_scores(place, ds)
    if sums[0]:
        sums[0].total *= scale
    return tuple([None if x is None else x.total for x in sums])


class _Sum:
    """The cotangent of one of the arrays, gathered from all blocks: written, or added where blocks share it."""

    def __init__(self, x: Array, scores: _Scores, i: int) -> None:
        shared = x.shape[:-2] != scores.shape[:-2] or i == 3 or (i > 0 and not scores.at_once)
        self.total: Array = like(x, x.shape[-1], scores.dtype)
        if shared:
            self.total[...] = 0
        self.shared = shared

    def add(self, place: tuple[slice, ...], count: int | None, a: Array, b: Array) -> None:
        """A product that belongs to the block's queries, or to the first ``count`` keys or values."""
        some = _cut(self.total, place, count is None)
        some = some if count is None else some[..., :count, :]
        if self.shared:
            _summed(some, np.matmul(a, b))
        else:
            np.matmul(a, b, some)

    def add_scores(self, place: tuple[slice, ...], part: Array) -> None:
        """What belongs to the mask."""
        some = _cut(self.total, place)
        _summed(some[..., : part.shape[-1]] if some.shape[-1] != 1 else some, part)


def _summed(some: Array, part: Array) -> None:
    axes = tuple(i for i, (n, m) in enumerate(zip(part.shape, some.shape, strict=True)) if m == 1 != n)
    some += np.add.reduce(part, axis=axes, keepdims=True) if axes else part


OVERRIDES: dict[str, Any] = {
    function.__name__: (function, ()) for function in (attention, attention_pullback)
}
