"""The simplest recurrence: all steps of a sequence in one call. Arrays are contiguous."""

from __future__ import annotations

from typing import Any

from .numba_calls import product, tanh
from .numba_compiled import compiled
from .numba_turned import add

__all__ = ["rnn_steps", "rnn_steps_back"]

Array = Any


@compiled
def rnn_steps(z: Array, h: Array, transposed: Array, hs: Array, reverse: int) -> None:
    """Every state, ``(T, N, H)``."""
    steps = len(z)
    for k in range(steps):
        t = steps - 1 - k if reverse else k
        now = hs[t].reshape(-1)
        product(h, transposed, hs[t])
        add(z[t].reshape(-1), now)
        tanh(now, now)
        h = hs[t]


@compiled
def rnn_steps_back(g: Array, hs: Array, weight: Array, d: Array, of_h: Array, reverse: int) -> None:
    """The cotangents of ``z``, and of the state, which is zero at first."""
    steps = len(g)
    for k in range(steps):
        t = k if reverse else steps - 1 - k
        rnn_cell_back(g[t].reshape(-1), hs[t].reshape(-1), of_h.reshape(-1), d[t].reshape(-1))
        product(d[t], weight, of_h)


@compiled
def rnn_cell_back(g: Array, h: Array, of_h: Array, d: Array) -> None:
    """One step back, but for the product."""
    one = g.dtype.type(1)
    for i in range(g.size):
        d[i] = (one - h[i] * h[i]) * (of_h[i] + g[i])
