"""12. Backpropagation in numbers: a network of 2-2-2 sigmoid neurons takes one step, and then ten thousand.

    h = σ(x Θ⁽¹⁾ + b₁)                  the hidden neurons; Θ⁽¹⁾ has w₁ w₂ in its first column, w₃ w₄ in its second
    o = σ(h Θ⁽²⁾ + b₂)                  the outputs; Θ⁽²⁾ has w₅ w₆ and w₇ w₈
    E = Σ ½(t - o)²                     the error, t what the outputs should be
    δₒ = (o - t) ∘ o ∘ (1 - o)          what of E comes through each output: ∂E/∂w₅ = δₒ₁ h₁
    δₕ = (δₒ Θ⁽²⁾ᵀ) ∘ h ∘ (1 - h)       and through each hidden neuron: ∂E/∂w₁ = δₕ₁ x₁
    w ← w - α ∂E/∂w                     for all eight weights at once; b₁ and b₂ are left as they are

It is an example that many have worked on paper (after Mazur, 2015). Check your own numbers against it.

    uv run examples/course/12_worked_example.py [--backend numpy]
"""

from page import Page, main

import nnx
import nnx.functional as F

NAMES = "w₁ w₂ w₃ w₄ w₅ w₆ w₇ w₈".split()
OUTPUTS = (0.7513650696, 0.7729284653)
ONE_STEP = (0.1497807161, 0.1995614323, 0.2497511436, 0.2995022873)  # w₁ … w₄ after it
ONE_STEP += (0.3589164797, 0.4086661861, 0.5113012702, 0.5613701211)  # w₅ … w₈
DIGITS = 5e-11  # ten decimals, rounded


@nnx.value_and_grad
def error_and_gradients(network: nnx.Layer, x, t):
    return nnx.losses.half_squared_error(network(x), t)


def weights(network: nnx.Layer) -> list[float]:
    """w₁ … w₈: Linear keeps Θᵀ, a row for each neuron, so they are in order."""
    return [
        float(w) for name in ("0.weight", "2.weight") for w in nnx.to_numpy(network.parameters()[name]).flat
    ]


def draw_network(ax, before: list[float], after: list[float], x, h, o) -> None:
    """The neurons with what they give, and on each edge its weight before and after the step."""
    ax.axis("off")
    ax.set(xlim=(-0.15, 2.15), ylim=(-0.35, 1.3))
    ends = [(layer, i, j) for layer in (0, 1) for j in (0, 1) for i in (0, 1)]  # w₁ … w₈: to j, from i
    for k, (layer, i, j) in enumerate(ends):
        start, end, along = 1 - i, 1 - j, 0.5 if i == j else 0.28
        ax.plot([layer, layer + 1], [start, end], color="tab:gray", lw=1, zorder=1)
        ax.text(
            layer + along, start + along * (end - start), f"{NAMES[k]}: {before[k]:.2f} → {after[k]:.4f}",
            fontsize=7, ha="center", va="center", bbox={"fc": "white", "ec": "none", "pad": 1},
        )  # fmt: skip
    names = "x₁ x₂ h₁ h₂ o₁ o₂".split()
    for k, (name, value) in enumerate(zip(names, (*x, *h, *o), strict=True)):
        ax.plot(k // 2, 1 - k % 2, "o", ms=30, mfc="white", mec="tab:blue", zorder=2)
        ax.text(k // 2, 1 - k % 2, f"{name}\n{value:.3f}", fontsize=7, ha="center", va="center", zorder=3)


def run(page: Page) -> None:
    x, t, α = page.array([0.05, 0.10]), page.array([0.01, 0.99]), 0.5
    network = nnx.Sequential(nnx.Linear(2, 2), nnx.Sigmoid(), nnx.Linear(2, 2), nnx.Sigmoid()).astype(
        "float64"
    )
    network.load_state_dict({
        "0.weight": page.array([[0.15, 0.20], [0.25, 0.30]]), "0.bias": page.array([0.35, 0.35]),
        "2.weight": page.array([[0.40, 0.45], [0.50, 0.55]]), "2.bias": page.array([0.60, 0.60]),
    })  # fmt: skip
    network.freeze("*.bias")

    Θ1, b1, Θ2, b2 = network.parameters().values()
    h = F.sigmoid(Θ1 @ x + b1)
    o = F.sigmoid(Θ2 @ h + b2)
    E, gradients = error_and_gradients(network, x, t)
    page.claim("o₁", network(x)[0], OUTPUTS[0], DIGITS)
    page.claim("o₂", network(x)[1], OUTPUTS[1], DIGITS)
    page.claim("E", E, 0.2983711088, DIGITS)

    δo = (o - t) * o * (1 - o)
    δh = (Θ2.T @ δo) * h * (1 - h)
    page.claim("∂E/∂w₅", gradients["2.weight"][0, 0], 0.0821670406, DIGITS)
    page.claim("∂E/∂w₁", gradients["0.weight"][0, 0], 0.0004385677, DIGITS)
    page.claim("all ∂E/∂w₅ … w₈ and δₒ h", gradients["2.weight"], δo[:, None] * h, 1e-15)
    page.claim("all ∂E/∂w₁ … w₄ and δₕ x", gradients["0.weight"], δh[:, None] * x, 1e-15)

    optimizer, before = nnx.optim.SGD(network, learning_rate=α), weights(network)
    optimizer.update(gradients)
    after, errors = weights(network), [float(E)]
    for name, w, expected in zip(NAMES, after, ONE_STEP, strict=True):
        page.claim(f"{name} after one update", w, expected, DIGITS)
    for _ in range(10_000):
        E, gradients = error_and_gradients(network, x, t)
        errors.append(float(E))
        optimizer.update(gradients)
    page.claim("E after one update", errors[1], 0.2910277737, DIGITS)
    page.claim("E after 10,000", errors[10_000], 3.510188e-05, 5e-12)

    with page.figure(rows=2, height=2.3) as (top, bottom):
        draw_network(top, before, after, *(nnx.to_numpy(values) for values in (x, h, o)))
        bottom.loglog(range(1, len(errors)), errors[1:], color="tab:blue")
        bottom.set(xlabel="updates", ylabel="error E")


if __name__ == "__main__":
    main(__file__, run)
