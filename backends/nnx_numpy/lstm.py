"""Long short-term memory in NumPy: see nnx_numpy.recurrent."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnx.autodiff import joint

from .cores import product
from .dense import linear
from .recurrent import apart, by_gate, by_sequences, order, ready, together, turned, usual, weight_slope
from .reference import reference, reference_pullback

Array = Any

FEW, CACHE = 16, 2**19  # sequences, and bytes of weights, from or up to which one product a step beats two


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
    """Two products and nine passes a step; all steps in one call where they are compiled."""
    if not usual(z, h, c, weight, projection, idle):
        return reference("lstm")(z, h, c, weight, projection, idle, reverse=reverse)
    (steps, rows, _), size, dtype = z.shape, c.shape[1], z.dtype
    scale = by_gate(size, rows, (0.5, 0.5, 1.0, 0.5), dtype)
    weight = np.multiply(weight, scale[:, :1], order="C")
    shapes = (z, (steps, rows, 4 * size)), (h, (rows, size)), (c, (rows, size)), (weight, (4 * size, size))
    fast = together(8 * z.size, size, *shapes, (idle, (steps, rows, 1))) if projection is None else None
    if fast is not None:
        states = apart((steps + 1, size, rows), dtype)
        states[steps if reverse else 0] = h.T
        return _steps_compiled(fast, z, idle, scale, weight, states, c, reverse)
    gates = turned(z)
    gates *= scale
    cs, hs = np.empty((steps, size, rows), dtype), np.empty((steps, h.shape[1], rows), dtype)
    h, c, shift = turned(h), turned(c), 1 - scale
    sums, part, idle = np.empty((4 * size, rows), dtype), np.empty((size, rows), dtype), _rows(idle)
    for t in order(steps, reverse):
        gate, h_new = gates[t], hs[t]
        gate += np.dot(weight, h, sums)
        _lstm_step(gate, c, cs[t], h_new, part, scale, shift, projection)
        if idle is not None:
            h_new += h * idle[t]
        h, c = h_new, cs[t]
    return turned(hs), cs.mT, gates.mT


def _lstm_step(
    gate: Array, c: Array, c_new: Array, h_new: Array, part: Array, scale: Array, shift: Array,
    projection: Array | None,
) -> None:  # fmt: skip
    """From the gates' arguments to the gates, and to the new states."""
    np.tanh(gate, gate)
    size = len(c)
    gate *= scale
    gate += shift
    np.multiply(gate[size : 2 * size], c, c_new)
    c_new += np.multiply(gate[:size], gate[2 * size : 3 * size], part)
    shown = h_new if projection is None else part
    np.tanh(c_new, shown)
    shown *= gate[3 * size :]
    if projection is not None:
        np.dot(projection, part, h_new)


