"""14. Layers without a curve between them are one layer: a deep linear network cannot tell XOR.

    ŷ = ((x Θ₁ + b₁) Θ₂ + b₂) Θ₃ + b₃                   three layers, g(z) = z
      = x (Θ₁Θ₂Θ₃) + (b₁Θ₂Θ₃ + b₂Θ₃ + b₃)               multiplied out: one layer
    XOR: y = 1 where one of x₁, x₂ is 1, else 0
    y = relu(x₁ + x₂) - 2 relu(x₁ + x₂ - 1)             two ReLUs do it

The best straight answer to XOR is ½ everywhere, with the mean squared error J = ¼, however many layers there are.
The same layers with ReLU between them have kinks, and learn it.

    uv run examples/course/14_linear_collapse.py [--backend numpy]
"""

import numpy as np
from page import Page, main, minimise

import nnx
import nnx.functional as F

CORNERS, XOR = np.asarray([[0, 0], [0, 1], [1, 0], [1, 1]]), np.asarray([[0], [1], [1], [0]])


def cost(network: nnx.Layer, x, y):
    return nnx.losses.mse_loss(network(x), y)


def trained(g: nnx.Layer, x, y) -> nnx.Sequential:
    nnx.seed(14)  # the same start for both
    layers = (nnx.Linear(2, 8), g, nnx.Linear(8, 8), g, nnx.Linear(8, 1))
    network = nnx.Sequential(*layers).astype("float64")
    return minimise(network, cost, x, y, steps=300)


def run(page: Page) -> None:
    x, y = page.array(CORNERS), page.array(XOR)
    linear, bent = trained(nnx.Identity(), x, y), trained(nnx.ReLU(), x, y)

    Θ1, b1, Θ2, b2, Θ3, b3 = linear.parameters().values()  # Linear keeps Θᵀ
    Θ1, Θ2, Θ3 = Θ1.T, Θ2.T, Θ3.T
    Θ, b = Θ1 @ Θ2 @ Θ3, b1 @ Θ2 @ Θ3 + b2 @ Θ3 + b3
    anywhere = page.array(np.random.default_rng(14).uniform(-9, 9, (1000, 2)))
    page.claim("three linear layers, and their product", linear(anywhere), anywhere @ Θ + b, 1e-12)
    page.claim("linear: ŷ at the corners, and ½", linear(x), 0 * y + 0.5, 1e-6)
    page.claim("linear: J", cost(linear, x, y), 0.25, 1e-9)
    total = page.xp.sum(x, axis=1, keepdims=True)
    page.claim("two ReLUs by hand, and XOR", F.relu(total) - 2 * F.relu(total - 1), y)
    page.claim("ReLU: ŷ at the corners, and XOR", bent(x), y, 1e-6)

    with page.figure(columns=2, height=2.45) as axes:
        for ax, network, title in zip(axes, (linear, bent), ("g(z) = z", "g(z) = relu(z)"), strict=True):
            surface = page.over_plane(network, (-0.5, 1.5))
            levels = np.linspace(-0.125, 1.125, 6)  # bands around 0, ¼, ½, ¾ and 1
            filled = ax.contourf(*surface, levels, cmap="PuOr_r", extend="both")
            for value, face in ((0, "white"), (1, "black")):
                at = CORNERS[XOR[:, 0] == value]
                ax.plot(*at.T, "o", mfc=face, mec="black", ms=8, label=f"y = {value}")
            ax.set(title=title, xlabel="x₁", ylabel="x₂", aspect="equal", xticks=[0, 1], yticks=[0, 1])
            ax.label_outer()
        axes[0].legend(loc="center")
        axes[0].figure.colorbar(filled, ax=axes, label="ŷ", ticks=[0, 0.5, 1])


if __name__ == "__main__":
    main(__file__, run)
