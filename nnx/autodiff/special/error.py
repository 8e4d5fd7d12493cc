"""The error function and the normal distribution, in standard functions.

Everything in the tails goes through ``erfcx(x) = exp(x**2) erfc(x)``, which neither underflows nor cancels,
and through exponentials of a square whose rounding error is made good, so that relative accuracy holds to the
last number before underflow.
"""

from __future__ import annotations

import math
from typing import Any

from .coefficients import ERF, ERFCX
from .series import chebyshev

__all__ = ["erf", "erfc", "erfcinv", "erfcx", "erfinv", "log_ndtr", "ndtr", "ndtri"]

ROOT2 = math.sqrt(2.0)
ROOT_PI = math.sqrt(math.pi)
LOG_ROOT_2PI = 0.5 * math.log(2.0 * math.pi)


def _exp_square(xp: Any, x: Any, factor: float) -> Any:
    """``exp(factor * x**2)``: the square of x cut to few bits is exact, the rest is small."""
    coarse = xp.round(x * 16) / 16
    return xp.exp(factor * coarse * coarse) * xp.exp(factor * (x - coarse) * (x + coarse))


def _erf_small(xp: Any, x: Any) -> Any:
    """erf for |x| up to 1."""
    return x * chebyshev(2 * x * x - 1, ERF)


def _erfcx_positive(xp: Any, x: Any) -> Any:
    """erfcx for x from 0 up."""
    t = xp.where(xp.isinf(x), 1, (x - 3.75) / (xp.where(xp.isinf(x), 1, x) + 3.75))
    return chebyshev(t, ERFCX) / (1 + 2 * x)


def _upper(xp: Any, size: Any) -> Any:
    """erfc for x from 0 up; past 27 it is zero."""
    cut = xp.minimum(size, xp.full_like(size, 30.0))
    return xp.where(xp.isnan(size), size, _erfcx_positive(xp, cut) * _exp_square(xp, cut, -1.0))


def erf(xp: Any, x: Any) -> Any:
    """``2 / sqrt(pi)`` times the integral of ``exp(-t**2)`` from 0 to x."""
    size = xp.abs(x)
    small = size < 1
    large = 1 - _upper(xp, xp.where(small, 1, size))
    return xp.where(small, _erf_small(xp, xp.where(small, x, 0)), xp.where(x < 0, -large, large))


def erfc(xp: Any, x: Any) -> Any:
    """``1 - erf(x)``."""
    size = xp.abs(x)
    tail = _upper(xp, xp.where(size < 0.5, 0.5, size))
    return xp.where(
        size < 0.5, 1 - _erf_small(xp, xp.where(size < 0.5, x, 0)), xp.where(x < 0, 2 - tail, tail)
    )


def erfcx(xp: Any, x: Any) -> Any:
    """``exp(x**2) erfc(x)``."""
    positive = _erfcx_positive(xp, xp.abs(x))
    below = xp.where(x < 0, xp.maximum(x, xp.full_like(x, -30.0)), 0)
    return xp.where(x < 0, 2 * _exp_square(xp, below, 1.0) - positive, positive)


def ndtr(xp: Any, x: Any) -> Any:
    """The normal distribution function."""
    size = xp.minimum(xp.abs(x), xp.full_like(x, 40.0))
    far = xp.where(size < 1, 1, size)
    tail = 0.5 * _erfcx_positive(xp, far / ROOT2) * _exp_square(xp, far, -0.5)
    near = 0.5 + 0.5 * _erf_small(xp, xp.where(size < 1, x, 0) / ROOT2)
    return xp.where(xp.isnan(x), x, xp.where(size < 1, near, xp.where(x < 0, tail, 1 - tail)))


def log_ndtr(xp: Any, x: Any) -> Any:
    """``log(ndtr(x))``, far into the tail."""
    below = x < -1
    far = xp.where(below, x, -1)
    near = xp.where(below, 0, x)
    tail = xp.log(0.5 * _erfcx_positive(xp, -far / ROOT2)) - 0.5 * far * far
    return xp.where(below, tail, xp.log1p(-ndtr(xp, -near)))


def _normal_tail(xp: Any, p: Any) -> Any:
    """The x < 0 with ``ndtr(x) = p``, for p up to one quarter, by Newton's method on the logarithm.

    The logarithm of ndtr is concave, so from the starting point, which lies below, it does not overshoot.
    """
    log_p = xp.log(p)
    x = -xp.sqrt(-2 * (log_p + math.log(2.0)))
    for _ in range(7):
        log_value = log_ndtr(xp, x)
        x = x - (log_value - log_p) * xp.exp(log_value + 0.5 * x * x + LOG_ROOT_2PI)
    return x


def _erfinv_small(xp: Any, y: Any) -> Any:
    """erfinv for |y| up to one half, by Newton's method."""
    x = y * (ROOT_PI / 2) * (1 + y * y * (math.pi / 12))
    for _ in range(4):
        x = x - (_erf_small(xp, x) - y) * (ROOT_PI / 2) * xp.exp(x * x)
    return x


def _tail_or_edge(xp: Any, p: Any) -> Any:
    """``_normal_tail``, minus infinity at zero and NaN below."""
    inside = p > 0
    tail = _normal_tail(xp, xp.where(inside, p, 0.25))
    return xp.where(inside, tail, xp.where(p == 0, -xp.inf, xp.full_like(p, xp.nan)))


def erfinv(xp: Any, y: Any) -> Any:
    """The inverse of ``erf``."""
    size = xp.abs(y)
    small = size <= 0.5
    tail = -_tail_or_edge(xp, xp.where(small, 0.25, 0.5 * (1 - size))) / ROOT2
    return xp.where(small, _erfinv_small(xp, xp.where(small, y, 0)), xp.where(y < 0, -tail, tail))


def erfcinv(xp: Any, y: Any) -> Any:
    """The inverse of ``erfc``."""
    middle = xp.abs(y - 1) <= 0.5
    rest = xp.where(middle, 0.5, xp.where(y > 1, 2 - y, y))
    tail = -_tail_or_edge(xp, 0.5 * rest) / ROOT2
    return xp.where(middle, _erfinv_small(xp, xp.where(middle, 1 - y, 0)), xp.where(y > 1, -tail, tail))


def ndtri(xp: Any, p: Any) -> Any:
    """The inverse of ``ndtr``."""
    middle = xp.abs(p - 0.5) <= 0.25
    rest = xp.where(middle, 0.25, xp.where(p > 0.5, 1 - p, p))
    tail = _tail_or_edge(xp, rest)
    return xp.where(
        middle, ROOT2 * _erfinv_small(xp, xp.where(middle, 2 * p - 1, 0)), xp.where(p > 0.5, -tail, tail)
    )
