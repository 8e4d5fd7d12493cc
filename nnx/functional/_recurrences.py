"""The recurrences: one primitive for a whole sequence, in one direction, of each kind.

The input's part of every step is one product for the whole sequence beforehand, so a step is left with one small
product and a few elementwise functions. All three primitives give every state and the gates, which are what the way
back needs: it goes through the steps once more, backwards, with factors computed for all of them at a time, and
ends with one product for the weights. It is written in the primitive's own outputs, so higher derivatives cost no
extra rule. ``σ(x) = (1 + tanh(x / 2)) / 2`` makes one function of all gates.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..autodiff import joint, primitive
from ..backend import Array
from ._linear import linear_primitive

__all__ = ["by_gate", "gru", "gru_back", "lstm", "lstm_back", "lstm_layer", "rnn"]


def by_gate(xp: Any, z: Array, gates: int, values: Sequence[float]) -> Array:
    """A row with one number for each gate."""
    size = z.shape[-1] // gates
    return xp.concat([xp.full((size,), v, dtype=z.dtype, device=z.device) for v in values])


def _split(x: Array, count: int) -> list[Array]:
    size = x.shape[-1] // count
    return [x[..., i * size : (i + 1) * size] for i in range(count)]


def _order(count: int, reverse: bool) -> range:
    return range(count - 1, -1, -1) if reverse else range(count)


def _in_order(xp: Any, steps: list[Array], reverse: bool) -> Array:
    return xp.stack(steps[::-1] if reverse else steps)


def _before(xp: Any, first: Array, states: Array, reverse: bool) -> Array:
    """The state that each step began with."""
    first = xp.expand_dims(first, axis=0)
    return xp.concat([states[1:, ...], first] if reverse else [first, states[:-1, ...]])


def _flat(xp: Any, x: Array) -> Array:
    return xp.reshape(x, (x.shape[0] * x.shape[1], x.shape[2]))


def _product(xp: Any, x: Array, y: Array) -> Array:
    """The sum over all steps and sequences of the products of ``x`` with ``y``."""
    return xp.matmul(_flat(xp, x).T, _flat(xp, y))


def _traced(x: Any) -> bool:
    return getattr(type(x), "__nnx_traced__", False)


# h = tanh(z + W h) or relu ---------------------------------------------------------------------------------------


@primitive("rnn", params=("relu", "reverse"))
def rnn(
    xp: Any, z: Array, h: Array, weight: Array, idle: Array | None, *, relu: bool, reverse: bool
) -> Array:
    """All states of the simplest recurrence, ``(T, N, H)``."""
    transposed, steps = weight.T, []
    for t in _order(z.shape[0], reverse):
        before, a = h, z[t, ...] + xp.matmul(h, transposed)
        h = xp.maximum(a, xp.zeros_like(a)) if relu else xp.tanh(a)
        h = h if idle is None else xp.where(idle[t, ...] > 0, before, h)
        steps.append(h)
    return _in_order(xp, steps, reverse)


def _rnn_pullback(
    xp: Any, g: Array, out: Array, _z: Any, h: Array, weight: Array, idle: Array | None, *, needed: Any,
    relu: bool, reverse: bool,
) -> tuple[Array | None, ...]:  # fmt: skip
    slope = xp.astype(out > 0, out.dtype) if relu else 1.0 - out * out
    slope = slope if idle is None else slope * (1.0 - idle)
    steps, carried = [], xp.zeros_like(h)
    for t in _order(out.shape[0], not reverse):
        carried = carried + g[t, ...]
        d = carried * slope[t, ...]
        kept = 0.0 if idle is None else carried * idle[t, ...]
        carried = xp.matmul(d, weight) + kept
        steps.append(d)
    d = _in_order(xp, steps, not reverse)
    return d, carried, _product(xp, d, _before(xp, h, out, reverse)) if needed[2] else None, None


rnn.defpullback(joint(_rnn_pullback))


# long short-term memory ------------------------------------------------------------------------------------------


@primitive("lstm", params=("reverse",), outputs=True)
def lstm(
    xp: Any, z: Array, h: Array, c: Array, weight: Array, projection: Array | None, idle: Array | None, *,
    reverse: bool,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """All states ``h (T, N, P)`` and ``c (T, N, H)``, and the gates ``(T, N, 4 H)``: in, forget, cell, out."""
    scale = by_gate(xp, z, 4, (0.5, 0.5, 1.0, 0.5))
    shift = 1.0 - scale
    transposed, z = weight.T * scale, z * scale
    hs, cs, gates = [], [], []
    for t in _order(z.shape[0], reverse):
        gate = xp.tanh(z[t, ...] + xp.matmul(h, transposed)) * scale + shift
        i, f, g, o = _split(gate, 4)
        c, before = f * c + i * g, h
        h = o * xp.tanh(c)
        h = h if projection is None else xp.matmul(h, projection.T)
        h = h if idle is None else h + before * idle[t, ...]
        for values, value in ((hs, h), (cs, c), (gates, gate)):
            values.append(value)
    return _in_order(xp, hs, reverse), _in_order(xp, cs, reverse), _in_order(xp, gates, reverse)


@primitive("lstm_back", params=("reverse",), outputs=True)
def lstm_back(
    xp: Any, g_h: Array | None, g_c: Array | None, g_gates: Array | None, hs: Array, cs: Array, gates: Array,
    h: Array, c: Array, weight: Array, projection: Array | None, idle: Array | None, *, reverse: bool,
) -> tuple[Array | None, ...]:  # fmt: skip
    """The cotangents of ``z``, ``h``, ``c``, ``weight`` and ``projection``."""
    i, f, g, o = _split(gates, 4)
    tanh_c = xp.tanh(cs)
    slope_o, through = tanh_c * o * (1.0 - o), o * (1.0 - tanh_c * tanh_c)
    slopes = [g * i * (1.0 - i), _before(xp, c, cs, reverse) * f * (1.0 - f), i * (1.0 - g * g)]
    given = None
    if g_gates is not None:
        of_i, of_f, of_g, of_o = _split(g_gates, 4)
        parts = [of_i * i * (1.0 - i), of_f * f * (1.0 - f), of_g * (1.0 - g * g), of_o * o * (1.0 - o)]
        given = xp.concat(parts, axis=-1)
    steps, outs, of_h, of_c = [], [], xp.zeros_like(h), xp.zeros_like(c)
    for t in _order(gates.shape[0], not reverse):
        of_h = of_h if g_h is None else of_h + g_h[t, ...]
        of_c = of_c if g_c is None else of_c + g_c[t, ...]
        of_out = of_h if projection is None else xp.matmul(of_h, projection)
        outs.append(of_h)
        of_c = of_c + of_out * through[t, ...]
        d = xp.concat([*(of_c * slope[t, ...] for slope in slopes), of_out * slope_o[t, ...]], axis=-1)
        d = d if given is None else d + given[t, ...]
        steps.append(d)
        kept = 0.0 if idle is None else of_h * idle[t, ...]
        of_h, of_c = xp.matmul(d, weight) + kept, of_c * f[t, ...]
    d = _in_order(xp, steps, not reverse)
    of_projection = None
    if projection is not None:
        of_projection = _product(xp, _in_order(xp, outs, not reverse), o * tanh_c)
    return d, of_h, of_c, _product(xp, d, _before(xp, h, hs, reverse)), of_projection


def _lstm_pullback(
    xp: Any, g: Any, out: Any, _z: Any, h: Array, c: Array, weight: Array, projection: Array | None,
    idle: Array | None, *, needed: Any, reverse: bool,
) -> tuple[Array | None, ...]:  # fmt: skip
    del needed
    args = (*g, *out, h, c, weight, projection, idle)
    if _traced(h):
        return (*lstm_back.forward(xp, *args, reverse=reverse), None)
    return (*lstm_back(*args, reverse=reverse), None)


lstm.defpullback(joint(_lstm_pullback))


@primitive("lstm_layer", params=("reverse",), outputs=True)
def lstm_layer(
    xp: Any, x: Array, h: Array, c: Array, input_weight: Array, bias: Array | None, weight: Array,
    projection: Array | None, *, reverse: bool,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """``lstm`` and the input's part of its gates, for sequences that are equally long."""
    z = linear_primitive.forward(xp, x, input_weight, bias)
    return lstm.forward(xp, z, h, c, weight, projection, None, reverse=reverse)


