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

STARTS = {  # weights of the old start are uniform up to ±1/√n, whatever the activation
    "old start": lambda g: nnx.init.uniform((n, n), -(n**-0.5), n**-0.5, dtype="float64"),
    # Normal, of variance gain²/n; the gain is 1 for sigmoid, 5/3 for tanh and √2 for ReLU (Glorot; He).
    "own start": lambda g: nnx.init.xavier_normal((n, n), nnx.init.calculate_gain(g), dtype="float64"),
}


def cost(shifts, Θ, g, x, E):
    """J and all A⁽ˡ⁾, with a shift added to every Z⁽ˡ⁾: J's gradient by it is δ⁽ˡ⁾."""
    A = [x]
    for Θl, shift in zip(Θ, shifts, strict=True):
        A.append(g(A[-1] @ Θl + shift))
    return nnx.array_namespace(E).sum(E * A[-1]) / m, A


def run(page: Page) -> None:
    rng = np.random.default_rng(15)
    x, E = page.array(rng.normal(size=(m, n))), page.array(rng.normal(size=(m, n)))
    zeros, norms, kept, foretold = [0 * x] * L, {}, {}, {}
    for start, weights in STARTS.items():
        for name, (g, slope) in ACTIVATIONS.items():
            Θ = [weights(name) for _ in range(L)]
            δ, A = nnx.grad(cost, has_aux=True)(zeros, Θ, g, x, E)
            δ, A = (np.stack([nnx.to_numpy(values) for values in layers]) for layers in (δ, A))
            variance = np.var([nnx.to_numpy(Θl) for Θl in Θ])
            norms[start, name] = np.sqrt((δ**2).sum(axis=(1, 2)))
            kept[start, name] = norms[start, name][0] / norms[start, name][-1]
            foretold[start, name] = np.sqrt(n * variance * (slope(A[1:-1]) ** 2).mean())

    print("  ‖δ‖     ", *(f"{start:>10}" for start, _ in norms))
    print("  by layer", *(f"{name:>10}" for _, name in norms))
    for l in range(L):
        print(f"  {l + 1:8}", *(f"{size[l]:10.1e}" for size in norms.values()))
    by_layer = np.asarray(list(kept.values())) ** (1 / (L - 1))
    page.claim("kept by a layer, and as foretold", by_layer, np.asarray(list(foretold.values())), 0.02)
    page.claim("sigmoid, own start: kept by a layer", by_layer[3], 0.25, relation="<=")
    page.claim("sigmoid, own start: first ‖δ‖ / last", kept["own start", "sigmoid"], 1e-6, relation="<=")
    for name in ("tanh", "relu"):
        page.claim(f"{name}, old start: first ‖δ‖ / last", kept["old start", name], 1e-3, relation="<=")
        page.claim(f"{name}, own start: first ‖δ‖ / last", kept["own start", name], 0.1, relation=">=")

    with page.figure(columns=2, height=2.8) as axes:
        variances = ("1/3n", "gain²/n")
        for ax, start, variance in zip(axes, STARTS, variances, strict=True):
            for name, mark in zip(ACTIVATIONS, "osD", strict=True):
                ax.semilogy(range(1, L + 1), norms[start, name], mark + "-", ms=3, label=name)
            ax.set(title=f"{start}: variance {variance}", xlabel="layer", ylabel="‖δ‖")
            ax.set(ylim=(1e-14, 10), xticks=[1, 4, 8, 12, 16])
            ax.label_outer()
        axes[1].legend()


if __name__ == "__main__":
    main(__file__, run)
