"""8. Activations: what a neuron makes of its weighted sum z, and how steep that is.

    linear        g(z) = z                          g′ = 1
    sigmoid       σ(z) = 1 / (1 + e⁻ᶻ)              σ′ = σ(1 - σ), at most ¼
    tanh          (eᶻ - e⁻ᶻ) / (eᶻ + e⁻ᶻ)           tanh′ = 1 - tanh², at most 1
    ReLU          max(z, 0)                         1[z ≥ 0]
    leaky ReLU    z where z ≥ 0, else β z           1 where z ≥ 0, else β: it never goes quite flat
    softmax       ŷᵢ = eᶻⁱ / Σₖ eᶻᵏ                 ∂ŷᵢ/∂zₖ = ŷᵢ(1[i = k] - ŷₖ)

Descent multiplies by g′, so where g is flat nothing is learnt. At its corner ReLU has no slope; any number from 0
to 1 serves, and as in PyTorch it is 0 here, not the 1 of 1[z ≥ 0].

    uv run examples/course/08_activations.py [--backend numpy]
"""

import numpy as np
from page import Page, main

import nnx
import nnx.functional as F

FORMULAS = {  # g(z), and g′ by z and a = g(z)
    "linear": (lambda z: z, lambda z, a: 0 * z + 1),
    "sigmoid": (F.sigmoid, lambda z, a: a * (1 - a)),
    "tanh": (F.tanh, lambda z, a: 1 - a**2),
    "ReLU": (F.relu, lambda z, a: rectified(z, 0.0)),
    "leaky ReLU": (F.leaky_relu, lambda z, a: rectified(z, 0.01)),  # the usual β
    "leaky ReLU, β = 0.2": (lambda z: F.leaky_relu(z, 0.2), lambda z, a: rectified(z, 0.2)),
}


def rectified(z, β: float):
    """1 where z ≥ 0, else β."""
    return nnx.array_namespace(z).where(z >= 0, 0 * z + 1, β)


def first_of_three(z):
    """The first of softmax((z, 1, 0)), for every z."""
    xp = nnx.array_namespace(z)
    return F.softmax(xp.stack((z, 0 * z + 1, 0 * z)), axis=0)[0, ...]


def with_slope(g, z):
    """g(z), and its slope at every z: how g moves when all z move at the pace 1."""
    return nnx.jvp(g, (z,), (0 * z + 1,))


def run(page: Page) -> None:
    line = np.linspace(-4, 4, 200)  # an even number of points leaves out the corner at 0
    z = page.array(line)
    for name, (g, slope) in FORMULAS.items():
        a, traced = with_slope(g, z)
        page.claim(f"{name}: traced slope and g′", traced, slope(z, a), 1e-15)

    zero = page.array([0.0])
    page.claim("sigmoid: slope at 0, the steepest", with_slope(F.sigmoid, zero)[1][0], 0.25)
    page.claim("tanh: slope at 0, the steepest", with_slope(F.tanh, zero)[1][0], 1)
    page.claim("ReLU: slope at its corner", with_slope(F.relu, zero)[1][0], 0)
    page.claim("tanh(z) and 2σ(2z) - 1, rescaled", F.tanh(z), 2 * F.sigmoid(2 * z) - 1, 1e-15)

    scores = page.array([2.0, 1.0, -0.5])
    ŷ = F.softmax(scores)
    page.claim("softmax: probabilities add up to", page.xp.sum(ŷ), 1, 1e-15)
    by_formula = page.array(np.eye(3)) * ŷ - ŷ[:, None] * ŷ[None, :]
    page.claim("softmax: traced ∂ŷ/∂z and formula", nnx.jacobian(F.softmax)(scores), by_formula, 1e-15)
    of_two = F.softmax(page.array([1.5, 0.0]))[0]
    page.claim("softmax of (z, 0) and σ(z): the same for two", of_two, F.sigmoid(page.array(1.5)), 1e-15)

    drawn = {name: g for name, (g, _) in FORMULAS.items() if name != "leaky ReLU"}
    drawn["softmax: first of (z, 1, 0)"] = first_of_three
    with page.figure(columns=3, rows=2, height=2.3) as axes:
        for ax, (name, g) in zip(axes.flat, drawn.items(), strict=True):
            a, slope = (np.array(nnx.to_numpy(values)) for values in with_slope(g, z))
            slope[np.abs(np.diff(slope, append=slope[-1])) > 0.1] = np.nan  # no line up a jump
            ax.plot(line, a, color="tab:blue", label="g(z)")
            ax.plot(line, slope, "--", color="tab:orange", label="g′(z)")
            ax.set(title=name, xlabel="z", ylim=(-1.25, 2.25), xticks=[-4, -2, 0, 2, 4], yticks=[-1, 0, 1, 2])
            ax.label_outer()
        axes[0, 0].legend(fontsize=9, loc="lower right")


if __name__ == "__main__":
    main(__file__, run)
