"""Rows for scikit-learn's estimators, differentiated through their fits."""

from __future__ import annotations

from sklearn import (
    calibration,
    decomposition,
    discriminant_analysis,
    kernel_approximation,
    linear_model,
    mixture,
    naive_bayes,
    preprocessing,
)

from .base import Fixed, Table, between, normal, real, spread, symmetric, whole

CASES = Table()
add = CASES.add

X42 = normal(4, 2, seed=52)
LABELS = whole(0, 1, 0, 2, 1, 2, 0, 1)
X82 = normal(8, 2, seed=55)
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

# Further arguments and methods of the same estimators.
W8 = between(0.5, 2, 8)
add(
    "preprocessing.StandardScaler(weights)",
    lambda xp, x, w, z: preprocessing.StandardScaler().fit(x, sample_weight=w).transform(z),
    X83,
    W8,
    Z23,
)
add(
    "preprocessing.StandardScaler(inverse)",
    lambda xp, x, z: preprocessing.StandardScaler(with_std=True).fit(x).inverse_transform(z),
    X83,
    Z23,
)
add(
    "preprocessing.MinMaxScaler(range)",
    lambda xp, x: preprocessing.MinMaxScaler((-1, 2), clip=True).fit_transform(x),
    X83,
)
add(
    "preprocessing.MinMaxScaler(inverse)",
    lambda xp, x, z: preprocessing.MinMaxScaler().fit(x).inverse_transform(z),
    X83,
    Z23,
)
add(
    "preprocessing.PolynomialFeatures(3)",
    lambda xp, x: preprocessing.PolynomialFeatures(
        3, include_bias=False, interaction_only=True
    ).fit_transform(x),
    X83,
)
add(
    "PCA(whiten)",
    lambda xp, x, z: decomposition.PCA(2, svd_solver="full", whiten=True).fit(x).transform(z),
    X83,
    Z23,
)
add(
    "PCA.inverse_transform",
    lambda xp, x, z: (lambda p: p.inverse_transform(p.transform(z)))(
        decomposition.PCA(2, svd_solver="full").fit(x)
    ),
    X83,
    Z23,
)
add("PCA.components_", lambda xp, x: decomposition.PCA(svd_solver="full").fit(x).components_, X83)
add("PCA.get_precision", lambda xp, x: decomposition.PCA(2, svd_solver="full").fit(x).get_precision(), X83)
add(
    "Ridge(weights)",
    lambda xp, x, y, w: linear_model.Ridge(0.7, solver="svd").fit(x, y, sample_weight=w).coef_,
    X83,
    T8R,
    W8,
)
add(
    "Ridge(two targets)",
    lambda xp, x, y, z: linear_model.Ridge(0.7, solver="svd", fit_intercept=False).fit(x, y).predict(z),
    X83,
    normal(8, 2),
    Z23,
)
add(
    "Ridge(alpha)",
    lambda xp, x, y, a: linear_model.Ridge(a, solver="svd").fit(x, y).coef_,
    X83,
    normal(8, 2),
    real(0.4, 0.9),
)
add(
    "Ridge.intercept_",
    lambda xp, x, y: linear_model.Ridge(0.7, solver="svd").fit(x, y).intercept_,
    X83,
    normal(8, 2),
)
add(
    "LinearDiscriminantAnalysis.decision_function",
    lambda xp, x, y, z: discriminant_analysis.LinearDiscriminantAnalysis().fit(x, y).decision_function(z),
    X83,
    LABELS,
    Z23,
)
add(
    "LinearDiscriminantAnalysis.predict_log_proba",
    lambda xp, x, y, z: discriminant_analysis.LinearDiscriminantAnalysis().fit(x, y).predict_log_proba(z),
    X83,
    B8,
    Z23,
)
add(
    "GaussianNB.predict_log_proba",
    lambda xp, x, y, z: naive_bayes.GaussianNB().fit(x, y).predict_log_proba(z),
    X83,
    LABELS,
    Z23,
)
add(
    "GaussianNB.var_",
    lambda xp, x, y: (lambda m: (m.theta_, m.var_))(naive_bayes.GaussianNB().fit(x, y)),
    X83,
    B8,
)
add(
    "GaussianMixture.predict_proba",
    lambda xp, x, z: (
        mixture.GaussianMixture(2, init_params="random", max_iter=3, tol=0.0, random_state=0, reg_covar=0.2)
        .fit(x)
        .predict_proba(z)
    ),
    X82,
    normal(3, 2),
)
for _name in ("linear", "poly", "sigmoid", "laplacian"):
    add(
        f"Nystroem({_name})",
        lambda xp, x, z, k=_name: (
            kernel_approximation.Nystroem(k, gamma=0.4, coef0=1.0, degree=2, n_components=3, random_state=0)
            .fit(x)
            .transform(z)
            if k != "linear"
            else kernel_approximation.Nystroem(k, n_components=2, random_state=0).fit(x).transform(z)
        ),
        X83,
        Z23,
    )
