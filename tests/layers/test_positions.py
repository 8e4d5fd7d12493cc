"""Positions as layers are the functions."""

from typing import Any

import numpy as np
import pytest

import nnx
import nnx.functional as F

X = np.random.default_rng(2).standard_normal((2, 3, 4, 6))


@pytest.mark.parametrize("interleaved", [True, False])
@pytest.mark.parametrize("dim", [6, 4])
def test_rotary_embedding(dim: int, interleaved: bool, lib: Any) -> None:
    layer, x = nnx.RotaryEmbedding(dim, 100.0, interleaved), lib.asarray(X)
    expected = F.rotary_embedding(x, 5, 100.0, interleaved, dim)
    lib.assert_equal(layer(x, 5), lib.to_numpy(expected))
    assert repr(layer) == f"RotaryEmbedding({dim}, base=100.0, interleaved={interleaved})"
    assert not layer.state_dict()


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_sinusoidal_positions(kind: str, lib: Any) -> None:
    table, x = lib.to_numpy(F.sinusoidal_positions(7, 6, dtype=kind)), lib.asarray(X, kind)
    layer = nnx.SinusoidalPositions(6, 7)
    lib.assert_close(layer(x), X.astype(kind) + table[:4], rtol=1e-6)
    lib.assert_close(layer(x, 3), X.astype(kind) + table[3:], rtol=1e-6)
    first = nnx.SinusoidalPositions(6, 7, batch_first=False)
    lib.assert_close(first(x), X.astype(kind) + table[:2, None, None], rtol=1e-6)
    assert layer(x).dtype == lib.dtype(kind)
    assert repr(layer) == "SinusoidalPositions(6, max_len=7)"
    assert not layer.state_dict()
    grad = nnx.grad(lambda x: nnx.array_namespace(x).sum(layer(x) ** 2))(x)
    lib.assert_close(grad, 2 * (X.astype(kind) + table[:4]), rtol=1e-5)
