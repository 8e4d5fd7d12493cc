"""Recurrent layers in NumPy: every step in place, with the sequences of a batch on the last axis.

So laid out, the gates of a step are contiguous, which NumPy's functions are two or three times as fast on. What
comes in is transposed once for all steps, and what goes out is seen transposed, or copied where others read it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiled import FLOATS, loops
from .reference import reference

Array = Any

LONG = 128  # sequences, from which on a number in place of a row of them saves more than it costs


def usual(first: Array, *others: Array | None) -> bool:
    """Whether these are of one of the dtypes that are worth it, and there is something in them."""
    dtype = first.dtype
    return dtype in FLOATS and all(x is None or (x.dtype == dtype and x.size) for x in (first, *others))


def order(count: int, reverse: bool) -> range:
    """Of the steps."""
    return range(count - 1, -1, -1) if reverse else range(count)


def turned(x: Array) -> Array:
    """The last two axes change places, and what comes out is contiguous."""
    fast = loops(x.size) if x.ndim == 3 and x.flags.c_contiguous else None
    if fast is None:
        return x.mT.copy()
    fast.turned(x, out := np.empty(x.mT.shape, x.dtype))
    return out


def by_gate(size: int, rows: int, values: tuple[float, ...], dtype: Any) -> Array:
    """A number for each gate, as often as NumPy is faster with it: short rows cost it a loop each."""
    column = np.repeat(np.array(values, dtype), size)[:, None]
    return np.repeat(column, rows, axis=1) if rows < LONG else column


def weight_slope(d: Array, hs: Array, h: Array, reverse: bool) -> Array:
    """The sum over all steps of the products of ``d (T, N, G)`` with the state before, ``(T, N, H)``."""
    later, first, before = (d[:-1], d[-1], hs[1:]) if reverse else (d[1:], d[0], hs[:-1])
    total = first.T.dot(h)
    if len(later):
        total += later.reshape(-1, d.shape[2]).T.dot(before.reshape(-1, hs.shape[2]))
    return total


def gru(z: Array, h: Array, weight: Array, bias: Array | None, *, reverse: bool) -> tuple[Array, Array]:
    """One product and eleven passes a step."""
    if not usual(z, h, weight, bias):
        return reference("gru")(z, h, weight, bias, reverse=reverse)
    (steps, rows, _), size, dtype = z.shape, h.shape[1], z.dtype
    z, scale, half = turned(z), by_gate(size, rows, (0.5, 0.5, 1.0), dtype), np.array(0.5, dtype)
    z *= scale
    gates, hs = np.empty((steps, 4 * size, rows), dtype), np.empty((steps, size, rows), dtype)
    scale = scale[:, :1]
    weight, h, product = weight * scale, turned(h), np.empty((3 * size, rows), dtype)
    bias = None if bias is None else np.repeat(bias[:, None] * scale, rows, axis=1)
    for t in order(steps, reverse):
        gate, a, h_new = gates[t], z[t], hs[t]
        np.dot(weight, h, product)
        if bias is not None:
            product += bias
        both = np.add(a[: 2 * size], product[: 2 * size], gate[: 2 * size])
        np.tanh(both, both)
        both *= half
        both += half
        gate[3 * size :] = product[2 * size :]
        new = np.multiply(gate[:size], product[2 * size :], gate[2 * size : 3 * size])
        new += a[2 * size :]
        np.tanh(new, new)
        np.subtract(h, new, h_new)
        h_new *= gate[size : 2 * size]
        h_new += new
        h = h_new
    return turned(hs), gates.mT


def gru_back(
    g_h: Array | None,
    g_gates: Array | None,
    hs: Array,
    gates: Array,
    h: Array,
    weight: Array,
    *,
    reverse: bool,
) -> tuple[Array, ...]:
    """One product and five passes a step."""
    if g_h is None or g_gates is not None or not usual(gates, g_h, hs, h, weight):
        return reference("gru_back")(g_h, g_gates, hs, gates, h, weight, reverse=reverse)
    (steps, rows, _), size, dtype = gates.shape, h.shape[1], gates.dtype
    r, u, n, q = (gates.mT[:, k * size : (k + 1) * size] for k in range(4))
    d = np.empty((steps, 3 * size, rows), dtype)  # becomes the cotangent of the state's part of the gates
    d_r, d_u, d_q = (d[:, k * size : (k + 1) * size] for k in range(3))
    of_n = np.multiply(n, n, order="C")
    np.subtract(1, of_n, of_n)
    rest = np.subtract(1, u, order="C")
    of_n *= rest
    later, first, before = (slice(None, -1), -1, hs[1:]) if reverse else (slice(1, None), 0, hs[:-1])
    np.subtract(before.mT, n[later], d_u[later])
    np.subtract(h.T, n[first], d_u[first])
    d_u *= rest
    d_u *= u
    np.multiply(of_n, r, d_q)
    np.subtract(1, r, d_r)
    d_r *= q
    d_r *= d_q
    to_h, of_h = turned(g_h), np.zeros((size, rows), dtype)
    back, product = weight.T.copy(), np.empty_like(of_h)
    for t in order(steps, not reverse):
        total = to_h[t]
        total += of_h
        now = d[t]
        inner = now.reshape(3, size, rows)
        inner *= total
        np.multiply(total, u[t], of_h)
        of_h += np.dot(back, now, product)
    of_n *= to_h
    of_z = np.empty((steps, rows, 3 * size), dtype)
    d = turned(d)
    of_z[..., : 2 * size], of_z[..., 2 * size :] = d[..., : 2 * size], of_n.mT
    return of_z, of_h.T, weight_slope(d, hs, h, reverse), np.add.reduce(d.reshape(-1, 3 * size), axis=0)


OVERRIDES: dict[str, Any] = {"gru": (gru, ()), "gru_back": (gru_back, ())}
