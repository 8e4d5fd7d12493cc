"""Convolutional networks: LeNet, a small network with batch norm, and the block that fills a GPU."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..workload import Net, Product, Workload, linear_products
from . import mlp


@dataclass(frozen=True, kw_only=True)
class Images(Net):
    """Convolutions as (key, channels in, out, kernel, padding, side of the output), then linear layers."""

    channels: int
    side: int
    convs: tuple[tuple[str, int, int, int, int, int], ...]
    linears: tuple[tuple[str, int, int], ...]
    norms: tuple[tuple[str, int], ...] = ()

    def shapes(self) -> dict[str, tuple[int, ...]]:
        shapes = {}
        for name, n_in, n_out, kernel, _, _ in self.convs:
            shapes |= {f"{name}.weight": (n_out, n_in, kernel, kernel), f"{name}.bias": (n_out,)}
        for name, n in self.norms:
            shapes |= {f"{name}.weight": (n,), f"{name}.bias": (n,)}
        for name, n_in, n_out in self.linears:
            shapes |= {f"{name}.weight": (n_out, n_in), f"{name}.bias": (n_out,)}
        return shapes

    def buffers(self) -> dict[str, np.ndarray]:
        found = {}
        for name, n in self.norms:
            found[f"{name}.running_mean"] = np.zeros(n, np.float32)
            found[f"{name}.running_var"] = np.ones(n, np.float32)
            found[f"{name}.num_batches_tracked"] = np.asarray(0)
        return found

    def inputs(self, random: np.random.Generator) -> np.ndarray:
        return random.standard_normal((self.batch, self.channels, self.side, self.side), np.float32)

    def nnx(self) -> Any:
        import nnx

        return nnx.Sequential(*self.layers(nnx))

    def torch(self) -> Any:
        from torch import nn

        return nn.Sequential(*self.layers(nn))

    def layers(self, nn: Any) -> list[Any]:
        """The layers, whose classes have the same names in nnx and in PyTorch."""
        raise NotImplementedError

    def products(self) -> Iterator[Product]:
        """Convolutions as im2col has them: a product over channels and kernel for every position."""
        for i, (_, n_in, n_out, kernel, _, side) in enumerate(self.convs):
            positions = self.batch * side * side
            yield from linear_products(positions, n_in * kernel**2, n_out, self.training, first=i == 0)
        for _, n_in, n_out in self.linears:
            yield from linear_products(self.batch, n_in, n_out, self.training)


class LeNet(Images):
    """LeCun et al. 1998 with ReLU and maxima."""

    def layers(self, nn: Any) -> list[Any]:
        return [
            nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
            nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
        ]  # fmt: skip

    def jax(self, state: dict[str, Any], x: Any) -> Any:
        from ..frameworks.jax_layers import conv, linear, max_pool

        x = max_pool(conv(state, "0", x, padding=2).clip(0))
        x = max_pool(conv(state, "3", x).clip(0))
        x = linear(state, "7", x.reshape(len(x), -1)).clip(0)
        return linear(state, "11", linear(state, "9", x).clip(0))


class Cifar(Images):
    """Three times convolution, batch norm, ReLU and maxima; then one linear layer."""

    def layers(self, nn: Any) -> list[Any]:
        blocks = [
            layer
            for _, n_in, n_out, _, _, _ in self.convs
            for layer in (
                nn.Conv2d(n_in, n_out, 3, padding=1),
                nn.BatchNorm2d(n_out),
                nn.ReLU(),
                nn.MaxPool2d(2),
            )
        ]
        return [*blocks, nn.Flatten(), nn.Linear(2048, 10)]

    def jax(self, state: dict[str, Any], x: Any) -> Any:
        from ..frameworks.jax_layers import batch_norm, conv, linear, max_pool

        for (name, *_), (norm, _) in zip(self.convs, self.norms, strict=True):
            x = batch_norm(state, norm, conv(state, name, x, padding=1), self.training)
            x = max_pool(x.clip(0))
        return linear(state, "13", x.reshape(len(x), -1))


class Block(Images):
    """Twice convolution, batch norm and ReLU, then the mean over positions and one linear layer."""

    def layers(self, nn: Any) -> list[Any]:
        n = self.channels
        return [
            nn.Conv2d(n, n, 3, padding=1), nn.BatchNorm2d(n), nn.ReLU(),
            nn.Conv2d(n, n, 3, padding=1), nn.BatchNorm2d(n), nn.ReLU(),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(n, 10),
        ]  # fmt: skip

    def jax(self, state: dict[str, Any], x: Any) -> Any:
        from ..frameworks.jax_layers import batch_norm, conv, linear

        for (name, *_), (norm, _) in zip(self.convs, self.norms, strict=True):
            x = batch_norm(state, norm, conv(state, name, x, padding=1), self.training).clip(0)
        return linear(state, "8", x.mean((2, 3)))


def _block(name: str, batch: int, n: int, side: int) -> Block:
    return Block(
        name=name, title=f"two convolutions of {n} channels on {side}×{side}, batch {batch}", batch=batch,
        channels=n, side=side, convs=(("0", n, n, 3, 1, side), ("3", n, n, 3, 1, side)),
        norms=(("1", n), ("4", n)), linears=(("8", n, 10),),
    )  # fmt: skip


WORKLOADS = [
    LeNet(
        name="lenet", title="LeNet 28×28, batch 32", batch=32, at_most=0.80, channels=1, side=28,
        convs=(("0", 1, 6, 5, 2, 28), ("3", 6, 16, 5, 0, 10)),
        linears=(("7", 400, 120), ("9", 120, 84), ("11", 84, 10)),
    ),
    Cifar(
        name="cifar", title="CNN with batch norm 32×32, batch 32", batch=32, at_most=1.2, channels=3, side=32,
        convs=(("0", 3, 32, 3, 1, 32), ("4", 32, 64, 3, 1, 16), ("8", 64, 128, 3, 1, 8)),
        norms=(("1", 32), ("5", 64), ("9", 128)), linears=(("13", 2048, 10),),
    ),
]  # fmt: skip

GPU = [_block("gpu-conv", 64, 64, 56), _block("gpu-conv-quick", 2, 8, 8)]


def inference() -> list[Workload]:
    """The network with batch norm run forward only."""
    return mlp.inference([WORKLOADS[1]])
