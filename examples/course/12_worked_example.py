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

from page import Page, draw_network, main

import nnx
import nnx.functional as F

NAMES = "w₁ w₂ w₃ w₄ w₅ w₆ w₇ w₈".split()
DIGITS = 5e-11  # ten decimals, rounded


@nnx.value_and_grad
def error_and_gradients(network: nnx.Layer, x, t):
    return nnx.losses.half_squared_error(network(x), t)


def weights(network: nnx.Layer) -> list[float]:
    """w₁ … w₈: Linear keeps Θᵀ, a row for each neuron, so they are in order."""
    return [float(w) for layer in (network[0], network[2]) for w in nnx.to_numpy(layer.weight).flat]


def run(page: Page) -> None:
    x, t, α = page.array([0.05, 0.10]), page.array([0.01, 0.99]), 0.5
    network = nnx.Sequential(nnx.Linear(2, 2), nnx.Sigmoid(), nnx.Linear(2, 2), nnx.Sigmoid())
    network.astype("float64")
    network.load_state_dict({
        "0.weight": page.array([[0.15, 0.20], [0.25, 0.30]]), "0.bias": page.array([0.35, 0.35]),
        "2.weight": page.array([[0.40, 0.45], [0.50, 0.55]]), "2.bias": page.array([0.60, 0.60]),
    })  # fmt: skip
    network.freeze("*.bias")

    Θ1, b1, Θ2, b2 = network.parameters().values()
    h = F.sigmoid(Θ1 @ x + b1)
    o = F.sigmoid(Θ2 @ h + b2)
    E, gradients = error_and_gradients(network, x, t)
    page.claim("o₁", network(x)[0], 0.7513650696, DIGITS)
    page.claim("o₂", network(x)[1], 0.7729284653, DIGITS)
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
    paper = [0.1497807161, 0.1995614323, 0.2497511436, 0.2995022873]  # w₁ … w₄
    paper += [0.3589164797, 0.4086661861, 0.5113012702, 0.5613701211]  # w₅ … w₈
    for name, w, expected in zip(NAMES, after, paper, strict=True):
        page.claim(f"{name} after one update", w, expected, DIGITS)
    for _ in range(10_000):
        E, gradients = error_and_gradients(network, x, t)
        errors.append(float(E))
        optimizer.update(gradients)
    page.claim("E after one update", errors[1], 0.2910277737, DIGITS)
    page.claim("E after 10,000", errors[10_000], 3.510188e-05, 5e-12)

    with page.figure(rows=2, height=2.3) as (top, bottom):
        layers = (("x", x), ("h", h), ("o", o))
        neurons = [[f"{name}₁\n{float(a[0]):.3f}", f"{name}₂\n{float(a[1]):.3f}"] for name, a in layers]
        steps = [f"{name}: {w:.2f} → {v:.4f}" for name, w, v in zip(NAMES, before, after, strict=True)]
        draw_network(top, neurons, steps)
        bottom.loglog(range(1, len(errors)), errors[1:], color="tab:blue")
        bottom.set(xlabel="updates", ylabel="error E")


if __name__ == "__main__":
    main(__file__, run)
