"""3. Logistic regression: one neuron tells malignant from benign tumours.

    z = X θ + b,  ŷ = σ(z) = 1 / (1 + e⁻ᶻ)              a probability
    J = -(1/m) Σ [y log ŷ + (1 - y) log(1 - ŷ)]         the cross-entropy
    ∂J/∂θ = (1/m) Xᵀ(ŷ - y)                             the sigmoid's slope cancels against the logarithm's

J is a bowl without dents, so every way down ends in the same place: here by L-BFGS, which learns the bowl's curvature
as it goes, and it is where scikit-learn's unpenalised LogisticRegression ends too.

    uv run examples/course/03_logistic_regression.py [--backend numpy]
"""

import numpy as np
from page import Page, draw_classes, main
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import scale

import nnx

FEATURES = [0, 1]  # mean radius and mean texture, so that the boundary can be drawn


@nnx.value_and_grad
def cost_and_gradients(neuron: nnx.Linear, X, y):
    return nnx.losses.binary_cross_entropy_with_logits(neuron(X), y)  # of z, so that no logarithm sees a 0


def run(page: Page) -> None:
    data = load_breast_cancer()
    features = scale(data.data[:, FEATURES])  # mean 0, variance 1
    malignant = 1.0 - data.target
    X, y = page.array(features), page.array(malignant[:, None])
    neuron = nnx.Linear(2, 1).astype("float64")

    _, gradients = cost_and_gradients(neuron, X, y)
    error = nnx.functional.sigmoid(neuron(X)) - y
    page.claim("∂J/∂θ and (1/m) Xᵀ(ŷ - y)", gradients["weight"], (X.T @ error).T / X.shape[0], 1e-15)
    page.claim("∂J/∂b and (1/m) Σ (ŷ - y)", gradients["bias"][0], page.xp.mean(error), 1e-15)

    optimizer = nnx.optim.LBFGS(
        neuron, max_iter=100, tolerance_grad=1e-10, tolerance_change=0.0, line_search_fn="strong_wolfe"
    )
    optimizer.update(lambda: cost_and_gradients(neuron, X, y))

    exact = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12).fit(features, malignant)
    weights, bias = nnx.to_numpy(neuron.weight)[0], float(neuron.bias[0])
    page.claim("θ and scikit-learn's", weights, exact.coef_[0], 1e-6)
    page.claim("b and scikit-learn's", bias, exact.intercept_[0], 1e-6)
    right = (features @ weights + bias > 0) == malignant
    page.claim("share of tumours told right", right.mean(), exact.score(features, malignant))

    with page.figure(height=3.4) as axes:
        draw_classes(axes, features, malignant, ("benign", "malignant"), alpha=0.7)
        radius = np.linspace(-2, 3.5, 2)
        for p, dashes in ((0.1, ":"), (0.5, "-"), (0.9, ":")):  # lines of one probability
            texture = (np.log(p / (1 - p)) - bias - weights[0] * radius) / weights[1]
            axes.plot(radius, texture, "k" + dashes, lw=1, label={0.5: "ŷ = 0.5", 0.9: "ŷ = 0.1, 0.9"}.get(p))
        axes.set(
            xlabel="radius (standard deviations)", ylabel="texture (standard deviations)", ylim=(-2.5, 5)
        )
        axes.legend(loc="lower right")


if __name__ == "__main__":
    main(__file__, run)
