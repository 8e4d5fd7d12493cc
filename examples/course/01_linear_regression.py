"""1. Linear regression: the price of a house from its size, as a network of one neuron.

    ŷ = w x + b                         the neuron, from a random start
    J = (1/m) Σ (y - ŷ)²                the mean squared error over m houses
    ∂J/∂w = -(2/m) Σ x (y - ŷ)          what descent needs, and what tracing finds
    ∂J/∂b = -(2/m) Σ (y - ŷ)

Gradient descent walks down J until it stands on the line of least squares.

    uv run examples/course/01_linear_regression.py [--backend numpy]
"""

import numpy as np
from page import Page, main

import nnx


def houses(m: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Sizes in hundreds of square metres and prices in hundreds of thousands, invented."""
    rng = np.random.default_rng(1)
    size = rng.uniform(0.5, 2.5, m)
    return size, 1.8 * size + 0.6 + 0.25 * rng.standard_normal(m)


@nnx.value_and_grad
def cost_and_gradients(neuron: nnx.Linear, x, y):
    return nnx.losses.mse_loss(neuron(x), y)


def run(page: Page) -> None:
    size, price = houses()
    x, y = page.array(size[:, None]), page.array(price[:, None])
    neuron = nnx.Linear(1, 1).astype("float64")

    _, gradients = cost_and_gradients(neuron, x, y)
    error = y - neuron(x)
    mean = page.xp.mean
    page.claim("∂J/∂w at the start", gradients["weight"][0, 0], -2 * mean(x * error), 1e-12)
    page.claim("∂J/∂b at the start", gradients["bias"][0], -2 * mean(error), 1e-12)

    optimizer, costs = nnx.optim.SGD(neuron, learning_rate=0.1), []
    for _ in range(3000):
        cost, gradients = cost_and_gradients(neuron, x, y)
        optimizer.update(gradients)
        costs.append(float(cost))

    slope, intercept = np.polyfit(size, price, 1)  # least squares, in closed form
    page.claim("w after descent, and of least squares", neuron.weight[0, 0], slope, 1e-6)
    page.claim("b after descent, and of least squares", neuron.bias[0], intercept, 1e-6)

    with page.figure(columns=2) as (left, right):
        line = np.asarray([size.min(), size.max()])
        left.plot(100 * size, price, ".", color="tab:gray")
        left.plot(100 * line, float(neuron.weight[0, 0]) * line + float(neuron.bias[0]), color="tab:blue")
        left.set(xlabel="size (m²)", ylabel="price (100,000)")
        right.loglog(range(1, len(costs) + 1), costs, color="tab:blue")
        right.set(xlabel="step", ylabel="cost J")


if __name__ == "__main__":
    main(__file__, run)
