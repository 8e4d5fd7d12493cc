"""Every loss of `nnx.losses` against PyTorch: one row each, over its arguments."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import nnx.losses

rng = np.random.default_rng(1)
X, Y, W = rng.standard_normal((4, 5)), rng.standard_normal((4, 5)), rng.random((4, 5)) + 0.1
P, Q = rng.random((4, 5)) * 0.98 + 0.01, rng.random((4, 5))
LARGE = np.array([-800.0, -60.0, 0.0, 60.0, 800.0])
SPREAD = rng.standard_normal((2, 3, 4, 2)) * 2.0
CLASSES, SPREAD_CLASSES = rng.integers(0, 5, 4), rng.integers(0, 3, (2, 4, 2))
CLASS_WEIGHTS = rng.random(5) + 0.1
SHARES = np.exp(Y) / np.exp(Y).sum(axis=1, keepdims=True)


class Row(NamedTuple):
    name: str
    inputs: tuple[Any, ...]
    constants: tuple[Any, ...] = ()
    names: tuple[str, ...] = ()  # of the constants after the target
    second: bool = True
    arguments: dict[str, Any] = {}


ROWS = [
    Row("mse_loss", (X, Y)),
    Row("mse_loss", (X, Y), (W,), ("weight",)),
    Row("mse_loss", (np.asarray(1.5), np.asarray(0.5))),
    Row("l1_loss", (X, Y)),
    Row("l1_loss", (X, Y), (W,), ("weight",)),
    Row("binary_cross_entropy", (P, Q), second=False),
    Row("binary_cross_entropy", (P, Q), (W,), ("weight",), second=False),
    Row("binary_cross_entropy", (P, Q), (W[0],), ("weight",), second=False),
    Row("binary_cross_entropy", (np.array([0.0, 1.0, 1e-30, 1.0]),), (np.array([1.0, 0.0, 1.0, 1.0]),), second=False),
    Row("binary_cross_entropy_with_logits", (X, Q)),
    Row("binary_cross_entropy_with_logits", (X, Q), (W,), ("weight",)),
    Row("binary_cross_entropy_with_logits", (X, Q), (W, W[0]), ("weight", "pos_weight")),
    Row("binary_cross_entropy_with_logits", (LARGE, np.array([1.0, 0.0, 1.0, 0.0, 0.3])), second=False),
    Row("cross_entropy", (X,), (CLASSES,)),
    Row("cross_entropy", (X[0],), (CLASSES[0],)),
    Row("cross_entropy", (X[0],), (CLASSES[0], CLASS_WEIGHTS), ("weight",)),
    Row("cross_entropy", (X[0],), (CLASSES[0], CLASS_WEIGHTS), ("weight",), arguments={"label_smoothing": 0.1}),
    Row("nll_loss", (X[0],), (CLASSES[0], CLASS_WEIGHTS), ("weight",)),
    Row("cross_entropy", (X * 500.0,), (CLASSES,), second=False),
    Row("cross_entropy", (SPREAD,), (SPREAD_CLASSES,)),
    Row("cross_entropy", (X,), (CLASSES, CLASS_WEIGHTS), ("weight",)),
    Row("cross_entropy", (SPREAD,), (SPREAD_CLASSES, CLASS_WEIGHTS[:3]), ("weight",)),
    Row("cross_entropy", (X,), (np.array([1, -100, 3, -100]),)),
    Row("cross_entropy", (X,), (np.array([1, 2, 3, 1]),), arguments={"ignore_index": 1}),
    Row("cross_entropy", (X,), (np.array([1, 9, 3, 1]), CLASS_WEIGHTS), ("weight",), arguments={"ignore_index": 9}),
    Row("cross_entropy", (X,), (CLASSES,), arguments={"label_smoothing": 0.1}),
    Row("cross_entropy", (SPREAD,), (SPREAD_CLASSES,), arguments={"label_smoothing": 0.3}),
    Row("cross_entropy", (X,), (np.array([1, 2, -100, 1]),), arguments={"label_smoothing": 0.1}),
    Row(
        "cross_entropy", (X,), (np.array([1, 2, 4, 1]), CLASS_WEIGHTS), ("weight",),
        arguments={"label_smoothing": 0.1, "ignore_index": 4},
    ),
    Row("cross_entropy", (X, SHARES)),
    Row("cross_entropy", (X[0], SHARES[0])),
    Row("cross_entropy", (SPREAD, np.abs(SPREAD))),
    Row("cross_entropy", (X, SHARES), (CLASS_WEIGHTS,), ("weight",)),
    Row("cross_entropy", (X, SHARES), (CLASS_WEIGHTS,), ("weight",), arguments={"label_smoothing": 0.2}),
    Row("nll_loss", (X,), (CLASSES,)),
    Row("nll_loss", (X[0],), (CLASSES[0],)),
    Row("nll_loss", (SPREAD,), (SPREAD_CLASSES, CLASS_WEIGHTS[:3]), ("weight",)),
    Row("nll_loss", (X,), (np.array([1, -100, 3, -100]),)),
]  # fmt: skip


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.name}-{'-'.join((*row.names, *row.arguments))}")
def test_values_and_derivatives_are_those_of_torch(row: Row, reduction: str, agrees_with_torch: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")

    def calls(f: Any) -> Any:
        def call(*args: Any) -> Any:
            cut = len(args) - len(row.names)
            named = dict(zip(row.names, args[cut:], strict=True))
            return f(*args[:cut], **named, reduction=reduction, **row.arguments)

        return call

    agrees_with_torch(
        calls(getattr(nnx.losses, row.name)),
        calls(getattr(torch.nn.functional, row.name)),
        row.inputs,
        row.constants,
        second=row.second,
    )


def test_every_loss_has_a_row() -> None:
    """In this table or in one of its own family."""
    families = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    for name in set(nnx.losses.__all__) - {"half_squared_error"} - {row.name for row in ROWS}:
        assert f'"{name}"' in families, f"{name} has no row"
