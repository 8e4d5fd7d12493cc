"""Sinusoidal and rotary positions against their formulas written out in PyTorch."""

from typing import Any

import numpy as np
import pytest

import nnx
import nnx.functional as F


def draw(*shape: int, seed: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


@pytest.mark.parametrize(
    ("length", "d_model", "base", "offset"), [(5, 6, 1e4, 0), (3, 7, 50.0, 4), (0, 4, 1e4, 0)]
)
def test_sinusoidal_positions_are_the_formula(
    length: int, d_model: int, base: float, offset: int, lib: Any
) -> None:
    expected = np.empty((length, d_model))
    for p in range(length):
        for j in range(d_model):
            angle = (p + offset) / base ** (2 * (j // 2) / d_model)
            expected[p, j] = np.cos(angle) if j % 2 else np.sin(angle)
    found = F.sinusoidal_positions(length, d_model, base, offset, dtype="float64")
    lib.assert_close(found, expected, rtol=1e-12, atol=1e-14)
    assert F.sinusoidal_positions(length, d_model).dtype == lib.dtype("float32")


def turned(x: Any, offset: int, base: float, interleaved: bool) -> Any:
    """The published code: complex numbers for neighbours (LLaMA), a half turned round for halves (GPT-NeoX)."""
    import torch

    dim = x.shape[-1]
    rates = 1.0 / base ** (torch.arange(0, dim, 2, dtype=x.dtype) / dim)
    angles = torch.outer(torch.arange(offset, offset + x.shape[-2], dtype=x.dtype), rates)
    if interleaved:
        points = torch.view_as_complex(x.contiguous().reshape(*x.shape[:-1], dim // 2, 2))
        return torch.view_as_real(points * torch.polar(torch.ones_like(angles), angles)).flatten(-2)
    both = torch.cat([angles, angles], -1)
    first, second = x.chunk(2, -1)
    return x * both.cos() + torch.cat([-second, first], -1) * both.sin()


@pytest.mark.parametrize("interleaved", [True, False])
@pytest.mark.parametrize(
    ("shape", "offset", "base"), [((5, 6), 0, 1e4), ((2, 3, 4, 8), 7, 1e4), ((1, 2), 1, 10.0), ((2, 0, 4), 0, 1e4)]
)  # fmt: skip
def test_rotary_embedding_is_the_published_one(
    shape: tuple[int, ...], offset: int, base: float, interleaved: bool, agrees_with_torch: Any
) -> None:
    agrees_with_torch(
        lambda x: F.rotary_embedding(x, offset, base, interleaved),
        lambda x: turned(x, offset, base, interleaved),
        [draw(*shape)],
    )


@pytest.mark.parametrize("interleaved", [True, False])
def test_some_features_turn_and_the_others_pass(interleaved: bool, agrees_with_torch: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    agrees_with_torch(
        lambda x: F.rotary_embedding(x, 2, interleaved=interleaved, dim=4),
        lambda x: torch.cat([turned(x[..., :4], 2, 1e4, interleaved), x[..., 4:]], -1),
        [draw(2, 3, 7)],
    )


@pytest.mark.parametrize("interleaved", [True, False])
def test_apply_rotary_and_its_derivatives(interleaved: bool, agrees_with_torch: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")

    def theirs(x: Any, cos: Any, sin: Any) -> Any:
        a, b = (x[..., 0::2], x[..., 1::2]) if interleaved else x.chunk(2, -1)
        a, b = a * cos - b * sin, b * cos + a * sin
        return torch.stack([a, b], -1).flatten(-2) if interleaved else torch.cat([a, b], -1)

    inputs = [draw(2, 3, 4), draw(3, 2, seed=5), draw(2, 1, 1, seed=6)]
    agrees_with_torch(lambda *args: F.apply_rotary(*args, interleaved=interleaved), theirs, inputs)


@pytest.mark.parametrize("interleaved", [True, False])
def test_products_see_distances_only(interleaved: bool, lib: Any) -> None:
    q, k = lib.asarray(draw(1, 8)), lib.asarray(draw(1, 8, seed=4))

    def product(i: int, j: int) -> float:
        turn = (F.rotary_embedding(x, n, interleaved=interleaved) for x, n in ((q, i), (k, j)))
        return float(lib.xp.vecdot(*turn)[0])

    assert product(9, 4) == pytest.approx(product(105, 100), rel=1e-10)
    assert product(9, 4) != pytest.approx(product(4, 9), rel=1e-3)


X = np.ones((2, 3, 4))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: F.rotary_embedding(X[..., :3]), r"even number of features.*got shape \(2, 3, 3\)"),
        (lambda: F.rotary_embedding(X[0, 0]), r"at least 2 axes.*got shape \(4,\)"),
        (lambda: F.rotary_embedding(X, dim=6), "of which 6 turn"),
        (lambda: F.rotary_embedding(X, -1), "offset to be a whole number of at least 0, got -1"),
        (lambda: F.apply_rotary(X[..., :3], X, X), r"last axis of even length, got shape \(2, 3, 3\)"),
        (
            lambda: F.apply_rotary(X, X[..., :3], X[..., :2]),
            r"cos to broadcast to \(2, 3, 2\), got \(2, 3, 3\)",
        ),
        (lambda: F.apply_rotary(X, X[..., :2], X[None, ..., :2]), "sin to broadcast"),
        (lambda: F.sinusoidal_positions(-1, 3), "lengths of at least 0, got -1 and 3"),
        (lambda: nnx.RotaryEmbedding(3), "RotaryEmbedding: expected dim to be an even number, got 3"),
        (lambda: nnx.RotaryEmbedding(4, 0.0), "expected a positive base, got 0.0"),
        (lambda: nnx.SinusoidalPositions(0), "of at least 1, got 0 and 5000"),
        (
            lambda: nnx.SinusoidalPositions(4, 2)(X),
            r"at most 2 positions, got 3 from 0 on \(shape \(2, 3, 4\)\)",
        ),
        (lambda: nnx.SinusoidalPositions(5)(X), r"the last of 5, got shape \(2, 3, 4\)"),
    ],
)
def test_what_does_not_fit_is_refused(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
