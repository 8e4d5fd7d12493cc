"""Recurrent layers: a sequence in one direction.

Sequences of different lengths: a step beyond the end of a sequence leaves its state as it is. For gates that is an
infinite argument, for which their slopes are zero; where there is no such gate, ``idle`` is 1 at those steps and 0
at the others.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from ..autodiff import array_namespace
from ..backend import Array
from ._linear import linear_primitive
from ._recurrences import by_gate, gru, lstm, lstm_layer, rnn

__all__ = ["GATES", "Weights", "recur"]

GATES = {"RNN_TANH": 1, "RNN_RELU": 1, "LSTM": 4, "GRU": 3}
"""How many hidden sizes the first axis of a weight has, by PyTorch's name of the mode."""


class Weights(NamedTuple):
    """Of one layer in one direction."""

    input: Array
    hidden: Array
    input_bias: Array | None = None
    hidden_bias: Array | None = None
    projection: Array | None = None


def recur(
    mode: str,
    x: Array,
    state: Sequence[Array],
    weights: Weights,
    reverse: bool = False,
    active: Array | None = None,
) -> tuple[Array, tuple[Array, ...]]:
    """One layer in one direction: every state of ``h``, shape ``(T, N, H)``, and the last of each state.

    Parameters
    ----------
    mode
        A key of ``GATES``.
    x
        Shape ``(T, N, features)``.
    state
        What to begin with: ``h (N, H)``, and ``c`` where there is one.
    reverse
        Whether to go from the last step to the first.
    active
        Shape ``(T, N, 1)``, False beyond the end of a sequence; None where all are equally long.
    """
    xp = array_namespace(x, *state, *weights)
    bias = weights.input_bias
    if bias is not None and weights.hidden_bias is not None and mode != "GRU":
        bias = bias + weights.hidden_bias
    last, idle = 0 if reverse else -1, None
    if mode == "LSTM" and active is None:
        h, c, _ = lstm_layer(
            x, *state, weights.input, bias, weights.hidden, weights.projection, reverse=reverse
        )
        return h, (h[last, ...], c[last, ...])
    z = linear_primitive(x, weights.input, bias)
    if active is not None:
        z = xp.where(active, z, _ending(xp, mode, z))
        idle = xp.astype(xp.logical_not(active), z.dtype)
    if mode == "GRU":
        h, _ = gru(z, state[0], weights.hidden, weights.hidden_bias, reverse=reverse)
        states: tuple[Array, ...] = (h,)
    elif mode == "LSTM":
        h, c, _ = lstm(z, *state, weights.hidden, weights.projection, idle, reverse=reverse)
        states = h, c
    else:
        h = rnn(z, state[0], weights.hidden, idle, relu=mode == "RNN_RELU", reverse=reverse)
        states = (h,)
    out = h if active is None else xp.where(active, h, 0.0)
    return out, tuple(x[last, ...] for x in states)


def _ending(xp: Any, mode: str, z: Array) -> Any:
    """What arguments of the gates leave the state as it is: nothing in, nothing forgotten, nothing out."""
    if mode == "LSTM":
        return by_gate(xp, z, 4, (-math.inf, math.inf, 0.0, -math.inf))
    return by_gate(xp, z, 3, (0.0, math.inf, 0.0)) if mode == "GRU" else 0.0