def _lstm_layer_pullback(
    xp: Any, g: Any, out: Any, x: Array, h: Array, c: Array, input_weight: Array, _bias: Any, weight: Array,
    projection: Array | None, *, needed: Any, reverse: bool,
) -> tuple[Array | None, ...]:  # fmt: skip
    back = _lstm_pullback(xp, g, out, None, h, c, weight, projection, None, needed=needed, reverse=reverse)
    d, of_h, of_c, of_weight, of_projection, _ = back
    of_x = xp.reshape(xp.matmul(_flat(xp, d), input_weight), x.shape) if needed[0] else None
    of_input_weight = _product(xp, d, x) if needed[3] else None
    of_bias = xp.sum(_flat(xp, d), axis=0) if needed[4] else None
    return of_x, of_h, of_c, of_input_weight, of_bias, of_weight, of_projection


lstm_layer.defpullback(joint(_lstm_layer_pullback))


# gated recurrent unit --------------------------------------------------------------------------------------------


@primitive("gru", params=("reverse",), outputs=True)
def gru(
    xp: Any, z: Array, h: Array, weight: Array, bias: Array | None, *, reverse: bool
) -> tuple[Array, Array]:
    """All states ``h (T, N, H)``, and ``(T, N, 4 H)``: reset, update, new, and the state's part of the new."""
    size, transposed, hs, gates = h.shape[-1], weight.T, [], []
    for t in _order(z.shape[0], reverse):
        b = xp.matmul(h, transposed)
        b, a = b if bias is None else b + bias, z[t, ...]
        ru = xp.tanh((a[:, : 2 * size] + b[:, : 2 * size]) * 0.5) * 0.5 + 0.5
        q = b[:, 2 * size :]
        n = xp.tanh(a[:, 2 * size :] + ru[:, :size] * q)
        h = n + ru[:, size:] * (h - n)
        hs.append(h)
        gates.append(xp.concat([ru, n, q], axis=-1))
    return _in_order(xp, hs, reverse), _in_order(xp, gates, reverse)


