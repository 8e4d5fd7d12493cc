"""Attention: one primitive that never needs more of the score matrix than a limit (``set_attention_memory``).

Where the scores of all queries together would take more, blocks of examples, heads and queries go one after the
other; what is kept for the pullback is one number a query, the logarithm of its softmax's denominator, from which
the probabilities are had again (Dao et al., "FlashAttention", NeurIPS 2022, arXiv:2205.14135). The pullback of a
higher derivative is the same in traced functions, in one block.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from ..autodiff import joint, primitive
from ..backend import Array
from ._errors import complaint

__all__ = [
    "Five",
    "Options",
    "attention",
    "attention_limit",
    "pieces",
    "scores_shape",
    "set_attention_memory",
]

_limit = 64 * 2**20


def set_attention_memory(limit: int) -> int:
    """Set how many bytes of scores attention may hold at a time, and return the limit before.

    Where the score matrices (one of shape ``(L, S)`` for each head of each example) would together take more than
    ``limit`` bytes (64 MiB to begin with), they are made in blocks, of one query at least, and made again on the way
    back, so that no more than a few blocks are held at a time.

    Examples
    --------
    >>> import nnx.functional as F
    >>> before = F.set_attention_memory(2**20)
    >>> F.set_attention_memory(before)
    1048576
    """
    global _limit
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 0:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise complaint("set_attention_memory", f"expected a number of bytes, got {limit!r}")
    before, _limit = _limit, limit
    return before


def attention_limit() -> int:
    """The limit in force."""
    return _limit


class Options(NamedTuple):
    """What attention does besides: scores times ``scale``, later keys hidden, what is kept times ``factor``."""

    scale: float
    causal: bool
    factor: float
    first: int = 0
    """The position of the block's first query."""


Five = tuple[Array | None, ...]
"""Query, key, value, mask and kept: all with the same number of axes, each of the full length or of 1."""


def scores_shape(arrays: Five) -> tuple[int, ...]:
    """Of the score matrices of all heads."""
    query, key, value = (x.shape for x in arrays[:3] if x is not None)
    lengths = zip(query[:-2], key[:-2], value[:-2], strict=True)
    return (*(max(n) if all(n) else 0 for n in lengths), query[-2], key[-2])


