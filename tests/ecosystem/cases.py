"""Functions of SciPy and scikit-learn that take standard arrays and have a differentiable result: one row each.

A row is a name, a function of (namespace, *arrays) that calls the library exactly as its documentation says,
and the arrays. Floating arrays are differentiated; integer arrays and those wrapped in `Fixed` are handed in
beside them. A function returns an array, or a tuple of arrays of which the floating ones count.

The module needs SCIPY_ARRAY_API=1 in the environment before SciPy is first imported (`harness.py` sees to it).
Inputs keep away from kinks and ties, so that finite differences can be trusted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.cluster.vq as vq
import scipy.constants as constants
import scipy.differentiate as differentiate
import scipy.fft as fft
import scipy.integrate as integrate
import scipy.interpolate as interpolate
import scipy.linalg as linalg
import scipy.ndimage as ndimage
import scipy.optimize as optimize
import scipy.optimize.elementwise as elementwise
import scipy.signal as signal
import scipy.spatial.distance as distance
import scipy.special as special
import scipy.stats as stats
from scipy.spatial.transform import RigidTransform, Rotation, Slerp
from sklearn import (
    calibration,
    decomposition,
    discriminant_analysis,
    kernel_approximation,
    linear_model,
    metrics,
    mixture,
    naive_bayes,
    preprocessing,
)
from sklearn.metrics import pairwise

Array = Any


@dataclass(frozen=True)
class Fixed:
    """A floating array that is handed in but not differentiated."""

    value: np.ndarray


@dataclass(frozen=True)
class Case:
    """One function of a library, called as it is."""

    name: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    complex_result: bool = False


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    """Standard normal numbers."""
    return np.random.default_rng(seed).standard_normal(shape)


def between(low: float, high: float, *shape: int, seed: int = 0) -> np.ndarray:
    """Uniform numbers between two bounds."""
    return np.random.default_rng(seed).uniform(low, high, shape)


def spread(*shape: int, low: float = 0.3, high: float = 3.0, seed: int = 0) -> np.ndarray:
    """Numbers between two bounds of which no two are close, in random order."""
    rng = np.random.default_rng(seed)
    size = int(np.prod(shape))
    steps = np.linspace(low, high, size) + rng.uniform(-0.2, 0.2, size) * (high - low) / size
    return rng.permutation(steps).reshape(shape)


def unit(*shape: int, seed: int = 0) -> np.ndarray:
    """Vectors of length one along the last axis."""
    x = normal(*shape, seed=seed)
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def probabilities(*shape: int, seed: int = 0) -> np.ndarray:
    """Rows that sum to one."""
    x = between(0.2, 1.0, *shape, seed=seed)
    return x / x.sum(axis=-1, keepdims=True)


def matrices(n: int, seed: int = 0) -> np.ndarray:
    """Rotation matrices."""
    return Rotation.from_quat(unit(n, 4, seed=seed)).as_matrix()


def symmetric(n: int, seed: int = 0) -> np.ndarray:
    """A positive definite matrix."""
    x = normal(n, n, seed=seed)
    return x @ x.T + n * np.eye(n)


def scalar(value: float) -> np.ndarray:
    """A zero-dimensional array."""
    return np.asarray(value, dtype=np.float64)


def whole(*values: float) -> np.ndarray:
    return np.asarray(values, dtype=np.int64)


def real(*values: float) -> np.ndarray:
    return np.asarray(values, dtype=np.float64)


CASES: list[Case] = []


def add(name: str, function: Callable[..., Any], *arguments: Any) -> None:
    """Add a row."""
    CASES.append(Case(name, function, arguments))


def add_family(prefix: str, module: Any, rows: dict[str, tuple[Any, ...]]) -> None:
    """Add a row for each elementwise function of a module; `name(a)` is a second row for the same function."""
    for name, arguments in rows.items():
        function = getattr(module, name.partition("(")[0])
        CASES.append(Case(f"{prefix}.{name}", lambda xp, *a, function=function: function(*a), arguments))


# scipy.special ------------------------------------------------------------------------------------------------

P3 = between(0.15, 0.85, 3, seed=1)
X3 = between(0.4, 2.5, 3, seed=2)
A3 = between(0.8, 3.0, 3, seed=3)
B3 = between(0.8, 3.0, 3, seed=4)
R3 = spread(3, low=-1.6, high=1.8, seed=5)

add_family(
    "special",
    special,
    {
        "bdtr": (Fixed(real(2, 1, 3)), whole(5, 4, 6), P3),
        "bdtrc": (Fixed(real(2, 1, 3)), whole(5, 4, 6), P3),
        "bdtri": (Fixed(real(2, 1, 3)), whole(5, 4, 6), P3),
        "betainc": (Fixed(A3), Fixed(B3), P3),
        "betainc(a, b)": (A3, B3, Fixed(P3)),
        "betaincc": (Fixed(A3), Fixed(B3), P3),
        "betaincinv": (Fixed(A3), Fixed(B3), P3),
        "betaln": (A3, B3),
        "binom": (A3 + 4.0, B3),
        "boxcox": (X3, R3),
        "boxcox1p": (X3, R3),
        "cbrt": (X3,),
        "chdtr": (Fixed(A3), X3),
        "chdtr(v)": (A3, Fixed(X3)),
        "chdtrc": (Fixed(A3), X3),
        "chdtri": (Fixed(A3), P3),
        "cosdg": (between(10, 80, 3),),
        "cosm1": (X3,),
        "cotdg": (between(10, 80, 3),),
        "digamma": (X3,),
        "ellipk": (P3,),
        "ellipkm1": (P3,),
        "entr": (X3,),
        "erf": (R3,),
        "erfc": (R3,),
        "erfcx": (R3,),
        "erfinv": (P3 - 0.4,),
        "exp1": (X3,),
        "exp2": (R3,),
        "exp10": (R3,),
        "expi": (X3,),
        "expit": (R3,),
        "expn": (whole(1, 2, 3), X3),
        "exprel": (R3,),
        "fdtr": (Fixed(A3), Fixed(B3), X3),
        "fdtrc": (Fixed(A3), Fixed(B3), X3),
        "fdtri": (Fixed(A3), Fixed(B3), P3),
        "gamma": (X3,),
        "gammainc": (Fixed(A3), X3),
        "gammainc(a)": (A3, Fixed(X3)),
        "gammaincc": (Fixed(A3), X3),
        "gammainccinv": (Fixed(A3), P3),
        "gammaincinv": (Fixed(A3), P3),
        "gammaln": (X3,),
        "gdtr": (A3, Fixed(B3), X3),
        "gdtrc": (A3, Fixed(B3), X3),
        "huber": (A3, R3),
        "hyp1f1": (Fixed(A3), Fixed(B3), R3),
        "i0": (R3,),
        "i0e": (R3,),
        "i1": (R3,),
        "i1e": (R3,),
        "inv_boxcox": (P3, A3),
        "inv_boxcox1p": (P3, A3),
        "j0": (X3,),
        "j1": (X3,),
        "k0": (X3,),
        "k0e": (X3,),
        "k1": (X3,),
        "k1e": (X3,),
        "kl_div": (X3, A3),
        "log_ndtr": (R3,),
        "loggamma": (X3,),
        "logit": (P3,),
        "lpmv": (Fixed(real(0, 1, 1)), Fixed(real(1, 2, 3)), P3),
        "nbdtr": (whole(2, 1, 3), whole(5, 4, 6), P3),
        "nbdtrc": (whole(2, 1, 3), whole(5, 4, 6), P3),
        "nbdtri": (whole(2, 1, 3), whole(5, 4, 6), P3),
        "ndtr": (R3,),
        "ndtri": (P3,),
        "pdtr": (Fixed(real(2, 1, 3)), X3),
        "pdtrc": (Fixed(real(2, 1, 3)), X3),
        "pdtri": (whole(2, 1, 3), P3),
        "poch": (X3, A3),
        "polygamma": (whole(0, 1, 2), X3),
        "pseudo_huber": (A3, R3),
        "psi": (X3,),
        "radian": (between(10, 80, 3), X3, A3),
        "rel_entr": (X3, A3),
        "rgamma": (X3,),
        "sinc": (R3,),
        "sindg": (between(10, 80, 3),),
        "spence": (X3,),
        "stdtr": (Fixed(A3), R3),
        "stdtr(df)": (A3, Fixed(R3)),
        "stdtrit": (Fixed(A3), P3),
        "tandg": (between(10, 80, 3),),
        "xlog1py": (X3, A3),
        "xlogy": (X3, A3),
        "y0": (X3,),
        "y1": (X3,),
        "yn": (whole(0, 1, 2), X3),
        "zeta": (Fixed(A3 + 1.5), X3),
        "zetac": (A3 + 1.5,),
    },
)
add("special.logsumexp", lambda xp, x: special.logsumexp(x, axis=1), normal(2, 4))
add(
    "special.logsumexp(b)",
    lambda xp, x, b: special.logsumexp(x, axis=0, b=b),
    normal(2, 4),
    between(0.5, 2, 2, 4),
)
add("special.softmax", lambda xp, x: special.softmax(x, axis=1), normal(2, 4))
add("special.log_softmax", lambda xp, x: special.log_softmax(x, axis=1), normal(2, 4))
add("special.multigammaln", lambda xp, a: special.multigammaln(a, 3), between(2, 5, 3))

# scipy.stats --------------------------------------------------------------------------------------------------

S8 = spread(8, seed=10)
T8 = spread(8, seed=11)
S5 = spread(5, seed=12)
G = (spread(6, seed=13), spread(5, low=0.5, high=3.4, seed=14), spread(7, low=0.1, high=2.6, seed=15))
M26 = spread(2, 6, seed=16)
N20 = normal(20, seed=17)


def both(result: Any) -> tuple[Any, Any]:
    """The statistic and the p-value of a test's result."""
    return result.statistic, result.pvalue


