"""`"linear_cross_entropy"`, the cross-entropy of an affine map, against PyTorch's."""

from typing import Any, NamedTuple

import numpy as np
import pytest

import nnx

rng = np.random.default_rng(3)
X, W, B = rng.standard_normal((4, 3)), rng.standard_normal((5, 3)), rng.standard_normal(5)
DEEP, DEEP_B = rng.standard_normal((5, 2, 3)), rng.standard_normal((5, 2))
CLASSES, DEEP_CLASSES = np.array([0, 4, 2, 2]), rng.integers(0, 5, (4, 2))
SHARES = rng.dirichlet(np.ones(5), 4)
FACTORS = rng.random(5) + 0.1


class Row(NamedTuple):
    x: Any
    linear_weight: Any
    linear_bias: Any
    target: Any
    options: dict[str, Any] = {}


ROWS = [
    Row(X, W, None, CLASSES),
    Row(X, W, B, CLASSES, {"reduction": "none", "label_smoothing": 0.2}),
    Row(X, W, B, CLASSES, {"reduction": "sum", "ignore_index": 2}),
    Row(X, W, B, SHARES),
    Row(X[0], W, B, CLASSES[1]),
    Row(X, DEEP, None, DEEP_CLASSES),
    Row(X, DEEP, DEEP_B, DEEP_CLASSES, {"reduction": "none"}),
]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{np.shape(row.linear_weight)}{row.options}")
def test_it_is_that_of_torch(row: Row, weighted: bool, agrees_with_torch: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")

    def calls(f: Any) -> Any:
        def call(x: Any, linear_weight: Any, *rest: Any) -> Any:
            rest = list(rest)
            named: dict[str, Any] = {"linear_bias": rest.pop(0)} if row.linear_bias is not None else {}
            named["weight"] = rest.pop() if weighted else None
            return f(x, linear_weight, *rest, **named, **row.options)

        return call

    inputs = [row.x, row.linear_weight, *([] if row.linear_bias is None else [row.linear_bias])]
    constants = [row.target, *([FACTORS] if weighted else [])]
    agrees_with_torch(
        calls(nnx.losses.linear_cross_entropy),
        calls(torch.nn.functional.linear_cross_entropy),
        inputs,
        constants,
    )


@pytest.mark.parametrize(
    ("x", "linear_weight", "bias", "message"),
    [
        (X, W[0], None, r"linear_weight of shape \(C, in_features\)"),
        (X[0], DEEP, None, "input with 2 axes"),
        (X, W, B[:2], r"linear_bias of shape \(5,\), got \(2,\)"),
        (X, W[:, :2], None, "last axis of 2, got 3"),
        (
            X[None],
            W,
            None,
            r"linear_cross_entropy: expected an input with 1 axis or 2, got shape \(1, 4, 3\)",
        ),
    ],
)
def test_what_does_not_fit_is_refused(x: Any, linear_weight: Any, bias: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        nnx.losses.linear_cross_entropy(x, linear_weight, CLASSES, linear_bias=bias)
