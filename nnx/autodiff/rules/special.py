"""Rules of the special functions, under SciPy's names and in its order of arguments.

``f.digamma`` and its like are the primitives, so that a rule works on plain and on traced arrays. Integer
parameters (counts, orders that SciPy cuts to integers) have no derivative; real ones that nnx cannot
differentiate to full precision are refused by name.
"""

from __future__ import annotations

import math
from typing import Any

from ..primitive import Refused, Rule
from ..special import functions as f
from ..special.derivatives import (
    beta_density,
    binomial_density,
    boxcox_slope,
    by_reference,
    elliptic_slope,
    erfcx_slope,
    exprel_slope,
    f_density,
    gamma_density,
    hazard,
    inverse_boxcox_slope,
    poisson_density,
    rgamma_slope,
    spence_slope,
    student_density,
)
from ..special.entropy import sinc_slope

__all__ = ["RULES"]

ROOT_PI = math.sqrt(math.pi)
ROOT_2PI = math.sqrt(2 * math.pi)
DEGREE = math.pi / 180
_order = Refused("the derivative in the order or in a parameter of this function has no closed form")

_gammainc_a = by_reference("gammainc", 0)
_betainc_a, _betainc_b = by_reference("betainc", 0), by_reference("betainc", 1)
_fdtr_m, _fdtr_n = by_reference("fdtr", 0), by_reference("fdtr", 1)
_stdtr_df = by_reference("stdtr", 0)
_chdtr_v = by_reference("chdtr", 0)


def _chi2_density(xp: Any, v: Any, x: Any) -> Any:
    return gamma_density(xp, v / 2, x / 2) / 2


def _whole(xp: Any, n: Any) -> Any:
    """An order as SciPy takes it: what is behind the point is cut off."""
    return xp.trunc(n) if xp.isdtype(n.dtype, "real floating") else n


def _expn(xp: Any, g: Any, _out: Any, n: Any, x: Any) -> Any:
    n = _whole(xp, n)
    first = xp.exp(-x) * (1 + x) / (x * x)
    return -g * xp.where(n == 0, first, f.expn(xp.where(n == 0, 1, n) - 1, x))


def _psi(xp: Any, g: Any, _out: Any, x: Any) -> Any:
    return g * xp.astype(f.polygamma(1, x), x.dtype)  # SciPy's polygamma is double in single precision too


def _yn(xp: Any, g: Any, out: Any, n: Any, x: Any) -> Any:
    n = _whole(xp, n)
    return g * (f.yn(n - 1, x) - xp.astype(n, x.dtype) * out / x)


def _legendre(xp: Any, g: Any, out: Any, m: Any, v: Any, x: Any) -> Any:
    return g * (v * x * out - (v + m) * f.lpmv(m, v - 1, x)) / (x * x - 1)


def _multigammaln(_xp: Any, g: Any, _out: Any, a: Any, *, d: int) -> Any:
    return g * sum(f.digamma(a - 0.5 * j) for j in range(int(d)))


def _over(xp: Any, r: Any, x: Any, at_zero: float) -> Any:
    """``r / x``, with its limit at zero."""
    zero = x == 0
    return xp.where(zero, at_zero, r / xp.where(zero, 1, x))


def _huber_r(xp: Any, g: Any, _out: Any, delta: Any, r: Any) -> Any:
    return g * xp.where(xp.abs(r) <= delta, r, delta * xp.sign(r))


def _pseudo_huber_delta(xp: Any, g: Any, out: Any, delta: Any, r: Any) -> Any:
    # delta (s - 1)**2 / s with s = sqrt(1 + (r / delta)**2), and delta (s - 1) = out / delta
    root = xp.hypot(delta, r)
    return g * out * out / (delta * delta * root)


def _e(*pullbacks: Any) -> Rule:
    return Rule(*pullbacks, elementwise=True)


def _inverse(slope: Any) -> Any:
    """The pullback of an inverse function to its last argument: one over the slope of the function."""
    return lambda xp, g, out, *args: g / slope(xp, *args[:-1], out)


def _implicit(pullback: Any, slope: Any) -> Any:
    """The pullback of an inverse function to a parameter, given that of the function itself."""
    return lambda xp, g, out, *args: pullback(xp, -g / slope(xp, *args[:-1], out), None, *args[:-1], out)


def _negated(pullback: Any) -> Any:
    return lambda xp, g, out, *args: -pullback(xp, g, out, *args)


def _upper(slope: Any) -> Any:
    return lambda xp, *args: -slope(xp, *args)


