"""17. Polynomial features against a network, on two spirals that no line separates.

    one neuron on products  ŷ = σ(θ · (x₁, x₂, x₁², x₁x₂, …) + b)       C(n + d, d) - 1 products of up to d of n inputs
    a network               ŷ = σ(v · tanh(x Θ + b) + c)                eight neurons make their own features
    J = -(1/m) Σ [y log ŷ + (1 - y) log(1 - ŷ)] + (λ/2m) Σ θ²           biases left out

In a plane the third degree suffices, with 9 products. Add eight inputs that tell nothing: the third degree has 285
products for 400 examples, and much of what its neuron learns is chance. The network finds the two that matter.

    uv run examples/course/17_polynomial_features.py [--backend numpy]
"""

import numpy as np
from page import Page, draw_boundary, draw_classes, main, minimise
from scipy.special import comb
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


def cost(model: nnx.Layer, x, y):
    square = sum(nnx.array_namespace(θ).sum(θ**2) for θ in model.parameters().values() if θ.ndim == 2)
    return nnx.losses.binary_cross_entropy_with_logits(model(x), y) + λ / 2 / m * square


def fit(page: Page, n: int, d: int | str):
    """The share of new points that are told right, the number of parameters, and z (ŷ > ½ where z > 0) of points."""
    (x, y), (x_new, y_new) = spirals(m, n, seed=17), spirals(2000, n, seed=18)
    powers = PolynomialFeatures(1 if d == "network" else d, include_bias=False)
    products = make_pipeline(powers, StandardScaler())
    p, p_new = page.array(products.fit_transform(x)), page.array(products.transform(x_new))
    net = (nnx.Linear(n, 8), nnx.Tanh(), nnx.Linear(8, 1)) if d == "network" else (nnx.Linear(p.shape[1], 1),)
    model = minimise(nnx.Sequential(*net).astype("float64"), cost, p, page.array(y), steps=80)
    right = np.mean((nnx.to_numpy(model(p_new)) > 0) == y_new)
    size = sum(θ.size for θ in model.parameters().values())
    return right, size, lambda x: model(page.array(products.transform(nnx.to_numpy(x))))


def run(page: Page) -> None:
    fits = {(n, d): fit(page, n, d) for n in DEGREES for d in (*DEGREES[n], "network")}
    right, sizes, z = ({key: fit[k] for key, fit in fits.items()} for k in range(3))

    page.claim("n = 2: told right by a line", right[2, 1], 0.8, relation="<=")
    enough = min(d for d in DEGREES[2] if right[2, d] >= 0.99)
    page.claim("n = 2: the first degree to tell 99 % right", enough, 3)
    page.claim("n = 2: its products, and C(5, 3) - 1", sizes[2, 3] - 1, comb(5, 3) - 1)
    page.claim("n = 2: told right by the network", right[2, "network"], 0.99, relation=">=")
    page.claim("n = 10: told right by the best degree", max(right[10, d] for d in DEGREES[10]), 0.9, 0, "<=")
    page.claim("n = 10: products of degree 4, and C(14, 4) - 1", sizes[10, 4] - 1, comb(14, 4) - 1)
    page.claim("n = 10: told right by the network", right[10, "network"], 0.97, relation=">=")
    page.claim("n = 10: its parameters, 10·8 + 8 + 8 + 1", sizes[10, "network"], 97)

    with page.figure(columns=3, height=2.7) as (left, middle, last):
        draw_classes(left, *spirals(m, 2, seed=17), names=[None, None], ms=2)
        for name, key, dashes in (("degree 1", 1, ":"), ("degree 3", 3, "--"), ("network", "network", "-")):
            draw_boundary(left, page.over_plane(z[2, key], (-1.2, 1.2)), "k" + dashes, name)
        left.set(xlabel="x₁", ylabel="x₂", ylim=(-1.2, 1.9))
        left.legend(loc="upper center", ncols=2)
        for n, colour in ((2, "tab:green"), (10, "tab:purple"), (64, "tab:red")):
            last.semilogy(DEGREES[2], comb(n + np.arange(1, 7), n), ".-", color=colour, label=f"n = {n}")
            last.axhline(8 * n + 8 + 8 + 1, color=colour, ls="--", lw=1)
            if n in DEGREES:
                middle.plot(DEGREES[n], [right[n, d] for d in DEGREES[n]], ".-", color=colour)
                middle.axhline(right[n, "network"], color=colour, ls="--", lw=1)
        for ax, what in ((middle, "share of new points told right"), (last, "parameters")):
            ax.set(title="dashed: the network", xlabel="degree d", ylabel=what, xticks=DEGREES[2])
        last.legend()


if __name__ == "__main__":
    main(__file__, run)
