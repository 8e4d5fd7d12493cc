"""Loops for recurrent layers, with the sequences of a batch on the last axis; a step's arrays are flat."""

from __future__ import annotations

from typing import Any

from .numba_compiled import compiled

__all__ = ["lstm_cell", "lstm_cell_back", "turned"]

Array = Any


@compiled
def turned(x: Array, out: Array) -> None:
    """The last two axes change places."""
    many, rows, columns = x.shape
    for k in range(many):
        for j in range(columns):
            for i in range(rows):
                out[k, j, i] = x[k, i, j]


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
