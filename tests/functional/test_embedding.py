"""Rows of a table and bags of them: what the tests of the layers leave out."""

from typing import Any

import numpy as np
import pytest

import nnx
import nnx.functional as F
from nnx.testing import check_gradients

rng = np.random.default_rng(3)
WEIGHT = rng.standard_normal((6, 3))
FLAT = np.array([0, 1, 5, 3, 1, 1])
GRID = np.array([[0, 5, 1], [1, 1, 2]])
SHARES = rng.standard_normal(6)


@pytest.mark.parametrize(
    "x", [GRID, GRID.astype(np.int32), np.asarray(2), GRID[:0]], ids=lambda x: str(x.shape)
)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"padding_idx": -1},
        {"max_norm": 0.5, "norm_type": 1.0, "padding_idx": 1},
        {"max_norm": 1.5, "scale_grad_by_freq": True},
    ],
    ids=str,
)
def test_the_function_is_that_of_torch(x: Any, options: dict[str, Any], agrees_with_torch: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    agrees_with_torch(
        lambda weight, x: F.embedding(x, weight, **options) ** 3,
        lambda weight, x: torch.nn.functional.embedding(x, weight * 1, **options) ** 3,
        [WEIGHT],
        [x],
        second=x.size > 0 and "scale_grad_by_freq" not in options,  # PyTorch has none
        differences="padding_idx" not in options,  # which has no gradient by definition
    )


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
def test_bags_to_second_order(mode: str) -> None:
    x, offsets = FLAT, np.array([0, 2, 2, 5])
    check_gradients(lambda w: F.embedding_bag(x, w, offsets, mode=mode, padding_idx=3) ** 3, WEIGHT, order=2)
    if mode == "sum":
        check_gradients(
            lambda w, s: F.embedding_bag(x, w, offsets, mode=mode, per_sample_weights=s) ** 3,
            WEIGHT,
            SHARES,
            order=2,
        )


def test_a_maximum_of_equal_elements_belongs_to_the_first(lib: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    weight = np.asarray([[1.0, 2.0], [1.0, 2.0], [0.0, 2.0]])
    tensor = torch.tensor(weight, requires_grad=True)
    torch.nn.functional.embedding_bag(
        torch.tensor([[1, 0, 2], [2, 1, 0]]), tensor, mode="max"
    ).sum().backward()
    x = lib.asarray([[1, 0, 2], [2, 1, 0]])
    slope = nnx.grad(lambda w: nnx.array_namespace(w).sum(F.embedding_bag(x, w, mode="max")))
    lib.assert_equal(slope(lib.asarray(weight)), tensor.grad.numpy())


def test_bags_scaled_by_frequency_are_rows_scaled_by_frequency(lib: Any) -> None:
    x, weight = lib.asarray(GRID), lib.asarray(WEIGHT)

    def bags(weight: Any) -> Any:
        out = F.embedding_bag(x, weight, mode="sum", scale_grad_by_freq=True)
        return nnx.array_namespace(out).sum(out**3)

    def rows(weight: Any) -> Any:
        xp = nnx.array_namespace(weight)
        return xp.sum(xp.sum(F.embedding(x, weight, scale_grad_by_freq=True), axis=1) ** 3)

    lib.assert_close(nnx.grad(bags)(weight), lib.to_numpy(nnx.grad(rows)(weight)), rtol=1e-12)


def test_bags_of_rows_of_length_zero_and_of_equal_elements_in_every_form(lib: Any) -> None:
    nothing = F.embedding_bag(lib.asarray(GRID), lib.asarray(WEIGHT[:, :0]), mode="max")
    assert nothing.shape == (2, 0)
    weight = lib.asarray(np.round(WEIGHT))
    flat, offsets = lib.asarray(GRID.ravel()), lib.asarray([0, 3])
    for mode in ("sum", "mean", "max"):
        rows, bags = (
            nnx.value_and_grad(
                lambda w, given=given, mode=mode: nnx.array_namespace(w).sum(
                    F.embedding_bag(given[0], w, *given[1:], mode=mode) ** 3
                )
            )(weight)
            for given in ((lib.asarray(GRID),), (flat, offsets))
        )
        for x, y in zip(rows, bags, strict=True):
            lib.assert_close(x, lib.to_numpy(y), rtol=1e-13)


def test_bags_of_length_zero(lib: Any) -> None:
    for mode in ("sum", "mean", "max"):
        out = F.embedding_bag(lib.asarray(GRID[:, :0]), lib.asarray(WEIGHT), mode=mode)
        lib.assert_equal(out, np.zeros((2, 3)))


BAD = [
    (lambda a: F.embedding(a([6]), a(WEIGHT)), IndexError, "embedding: expected indices from 0 to 5, got 6"),
    (lambda a: F.embedding(a([-1]), a(WEIGHT)), IndexError, "expected indices from 0 to 5, got -1"),
    (lambda a: F.embedding(a([0.0]), a(WEIGHT)), TypeError, "expected x to be an array of integers, got"),
    (
        lambda a: F.embedding(a([0]), a(SHARES)),
        ValueError,
        r"expected a weight with 2 axes, got shape \(6,\)",
    ),
    (lambda a: F.embedding(a([0]), a(WEIGHT), 6), ValueError, "expected padding_idx from -6 to 5, got 6"),
]
FLAT_BAD: list[Any] = [
    (FLAT, {}, ValueError, "expected offsets with an input of 1 axis, got None"),
    (FLAT, {"offsets": [1, 2]}, ValueError, "rise from 0 to at most 6, got from 1 to 2"),
    (FLAT, {"offsets": [0, 3, 2]}, ValueError, "rise from 0 to at most 6, got from 0 to 2, or falling"),
    (FLAT, {"offsets": [0, 7]}, ValueError, "rise from 0 to at most 6, got from 0 to 7"),
    (FLAT, {"offsets": [[0, 2]]}, ValueError, "expected offsets with 1 axis"),
    (FLAT, {"offsets": [0.0, 2.0]}, TypeError, "expected offsets to be an array of integers"),
    (
        FLAT,
        {"offsets": np.zeros(0, int), "include_last_offset": True},
        ValueError,
        "expected offsets with 1 axis",
    ),
    (GRID, {"offsets": [0]}, ValueError, "expected no offsets with an input of 2 axes"),
    (GRID[None], {}, ValueError, "expected an input with 1 or 2 axes"),
    (GRID, {"mode": "x"}, ValueError, "expected mode to be"),
    (GRID, {"mode": "max", "scale_grad_by_freq": True}, ValueError, "expected scale_grad_by_freq with mode"),
    (GRID, {"padding_idx": 6}, ValueError, "expected padding_idx from -6 to 5, got 6"),
    (GRID + 4, {}, IndexError, "expected indices from 0 to 5, got 9"),
    (GRID * 1.0, {}, TypeError, "expected x to be an array of integers"),
    (FLAT, {"offsets": [0], "per_sample_weights": SHARES}, ValueError, 'with mode "sum" only, got "mean"'),
    (GRID, {"mode": "sum", "per_sample_weights": SHARES}, ValueError, r"of shape \(2, 3\), got \(6,\)"),
    (
        FLAT,
        {"offsets": [0], "mode": "sum", "per_sample_weights": SHARES.astype("f4")},
        TypeError,
        "of the weight's dtype",
    ),
]
BAD += [
    (
        lambda a, x=x, options=options: F.embedding_bag(
            a(x),
            a(WEIGHT),
            **{k: a(v) if isinstance(v, (list, np.ndarray)) else v for k, v in options.items()},
        ),
        kind,
        f"embedding_bag: .*{message}",
    )
    for x, options, kind, message in FLAT_BAD
]


@pytest.mark.parametrize(("call", "kind", "message"), BAD, ids=[message for _, _, message in BAD])
def test_bad_input_is_refused(call: Any, kind: type[Exception], message: str, lib: Any) -> None:
    with pytest.raises(kind, match=message):
        call(lib.asarray)