add("stats.alexandergovern", lambda xp, *g: stats.alexandergovern(*g).statistic, *G)
add("stats.alexandergovern(pvalue)", lambda xp, *g: stats.alexandergovern(*g).pvalue, *G)
add("stats.bartlett", lambda xp, *g: stats.bartlett(*g).statistic, *G)
add("stats.bartlett(pvalue)", lambda xp, *g: stats.bartlett(*g).pvalue, *G)
add(
    "stats.bootstrap",
    lambda xp, x: (
        stats.bootstrap(
            (x,), lambda x, axis: xp.mean(x, axis=axis), n_resamples=20, rng=1, method="basic"
        ).standard_error
    ),
    S8,
)
add("stats.boxcox_llf", lambda xp, x: stats.boxcox_llf(0.4, x), S8)
add("stats.boxcox_llf(lmb)", lambda xp, lmb, x: stats.boxcox_llf(lmb, x), scalar(0.4), S8)
add("stats.chisquare", lambda xp, o: stats.chisquare(o, axis=None).statistic, S8)
add("stats.chisquare(pvalue)", lambda xp, o: stats.chisquare(o).pvalue, S8 * 9)
add("stats.circmean", lambda xp, x: stats.circmean(x), between(0.2, 1.5, 6))
add("stats.circstd", lambda xp, x: stats.circstd(x), between(0.2, 1.5, 6))
add("stats.circvar", lambda xp, x: stats.circvar(x), between(0.2, 1.5, 6))
add("stats.combine_pvalues(fisher)", lambda xp, p: both(stats.combine_pvalues(p)), between(0.1, 0.9, 4))
add(
    "stats.combine_pvalues(stouffer)",
    lambda xp, p: both(stats.combine_pvalues(p, method="stouffer")),
    between(0.1, 0.9, 4),
)
add("stats.cramervonmises", lambda xp, x: stats.cramervonmises(x, special.ndtr).statistic, normal(6))
add("stats.describe", lambda xp, x: tuple(stats.describe(x))[2:], S8)
add(
    "stats.differential_entropy",
    lambda xp, x: stats.differential_entropy(x, method="vasicek"),
    spread(12, low=-2, high=2),
)
add(
    "stats.differential_entropy(ebrahimi)",
    lambda xp, x: stats.differential_entropy(x, method="ebrahimi"),
    spread(12, low=-2, high=2),
)
add(
    "stats.directional_stats",
    lambda xp, x: (lambda r: (r.mean_direction, r.mean_resultant_length))(stats.directional_stats(x)),
    normal(5, 3),
)
add("stats.entropy", lambda xp, p: stats.entropy(p), between(0.2, 1, 5))
add("stats.entropy(qk)", lambda xp, p, q: stats.entropy(p, q), between(0.2, 1, 5), between(0.2, 1, 5, seed=1))
add("stats.epps_singleton_2samp", lambda xp, x, y: stats.epps_singleton_2samp(x, y).statistic, S8, T8 + 0.4)
add("stats.f_oneway", lambda xp, *g: stats.f_oneway(*g).statistic, *G)
add("stats.f_oneway(pvalue)", lambda xp, *g: stats.f_oneway(*g).pvalue, *G)
add(
    "stats.false_discovery_control",
    lambda xp, p: stats.false_discovery_control(p),
    spread(6, low=0.01, high=0.4),
)
add("stats.gmean", lambda xp, x: stats.gmean(x, axis=1), M26)
add("stats.gmean(weights)", lambda xp, x, w: stats.gmean(x, weights=w), S5, between(0.5, 2, 5))
add("stats.gstd", lambda xp, x: stats.gstd(x), S8)
add("stats.gzscore", lambda xp, x: stats.gzscore(x), S8)
add("stats.hmean", lambda xp, x: stats.hmean(x, axis=1), M26)
add("stats.iqr", lambda xp, x: stats.iqr(x), S8)
add("stats.jarque_bera", lambda xp, x: stats.jarque_bera(x).statistic, S8)
add("stats.jarque_bera(pvalue)", lambda xp, x: stats.jarque_bera(x).pvalue, S8)
add("stats.ks_1samp", lambda xp, x: stats.ks_1samp(x, special.ndtr).statistic, normal(6))
add("stats.kstat", lambda xp, x: stats.kstat(x, 3), S8)
add("stats.kstatvar", lambda xp, x: stats.kstatvar(x, 2), S8)
add("stats.kurtosis", lambda xp, x: stats.kurtosis(x, axis=1, bias=False), M26)
add("stats.kurtosistest", lambda xp, x: stats.kurtosistest(x).statistic, N20)
add("stats.kurtosistest(pvalue)", lambda xp, x: stats.kurtosistest(x).pvalue, N20)
add("stats.levene", lambda xp, *g: stats.levene(*g).statistic, *G)
add("stats.levene(mean, pvalue)", lambda xp, *g: stats.levene(*g, center="mean").pvalue, *G)
add("stats.lmoment", lambda xp, x: stats.lmoment(x), S8)
add("stats.median_abs_deviation", lambda xp, x: stats.median_abs_deviation(x), spread(7, seed=21))
add("stats.moment", lambda xp, x: stats.moment(x, order=[1, 2, 3], axis=1), M26)
add("stats.moment(center)", lambda xp, x: stats.moment(x, order=3, center=0.5), S8)
add("stats.normaltest", lambda xp, x: stats.normaltest(x).statistic, N20)
add("stats.normaltest(pvalue)", lambda xp, x: stats.normaltest(x).pvalue, N20)
add("stats.pearsonr", lambda xp, x, y: stats.pearsonr(x, y).statistic, S8, T8)
add("stats.pearsonr(pvalue)", lambda xp, x, y: stats.pearsonr(x, y).pvalue, S8, T8)
add(
    "stats.pearsonr(confidence_interval)",
    lambda xp, x, y: tuple(stats.pearsonr(x, y).confidence_interval()),
    S8,
    T8,
)
add("stats.pmean", lambda xp, x: stats.pmean(x, 2.5), S8)
add("stats.power_divergence", lambda xp, o: stats.power_divergence(o, lambda_=0.7).statistic, S8)
add(
    "stats.power_divergence(expected)",
    lambda xp, o, e: stats.power_divergence(o, e * xp.sum(o) / xp.sum(e), lambda_="log-likelihood").statistic,
    S5,
    between(0.5, 2, 5),
)
add("stats.quantile", lambda xp, x, p: stats.quantile(x, p), S8, real(0.33, 0.71))
add(
    "stats.quantile(harrell-davis)",
    lambda xp, x, p: stats.quantile(x, p, method="harrell-davis"),
    S8,
    Fixed(real(0.4)),
)
add("stats.sem", lambda xp, x: stats.sem(x, axis=1), M26)
add("stats.sigmaclip", lambda xp, x: tuple(stats.sigmaclip(x, 1.2, 1.2)), S8)
add("stats.skew", lambda xp, x: stats.skew(x, axis=1, bias=False), M26)
add("stats.skewtest", lambda xp, x: stats.skewtest(x).statistic, N20)
add("stats.skewtest(pvalue)", lambda xp, x: stats.skewtest(x, alternative="less").pvalue, N20)
add("stats.tmax", lambda xp, x: stats.tmax(x, 2.0), S8)
add("stats.tmean", lambda xp, x: stats.tmean(x, (0.5, 2.5)), S8)
add("stats.tmin", lambda xp, x: stats.tmin(x, 0.6), S8)
add("stats.trim_mean", lambda xp, x: stats.trim_mean(x, 0.2), S8)
add("stats.tsem", lambda xp, x: stats.tsem(x, (0.5, 2.5)), S8)
add("stats.tstd", lambda xp, x: stats.tstd(x, (0.5, 2.5)), S8)
add("stats.tvar", lambda xp, x: stats.tvar(x, (0.5, 2.5)), S8)
add("stats.ttest_1samp", lambda xp, x: stats.ttest_1samp(x, 1.4).statistic, S8)
add("stats.ttest_1samp(pvalue)", lambda xp, x: stats.ttest_1samp(x, 1.4).pvalue, S8)
add(
    "stats.ttest_1samp(confidence_interval)",
    lambda xp, x: tuple(stats.ttest_1samp(x, 1.4).confidence_interval()),
    S8,
)
add("stats.ttest_ind", lambda xp, x, y: stats.ttest_ind(x, y).statistic, *G[:2])
add("stats.ttest_ind(welch, pvalue)", lambda xp, x, y: stats.ttest_ind(x, y, equal_var=False).pvalue, *G[:2])
add(
    "stats.ttest_ind_from_stats",
    lambda xp, m1, s1, m2, s2: stats.ttest_ind_from_stats(m1, s1, 9, m2, s2, 8).statistic,
    real(1.0),
    real(0.6),
    real(1.4),
    real(0.8),
)
add("stats.ttest_rel", lambda xp, x, y: stats.ttest_rel(x, y).statistic, S8, T8)
add("stats.ttest_rel(pvalue)", lambda xp, x, y: stats.ttest_rel(x, y).pvalue, S8, T8)
add("stats.variation", lambda xp, x: stats.variation(x, axis=1), M26)
add("stats.yeojohnson_llf", lambda xp, x: stats.yeojohnson_llf(0.6, x), S8 - 1.1)
add("stats.yeojohnson_llf(lmb)", lambda xp, lmb, x: stats.yeojohnson_llf(lmb, x), scalar(0.6), S8 - 1.1)
add("stats.zmap", lambda xp, s, x: stats.zmap(s, x), S5, S8)
add("stats.zscore", lambda xp, x: stats.zscore(x, axis=1), M26)

