"""Long short-term memory: all steps of a sequence in one call, with the sequences of a batch on the last axis.

Arrays are contiguous. ``z``, ``idle`` and the like may be empty, where there is none.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .numba_calls import product, tanh
from .numba_compiled import compiled
from .numba_turned import add_turned, put, put_turned, taken

__all__ = ["lstm_steps", "lstm_steps_back"]

Array = Any


@compiled
def lstm_steps(
    z: Array, idle: Array, scale: Array, weights: Array, inputs: Array, c: Array, gates: Array, cs: Array,
    hs: Array, reverse: int, first: int, last: int,
) -> None:  # fmt: skip
    """Every state and the gates, for the sequences from ``first`` to ``last``.

    ``inputs`` are what each step is given: state, input, and ones; or the state alone, and the rest is in ``z``.
    """
    (steps, size, many), dtype, rows = cs.shape, cs.dtype, last - first
    big, small = np.empty((2, 4 * size, rows), dtype), np.empty((3, size, rows), dtype)
    gate, sums, before, c_new, h = big[0], big[1], small[0], small[1], small[2]
    taken(c, first, before)
    for k in range(steps):
        t = steps - 1 - k if reverse else k
        if rows == many:  # nothing to be copied then
            gate, c_new = gates[t], cs[t]
        if z.size:
            product(weights, inputs[t + reverse][:, first:last], sums)
            put_turned(z[t, first:last], gate)
            scale_and_add(scale, sums, gate)
        else:
            product(weights, inputs[t + reverse][:, first:last], gate)
        flat, out = gate.reshape(-1), h.reshape(-1)
        tanh(flat, flat)
        lstm_cell(flat, before.reshape(-1), c_new.reshape(-1))
        tanh(c_new.reshape(-1), out)
        for i in range(out.size):
            out[i] *= flat[i + 3 * out.size]
        if idle.size:
            add_kept(inputs[t + reverse], idle[t], first, h)
        put(h, inputs[t + 1 - reverse], first)
        put_turned(h, hs[t, first:last])
        if rows == many:
            before = c_new
        else:
            put(gate, gates[t], first)
            put(c_new, cs[t], first)
            before, c_new = c_new, before


@compiled
def scale_and_add(scale: Array, x: Array, out: Array) -> None:
    """``out[:] = out * scale + x``, of a number for each row."""
    rows, columns = out.shape
    for i in range(rows):
        for j in range(columns):
            out[i, j] = out[i, j] * scale[i] + x[i, j]


@compiled
def add_kept(x: Array, by: Array, first: int, out: Array) -> None:
    """``out += (x * by)[:, first:]``, as far as ``out`` goes, of a number for each column."""
    rows, columns = out.shape
    for i in range(rows):
        for j in range(columns):
            out[i, j] += x[i, first + j] * by[first + j]


@compiled
def lstm_cell(gates: Array, before: Array, c: Array) -> None:
    """The gates of a step after tanh, and the state that comes of them."""
    size = c.size
    half = gates.dtype.type(0.5)
    for k in range(size):
        i = gates[k] * half + half
        f = gates[k + size] * half + half
        o = gates[k + 3 * size] * half + half
        gates[k], gates[k + size], gates[k + 3 * size] = i, f, o
        forgotten = f * before[k]
        c[k] = forgotten + i * gates[k + 2 * size]


@compiled
def lstm_steps_back(
    g_h: Array, g_c: Array, idle: Array, cs: Array, gates: Array, c: Array, back: Array, of_h: Array, of_c: Array,
    d: Array, reverse: int, first: int, last: int,
) -> None:  # fmt: skip
    """The cotangents of the gates' arguments, ``d (T, N, 4 H)``, and of both states, ``(N, H)``.

    ``back`` is the weight's transpose.
    """
    (steps, size, many), dtype, rows = cs.shape, cs.dtype, last - first
    big, small = np.empty((2, 4 * size, rows), dtype), np.zeros((6, size, rows), dtype)
    gate, slopes, before, c_new, to_h, to_c = big[0], big[1], small[0], small[1], small[2], small[3]
    part, tanh_c = small[4], small[5].reshape(-1)
    for k in range(steps):
        t = k if reverse else steps - 1 - k
        earlier = c if k == steps - 1 else cs[t + 2 * reverse - 1]
        if rows == many:
            gate, before, c_new = gates[t], earlier, cs[t]
        else:
            taken(gates[t], first, gate)
            taken(earlier, first, before)
            taken(cs[t], first, c_new)
        if g_h.size:
            add_turned(g_h[t, first:last], to_h, part)
        if g_c.size:
            add_turned(g_c[t, first:last], to_c, part)
        tanh(c_new.reshape(-1), tanh_c)
        flat, flat_h, flat_c = gate.reshape(-1), to_h.reshape(-1), to_c.reshape(-1)
        lstm_cell_back(flat, tanh_c, before.reshape(-1), flat_h, flat_c, slopes.reshape(-1))
        if idle.size:
            put(to_h, part, 0)
            product(back, slopes, to_h)
            add_kept(part, idle[t, first:last], 0, to_h)
        else:
            product(back, slopes, to_h)
        put_turned(slopes, d[t, first:last])
    put_turned(to_h, of_h[first:last])
    put_turned(to_c, of_c[first:last])


@compiled
def lstm_cell_back(gates: Array, tanh_c: Array, before: Array, of_h: Array, of_c: Array, d: Array) -> None:
    """One step back, but for the product that takes its gates' cotangents, ``d``, to the state before."""
    size = of_c.size
    one = gates.dtype.type(1)
    for k in range(size):
        i, f, g, o = gates[k], gates[k + size], gates[k + 2 * size], gates[k + 3 * size]
        y, h = tanh_c[k], of_h[k]
        c = of_c[k] + h * ((one - y * y) * o)
        d[k] = (one - i) * i * g * c
        d[k + size] = (one - f) * f * before[k] * c
        d[k + 2 * size] = (one - g * g) * i * c
        d[k + 3 * size] = (one - o) * o * y * h
        of_c[k] = c * f
