"""Recurrent layers in NumPy: every step in place, with the sequences of a batch on the last axis.

So laid out, the gates of a step are contiguous, which NumPy's functions are two or three times as fast on. What
comes in is transposed once for all steps, and what goes out is seen transposed, or copied where others read it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiled import FLOATS, loops
from .dense import linear
from .reference import reference

Array = Any

FEW, CACHE = 16, 2**19  # sequences, and bytes of weights, from or up to which one product a step beats two
LONG = 128  # sequences, from which on a number in place of a row of them saves more than it costs


def _usual(first: Array, *others: Array | None) -> bool:
    """Whether these are of one of the dtypes that are worth it, and there is something in them."""
    dtype = first.dtype
    return dtype in FLOATS and all(x is None or (x.dtype == dtype and x.size) for x in (first, *others))


def _order(count: int, reverse: bool) -> range:
    return range(count - 1, -1, -1) if reverse else range(count)


def _turned(x: Array) -> Array:
    """The last two axes change places, and what comes out is contiguous."""
    fast = loops(x.size) if x.ndim == 3 and x.flags.c_contiguous else None
    if fast is None:
        return x.mT.copy()
    fast.turned(x, out := np.empty(x.mT.shape, x.dtype))
    return out


def _by_gate(size: int, rows: int, values: tuple[float, ...], dtype: Any) -> Array:
    """A number for each gate, as often as NumPy is faster with it: short rows cost it a loop each."""
    column = np.repeat(np.array(values, dtype), size)[:, None]
    return np.repeat(column, rows, axis=1) if rows < LONG else column


def _weight_slope(d: Array, hs: Array, h: Array, reverse: bool) -> Array:
    """The sum over all steps of the products of ``d (T, N, G)`` with the state before, ``(T, N, H)``."""
    later, first, before = (d[:-1], d[-1], hs[1:]) if reverse else (d[1:], d[0], hs[:-1])
    total = first.T.dot(h)
    if len(later):
        total += later.reshape(-1, d.shape[2]).T.dot(before.reshape(-1, hs.shape[2]))
    return total


def lstm(
    z: Array,
    h: Array,
    c: Array,
    weight: Array,
    projection: Array | None,
    idle: Array | None,
    *,
    reverse: bool,
) -> tuple[Array, Array, Array]:
    """Two products and nine passes a step; two less with compiled ones."""
    if not _usual(z, h, c, weight, projection, idle):
        return reference("lstm")(z, h, c, weight, projection, idle, reverse=reverse)
    (steps, rows, _), size, dtype = z.shape, c.shape[1], z.dtype
    gates, scale = _turned(z), _by_gate(size, rows, (0.5, 0.5, 1.0, 0.5), dtype)
    gates *= scale
    cs, hs = np.empty((steps, size, rows), dtype), np.empty((steps, h.shape[1], rows), dtype)
    weight, h, c, shift = weight * scale[:, :1], _turned(h), _turned(c), 1 - scale
    product, part, idle = np.empty((4 * size, rows), dtype), np.empty((size, rows), dtype), _rows(idle)
    fast = loops(8 * gates.size) if projection is None and idle is None else None
    for t in _order(steps, reverse):
        gate, h_new = gates[t], hs[t]
        gate += np.dot(weight, h, product)
        _lstm_step(fast, gates, cs, t, c, h_new, part, scale, shift, projection)
        if idle is not None:
            h_new += h * idle[t]
        h, c = h_new, cs[t]
    return _turned(hs), cs.mT, gates.mT


def _lstm_step(
    fast: Any, gates: Array, cs: Array, t: int, c: Array, h_new: Array, part: Array, scale: Array, shift: Array,
    projection: Array | None,
) -> None:  # fmt: skip
    """From the gates' arguments to the gates, and to the new states."""
    gate, c_new = gates[t], cs[t]
    np.tanh(gate, gate)
    i, f, g, o = gate.reshape(4, *c.shape)
    if fast is not None:
        fast.lstm_cell(gates, c, cs, t)
    else:
        gate *= scale
        gate += shift
        np.multiply(f, c, c_new)
        c_new += np.multiply(i, g, part)
    shown = h_new if projection is None else part
    np.tanh(c_new, shown)
    shown *= o
    if projection is not None:
        np.dot(projection, part, h_new)


