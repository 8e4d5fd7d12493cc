"""Rows for scikit-learn's metrics and kernels."""

from __future__ import annotations

from sklearn import metrics
from sklearn.metrics import pairwise

from .base import Table, between, normal, probabilities, spread, whole

CASES = Table()
add = CASES.add

Y = spread(6, 2, seed=50)
YH = spread(6, 2, seed=51) + 0.013
Y1, YH1 = Y[:, 0].copy(), YH[:, 0].copy()

CASES.add_each(
    "metrics",
    metrics,
    (
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
    ),
    lambda f, xp, y, yh: f(y, yh, multioutput="raw_values"),
    Y,
    YH,
)
CASES.add_each(
    "metrics",
    metrics,
    (
        "mean_squared_error(one number)",
        "r2_score(one number)",
        "max_error(one number)",
        "mean_tweedie_deviance(one number)",
        "mean_poisson_deviance(one number)",
        "mean_gamma_deviance(one number)",
        "d2_tweedie_score(one number)",
    ),
    lambda f, xp, y, yh: f(y, yh),
    Y1,
    YH1,
)
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
CASES.add_each(
    "pairwise",
    pairwise,
    (
        "cosine_similarity",
        "cosine_distances",
        "euclidean_distances",
        "manhattan_distances",
        "linear_kernel",
        "polynomial_kernel",
        "rbf_kernel",
        "sigmoid_kernel",
        "laplacian_kernel",
    ),
    lambda f, xp, x, y: f(x, y),
    X42,
    Y32,
)
CASES.add_each(
    "pairwise",
    pairwise,
    ("additive_chi2_kernel", "chi2_kernel"),
    lambda f, xp, x, y: f(x, y),
    spread(4, 2),
    spread(3, 2, seed=1),
)
CASES.add_each(
    "pairwise",
    pairwise,
    ("paired_cosine_distances", "paired_euclidean_distances", "paired_manhattan_distances"),
    lambda f, xp, x, y: f(x, y),
    X42,
    normal(4, 2, seed=54),
)
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

# Weights, several outputs, a second argument left out.
CASES.add_each(
    "metrics",
    metrics,
    [
        "mean_absolute_error(weights)",
        "mean_squared_error(weights)",
        "root_mean_squared_error(weights)",
        "mean_pinball_loss(weights)",
        "r2_score(weights)",
        "explained_variance_score(weights)",
    ],
    lambda f, xp, y, yh, w: f(y, yh, sample_weight=w, multioutput="raw_values"),
    Y,
    YH,
    between(0.5, 2, 6),
)
CASES.add_each(
    "pairwise",
    pairwise,
    [
        "cosine_similarity(self)",
        "euclidean_distances(self)",
        "linear_kernel(self)",
        "rbf_kernel(self)",
        "laplacian_kernel(self)",
        "sigmoid_kernel(self)",
        "polynomial_kernel(self)",
    ],
    lambda f, xp, x: f(x),
    X42,
)
for _name in ("euclidean", "manhattan", "l1", "l2", "cityblock", "cosine"):
    add(
        f"pairwise.pairwise_distances({_name})",
        lambda xp, x, y, m=_name: pairwise.pairwise_distances(x, y, metric=m),
        X42,
        Y32,
    )
for _name in ("linear", "poly", "polynomial", "sigmoid", "laplacian", "cosine"):
    add(
        f"pairwise.pairwise_kernels({_name})",
        lambda xp, x, y, m=_name: pairwise.pairwise_kernels(x, y, metric=m),
        X42,
        Y32,
    )