# scipy.fft ----------------------------------------------------------------------------------------------------

for _name in ("fft", "ifft", "rfft", "ihfft"):
    add(f"fft.{_name}", lambda xp, x, f=getattr(fft, _name): f(x, norm="ortho"), normal(2, 5))
for _name in ("fft2", "ifft2", "fftn", "ifftn", "rfft2", "rfftn", "ihfft2", "ihfftn"):
    add(f"fft.{_name}", lambda xp, x, f=getattr(fft, _name): f(x), normal(3, 4))
for _name in ("irfft", "hfft", "irfft2", "irfftn", "hfft2", "hfftn"):
    add(
        f"fft.{_name}",
        lambda xp, x, y, f=getattr(fft, _name): f(xp.astype(x, xp.complex128) + y * 1j),
        normal(3, 4),
        normal(3, 4, seed=1),
    )
add("fft.fftshift", lambda xp, x: fft.fftshift(x), normal(2, 5))
add("fft.ifftshift", lambda xp, x: fft.ifftshift(x), normal(2, 5))
add("fft.fht", lambda xp, x: fft.fht(x, 0.1, 0.3), normal(6))
add("fft.ifht", lambda xp, x: fft.ifht(x, 0.1, 0.3), normal(6))
for _name in ("dct", "idct", "dst", "idst", "dctn", "idctn", "dstn", "idstn"):
    add(f"fft.{_name}", lambda xp, x, f=getattr(fft, _name): f(x), normal(2, 4))

