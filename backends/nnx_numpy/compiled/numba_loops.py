"""The loops. No reordering of sums and no fused multiply-add: what NumPy computes, in one pass.

Conditions on settings are taken out of the loops by the compiler. Arrays are flat and contiguous, of one
dtype, and settings have that dtype too.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .numba_compiled import compiled
from .numba_normalizing import centred, normalized_back, normalized_by_place
from .numba_pooling import pool_pairs, pool_runs, unpool_pairs, unpool_runs

__all__ = [
    "adam",
    "adam_largest",
    "centred",
    "chosen",
    "lstm_cell",
    "lstm_cell_back",
    "lstm_slopes",
    "masked_scale",
    "momentum",
    "normalized_back",
    "normalized_by_place",
    "pool_pairs",
    "pool_runs",
    "positive",
    "sigmoid_back",
    "sum_rows",
    "tanh_back",
    "turned",
    "unpool_pairs",
    "unpool_runs",
]

Array = Any


@compiled
def prepared(x: Any, d: Any, decay: Any, maximize: bool) -> Any:
    """A gradient with its sign and weight decay."""
    if maximize:
        d = -d
    if decay != 0:
        d = d + x * decay
    return d


@compiled
def adam(
    p: Array, g: Array, m: Array, v: Array, beta1: Any, beta2: Any, size: Any, eps: Any, decay: Any,
    shrink: Any, maximize: bool,
) -> None:  # fmt: skip
    """`nnx_numpy.updates.adam`."""
    for i in range(p.size):
        x = p[i]
        d = prepared(x, g[i], decay, maximize)
        if shrink != 1:
            x = x * shrink
        first = m[i] * beta1 + d
        second = v[i] * beta2 + d * d
        m[i], v[i] = first, second
        p[i] = x - first / (np.sqrt(second) + eps) * size


@compiled
def adam_largest(
    p: Array, g: Array, m: Array, v: Array, largest: Array, beta1: Any, beta2: Any, size: Any, eps: Any,
    decay: Any, shrink: Any, maximize: bool,
) -> None:  # fmt: skip
    """The same for amsgrad."""
    for i in range(p.size):
        x = p[i]
        d = prepared(x, g[i], decay, maximize)
        if shrink != 1:
            x = x * shrink
        first = m[i] * beta1 + d
        second = v[i] * beta2 + d * d
        most = largest[i]
        if not most >= second and most == most:  # NaN stays
            most = second
        m[i], v[i], largest[i] = first, second, most
        p[i] = x - first / (np.sqrt(most) + eps) * size


@compiled
def momentum(
    p: Array, g: Array, b: Array, learning_rate: Any, momentum: Any, keep: Any, decay: Any, nesterov: bool,
    maximize: bool,
) -> None:  # fmt: skip
    """`nnx_numpy.updates.sgd` with momentum."""
    for i in range(p.size):
        x = p[i]
        d = prepared(x, g[i], decay, maximize)
        before = b[i] * momentum
        if keep != 1:
            now = before + d * keep
        else:
            now = before + d
        b[i] = now
        if nesterov:
            now = now * momentum + d
        p[i] = x - now * learning_rate


@compiled
def positive(x: Array, y: Array, out: Array) -> None:
    """The elements of ``y``, 0 where ``x`` is not positive; NaN counts as positive."""
    for i in range(x.size):
        out[i] = 0 if x[i] <= 0 else y[i]


@compiled
def masked_scale(x: Array, mask: Array, scale: Any, out: Array) -> None:
    """The elements of ``x`` times a number, 0 where the mask is False."""
    zero = x.dtype.type(0)
    for i in range(x.size):
        y = x[i] * scale
        out[i] = y if mask[i] else zero


@compiled
def chosen(condition: Array, x: Array, y: Array, out: Array) -> None:
    """Those of ``x`` where the condition is True, else those of ``y``."""
    for i in range(x.size):
        a, b = x[i], y[i]
        out[i] = a if condition[i] else b


@compiled
def tanh_back(g: Array, y: Array, out: Array) -> None:
    """``g (1 - y²)``."""
    one = y.dtype.type(1)
    for i in range(g.size):
        out[i] = g[i] * (one - y[i] * y[i])


@compiled
def sigmoid_back(g: Array, y: Array, out: Array) -> None:
    """``g (1 - y) y``."""
    one = y.dtype.type(1)
    for i in range(g.size):
        out[i] = g[i] * ((one - y[i]) * y[i])


@compiled
def sum_rows(source: Array, rows: Array, out: Array) -> bool:
    """``out[rows[i]] += source[i]`` in order; False, with ``out`` half done, for a row that is not there."""
    count, width = out.shape
    for i in range(rows.size):
        row = rows[i]
        if row < 0:
            row += count
        if not 0 <= row < count:
            return False
        for j in range(width):
            out[row, j] += source[i, j]
    return True


# recurrent layers, with the sequences of a batch on the last axis ---------------------------------------------------


@compiled
def turned(x: Array, out: Array) -> None:
    """The last two axes change places."""
    many, rows, columns = x.shape
    for k in range(many):
        for j in range(columns):
            for i in range(rows):
                out[k, j, i] = x[k, i, j]


@compiled
def lstm_cell(gates: Array, before: Array, cs: Array, t: int) -> None:
    """The gates of a step after tanh, and the state that comes of them."""
    size, rows = before.shape
    half = gates.dtype.type(0.5)
    gate, c = gates[t], cs[t]
    for k in range(size):
        for n in range(rows):
            i = gate[k, n] * half + half
            f = gate[k + size, n] * half + half
            g = gate[k + 2 * size, n]
            o = gate[k + 3 * size, n] * half + half
            gate[k, n], gate[k + size, n], gate[k + 3 * size, n] = i, f, o
            forgotten = f * before[k, n]
            c[k, n] = forgotten + i * g


@compiled
def lstm_slopes(
    gates: Array, tanh_c: Array, cs: Array, c: Array, reverse: bool, d: Array, through: Array
) -> None:
    """By what the cotangents of every step's states are multiplied on the way to its gates, ``d``, and to ``c``."""
    steps, size, rows = cs.shape
    one = gates.dtype.type(1)
    for t in range(steps):
        if reverse:
            before = c if t == steps - 1 else cs[t + 1]
        else:
            before = c if t == 0 else cs[t - 1]
        for k in range(size):
            for n in range(rows):
                i, f = gates[t, k, n], gates[t, k + size, n]
                g, o = gates[t, k + 2 * size, n], gates[t, k + 3 * size, n]
                y = tanh_c[t, k, n]
                d[t, k, n] = (one - i) * i * g
                d[t, k + size, n] = (one - f) * f * before[k, n]
                d[t, k + 2 * size, n] = (one - g * g) * i
                d[t, k + 3 * size, n] = (one - o) * o * y
                through[t, k, n] = (one - y * y) * o


@compiled
def lstm_cell_back(d: Array, through: Array, gates: Array, of_h: Array, of_c: Array, t: int) -> None:
    """One step back, but for the product that takes its gates' cotangents to the state before."""
    size, rows = of_c.shape
    now, past = d[t], through[t]
    for k in range(size):
        for n in range(rows):
            h = of_h[k, n]
            c = of_c[k, n] + h * past[k, n]
            now[k, n] *= c
            now[k + size, n] *= c
            now[k + 2 * size, n] *= c
            now[k + 3 * size, n] *= h
            of_c[k, n] = c * gates[t, k + size, n]
