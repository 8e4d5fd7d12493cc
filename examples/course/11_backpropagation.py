"""11. Backpropagation by hand: the errors δ of a layer from those of the one behind it.

    Z⁽ˡ⁾ = A⁽ˡ⁻¹⁾Θ⁽ˡ⁾ + b⁽ˡ⁾,  A⁽ˡ⁾ = g(Z⁽ˡ⁾)          forward, from A⁽⁰⁾ = X; at the end softmax
    J = -(1/m) Σ Σₖ yₖ log aₖ
    δ⁽ᴸ⁾ = A⁽ᴸ⁾ - Y                                 the last layer's error
    δ⁽ˡ⁾ = (δ⁽ˡ⁺¹⁾ Θ⁽ˡ⁺¹⁾ᵀ) ∘ g′(Z⁽ˡ⁾)                 backward; σ′ = a(1 - a)
    ∂J/∂Θ⁽ˡ⁾ = (1/m) A⁽ˡ⁻¹⁾ᵀ δ⁽ˡ⁾,  ∂J/∂b⁽ˡ⁾ = (1/m) Σ δ⁽ˡ⁾

Tracing does the same sums. A check without calculus is the quotient (J(θ + εv) - J(θ - εv)) / 2ε, along some way v. It
is only as good as its ε: a large one cuts across the curve, and a small one drowns in rounding.

    uv run examples/course/11_backpropagation.py [--backend numpy]
"""

import numpy as np
from page import Page, main
from sklearn.datasets import load_digits

import nnx
import nnx.functional as F


def forward(layers, x):
    """A⁽⁰⁾, A⁽¹⁾ … A⁽ᴸ⁾."""
    A = [x]
    for Θ, b in layers:
        Z = A[-1] @ Θ + b
        A.append(F.sigmoid(Z) if len(A) < len(layers) else F.softmax(Z))
    return A


def cost(layers, x, y):
    xp = nnx.array_namespace(x, y)
    return -xp.sum(y * xp.log(forward(layers, x)[-1])) / x.shape[0]


def backpropagation(layers, x, y):
    """∂J/∂Θ and ∂J/∂b of every layer, by hand."""
    xp, m = nnx.array_namespace(x, y), x.shape[0]
    *A, ŷ = forward(layers, x)
    δ, gradients = ŷ - y, []
    for (Θ, _), a in zip(reversed(layers), reversed(A), strict=True):  # a goes into the layer that has Θ
        gradients.append((a.T @ δ / m, xp.sum(δ, axis=0) / m))
        δ = (δ @ Θ.T) * a * (1 - a)  # of the layer before, which gave a
    return gradients[::-1]


def moved_along(layers, v, step: float):
    return [(Θ + step * dΘ, b + step * db) for (Θ, b), (dΘ, db) in zip(layers, v, strict=True)]


def run(page: Page) -> None:
    digits, m = load_digits(), 500
    x, y = page.array(digits.data[:m] / 16), page.array(np.eye(10)[digits.target[:m]])
    sizes = ((64, 24), (24, 16), (16, 10))
    layers = [(nnx.init.xavier_normal(nk, dtype="float64"), page.array(np.zeros(nk[1]))) for nk in sizes]
    traced, by_hand = nnx.grad(cost)(layers, x, y), backpropagation(layers, x, y)
    for l, ((dΘ, db), (hΘ, hb)) in enumerate(zip(traced, by_hand, strict=True), 1):
        page.claim(f"∂J/∂Θ of layer {l}, traced and by hand", dΘ, hΘ, 1e-15)
        page.claim(f"∂J/∂b of layer {l}, traced and by hand", db, hb, 1e-15)

    rng, εs, errors = np.random.default_rng(11), np.logspace(-11, 0, 34), []
    v = [[page.array(rng.normal(size=p.shape)) for p in layer] for layer in layers]
    slope = sum(float(page.xp.sum(by_hand[l][k] * v[l][k])) for l in range(3) for k in (0, 1))
    for ε in εs.tolist():
        difference = float(cost(moved_along(layers, v, ε), x, y) - cost(moved_along(layers, v, -ε), x, y))
        errors.append(abs(difference / (2 * ε) - slope))
    page.claim("error of the quotient of differences, best ε", min(errors), 1e-9, relation="<=")

    for _ in range(150):
        layers = moved_along(layers, backpropagation(layers, x, y), -2.0)  # descent with α = 2
    right = nnx.to_numpy(forward(layers, x)[-1]).argmax(axis=1) == digits.target[:m]
    page.claim("digits told right after descent by hand", right.mean(), 0.95, relation=">=")

    with page.figure() as ax:
        ax.loglog(εs, errors, "o-", ms=3, label="error of the quotient")
        ax.loglog(εs, errors[-10] * (εs / εs[-10]) ** 2, "k--", lw=1, label="cutting across: ∝ ε²")
        ax.loglog(εs, 2e-16 / εs, "k:", lw=1, label="rounding: ∝ 1/ε")
        ax.set(xlabel="ε", ylabel="error of the slope of J", ylim=(1e-12, 10))
        ax.legend(loc="upper left")


if __name__ == "__main__":
    main(__file__, run)
