"""What the rules of the special functions share: densities, series about removable singularities, parameters.

A density here is the derivative of a distribution function, and one over it that of the inverse function.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from . import functions as f
from . import promoted, reference
from .series import polynomial

__all__ = [
    "beta_density",
    "binomial_density",
    "boxcox_slope",
    "by_reference",
    "elliptic_slope",
    "erfcx_slope",
    "exprel_slope",
    "f_density",
    "gamma_density",
    "hazard",
    "inverse_boxcox_slope",
    "poisson_density",
    "rgamma_slope",
    "spence_slope",
    "student_density",
]

ROOT_2PI = math.sqrt(2 * math.pi)


def by_reference(name: str, i: int) -> Callable[..., Any]:
    """The pullback to parameter ``i`` through the implementation in standard functions.

    For parameters in which the derivative has no closed form: it is that of the series or continued fraction,
    term by term, and as accurate.
    """

    def pullback(_xp: Any, g: Any, _out: Any, *arrays: Any, **_: Any) -> Any:
        from ..transforms import lift, vjp

        function = reference(name)
        assert function is not None

        def of_parameter(p: Any) -> Any:
            xp = p.__array_namespace__()
            args = tuple(p if j == i else lift(a) for j, a in enumerate(arrays))
            return function(xp, *promoted(xp, args))

        return vjp(of_parameter, arrays[i])[1](g)[0]

    return pullback


def near_zero(
    xp: Any, x: Any, radius: float, coefficients: Sequence[float], far: Callable[[Any], Any]
) -> Any:
    """A power series up to ``radius``, ``far(x)`` beyond."""
    near = xp.abs(x) < radius
    return xp.where(near, polynomial(xp.where(near, x, 0), coefficients), far(xp.where(near, radius, x)))


# Densities


def gamma_density(xp: Any, a: Any, x: Any) -> Any:
    """``x**(a - 1) exp(-x) / gamma(a)``: the derivative of ``gammainc(a, x)``."""
    return xp.exp(f.xlogy(a - 1, x) - x - f.gammaln(a))


def beta_density(xp: Any, a: Any, b: Any, x: Any) -> Any:
    """``x**(a - 1) (1 - x)**(b - 1) / B(a, b)``: the derivative of ``betainc(a, b, x)``."""
    return xp.exp(f.xlogy(a - 1, x) + f.xlog1py(b - 1, -x) - f.betaln(a, b))


def f_density(xp: Any, m: Any, n: Any, x: Any) -> Any:
    """The derivative of ``fdtr(m, n, x)``."""
    scale = n + m * x
    return beta_density(xp, m / 2, n / 2, m * x / scale) * m * n / (scale * scale)


def student_density(xp: Any, df: Any, t: Any) -> Any:
    """The derivative of ``stdtr(df, t)``."""
    power = (df + 1) / 2 * xp.log1p(t * t / df)
    return xp.exp(-f.betaln(df / 2, xp.full_like(df, 0.5)) - power) / xp.sqrt(df)


def poisson_density(xp: Any, k: Any, m: Any) -> Any:
    """``exp(-m) m**k / k!`` with k cut to an integer: minus the derivative of ``pdtr(k, m)``."""
    k = xp.floor(k)
    return xp.exp(f.xlogy(k, m) - m - f.gammaln(k + 1))


def binomial_density(xp: Any, k: Any, n: Any, p: Any) -> Any:
    """Minus the derivative of ``bdtr(k, n, p)``, with k cut to an integer."""
    k = xp.floor(xp.astype(k, p.dtype))
    return beta_density(xp, k + 1, xp.astype(n, p.dtype) - k, p)


def hazard(xp: Any, x: Any) -> Any:
    """The normal density over ``ndtr``: the derivative of ``log_ndtr``."""
    below = x < 0
    left = math.sqrt(2 / math.pi) / f.erfcx(-xp.where(below, x, 0) / math.sqrt(2))
    right = xp.where(below, 0, x)
    return xp.where(below, left, xp.exp(-0.5 * right * right) / ROOT_2PI / f.ndtr(right))


# Removable singularities

_EXPREL = tuple(k / math.factorial(k + 1) for k in range(1, 20))
_LOG1P = tuple((-1) ** k / (k + 1) for k in range(18))
_INVERSE_BOXCOX = tuple((-1) ** (k + 1) * (1 - 1 / k) for k in range(2, 20))
_ELLIPTIC = tuple((math.comb(2 * k, k) / 4**k) ** 2 * math.pi / 2 for k in range(20))


def exprel_slope(xp: Any, x: Any) -> Any:
    """The derivative of ``(exp(x) - 1) / x``."""
    return near_zero(xp, x, 1.0, _EXPREL, lambda x: (xp.exp(x) - xp.expm1(x) / x) / x)


def boxcox_slope(xp: Any, log: Any, power: Any) -> Any:
    """The derivative of ``boxcox`` by its power, given the logarithm of the argument."""
    at_zero = xp.isinf(log) & (power > 0)
    log = xp.where(at_zero, 0.0, log)
    return xp.where(at_zero, xp.where(at_zero, power, 1.0) ** -2.0, log * log * exprel_slope(xp, power * log))


def inverse_boxcox_slope(xp: Any, y: Any, power: Any) -> Any:
    """The derivative of ``log1p(power * y) / power`` by the power."""
    u = power * y
    far = near_zero(xp, u, 0.1, _INVERSE_BOXCOX, lambda u: (u / (1 + u) - xp.log1p(u)) / (u * u))
    return y * y * far


def spence_slope(xp: Any, z: Any) -> Any:
    """``log(z) / (1 - z)``: the derivative of ``spence``."""
    return -near_zero(xp, z - 1, 0.1, _LOG1P, lambda u: xp.log1p(u) / u)


def elliptic_slope(xp: Any, m: Any, second: bool) -> Any:
    """The derivative of ``ellipk``, or of ``ellipe``."""
    if second:
        series = tuple(k * c / (1 - 2 * k) for k, c in enumerate(_ELLIPTIC))[1:]
        return near_zero(xp, m, 0.1, series, lambda m: (f.ellipe(m) - f.ellipk(m)) / (2 * m))
    series = tuple(k * c for k, c in enumerate(_ELLIPTIC))[1:]
    return near_zero(xp, m, 0.1, series, lambda m: (f.ellipe(m) - (1 - m) * f.ellipk(m)) / (2 * m * (1 - m)))


# Others

_ERFCX_TAIL = tuple((-1) ** k * (2 * k + 1) * math.prod(range(1, 2 * k, 2)) / 2**k for k in range(12))


def erfcx_slope(xp: Any, x: Any, out: Any) -> Any:
    """``2 x erfcx(x) - 2 / sqrt(pi)``, by its asymptotic series where the terms cancel."""
    far = x > 20
    large = xp.where(far, x, 20)
    inverse = 1 / (large * large)
    tail = -inverse * polynomial(inverse, _ERFCX_TAIL) / math.sqrt(math.pi)
    return xp.where(far, tail, 2 * xp.where(far, 0, x) * xp.where(far, 0, out) - 2 / math.sqrt(math.pi))


def rgamma_slope(xp: Any, x: Any, out: Any) -> Any:
    """The derivative of ``1 / gamma(x)``, reflected so that the poles of gamma are ordinary points."""
    left = x < 0.5
    z = 1 - xp.where(left, x, 0)
    turn = math.pi * (1 - z)
    reflected = f.gamma(z) * (xp.cos(turn) - xp.sin(turn) / math.pi * f.digamma(z))
    return xp.where(left, reflected, -out * f.digamma(xp.where(left, 1, x)))
