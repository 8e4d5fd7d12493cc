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
from page import Page, main, minimise

import nnx
import nnx.functional as F


def demand(features):
    """The share of people who buy, an invented law; all four features go from 0 to 1."""
    price, shipping, marketing, quality = (features[:, k] for k in range(4))
    affordable = F.sigmoid(12 * (0.9 - price - 0.5 * shipping))
    known = F.sigmoid(12 * (marketing - 0.4))
    good = F.sigmoid(8 * (quality + 0.6 * price - 0.5))
    return (affordable * known * good)[:, None]


def shelf(plane):
    """Products of every price and marketing, all with shipping 0.2 and quality 0.5."""
    price, marketing = plane[:, 0], plane[:, 1]
    return nnx.array_namespace(plane).stack((price, 0 * price + 0.2, marketing, 0 * price + 0.5), axis=1)


def cost(model: nnx.Layer, x, y):
    return nnx.losses.binary_cross_entropy_with_logits(model(x), y)


def run(page: Page) -> None:
    x = page.array(np.random.default_rng(6).uniform(size=(500, 4)))
    y = demand(x)
    network = nnx.Sequential(nnx.Linear(4, 3), nnx.Sigmoid(), nnx.Linear(3, 1)).astype("float64")
    neuron = nnx.Linear(4, 1).astype("float64")
    print(network.summary((500, 4)))
    sizes = [θ.size for θ in network.parameters().values()]
    page.claim("parameters: 4·3 + 3 in the hidden layer, 3·1 + 1 behind", sum(sizes), 4 * 3 + 3 + 3 * 1 + 1)

    above, least = {}, nnx.losses.binary_cross_entropy(y, y)
    for name, model in (("one neuron", neuron), ("the network", network)):
        above[name] = float(cost(minimise(model, cost, x, y), x, y) - least)
    Θ1, b1, Θ2, b2 = network.parameters().values()  # Linear keeps Θᵀ, a row for each neuron
    by_hand = F.sigmoid(F.sigmoid(x @ Θ1.T + b1) @ Θ2.T + b2)
    page.claim("ŷ of the network and of the formulas", F.sigmoid(network(x)), by_hand, 1e-15)
    # One neuron's J is a bowl: where its gradient is 0 no other neuron does better.
    steepest = page.xp.max(page.xp.abs(nnx.grad(cost)(neuron, x, y)["weight"]))
    page.claim("gradient where one neuron ends", steepest, 1e-8, relation="<=")
    page.claim("cost above the least, one neuron", above["one neuron"], 0.05, relation=">=")
    share = above["the network"] / above["one neuron"]
    page.claim("what the network leaves of that, as a share", share, 0.05, relation="<=")

    surfaces = {
        "the law": lambda plane: demand(shelf(plane)),
        "one neuron": lambda plane: F.sigmoid(neuron(shelf(plane))),
        "the network": lambda plane: F.sigmoid(network(shelf(plane))),
    }
    with page.figure(columns=3, height=2.7) as axes:
        for ax, (name, surface) in zip(axes, surfaces.items(), strict=True):
            levels = np.linspace(0, 0.8, 9)
            filled = ax.contourf(*page.over_plane(surface, (0, 1)), levels, extend="max")
            ax.set(title=name, xlabel="price (0 to 1)", ylabel="marketing (0 to 1)", aspect="equal")
            ax.set(xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
            ax.label_outer()
        axes[0].figure.colorbar(filled, ax=axes, shrink=0.85, label="share who buy")
        axes[0].figure.suptitle("shipping 0.2, quality 0.5", fontsize=8)


if __name__ == "__main__":
    main(__file__, run)