@primitive("gru_back", params=("reverse",), outputs=True)
def gru_back(
    xp: Any, g_h: Array | None, g_gates: Array | None, hs: Array, gates: Array, h: Array, weight: Array, *,
    reverse: bool,
) -> tuple[Array, ...]:  # fmt: skip
    """The cotangents of ``z``, ``h``, ``weight`` and ``bias``."""
    r, u, n, q = _split(gates, 4)
    before = _before(xp, h, hs, reverse)
    of_n = (1.0 - u) * (1.0 - n * n)
    of_ru = [of_n * q * r * (1.0 - r), (before - n) * u * (1.0 - u)]
    factor, given, to_n = xp.concat([*of_ru, of_n * r], axis=-1), None, None
    if g_gates is not None:
        to_r, to_u, to_n, to_q = _split(g_gates, 4)
        to_n = to_n * (1.0 - n * n)
        to_r = (to_r + to_n * q) * r * (1.0 - r)
        given = xp.concat([to_r, to_u * u * (1.0 - u), to_q + to_n * r], axis=-1)
    steps, totals, of_h = [], [], xp.zeros_like(h)
    for t in _order(gates.shape[0], not reverse):
        of_h = of_h if g_h is None else of_h + g_h[t, ...]
        totals.append(of_h)
        d = xp.concat([of_h] * 3, axis=-1) * factor[t, ...]
        d = d if given is None else d + given[t, ...]
        steps.append(d)
        of_h = of_h * u[t, ...] + xp.matmul(d, weight)
    d, new = _in_order(xp, steps, not reverse), _in_order(xp, totals, not reverse) * of_n
    new = new if to_n is None else new + to_n
    of_z = xp.concat([d[..., : 2 * h.shape[-1]], new], axis=-1)
    return of_z, of_h, _product(xp, d, before), xp.sum(d, axis=(0, 1))


def _gru_pullback(
    xp: Any, g: Any, out: Any, _z: Any, h: Array, weight: Array, _bias: Any, *, needed: Any, reverse: bool
) -> tuple[Array, ...]:
    del needed
    args = (*g, *out, h, weight)
    if _traced(h):
        return gru_back.forward(xp, *args, reverse=reverse)
    return gru_back(*args, reverse=reverse)


gru.defpullback(joint(_gru_pullback))
