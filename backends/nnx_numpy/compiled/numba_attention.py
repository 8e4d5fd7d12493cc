"""Loops for attention: heads one after the other, each from beginning to end, in blocks of queries.

Arrays are ``(batch, heads, length, size)`` with neighbours along the last axis, and with the length backwards: so none
is contiguous, and all that attention is given are of one type. Masks are contiguous. ``room`` is memory to work in.
"""

from __future__ import annotations

from typing import Any

from .numba_calls import dot, exp, product, unit
from .numba_compiled import compiled
from .numba_scores import LANES, hide, hide_later, shift
from .numba_turned import put_turned

__all__ = ["attended", "attended_back"]

Array = Any


@compiled
def _taken(room: Array, rows: int, columns: int) -> tuple[Array, Array]:
    """A matrix of the memory's beginning, and the rest of it."""
    size = rows * columns
    return room[:size].reshape((rows, columns)), room[-(-size // LANES) * LANES :]


@compiled
def _longer(x: Array, scale: Any, column: Array, sign: Any, out: Array) -> None:
    """``x`` times a number, with one column more."""
    rows, size = x.shape
    for i in range(rows):
        of, to = unit(x[i]), unit(out[i])
        for j in range(size):
            to[j] = of[j] * scale
        to[size] = column[i, 0] * sign


@compiled
def _right(x: Array, turned: bool, room: Array) -> Array:
    """Keys or values with a column of ones, and that turned if it is to be."""
    rows, size = x.shape
    if turned:
        out = room[: rows * (size + 1)].reshape((size + 1, rows))
        put_turned(x, out)
        out[size] = 1
    else:
        out = room[: rows * (size + 1)].reshape((rows, size + 1))
        for i in range(rows):
            of, to = unit(x[i]), out[i]
            for j in range(size):
                to[j] = of[j]
            to[size] = 1
    return out


@compiled
def _product(a: Array, b: Array, turned: bool, count: int, size: int, out: Array) -> None:
    """Of queries and the first keys, or of the cotangents and values."""
    if turned:
        product(a, b[:size, :count], out)
    else:
        product(a, b[:count, :size].T, out)


@compiled
def _longest(x: Array) -> Any:
    """The greatest of the rows' squared lengths; NaN where there is one."""
    rows = x.shape[0]
    most = dot(x[0], x[0])
    for i in range(1, rows):
        y = dot(x[i], x[i])
        if y > most or y != y:
            most = y
    return most


@compiled
def _divide(sums: Array, weights: Array, column: int, factor: Any, out: Array, total: Array) -> None:
    """The sums of the weighted values, times a number, by a column of sums of weights; by 1 in place of 0."""
    rows, size = out.shape
    one = sums.dtype.type(1)
    for i in range(rows):
        of, to = sums[i], unit(out[i])
        divisor = weights[i, column] if weights[i, column] != 0 else one
        total[i, 0] = divisor
        each = factor / divisor
        for j in range(size):
            to[j] = of[j] * each


@compiled
def _drop(weights: Array, kept: Array, factor: Any, out: Array) -> None:
    """Those that are kept, times a number."""
    zero = weights.dtype.type(0)
    rows, columns = weights.shape
    for i in range(rows):
        of, some, to = weights[i], kept[i], out[i]
        for j in range(columns):
            to[j] = of[j] * (factor if some[j] else zero)


@compiled
def _of_scores(p: Array, delta: Array, out: Array) -> None:
    """Of the probabilities' cotangents those of the scores."""
    rows, columns = p.shape
    for i in range(rows):
        of, to, mean = p[i], out[i], delta[i, 0]
        for j in range(columns):
            to[j] = (to[j] - mean) * of[j]


@compiled
def _add(x: Array, out: Array) -> None:
    rows, columns = x.shape
    for i in range(rows):
        of, to = unit(x[i]), unit(out[i])
        for j in range(columns):
            to[j] += of[j]


@compiled
def attended(
    query: Array, key: Array, value: Array, seen: Array, added: Array, kept: Array, scale: Any, factor: Any,
    safe: Any, causal: bool, turned: bool, offset: int, block: int, first: int, last: int, room: Array, out: Array,
    total: Array, top: Array,
) -> None:  # fmt: skip
    """The heads from ``first`` on of `nnx_numpy.attention.attention`, with blocks of so many queries.

    The logarithm of ``total``, plus ``top``, is still to be taken. ``safe`` is a square of scores, or -1 if none is.
    """
    heads, length, size = query.shape[1:]
    columns, width = value.shape[2:]
    one = query.dtype.type(1)
    lanes, room = room[:LANES], room[LANES:]
    ones, room = _taken(room, max(length, columns), 2)
    ones[:] = 1
    queries, room = _taken(room, length, size + 1)
    values, room = _taken(room, columns, width + 1)
    sums, room = _taken(room, block, width + 1)
    weights, room = _taken(room, block, 2)
    keys, room = _taken(room, columns, size + 1)
    for n in range(first, last):
        i, h = n // heads, n % heads
        keys = _right(key[i, h][::-1], turned, keys.reshape(keys.size))
        _longer(query[i, h][::-1], scale, ones, one, queries)
        _longer(value[i, h][::-1], one, ones, one, values)
        bounded = _longest(queries[:, :size]) * _longest(key[i, h][::-1]) < safe
        for start in range(0, length, block):
            stop = min(start + block, length)
            count = min(columns, offset + stop) if causal else columns
            e = _taken(room, stop - start, count)[0]
            _product(queries[start:stop, :size], keys, turned, count, size, e)
            hide(e, seen, added, i, h, start)
            if causal:
                hide_later(e, offset + start)
            if not bounded:
                shift(e, lanes, top[i, h][::-1][start:stop])
            exp(e.reshape(e.size), e.reshape(e.size))
            some, to = sums[: stop - start], out[i, h][::-1][start:stop]
            if kept.size:
                product(e, ones[:count], weights[: stop - start])
                _drop(e, kept[i, h, start:stop, :count], one, e)
            product(e, values[:count], some)
            if kept.size:
                _divide(some, weights[: stop - start], 0, factor, to, total[i, h][::-1][start:stop])
            else:
                _divide(some, some, width, one, to, total[i, h][::-1][start:stop])


@compiled
def attended_back(
    g: Array, delta: Array, norm: Array, query: Array, key: Array, value: Array, seen: Array, added: Array, kept: Array,
    scale: Any, factor: Any, causal: bool, turned: bool, offset: int, block: int, first: int, last: int, room: Array,
    dq: Array, dk: Array, dv: Array,
) -> None:  # fmt: skip
    """The heads from ``first`` on of `nnx_numpy.attention.attention_pullback`."""
    heads, length, size = query.shape[1:]
    columns, width = value.shape[2:]
    one = query.dtype.type(1)
    at_once = block >= length and (columns <= offset + length or not causal)
    queries, room = _taken(room, length, size + 1)
    keys, room = _taken(room, columns, size + 1)
    values, room = _taken(room, columns, width + 1)
    gs, room = _taken(room, length, width + 1)
    rest = _taken(room, block, columns)[1]
    for n in range(first, last):
        i, h = n // heads, n % heads
        _longer(query[i, h][::-1], scale, norm[i, h][::-1], -one, queries)
        keys = _right(key[i, h][::-1], turned, keys.reshape(keys.size))
        values = _right(value[i, h][::-1], turned, values.reshape(values.size))
        _longer(g[i, h][::-1], one, delta[i, h][::-1], -one, gs)
        if not at_once:
            dk[i, h], dv[i, h] = 0, 0
        for start in range(0, length, block):
            stop = min(start + block, length)
            count = min(columns, offset + stop) if causal else columns
            p, part = _taken(room, stop - start, count)[0], _taken(rest, block, columns)[1]
            ds = _taken(rest, stop - start, count)[0]
            _product(queries[start:stop], keys, turned, count, size + 1, p)
            hide(p, seen, added, i, h, start)
            if causal:
                hide_later(p, offset + start)
            exp(p.reshape(p.size), p.reshape(p.size))
            if kept.size:
                some = kept[i, h, start:stop, :count]
                _drop(p, some, factor, ds)
                _gathered(ds, gs[start:stop, :width], part, at_once, dv[i, h][::-1][:count])
                _product(gs[start:stop, :width], values, turned, count, width, ds)
                _drop(ds, some, factor, ds)
                _of_scores(p, delta[i, h][::-1][start:stop], ds)
            else:
                _gathered(p, gs[start:stop, :width], part, at_once, dv[i, h][::-1][:count])
                _product(gs[start:stop], values, turned, count, width + 1, ds)
                for j in range(stop - start):
                    of, to = p[j], ds[j]
                    for c in range(count):
                        to[c] *= of[c]
            product(ds, key[i, h][::-1][:count], dq[i, h][::-1][start:stop])
            _gathered(ds, queries[start:stop, :size], part, at_once, dk[i, h][::-1][:count])
        of_query = dq[i, h][::-1]
        for j in range(length):
            to = unit(of_query[j])
            for c in range(size):
                to[c] *= scale


@compiled
def _gathered(a: Array, b: Array, room: Array, at_once: bool, out: Array) -> None:
    """``a.T @ b``, written or added."""
    if at_once:
        product(a.T, b, out)
    else:
        part = _taken(room, out.shape[0], out.shape[1])[0]
        product(a.T, b, part)
        _add(part, out)
