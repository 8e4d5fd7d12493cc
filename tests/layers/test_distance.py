"""Layers of two inputs against torch.nn: distances and the bilinear map. One row each."""

from typing import Any

import numpy as np
import pytest

import nnx

rng = np.random.default_rng(3)
X, Y = rng.standard_normal((3, 4)), rng.standard_normal((3, 4))
ROWS: list[tuple[str, tuple[Any, ...], Any]] = [
    ("CosineSimilarity", (), Y),
    ("CosineSimilarity", (0, 0.1), Y),
    ("PairwiseDistance", (), Y),
    ("PairwiseDistance", (1.0, 0.1, True), Y),
    ("Bilinear", (4, 2, 3), Y[:, :2]),
    ("Bilinear", (4, 4, 1, False), Y),
]


@pytest.mark.parametrize(("name", "args", "y"), ROWS)
def test_a_layer_is_that_of_torch(name: str, args: Any, y: Any, layer_agrees_with_torch: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    layer_agrees_with_torch(getattr(nnx, name)(*args), getattr(torch.nn, name)(*args), [X, y])


def test_fresh_weights_are_distributed_as_those_of_torch(lib: Any) -> None:
    layer = nnx.Bilinear(25, 40, 30)
    for x in (layer.weight, layer.bias):
        host = lib.to_numpy(x)
        assert lib.owns(x)
        assert np.abs(host).max() <= 1 / 5
        assert abs(host.std() * np.sqrt(3) * 5 - 1.0) < 0.2
