"""An LSTM and a linear layer on its last hidden state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..workload import Net, Product, linear_products


@dataclass(frozen=True, kw_only=True)
class Tagger(Net):
    """Classification of sequences."""

    n_in: int
    hidden: int
    length: int

    def shapes(self) -> dict[str, tuple[int, ...]]:
        n = 4 * self.hidden
        return {
            "lstm.weight_ih_l0": (n, self.n_in), "lstm.weight_hh_l0": (n, self.hidden),
            "lstm.bias_ih_l0": (n,), "lstm.bias_hh_l0": (n,),
            "head.weight": (self.classes, self.hidden), "head.bias": (self.classes,),
        }  # fmt: skip

    def inputs(self, random: np.random.Generator) -> np.ndarray:
        return random.standard_normal((self.batch, self.length, self.n_in), np.float32)

    def nnx(self) -> Any:
        import nnx

        return self._model(nnx, nnx.Layer)

    def torch(self) -> Any:
        from torch import nn

        return self._model(nn, nn.Module)

    def _model(self, nn: Any, base: Any) -> Any:
        net = self

        class Model(base):
            def __init__(self) -> None:
                super().__init__()
                self.lstm = nn.LSTM(net.n_in, net.hidden, batch_first=True)
                self.head = nn.Linear(net.hidden, net.classes)

            def forward(self, x: Any) -> Any:
                return self.head(self.lstm(x)[0][:, -1, :])

        return Model()

    def jax(self, state: dict[str, Any], x: Any) -> Any:
        from ..frameworks.jax_layers import linear, lstm

        return linear(state, "head", lstm(state, "lstm", x)[:, -1])

    def products(self) -> Iterator[Product]:
        b, h, length = self.batch, self.hidden, self.length
        yield from linear_products(b * length, self.n_in, 4 * h, self.training, first=True)
        for _ in range(length):
            yield Product(b, h, 4 * h, "b")
            if self.training:
                yield Product(b, 4 * h, h)
        if self.training:
            yield Product(4 * h, b * length, h, "a")
        yield from linear_products(b, h, self.classes, self.training)


WORKLOADS = [
    Tagger(
        name="lstm",
        title="LSTM 32→64, length 50, batch 32",
        batch=32,
        n_in=32,
        hidden=64,
        length=50,
        at_most=1.1,
    )
]
