"""Optimizers' steps in place, on views of the optimizer's own flat arrays.

Each is the rule of the optimizer of that name, to rounding, in as few passes as NumPy allows; the arrays are cut
into pieces that stay in the cache by the caller. Gradients are only read; where they are infinite or NaN, so are the
results, without NumPy's warnings.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .reference import QUIET

Array = Any
State = tuple[Array, ...]


def prepared(p: Array, g: Array, t: Array, u: Array, weight_decay: float, maximize: bool) -> Array:
    """The gradient with its sign and weight decay, in the scratch memory ``u``."""
    if maximize:
        g = np.negative(g, u)
    if weight_decay:
        np.multiply(p, weight_decay, t)
        g = np.add(g, t, u)
    return g


@QUIET
def sgd(
    p: Array,
    g: Array,
    state: State,
    scratch: State,
    learning_rate: float,
    momentum: float,
    keep: float,
    weight_decay: float,
    nesterov: bool,
    maximize: bool,
) -> None:
    """`nnx.optim.SGD.rule` in place."""
    n = p.size
    t, u = scratch[0][:n], scratch[1][:n]
    if weight_decay or maximize:
        g = prepared(p, g, t, u, weight_decay, maximize)
    if state:
        b = state[0]
        np.multiply(b, momentum, b)
        np.add(b, g if keep == 1.0 else np.multiply(g, keep, t), b)
        if nesterov:
            np.multiply(b, momentum, t)
            g = np.add(g, t, t)
        else:
            g = b
    np.multiply(g, learning_rate, t)
    np.subtract(p, t, p)


@QUIET
def adam(
    p: Array,
    g: Array,
    state: State,
    scratch: State,
    beta1: float,
    beta2: float,
    size: float,
    eps: float,
    weight_decay: float,
    shrink: float,
    maximize: bool,
) -> None:
    """`nnx.optim.Adam.rule` in place: ten passes over arrays in the cache."""
    n = p.size
    t = scratch[0]
    if t.size != n:
        t = t[:n]
    if weight_decay or maximize:
        g = prepared(p, g, t, scratch[1][:n], weight_decay, maximize)
    if shrink != 1.0:
        np.multiply(p, shrink, p)
    m, v = state[0], state[1]
    np.multiply(m, beta1, m)
    np.add(m, g, m)
    np.multiply(v, beta2, v)
    np.multiply(g, g, t)
    np.add(v, t, v)
    if len(state) == 3:
        np.maximum(state[2], v, out=state[2])
        v = state[2]
    np.sqrt(v, t)
    np.add(t, eps, t)
    np.divide(m, t, t)
    np.multiply(t, size, t)
    np.subtract(p, t, p)


def by_rule(xp: Any, rule: Callable[..., tuple[Array, Any]]) -> Callable[..., None]:
    """The step of any optimizer that treats all elements alike: its rule, whose arrays stay in the cache too."""

    @QUIET
    def step(p: Array, g: Array, state: State, scratch: State, *coefficients: Any) -> None:
        value, new = rule(xp, p, g, state, *coefficients)
        p[...] = value
        for old, x in zip(state, new, strict=True):
            old[...] = x

    return step


UPDATES = {"sgd": sgd, "adam": adam, "by_rule": by_rule}
