"""Entropies, losses and other short formulas, in standard functions."""

from __future__ import annotations

import math
from typing import Any

from .series import polynomial

__all__ = ["entr", "huber", "kl_div", "pseudo_huber", "rel_entr", "sinc", "sinc_slope", "xlog1py", "xlogy"]


def xlogy(xp: Any, x: Any, y: Any) -> Any:
    """``x log(y)``, zero where x is zero."""
    return x * xp.log(xp.where((x == 0) & ~xp.isnan(y), 1, y))


def xlog1py(xp: Any, x: Any, y: Any) -> Any:
    """``x log(1 + y)``, zero where x is zero."""
    return x * xp.log1p(xp.where((x == 0) & ~xp.isnan(y), 0, y))


def entr(xp: Any, x: Any) -> Any:
    """``-x log(x)``, minus infinity for negative x."""
    return xp.where(x < 0, -xp.inf, -xlogy(xp, x, xp.where(x < 0, 1, x)))


def _log_ratio(xp: Any, x: Any, y: Any) -> tuple[Any, Any, Any]:
    """``x log(x / y)`` where both are positive, and where it is zero and infinite instead."""
    both = (x > 0) & (y > 0)
    a, b = xp.where(both, x, 1), xp.where(both, y, 1)
    ratio = a / b
    usual = (ratio > 1e-30) & (ratio < 1e30)
    log = xp.where(usual, xp.log(xp.where(usual, ratio, 1)), xp.log(a) - xp.log(b))
    unknown = xp.isnan(x) | xp.isnan(y)
    return xp.where(unknown, xp.nan, a * log), (x == 0) & (y >= 0), ~(both | unknown)


def rel_entr(xp: Any, x: Any, y: Any) -> Any:
    """``x log(x / y)``, zero where x is zero, infinity elsewhere outside the positive quadrant."""
    value, zero, outside = _log_ratio(xp, x, y)
    return xp.where(zero, 0, xp.where(outside, xp.inf, value))


def kl_div(xp: Any, x: Any, y: Any) -> Any:
    """``x log(x / y) - x + y``, y where x is zero, infinity outside the positive quadrant."""
    value, zero, outside = _log_ratio(xp, x, y)
    return xp.where(zero, y, xp.where(outside, xp.inf, value - x + y))


def huber(xp: Any, delta: Any, r: Any) -> Any:
    """``r**2 / 2`` up to delta, and straight on from there; infinite for negative delta."""
    size = xp.abs(r)
    value = xp.where(size <= delta, 0.5 * r * r, delta * (size - 0.5 * delta))
    return xp.where(delta < 0, xp.inf, value)


def pseudo_huber(xp: Any, delta: Any, r: Any) -> Any:
    """``delta**2 (sqrt(1 + (r / delta)**2) - 1)``, without the cancellation."""
    nothing = (delta == 0) | (r == 0)
    size = xp.where(nothing, 1, xp.abs(r))
    share = xp.where(xp.isinf(size), 1, size / (delta + xp.hypot(delta, size)))
    return xp.where(delta < 0, xp.inf, xp.where(nothing, 0, delta * size * share))


def sinc(xp: Any, x: Any) -> Any:
    """``sin(pi x) / (pi x)``, one at zero."""
    y = math.pi * xp.where(x == 0, 1e-20, x)
    return xp.sin(y) / y


_SINC_SLOPE = tuple((-1) ** k * 2 * k / math.factorial(2 * k + 1) for k in range(1, 12))


def sinc_slope(xp: Any, x: Any) -> Any:
    """The derivative of ``sinc``, by its power series near zero."""
    y = math.pi * x
    near = xp.abs(y) < 1.5
    far = xp.where(near, 1.5, y)
    inner = xp.where(near, y, 0)
    series = inner * polynomial(inner * inner, _SINC_SLOPE)
    return math.pi * xp.where(near, series, (xp.cos(far) - xp.sin(far) / far) / far)
