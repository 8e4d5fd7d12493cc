"""Networks of linear layers with an activation between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from ..workload import Net, Product, Workload, linear_products


@dataclass(frozen=True, kw_only=True)
class MLP(Net):
    """Classification of points."""

    sizes: tuple[int, ...]
    activation: str = "ReLU"  # the name of the layer in nnx and in PyTorch

    def shapes(self) -> dict[str, tuple[int, ...]]:
        pairs = [(2 * i, m, n) for i, (m, n) in enumerate(pairwise(self.sizes))]
        return {k: s for i, m, n in pairs for k, s in ((f"{i}.weight", (n, m)), (f"{i}.bias", (n,)))}

    def inputs(self, random: np.random.Generator) -> np.ndarray:
        return random.standard_normal((self.batch, self.sizes[0]), np.float32)

    def targets(self, random: np.random.Generator) -> tuple[np.ndarray, ...]:
        return (random.integers(0, self.sizes[-1], self.batch),)

    def nnx(self) -> Any:
        import nnx

        return nnx.Sequential(*self._layers(nnx))

    def torch(self) -> Any:
        from torch import nn

        return nn.Sequential(*self._layers(nn))

    def _layers(self, nn: Any) -> list[Any]:
        activation = getattr(nn, self.activation)
        layers = [layer for m, n in pairwise(self.sizes) for layer in (nn.Linear(m, n), activation())]
        return layers[:-1]

    def jax(self, state: dict[str, Any], x: Any) -> Any:
        from ..frameworks.jax_layers import ACTIVATIONS, linear

        activation = ACTIVATIONS[self.activation]
        last = len(self.sizes) - 2
        for i in range(last):
            x = activation(linear(state, str(2 * i), x))
        return linear(state, str(2 * last), x)

    def products(self) -> Iterator[Product]:
        for i, (m, n) in enumerate(pairwise(self.sizes)):
            yield from linear_products(self.batch, m, n, self.training, first=i == 0)


def _mlp(batch: int, *sizes: int, name: str = "", **bounds: float) -> MLP:
    shape = "-".join(map(str, sizes))
    title = f"MLP {shape}, batch {batch}"
    return MLP(name=name or f"mlp-{shape}", title=title, sizes=sizes, batch=batch, **bounds)


WORKLOADS = [
    _mlp(32, 8, 16, 3, at_most=0.28),
    _mlp(32, 64, 128, 10, at_most=0.38),
    _mlp(64, 64, 128, 64, 10, at_most=0.50),
    _mlp(64, 784, 256, 128, 10, at_most=0.80),
    _mlp(128, 784, 512, 512, 10, at_most=0.90),
    _mlp(256, 1024, 1024, 1024, at_most=0.98, of_floor=1.12),
    _mlp(512, 1024, 2048, 2048, 1000, at_most=1.0, of_floor=1.12),
]

GPU = [
    _mlp(32, 8, 16, 3, name="gpu-mlp-8-16-3"),
    _mlp(32, 64, 128, 10, name="gpu-mlp-64-128-10"),
    _mlp(64, 784, 256, 128, 10, name="gpu-mlp-784-256-128-10"),
    _mlp(4096, 4096, 4096, 4096, 4096, name="gpu-mlp-4096"),
    _mlp(64, 64, 64, 64, 64, name="gpu-mlp-quick"),
]


def inference(nets: list[Any] = WORKLOADS) -> list[Workload]:
    """The same networks run forward only, at batch 1 and 256."""
    return [
        replace(
            net, name=f"{net.name}-infer-{batch}", title=f"{net.title.split(',')[0]}, batch {batch}",
            batch=batch, training=False, group="inference",
            at_most=0.7 if batch == 1 else None, of_floor=None,
            frameworks=("nnx", "nnx_compile", "torch", "torch_compile", "jax", "floor"),
        )
        for net in nets
        for batch in (1, 256)
    ]  # fmt: skip
