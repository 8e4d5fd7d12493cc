"""Differentiate SciPy and scikit-learn as they are: no rewriting, no copies of them in another library.

    uv run examples/differentiate_scipy.py

1. A negative binomial regression is fitted by maximum likelihood. The likelihood calls `scipy.special`; its exact
   gradient comes from nnx and goes into `scipy.optimize.minimize`.
2. The power of a Yeo-Johnson transform is fitted: `scipy.stats.yeojohnson_llf` is the likelihood, ready made.
3. A rotation is found: `scipy.spatial.transform.Rotation` turns points, and the turn that brings them onto others
   is found by following the gradient through it.
4. The penalty of scikit-learn's `Ridge` is tuned: the error on held-out data is differentiated through the fit.
"""

import os

# Lets SciPy and scikit-learn take arrays of any library; it has to come before they are imported.
os.environ["SCIPY_ARRAY_API"] = "1"

import numpy as np
import sklearn
from scipy import optimize, special, stats
from scipy.spatial.transform import Rotation
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge

import nnx


def fit_counts():
    """Negative binomial regression: count ~ NB(mean exp(x @ slope), size r)."""
    rng = np.random.default_rng(0)
    x = np.stack([np.ones(500), rng.normal(size=500)], axis=1)
    mean = np.exp(x @ np.array([1.0, 0.5]))
    counts = stats.nbinom.rvs(3.0, 3.0 / (3.0 + mean), random_state=rng).astype(float)

    def negative_log_likelihood(parameters, x, counts):
        xp = nnx.array_namespace(parameters)
        size, mean = xp.exp(parameters[0]), xp.exp(x @ parameters[1:])
        return -xp.sum(
            special.gammaln(counts + size)
            - special.gammaln(size)
            - special.gammaln(counts + 1.0)
            + special.xlogy(size, size / (size + mean))
            + special.xlogy(counts, mean / (size + mean))
        )

    fit = optimize.minimize(
        nnx.value_and_grad(negative_log_likelihood), np.zeros(3), args=(x, counts), jac=True
    )
    # The same maximum without any gradient, from SciPy's own distribution.
    expected = optimize.minimize(
        lambda p: -np.sum(stats.nbinom.logpmf(counts, np.exp(p[0]), 1 / (1 + np.exp(x @ p[1:] - p[0])))),
        np.zeros(3),
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-9},
    )
    return fit.x, expected.x


def fit_power():
    """Yeo-Johnson: the power that makes skewed data normal, where the slope of the likelihood is zero."""
    data = stats.lognorm.rvs(0.5, size=200, random_state=1)
    slope = nnx.grad(lambda power, data: stats.yeojohnson_llf(power, data))
    power = optimize.brentq(lambda power: float(slope(np.asarray(power), data)), -4.0, 1.0)
    return power, stats.yeojohnson_normmax(data)  # SciPy's own search, without a gradient


def find_rotation():
    """The rotation vector that brings a cloud of points closest to another."""
    rng = np.random.default_rng(2)
    points = rng.normal(size=(50, 3))
    turned = Rotation.from_euler("xyz", [40, -25, 70], degrees=True).apply(points)
    turned = turned + 0.01 * rng.normal(size=turned.shape)

    def squared_distance(vector, points, turned):
        difference = Rotation.from_rotvec(vector).apply(points) - turned
        return nnx.array_namespace(vector).sum(difference**2)

    fit = optimize.minimize(
        nnx.value_and_grad(squared_distance), np.full(3, 0.1), args=(points, turned), jac=True
    )
    expected, _ = Rotation.align_vectors(turned, points)  # the closed form
    return fit.x, expected.as_rotvec()


def tune_penalty():
    """The penalty with the smallest squared error on held-out patients."""
    x, y = load_diabetes(return_X_y=True)
    y = (y - y.mean()) / y.std()
    train, held_out = slice(0, 60), slice(60, None)

    def error(log_penalty, x, y, x_new, y_new):
        xp = nnx.array_namespace(log_penalty)
        model = Ridge(alpha=xp.exp(log_penalty), solver="svd").fit(x, y)
        return xp.mean((model.predict(x_new) - y_new) ** 2)

    data = (x[train], y[train, None], x[held_out], y[held_out, None])
    with sklearn.config_context(array_api_dispatch=True):
        fit = optimize.minimize(nnx.value_and_grad(error), np.zeros(1), args=data, jac=True, tol=1e-8)
        expected = optimize.minimize_scalar(lambda p: error(np.array([p]), *data), bounds=(-8.0, 4.0))
    return fit.x[0], expected.x


def main():
    """Print what was found beside what was expected."""
    results = {
        "negative binomial (log size, intercept, slope)": fit_counts(),
        "Yeo-Johnson power": fit_power(),
        "rotation vector": find_rotation(),
        "log of the ridge penalty": tune_penalty(),
    }
    for name, (measured, expected) in results.items():
        print(f"{name}\n  measured {np.array_str(np.asarray(measured), precision=6)}")
        print(f"  expected {np.array_str(np.asarray(expected), precision=6)}")
    return results


if __name__ == "__main__":
    main()
