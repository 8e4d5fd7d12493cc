"""What one small operation costs: a chain of sin and multiply on 10 float64 elements, forward and backward.

The unit is one operation of the chain, recorded and pulled back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

LENGTH = 500
Step = tuple[Callable[[], Any], int]


def _start() -> Any:
    return np.linspace(0.1, 1.0, 10)


def nnx() -> Step:
    import nnx as library

    def total(x: Any) -> Any:
        xp = library.array_namespace(x)
        sin, y = xp.sin, x
        for _ in range(LENGTH):
            y = sin(y) * x
        return xp.sum(y)

    gradient, x = library.grad(total), _start()
    return lambda: gradient(x)[0], 2 * LENGTH


def torch() -> Step:
    import torch as library

    x = library.tensor(_start(), requires_grad=True)

    def step() -> Any:
        x.grad, y = None, x
        for _ in range(LENGTH):
            y = library.sin(y) * x
        y.sum().backward()
        assert x.grad is not None
        return x.grad[0]

    return step, 2 * LENGTH


def autograd() -> Step:
    import autograd.numpy as anp
    from autograd import grad

    def total(x: Any) -> Any:
        y = x
        for _ in range(LENGTH):
            y = anp.sin(y) * x
        return anp.sum(y)

    gradient, x = grad(total), _start()
    return lambda: gradient(x)[0], 2 * LENGTH


def mygrad() -> Step:
    import mygrad as library

    values = _start()

    def step() -> Any:
        x = library.tensor(values)
        y = x
        for _ in range(LENGTH):
            y = library.sin(y) * x
        library.sum(y).backward()
        return x.grad[0]

    return step, 2 * LENGTH


def numpy() -> Step:
    """By hand: the floor."""
    x = _start()

    def step() -> Any:
        y, kept = x, []
        for _ in range(LENGTH):
            s = np.sin(y)
            kept.append((y, s))
            y = s * x
        g, gx = np.ones(10), np.zeros(10)
        for y, s in reversed(kept):
            gx += g * s
            g = g * x * np.cos(y)
        return (g + gx)[0]

    return step, 2 * LENGTH
