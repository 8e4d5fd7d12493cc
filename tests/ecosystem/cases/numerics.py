"""Rows for SciPy's integrate, differentiate, optimize, interpolate, linalg, cluster and constants."""

from __future__ import annotations

import numpy as np
import scipy.cluster.vq as vq
import scipy.constants as constants
import scipy.differentiate as differentiate
import scipy.integrate as integrate
import scipy.interpolate as interpolate
import scipy.linalg as linalg
import scipy.optimize as optimize
import scipy.optimize.elementwise as elementwise

from .base import Table, between, normal, real, spread

CASES = Table()
add = CASES.add

X3 = between(0.4, 2.5, 3, seed=2)
S8 = spread(8, seed=10)

add("integrate.trapezoid", lambda xp, y, x: integrate.trapezoid(y, x=x), normal(2, 6), np.sort(S8)[:6])
add("integrate.trapezoid(dx)", lambda xp, y: integrate.trapezoid(y, dx=0.3, axis=0), normal(4, 2))
add(
    "integrate.cumulative_trapezoid",
    lambda xp, y, x: integrate.cumulative_trapezoid(y, x=x, initial=0),
    normal(2, 6),
    np.sort(S8)[:6],
)
add(
    "integrate.cumulative_simpson",
    lambda xp, y, x: integrate.cumulative_simpson(y, x=x),
    normal(2, 6),
    np.sort(S8)[:6],
)
add("integrate.cumulative_simpson(dx)", lambda xp, y: integrate.cumulative_simpson(y, dx=0.2), normal(2, 6))
add("integrate.romb", lambda xp, y: integrate.romb(y, dx=0.2), normal(2, 9))
add(
    "integrate.cubature",
    lambda xp, c: (
        integrate.cubature(
            lambda x, c: xp.exp(-xp.sum(c * x**2, axis=-1)), 0 * c, 0 * c + 1.5, args=(c,), rtol=1e-10
        ).estimate
    ),
    real(0.7, 1.3),
)
add(
    "integrate.cubature(limits)",
    lambda xp, a, b: integrate.cubature(lambda x: xp.cos(x[:, 0]) * x[:, 1], a, b, rtol=1e-10).estimate,
    real(0.1, 0.2),
    real(1.0, 1.5),
)
add(
    "integrate.tanhsinh",
    lambda xp, a, b, c: integrate.tanhsinh(lambda x, c: xp.exp(-c * x**2), a, b, args=(c,)).integral,
    real(0.1),
    real(1.6),
    real(0.7),
)
add(
    "integrate.nsum",
    lambda xp, a: (
        integrate.nsum(lambda k, a: 1 / (k**2 + a), xp.ones_like(a), xp.full_like(a, xp.inf), args=(a,)).sum
    ),
    real(0.7),
)
add(
    "differentiate.derivative",
    lambda xp, x, c: differentiate.derivative(lambda x, c: xp.exp(c * x), x, args=(c,)).df,
    real(0.3, 0.9),
    real(0.7),
)
add(
    "differentiate.jacobian",
    lambda xp, x: differentiate.jacobian(lambda x: xp.stack([x[0] * x[1], xp.sin(x[0])]), x).df,
    real(0.3, 0.9),
)
add(
    "differentiate.hessian",
    lambda xp, x: differentiate.hessian(lambda x: x[0, ...] ** 2 * xp.exp(x[1, ...]), x).ddf,
    real(0.3, 0.9),
)
add("optimize.rosen", lambda xp, x: optimize.rosen(x), normal(4))
add("optimize.rosen_der", lambda xp, x: optimize.rosen_der(x), normal(4))
add("optimize.rosen_hess", lambda xp, x: optimize.rosen_hess(x), normal(4))
add("optimize.rosen_hess_prod", lambda xp, x, p: optimize.rosen_hess_prod(x, p), normal(4), normal(4, seed=1))
add(
    "optimize.elementwise.find_root",
    lambda xp, c: (
        elementwise.find_root(lambda x, c: x**3 - c, (xp.zeros_like(c), xp.full_like(c, 3.0)), args=(c,)).x
    ),
    real(2.0, 5.0),
)
add(
    "optimize.elementwise.find_minimum",
    lambda xp, c: (
        elementwise.find_minimum(
            lambda x, c: (x - c) ** 2 + 1,
            (xp.zeros_like(c), xp.ones_like(c), xp.full_like(c, 5.0)),
            args=(c,),
        ).f_x
        * c
    ),
    real(1.3, 2.1),
)