# scipy.integrate, scipy.differentiate, scipy.optimize -----------------------------------------------------------

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

# scipy.interpolate, scipy.linalg, scipy.cluster, scipy.constants -------------------------------------------------

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
for _name in ("CubicSpline", "PchipInterpolator", "Akima1DInterpolator", "make_interp_spline"):
    add(
        f"interpolate.{_name}",
        lambda xp, x, y, q, f=getattr(interpolate, _name): f(x, y)(q),
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

# scipy.signal -------------------------------------------------------------------------------------------------

V6 = normal(6, seed=30)
K3 = normal(3, seed=31)
W12 = normal(12, seed=32)
I45 = normal(4, 5, seed=33)
K22 = normal(2, 2, seed=34)
POLES = real(-0.5, -1.2, -2.0)
ZEROS = real(-0.3, 0.7)
A2 = real(0.3, 0.1)


def section(xp: Any, b: Array, a: Array) -> Array:
    """A second-order section of a filter, whose leading denominator must be one."""
    return xp.concat([b, xp.ones_like(a[:1]), a])[None, :]


add("signal.convolve", lambda xp, x, k: signal.convolve(x, k), V6, K3)
add("signal.convolve(direct)", lambda xp, x, k: signal.convolve(x, k, method="direct"), V6, K3)
add("signal.correlate", lambda xp, x, k: signal.correlate(x, k, method="fft"), V6, K3)
add("signal.convolve2d", lambda xp, x, k: signal.convolve2d(x, k), I45, K22)
add("signal.correlate2d", lambda xp, x, k: signal.correlate2d(x, k), I45, K22)
add("signal.fftconvolve", lambda xp, x, k: signal.fftconvolve(x, k, mode="same"), V6, K3)
add("signal.oaconvolve", lambda xp, x, k: signal.oaconvolve(x, k), normal(40), K3)
add("signal.hilbert", lambda xp, x: signal.hilbert(x), V6)
add("signal.hilbert2", lambda xp, x: signal.hilbert2(x), I45)
add("signal.envelope", lambda xp, x: signal.envelope(x, bp_in=(1, 4)), W12)
add("signal.detrend", lambda xp, x: signal.detrend(x), V6)
add("signal.detrend(constant)", lambda xp, x: signal.detrend(x, axis=0, type="constant"), I45)
add("signal.resample", lambda xp, x: signal.resample(x, 9), V6)
add("signal.resample_poly", lambda xp, x: signal.resample_poly(x, 3, 2), V6)
add("signal.upfirdn", lambda xp, h, x: signal.upfirdn(h, x, 2, 1), K3, V6)
add("signal.lfilter", lambda xp, b, a, x: signal.lfilter(b, a, x), K3, real(1.0, 0.3), V6)
add(
    "signal.filtfilt",
    lambda xp, b, a, x: signal.filtfilt(b, a, x),
    Fixed(real(0.5, 0.5)),
    Fixed(real(1.0, 0.3)),
    W12,
)
add("signal.sosfilt", lambda xp, b, a, x: signal.sosfilt(section(xp, b, a), x), Fixed(K3), Fixed(A2), V6)
add("signal.sosfilt_zi", lambda xp, b, a: signal.sosfilt_zi(section(xp, b, a)), K3, A2)
add("signal.lfilter_zi", lambda xp, b, a: signal.lfilter_zi(b, a), real(0.5, 0.2, 0.1), real(1.0, 0.3, 0.1))
add("signal.savgol_filter", lambda xp, x: signal.savgol_filter(x, 5, 2), W12)
add("signal.wiener", lambda xp, x: signal.wiener(x, 3), V6)
add("signal.medfilt", lambda xp, x: signal.medfilt(x, 3), V6)
add("signal.deconvolve", lambda xp, x, k: signal.deconvolve(x, k), V6, real(1.0, 0.4))
add("signal.vectorstrength", lambda xp, e: signal.vectorstrength(e, 2.0), S5)
add("signal.cspline1d", lambda xp, x: signal.cspline1d(x), W12)
add("signal.minimum_phase", lambda xp, h: signal.minimum_phase(h), real(0.1, 0.4, 1.0, 0.4, 0.1))
add("signal.normalize", lambda xp, b, a: signal.normalize(b, a), K3, real(2.0, 0.3))
add(
    "signal.freqz",
    lambda xp, b, a, w: signal.freqz(b, a, worN=w)[1],
    K3,
    real(1.0, 0.3),
    Fixed(real(0.3, 0.9, 1.4)),
)
add(
    "signal.freqs", lambda xp, b, a, w: signal.freqs(b, a, worN=w)[1], K3, real(1.0, 0.3), real(0.3, 0.9, 1.4)
)
add(
    "signal.freqz_zpk",
    lambda xp, z, p, k, w: signal.freqz_zpk(z, p, k, worN=w)[1],
    ZEROS,
    POLES * 0.3,
    real(1.5),
    Fixed(real(0.3, 0.9, 1.4)),
)
add(
    "signal.freqs_zpk",
    lambda xp, z, p, k, w: signal.freqs_zpk(z, p, k, worN=w)[1],
    ZEROS,
    POLES,
    real(1.5),
    Fixed(real(0.3, 0.9, 1.4)),
)
add(
    "signal.freqz_sos",
    lambda xp, b, a, w: signal.freqz_sos(section(xp, b, a), worN=w)[1],
    K3,
    A2,
    Fixed(real(0.3, 0.9)),
)
add(
    "signal.group_delay",
    lambda xp, b, a, w: signal.group_delay((b, a), w=w)[1],
    K3,
    real(1.0, 0.3),
    Fixed(real(0.3, 0.9)),
)
add("signal.zpk2tf", lambda xp, z, p, k: signal.zpk2tf(z, p, k), ZEROS, POLES, real(1.5))
add("signal.zpk2sos", lambda xp, z, p, k: signal.zpk2sos(z, p, k), ZEROS * 0.9, POLES[:2] * 0.4, real(1.5))
add("signal.tf2zpk", lambda xp, b, a: signal.tf2zpk(b, a), real(1.0, 2.5, 1.0), real(1.0, 3.0, 1.2))
add("signal.sos2tf", lambda xp, b, a: signal.sos2tf(section(xp, b, a)), K3, A2)
add("signal.bilinear", lambda xp, b, a: signal.bilinear(b, a, 2.0), real(1.0, 0.5), real(1.0, 0.7, 0.3))
add("signal.bilinear_zpk", lambda xp, z, p: signal.bilinear_zpk(z, p, 1.5, 2.0), ZEROS, POLES)
add("signal.lp2lp", lambda xp, b, a: signal.lp2lp(b, a, 2.0), real(1.0, 0.5), real(1.0, 0.7, 0.3))
add("signal.lp2hp", lambda xp, b, a: signal.lp2hp(b, a, 2.0), real(1.0, 0.5), real(1.0, 0.7, 0.3))
add("signal.lp2bp", lambda xp, b, a: signal.lp2bp(b, a, 2.0, 0.5), real(1.0, 0.5), real(1.0, 0.7, 0.3))
add("signal.lp2bs", lambda xp, b, a: signal.lp2bs(b, a, 2.0, 0.5), real(1.0, 0.5), real(1.0, 0.7, 0.3))
add("signal.lp2lp_zpk", lambda xp, z, p: signal.lp2lp_zpk(z, p, 1.5, 2.0), ZEROS, POLES)
add("signal.lp2hp_zpk", lambda xp, z, p: signal.lp2hp_zpk(z, p, 1.5, 2.0), ZEROS, POLES)
add("signal.lp2bp_zpk", lambda xp, z, p: signal.lp2bp_zpk(z, p, 1.5, 2.0, 0.5), ZEROS, POLES)
add("signal.lp2bs_zpk", lambda xp, z, p: signal.lp2bs_zpk(z, p, 1.5, 2.0, 0.5), ZEROS, POLES)
add(
    "signal.abcd_normalize",
    lambda xp, a, b, c: signal.abcd_normalize(a, b, c),
    normal(2, 2),
    normal(2, 1),
    normal(1, 2),
)
add("signal.gauss_spline", lambda xp, x: signal.gauss_spline(x, 3), R3)
add("signal.windows.gaussian", lambda xp, s: signal.windows.gaussian(6, s, xp=xp), real(1.4))
add(
    "signal.windows.general_gaussian",
    lambda xp, p, s: signal.windows.general_gaussian(6, p, s, xp=xp),
    real(1.1),
    real(1.4),
)
add("signal.windows.exponential", lambda xp, t: signal.windows.exponential(6, tau=t, xp=xp), real(1.4))
add("signal.windows.general_hamming", lambda xp, a: signal.windows.general_hamming(6, a, xp=xp), real(0.6))
add("signal.windows.general_cosine", lambda xp, a: signal.windows.general_cosine(6, a), real(0.6, 0.3, 0.1))
add("signal.windows.kaiser", lambda xp, b: signal.windows.kaiser(6, b, xp=xp), real(1.4))

# scipy.spatial.transform --------------------------------------------------------------------------------------

Q = unit(3, 4, seed=40)
Q2 = unit(3, 4, seed=41)
V = normal(3, 3, seed=42)
RV = normal(3, 3, seed=43) * 0.7
MAT = matrices(3, seed=44)
T44 = RigidTransform.from_components(V, Rotation.from_quat(Q)).as_matrix()

add("Rotation.from_quat", lambda xp, q: Rotation.from_quat(q).as_matrix(), Q * 1.3)
# A matrix that is a rotation already is taken as it is, any other is orthogonalised first: the two branches differ
# in directions that leave the rotations, so the rows stay on one of them.
add("Rotation.from_matrix", lambda xp, m: Rotation.from_matrix(m).as_quat(), MAT + 0.01 * normal(3, 3, 3))
add(
    "Rotation.from_matrix(orthogonal)",
    lambda xp, v: Rotation.from_matrix(Rotation.from_rotvec(v).as_matrix()).as_quat(),
    RV,
)
add("Rotation.from_rotvec", lambda xp, v: Rotation.from_rotvec(v).as_matrix(), RV)
add("Rotation.from_rotvec(one)", lambda xp, v: Rotation.from_rotvec(v).as_quat(), RV[0])
add("Rotation.from_euler", lambda xp, a: Rotation.from_euler("xyz", a).as_matrix(), RV)
add(
    "Rotation.from_euler(degrees)",
    lambda xp, a: Rotation.from_euler("ZYX", a, degrees=True).as_quat(),
    RV * 40,
)
add("Rotation.from_mrp", lambda xp, v: Rotation.from_mrp(v).as_matrix(), RV * 0.5)
add(
    "Rotation.from_davenport",
    lambda xp, axes, a: Rotation.from_davenport(axes, "extrinsic", a).as_matrix(),
    Fixed(np.eye(3)),
    RV[0],
)
add("Rotation.as_quat", lambda xp, q: Rotation.from_quat(q).as_quat(canonical=True), Q)
add("Rotation.as_rotvec", lambda xp, q: Rotation.from_quat(q).as_rotvec(), Q)
add("Rotation.as_euler", lambda xp, q: Rotation.from_quat(q).as_euler("zyx"), Q)
add("Rotation.as_mrp", lambda xp, q: Rotation.from_quat(q).as_mrp(), Q)
add(
    "Rotation.as_davenport",
    lambda xp, q, axes: Rotation.from_quat(q).as_davenport(axes, "extrinsic"),
    Q,
    Fixed(np.eye(3)),
)
add("Rotation.apply", lambda xp, q, v: Rotation.from_quat(q).apply(v), Q, V)
add("Rotation.apply(inverse)", lambda xp, q, v: Rotation.from_quat(q).apply(v, inverse=True), Q, V)
add("Rotation.mul", lambda xp, p, q: (Rotation.from_quat(p) * Rotation.from_quat(q)).as_matrix(), Q, Q2)
add("Rotation.pow", lambda xp, q: (Rotation.from_quat(q) ** 2.5).as_matrix(), Q)
add("Rotation.inv", lambda xp, q: Rotation.from_quat(q).inv().as_matrix(), Q)
add("Rotation.magnitude", lambda xp, q: Rotation.from_quat(q).magnitude(), Q)
add("Rotation.mean", lambda xp, v: Rotation.from_rotvec(v).mean().as_matrix(), RV * 0.4)
add("Rotation.getitem", lambda xp, q: Rotation.from_quat(q)[1].as_matrix(), Q)
add(
    "Rotation.align_vectors",
    lambda xp, a, b: Rotation.align_vectors(a, b)[0].as_matrix(),
    V,
    V @ MAT[0] + 0.1 * RV,
)
add(
    "Slerp",
    lambda xp, q, t, at: Slerp(t, Rotation.from_quat(q))(at).as_matrix(),
    Q,
    real(0.0, 1.0, 2.3),
    real(0.4, 1.7),
)
add(
    "RigidTransform.from_components",
    lambda xp, v, q: RigidTransform.from_components(v, Rotation.from_quat(q)).as_matrix(),
    V,
    Q,
)
add(
    "RigidTransform.from_matrix",
    lambda xp, m, last: RigidTransform.from_matrix(xp.concat([m, last], axis=-2)).as_dual_quat(),
    T44[:, :3] + 0.01 * normal(3, 3, 4),
    Fixed(T44[:, 3:]),
)
add(
    "RigidTransform.from_exp_coords",
    lambda xp, c: RigidTransform.from_exp_coords(c).as_matrix(),
    normal(2, 6) * 0.6,
)
add(
    "RigidTransform.as_exp_coords",
    lambda xp, v, q: RigidTransform.from_components(v, Rotation.from_quat(q)).as_exp_coords(),
    V,
    Q,
)
add("RigidTransform.from_dual_quat", lambda xp, d: RigidTransform.from_dual_quat(d).as_matrix(), normal(2, 8))
add(
    "RigidTransform.apply",
    lambda xp, v, q, x: RigidTransform.from_components(v, Rotation.from_quat(q)).apply(x),
    V,
    Q,
    normal(3, 3, seed=45),
)
add(
    "RigidTransform.mul",
    lambda xp, v, q: (
        RigidTransform.from_components(v, Rotation.from_quat(q))
        * RigidTransform.from_components(v, Rotation.from_quat(q)).inv()
        * RigidTransform.from_components(2 * v, Rotation.from_quat(q))
    ).as_matrix(),
    V,
    Q,
)
add(
    "RigidTransform.pow",
    lambda xp, v, q: (RigidTransform.from_components(v, Rotation.from_quat(q)) ** 1.7).as_matrix(),
    V,
    Q,
)
add(
    "RigidTransform.mean",
    lambda xp, v, r: RigidTransform.from_components(v, Rotation.from_rotvec(r)).mean().as_matrix(),
    V,
    RV * 0.4,
)

# scikit-learn: metrics ----------------------------------------------------------------------------------------

Y = spread(6, 2, seed=50)
YH = spread(6, 2, seed=51) + 0.013
Y1, YH1 = Y[:, 0].copy(), YH[:, 0].copy()

for _name in (
    "mean_absolute_error",
    "mean_squared_error",
    "root_mean_squared_error",
    "mean_absolute_percentage_error",
    "mean_squared_log_error",
    "root_mean_squared_log_error",
    "median_absolute_error",
    "mean_pinball_loss",
    "explained_variance_score",
    "r2_score",
    "d2_absolute_error_score",
    "d2_pinball_score",
):
    add(
        f"metrics.{_name}",
        lambda xp, y, yh, f=getattr(metrics, _name): f(y, yh, multioutput="raw_values"),
        Y,
        YH,
    )
for _name in (
    "mean_squared_error",
    "r2_score",
    "max_error",
    "mean_tweedie_deviance",
    "mean_poisson_deviance",
    "mean_gamma_deviance",
    "d2_tweedie_score",
):
    add(f"metrics.{_name}(one number)", lambda xp, y, yh, f=getattr(metrics, _name): f(y, yh), Y1, YH1)
add("metrics.log_loss", lambda xp, y, p: metrics.log_loss(y, p), whole(0, 2, 1, 1), probabilities(4, 3))
add(
    "metrics.brier_score_loss",
    lambda xp, y, p: metrics.brier_score_loss(y, p),
    whole(0, 1, 1, 0),
    between(0.2, 0.8, 4),
)
add(
    "metrics.d2_log_loss_score",
    lambda xp, y, p: metrics.d2_log_loss_score(y, p),
    whole(0, 2, 1, 1),
    probabilities(4, 3),
)
add(
    "metrics.d2_brier_score",
    lambda xp, y, p: metrics.d2_brier_score(y, p),
    whole(0, 2, 1, 1),
    probabilities(4, 3),
)
X42 = normal(4, 2, seed=52)
Y32 = normal(3, 2, seed=53)
for _name in (
    "cosine_similarity",
    "cosine_distances",
    "euclidean_distances",
    "manhattan_distances",
    "linear_kernel",
    "polynomial_kernel",
    "rbf_kernel",
    "sigmoid_kernel",
    "laplacian_kernel",
):
    add(f"pairwise.{_name}", lambda xp, x, y, f=getattr(pairwise, _name): f(x, y), X42, Y32)
for _name in ("additive_chi2_kernel", "chi2_kernel"):
    add(
        f"pairwise.{_name}",
        lambda xp, x, y, f=getattr(pairwise, _name): f(x, y),
        spread(4, 2),
        spread(3, 2, seed=1),
    )
for _name in ("paired_cosine_distances", "paired_euclidean_distances", "paired_manhattan_distances"):
    add(f"pairwise.{_name}", lambda xp, x, y, f=getattr(pairwise, _name): f(x, y), X42, normal(4, 2, seed=54))
add("pairwise.euclidean_distances(squared)", lambda xp, x: pairwise.euclidean_distances(x, squared=True), X42)
add(
    "pairwise.pairwise_distances",
    lambda xp, x, y: pairwise.pairwise_distances(x, y, metric="cosine"),
    X42,
    Y32,
)
add(
    "pairwise.pairwise_kernels",
    lambda xp, x, y: pairwise.pairwise_kernels(x, y, metric="rbf", gamma=0.4),
    X42,
    Y32,
)
LABELS = whole(0, 1, 0, 2, 1, 2, 0, 1)
X82 = normal(8, 2, seed=55)
add("metrics.calinski_harabasz_score", lambda xp, x, l: metrics.calinski_harabasz_score(x, l), X82, LABELS)
add("metrics.davies_bouldin_score", lambda xp, x, l: metrics.davies_bouldin_score(x, l), X82, LABELS)

# scikit-learn: estimators -------------------------------------------------------------------------------------

X83 = normal(8, 3, seed=56)
Z23 = normal(2, 3, seed=57)
T8R = normal(8, seed=58)
B8 = whole(0, 1, 0, 1, 1, 0, 0, 1)

add("preprocessing.StandardScaler", lambda xp, x: preprocessing.StandardScaler().fit_transform(x), X83)
add("preprocessing.MinMaxScaler", lambda xp, x, z: preprocessing.MinMaxScaler().fit(x).transform(z), X83, Z23)
add("preprocessing.MaxAbsScaler", lambda xp, x, z: preprocessing.MaxAbsScaler().fit(x).transform(z), X83, Z23)
for _name in ("l1", "l2", "max"):
    add(
        f"preprocessing.Normalizer({_name})",
        lambda xp, x, n=_name: preprocessing.Normalizer(norm=n).fit_transform(x),
        X42,
    )
add(
    "preprocessing.KernelCenterer",
    lambda xp, k: preprocessing.KernelCenterer().fit_transform(k),
    symmetric(4),
)
add(
    "preprocessing.PolynomialFeatures",
    lambda xp, x: preprocessing.PolynomialFeatures(2).fit_transform(x),
    X42,
)
add("preprocessing.scale", lambda xp, x: preprocessing.scale(x), X42)
add("preprocessing.minmax_scale", lambda xp, x: preprocessing.minmax_scale(x), X42)
add("preprocessing.maxabs_scale", lambda xp, x: preprocessing.maxabs_scale(x), X42)
add("preprocessing.normalize", lambda xp, x: preprocessing.normalize(x), X42)
add(
    "PCA.transform",
    lambda xp, x, z: decomposition.PCA(2, svd_solver="full").fit(x).transform(z),
    X83,
    Z23,
)
add(
    "PCA.explained_variance_ratio_",
    lambda xp, x: decomposition.PCA(2, svd_solver="covariance_eigh").fit(x).explained_variance_ratio_,
    X83,
)
add(
    "PCA.score_samples",
    lambda xp, x, z: decomposition.PCA(2, svd_solver="full").fit(x).score_samples(z),
    X83,
    Z23,
)
add("PCA.get_covariance", lambda xp, x: decomposition.PCA(2, svd_solver="full").fit(x).get_covariance(), X83)
add("Ridge.coef_", lambda xp, x, y: linear_model.Ridge(0.7, solver="svd").fit(x, y).coef_, X83, T8R)
add(
    "Ridge.predict",
    lambda xp, x, y, z: linear_model.Ridge(0.7, solver="svd").fit(x, y).predict(z),
    X83,
    T8R,
    Z23,
)
add("RidgeCV.coef_", lambda xp, x, y: linear_model.RidgeCV((0.1, 1.0)).fit(x, y).coef_, X83, T8R)
add(
    "LinearDiscriminantAnalysis.transform",
    lambda xp, x, y, z: discriminant_analysis.LinearDiscriminantAnalysis().fit(x, y).transform(z),
    X83,
    B8,
    Z23,
)
add(
    "LinearDiscriminantAnalysis.predict_proba",
    lambda xp, x, y, z: discriminant_analysis.LinearDiscriminantAnalysis().fit(x, y).predict_proba(z),
    X83,
    LABELS,
    Z23,
)
add(
    "GaussianNB.predict_proba",
    lambda xp, x, y, z: naive_bayes.GaussianNB().fit(x, y).predict_proba(z),
    X83,
    B8,
    Z23,
)
for _name in ("full", "tied", "diag", "spherical"):
    add(
        f"GaussianMixture({_name})",
        lambda xp, x, c=_name: (
            mixture.GaussianMixture(
                2, covariance_type=c, init_params="random", max_iter=3, tol=0.0, random_state=0, reg_covar=0.2
            )
            .fit(x)
            .score_samples(x)
        ),
        X82,
    )
add(
    "Nystroem",
    lambda xp, x, z: (
        kernel_approximation.Nystroem(gamma=0.4, n_components=3, random_state=0).fit(x).transform(z)
    ),
    X83,
    Z23,
)
add(
    "LogisticRegression.coef_",
    lambda xp, x, y: linear_model.LogisticRegression(tol=1e-10).fit(x, y).coef_,
    X83,
    B8,
)
add(
    "PoissonRegressor.coef_",
    lambda xp, x, y: linear_model.PoissonRegressor(solver="lbfgs", tol=1e-10).fit(x, y).coef_,
    X42,
    Fixed(spread(4)),
)
add(
    "CalibratedClassifierCV",
    lambda xp, x, y, z: (
        calibration.CalibratedClassifierCV(
            discriminant_analysis.LinearDiscriminantAnalysis(), method="temperature", cv=2
        )
        .fit(x, y)
        .predict_proba(z)
    ),
    X83,
    B8,
    Z23,
)

# Functions that compute in compiled code: what is asked of them is a refusal, never a gradient of zeros ----------

for _name, _extra in {
    "gaussian_filter": (1.0,),
    "gaussian_filter1d": (1.0,),
    "uniform_filter": (3,),
    "laplace": (),
    "sobel": (),
    "median_filter": (3,),
    "zoom": (1.5,),
    "shift": (0.4,),
    "rotate": (20.0,),
    "spline_filter": (),
    "center_of_mass": (),
    "mean": (),
    "variance": (),
    "standard_deviation": (),
}.items():
    add(f"ndimage.{_name}", lambda xp, x, f=getattr(ndimage, _name), e=_extra: f(x, *e), spread(4, 5))
add("ndimage.convolve", lambda xp, x, k: ndimage.convolve(x, k), I45, normal(3, 3))
add("ndimage.map_coordinates", lambda xp, x, c: ndimage.map_coordinates(x, c), I45, between(0.6, 2.4, 2, 3))
add("linalg.solve", lambda xp, a, b: linalg.solve(a, b), symmetric(3), normal(3))
add("linalg.inv", lambda xp, a: linalg.inv(a), symmetric(3))
add("linalg.det", lambda xp, a: linalg.det(a), symmetric(3))
add("linalg.expm", lambda xp, a: linalg.expm(a), symmetric(3) * 0.1)
add("linalg.cholesky", lambda xp, a: linalg.cholesky(a), symmetric(3))
add("linalg.eigh", lambda xp, a: linalg.eigh(a)[0], symmetric(3))
add("linalg.svdvals", lambda xp, a: linalg.svdvals(a), normal(3, 2))
add("linalg.toeplitz", lambda xp, c: linalg.toeplitz(c), normal(3))
add("distance.cdist", lambda xp, x, y: distance.cdist(x, y), X42, Y32)
add("distance.pdist", lambda xp, x: distance.pdist(x), X42)
add("distance.cosine", lambda xp, x, y: distance.cosine(x, y), X42[0], Y32[0])
add("distance.jensenshannon", lambda xp, x, y: distance.jensenshannon(x, y), S5, spread(5, seed=2))
add("stats.norm.logpdf", lambda xp, x, m: stats.norm.logpdf(x, m, 1.2), normal(3), real(0.3))
add("stats.gamma.logpdf", lambda xp, x, a: stats.gamma.logpdf(x, a), X3, A3)
add("stats.t.cdf", lambda xp, x: stats.t.cdf(x, 4.0), R3)
add("stats.multivariate_normal.logpdf", lambda xp, x, m: stats.multivariate_normal.logpdf(x, m), X3, R3)
add("stats.Normal.logpdf", lambda xp, x, m: stats.Normal(mu=m, sigma=1.2).logpdf(x), normal(3), real(0.3))
add("stats.linregress", lambda xp, x, y: stats.linregress(x, y).slope, S8, T8)
add("stats.wasserstein_distance", lambda xp, x, y: stats.wasserstein_distance(x, y), S8, T8 + 0.1)
add("stats.energy_distance", lambda xp, x, y: stats.energy_distance(x, y), S8, T8 + 0.1)
add("stats.boxcox", lambda xp, x: stats.boxcox(x, 0.4), S8)
add("stats.gaussian_kde", lambda xp, x, q: stats.gaussian_kde(x)(q), S8, X3)
add("integrate.simpson", lambda xp, y, x: integrate.simpson(y, x=x), normal(2, 7), np.sort(S8)[:7])
add("integrate.quad", lambda xp, c: integrate.quad(lambda x: x * c, 0.0, 1.0)[0], scalar(0.7))
add(
    "interpolate.RegularGridInterpolator",
    lambda xp, v, q: interpolate.RegularGridInterpolator((np.arange(4.0), np.arange(5.0)), v)(q),
    I45,
    between(0.6, 2.4, 3, 2),
)
add(
    "interpolate.interp1d",
    lambda xp, x, y, q: interpolate.interp1d(x, y)(q),
    KNOTS,
    normal(6),
    between(0.3, 1.8, 3),
)
add("signal.welch", lambda xp, x: signal.welch(x, nperseg=6)[1], W12)
add("signal.periodogram", lambda xp, x: signal.periodogram(x)[1], W12)
add(
    "signal.lombscargle",
    lambda xp, x, y, f: signal.lombscargle(x, y, f),
    np.sort(S8),
    normal(8),
    real(0.7, 1.9),
)
add("preprocessing.RobustScaler", lambda xp, x: preprocessing.RobustScaler().fit_transform(x), X83)
add("LinearRegression.coef_", lambda xp, x, y: linear_model.LinearRegression().fit(x, y).coef_, X83, T8R)
