"""17. Polynomial features against a network, on two spirals that no line separates.

    one neuron on products      ŷ = σ(θ · (x₁, x₂, x₁², x₁x₂, x₂², …) + b)       every product of up to d inputs
    their number                C(n + d, d) - 1 of n inputs
    a network                   ŷ = σ(v · tanh(x Θ + b) + c)                     eight neurons make their own features
    J = -(1/m) Σ [y log ŷ + (1 - y) log(1 - ŷ)] + (λ/2m) Σ θ²                   biases left out

In a plane the third degree suffices, with 9 products. Let the spirals be two of ten inputs, of which eight tell
nothing: the third degree has 285 products for 400 examples, and much of what the neuron learns is chance, whatever λ
is. The network finds the two inputs that matter.

    uv run examples/course/17_polynomial_features.py [--backend numpy]
"""

from math import comb

import numpy as np
from page import Page, main
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

import nnx

m, λ, DEGREES = 400, 0.01, {2: range(1, 7), 10: range(1, 5)}


def spirals(m: int, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Points on two arms that wind around each other once, with n - 2 further inputs that say nothing."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, (m, 1))
    out = np.sqrt(rng.uniform(0.03, 1, (m, 1)))
    turn = 2 * np.pi * out + np.pi * y
    arms = out * np.hstack([np.cos(turn), np.sin(turn)]) + 0.03 * rng.normal(size=(m, 2))
    return np.hstack([arms, 0.5 * rng.normal(size=(m, n - 2))]), y


@nnx.value_and_grad
def cost_and_gradients(model: nnx.Layer, x, y):
    weights = [θ for name, θ in model.parameters().items() if name.endswith("weight")]
    square = sum(nnx.array_namespace(θ).sum(θ**2) for θ in weights)
    return nnx.losses.binary_cross_entropy_with_logits(model(x), y) + λ / 2 / m * square


def fit(page: Page, x: np.ndarray, y: np.ndarray, d: int, hidden: int = 0):
    """z of any points, so that ŷ > ½ where it is above 0, and how many parameters it took."""
    products = make_pipeline(PolynomialFeatures(d, include_bias=False), StandardScaler())
    p, t = page.array(products.fit_transform(x)), page.array(y)
    k = p.shape[1]
    network = nnx.Sequential(nnx.Linear(k, hidden), nnx.Tanh(), nnx.Linear(hidden, 1)) if hidden else None
    model = (network or nnx.Linear(k, 1)).astype("float64")
    optimizer = nnx.optim.LBFGS(model, max_iter=150, tolerance_grad=1e-7, line_search_fn="strong_wolfe")
    optimizer.update(lambda: cost_and_gradients(model, p, t))
    size = sum(θ.size for θ in model.parameters().values())
    return lambda x: nnx.to_numpy(model(page.array(products.transform(x)))), size


def run(page: Page) -> None:
    z, sizes, right = {}, {}, {}  # by n and degree, and of the network
    for n, degrees in DEGREES.items():
        (x, y), (x_new, y_new) = spirals(m, n, seed=17), spirals(2000, n, seed=18)
        for d in degrees:
            z[n, d], sizes[n, d] = fit(page, x, y, d)
        z[n, "network"], sizes[n, "network"] = fit(page, x, y, 1, hidden=8)
        for key in [key for key in z if key[0] == n]:
            right[key] = np.mean((z[key](x_new) > 0) == y_new)

    page.claim("n = 2: told right by a line", right[2, 1], 0.8, relation="<=")
    enough = min(d for d in DEGREES[2] if right[2, d] >= 0.99)
    page.claim("n = 2: the first degree to tell 99 % right", enough, 3)
    page.claim("n = 2: its products, and C(5, 3) - 1", sizes[2, 3] - 1, comb(5, 3) - 1)
    page.claim("n = 2: told right by the network", right[2, "network"], 0.99, relation=">=")
    best = max(right[10, d] for d in DEGREES[10])
    page.claim("n = 10: told right by the best degree of four", best, 0.9, relation="<=")
    page.claim("n = 10: products of degree 4, and C(14, 4) - 1", sizes[10, 4] - 1, comb(14, 4) - 1)
    page.claim("n = 10: told right by the network", right[10, "network"], 0.97, relation=">=")
    page.claim("n = 10: its parameters, 10·8 + 8 + 8 + 1", sizes[10, "network"], 97)

    side = np.linspace(-1.2, 1.2, 120)
    plane = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    with page.figure(columns=3, height=2.7) as (left, middle, last):
        x, y = spirals(m, 2, seed=17)
        left.scatter(*x.T, c=np.where(y[:, 0], "tab:orange", "tab:blue"), s=2)
        for key, dashes in ((1, ":"), (3, "--"), ("network", "-")):
            left.contour(side, side, z[2, key](plane).reshape(120, 120), [0], colors="k", linestyles=dashes)
            left.plot([], [], "k" + dashes, label=key if key == "network" else f"degree {key}")
        left.set(xlabel="x₁", ylabel="x₂", ylim=(-1.2, 1.9))
        left.legend(fontsize=7, loc="upper center", ncols=2)
        for n, colour in ((2, "tab:green"), (10, "tab:purple"), (64, "tab:red")):
            style, dashed = {"marker": "o", "ms": 3, "color": colour}, {"ls": "--", "lw": 1, "color": colour}
            if n in DEGREES:
                middle.plot(DEGREES[n], [right[n, d] for d in DEGREES[n]], **style)
                middle.axhline(right[n, "network"], **dashed)
            last.semilogy(range(1, 7), [comb(n + d, d) for d in range(1, 7)], **style, label=f"n = {n}")
            last.axhline(8 * n + 8 + 8 + 1, **dashed)
        middle.plot([], [], "k--", lw=1, label="network")
        middle.set(xlabel="degree d", ylabel="share of new points told right", xticks=[1, 2, 3, 4, 5, 6])
        middle.legend(fontsize=7, loc="center right")
        last.set(xlabel="degree d", ylabel="parameters", xticks=[1, 2, 3, 4, 5, 6])
        last.legend(fontsize=7)


if __name__ == "__main__":
    main(__file__, run)
