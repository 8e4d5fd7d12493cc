"""The loops. No reordering of sums and no fused multiply-add: what NumPy computes, in one pass.

Conditions on settings are taken out of the loops by the compiler. Arrays are flat and contiguous, of one
dtype, and settings have that dtype too.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .numba_attention import attended, attended_back
from .numba_calls import usable
from .numba_compiled import compiled
from .numba_convolution import convolve_parts, put_back_channels, weight_parts
from .numba_gru import gru_steps, gru_steps_back
from .numba_losses import few_classes, few_classes_back
from .numba_lstm import lstm_steps, lstm_steps_back
from .numba_normalizing import (
    standardized,
    standardized_back,
    standardized_by_place,
    standardized_by_place_back,
)
from .numba_pooling import pool_pairs, pool_runs, unpool_pairs, unpool_runs
from .numba_rnn import rnn_steps, rnn_steps_back
from .numba_turned import turned

__all__ = [
    "adam",
    "adam_largest",
    "attended",
    "attended_back",
    "chosen",
    "convolve_parts",
    "few_classes",
    "few_classes_back",
    "gru_steps",
    "gru_steps_back",
    "lstm_steps",
    "lstm_steps_back",
    "masked_scale",
    "momentum",
    "pool_pairs",
    "pool_runs",
    "positive",
    "positive_in_place",
    "put_back_channels",
    "rnn_steps",
    "rnn_steps_back",
    "sigmoid_back",
    "standardized",
    "standardized_back",
    "standardized_by_place",
    "standardized_by_place_back",
    "sum_rows",
    "tanh_back",
    "turned",
    "unpool_pairs",
    "unpool_runs",
    "usable",
    "weight_parts",
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
def positive_in_place(x: Array, y: Array) -> None:
    """The same in ``y``."""
    for i in range(x.size):
        y[i] = 0 if x[i] <= 0 else y[i]


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
