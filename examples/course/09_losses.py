"""9. Losses: what being wrong costs, and the gradient with which each one corrects.

    mean squared error       J = (1/m) Σ (ŷ - y)²                                ∂J/∂ŷ = (2/m)(ŷ - y)
    halved squared error     E = Σ ½(t - o)²                                     ∂E/∂o = o - t
    binary cross-entropy     J = -(1/m) Σ [y log ŷ + (1 - y) log(1 - ŷ)]         ∂J/∂z = (1/m)(ŷ - y),  ŷ = σ(z)
    cross-entropy            J = -(1/m) Σ Σₖ yₖ log ŷₖ                           ∂J/∂z = (1/m)(ŷ - y),  ŷ = softmax(z)

A sigmoid that is surely wrong is flat, and through the squared error it hardly learns: ∂/∂z (ŷ - y)² holds ŷ(1 - ŷ),
which goes to 0. The logarithm of the cross-entropy is as steep as the sigmoid is flat, and the two cancel.

    uv run examples/course/09_losses.py [--backend numpy]
"""

import numpy as np
from page import Page, main
from sklearn.metrics import log_loss, mean_squared_error

import nnx
import nnx.functional as F
from nnx import losses


def squared_error_of_sigmoid(z, y):
    return losses.mse_loss(F.sigmoid(z), y, reduction="sum")


def cross_entropy_of_sigmoid(z, y):
    return losses.binary_cross_entropy_with_logits(z, y, reduction="sum")


def run(page: Page) -> None:
    rng, m = np.random.default_rng(9), 50

    t, o = page.array([0.01, 0.99]), page.array([0.7513650696, 0.7729284653])
    page.claim("E of outputs .7513650696 .7729284653", losses.half_squared_error(o, t), 0.2983711088, 5e-10)
    page.claim("∂E/∂o and o - t", nnx.grad(losses.half_squared_error)(o, t), o - t, 1e-15)

    truth, guess = rng.normal(size=(2, m))
    y, ŷ = page.array(truth), page.array(guess)
    J = losses.mse_loss
    page.claim("mean squared error, and scikit-learn's", J(ŷ, y), mean_squared_error(truth, guess), 1e-14)
    page.claim("its ∂J/∂ŷ and (2/m)(ŷ - y)", nnx.grad(J)(ŷ, y), 2 / m * (ŷ - y), 1e-15)

    truth, z = rng.integers(0, 2, m), page.array(rng.normal(size=m))
    y, ŷ = page.array(truth), F.sigmoid(z)
    J, of_z = losses.binary_cross_entropy, losses.binary_cross_entropy_with_logits
    page.claim("binary cross-entropy, and scikit-learn's", J(ŷ, y), log_loss(truth, nnx.to_numpy(ŷ)), 1e-14)
    page.claim("its ∂J/∂ŷ and (ŷ - y)/mŷ(1 - ŷ)", nnx.grad(J)(ŷ, y), (ŷ - y) / (m * ŷ * (1 - ŷ)), 1e-15)
    page.claim("the same from z", of_z(z, y), J(ŷ, y), 1e-14)
    page.claim("its ∂J/∂z and (1/m)(ŷ - y)", nnx.grad(of_z)(z, y), (ŷ - y) / m, 1e-15)

    truth, z = rng.integers(0, 4, m), page.array(rng.normal(size=(m, 4)))
    y, ŷ = page.array(np.eye(4)[truth]), F.softmax(z)
    J = losses.cross_entropy
    page.claim("cross-entropy of 4, and scikit-learn's", J(z, y), log_loss(truth, nnx.to_numpy(ŷ)), 1e-14)
    page.claim("the same for y as numbers of classes", J(z, page.array(truth, "int64")), J(z, y), 1e-14)
    page.claim("its ∂J/∂z and (1/m)(ŷ - y)", nnx.grad(J)(z, y), (ŷ - y) / m, 1e-15)

    # Surely wrong: y = 1 and z = -800, where σ(z) is rounded to 0, whose logarithm is minus infinity.
    z, y = page.array([-800.0]), page.array([1.0])
    page.claim("cross-entropy at z = -800, y = 1", cross_entropy_of_sigmoid(z, y), 800)
    page.claim("its slope there", nnx.grad(cross_entropy_of_sigmoid)(z, y)[0], -1)
    page.claim("slope of the squared error there", nnx.grad(squared_error_of_sigmoid)(z, y)[0], 0)

    line, p = np.linspace(-6, 6, 200), np.linspace(0.005, 0.995, 200)
    z, ŷ, zero, one = map(page.array, (line, p, 0 * line, 0 * line + 1))
    with page.figure(columns=3, height=2.6) as (squares, logarithms, slopes):
        for ax, x, name, curve in (
            (squares, line, "(ŷ - y)²", losses.mse_loss(z, zero, reduction="none")),
            (squares, line, "½(ŷ - y)²", losses.half_squared_error(z, zero, reduction="none")),
            (logarithms, p, "y = 1: -log ŷ", losses.binary_cross_entropy(ŷ, one, reduction="none")),
            (logarithms, p, "y = 0: -log(1 - ŷ)", losses.binary_cross_entropy(ŷ, zero, reduction="none")),
            (slopes, line, "cross-entropy", nnx.grad(cross_entropy_of_sigmoid)(z, one)),
            (slopes, line, "squared error", nnx.grad(squared_error_of_sigmoid)(z, one)),
        ):
            ax.plot(x, nnx.to_numpy(curve), ("-", "--")[len(ax.lines)], label=name)
            ax.legend()
        squares.set(xlabel="ŷ - y", ylabel="loss", xlim=(-2.1, 2.1), ylim=(-0.2, 4.2))
        logarithms.set(xlabel="ŷ", ylabel="loss")
        slopes.set(xlabel="z, where y = 1", ylabel="slope of the loss by z")


if __name__ == "__main__":
    main(__file__, run)
