"""A transformer's encoder block, normalised after each part, without dropout."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..workload import Net, Product, linear_products


@dataclass(frozen=True, kw_only=True)
class Encoder(Net):
    """Regression of a sequence of the same shape, so that the block is all there is."""

    d: int
    heads: int
    ffn: int
    length: int

    def shapes(self) -> dict[str, tuple[int, ...]]:
        d, ffn = self.d, self.ffn
        return {
            "self_attn.in_proj_weight": (3 * d, d), "self_attn.in_proj_bias": (3 * d,),
            "self_attn.out_proj.weight": (d, d), "self_attn.out_proj.bias": (d,),
            "linear1.weight": (ffn, d), "linear1.bias": (ffn,),
            "linear2.weight": (d, ffn), "linear2.bias": (d,),
            "norm1.weight": (d,), "norm1.bias": (d,), "norm2.weight": (d,), "norm2.bias": (d,),
        }  # fmt: skip

    def inputs(self, random: np.random.Generator) -> np.ndarray:
        return random.standard_normal((self.batch, self.length, self.d), np.float32)

    def targets(self, random: np.random.Generator) -> tuple[np.ndarray, ...]:
        return (self.inputs(random),)

    def nnx(self) -> Any:
        import nnx

        return nnx.TransformerEncoderLayer(self.d, self.heads, self.ffn, dropout=0.0, batch_first=True)

    def torch(self) -> Any:
        from torch import nn

        return nn.TransformerEncoderLayer(self.d, self.heads, self.ffn, dropout=0.0, batch_first=True)

    def jax(self, state: dict[str, Any], x: Any) -> Any:
        from ..frameworks.jax_layers import layer_norm, linear, self_attention

        x = layer_norm(state, "norm1", x + self_attention(state, "self_attn", x, self.heads))
        hidden = linear(state, "linear1", x).clip(0)
        return layer_norm(state, "norm2", x + linear(state, "linear2", hidden))

    def nnx_loss(self, model: Any, x: Any, *targets: Any) -> Any:
        import nnx

        return nnx.losses.mse_loss(model(x), *targets)

    def torch_loss(self, model: Any, x: Any, *targets: Any) -> Any:
        import torch

        return torch.nn.functional.mse_loss(model(x), *targets)

    def jax_loss(self, state: dict[str, Any], x: Any, *targets: Any) -> Any:
        return ((self.jax(state, x) - targets[0]) ** 2).mean()

    def products(self) -> Iterator[Product]:
        rows, d, n, count = self.batch * self.length, self.d, self.length, self.batch * self.heads
        head = d // self.heads
        yield from linear_products(rows, d, 3 * d, self.training, first=True)
        for i in range(3 if self.training else 1):  # scores and mixture; back, each to both operands
            yield Product(n, head, n, "b" if i == 0 else "", count)
            yield Product(n, n, head, "a" if i == 2 else "", count)
        yield from linear_products(rows, d, d, self.training)
        yield from linear_products(rows, d, self.ffn, self.training)
        yield from linear_products(rows, self.ffn, d, self.training)


def _encoder(
    name: str, batch: int, d: int, heads: int, ffn: int, length: int, at_most: float | None = None
) -> Encoder:
    title = f"transformer block, d {d}, {heads} heads, ffn {ffn}, length {length}, batch {batch}"
    return Encoder(
        name=name, title=title, batch=batch, d=d, heads=heads, ffn=ffn, length=length, at_most=at_most
    )


WORKLOADS = [_encoder("transformer", 16, 128, 4, 512, 64, at_most=1.0)]
GPU = [
    _encoder("gpu-transformer", 16, 1024, 16, 4096, 512),
    _encoder("gpu-transformer-quick", 2, 32, 4, 64, 16),
]
