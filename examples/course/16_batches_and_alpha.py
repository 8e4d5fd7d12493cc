"""16. Batch, mini-batch and stochastic descent over epochs, and how to choose the learning rate α.

    θ ← θ - α ∂J_B/∂θ                   J_B is the cost of a batch of B examples out of m, drawn anew each epoch
    B = m: batch, 1 update an epoch;  1 < B < m: mini-batch, m/B;  B = 1: stochastic, m updates
    ∂J/∂θ = mean of the ∂J₁/∂θ          one example's gradient is right in the mean
    α < 2/λ                             what batch descent can bear, λ the largest curvature of J

To choose α, start very small and go up: each time train afresh, and look at the cost on examples kept aside. It falls
while larger steps get further in the same epochs, and rises once they are too large for the bowl, or too noisy.

    uv run examples/course/16_batches_and_alpha.py [--backend numpy]
"""

import numpy as np
from page import Page, main
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression

import nnx

m, EPOCHS = 128, 5
BATCHES = {"batch": m, "mini-batch": 16, "stochastic": 1}
ALPHAS = [10 ** (k / 2) for k in range(-10, 1)]  # 0.00001, 0.00003 … 0.3, 1


@nnx.value_and_grad
def cost_and_gradients(neuron: nnx.Linear, X, y):
    return nnx.losses.mse_loss(neuron(X), y)


def descend(start, X, y, B: int, α: float, epochs: int = EPOCHS) -> tuple[nnx.Linear, list[float]]:
    """The neuron after so many epochs, and the cost of all examples at the start and after each."""
    neuron = nnx.Linear(X.shape[1], 1).astype("float64")
    neuron.load_state_dict(start)
    optimizer, shuffle = nnx.optim.SGD(neuron, learning_rate=α), nnx.random.Generator(16)
    xp, costs = nnx.array_namespace(X), [float(cost_and_gradients(neuron, X, y)[0])]
    for _ in range(epochs):
        order = shuffle.permutation(X.shape[0])
        for i in range(0, X.shape[0], B):
            batch = order[i : i + B]
            _, gradients = cost_and_gradients(neuron, xp.take(X, batch, axis=0), xp.take(y, batch, axis=0))
            optimizer.update(gradients)
        costs.append(float(cost_and_gradients(neuron, X, y)[0]))
        if not costs[-1] < 1e3:  # out of the bowl
            break
    return neuron, costs


def run(page: Page) -> None:
    data = load_diabetes()
    features = data.data * np.sqrt(data.data.shape[0])  # mean 0, variance 1
    target = (data.target - data.target.mean()) / data.target.std()
    order = np.random.default_rng(16).permutation(len(target))
    X, y = page.array(features[order]), page.array(target[order, None])
    X, y, X_aside, y_aside = X[:m, :], y[:m, :], X[m:, :], y[m:, :]
    neuron = nnx.Linear(10, 1).astype("float64")
    start = neuron.state_dict()

    _, whole = cost_and_gradients(neuron, X, y)
    ones = [cost_and_gradients(neuron, X[i : i + 1, :], y[i : i + 1, :])[1]["weight"] for i in range(m)]
    page.claim("∂J/∂θ, and the mean of one at a time", whole["weight"], sum(ones) / m, 1e-14)

    X1 = np.hstack([nnx.to_numpy(X), np.ones((m, 1))])
    λ = np.linalg.eigvalsh(2 / m * X1.T @ X1).max()
    for share, relation in ((0.99, "<="), (1.01, ">=")):
        costs = descend(start, X, y, m, share * 2 / λ, 300)[1]
        page.claim(f"batch, α = {share} · 2/λ: last cost / first", costs[-1] / costs[0], 1, relation=relation)

    curves = {name: descend(start, X, y, B, 0.001)[1] for name, B in BATCHES.items()}
    for one, other in (("mini-batch", "batch"), ("stochastic", "mini-batch")):
        page.claim(f"α = 0.001: cost, {one} and {other}", curves[one][-1], curves[other][-1], relation="<=")

    aside = {}
    for name, B in BATCHES.items():
        neurons = [descend(start, X, y, B, α)[0] for α in ALPHAS]
        aside[name] = [float(cost_and_gradients(neuron, X_aside, y_aside)[0]) for neuron in neurons]
    chosen = {name: ALPHAS[np.argmin(costs)] for name, costs in aside.items()}
    for (name, α), expected in zip(chosen.items(), (0.1, 10**-1.5, 10**-2.5), strict=True):
        page.claim(f"α chosen, {name}", α, expected, 1e-9)
    exact = LinearRegression().fit(features[order[:m]], target[order[:m]])
    least = np.mean((exact.predict(features[order[m:]]) - target[order[m:]]) ** 2)
    worst = max(min(costs) for costs in aside.values())
    page.claim("their costs aside, to that of least squares", worst / least, 1.05, relation="<=")

    with page.figure(columns=2) as (left, right):
        for name, mark in zip(BATCHES, "osD", strict=True):
            left.plot(curves[name], mark + "-", ms=3, label=name)
            right.semilogx(ALPHAS, np.minimum(aside[name], 3), mark + "-", ms=3)
        for name, mark in zip(BATCHES, "osD", strict=True):
            right.plot(chosen[name], min(aside[name]), mark, ms=9, mfc="none", mec="k")
        right.axvline(2 / λ, color="k", ls=":", lw=1)
        right.text(2.3 / λ, 1.4, "2/λ", fontsize=8)
        left.set(xlabel="epoch", ylabel="cost J", ylim=(0.4, 1.7))
        left.set_title("training, α = 0.001", fontsize=9)
        left.legend(fontsize=7)
        right.set(xlabel="learning rate α", ylim=(0.4, 1.7))
        right.set_title("kept aside, after 5 epochs", fontsize=9)


if __name__ == "__main__":
    main(__file__, run)
