"""The strong Wolfe line search against PyTorch's, step by step on many lines."""

import math
import sys
from typing import Any

import numpy as np
import pytest

from nnx.optim._line_search import Point, strong_wolfe


def line(rng: np.random.Generator) -> Any:
    """A function of the place on the line, and its slope, which is negative at 0."""
    a, b, c = rng.standard_normal(3) * [1.0, 1.0, 2.0]
    quartic, frequency, steep = 0.1 * rng.random(), 8.0 * rng.random(), 10.0 ** rng.uniform(-2, 1)
    tilt = b + c * frequency + steep  # so that the slope at 0 is -steep

    def f(t: float) -> tuple[float, float]:
        value = quartic * t**4 + 0.3 * a * t**3 + b * t + c * math.sin(frequency * t) - tilt * t
        slope = 4 * quartic * t**3 + 0.9 * a * t**2 + b + c * frequency * math.cos(frequency * t) - tilt
        return value, slope

    return f


def script(rng: np.random.Generator) -> Any:
    """Values and slopes as no function has them, from so few that they meet every comparison, ties too."""
    values, slopes = (
        rng.choice([-3.0, -1.0, -0.1, 0.1], 40),
        rng.choice([-2.0, -1.0, -0.95, -0.5, 0.0, 0.5, 2.0], 40),
    )
    barely, seen = rng.random(40) < 0.3, [0]

    def f(t: float) -> tuple[float, float]:
        if not t:
            return 0.0, -1.0
        i, seen[0] = seen[0], seen[0] + 1
        return (-1e-4 * t * (0.5 + i % 2) if barely[i] else values[i]), slopes[i]

    return f


@pytest.mark.parametrize("make", [line, script])
@pytest.mark.parametrize("limit", [0, 1, 2, 3, 5, 25])
def test_the_steps_are_those_of_torch(limit: int, make: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    search = sys.modules[torch.optim.LBFGS.__module__]._strong_wolfe
    for seed in range(150):
        rng = np.random.default_rng(seed)
        first = 10.0 ** rng.uniform(-3, 1.5)
        one_f, other_f = (make(np.random.default_rng(seed)) for _ in range(2))
        tried: tuple[list[float], list[float]] = ([], [])

        def theirs(_x: Any, t: Any, _d: Any, f: Any = one_f, tried: Any = tried) -> Any:
            tried[0].append(float(t))
            value, slope = f(float(t))
            return value, torch.tensor([slope], dtype=torch.float64)

        def ours(t: float, f: Any = other_f, tried: Any = tried) -> Point:
            tried[1].append(t)
            value, slope = f(t)
            return Point(t, value, slope, np.asarray([slope]))

        value, slope = one_f(0.0)
        one, gradient = torch.ones(1, dtype=torch.float64), torch.tensor([slope], dtype=torch.float64)
        loss, g, t, count = search(
            theirs, 0 * one, first, one, value, gradient, gradient.dot(one), max_ls=limit
        )
        found, evaluations = strong_wolfe(
            ours, Point(0.0, value, slope, np.asarray([slope])), first, 1.0, limit
        )
        np.testing.assert_allclose(tried[1], tried[0], rtol=1e-5, err_msg=f"seed {seed}")
        np.testing.assert_allclose([found.t, found.loss], [float(t), float(loss)], rtol=1e-5)
        np.testing.assert_allclose([found.slope, found.gradient[0]], [float(g[0])] * 2, rtol=1e-4, atol=1e-4)
        assert evaluations == count == len(tried[1])
