"""A network that solves an equation: its Laplacian by second derivatives, and the gradient of that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..workload import Product, linear_products
from .mlp import MLP


@dataclass(frozen=True, kw_only=True)
class Poisson(MLP):
    """The mean square of Δu − f for u = net(x) with tanh; every framework takes u's gradient once and pulls it back
    once for each axis.
    """

    def inputs(self, random: np.random.Generator) -> np.ndarray:
        return random.random((self.batch, self.sizes[0]), np.float32)

    def targets(self, random: np.random.Generator) -> tuple[np.ndarray, ...]:
        return (random.standard_normal(self.batch, np.float32),)

    def nnx_loss(self, model: Any, x: Any, *targets: Any) -> Any:
        import nnx

        xp = nnx.array_namespace(x)
        gradient, pull = nnx.vjp(nnx.grad(lambda x: xp.sum(model(x))), x)
        laplacian = 0.0
        for i in range(x.shape[1]):
            axis = xp.zeros_like(gradient)
            axis[:, i] = 1.0
            (row,) = pull(axis)
            laplacian = laplacian + row[:, i]
        return xp.mean((laplacian - targets[0]) ** 2)

    def torch_loss(self, model: Any, x: Any, *targets: Any) -> Any:
        from torch.autograd import grad

        x = x.detach().requires_grad_()
        (gradient,) = grad(model(x).sum(), x, create_graph=True)
        laplacian = 0.0
        for i in range(x.shape[1]):
            (row,) = grad(gradient[:, i].sum(), x, create_graph=True)
            laplacian = laplacian + row[:, i]
        return ((laplacian - targets[0]) ** 2).mean()

    def jax_loss(self, state: dict[str, Any], x: Any, *targets: Any) -> Any:
        import jax
        import jax.numpy as jnp

        gradient, pull = jax.vjp(jax.grad(lambda x: self.jax(state, x).sum()), x)
        laplacian = 0.0
        for i in range(x.shape[1]):
            laplacian = laplacian + pull(jnp.zeros_like(gradient).at[:, i].set(1.0))[0][:, i]
        return ((laplacian - targets[0]) ** 2).mean()

    def products(self) -> Iterator[Product]:
        """At the least: u, its two slopes and the Laplacian carried forward together, and the way back."""
        rows = self.batch * (2 + self.sizes[0])
        for i, (m, n) in enumerate(zip(self.sizes, self.sizes[1:], strict=False)):
            yield from linear_products(rows, m, n, self.training, first=i == 0)


WORKLOADS = [
    Poisson(
        name="pinn",
        title="PINN with a Laplacian, 2-64-64-1, batch 256",
        batch=256,
        sizes=(2, 64, 64, 1),
        activation="Tanh",
        at_most=0.80,
    )
]
