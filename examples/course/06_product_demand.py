"""6. A network of neurons: how many people who see a product buy it, from four of its features.

    A⁽⁰⁾ = X                            the input layer: price, shipping, marketing, quality of m products
    Z⁽¹⁾ = A⁽⁰⁾Θ⁽¹⁾ + b⁽¹⁾,  A⁽¹⁾ = g(Z⁽¹⁾)     the hidden layer, 3 neurons; g = σ
    Z⁽²⁾ = A⁽¹⁾Θ⁽²⁾ + b⁽²⁾,  ŷ = g(Z⁽²⁾)        the output layer, 1 neuron
    J = -(1/m) Σ [y log ŷ + (1 - y) log(1 - ŷ)]  least where ŷ = y; what lies above that is the cost of errors

A product sells where it is cheap enough and known and good, and quality is also guessed from the price. A single
neuron weighs the four and adds them up, so its lines of equal demand are straight; the hidden layer bends them.

    uv run examples/course/06_product_demand.py [--backend numpy]
"""

import numpy as np
from page import Page, main

import nnx
import nnx.functional as F


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


def demand(features: np.ndarray) -> np.ndarray:
    """The share of people who buy, an invented law; all four features go from 0 to 1."""
    price, shipping, marketing, quality = features.T
    affordable = sigmoid(12 * (0.9 - price - 0.5 * shipping))
    known = sigmoid(12 * (marketing - 0.4))
    good = sigmoid(8 * (quality + 0.6 * price - 0.5))
    return affordable * known * good


@nnx.value_and_grad
def cost_and_gradients(model: nnx.Layer, x, y):
    return nnx.losses.binary_cross_entropy_with_logits(model(x), y)


def descend(model: nnx.Layer, x, y) -> float:
    """Go down J by L-BFGS; the cost above the least possible one."""
    optimizer = nnx.optim.LBFGS(
        model, max_iter=150, tolerance_grad=1e-9, tolerance_change=0.0, line_search_fn="strong_wolfe"
    )
    optimizer.update(lambda: cost_and_gradients(model, x, y))
    least = nnx.losses.binary_cross_entropy(y, y)
    return float(cost_and_gradients(model, x, y)[0] - least)


def run(page: Page) -> None:
    features = np.random.default_rng(6).uniform(size=(500, 4))
    x, y = page.array(features), page.array(demand(features)[:, None])

    network = nnx.Sequential(nnx.Linear(4, 3), nnx.Sigmoid(), nnx.Linear(3, 1)).astype("float64")
    neuron = nnx.Linear(4, 1).astype("float64")
    print(network.summary((500, 4)))
    sizes = [θ.size for θ in network.parameters().values()]
    page.claim("parameters: 4·3 + 3 in the hidden layer, 3·1 + 1 behind", sum(sizes), 4 * 3 + 3 + 3 * 1 + 1)

    above = {"one neuron": descend(neuron, x, y), "the network": descend(network, x, y)}
    Θ1, b1, Θ2, b2 = network.parameters().values()  # Linear keeps Θᵀ, a row for each neuron
    by_hand = F.sigmoid(F.sigmoid(x @ Θ1.T + b1) @ Θ2.T + b2)
    page.claim("ŷ of the network and of the formulas", F.sigmoid(network(x)), by_hand, 1e-15)
    # One neuron's J is a bowl: where its gradient is 0 no other neuron does better.
    _, gradients = cost_and_gradients(neuron, x, y)
    page.claim("gradient where one neuron ends", gradients["weight"], 0 * neuron.weight, 1e-8)
    page.claim("cost above the least, one neuron", above["one neuron"], 0.05, relation=">=")
    share = above["the network"] / above["one neuron"]
    page.claim("what the network leaves of that, as a share", share, 0.05, relation="<=")

    side = np.linspace(0, 1, 60)
    price, marketing = np.meshgrid(side, side)
    plane = np.stack([price, 0 * price + 0.2, marketing, 0 * price + 0.5], axis=-1).reshape(-1, 4)
    surfaces = {"the law": demand(plane)}
    for name, model in (("one neuron", neuron), ("the network", network)):
        surfaces[name] = nnx.to_numpy(F.sigmoid(model(page.array(plane))))
    with page.figure(columns=3, height=2.7) as axes:
        for ax, (name, surface) in zip(axes, surfaces.items(), strict=True):
            levels = np.linspace(0, 0.8, 9)
            filled = ax.contourf(side, side, surface.reshape(60, 60), levels, extend="max")
            ax.set_title(name, fontsize=9)
            ax.set(xlabel="price (0 to 1)", ylabel="marketing (0 to 1)", aspect="equal")
            ax.set(xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
            ax.label_outer()
        axes[0].figure.colorbar(filled, ax=axes, shrink=0.85, label="share who buy")
        axes[0].figure.suptitle("shipping 0.2, quality 0.5", fontsize=8)


if __name__ == "__main__":
    main(__file__, run)
