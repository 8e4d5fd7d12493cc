"""Functions that compute in compiled code: a refusal is asked of them, never a gradient of zeros."""

from __future__ import annotations

import numpy as np
import scipy.integrate as integrate
import scipy.interpolate as interpolate
import scipy.linalg as linalg
import scipy.ndimage as ndimage
import scipy.signal as signal
import scipy.spatial.distance as distance
import scipy.stats as stats
from sklearn import linear_model, preprocessing

from .base import Table, between, normal, real, scalar, spread, symmetric

CASES = Table()
add = CASES.add

X3 = between(0.4, 2.5, 3, seed=2)
A3 = between(0.8, 3.0, 3, seed=3)
R3 = spread(3, low=-1.6, high=1.8, seed=5)
S8 = spread(8, seed=10)
T8 = spread(8, seed=11)
S5 = spread(5, seed=12)
W12 = normal(12, seed=32)
I45 = normal(4, 5, seed=33)
X42 = normal(4, 2, seed=52)
Y32 = normal(3, 2, seed=53)
X83 = normal(8, 3, seed=56)
T8R = normal(8, seed=58)
KNOTS = np.linspace(0.0, 2.0, 6) + between(-0.1, 0.1, 6)

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
    CASES.add_each("ndimage", ndimage, [_name], lambda f, xp, x, e=_extra: f(x, *e), spread(4, 5))
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
