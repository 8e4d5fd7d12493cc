"""Shuffles against PyTorch. One row each."""

from typing import Any, NamedTuple

import numpy as np
import pytest

import nnx
import nnx.functional as F


class Row(NamedTuple):
    name: str
    shape: tuple[int, ...]
    factor: Any


ROWS = [
    Row("pixel_shuffle", (2, 8, 3, 2), 2),
    Row("pixel_shuffle", (9, 1, 2), 3),
    Row("pixel_shuffle", (2, 1, 4, 1, 2), 2),
    Row("pixel_shuffle", (3, 2, 2), 1),
    Row("pixel_unshuffle", (2, 2, 4, 6), 2),
    Row("pixel_unshuffle", (1, 3, 6), 3),
    Row("pixel_unshuffle", (2, 1, 2, 4, 2), 2),
    Row("channel_shuffle", (2, 6, 3), 2),
    Row("channel_shuffle", (1, 6, 2, 2), 3),
    Row("channel_shuffle", (1, 4, 1, 2, 2), 4),
    Row("channel_shuffle", (0, 4, 2, 2), 2),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.name}{row.shape}{row.factor}")
def test_values_and_derivatives_are_those_of_torch(row: Row, agrees_with_torch: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    ours, theirs = getattr(F, row.name), getattr(torch.nn.functional, row.name)
    x = np.random.default_rng(0).standard_normal(row.shape)
    agrees_with_torch(lambda x: ours(x, row.factor) ** 2, lambda x: theirs(x, row.factor) ** 2, [x])


def test_of_nothing(lib: Any) -> None:
    """PyTorch's gradients have another shape here."""
    for name, before, after in [
        ("pixel_shuffle", (0, 4, 3, 3), (0, 1, 6, 6)),
        ("pixel_unshuffle", (2, 0, 4, 4), (2, 0, 2, 2)),
    ]:
        out, pullback = nnx.vjp(lambda x, name=name: getattr(F, name)(x, 2), lib.asarray(np.ones(before)))
        lib.assert_equal(out, np.ones(after))
        lib.assert_equal(pullback(out)[0], np.ones(before))


def test_integers_too_and_there_and_back(lib: Any) -> None:
    x = lib.asarray(np.arange(48).reshape(1, 8, 2, 3))
    lib.assert_equal(F.pixel_unshuffle(F.pixel_shuffle(x, 2), 2), lib.to_numpy(x))
    lib.assert_equal(F.channel_shuffle(F.channel_shuffle(x, 2), 4), lib.to_numpy(x))


@pytest.mark.parametrize(
    ("row", "kind", "message"),
    [
        (Row("pixel_shuffle", (4, 3), 2), ValueError, "an input with at least 3 axes, got shape"),
        (Row("pixel_shuffle", (5, 3, 3), 2), ValueError, "a number of channels divisible by 4, got shape"),
        (Row("pixel_shuffle", (4, 3, 3), 0), ValueError, "upscale_factor to be at least 1, got 0"),
        (Row("pixel_shuffle", (4, 3, 3), 2.0), TypeError, "upscale_factor to be a whole number, got 2.0"),
        (Row("pixel_unshuffle", (4, 4), 2), ValueError, "an input with at least 3 axes, got shape"),
        (Row("pixel_unshuffle", (4, 3, 4), 2), ValueError, "a height and width divisible by 2, got shape"),
        (Row("pixel_unshuffle", (4, 4, 3), 2), ValueError, "a height and width divisible by 2, got shape"),
        (Row("pixel_unshuffle", (4, 4, 4), -1), ValueError, "downscale_factor to be at least 1, got -1"),
        (Row("channel_shuffle", (2, 4), 2), ValueError, "an input with at least 3 axes, got shape"),
        (Row("channel_shuffle", (2, 5, 2), 2), ValueError, "groups to divide 5 channels, got 2"),
        (Row("channel_shuffle", (2, 4, 2), 0), ValueError, "groups to be at least 1, got 0"),
    ],
)
def test_what_does_not_fit_is_refused(row: Row, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=f"{row.name}: expected {message}"):
        getattr(F, row.name)(np.ones(row.shape), row.factor)
