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
from page import COLOURS, Page, draw_classes, main
from sklearn.datasets import load_iris
from sklearn.linear_model import LinearRegression

import nnx
import nnx.functional as F

HEADS = {  # ŷ of Z, and J of Z and y
    "width": (lambda z: z, lambda z, y: nnx.losses.half_squared_error(z, y, reduction="mean")),
    "virginica": (F.sigmoid, nnx.losses.binary_cross_entropy_with_logits),
    "species": (F.softmax, nnx.losses.cross_entropy),
}


def run(page: Page) -> None:
    iris = load_iris()
    lengths, width, species = iris.data[:, [0, 2]], iris.data[:, 3:], iris.target
    answers = {"width": width, "virginica": species[:, None] == 2, "species": np.eye(3)[species]}
    xp, x = page.xp, page.array(lengths)
    mean, deviation = xp.mean(x, axis=0), xp.std(x, axis=0)

    def fitted(name: str):
        """ŷ as a function of lengths in cm, after descent."""
        (g, cost), y = HEADS[name], page.array(answers[name])
        nnx.seed(7)
        model = nnx.Sequential(nnx.Linear(2, 8), nnx.Tanh(), nnx.Linear(8, y.shape[1])).astype("float64")
        standard = (x - mean) / deviation
        z = model(standard)
        page.claim(f"{name}: ∂J/∂Z and (1/m)(ŷ - y)", nnx.grad(cost)(z, y), (g(z) - y) / x.shape[0], 1e-15)

        optimizer = nnx.optim.Adam(model, learning_rate=0.03)
        for _ in range(300):
            optimizer.update(nnx.grad(lambda model: cost(model(standard), y))(model))
        return lambda lengths: g(model((lengths - mean) / deviation))

    ŷ = {name: fitted(name) for name in HEADS}
    explained = 1 - np.mean((nnx.to_numpy(ŷ["width"](x)) - width) ** 2) / width.var()
    straight = LinearRegression().fit(lengths, width).score(lengths, width)
    page.claim("width: share explained, and by a plane", explained, straight, relation=">=")
    right = np.mean((nnx.to_numpy(ŷ["virginica"](x)) > 0.5) == answers["virginica"])
    page.claim("virginica: told right", right, 0.95, relation=">=")
    probabilities = nnx.to_numpy(ŷ["species"](x))
    page.claim("species: told right", np.mean(probabilities.argmax(axis=1) == species), 0.95, relation=">=")
    page.claim("species: probabilities add up to 1", probabilities.sum(axis=1), np.ones(150), 1e-15)

    with page.figure(columns=3, height=3.1) as axes:
        for ax in axes:
            draw_classes(ax, lengths, species, iris.target_names)
            ax.set(xlabel="sepal length (cm)", ylabel="petal length (cm)")
            ax.label_outer()
        area, black = ((4, 8.2), (0.5, 7.2)), {"colors": "k", "linewidths": 1}
        lines = axes[0].contour(*page.over_plane(ŷ["width"], *area), [0.5, 1, 1.5, 2], **black)
        axes[0].clabel(lines, fontsize=7)
        axes[0].set_title("identity:\npetal width (cm)")
        axes[1].contour(*page.over_plane(ŷ["virginica"], *area), [0.1, 0.5, 0.9], **black)
        axes[1].set_title("sigmoid: virginica with\nprobability 0.1, 0.5, 0.9")
        axes[1].legend(loc="lower right", handletextpad=0)
        most = page.over_plane(lambda x: xp.argmax(ŷ["species"](x), axis=1), *area, count=400)
        axes[2].contourf(*most, [-0.5, 0.5, 1.5, 2.5], colors=COLOURS, alpha=0.3)
        axes[2].set_title("softmax:\nthe most probable species")


if __name__ == "__main__":
    main(__file__, run)