def pieces(shape: tuple[int, ...], itemsize: int, limit: int) -> tuple[int, list[slice]] | None:
    """An axis to be cut and where, so that scores of this shape come closer to the limit; None if they keep to it."""
    size = math.prod(shape) * itemsize
    axis = next((i for i, n in enumerate(shape[:-1]) if n > 1), None)
    if size <= limit or axis is None:
        return None
    count = max(limit * shape[axis] // size, 1)
    return axis, [slice(i, min(i + count, shape[axis])) for i in range(0, shape[axis], count)]


def _cut(arrays: Five, axis: int, part: slice) -> Five:
    """The part of each array along an axis that it has."""
    key = (*(slice(None),) * axis, part)
    return tuple(
        x[(*key, ...)] if x is not None and _has_axis(i, x, axis) else x for i, x in enumerate(arrays)
    )


def _has_axis(i: int, x: Array, axis: int) -> bool:
    """Whether the i-th of the five arrays goes along an axis: keys and values have no queries."""
    return x.shape[axis] != 1 and not (i in (1, 2) and axis == x.ndim - 2)


def _below(options: Options, arrays: Five, axis: int, part: slice) -> Options:
    queries = arrays[0] is not None and axis == arrays[0].ndim - 2
    return options._replace(first=options.first + part.start) if queries else options


def _itemsize(xp: Any, x: Array) -> int:
    """Bytes of one number."""
    return xp.finfo(x.dtype).bits // 8


def _scores(xp: Any, query: Array, key: Array, mask: Array | None, options: Options) -> Array:
    scores = xp.matmul(query * options.scale, xp.matrix_transpose(key))
    if mask is not None:
        scores = scores + (_hiding(xp, mask, query) if xp.isdtype(mask.dtype, "bool") else mask)
    if options.causal:
        places = [xp.arange(n, device=query.device) for n in scores.shape[-2:]]
        seen = places[1] <= xp.expand_dims(places[0] + options.first, axis=1)
        scores = scores + _hiding(xp, seen, query)
    return scores


def _hiding(xp: Any, seen: Array, like: Array) -> Array:
    zero = xp.zeros((), dtype=like.dtype, device=like.device)
    return xp.where(seen, zero, -math.inf)


def _kept(xp: Any, x: Array, kept: Array | None, options: Options) -> Array:
    return x if kept is None else xp.where(kept, x * options.factor, 0)


def _forward(xp: Any, arrays: Five, options: Options) -> tuple[Array, Array]:
    """One block: the result, and for each query the logarithm of the sum of its scores' exponentials."""
    query, key, value, mask, kept = arrays
    scores: Any = _scores(xp, query, key, mask, options)
    reduce = xp.max if scores.shape[-1] else xp.sum
    top = reduce(scores, axis=-1, keepdims=True)
    top = xp.where(top == -math.inf, 0, top)  # a query that may look nowhere
    e = xp.exp(scores - top)
    total = xp.sum(e, axis=-1, keepdims=True)
    total = xp.where(total == 0, 1, total)
    return xp.matmul(_kept(xp, e, kept, options), value) / total, top + xp.log(total)


def _backward(
    xp: Any, g: Array, delta: Array, norm: Array, arrays: Five, options: Options, needed: tuple[bool, ...]
) -> Five:
    """One block's cotangents, for the cotangent of its result.

    ``delta`` is what the cotangents of a query's probabilities are on average, ``norm`` the logarithm from forward.
    """
    query, key, value, mask, kept = arrays
    p: Any = xp.exp(_scores(xp, query, key, mask, options) - norm)
    dv = None
    if needed[2]:
        dv = xp.matmul(xp.matrix_transpose(_kept(xp, p, kept, options)), g)
    if not (needed[0] or needed[1] or needed[3]):
        return None, None, dv, None
    dp = _kept(xp, xp.matmul(g, xp.matrix_transpose(value)), kept, options)
    ds = p * (dp - delta)
    dq = xp.matmul(ds, key) * options.scale if needed[0] else None
    dk = xp.matmul(xp.matrix_transpose(ds), query) * options.scale if needed[1] else None
    return tuple(
        None if d is None or x is None else _summed(xp, d, x.shape)
        for d, x in zip((dq, dk, dv, ds if needed[3] else None), arrays[:4], strict=True)
    )


def _summed(xp: Any, d: Array, shape: tuple[int, ...]) -> Array:
    axes = tuple(i for i, (n, m) in enumerate(zip(d.shape, shape, strict=True)) if m == 1 != n)
    return xp.sum(d, axis=axes, keepdims=True) if axes else d


@primitive("attention", params=("options",), outputs=True)
def attention(
    xp: Any,
    query: Array,
    key: Array,
    value: Array,
    mask: Array | None,
    kept: Array | None,
    *,
    options: Options,
) -> tuple[Array, Array]:
    """The result and its logarithms, block by block."""
    arrays = (query, key, value, mask, kept)
    found = pieces(scores_shape(arrays), _itemsize(xp, query), _limit)
    if found is None:
        return _forward(xp, arrays, options)
    axis, parts = found
    results = [
        attention.forward(xp, *_cut(arrays, axis, part), options=_below(options, arrays, axis, part))
        for part in parts
    ]
    return (xp.concat([x for x, _ in results], axis=axis), xp.concat([x for _, x in results], axis=axis))


@primitive("attention_pullback", params=("options", "needed"), outputs=True)
def attention_pullback(
    xp: Any,
    g: Array,
    delta: Array,
    norm: Array,
    *arrays: Array | None,
    options: Options,
    needed: tuple[bool, ...],
) -> Five:
    """The cotangents of query, key, value and mask, block by block: plain arrays only."""
    found = pieces(scores_shape(arrays), _itemsize(xp, g), _limit)
    if found is None:
        return _backward(xp, g, delta, norm, arrays, options, needed)
    axis, parts = found
    everything = (slice(None),) * axis
    results = [
        attention_pullback.forward(
            xp,
            *(x[(*everything, part, ...)] for x in (g, delta, norm)),
            *_cut(arrays, axis, part),
            options=_below(options, arrays, axis, part),
            needed=needed,
        )
        for part in parts
    ]
    return tuple(
        None
        if x is None or not n
        else xp.concat(list(ds), axis=axis)
        if _has_axis(i, x, axis)
        else sum(ds[1:], start=ds[0])
        for i, (x, n, ds) in enumerate(zip(arrays, needed, zip(*results, strict=True), strict=False))
    )


def _pullback(
    xp: Any,
    g: Any,
    out: Any,
    query: Array,
    key: Array,
    value: Array,
    mask: Array | None,
    kept: Array | None,
    *,
    needed: tuple[bool, ...],
    options: Options,
) -> Five:
    (g, g_norm), (result, norm) = g, out
    if g is None:
        g = xp.zeros_like(result)
    delta = xp.expand_dims(xp.vecdot(g, result), axis=-1)
    if g_norm is not None:
        delta = delta - g_norm
    arrays = (query, key, value, mask, kept)
    if getattr(type(g), "__nnx_traced__", False):
        return (*_backward(xp, g, delta, norm, arrays, options, needed), None)
    return (*attention_pullback(g, delta, norm, *arrays, options=options, needed=needed), None)


attention.defpullback(joint(_pullback))
