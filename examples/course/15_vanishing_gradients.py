"""15. Vanishing gradients: what of an error comes through sixteen layers of sigmoid, tanh and ReLU.

    Z⁽ˡ⁾ = A⁽ˡ⁻¹⁾Θ⁽ˡ⁾,  A⁽ˡ⁾ = g(Z⁽ˡ⁾)                  L layers of n neurons; A⁽⁰⁾ = X
    J = (1/m) Σ E ∘ A⁽ᴸ⁾                                random errors E at the outputs, on their way back
    δ⁽ˡ⁾ = ∂J/∂Z⁽ˡ⁾ = (δ⁽ˡ⁺¹⁾ Θ⁽ˡ⁺¹⁾ᵀ) ∘ g′(Z⁽ˡ⁾)
    ‖δ⁽ˡ⁾‖ ≈ √(n Var Θ · mean g′²) ‖δ⁽ˡ⁺¹⁾‖             what a layer of random weights keeps of it
    σ′ = a(1 - a) ≤ ¼,  tanh′ = 1 - a² ≤ 1,  relu′ = 0 or 1

From the old start, uniform weights of variance 1/3n, all three lose the error on its way to the first layers, which
then learn next to nothing. Weights of the right size mend it for tanh, and for ReLU, which passes half of the error on
whole: variance 2/n makes up for the other half. The sigmoid, nowhere steeper than ¼, still keeps less than a quarter.

    uv run examples/course/15_vanishing_gradients.py [--backend numpy]
"""

import numpy as np
from page import Page, main

import nnx
import nnx.functional as F

L, n, m = 16, 64, 100
ACTIVATIONS = {  # g, and g′ of a = g(z)
    "sigmoid": (F.sigmoid, lambda a: a * (1 - a)),
    "tanh": (F.tanh, lambda a: 1 - a**2),
    "relu": (F.relu, lambda a: 1.0 * (a > 0)),
}


def old_start(name: str):
    """Uniform up to ±1/√n, whatever the activation."""
    return nnx.init.uniform((n, n), -(n**-0.5), n**-0.5, dtype="float64")


def own_start(name: str):
    """Normal, of variance gain²/n, where the gain is 1 for sigmoid, 5/3 for tanh and √2 for ReLU (Glorot; He)."""
    return nnx.init.xavier_normal((n, n), gain=nnx.init.calculate_gain(name), dtype="float64")


def forward(Θ, g, x, shifts):
    """A⁽¹⁾ … A⁽ᴸ⁾, with something added to every Z."""
    A = [x]
    for Θl, shift in zip(Θ, shifts, strict=True):
        A.append(g(A[-1] @ Θl + shift))
    return A[1:]


def cost(shifts, Θ, g, x, E):
    """J: its gradient by what is added to Z⁽ˡ⁾ is δ⁽ˡ⁾."""
    a = forward(Θ, g, x, shifts)[-1]
    return nnx.array_namespace(a, E).sum(E * a) / m


def run(page: Page) -> None:
    rng = np.random.default_rng(15)
    x, E = page.array(rng.normal(size=(m, n))), page.array(rng.normal(size=(m, n)))
    zeros, norms, kept, foretold = [0 * x] * L, {}, {}, {}
    for start in (old_start, own_start):
        for name, (g, slope) in ACTIVATIONS.items():
            Θ = [start(name) for _ in range(L)]
            δ = np.asarray([nnx.to_numpy(δl) for δl in nnx.grad(cost)(zeros, Θ, g, x, E)])
            A = np.asarray([nnx.to_numpy(a) for a in forward(Θ, g, x, zeros)])
            variance = np.var([nnx.to_numpy(Θl) for Θl in Θ])
            norms[start, name] = np.sqrt((δ**2).sum(axis=(1, 2)))
            kept[start, name] = norms[start, name][0] / norms[start, name][-1]
            foretold[start, name] = np.sqrt(n * variance * (slope(A[:-1]) ** 2).mean())

    print("  ‖δ‖ by layer:", *(f"{name:>9}" for _, name in norms))
    for l in range(L):
        print(f"  {l + 1:12}", *(f"{size[l]:9.1e}" for size in norms.values()))
    by_layer = np.asarray(list(kept.values())) ** (1 / (L - 1))
    page.claim("kept by a layer, and as foretold", by_layer, np.asarray(list(foretold.values())), 0.02)
    page.claim("sigmoid, own start: kept by a layer", by_layer[3], 0.25, relation="<=")
    page.claim("sigmoid, own start: first ‖δ‖ / last", kept[own_start, "sigmoid"], 1e-6, relation="<=")
    for name in ("tanh", "relu"):
        page.claim(f"{name}, old start: first ‖δ‖ / last", kept[old_start, name], 1e-3, relation="<=")
        page.claim(f"{name}, own start: first ‖δ‖ / last", kept[own_start, name], 0.1, relation=">=")

    with page.figure(columns=2, height=2.8) as axes:
        titles = ("uniform weights, variance 1/3n", "variance gain²/n")
        for ax, start, title in zip(axes, (old_start, own_start), titles, strict=True):
            for name, mark in zip(ACTIVATIONS, "osD", strict=True):
                ax.semilogy(range(1, L + 1), norms[start, name], mark + "-", ms=3, label=name)
            ax.set(xlabel="layer", ylabel="‖δ‖", ylim=(1e-14, 10), xticks=[1, 4, 8, 12, 16])
            ax.set_title(title, fontsize=9)
            ax.label_outer()
        axes[1].legend(fontsize=7)


if __name__ == "__main__":
    main(__file__, run)
