"""The mean of embeddings and a linear layer: all memory, next to no arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..workload import Net


@dataclass(frozen=True, kw_only=True)
class Bag(Net):
    """Classification of texts."""

    vocabulary: int
    d: int
    length: int

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {
            "embedding.weight": (self.vocabulary, self.d),
            "head.weight": (self.classes, self.d),
            "head.bias": (self.classes,),
        }

    def inputs(self, random: np.random.Generator) -> np.ndarray:
        return random.integers(0, self.vocabulary, (self.batch, self.length))

    def nnx(self) -> Any:
        import nnx

        def mean(x: Any) -> Any:
            return nnx.array_namespace(x).mean(x, axis=1)

        return self._model(nnx, nnx.Layer, mean)

    def torch(self) -> Any:
        from torch import nn

        return self._model(nn, nn.Module, lambda x: x.mean(1))

    def _model(self, nn: Any, base: Any, mean: Any) -> Any:
        net = self

        class Model(base):
            def __init__(self) -> None:
                super().__init__()
                self.embedding = nn.Embedding(net.vocabulary, net.d)
                self.head = nn.Linear(net.d, net.classes)

            def forward(self, x: Any) -> Any:
                return self.head(mean(self.embedding(x)))

        return Model()

    def jax(self, state: dict[str, Any], x: Any) -> Any:
        from ..frameworks.jax_layers import linear

        return linear(state, "head", state["embedding.weight"][x].mean(1))

    def bytes(self) -> int:
        """Adam's: the gradient is filled once; it, the weights and both moments are read, those three written."""
        return 8 * 4 * self.vocabulary * self.d


WORKLOADS = [
    Bag(
        name="embedding", title="embedding classifier, vocabulary 20,000, d 64, length 50, batch 64",
        batch=64, vocabulary=20_000, d=64, length=50, at_most=1.3,
    )
]  # fmt: skip
