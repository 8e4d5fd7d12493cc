"""A physics-informed network: second derivatives inside the loss.

    uv run examples/heat_pinn.py [--backend numpy|cupy|auto] [--steps 3000]

A rod of length 1 with cold ends cools down: the temperature u(x, t) solves

    u_t = α u_xx,    u(0, t) = u(1, t) = 0,    u(x, 0) = sin πx,

with the solution u = exp(-α π² t) sin πx. A small network is trained to satisfy the equation at random points, by
its own derivatives in x and t, and never sees the solution. Ends and start are built into the form of u.
"""

import argparse
import math

import nnx

ALPHA = 0.3


class Rod(nnx.Layer):
    """u(x, t) = sin πx + t x (1 - x) N(x, t): right at the ends and at the start whatever the network N says."""

    def __init__(self, width: int = 24) -> None:
        self.net = nnx.Sequential(
            nnx.Linear(2, width), nnx.Tanh(), nnx.Linear(width, width), nnx.Tanh(), nnx.Linear(width, 1)
        )

    def forward(self, x, t):
        """The temperature at places x and times t, arrays of one shape (n,)."""
        xp = nnx.array_namespace(x, t)
        return xp.sin(math.pi * x) + t * x * (1 - x) * self.net(xp.stack([x, t], axis=1))[:, 0]


def residual(model: Rod, x, t):
    """u_t - α u_xx at each point: how far the model is from obeying the equation there.

    The points don't influence one another, so the derivative of the sum over all points is the derivative at each.
    """

    def total(x, t):
        return nnx.array_namespace(x).sum(model(x, t))

    def slope(x, t):
        return nnx.array_namespace(x).sum(nnx.grad(total)(x, t))

    u_t = nnx.grad(total, argnums=1)(x, t)
    u_xx = nnx.grad(slope)(x, t)
    return u_t - ALPHA * u_xx


@nnx.value_and_grad
def loss_and_gradients(model, x, t):
    """The mean squared residual, and its gradient for every parameter: third derivatives in all."""
    r = residual(model, x, t)
    return nnx.array_namespace(r).mean(r * r)


def solution(xp, x, t):
    """What the network should find."""
    return xp.exp(-ALPHA * math.pi**2 * t) * xp.sin(math.pi * x)


def main(arguments: list[str] | None = None) -> float:
    """Train, compare with the solution; returns the largest error on a grid."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--backend", default="auto", choices=["numpy", "cupy", "auto"])
    parser.add_argument("--steps", type=int, default=3000)
    options = parser.parse_args(arguments)

    nnx.use(options.backend)
    nnx.seed(0)
    xp, points = nnx.backend().xp, nnx.random.Generator(1)
    model = Rod().astype("float64")
    optimizer = nnx.optim.Adam(model, learning_rate=lambda step: 5e-3 * 0.5 ** (4 * step / options.steps))
    for step in range(options.steps):
        x, t = points.uniform(shape=(64,), dtype=xp.float64), points.uniform(shape=(64,), dtype=xp.float64)
        loss, gradients = loss_and_gradients(model, x, t)
        optimizer.update(gradients)
        if step % max(1, options.steps // 10) == 0:
            print(f"step {step:5}   mean squared residual {float(loss):.2e}")

    line = xp.linspace(0.0, 1.0, 21, dtype=xp.float64)
    x, t = (xp.reshape(a, (-1,)) for a in xp.meshgrid(line, line))
    error = float(xp.max(xp.abs(model(x, t) - solution(xp, x, t))))
    print(
        f"\nlargest error against exp(-α π² t) sin πx on a 21 x 21 grid: {error:.1e} (temperatures from 0 to 1)"
    )
    return error


if __name__ == "__main__":
    main()
