"""16. Batch, mini-batch and stochastic descent over epochs, and how to choose the learning rate α.

    θ ← θ - α ∂J_B/∂θ                   J_B is the cost of a batch of B examples out of m, drawn anew each epoch
    B = m: batch, 1 update an epoch;  1 < B < m: mini-batch, m/B;  B = 1: stochastic, m updates
    ∂J/∂θ = mean of the ∂J₁/∂θ          one example's gradient is right in the mean
    α < 2/λ                             what batch descent can bear, λ the largest curvature of J

To choose α, start very small and go up: each time train afresh, and look at the cost on examples kept aside. It falls
while larger steps get further in the same epochs, and rises once they are too large for the bowl, or too noisy.

    uv run examples/course/16_batches_and_alpha.py [--backend numpy]
"""

from copy import deepcopy

import numpy as np
from page import Page, main
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import scale

import nnx

m = 128
BATCHES = {"batch": m, "mini-batch": 16, "stochastic": 1}
ALPHAS = [10 ** (k / 2) for k in range(-10, 1)]  # 0.00001, 0.00003 … 0.3, 1


def cost(neuron: nnx.Linear, X, y):
    return nnx.losses.mse_loss(neuron(X), y)


def descend(start: nnx.Linear, X, y, B: int, α: float, epochs: int = 5) -> tuple[nnx.Linear, list[float]]:
    """The neuron after so many epochs, and the cost of all examples at the start and after each."""
    neuron, costs = deepcopy(start), [float(cost(start, X, y))]
    optimizer, generator = nnx.optim.SGD(neuron, learning_rate=α), nnx.random.Generator(16)
    while len(costs) <= epochs and costs[-1] < 1e3:  # and not out of the bowl
        order = generator.permutation(X.shape[0])
        X, y = (nnx.array_namespace(values).take(values, order, axis=0) for values in (X, y))
        for i in range(0, X.shape[0], B):
            optimizer.update(nnx.grad(cost)(neuron, X[i : i + B, :], y[i : i + B, :]))
        costs.append(float(cost(neuron, X, y)))
    return neuron, costs


def run(page: Page) -> None:
    data = np.random.default_rng(16).permutation(np.column_stack(load_diabetes(return_X_y=True)))
    features, target = np.split(scale(data), [10], axis=1)  # mean 0, variance 1
    X, y = page.array(features[:m]), page.array(target[:m])
    start = nnx.Linear(10, 1).astype("float64")
    ones = [nnx.grad(cost)(start, X[i : i + 1, :], y[i : i + 1, :])["weight"] for i in range(m)]
    page.claim("∂J/∂θ, and the mean of one's", nnx.grad(cost)(start, X, y)["weight"], sum(ones) / m, 1e-14)

    X1 = np.hstack([features, np.ones((len(data), 1))])  # for b
    λ = np.linalg.eigvalsh(2 / m * X1[:m].T @ X1[:m]).max()
    for share, relation in ((0.99, "<="), (1.01, ">=")):
        costs = descend(start, X, y, m, share * 2 / λ, 300)[1]
        page.claim(f"batch, α = {share} · 2/λ: last cost / first", costs[-1] / costs[0], 1, relation=relation)

    tries = {name: [descend(start, X, y, B, α) for α in ALPHAS] for name, B in BATCHES.items()}
    curves = {name: tried[ALPHAS.index(0.001)][1] for name, tried in tries.items()}
    for one, other in (("mini-batch", "batch"), ("stochastic", "mini-batch")):
        page.claim(f"α = 0.001: cost, {one} and {other}", curves[one][-1], curves[other][-1], relation="<=")
    kept = page.array(features[m:]), page.array(target[m:])
    aside = {name: [float(cost(neuron, *kept)) for neuron, _ in tried] for name, tried in tries.items()}
    chosen = {name: ALPHAS[np.argmin(costs)] for name, costs in aside.items()}
    for (name, α), expected in zip(chosen.items(), (0.1, 10**-1.5, 10**-2.5), strict=True):
        page.claim(f"α chosen, {name}", α, expected, 1e-9)
    least = np.mean((X1[m:] @ np.linalg.lstsq(X1[:m], target[:m])[0] - target[m:]) ** 2)
    page.claim("their costs aside, to least squares'", max(map(min, aside.values())) / least, 1.05, 0, "<=")

    with page.figure(columns=2) as (left, right):
        for name, mark in zip(BATCHES, "osD", strict=True):
            left.plot(curves[name], mark + "-", ms=3, label=name)
            right.semilogx(ALPHAS, np.minimum(aside[name], 3), mark + "-", ms=3)
            right.plot(chosen[name], min(aside[name]), "k" + mark, ms=9, mfc="none", zorder=3)
        right.axvline(2 / λ, color="k", ls=":", lw=1)
        right.text(2.3 / λ, 1.4, "2/λ", fontsize=8)
        left.set(title="training, α = 0.001", xlabel="epoch", ylabel="cost J", ylim=(0.4, 1.7))
        left.legend()
        right.set(title="kept aside, after 5 epochs", xlabel="learning rate α", ylim=(0.4, 1.7))


if __name__ == "__main__":
    main(__file__, run)
