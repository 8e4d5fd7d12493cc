"""Gated recurrent units in NumPy: see nnx_numpy.recurrent."""

from __future__ import annotations

from typing import Any

import numpy as np

from .recurrent import apart, by_gate, by_sequences, order, ready, together, turned, usual, weight_slope
from .reference import reference

Array = Any


def gru(z: Array, h: Array, weight: Array, bias: Array | None, *, reverse: bool) -> tuple[Array, Array]:
    """One product and eleven passes a step; all steps in one call where they are compiled."""
    if not usual(z, h, weight, bias):
        return reference("gru")(z, h, weight, bias, reverse=reverse)
    (steps, rows, _), size, dtype = z.shape, h.shape[1], z.dtype
    scale = by_gate(size, rows, (0.5, 0.5, 1.0), dtype)
    weight = np.multiply(weight, scale[:, :1], order="C")
    bias = None if bias is None else bias * scale[:, 0]
    shapes = (z, (steps, rows, 3 * size)), (h, (rows, size)), (weight, (3 * size, size)), (bias, (3 * size,))
    fast = together(8 * z.size, size, *shapes)
    if fast is not None:
        return _steps_compiled(fast, z, scale, h, weight, bias, reverse)
    z, half = turned(z), np.array(0.5, dtype)
    z *= scale
    gates, hs = np.empty((steps, 4 * size, rows), dtype), np.empty((steps, size, rows), dtype)
    h, product = turned(h), np.empty((3 * size, rows), dtype)
    bias = None if bias is None else np.repeat(bias[:, None], rows, axis=1)
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


def _steps_compiled(
    fast: Any, z: Array, scale: Array, h: Array, weight: Array, bias: Array | None, reverse: bool
) -> tuple[Array, Array]:
    (steps, rows, _), size, dtype = z.shape, h.shape[1], z.dtype
    states, gates = apart((steps + 1, size, rows), dtype), apart((steps, 4 * size, rows), dtype)
    states[steps if reverse else 0] = h.T
    hs, bias = np.empty((steps, rows, size), dtype), np.empty(0, dtype) if bias is None else bias
    args = ready(z), scale[:, 0].copy(), weight, bias, states, gates, hs, int(reverse)
    by_sequences(lambda part: fast.gru_steps(*args, *part), steps, weight.shape, rows, dtype)
    return hs, gates.mT


def gru_back(
    g_h: Array | None, g_gates: Array | None, hs: Array, gates: Array, h: Array, weight: Array, *, reverse: bool
) -> tuple[Array, ...]:  # fmt: skip
    """One product and five passes a step; all steps in one call where they are compiled."""
    if g_h is None or g_gates is not None or not usual(gates, g_h, hs, h, weight):
        return reference("gru_back")(g_h, g_gates, hs, gates, h, weight, reverse=reverse)
    size = h.shape[1]
    fast = together(8 * gates.size, size, (g_h, hs.shape), (h, hs.shape[1:]), (weight, (3 * size, size)))
    of_z, d, of_h = (
        _steps_back(g_h, hs, gates, h, weight, reverse)
        if fast is None
        else _steps_back_compiled(fast, g_h, hs, gates, h, weight, reverse)
    )
    slope = weight_slope(d, hs, h, reverse)
    return of_z, of_h, slope, np.add.reduce(d.reshape(-1, d.shape[2]), axis=0)


def _steps_back(
    g_h: Array, hs: Array, gates: Array, h: Array, weight: Array, reverse: bool
) -> tuple[Array, Array, Array]:
    """The cotangents of ``z``, of the state's part of the gates, and of the state."""
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
    return of_z, d, of_h.T


def _steps_back_compiled(
    fast: Any, g_h: Array, hs: Array, gates: Array, h: Array, weight: Array, reverse: bool
) -> tuple[Array, Array, Array]:
    """The same in one call."""
    (steps, rows, _), size, dtype = gates.shape, h.shape[1], gates.dtype
    of_z, d = (np.empty((steps, rows, 3 * size), dtype) for _ in range(2))
    of_h, back = np.empty((rows, size), dtype), weight.T.copy()
    args = ready(g_h), ready(hs), ready(gates.mT), ready(h), back, of_z, d, of_h, int(reverse)
    by_sequences(lambda part: fast.gru_steps_back(*args, *part), steps, back.shape, rows, dtype)
    return of_z, d, of_h


OVERRIDES: dict[str, Any] = {"gru": (gru, ()), "gru_back": (gru_back, ())}
