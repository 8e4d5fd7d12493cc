"""What one small operation costs: a chain of sin and multiply on 10 float64 elements, forward and backward.

The unit is one operation of the chain, recorded and pulled back. ``floor`` is NumPy by hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..workload import Job, Workload

LENGTH = 500


@dataclass(frozen=True, kw_only=True)
class SmallOperation(Workload):
    """The chain in every framework that records operation by operation."""

    def job(self, framework: str, device: str) -> Job:
        return Job(MAKERS[framework](np.linspace(0.1, 1.0, 10)), units=2 * LENGTH)


def _nnx(x: Any) -> Any:
    import nnx

    def total(x: Any) -> Any:
        xp = nnx.array_namespace(x)
        sin, y = xp.sin, x
        for _ in range(LENGTH):
            y = sin(y) * x
        return xp.sum(y)

    gradient = nnx.grad(total)
    return lambda: gradient(x)[0]


def _torch(values: Any) -> Any:
    import torch

    x = torch.tensor(values, requires_grad=True)

    def step() -> Any:
        x.grad, y = None, x
        for _ in range(LENGTH):
            y = torch.sin(y) * x
        y.sum().backward()
        assert x.grad is not None
        return x.grad[0]

    return step


def _autograd(x: Any) -> Any:
    import autograd.numpy as anp
    from autograd import grad

    def total(x: Any) -> Any:
        y = x
        for _ in range(LENGTH):
            y = anp.sin(y) * x
        return anp.sum(y)

    gradient = grad(total)
    return lambda: gradient(x)[0]


def _mygrad(values: Any) -> Any:
    import mygrad

    def step() -> Any:
        x = mygrad.tensor(values)
        y = x
        for _ in range(LENGTH):
            y = mygrad.sin(y) * x
        mygrad.sum(y).backward()
        return x.grad[0]

    return step


def _floor(x: Any) -> Any:
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

    return step


MAKERS = {"nnx": _nnx, "torch": _torch, "autograd": _autograd, "mygrad": _mygrad, "floor": _floor}
WORKLOADS = [
    SmallOperation(
        name="small-operation", title="one small operation, recorded and pulled back", group="single",
        frameworks=tuple(MAKERS), seconds=3e-6,
    )
]  # fmt: skip
