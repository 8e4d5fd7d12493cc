"""The logarithm of the gamma function and its derivatives, in standard functions.

From ten up the asymptotic series in Bernoulli's numbers is exact; below, arguments are moved there by the
recurrence, but for the neighbourhood of zeros, where an expansion with the zero divided out keeps the
relative accuracy. Negative arguments are reflected.
"""

from __future__ import annotations

import math
from typing import Any

from .coefficients import BERNOULLI, DIGAMMA, GAMMALN
from .series import chebyshev, polynomial

__all__ = ["digamma", "gammaln", "polygamma", "stirling", "zeta", "zetac"]

LOG_ROOT_2PI = 0.5 * math.log(2.0 * math.pi)
_STIRLING = tuple(b / (2 * k * (2 * k - 1)) for k, b in enumerate(BERNOULLI[:9], 1))
_DIGAMMA_TAIL = tuple(b / (2 * k) for k, b in enumerate(BERNOULLI[:9], 1))
_DIGAMMA_ROOT = (1.4616321449683622, 9.549995429965697e-17)  # their sum, to twice the usual precision


def stirling(xp: Any, x: Any) -> Any:
    """``gammaln(x) - (x - 1/2) log(x) + x - log(2 pi) / 2`` for x from ten up."""
    return polynomial(1 / (x * x), _STIRLING) / x


def _sin_cos_pi(xp: Any, x: Any) -> tuple[Any, Any]:
    """``sin(pi x)`` and ``cos(pi x)`` up to a common sign."""
    turn = math.pi * (x - xp.round(x))
    return xp.sin(turn), xp.cos(turn)


def gammaln(xp: Any, x: Any) -> Any:
    """``log(|gamma(x)|)``."""
    negative = x <= 0
    z = xp.where(negative, 1 - x, x)
    middle = z < 3
    # Between 0 and 3: the expansion on [1, 2], and one step of the recurrence down or up.
    m = xp.where(middle, z, 1.5)
    low, high = m < 1, m > 2
    base = xp.where(low, m + 1, xp.where(high, m - 1, m))
    # m - 1 and m - 2 are exact; base need not be
    d1 = xp.where(low, m, xp.where(high, m - 2, m - 1))
    d2 = xp.where(low, m - 1, xp.where(high, m - 3, m - 2))
    inner = d1 * d2 * chebyshev(2 * base - 3, GAMMALN)
    step = xp.where(low, -xp.log(xp.where(low, m, 1)), xp.log1p(xp.where(high, m - 2, 0)))
    # From 3 up: Stirling's series, after seven steps of the recurrence below 10.
    s = xp.where(middle, 10, z)
    below = s < 10
    product = xp.ones_like(s)
    for k in range(7):
        product = product * xp.where(below, s + k, 1)
    t = xp.where(xp.isinf(s), 10, xp.where(below, s + 7, s))
    outer = (t - 0.5) * xp.log(t) - t + LOG_ROOT_2PI + stirling(xp, t) - xp.log(product)
    value = xp.where(middle, inner + step, xp.where(xp.isinf(s), xp.inf, outer))
    sine = xp.abs(_sin_cos_pi(xp, xp.where(negative & ~xp.isinf(x), x, 0.5))[0])
    pole = sine == 0
    reflected = math.log(math.pi) - xp.log(xp.where(pole, 1, sine)) - value
    return xp.where(negative, xp.where(pole | xp.isinf(x), xp.inf, reflected), value)


def digamma(xp: Any, x: Any) -> Any:
    """The derivative of ``gammaln``; NaN at its poles, but infinite at zero, with the opposite sign."""
    negative = x < 0
    z = xp.where(negative, 1 - x, x)
    middle = z < 2
    m = xp.where(middle, z, 1.5)
    low = m < 1
    base = xp.where(low, m + 1, m)
    root, rest = _DIGAMMA_ROOT
    inner = ((base - root) - rest) * chebyshev(2 * base - 3, DIGAMMA)
    inner = inner - xp.where(low, 1 / xp.where(m == 0, xp.inf, m), 0)
    s = xp.where(middle, 10, z)
    below = s < 10
    steps = xp.zeros_like(s)
    for k in range(8):
        steps = steps + xp.where(below, 1 / (s + k), 0)
    t = xp.where(below, s + 8, s)
    inverse = 1 / (t * t)
    outer = xp.log(t) - 0.5 / t - inverse * polynomial(inverse, _DIGAMMA_TAIL) - steps
    value = xp.where(middle, inner, outer)
    sine, cosine = _sin_cos_pi(xp, xp.where(negative, x, 0.5))
    pole = sine == 0
    reflected = value - math.pi * cosine / xp.where(pole, 1, sine)
    value = xp.where(negative, xp.where(pole, xp.nan, reflected), value)
    return xp.where(x == 0, xp.copysign(xp.full_like(x, xp.inf), -x), value)


