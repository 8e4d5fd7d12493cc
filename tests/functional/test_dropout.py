"""Every dropout against its formula, in PyTorch with the same mask: values, gradients, second derivatives."""

import math
from typing import Any, NamedTuple

import numpy as np
import pytest

import nnx
import nnx.functional as F

ALPHA = 1.0507009873554805 * 1.6732632423543772  # what selu goes down to


def draw(*shape: int) -> np.ndarray:
    return np.random.default_rng(3).standard_normal(shape)


def zeroed(p: float) -> tuple[float, float, float]:
    """Scale and shift of what is kept, and what the others become."""
    return 1 / (1 - p), 0.0, 0.0


def saturated(p: float) -> tuple[float, float, float]:
    a = ((1 - p) * (1 + p * ALPHA**2)) ** -0.5
    return a, a * p * ALPHA, a * p * ALPHA - a * ALPHA


class Row(NamedTuple):
    name: str
    shape: tuple[int, ...]
    mask: tuple[int, ...]
    formula: Any = zeroed
    p: float = 0.3
    options: dict[str, Any] = {}


ROWS = [
    Row("dropout", (4, 5), (4, 5)),
    Row("dropout", (), (), p=0.6),
    Row("dropout1d", (6, 7, 3), (6, 7, 1)),
    Row("dropout1d", (9, 3), (9, 1)),
    Row("dropout2d", (3, 7, 2, 3), (3, 7, 1, 1)),
    Row("dropout2d", (5, 6, 3), (5, 6, 1)),
    Row("dropout2d", (5, 6), (5, 6)),
    Row("dropout3d", (3, 6, 2, 2, 1), (3, 6, 1, 1, 1)),
    Row("dropout3d", (9, 2, 2, 1), (9, 1, 1, 1)),
    Row("alpha_dropout", (4, 5), (4, 5), saturated),
    Row("alpha_dropout", (0, 5), (0, 5), saturated),
    Row("alpha_dropout", (30,), (30,), saturated, 0.9),
    Row("feature_alpha_dropout", (3, 7, 2, 2), (3, 7, 1, 1), saturated),
    Row("feature_alpha_dropout", (6, 4), (6, 4), saturated, 0.7),
    Row("drop_path", (9, 2, 3), (9, 1, 1)),
    Row("drop_path", (9, 2), (9, 1), lambda _p: (1.0, 0.0, 0.0), options={"scale_by_keep": False}),
]


def ours(row: Row, x: Any, p: float, training: bool = True) -> Any:
    return getattr(F, row.name)(x, p, training, **row.options, generator=nnx.random.Generator(3))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.name}{row.shape}{row.p}")
def test_values_and_derivatives_are_those_of_the_formula(row: Row, agrees_with_torch: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    with nnx.using("numpy"):
        mask = nnx.random.Generator(3).bernoulli(1 - row.p, row.mask)
    scale, shift, replacement = row.formula(row.p)

    def theirs(x: Any) -> Any:
        kept = torch.tensor(mask).to(x.dtype)
        return (x * scale + shift) * kept + replacement * (1 - kept)

    x = draw(*row.shape)
    assert mask.size < 2 or 0 < mask.mean() < 1
    agrees_with_torch(lambda x: ours(row, x, row.p) ** 3, lambda x: theirs(x) ** 3, [x])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.name}{row.shape}{row.p}")
def test_at_the_ends_of_the_range_and_outside_training(row: Row, lib: Any) -> None:
    x = draw(*row.shape)
    lib.assert_equal(ours(row, lib.asarray(x), 0.0), x)
    lib.assert_equal(ours(row, lib.asarray(x), row.p, training=False), x)
    lib.assert_equal(ours(row, lib.asarray(x), 1.0), np.zeros_like(x))
    out = ours(row, lib.asarray(x, "float32"), row.p)
    assert out.dtype == lib.xp.float32


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.name}{row.shape}{row.p}")
def test_the_own_stream_is_the_default(row: Row, lib: Any) -> None:
    x = lib.asarray(draw(*row.shape))
    nnx.seed(3)
    first = getattr(F, row.name)(x, row.p, True, **row.options)
    lib.assert_equal(ours(row, x, row.p), lib.to_numpy(first))


def test_what_is_taken_out_is_untouched_by_infinities(lib: Any) -> None:
    x = lib.asarray(np.full(64, np.inf))
    for f in (F.alpha_dropout, F.dropout):
        out = lib.to_numpy(f(x, 0.5, True))
        assert 0 < np.isfinite(out).sum() < 64
        assert not np.isnan(out).any()


def test_alpha_dropout_keeps_mean_and_variance() -> None:
    x = np.random.default_rng(0).standard_normal(200_000)
    out = F.alpha_dropout(x, 0.3, True)
    assert abs(out.mean()) < 0.02
    assert abs(out.std() - 1) < 0.02
    assert math.isclose(ALPHA, -float(F.selu(np.asarray(-1e3))), rel_tol=1e-12)


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
@pytest.mark.parametrize("name", sorted({row.name for row in ROWS}))
def test_what_is_no_probability_is_refused(name: str, p: float) -> None:
    for training in (True, False):
        with pytest.raises(ValueError, match=f"{name}: expected a probability between 0 and 1, got {p}"):
            getattr(F, name)(np.ones((2, 3)), p, training)


@pytest.mark.parametrize(
    ("name", "shape", "message"),
    [
        ("dropout1d", (2,), "2 or 3 axes, got shape"),
        ("dropout1d", (2, 1, 1, 1), "2 or 3 axes, got shape"),
        ("dropout2d", (2,), "at least 2 axes, got shape"),
        ("dropout3d", (), "at least 1 axes, got shape"),
        ("feature_alpha_dropout", (2,), "at least 2 axes, got shape"),
        ("drop_path", (), "at least 1 axes, got shape"),
    ],
)
def test_what_does_not_fit_is_refused(name: str, shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(ValueError, match=f"{name}: expected an input with {message}"):
        getattr(F, name)(np.ones(shape), 0.5, True)
