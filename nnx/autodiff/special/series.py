"""Evaluating series: powers and Chebyshev polynomials with given coefficients, lowest order first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["chebyshev", "polynomial"]


def polynomial(x: Any, coefficients: Sequence[float]) -> Any:
    """``c[0] + c[1] x + c[2] x**2 + ...`` by Horner's scheme."""
    result: Any = coefficients[-1]
    for c in reversed(coefficients[:-1]):
        result = result * x + c
    return result


def chebyshev(t: Any, coefficients: Sequence[float]) -> Any:
    """``c[0] + c[1] T1(t) + c[2] T2(t) + ...`` by Clenshaw's recurrence, for t from -1 to 1."""
    twice = 2 * t
    now: Any = coefficients[-1]
    before: Any = 0.0
    for c in reversed(coefficients[1:-1]):
        now, before = twice * now - before + c, now
    return t * now - before + coefficients[0]
