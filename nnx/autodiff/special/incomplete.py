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

from ...backend.registry import backend_of
from ..traced import TracedArray
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


def _plain(x: Any) -> Any:
    """The plain array inside a traced one: what a decision may look at."""
    while isinstance(x, TracedArray):
        x = x.value
    return x


def _either(xp: Any, first: Any, one: Callable[[Any], Any], other: Callable[[Any], Any]) -> Any:
    """``one`` where ``first`` holds and ``other`` elsewhere, without evaluating what no element needs.

    Both take a function that puts their own spare value in the place of what is not theirs.
    """
    plain = _plain(first)
    names = backend_of(plain).xp
    if bool(names.all(plain)):
        return one(lambda x, _spare: x)
    if not bool(names.any(plain)):
        return other(lambda x, _spare: x)
    return xp.where(
        first,
        one(lambda x, spare: xp.where(first, x, spare)),
        other(lambda x, spare: xp.where(first, spare, x)),
    )


def _correction(xp: Any, x: Any) -> Any:
    """``gammaln(x) - (x - 1/2) log(x) + x - log(2 pi) / 2`` for x > 0."""

    def direct(mine: Callable[..., Any]) -> Any:
        z = mine(x, 1)
        return _gammaln(z) - (z - 0.5) * xp.log(z) + z - LOG_ROOT_2PI

    return _either(xp, x >= 10, lambda mine: stirling(xp, mine(x, 10)), direct)


def _excess(xp: Any, u: Any, ratio: Any) -> Any:
    """``u - log(1 + u)``, where ``ratio`` is 1 + u."""
    near = xp.abs(u) < 0.5
    return u - _either(xp, near, lambda mine: xp.log1p(mine(u, 0)), lambda mine: xp.log(mine(ratio, 1)))


def _settled(xp: Any, evaluate: Callable[..., Any], *args: Any) -> Any:
    """``evaluate(*args, terms)`` with as many terms as it takes; NaN where no number of them is enough.

    How many that is shows on plain arrays, so that only one evaluation is traced. It has twice the terms that the
    value needs, for the derivative settles a little later.
    """
    plain = [_plain(x) for x in args]
    names = backend_of(plain[0]).xp
    eps = float(names.finfo(plain[0].dtype).eps)
    terms = 8
    before, now = evaluate(*plain, terms), evaluate(*plain, 2 * terms)
    while not bool(names.all(names.abs(now - before) <= 2 * eps * names.abs(now))) and terms < _MOST_TERMS:
        terms *= 2
        before, now = now, evaluate(*plain, 2 * terms)
    good = names.abs(now - before) <= 64 * eps * names.abs(now)
    traced = any(p is not x for p, x in zip(plain, args, strict=True))
    result = evaluate(*args, 2 * terms) if traced else now
    return result if bool(names.all(good)) else xp.where(good, result, result * xp.nan)


# The incomplete gamma function


def _gamma_factor(xp: Any, a: Any, x: Any) -> Any:
    """``x**a exp(-x) / gamma(a + 1)`` for positive a and x."""
    exponent = -a * _excess(xp, (x - a) / a, x / a) - _correction(xp, a)
    return xp.exp(exponent) / xp.sqrt(2 * math.pi * a)


def _gamma_series(a: Any, x: Any, terms: int) -> Any:
    """``1 + x / (a + 1) (1 + x / (a + 2) (1 + ...))``."""
    total: Any = 1.0
    for n in range(terms, 0, -1):
        total = 1 + x / (a + n) * total
    return total


def _gamma_fraction(a: Any, x: Any, terms: int) -> Any:
    """``1 / (x + 1 - a + 1 (a - 1) / (x + 3 - a + 2 (a - 2) / (x + 5 - a + ...)))``."""
    difference = x - a
    tail: Any = difference + (2 * terms + 1)
    for n in range(terms, 0, -1):
        tail = (n * a - n * n) / tail + (difference + (2 * n - 1))
    return 1 / tail


def _gamma_tails(xp: Any, a: Any, x: Any) -> tuple[Any, Any]:
    """``gammainc`` and ``gammaincc``: the smaller of them as computed, the other by the difference to one."""
    a, x = xp.broadcast_arrays(a, x)
    inside = (a > 0) & (x > 0) & xp.isfinite(a) & xp.isfinite(x)
    a1, x1 = xp.where(inside, a, 1), xp.where(inside, x, 1)
    below = x1 < a1 + 1
    tail = _gamma_factor(xp, a1, x1) * _either(
        xp,
        below,
        lambda mine: _settled(xp, _gamma_series, mine(a1, 1), mine(x1, 1)),
        lambda mine: a1 * _settled(xp, _gamma_fraction, mine(a1, 1), mine(x1, 2)),
    )
    zero = ((x == 0) & (a > 0)) | (xp.isinf(a) & (a > 0) & (x >= 0) & xp.isfinite(x))
    one = (xp.isinf(x) & (x > 0) & (a >= 0) & xp.isfinite(a)) | ((a == 0) & (x > 0))
    return _two_tails(xp, tail, below, inside, zero, one, (a + x) * xp.nan)


def _two_tails(
    xp: Any, tail: Any, below: Any, inside: Any, zero: Any, one: Any, elsewhere: Any
) -> tuple[Any, Any]:
    """A distribution function and its complement, given the one that is small.

    It is ``tail`` inside, or one minus that, then zero and one where these hold. Elsewhere it is NaN, and made of
    the arguments, so that its derivative is NaN too.
    """
    rest = 1 - tail
    lower, upper = xp.where(below, tail, rest), xp.where(below, rest, tail)
    edge = xp.where(zero, 0, xp.where(one, 1, elsewhere))
    return xp.where(inside, lower, edge), xp.where(inside, upper, 1 - edge)


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


def _beta_fraction(a: Any, b: Any, x: Any, terms: int) -> Any:
    """``1 / (1 - d0 / (1 + d1 / (1 - d2 / (1 + ...))))``, for x below the mean of the distribution."""
    total = a + b
    tail: Any = 1.0
    for m in range(terms, -1, -1):
        middle = (a + (2 * m + 1)) / x
        if m < terms:
            tail = 1 + (m + 1) * (b - (m + 1)) / (middle * (a + (2 * m + 2))) / tail
        tail = 1 - (a + m) * (total + m) / (middle * (a + 2 * m)) / tail
    return 1 / tail


def _beta_tails(xp: Any, a: Any, b: Any, x: Any, y: Any) -> tuple[Any, Any]:
    """``betainc`` and its complement, where y = 1 - x."""
    a, b, x, y = xp.broadcast_arrays(a, b, x, y)
    inside = (a > 0) & (b > 0) & (x > 0) & (y > 0) & xp.isfinite(a) & xp.isfinite(b)
    a1, b1 = xp.where(inside, a, 1), xp.where(inside, b, 1)
    x1, y1 = xp.where(inside, x, 0.5), xp.where(inside, y, 0.5)
    below = x1 <= (a1 + 1) / (a1 + b1 + 2)
    a2, b2 = xp.where(below, a1, b1), xp.where(below, b1, a1)
    x2, y2 = xp.where(below, x1, y1), xp.where(below, y1, x1)
    tail = _beta_factor(xp, a2, b2, x2, y2) * _settled(xp, _beta_fraction, a2, b2, x2)
    positive = (a > 0) & (b > 0)
    return _two_tails(xp, tail, below, inside, positive & (x == 0), positive & (y == 0), (a + b + x) * xp.nan)


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
