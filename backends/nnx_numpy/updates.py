"""Optimizers' steps in place, on views of the optimizer's own flat arrays.

Each is the rule of the optimizer of that name, to rounding, in as few passes as NumPy allows; the arrays are cut
into pieces that stay in the cache by the caller. Gradients are only read; where they are infinite or NaN, so are the
results, without NumPy's warnings.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from .compiled import FLOATS, loops
from .cores import scratch
from .reference import QUIET

Array = Any
State = tuple[Array, ...]


@lru_cache(64)
def number(x: float, dtype: Any) -> Array:
    """A setting as a 0-d array, which ufuncs take in half the time of a number; not to be written to."""
    return np.array(x, dtype)


def prepared(p: Array, g: Array, weight_decay: float, maximize: bool) -> tuple[Array, Array]:
    """Scratch memory, and the gradient with its sign and weight decay."""
    if not (weight_decay or maximize):
        return scratch(p.shape, p.dtype), g
    t, u = scratch((2, *p.shape), p.dtype)
    if maximize:
        g = np.negative(g, u)
    if weight_decay:
        np.multiply(p, weight_decay, t)
        g = np.add(g, t, u)
    return t, g


@QUIET
def sgd(
    p: Array,
    g: Array,
    state: State,
    learning_rate: float,
    momentum: float,
    keep: float,
    weight_decay: float,
    nesterov: bool,
    maximize: bool,
) -> None:
    """`nnx.optim.SGD.rule` in place."""
    fast = loops(p.size) if state and p.dtype in FLOATS else None
    if fast is not None:
        scalars = map(p.dtype.type, (learning_rate, momentum, keep, weight_decay))
        return fast.momentum(p, g, state[0], *scalars, nesterov, maximize)
    t, g = prepared(p, g, weight_decay, maximize)
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
    beta1: float,
    beta2: float,
    size: float,
    eps: float,
    weight_decay: float,
    shrink: float,
    maximize: bool,
) -> None:
    """`nnx.optim.Adam.rule` in place: ten passes over arrays in the cache, or a compiled one."""
    fast = loops(p.size) if p.dtype in FLOATS else None
    if fast is not None:
        as_scalar = p.dtype.type
        scalars = as_scalar(beta1), as_scalar(beta2), as_scalar(size), as_scalar(eps)
        step = fast.adam if len(state) == 2 else fast.adam_largest
        return step(p, g, *state, *scalars, as_scalar(weight_decay), as_scalar(shrink), maximize)
    t, g = prepared(p, g, weight_decay, maximize)
    if shrink != 1.0:
        np.multiply(p, shrink, p)
    m, v = state[0], state[1]
    np.multiply(m, number(beta1, p.dtype), m)
    np.add(m, g, m)
    np.multiply(v, number(beta2, p.dtype), v)
    np.multiply(g, g, t)
    np.add(v, t, v)
    if len(state) == 3:
        np.maximum(state[2], v, out=state[2])
        v = state[2]
    np.sqrt(v, t)
    np.add(t, np.array(eps, p.dtype), t)
    np.divide(m, t, t)
    np.multiply(t, np.array(size, p.dtype), t)
    np.subtract(p, t, p)


def by_rule(xp: Any, rule: Callable[..., tuple[Array, Any]]) -> Callable[..., None]:
    """The step of any optimizer that treats all elements alike: its rule, whose arrays stay in the cache too."""

    @QUIET
    def step(p: Array, g: Array, state: State, *coefficients: Any) -> None:
        value, new = rule(xp, p, g, state, *coefficients)
        p[...] = value
        for old, x in zip(state, new, strict=True):
            old[...] = x

    return step


UPDATES = {"sgd": sgd, "adam": adam, "by_rule": by_rule}
