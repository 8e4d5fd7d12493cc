"""The incomplete gamma and beta functions and the distributions made of them, in standard functions.

Each is a factor, written so that large parameters do not cancel, times a power series or a continued
fraction, whichever converges. All of it may be traced, which is how these functions are differentiated with
respect to their parameters: a term of the derivative is that of a term, so it is as accurate as the value.
The number of terms is doubled until the result stands still; where it never does the result is NaN.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .gamma import LOG_ROOT_2PI, stirling

__all__ = [
    "betainc",
    "betaincc",
    "betaln",
    "chdtr",
    "chdtrc",
    "fdtr",
    "fdtrc",
    "gammainc",
    "gammaincc",
    "gdtr",
    "gdtrc",
    "stdtr",
]

_MOST_TERMS = 1 << 14


def _gammaln(x: Any) -> Any:
    from . import functions

    return functions.gammaln(x)


def _correction(xp: Any, x: Any) -> Any:
    """``gammaln(x) - (x - 1/2) log(x) + x - log(2 pi) / 2`` for x > 0."""
    large = x >= 10
    far, near = xp.where(large, x, 10), xp.where(large, 1, x)
    direct = _gammaln(near) - (near - 0.5) * xp.log(near) + near - LOG_ROOT_2PI
    return xp.where(large, stirling(xp, far), direct)


def _excess(xp: Any, u: Any, ratio: Any) -> Any:
    """``u - log(1 + u)``, where ``ratio`` is 1 + u."""
    near = xp.abs(u) < 0.5
    return u - xp.where(near, xp.log1p(xp.where(near, u, 0)), xp.log(xp.where(near, 1, ratio)))


def _settled(xp: Any, evaluate: Callable[[int], Any], eps: float) -> Any:
    """``evaluate(terms)`` with as many terms as it takes; NaN where no number of them is enough."""
    terms = 32
    before, now = evaluate(terms), evaluate(2 * terms)
    while not bool(xp.all(xp.abs(now - before) <= 2 * eps * xp.abs(now))) and terms < _MOST_TERMS:
        terms *= 2
        before, now = now, evaluate(2 * terms)
    return xp.where(xp.abs(now - before) <= 64 * eps * xp.abs(now), now, xp.nan)


def _eps(xp: Any, x: Any) -> float:
    return float(xp.finfo(x.dtype).eps)


# The incomplete gamma function


def _gamma_factor(xp: Any, a: Any, x: Any) -> Any:
    """``x**a exp(-x) / gamma(a + 1)`` for positive a and x."""
    ratio = x / a
    exponent = -a * _excess(xp, (x - a) / a, ratio) - _correction(xp, a)
    return xp.exp(exponent) / xp.sqrt(2 * math.pi * a)


def _gamma_series(xp: Any, a: Any, x: Any, terms: int) -> Any:
    """``1 + x / (a + 1) (1 + x / (a + 2) (1 + ...))``."""
    total: Any = xp.ones_like(a * x)
    for n in range(terms, 0, -1):
        total = 1 + x / (a + n) * total
    return total


def _gamma_fraction(xp: Any, a: Any, x: Any, terms: int) -> Any:
    """``1 / (x + 1 - a + 1 (a - 1) / (x + 3 - a + 2 (a - 2) / (x + 5 - a + ...)))``."""
    tail: Any = x + (2 * terms + 1) - a
    for n in range(terms, 0, -1):
        tail = x + (2 * n - 1) - a + n * (a - n) / tail
    return 1 / tail


def _gamma_tails(xp: Any, a: Any, x: Any) -> tuple[Any, Any]:
    """``gammainc`` and ``gammaincc``: the smaller of them as computed, the other by the difference to one."""
    a, x = a + xp.zeros_like(x), x + xp.zeros_like(a)
    inside = (a > 0) & (x > 0) & xp.isfinite(a) & xp.isfinite(x)
    a1, x1 = xp.where(inside, a, 1), xp.where(inside, x, 1)
    factor = _gamma_factor(xp, a1, x1)
    below = x1 < a1 + 1
    eps = _eps(xp, x)
    a2, x2 = xp.where(below, a1, 1), xp.where(below, x1, 1)
    lower = factor * _settled(xp, lambda n: _gamma_series(xp, a2, x2, n), eps)
    a2, x2 = xp.where(below, 1, a1), xp.where(below, 2, x1)
    upper = factor * a1 * _settled(xp, lambda n: _gamma_fraction(xp, a2, x2, n), eps)
    p, q = xp.where(below, lower, 1 - upper), xp.where(below, 1 - lower, upper)
    zero = ((x == 0) & (a > 0)) | (xp.isinf(a) & (a > 0) & (x >= 0) & xp.isfinite(x))
    one = (xp.isinf(x) & (x > 0) & (a >= 0) & xp.isfinite(a)) | ((a == 0) & (x > 0))
    p = xp.where(inside, p, xp.where(zero, 0, xp.where(one, 1, xp.full_like(p, xp.nan))))
    q = xp.where(inside, q, xp.where(zero, 1, xp.where(one, 0, xp.full_like(q, xp.nan))))
    return p, q


def gammainc(xp: Any, a: Any, x: Any) -> Any:
    """The regularised lower incomplete gamma function."""
    return _gamma_tails(xp, a, x)[0]


def gammaincc(xp: Any, a: Any, x: Any) -> Any:
    """The regularised upper incomplete gamma function."""
    return _gamma_tails(xp, a, x)[1]


def chdtr(xp: Any, v: Any, x: Any) -> Any:
    """The chi-square distribution function with v degrees of freedom."""
    return xp.where(x < 0, 0, gammainc(xp, v / 2, xp.where(x < 0, 0, x / 2)))


def chdtrc(xp: Any, v: Any, x: Any) -> Any:
    """The upper tail of the chi-square distribution."""
    return xp.where(x < 0, 1, gammaincc(xp, v / 2, xp.where(x < 0, 0, x / 2)))


def gdtr(xp: Any, a: Any, b: Any, x: Any) -> Any:
    """The gamma distribution function with rate a and shape b."""
    return gammainc(xp, b, a * x)


def gdtrc(xp: Any, a: Any, b: Any, x: Any) -> Any:
    """The upper tail of the gamma distribution."""
    return gammaincc(xp, b, a * x)


# The incomplete beta function


def betaln(xp: Any, a: Any, b: Any) -> Any:
    """The logarithm of the beta function, for positive a and b."""
    large, small = xp.maximum(a, b), xp.minimum(a, b)
    total = large + small
    corrections = _correction(xp, large) + _correction(xp, small) - _correction(xp, total)
    powers = (0.5 - large) * xp.log1p(small / large) + small * xp.log(small / total) - 0.5 * xp.log(small)
    return corrections + powers + LOG_ROOT_2PI


def _beta_factor(xp: Any, a: Any, b: Any, x: Any, y: Any) -> Any:
    """``x**a y**b / (a B(a, b))``, where y = 1 - x."""
    total = a + b
    p, q = a / total, b / total
    # x - p and y - q are equal but for sign: take the one whose terms are small
    difference = xp.where(x < y, x - p, q - y)
    exponent = -a * _excess(xp, difference / p, x / p) - b * _excess(xp, -difference / q, y / q)
    corrections = _correction(xp, total) - _correction(xp, a) - _correction(xp, b)
    return xp.exp(exponent + corrections) * xp.sqrt(b / (2 * math.pi * a * total))


def _beta_fraction(xp: Any, a: Any, b: Any, x: Any, terms: int) -> Any:
    """``1 / (1 + d1 / (1 + d2 / (1 + ...)))``, for x below the mean of the distribution."""
    tail: Any = xp.ones_like(a * b * x)
    for m in range(terms, -1, -1):
        if m < terms:
            even = (m + 1) * (b - (m + 1)) * x / ((a + (2 * m + 1)) * (a + (2 * m + 2)))
            tail = 1 + even / tail
        odd = (a + m) * (a + b + m) * x / ((a + 2 * m) * (a + (2 * m + 1)))
        tail = 1 - odd / tail
    return 1 / tail


def _beta_tails(xp: Any, a: Any, b: Any, x: Any, y: Any) -> tuple[Any, Any]:
    """``betainc`` and its complement, where y = 1 - x."""
    nothing = xp.zeros_like(a * b * x * y)
    a, b, x, y = a + nothing, b + nothing, x + nothing, y + nothing
    inside = (a > 0) & (b > 0) & (x > 0) & (y > 0) & xp.isfinite(a) & xp.isfinite(b)
    a1, b1 = xp.where(inside, a, 1), xp.where(inside, b, 1)
    x1, y1 = xp.where(inside, x, 0.5), xp.where(inside, y, 0.5)
    swap = x1 > (a1 + 1) / (a1 + b1 + 2)
    a2, b2 = xp.where(swap, b1, a1), xp.where(swap, a1, b1)
    x2, y2 = xp.where(swap, y1, x1), xp.where(swap, x1, y1)
    fraction = _settled(xp, lambda n: _beta_fraction(xp, a2, b2, x2, n), _eps(xp, x))
    tail = _beta_factor(xp, a2, b2, x2, y2) * fraction
    positive = (a > 0) & (b > 0)
    lower = xp.where(swap, 1 - tail, tail)
    upper = xp.where(swap, tail, 1 - tail)
    zero, one = positive & (x == 0), positive & (y == 0)
    lower = xp.where(inside, lower, xp.where(zero, 0, xp.where(one, 1, xp.full_like(lower, xp.nan))))
    upper = xp.where(inside, upper, xp.where(zero, 1, xp.where(one, 0, xp.full_like(upper, xp.nan))))
    return lower, upper


def betainc(xp: Any, a: Any, b: Any, x: Any) -> Any:
    """The regularised incomplete beta function."""
    return _beta_tails(xp, a, b, x, 1 - x)[0]


def betaincc(xp: Any, a: Any, b: Any, x: Any) -> Any:
    """The complement of ``betainc``."""
    return _beta_tails(xp, a, b, x, 1 - x)[1]


def fdtr(xp: Any, m: Any, n: Any, x: Any) -> Any:
    """The F distribution function with m and n degrees of freedom."""
    scale = n + m * x
    return _beta_tails(xp, m / 2, n / 2, m * x / scale, n / scale)[0]


def fdtrc(xp: Any, m: Any, n: Any, x: Any) -> Any:
    """The upper tail of the F distribution."""
    scale = n + m * x
    return _beta_tails(xp, m / 2, n / 2, m * x / scale, n / scale)[1]


def stdtr(xp: Any, df: Any, t: Any) -> Any:
    """Student's distribution function with df degrees of freedom."""
    square = t * t
    scale = df + square
    lower = 0.5 * _beta_tails(xp, df / 2, xp.full_like(t, 0.5), df / scale, square / scale)[0]
    return xp.where(t < 0, lower, 1 - lower)
