"""Gated recurrent units: all steps of a sequence in one call, with the sequences of a batch on the last axis.

Arrays are contiguous. ``bias`` may be empty, where there is none.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .numba_calls import product, tanh
from .numba_compiled import compiled
from .numba_turned import add, add_turned, put, put_turned, taken

__all__ = ["gru_steps", "gru_steps_back"]

Array = Any


@compiled
def gru_steps(
    z: Array, scale: Array, weights: Array, bias: Array, states: Array, gates: Array, hs: Array, reverse: int,
    first: int, last: int,
) -> None:  # fmt: skip
    """Every state and the gates, for the sequences from ``first`` to ``last``; ``states`` has the first one too."""
    (steps, many, size), dtype, rows = hs.shape, hs.dtype, last - first
    sums, gate = np.empty((3 * size, rows), dtype), np.empty((4 * size, rows), dtype)
    h, count = np.empty((size, rows), dtype), size * rows
    taken(states[steps if reverse else 0], first, h)
    for k in range(steps):
        t = steps - 1 - k if reverse else k
        if rows == many:  # nothing to be copied then
            gate = gates[t]
        product(weights, states[t + reverse][:, first:last], sums)
        put_turned(z[t, first:last], gate[: 3 * size])
        arguments(scale, sums, bias, gate)
        flat, state = gate.reshape(-1), h.reshape(-1)
        tanh(flat[: 2 * count], flat[: 2 * count])
        gru_gates(flat, count)
        tanh(flat[2 * count : 3 * count], flat[2 * count : 3 * count])
        for i in range(count):
            new = flat[i + 2 * count]
            state[i] = (state[i] - new) * flat[i + count] + new
        put(h, states[t + 1 - reverse], first)
        put_turned(h, hs[t, first:last])
        if rows != many:
            put(gate, gates[t], first)


@compiled
def arguments(scale: Array, sums: Array, bias: Array, gate: Array) -> None:
    """Of a step's tanh: of two gates; the input's part of the third; and the state's part of that."""
    rows, columns = sums.shape
    size = rows // 3
    if bias.size:
        for i in range(rows):
            for j in range(columns):
                sums[i, j] += bias[i]
    for i in range(2 * size):
        for j in range(columns):
            gate[i, j] = gate[i, j] * scale[i] + sums[i, j]
    for i in range(2 * size, rows):
        for j in range(columns):
            gate[i + size, j] = sums[i, j]


@compiled
def gru_gates(gates: Array, size: int) -> None:
    """Both gates after tanh, and with them the third's argument."""
    half = gates.dtype.type(0.5)
    for k in range(size):
        r = gates[k] * half + half
        u = gates[k + size] * half + half
        gates[k], gates[k + size] = r, u
        reset = r * gates[k + 3 * size]
        gates[k + 2 * size] = reset + gates[k + 2 * size]


@compiled
def gru_steps_back(
    g_h: Array, hs: Array, gates: Array, h: Array, back: Array, of_z: Array, d: Array, of_h: Array, reverse: int,
    first: int, last: int,
) -> None:  # fmt: skip
    """The cotangents of ``z``, of the state's part of the gates, ``d``, and of the state.

    ``back`` is the weight's transpose.
    """
    (steps, many, size), dtype, rows = hs.shape, hs.dtype, last - first
    gate, before = np.empty((4 * size, rows), dtype), np.empty((size, rows), dtype)
    slopes, slopes_z = np.empty((3 * size, rows), dtype), np.empty((3 * size, rows), dtype)
    to_h, part = np.zeros((size, rows), dtype), np.empty((size, rows), dtype)
    for k in range(steps):
        t = k if reverse else steps - 1 - k
        if rows == many:
            gate = gates[t]
        else:
            taken(gates[t], first, gate)
        earlier = h if k == steps - 1 else hs[t + 2 * reverse - 1]
        put_turned(earlier[first:last], before)
        add_turned(g_h[t, first:last], to_h, part)
        gru_cell_back(
            gate.reshape(-1), before.reshape(-1), to_h.reshape(-1), slopes.reshape(-1), slopes_z.reshape(-1)
        )
        product(back, slopes, part)
        add(part.reshape(-1), to_h.reshape(-1))
        put_turned(slopes, d[t, first:last])
        put_turned(slopes_z, of_z[t, first:last])
    put_turned(to_h, of_h[first:last])


@compiled
def gru_cell_back(gates: Array, before: Array, of_h: Array, d: Array, of_z: Array) -> None:
    """One step back, but for the product that takes ``d`` to the state before."""
    size, one = of_h.size, gates.dtype.type(1)
    for k in range(size):
        r, u, n, q = gates[k], gates[k + size], gates[k + 2 * size], gates[k + 3 * size]
        h, rest = of_h[k], one - u
        of_n = (one - n * n) * rest
        of_q = of_n * r
        of_r = (one - r) * q * of_q * h
        of_u = (before[k] - n) * rest * u * h
        d[k], d[k + size], d[k + 2 * size] = of_r, of_u, of_q * h
        of_z[k], of_z[k + size], of_z[k + 2 * size] = of_r, of_u, of_n * h
        of_h[k] = h * u