def lstm_layer(
    x: Array, h: Array, c: Array, input_weight: Array, bias: Array | None, weight: Array,
    projection: Array | None, *, reverse: bool,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """The input's part and the bias within the state's product, where the weights stay in the cache."""
    if x.ndim != 3 or not _usual(x, h, c, input_weight, bias, weight, projection):
        return reference("lstm_layer")(x, h, c, input_weight, bias, weight, projection, reverse=reverse)
    (steps, rows, features), (size, dtype), width = x.shape, (c.shape[1], x.dtype), h.shape[1]
    if (
        bias is None
        or rows < FEW
        or input_weight.shape != (4 * size, features)
        or (input_weight.nbytes + weight.nbytes) > CACHE
    ):
        z = linear(x.reshape(-1, features), input_weight, bias)
        return lstm(z.reshape(steps, rows, -1), h, c, weight, projection, None, reverse=reverse)
    scale = _by_gate(size, rows, (0.5, 0.5, 1.0, 0.5), dtype)
    weights = np.concatenate([weight, input_weight, bias[:, None]], axis=1) * scale[:, :1]
    before, after = (slice(k, steps + k) for k in (int(reverse), 1 - int(reverse)))
    inputs = np.empty((steps + 1, weights.shape[1], rows), dtype)  # of each step: state, input, and ones
    inputs[before, width:-1], inputs[:, -1] = x.mT, 1
    inputs[steps if reverse else 0, :width] = h.T
    gates, cs = np.empty((steps, 4 * size, rows), dtype), np.empty((steps, size, rows), dtype)
    hs, given, c, shift, part = (
        inputs[after, :width],
        inputs[before],
        _turned(c),
        1 - scale,
        np.empty_like(cs[0]),
    )
    fast = loops(8 * gates.size) if projection is None else None
    for t in _order(steps, reverse):
        np.dot(weights, given[t], gates[t])
        _lstm_step(fast, gates, cs, t, c, hs[t], part, scale, shift, projection)
        c = cs[t]
    return _turned(hs), cs.mT, gates.mT


def _rows(idle: Array | None) -> Array | None:
    return None if idle is None else np.ascontiguousarray(idle.mT)


def lstm_back(
    g_h: Array | None, g_c: Array | None, g_gates: Array | None, hs: Array, cs: Array, gates: Array,
    h: Array, c: Array, weight: Array, projection: Array | None, idle: Array | None, *, reverse: bool,
) -> tuple[Array | None, ...]:  # fmt: skip
    """One product, two where there is a projection, and seven passes a step."""
    if g_gates is not None or not _usual(gates, g_h, g_c, hs, cs, h, c, weight, projection, idle):
        return reference("lstm_back")(
            g_h, g_c, g_gates, hs, cs, gates, h, c, weight, projection, idle, reverse=reverse
        )
    fast = loops(8 * gates.size) if projection is None and idle is None else None
    if fast is not None:
        return _lstm_back_compiled(fast, g_h, g_c, hs, cs, gates, h, c, weight, reverse)
    (steps, rows, _), size, dtype = gates.shape, c.shape[1], gates.dtype
    gates, tanh_c, idle = gates.mT, np.tanh(cs.mT, order="C"), _rows(idle)
    i, f, g, o = (gates[:, k * size : (k + 1) * size] for k in range(4))
    d = np.subtract(1, gates, order="C")  # becomes the cotangent of every step's gates
    d *= gates
    d_i, d_f, d_g, d_o = (d[:, k * size : (k + 1) * size] for k in range(4))
    d_i *= g
    np.multiply(g, g, d_g)
    np.subtract(1, d_g, d_g)
    d_g *= i
    later, first, before = (slice(None, -1), -1, cs[1:]) if reverse else (slice(1, None), 0, cs[:-1])
    d_f[later] *= before.mT
    d_f[first] *= c.T
    shown = None if projection is None else tanh_c * o
    d_o *= tanh_c
    through = np.multiply(tanh_c, tanh_c, tanh_c)
    np.subtract(1, through, through)
    through *= o
    to_h, to_c = (None if x is None else _turned(x) for x in (g_h, g_c))
    of_h, of_c = np.zeros((h.shape[1], rows), dtype), np.zeros((size, rows), dtype)
    outs = None if projection is None else np.empty((steps, *of_h.shape), dtype)
    back, part, of_out = weight.T.copy(), np.empty_like(of_c), of_h
    turned = None if projection is None else projection.T.copy()
    for t in _order(steps, not reverse):
        if to_h is not None:
            of_h += to_h[t]
        if to_c is not None:
            of_c += to_c[t]
        if turned is not None and outs is not None:
            outs[t] = of_h
            of_out = np.dot(turned, of_h)
        of_c += np.multiply(of_out, through[t], part)
        now = d[t]
        inner = now[: 3 * size].reshape(3, size, rows)
        inner *= of_c
        now[3 * size :] *= of_out
        of_c *= f[t]
        kept = None if idle is None else of_h * idle[t]
        np.dot(back, now, of_h)
        if kept is not None:
            of_h += kept
    d = _turned(d)
    of_projection = None
    if outs is not None and shown is not None:
        columns = (x.transpose(1, 0, 2).reshape(x.shape[1], -1) for x in (outs, shown))
        of_projection = np.matmul(next(columns), next(columns).T)
    return d, of_h.T, of_c.T, _weight_slope(d, hs, h, reverse), of_projection


def _lstm_back_compiled(
    fast: Any, g_h: Array | None, g_c: Array | None, hs: Array, cs: Array, gates: Array, h: Array, c: Array,
    weight: Array, reverse: bool,
) -> tuple[Array | None, ...]:  # fmt: skip
    """The same with compiled loops: one pass over everything, and one product and one pass a step."""
    (steps, rows, _), size = gates.shape, c.shape[1]
    gates, states, first = (np.ascontiguousarray(x.mT) for x in (gates, cs, c))
    tanh_c, d, through = np.tanh(states), np.empty_like(gates), np.empty_like(states)
    fast.lstm_slopes(gates, tanh_c, states, first, reverse, d, through)
    to_h, to_c = (None if x is None else _turned(x) for x in (g_h, g_c))
    of_h, of_c = np.zeros((size, rows), d.dtype), np.zeros((size, rows), d.dtype)
    back = weight.T.copy()
    for t in _order(steps, not reverse):
        if to_h is not None:
            of_h += to_h[t]
        if to_c is not None:
            of_c += to_c[t]
        fast.lstm_cell_back(d, through, gates, of_h, of_c, t)
        np.dot(back, d[t], of_h)
    d = _turned(d)
    return d, of_h.T, of_c.T, _weight_slope(d, hs, h, reverse), None


def gru(z: Array, h: Array, weight: Array, bias: Array | None, *, reverse: bool) -> tuple[Array, Array]:
    """One product and eleven passes a step."""
    if not _usual(z, h, weight, bias):
        return reference("gru")(z, h, weight, bias, reverse=reverse)
    (steps, rows, _), size, dtype = z.shape, h.shape[1], z.dtype
    z, scale, half = _turned(z), _by_gate(size, rows, (0.5, 0.5, 1.0), dtype), np.array(0.5, dtype)
    z *= scale
    gates, hs = np.empty((steps, 4 * size, rows), dtype), np.empty((steps, size, rows), dtype)
    scale = scale[:, :1]
    weight, h, product = weight * scale, _turned(h), np.empty((3 * size, rows), dtype)
    bias = None if bias is None else np.repeat(bias[:, None] * scale, rows, axis=1)
    for t in _order(steps, reverse):
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
    return _turned(hs), gates.mT


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
    if g_h is None or g_gates is not None or not _usual(gates, g_h, hs, h, weight):
        return reference("gru_back")(g_h, g_gates, hs, gates, h, weight, reverse=reverse)
    (steps, rows, _), size, dtype = gates.shape, h.shape[1], gates.dtype
    r, u, n, q = (gates.mT[:, k * size : (k + 1) * size] for k in range(4))
    d = np.empty(
        (steps, 3 * size, rows), dtype
    )  # becomes the cotangent of the state's part of every step's gates
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
    to_h, of_h = _turned(g_h), np.zeros((size, rows), dtype)
    back, product = weight.T.copy(), np.empty_like(of_h)
    for t in _order(steps, not reverse):
        total = to_h[t]
        total += of_h
        now = d[t]
        inner = now.reshape(3, size, rows)
        inner *= total
        np.multiply(total, u[t], of_h)
        of_h += np.dot(back, now, product)
    of_n *= to_h
    of_z = np.empty((steps, rows, 3 * size), dtype)
    d = _turned(d)
    of_z[..., : 2 * size], of_z[..., 2 * size :] = d[..., : 2 * size], of_n.mT
    return of_z, of_h.T, _weight_slope(d, hs, h, reverse), np.add.reduce(d.reshape(-1, 3 * size), axis=0)


OVERRIDES: dict[str, Any] = {
    function.__name__: (function, ()) for function in (lstm, lstm_layer, lstm_back, gru, gru_back)
}