_bdtr_p = _upper(binomial_density)
_nbdtr_p = lambda xp, k, n, p: beta_density(xp, n, xp.floor(k) + 1, p)  # noqa: E731
_pdtr_m = _upper(poisson_density)
_chdtrc_x = _upper(_chi2_density)
_gammaincc_x = _upper(gamma_density)
_betaincc_x = _upper(beta_density)


def _last(slope: Any) -> Any:
    """The pullback of a distribution function to its last argument."""
    return lambda xp, g, _out, *args: g * slope(xp, *args)


RULES: dict[str, Rule] = {
    # Distribution functions, their tails and inverses
    "bdtr": _e(None, None, _last(_bdtr_p)),
    "bdtrc": _e(None, None, _last(binomial_density)),
    "bdtri": _e(None, None, _inverse(_bdtr_p)),
    "betainc": _e(_betainc_a, _betainc_b, _last(beta_density)),
    "betaincc": _e(_negated(_betainc_a), _negated(_betainc_b), _last(_betaincc_x)),
    "betainccinv": _e(
        _implicit(_negated(_betainc_a), _betaincc_x),
        _implicit(_negated(_betainc_b), _betaincc_x),
        _inverse(_betaincc_x),
    ),
    "betaincinv": _e(
        _implicit(_betainc_a, beta_density), _implicit(_betainc_b, beta_density), _inverse(beta_density)
    ),
    "chdtr": _e(_chdtr_v, _last(_chi2_density)),
    "chdtrc": _e(_negated(_chdtr_v), _last(_chdtrc_x)),
    "chdtri": _e(_implicit(_negated(_chdtr_v), _chdtrc_x), _inverse(_chdtrc_x)),
    "fdtr": _e(_fdtr_m, _fdtr_n, _last(f_density)),
    "fdtrc": _e(_negated(_fdtr_m), _negated(_fdtr_n), _last(_upper(f_density))),
    "fdtri": _e(_implicit(_fdtr_m, f_density), _implicit(_fdtr_n, f_density), _inverse(f_density)),
    "gammainc": _e(_gammainc_a, _last(gamma_density)),
    "gammaincc": _e(_negated(_gammainc_a), _last(_gammaincc_x)),
    "gammainccinv": _e(_implicit(_negated(_gammainc_a), _gammaincc_x), _inverse(_gammaincc_x)),
    "gammaincinv": _e(_implicit(_gammainc_a, gamma_density), _inverse(gamma_density)),
    "gdtr": _e(
        lambda xp, g, _o, a, b, x: g * x * gamma_density(xp, b, a * x),
        lambda xp, g, _o, a, b, x: _gammainc_a(xp, g, None, b, a * x),
        lambda xp, g, _o, a, b, x: g * a * gamma_density(xp, b, a * x),
    ),
    "gdtrc": _e(
        lambda xp, g, _o, a, b, x: -g * x * gamma_density(xp, b, a * x),
        lambda xp, g, _o, a, b, x: -_gammainc_a(xp, g, None, b, a * x),
        lambda xp, g, _o, a, b, x: -g * a * gamma_density(xp, b, a * x),
    ),
    "log_ndtr": _e(lambda xp, g, _o, x: g * hazard(xp, x)),
    "nbdtr": _e(None, None, _last(_nbdtr_p)),
    "nbdtrc": _e(None, None, _last(_upper(_nbdtr_p))),
    "nbdtri": _e(None, None, _inverse(_nbdtr_p)),
    "ndtr": _e(lambda xp, g, _o, x: g * xp.exp(-0.5 * x * x) / ROOT_2PI),
    "ndtri": _e(lambda xp, g, out, _x: g * xp.exp(0.5 * out * out) * ROOT_2PI),
    "pdtr": _e(None, _last(_pdtr_m)),
    "pdtrc": _e(None, _last(poisson_density)),
    "pdtri": _e(None, _inverse(_pdtr_m)),
    "stdtr": _e(_stdtr_df, _last(student_density)),
    "stdtrit": _e(_implicit(_stdtr_df, student_density), _inverse(student_density)),
    # Error functions and exponential integrals
    "dawsn": _e(lambda xp, g, out, x: g * (1 - 2 * x * out)),
    "erf": _e(lambda xp, g, _o, x: g * xp.exp(-x * x) * (2 / ROOT_PI)),
    "erfc": _e(lambda xp, g, _o, x: g * xp.exp(-x * x) * (-2 / ROOT_PI)),
    "erfcinv": _e(lambda xp, g, out, _x: g * xp.exp(out * out) * (-ROOT_PI / 2)),
    "erfcx": _e(lambda xp, g, out, x: g * erfcx_slope(xp, x, out)),
    "erfi": _e(lambda xp, g, _o, x: g * xp.exp(x * x) * (2 / ROOT_PI)),
    "erfinv": _e(lambda xp, g, out, _x: g * xp.exp(out * out) * (ROOT_PI / 2)),
    "exp1": _e(lambda xp, g, _o, x: -g * xp.exp(-x) / x),
    "expi": _e(lambda xp, g, _o, x: g * xp.exp(x) / x),
    "expn": _e(None, _expn),
    "spence": _e(lambda xp, g, _o, x: g * spence_slope(xp, x)),
    # Gamma functions
    "beta": _e(
        lambda xp, g, out, a, b: g * out * (f.digamma(a) - f.digamma(a + b)),
        lambda xp, g, out, a, b: g * out * (f.digamma(b) - f.digamma(a + b)),
    ),
    "betaln": _e(
        lambda xp, g, _o, a, b: g * (f.digamma(a) - f.digamma(a + b)),
        lambda xp, g, _o, a, b: g * (f.digamma(b) - f.digamma(a + b)),
    ),
    "binom": _e(
        lambda xp, g, out, n, k: g * out * (f.digamma(n + 1) - f.digamma(n - k + 1)),
        lambda xp, g, out, n, k: g * out * (f.digamma(n - k + 1) - f.digamma(k + 1)),
    ),
    "digamma": _e(_psi),
    "gamma": _e(lambda xp, g, out, x: g * out * f.digamma(x)),
    "gammaln": _e(lambda xp, g, _o, x: g * f.digamma(x)),
    "gammasgn": _e(lambda xp, g, _o, _x: xp.zeros_like(g)),
    "loggamma": _e(lambda xp, g, _o, x: g * f.digamma(x)),
    "multigammaln": Rule(_multigammaln, params=("d",), elementwise=True),
    "poch": _e(
        lambda xp, g, out, a, m: g * out * (f.digamma(a + m) - f.digamma(a)),
        lambda xp, g, out, a, m: g * out * f.digamma(a + m),
    ),
    "polygamma": _e(None, lambda xp, g, _o, n, x: g * f.polygamma(n + 1, x)),
    "psi": _e(_psi),
    "rgamma": _e(lambda xp, g, out, x: g * rgamma_slope(xp, x, out)),
    "zeta": _e(by_reference("zeta", 0), lambda xp, g, _o, s, q: -g * s * f.zeta(s + 1, q)),
    "zetac": _e(by_reference("zetac", 0)),
    # Bessel, elliptic, hypergeometric and Legendre functions
    "ellipe": _e(lambda xp, g, _o, m: g * elliptic_slope(xp, m, second=True)),
    "ellipk": _e(lambda xp, g, _o, m: g * elliptic_slope(xp, m, second=False)),
    "ellipkm1": _e(lambda xp, g, out, p: -g * (f.ellipe(1 - p) - p * out) / (2 * p * (1 - p))),
    "hyp1f1": _e(_order, _order, lambda xp, g, _o, a, b, x: g * a / b * f.hyp1f1(a + 1, b + 1, x)),
    "hyp2f1": _e(
        _order, _order, _order, lambda xp, g, _o, a, b, c, x: g * a * b / c * f.hyp2f1(a + 1, b + 1, c + 1, x)
    ),
    "i0": _e(lambda xp, g, _o, x: g * f.i1(x)),
    "i0e": _e(lambda xp, g, out, x: g * (f.i1e(x) - xp.sign(x) * out)),
    "i1": _e(lambda xp, g, out, x: g * (f.i0(x) - _over(xp, out, x, 0.5))),
    "i1e": _e(lambda xp, g, out, x: g * (f.i0e(x) - xp.sign(x) * out - _over(xp, out, x, 0.5))),
    "iv": _e(_order, lambda xp, g, _o, v, x: g * (f.iv(v - 1, x) + f.iv(v + 1, x)) / 2),
    "ive": _e(
        _order, lambda xp, g, out, v, x: g * ((f.ive(v - 1, x) + f.ive(v + 1, x)) / 2 - xp.sign(x) * out)
    ),
    "j0": _e(lambda xp, g, _o, x: -g * f.j1(x)),
    "j1": _e(lambda xp, g, out, x: g * (f.j0(x) - _over(xp, out, x, 0.5))),
    "jv": _e(_order, lambda xp, g, _o, v, x: g * (f.jv(v - 1, x) - f.jv(v + 1, x)) / 2),
    "k0": _e(lambda xp, g, _o, x: -g * f.k1(x)),
    "k0e": _e(lambda xp, g, out, x: g * (out - f.k1e(x))),
    "k1": _e(lambda xp, g, out, x: -g * (f.k0(x) + out / x)),
    "k1e": _e(lambda xp, g, out, x: g * (out - f.k0e(x) - out / x)),
    "kv": _e(_order, lambda xp, g, _o, v, x: -g * (f.kv(v - 1, x) + f.kv(v + 1, x)) / 2),
    "kve": _e(_order, lambda xp, g, out, v, x: g * (out - (f.kve(v - 1, x) + f.kve(v + 1, x)) / 2)),
    "lpmv": _e(None, _order, _legendre),
    "y0": _e(lambda xp, g, _o, x: -g * f.y1(x)),
    "y1": _e(lambda xp, g, out, x: g * (f.y0(x) - out / x)),
    "yn": _e(None, _yn),
    "yv": _e(_order, lambda xp, g, _o, v, x: g * (f.yv(v - 1, x) - f.yv(v + 1, x)) / 2),
    # Logarithms, entropies, losses
    "boxcox": _e(
        lambda xp, g, _o, x, power: g * x ** (power - 1),
        lambda xp, g, _o, x, power: g * boxcox_slope(xp, xp.log(x), power),
    ),
    "boxcox1p": _e(
        lambda xp, g, _o, x, power: g * xp.exp((power - 1) * xp.log1p(x)),
        lambda xp, g, _o, x, power: g * boxcox_slope(xp, xp.log1p(x), power),
    ),
    "entr": _e(lambda xp, g, _o, x: -g * (xp.log(x) + 1)),
    "expit": _e(lambda xp, g, out, _x: g * out * (1 - out)),
    "huber": _e(
        lambda xp, g, _o, delta, r: g * xp.where(xp.abs(r) <= delta, 0, xp.abs(r) - delta),
        _huber_r,
    ),
    "inv_boxcox": _e(
        lambda xp, g, out, _y, power: g * out ** (1 - power),
        lambda xp, g, out, y, power: g * out * inverse_boxcox_slope(xp, y, power),
    ),
    "inv_boxcox1p": _e(
        lambda xp, g, out, _y, power: g * (out + 1) ** (1 - power),
        lambda xp, g, out, y, power: g * (out + 1) * inverse_boxcox_slope(xp, y, power),
    ),
    "kl_div": _e(
        lambda xp, g, _o, x, y: g * xp.log(x / y),
        lambda xp, g, _o, x, y: g * (1 - x / xp.where((x == 0) & (y == 0), 1, y)),
    ),
    "log_expit": _e(lambda xp, g, _o, x: g * f.expit(-x)),
    "logit": _e(lambda xp, g, _o, p: g / (p * (1 - p))),
    "pseudo_huber": _e(
        _pseudo_huber_delta,
        lambda xp, g, _o, delta, r: g * delta * r / xp.hypot(delta, r),
    ),
    "rel_entr": _e(
        lambda xp, g, _o, x, y: g * (xp.log(x / y) + 1),
        lambda xp, g, _o, x, y: -g * (x / xp.where((x == 0) & (y == 0), 1, y)),
    ),
    "xlog1py": _e(
        lambda xp, g, _o, x, y: g * f.xlog1py(xp.where((x == 0) & (y <= -1), 0, xp.ones_like(x)), y),
        lambda xp, g, _o, x, y: g * (x / xp.where((x == 0) & (y == -1), 1, 1 + y)),
    ),
    "xlogy": _e(
        lambda xp, g, _o, x, y: g * f.xlogy(xp.where((x == 0) & (y <= 0), 0, xp.ones_like(x)), y),
        lambda xp, g, _o, x, y: g * (x / xp.where((x == 0) & (y == 0), 1, y)),
    ),
    # Powers and trigonometry
    "cbrt": _e(lambda xp, g, out, _x: g / (3 * out * out)),
    "cosdg": _e(lambda xp, g, _o, x: -g * DEGREE * f.sindg(x)),
    "cosm1": _e(lambda xp, g, _o, x: -g * xp.sin(x)),
    "cotdg": _e(lambda xp, g, out, _x: -g * DEGREE * (1 + out * out)),
    "exp10": _e(lambda xp, g, out, _x: g * math.log(10) * out),
    "exp2": _e(lambda xp, g, out, _x: g * math.log(2) * out),
    "exprel": _e(lambda xp, g, _o, x: g * exprel_slope(xp, x)),
    "radian": _e(
        lambda xp, g, _o, _d, _m, _s: g * DEGREE,
        lambda xp, g, _o, _d, _m, _s: g * (DEGREE / 60),
        lambda xp, g, _o, _d, _m, _s: g * (DEGREE / 3600),
    ),
    "sinc": _e(lambda xp, g, _o, x: g * sinc_slope(xp, x)),
    "sindg": _e(lambda xp, g, _o, x: g * DEGREE * f.cosdg(x)),
    "tandg": _e(lambda xp, g, out, _x: g * DEGREE * (1 + out * out)),
}
