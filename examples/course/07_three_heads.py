"""7. Three heads on one body: the identity for a quantity, the sigmoid for yes or no, softmax for one of several.

    A = tanh(X Θ⁽¹⁾ + b⁽¹⁾)             the body: 8 hidden neurons, with one start for every head
    Z = A Θ⁽²⁾ + b⁽²⁾                   the head's weighted sums, as many as there are answers
    quantity     ŷ = Z                  J = (1/m) Σ ½(ŷ - y)²
    yes or no    ŷ = σ(Z)               J = -(1/m) Σ [y log ŷ + (1 - y) log(1 - ŷ)]
    one of K     ŷ = softmax(Z)         J = -(1/m) Σ Σₖ yₖ log ŷₖ
    ∂J/∂Z = (1/m)(ŷ - y)                for all three: each loss is the one that fits its head

Three questions about irises, from the lengths of sepal and petal: how wide is the petal, is it a virginica, and which
of three species is it?

    uv run examples/course/07_three_heads.py [--backend numpy]
"""

import numpy as np
from page import Page, main
from sklearn.datasets import load_iris
from sklearn.linear_model import LinearRegression

import nnx
import nnx.functional as F


def mean_half_squared_error(z, y):
    return nnx.losses.half_squared_error(z, y, reduction="mean")


HEADS = {  # ŷ of Z, and J of Z and y
    "width": (lambda z: z, mean_half_squared_error),
    "virginica": (F.sigmoid, nnx.losses.binary_cross_entropy_with_logits),
    "species": (F.softmax, nnx.losses.cross_entropy),
}
TITLES = (
    "identity:\npetal width (cm)",
    "sigmoid: virginica with\nprobability 0.1, 0.5, 0.9",
    "softmax:\nthe most probable species",
)
COLOURS = ("tab:blue", "tab:orange", "tab:green")


@nnx.value_and_grad
def cost_and_gradients(model: nnx.Layer, cost, x, y):
    return cost(model(x), y)


def run(page: Page) -> None:
    iris = load_iris()
    lengths, width, species = iris.data[:, [0, 2]], iris.data[:, 3:], iris.target
    mean, deviation = lengths.mean(axis=0), lengths.std(axis=0)
    x = page.array((lengths - mean) / deviation)
    answers = {"width": width, "virginica": species[:, None] == 2, "species": np.eye(3)[species]}
    side = np.stack(np.meshgrid(np.linspace(4, 8.2, 160), np.linspace(0.5, 7.2, 160)))  # cm
    plane = page.array((side.reshape(2, -1).T - mean) / deviation)

    fitted, surfaces = {}, {}
    for name, (g, cost) in HEADS.items():
        y = page.array(answers[name])
        nnx.seed(7)
        model = nnx.Sequential(nnx.Linear(2, 8), nnx.Tanh(), nnx.Linear(8, y.shape[1])).astype("float64")
        z = model(x)
        page.claim(f"{name}: ∂J/∂Z and (1/m)(ŷ - y)", nnx.grad(cost)(z, y), (g(z) - y) / x.shape[0], 1e-15)

        optimizer = nnx.optim.Adam(model, learning_rate=0.03)
        for _ in range(300):
            _, gradients = cost_and_gradients(model, cost, x, y)
            optimizer.update(gradients)
        fitted[name] = nnx.to_numpy(g(model(x)))
        surfaces[name] = nnx.to_numpy(g(model(plane))).reshape(160, 160, -1)

    explained = 1 - np.mean((fitted["width"] - width) ** 2) / width.var()
    straight = LinearRegression().fit(lengths, width).score(lengths, width)
    page.claim("width: share explained, and by a plane", explained, straight, relation=">=")
    right = np.mean((fitted["virginica"] > 0.5) == answers["virginica"])
    page.claim("virginica: told right", right, 0.95, relation=">=")
    right = np.mean(fitted["species"].argmax(axis=1) == species)
    page.claim("species: told right", right, 0.95, relation=">=")
    page.claim("species: probabilities add up to 1", fitted["species"].sum(axis=1), np.ones(150), 1e-15)

    with page.figure(columns=3, height=3.1) as axes:
        for ax, title in zip(axes, TITLES, strict=True):
            for k, colour in enumerate(COLOURS):
                ax.plot(*lengths[species == k].T, ".", color=colour, ms=4, label=iris.target_names[k])
            ax.set_title(title, fontsize=8)
            ax.set(xlabel="sepal length (cm)", ylabel="petal length (cm)")
            ax.label_outer()
        lines = axes[0].contour(*side, surfaces["width"][..., 0], [0.5, 1, 1.5, 2], colors="k", linewidths=1)
        axes[0].clabel(lines, fontsize=7)
        axes[1].contour(*side, surfaces["virginica"][..., 0], [0.1, 0.5, 0.9], colors="k", linewidths=1)
        most = surfaces["species"].argmax(axis=2)
        axes[2].contourf(*side, most, [-0.5, 0.5, 1.5, 2.5], colors=COLOURS, alpha=0.3)
        axes[1].legend(fontsize=7, loc="lower right", handletextpad=0)


if __name__ == "__main__":
    main(__file__, run)