_EULER_MACLAURIN = tuple(b / math.factorial(2 * k) for k, b in enumerate(BERNOULLI, 1))


def _euler_maclaurin(xp: Any, s: Any, q: Any) -> Any:
    """The sum of ``(q + k)**-s`` over k from 0, continued analytically, for s > -1 and q > 0."""
    total = xp.zeros_like(q * s)
    for k in range(12):
        total = total + (q + k) ** -s
    n = q + 12
    power = n**-s
    total = total + power * (n / (s - 1) + 0.5)
    rising, inverse = s / n, 1 / (n * n)
    for k, coefficient in enumerate(_EULER_MACLAURIN):
        total = total + power * (coefficient * rising)
        rising = rising * ((s + (2 * k + 1)) * (s + (2 * k + 2)) * inverse)
    return total


def zeta(xp: Any, s: Any, q: Any = None) -> Any:
    """Hurwitz's zeta function for s > 1 and q > 0, NaN elsewhere; without q Riemann's, for all s.

    May be traced, which is how zeta is differentiated with respect to s.
    """
    if q is None:
        return _riemann(xp, s)
    inside = (s > 1) & (q > 0)
    infinite = (s == 1) | ((s > 1) & (q == 0))
    value = _euler_maclaurin(xp, xp.where(inside, s, 2), xp.where(inside, q, 1))
    return xp.where(inside, value, xp.where(infinite, xp.inf, (s + q) * xp.nan))


def zetac(xp: Any, s: Any) -> Any:
    """Riemann's zeta function less one, which it comes near soon."""
    right = s > 1
    return xp.where(right, zeta(xp, s, xp.full_like(s, 2.0)), _riemann(xp, xp.where(right, 0, s)) - 1)


def _riemann(xp: Any, s: Any) -> Any:
    """Riemann's zeta function, reflected for s < 0."""
    from . import functions

    left, pole = s < 0, s == 1
    z = xp.where(left, 1 - s, xp.where(pole, 2, s))
    value = xp.where(pole, xp.inf, _euler_maclaurin(xp, z, xp.ones_like(z)))
    t = xp.where(left, s, -1)
    factor = 2 * xp.sin(math.pi / 2 * t) * xp.exp((t - 1) * math.log(2 * math.pi) + functions.gammaln(1 - t))
    return xp.where(left, factor * value, value)


def _cotangent_slope(xp: Any, n: Any, x: Any) -> Any:
    """The n-th derivative of ``pi / tan(pi x)`` for each n: a polynomial in the cotangent."""
    sine, cosine = _sin_cos_pi(xp, x)
    pole = sine == 0
    cotangent = xp.where(pole, xp.inf, cosine / xp.where(pole, 1, sine))
    coefficients, result = [0.0, math.pi], cotangent * math.pi
    for k in range(1, int(xp.max(n)) + 1 if n.size else 0):
        slope = [math.pi * i * c for i, c in enumerate(coefficients)][1:]
        coefficients = [-(a + b) for a, b in zip([*slope, 0.0, 0.0], [0.0, 0.0, *slope], strict=True)]
        result = xp.where(n == k, polynomial(cotangent, coefficients), result)
    return result


def polygamma(xp: Any, n: Any, x: Any) -> Any:
    """The n-th derivative of ``digamma``."""
    negative = x < 0
    z = xp.where(negative, 1 - x, x)
    value = xp.exp(gammaln(xp, n + 1)) * zeta(xp, n + 1, z)
    value = xp.where(n % 2 == 1, value, -value)
    if bool(xp.any(negative)):
        reflected = xp.where(n % 2 == 1, -value, value) - _cotangent_slope(xp, n, xp.where(negative, x, 0.5))
        value = xp.where(negative, reflected, value)
    return xp.where(n == 0, digamma(xp, x), value)