add(
    "interpolate.RBFInterpolator",
    lambda xp, y, d, x: interpolate.RBFInterpolator(y, d, kernel="gaussian", epsilon=1.0)(x),
    normal(6, 2),
    normal(6, seed=1),
    normal(3, 2, seed=2),
)
add(
    "interpolate.RBFInterpolator(thin_plate_spline)",
    lambda xp, y, d, x: interpolate.RBFInterpolator(y, d)(x),
    normal(6, 2),
    normal(6, seed=1),
    normal(3, 2, seed=2),
)
KNOTS = np.linspace(0.0, 2.0, 6) + between(-0.1, 0.1, 6)
CASES.add_each(
    "interpolate",
    interpolate,
    ("CubicSpline", "PchipInterpolator", "Akima1DInterpolator", "make_interp_spline"),
    lambda f, xp, x, y, q: f(x, y)(q),
    KNOTS,
    normal(6),
    between(0.3, 1.8, 3),
)
add("linalg.block_diag", lambda xp, a, b: linalg.block_diag(a, b), normal(2, 2), normal(1, 3))
add("linalg.fiedler", lambda xp, a: linalg.fiedler(a), spread(4))
add(
    "linalg.orthogonal_procrustes",
    lambda xp, a, b: linalg.orthogonal_procrustes(a, b),
    normal(4, 3),
    normal(4, 3, seed=1),
)
add("cluster.vq.whiten", lambda xp, x: vq.whiten(x), normal(5, 2))
add("cluster.vq.vq", lambda xp, x, c: vq.vq(x, c)[1], normal(5, 2), normal(3, 2, seed=1))
add(
    "constants.convert_temperature",
    lambda xp, x: constants.convert_temperature(x, "Celsius", "Fahrenheit"),
    X3,
)
add("constants.lambda2nu", lambda xp, x: constants.lambda2nu(x), X3 * 1e8)
add("constants.nu2lambda", lambda xp, x: constants.nu2lambda(x), X3 * 1e8)

# Further arguments of the same functions.
add(
    "integrate.trapezoid(axis)",
    lambda xp, y, x: integrate.trapezoid(y, x=x[:, None], axis=0),
    normal(6, 2),
    np.sort(S8)[:6],
)
add(
    "integrate.cumulative_trapezoid(dx)",
    lambda xp, y: integrate.cumulative_trapezoid(y, dx=0.3, axis=0),
    normal(4, 2),
)
add(
    "integrate.cumulative_simpson(initial)",
    lambda xp, y: integrate.cumulative_simpson(y, dx=0.2, axis=0, initial=xp.zeros((1, 2))),
    normal(5, 2),
)
add("integrate.romb(axis)", lambda xp, y: integrate.romb(y, axis=0), normal(5, 2))
for _rule in ("gk15", "genz-malik"):
    add(
        f"integrate.cubature({_rule})",
        lambda xp, c, r=_rule: (
            integrate.cubature(
                lambda x: xp.exp(-xp.sum(c * x**2, axis=-1)), 0 * c, 0 * c + 1.0, rule=r, rtol=1e-8
            ).estimate
        ),
        real(0.7, 1.3),
    )
add(
    "integrate.tanhsinh(infinite)",
    lambda xp, c: (
        integrate.tanhsinh(
            lambda x, c: xp.exp(-c * x**2), xp.zeros_like(c), xp.full_like(c, xp.inf), args=(c,)
        ).integral
    ),
    real(0.7, 1.9),
)
add(
    "optimize.elementwise.find_root(closed over)",
    lambda xp, c: elementwise.find_root(lambda x, c: xp.exp(x) - c, (0 * c, 0 * c + 2.0), args=(c,)).x,
    real(2.0, 5.0),
)
add("optimize.rosen(batch)", lambda xp, x: optimize.rosen(x), normal(4, 3))
add(
    "interpolate.RBFInterpolator(linear)",
    lambda xp, y, d, x: interpolate.RBFInterpolator(y, d, kernel="linear", smoothing=0.3, degree=1)(x),
    normal(6, 2),
    normal(6, 2, seed=1),
    normal(3, 2, seed=2),
)
add(
    "linalg.block_diag(three)",
    lambda xp, a, b, c: linalg.block_diag(a, b, c),
    normal(2, 2),
    normal(3),
    normal(1, 1),
)
