"""4. One neuron reads: is a bitmap of 7 rows and 5 columns a 0 or a 1?

    x = the 35 pixels in a row, each 0 or 1
    ŷ = σ(x θ + b)                      the probability of a 1
    J = -(1/m) Σ [y log ŷ + (1 - y) log(1 - ŷ)]

It is shown the two clean digits and copies with some pixels flipped, and then judged on copies it has never seen.
Its 35 weights are a picture too: what speaks for a 1, and what against.

    uv run examples/course/04_zero_or_one.py [--backend numpy]
"""

import numpy as np
from page import Page, main

import nnx

ZERO = """ .###. #...# #...# #...# #...# #...# .###. """
ONE = """ ..#.. .##.. ..#.. ..#.. ..#.. ..#.. .###. """


def bitmap(rows: str) -> np.ndarray:
    return np.asarray([[pixel == "#" for pixel in row] for row in rows.split()], dtype=float)


def draws(rng: np.random.Generator, count: int, flipped: int) -> tuple[np.ndarray, np.ndarray]:
    """Copies of both digits with so many pixels flipped in each, and which digit each was."""
    y = rng.integers(0, 2, count)
    x = np.stack([bitmap(ZERO).ravel(), bitmap(ONE).ravel()])[y]
    places = rng.permuted(np.tile(np.arange(35), (count, 1)), axis=1)[:, :flipped]
    rows = np.arange(count)[:, None]
    x[rows, places] = 1 - x[rows, places]
    return x, y


@nnx.value_and_grad
def cost_and_gradients(neuron: nnx.Linear, x, y):
    return nnx.losses.binary_cross_entropy_with_logits(neuron(x)[:, 0], y)


def run(page: Page) -> None:
    rng = np.random.default_rng(4)
    clean = np.stack([bitmap(ZERO).ravel(), bitmap(ONE).ravel()])
    x, y = draws(rng, 400, flipped=4)
    neuron = nnx.Linear(35, 1)
    optimizer = nnx.optim.SGD(neuron, learning_rate=1.0)
    for _ in range(300):
        _, gradients = cost_and_gradients(neuron, page.array(x, "float32"), page.array(y, "float32"))
        optimizer.update(gradients)

    def right(x: np.ndarray, y: np.ndarray) -> float:
        """The share of bitmaps that are read right."""
        return float(((nnx.to_numpy(neuron(page.array(x, "float32")))[:, 0] > 0) == y).mean())

    flips = range(0, 13, 2)
    shares = [right(*draws(rng, 2000, count)) for count in flips]
    page.claim("clean digits read right", right(clean, np.asarray([0, 1])), 1.0)
    page.claim("read right with 2 of 35 pixels flipped", shares[1], 1.0)
    page.claim("read right with 4 flipped", shares[2], 0.99, relation=">=")
    page.claim("read right with 6 flipped", shares[3], 0.95, relation=">=")

    with page.figure(columns=3, height=2.6) as axes:
        examples, labels = draws(rng, 1, 4)
        axes[0].imshow(examples.reshape(7, 5), cmap="Greys")
        axes[0].set_title(f"a {labels[0]}, 4 pixels flipped", fontsize=8)
        weights = nnx.to_numpy(neuron.weight).reshape(7, 5)
        axes[1].imshow(weights, cmap="PuOr", vmin=-abs(weights).max(), vmax=abs(weights).max())
        axes[1].set_title("weights: orange for 0,\npurple for 1", fontsize=8)
        for picture in axes[:2]:
            picture.set(xticks=[], yticks=[])
            picture.grid(False)
        axes[2].plot(flips, shares, "o-", color="tab:blue", ms=4)
        axes[2].set(xlabel="pixels flipped", ylabel="share read right")


if __name__ == "__main__":
    main(__file__, run)
