"""10. The regularised cost: weights have their price, too, so that a network bends no more than the data ask for.

    J(λ) = J + (λ/2m) Σ θ²              the sum is over the weights of all layers; biases are left out
    ∂J(λ)/∂θ = ∂J/∂θ + (λ/m) θ
    θ ← (1 - α λ/m) θ - α ∂J/∂θ         one step of descent: every weight decays a little first

With λ near 0 the boundary winds around single points and does badly on new ones; with a λ that is too large it can
hardly bend. Between them lies the least cost on data that were held out.

    uv run examples/course/10_regularisation.py [--backend numpy]
"""

from copy import deepcopy

from page import COLOURS, Page, draw_classes, main, minimise
from sklearn.datasets import load_breast_cancer, make_moons
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import scale

import nnx


def squares(model: nnx.Layer):
    """Σ θ² over the weights of all layers."""
    weights = [θ for name, θ in model.parameters().items() if not name.endswith("bias")]
    return sum(nnx.array_namespace(θ).sum(θ**2) for θ in weights)


def cost(model: nnx.Layer, x, y, λ: float = 0.0):
    J = nnx.losses.binary_cross_entropy_with_logits(model(x), y)
    return J + λ / (2 * x.shape[0]) * squares(model)


def run(page: Page) -> None:
    points, labels = make_moons(360, noise=0.35, random_state=10)
    x, y = page.array(points[:60]), page.array(labels[:60, None])
    held_out = page.array(points[60:]), page.array(labels[60:, None])
    λ, m, α = 2.0, 60, 0.1
    nnx.seed(10)
    start = nnx.Sequential(nnx.Linear(2, 16), nnx.Tanh(), nnx.Linear(16, 1)).astype("float64")
    model, twin = deepcopy(start), deepcopy(start)
    gradients, plain = nnx.grad(cost)(model, x, y, λ), nnx.grad(cost)(model, x, y)
    for name, θ in model.parameters().items():
        gain = 0 * θ if name.endswith("bias") else λ / m * θ
        page.claim(f"{name}: gain of the gradient, and formula", gradients[name] - plain[name], gain, 1e-15)

    descent = nnx.optim.SGD(model, learning_rate=α)
    decay = nnx.optim.SGD(twin, learning_rate=α, weight_decay=λ / m, groups={"*bias": {"weight_decay": 0.0}})
    for _ in range(50):
        descent.update(nnx.grad(cost)(model, x, y, λ))
        decay.update(nnx.grad(cost)(twin, x, y))
    page.claim("θ by descent on J(λ), and by decay", model[0].weight, twin[0].weight, 1e-12)

    data = load_breast_cancer()
    features = scale(data.data)  # mean 0, variance 1
    neuron = nnx.Linear(30, 1).astype("float64")
    minimise(neuron, cost, page.array(features), page.array(data.target[:, None]), λ)
    exact = LogisticRegression(C=1 / λ, solver="newton-cholesky", tol=1e-12).fit(features, data.target)
    page.claim("θ of one neuron, and scikit-learn's with C = 1/λ", neuron.weight, exact.coef_, 1e-6)

    λs = [0.001, 0.01, 0.1, 1.0, 10.0]
    models = [minimise(deepcopy(start), cost, x, y, λ) for λ in λs]
    sums = [float(squares(model)) for model in models]
    here, there = ([float(cost(model, *data)) for model in models] for data in ((x, y), held_out))
    for small, large, λ in zip(sums[1:], sums, λs[1:], strict=False):
        page.claim(f"Σ θ² with λ = {λ:g}, and with a tenth of it", small, large, relation="<=")
    page.claim("cost on held-out points, λ = 0.1 and 0.001", there[2], there[0], relation="<=")
    page.claim("cost on held-out points, λ = 0.1 and 10", there[2], there[4], relation="<=")

    with page.figure(columns=2, rows=2, height=2.4) as axes:
        for ax, k in zip(axes[0], (0, 2), strict=True):
            surface = page.over_plane(models[k], (-2, 3), (-1.7, 2.2))
            ax.contourf(*surface, [-1e9, 0, 1e9], colors=COLOURS[:2], alpha=0.25)
            draw_classes(ax, points[:60], labels[:60], ms=6)
            ax.set(title=f"λ = {λs[k]:g}", xlabel="x₁", ylabel="x₂")
        axes[1, 0].loglog(λs, sums, "o-", ms=4)
        axes[1, 0].set(xlabel="λ", ylabel="Σ θ²")
        axes[1, 1].loglog(λs, here, "o-", λs, there, "s--", ms=4)
        axes[1, 1].set(xlabel="λ", ylabel="cost J")
        axes[1, 1].legend(["training points", "held-out points"])


if __name__ == "__main__":
    main(__file__, run)