def _steps_compiled(
    fast: Any, z: Array | None, idle: Array | None, scale: Array, weights: Array, inputs: Array, c: Array,
    reverse: bool,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """The same for all steps: ``inputs`` is what the weights are multiplied with, the state at first."""
    steps, (rows, size), dtype = len(inputs) - 1, c.shape, c.dtype
    z = np.empty((0, 0, 0), dtype) if z is None else ready(z)
    idle = _flat(idle, dtype)
    cs, gates = apart((steps, size, rows), dtype), apart((steps, 4 * size, rows), dtype)
    hs, factors = np.empty((steps, rows, size), dtype), scale[:, 0].copy()
    args = z, idle, factors, weights, inputs, turned(c), gates, cs, hs, int(reverse)
    by_sequences(lambda part: fast.lstm_steps(*args, *part), steps, weights.shape, rows, dtype)
    return hs, cs.mT, gates.mT


def lstm_layer(
    x: Array, h: Array, c: Array, input_weight: Array, bias: Array | None, weight: Array,
    projection: Array | None, *, reverse: bool,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """The input's part and the bias within the state's product, where the weights stay in the cache."""
    if x.ndim != 3 or not usual(x, h, c, input_weight, bias, weight, projection):
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
    scale = by_gate(size, rows, (0.5, 0.5, 1.0, 0.5), dtype)
    weights = np.concatenate([weight, input_weight, bias[:, None]], axis=1)
    weights = np.multiply(weights, scale[:, :1], order="C")
    before, after = (slice(k, steps + k) for k in (int(reverse), 1 - int(reverse)))
    inputs = apart((steps + 1, weights.shape[1], rows), dtype)  # of each step: state, input, and ones
    inputs[before, width:-1], inputs[:, -1] = x.mT, 1
    inputs[steps if reverse else 0, :width] = h.T
    shapes = (h, (rows, size)), (c, (rows, size)), (weight, (4 * size, size))
    fast = together(8 * steps * rows * size, size, *shapes) if projection is None else None
    if fast is not None:
        return _steps_compiled(fast, None, None, scale, weights, inputs, c, reverse)
    gates, cs = np.empty((steps, 4 * size, rows), dtype), np.empty((steps, size, rows), dtype)
    hs, given = inputs[after, :width], inputs[before]
    c, shift, part = turned(c), 1 - scale, np.empty_like(cs[0])
    for t in order(steps, reverse):
        gate, c_new = gates[t], cs[t]
        weights.dot(given[t], gate)
        _lstm_step(gate, c, c_new, hs[t], part, scale, shift, projection)
        c = c_new
    return turned(hs), cs.mT, gates.mT


def _rows(idle: Array | None) -> Array | None:
    return None if idle is None else np.ascontiguousarray(idle.mT)


def _flat(idle: Array | None, dtype: Any) -> Array:
    """The same as compiled loops take it, ``(T, N)``."""
    return np.empty((0, 0), dtype) if idle is None else ready(idle.reshape(idle.shape[:2]))


def lstm_back(
    g_h: Array | None, g_c: Array | None, g_gates: Array | None, hs: Array, cs: Array, gates: Array,
    h: Array, c: Array, weight: Array, projection: Array | None, idle: Array | None, *, reverse: bool,
) -> tuple[Array | None, ...]:  # fmt: skip
    """Its steps back, and one product for the weights."""
    if g_gates is not None or not usual(gates, g_h, g_c, hs, cs, h, c, weight, projection, idle):
        return reference("lstm_back")(
            g_h, g_c, g_gates, hs, cs, gates, h, c, weight, projection, idle, reverse=reverse
        )
    d, of_h, of_c, of_projection = _steps_back(g_h, g_c, cs, gates, h, c, weight, projection, idle, reverse)
    return d, of_h, of_c, weight_slope(d, hs, h, reverse), of_projection


def lstm_layer_back(
    xp: Any, g: Any, out: Any, x: Array, h: Array, c: Array, input_weight: Array, bias: Array | None, weight: Array,
    projection: Array | None, *, needed: Any, reverse: bool,
) -> tuple[Array | None, ...]:  # fmt: skip
    """One product for all weights and the bias."""
    g_h, g_c, g_gates = g
    hs, cs, gates = out
    arrays = gates, g_h, g_c, hs, cs, x, h, c, input_weight, bias, weight, projection
    plain = all(a is None or type(a) is np.ndarray for a in arrays)
    if g_gates is not None or not plain or not usual(*arrays):
        return reference_pullback("lstm_layer")(
            xp, g, out, x, h, c, input_weight, bias, weight, projection, needed=needed, reverse=reverse
        )
    d, of_h, of_c, of_projection = _steps_back(g_h, g_c, cs, gates, h, c, weight, projection, None, reverse)
    (steps, rows, features), width, flat = x.shape, h.shape[1], d.reshape(-1, d.shape[2])
    given = np.empty((steps, rows, width + features + 1), d.dtype)  # to each step: state, input, and ones
    later, first, before = (slice(-1), -1, hs[1:]) if reverse else (slice(1, None), 0, hs[:-1])
    given[later, :, :width], given[first, :, :width] = before, h
    given[..., width:-1], given[..., -1] = x, 1
    slopes = product(flat.T, given.reshape(-1, given.shape[2]))
    return (
        product(flat, input_weight).reshape(x.shape) if needed[0] else None,
        of_h,
        of_c,
        slopes[:, width:-1].copy(),
        slopes[:, -1].copy() if bias is not None else None,
        slopes[:, :width].copy(),
        of_projection,
    )


def _steps_back(
    g_h: Array | None, g_c: Array | None, cs: Array, gates: Array, h: Array, c: Array, weight: Array,
    projection: Array | None, idle: Array | None, reverse: bool,
) -> tuple[Any, ...]:  # fmt: skip
    """The cotangents of the gates' arguments, of both states and of the projection: seven passes a step."""
    (steps, rows, _), size, dtype = gates.shape, c.shape[1], gates.dtype
    shapes = (g_h, cs.shape), (g_c, cs.shape), (c, (rows, size)), (weight, (4 * size, size))
    fast = together(8 * gates.size, size, *shapes, (idle, (steps, rows, 1))) if projection is None else None
    if fast is not None:
        return _steps_back_compiled(fast, g_h, g_c, idle, cs, gates, c, weight, reverse)
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
    to_h, to_c = (None if x is None else turned(x) for x in (g_h, g_c))
    of_h, of_c = np.zeros((h.shape[1], rows), dtype), np.zeros((size, rows), dtype)
    outs = None if projection is None else np.empty((steps, *of_h.shape), dtype)
    back, part, of_out = weight.T.copy(), np.empty_like(of_c), of_h
    unprojected = None if projection is None else projection.T.copy()
    for t in order(steps, not reverse):
        if to_h is not None:
            of_h += to_h[t]
        if to_c is not None:
            of_c += to_c[t]
        if unprojected is not None and outs is not None:
            outs[t] = of_h
            of_out = np.dot(unprojected, of_h)
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
    d = turned(d)
    of_projection = None
    if outs is not None and shown is not None:
        columns = (x.transpose(1, 0, 2).reshape(x.shape[1], -1) for x in (outs, shown))
        of_projection = np.matmul(next(columns), next(columns).T)
    return d, of_h.T, of_c.T, of_projection


def _steps_back_compiled(
    fast: Any, g_h: Array | None, g_c: Array | None, idle: Array | None, cs: Array, gates: Array, c: Array,
    weight: Array, reverse: bool,
) -> tuple[Array | None, ...]:  # fmt: skip
    """The same in one call."""
    (steps, rows, _), size, dtype = gates.shape, c.shape[1], gates.dtype
    gates, cs, c = (ready(x.mT) for x in (gates, cs, c))
    none, d = np.empty((0, 0, 0), dtype), np.empty((steps, rows, 4 * size), dtype)
    g_h, g_c = (none if g is None else ready(g) for g in (g_h, g_c))
    of_h, of_c, back = np.empty((rows, size), dtype), np.empty((rows, size), dtype), weight.T.copy()
    args = g_h, g_c, _flat(idle, dtype), cs, gates, c, back, of_h, of_c, d, int(reverse)
    by_sequences(lambda part: fast.lstm_steps_back(*args, *part), steps, back.shape, rows, dtype)
    return d, of_h, of_c, None


OVERRIDES: dict[str, Any] = {
    "lstm": (lstm, ()),
    "lstm_back": (lstm_back, ()),
    "lstm_layer": (lstm_layer, (joint(lstm_layer_back),)),
}
