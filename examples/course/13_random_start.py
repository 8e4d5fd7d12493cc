"""13. Why weights start at random: from zeros, all hidden neurons learn the same thing for ever.

    aⱼ = σ(wⱼ x + bⱼ)                           hidden neuron j of n
    ŷ = Σⱼ vⱼ aⱼ + c                            the output
    J = (1/m) Σ (y - ŷ)²
    ∂J/∂vⱼ = -(2/m) Σ (y - ŷ) aⱼ                where neurons are equal, so are their gradients,
    ∂J/∂wⱼ = -(2/m) Σ (y - ŷ) vⱼ aⱼ(1 - aⱼ) x   and after the step they are equal again

Equal neurons are one neuron, n times as loud: ŷ = n v σ(w x + b) + c only rises or only falls, so it comes no nearer
to a wave than the best function that does (isotonic regression). With tanh, which is 0 at 0, not even that: w, b and v
have no gradient at all, and ŷ stays the same everywhere. Neurons that start at random part, and share the work.

    uv run examples/course/13_random_start.py [--backend numpy]
"""

import numpy as np
from page import Page, main
from sklearn.isotonic import IsotonicRegression

import nnx

NEURONS, STEPS = 4, 500


@nnx.value_and_grad
def cost_and_gradients(network: nnx.Layer, x, y):
    return nnx.losses.mse_loss(network(x), y)


def trained(g: nnx.Layer, zeros: bool, x, y) -> tuple[nnx.Layer, np.ndarray, float]:
    """The network, the weights wⱼ, bⱼ, vⱼ of its hidden neurons at each step, and the cost at the end."""
    network = nnx.Sequential(nnx.Linear(1, NEURONS), g, nnx.Linear(NEURONS, 1)).astype("float64")
    if zeros:
        network.load_state_dict({name: 0 * θ for name, θ in network.parameters().items()})
    optimizer, path = nnx.optim.Adam(network, learning_rate=0.1), []
    for _ in range(STEPS):
        w, b, v, _ = (nnx.to_numpy(θ) for θ in network.parameters().values())
        path.append(np.stack([w[:, 0], b, v[0]]))
        _, gradients = cost_and_gradients(network, x, y)
        optimizer.update(gradients)
    return network, np.stack(path), float(cost_and_gradients(network, x, y)[0])


def run(page: Page) -> None:
    across = np.linspace(-2, 2, 50)
    wave = np.sin(1.5 * across + 3) + 0.1 * across
    x, y = page.array(across[:, None]), page.array(wave[:, None])
    equal, equal_path, equal_cost = trained(nnx.Sigmoid(), True, x, y)
    _, flat_path, flat_cost = trained(nnx.Tanh(), True, x, y)
    free, free_path, free_cost = trained(nnx.Sigmoid(), False, x, y)

    # On paper exactly 0. A library may round one neuron's sum unlike another's, so a little is allowed.
    page.claim("zeros: neurons ever apart", np.ptp(equal_path, axis=2).max(), 0, 1e-9)
    page.claim("zeros: they do move, w by", np.ptp(equal_path[:, 0]), 1, relation=">=")
    monotone = IsotonicRegression(increasing=False).fit(across, wave).predict(across)
    page.claim(
        "zeros: J, and of the best falling curve", equal_cost, np.mean((wave - monotone) ** 2), relation=">="
    )
    page.claim("zeros, tanh: largest weight ever", np.abs(flat_path).max(), 0)
    page.claim("zeros, tanh: J, and variance of y", flat_cost, wave.var(), 1e-6)
    end = free_path[-1]
    apart = np.linalg.norm(end[:, :, None] - end[:, None, :], axis=0) + np.diag([np.inf] * NEURONS)
    page.claim("random: distance of the nearest two neurons", apart.min(), 1, relation=">=")
    page.claim("random: J, as a share of that from zeros", free_cost / equal_cost, 0.05, relation="<=")

    with page.figure(columns=3, height=2.6) as (left, middle, right):
        for ax, path, name in ((left, equal_path, "from zeros"), (middle, free_path, "random start")):
            for j in range(NEURONS):  # from zeros all lines are one: draw each thinner than the last
                ax.plot(path[:, 0, j], lw=7 - 2 * j if ax is left else 1.5, label=f"w{'₁₂₃₄'[j]}")
            ax.set(title=name, xlabel="step", ylabel="hidden weight wⱼ")
        left.legend()
        right.plot(across, wave, ".", color="tab:gray", ms=3, label="y")
        right.plot(across, nnx.to_numpy(equal(x)), "--", color="tab:orange", label="ŷ, zeros")
        right.plot(across, nnx.to_numpy(free(x)), color="tab:blue", label="ŷ, random")
        right.set(title="what they learnt", xlabel="x")
        right.legend()


if __name__ == "__main__":
    main(__file__, run)
