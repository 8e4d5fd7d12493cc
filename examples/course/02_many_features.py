"""2. Linear regression with many features: how far diabetes has gone, from ten measurements.

    ŷ = X W + b                         X has a row for each of m patients, a column for each of n features
    J = (1/m) Σ (y - ŷ)²
    V ← μ V + ∂J/∂W,  W ← W - α V       descent with the learning rate α; μ is momentum, plain descent has 0
    Θ = (XᵀX)⁻¹ Xᵀ y                    ordinary least squares, X with a column of ones: where descent must end

Features on one scale make the bowl J round, and descent short: here all have mean 0 and variance 1. Raw ones, of
which some are a thousand times larger than others, would need a thousand times as many steps.

    uv run examples/course/02_many_features.py [--backend numpy]
"""

import numpy as np
from page import Page, main
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression

import nnx


@nnx.value_and_grad
def cost_and_gradients(neuron: nnx.Linear, X, y):
    return nnx.losses.mse_loss(neuron(X), y)


def run(page: Page) -> None:
    data = load_diabetes()
    names, features = data.feature_names, data.data * np.sqrt(data.data.shape[0])  # mean 0, variance 1
    X, y = page.array(features), page.array(data.target[:, None])
    neuron = nnx.Linear(10, 1).astype("float64")

    # Blood values go together, so the bowl still has a flat valley; momentum carries the descent through it.
    optimizer, costs = nnx.optim.SGD(neuron, learning_rate=0.1, momentum=0.9), []
    for _ in range(1000):
        cost, gradients = cost_and_gradients(neuron, X, y)
        optimizer.update(gradients)
        costs.append(float(cost))

    exact = LinearRegression().fit(features, data.target)
    weights = nnx.to_numpy(neuron.weight)[0]
    page.claim("intercept b", neuron.bias[0], 152.1335, 5e-5)
    page.claim("mean squared error J", costs[-1], 2859.696, 5e-4)
    page.claim("W and least squares", weights, exact.coef_, 1e-6)

    with page.figure(columns=2) as (left, right):
        left.barh(names, exact.coef_, color="tab:gray", height=0.8, label="least squares")
        left.barh(names, weights, color="tab:blue", height=0.4, label="descent")
        left.invert_yaxis()
        left.set(xlabel="weight (per standard deviation)")
        left.legend(loc="lower left", handlelength=1)
        least = np.mean((data.target - exact.predict(features)) ** 2)
        right.loglog(range(1, len(costs) + 1), np.asarray(costs) - least, color="tab:blue")
        right.set(xlabel="step", ylabel="cost above the least")


if __name__ == "__main__":
    main(__file__, run)
