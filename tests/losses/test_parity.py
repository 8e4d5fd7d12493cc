"""Every loss of `nnx.losses` against PyTorch: one row each, over its arguments."""

import inspect
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
SIGNS = np.where(rng.random((4, 5)) < 0.5, -1, 1)
HITS = (rng.random((4, 5)) < 0.4).astype(int)
LABELS = np.array([[0, 3, -1, 2, 2], [-1, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 2, -1, -1, -1]])
COUNTS = np.array([[0, 1, 2, 3, 7], [1, 0, 0, 2, 2], [4, 5, 6, 7, 8], [0, 0, 1, 1, 30]])
SHARES = np.exp(Y) / np.exp(Y).sum(axis=1, keepdims=True)
INF = float("inf")
KL = ("mean", "sum", "none", "batchmean")


class Row(NamedTuple):
    name: str
    inputs: tuple[Any, ...]
    constants: tuple[Any, ...] = ()
    names: tuple[str, ...] = ()  # of the constants after the target
    second: bool = True
    arguments: dict[str, Any] = {}
    reductions: tuple[str, ...] = ("mean", "sum", "none")
    rtol: float = 1e-9
    smooth: bool = True  # not at a kink, where the gradient is one of many


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
    *[
        Row("cross_entropy", (x,), (target, *weights), ("weight",) * len(weights), arguments={"label_smoothing": a})
        for x, target in ((X, np.full(4, -100)), (X[:0], CLASSES[:0]), (X[0], np.asarray(-100)),
                          (SPREAD[..., :0, 0].repeat(2, 1)[:, :5], SPREAD_CLASSES[:, :0, 0]))
        for weights in ((), (CLASS_WEIGHTS,)) for a in (0.0, 0.1)
    ],
    Row("cross_entropy", (X,), (CLASSES, CLASS_WEIGHTS * 0.0), ("weight",)),
    Row("cross_entropy", (X, SHARES)),
    Row("cross_entropy", (X[:0], SHARES[:0])),
    Row("cross_entropy", (X,), (SHARES.astype("f4"),)),
    Row("cross_entropy", (X[0], SHARES[0])),
    Row("cross_entropy", (SPREAD, np.abs(SPREAD))),
    Row("cross_entropy", (X, SHARES), (CLASS_WEIGHTS,), ("weight",)),
    Row("cross_entropy", (X, SHARES), (CLASS_WEIGHTS,), ("weight",), arguments={"label_smoothing": 0.2}),
    Row("nll_loss", (X,), (CLASSES,)),
    Row("nll_loss", (X[0],), (CLASSES[0],)),
    Row("nll_loss", (SPREAD,), (SPREAD_CLASSES, CLASS_WEIGHTS[:3]), ("weight",)),
    Row("nll_loss", (X,), (np.array([1, -100, 3, -100]),)),
    Row("nll_loss", (X,), (np.full(4, -100), CLASS_WEIGHTS), ("weight",)),
    Row("nll_loss", (X[:0],), (CLASSES[:0], CLASS_WEIGHTS), ("weight",)),
    *[Row("smooth_l1_loss", (X, Y), arguments={"beta": beta}) for beta in (1.0, 0.3, 0, 5)],
    Row("smooth_l1_loss", (np.array([1.0, -1.0, 0.0]),), (np.zeros(3),), smooth=False),
    *[Row("huber_loss", (X, Y), arguments={"delta": delta}) for delta in (1, 0.3, 5.0)],
    Row("huber_loss", (X, Y), (W,), ("weight",), arguments={"delta": 0.7}),
    Row("huber_loss", (np.array([1.0, -1.0, 0.0]),), (np.zeros(3),), second=False),
    Row("kl_div", (X, SHARES), reductions=KL),
    Row("kl_div", (X, Y), arguments={"log_target": True}, reductions=KL),
    Row("kl_div", (X,), (np.where(SHARES < 0.2, 0.0, SHARES),), reductions=KL),
    Row("kl_div", (X, SHARES[0]), reductions=KL),
    Row("kl_div", (X[0], SHARES), reductions=KL),
    Row("kl_div", (X[0, 0], SHARES[0, 0]), reductions=KL),
    Row("kl_div", (X[:0], SHARES[:0]), reductions=KL),
    Row("poisson_nll_loss", (X, Y)),
    Row("poisson_nll_loss", (X,), (COUNTS,)),
    Row("poisson_nll_loss", (X,), (COUNTS * 1.0,), arguments={"full": True}),
    Row("poisson_nll_loss", (X, Q + 0.1), arguments={"full": True}),
    Row("poisson_nll_loss", (P, Y), arguments={"log_input": False, "eps": 1e-3}),
    Row("poisson_nll_loss", (P, Q + 1.0), arguments={"log_input": False, "full": True}),
    Row("poisson_nll_loss", (X[0], Y)),
    Row("gaussian_nll_loss", (X, Y, W)),
    Row("gaussian_nll_loss", (X, Y, W[:, 0])),
    Row("gaussian_nll_loss", (X, Y), (np.where(W > 1, INF, W),), second=False),
    Row("gaussian_nll_loss", (X, Y, W[:, :1]), arguments={"full": True}),
    Row("gaussian_nll_loss", (X, Y, W[:1])),
    Row("gaussian_nll_loss", (X, Y[0], W - 0.1), arguments={"eps": 0.3}, smooth=False),  # gradients pass its clamp
    Row("gaussian_nll_loss", (X, Y), arguments={"var": 2.0}),
    Row("gaussian_nll_loss", (X[0], Y), arguments={"var": 2.0}),
    Row("gaussian_nll_loss", (X[0], Y[0], W[0, 0])),
    Row("hinge_embedding_loss", (X,), (SIGNS,)),
    Row("hinge_embedding_loss", (X,), (SIGNS * 1.0,), arguments={"margin": 0.2}),
    Row("hinge_embedding_loss", (X,), (SIGNS[0],)),
    Row("hinge_embedding_loss", (np.array([1.0, 1.0, 1.0, 0.3]),), (np.array([0.0, 1.0, -1.0, 0.5]),), smooth=False),
    Row("soft_margin_loss", (X,), (SIGNS,)),
    Row("soft_margin_loss", (X,), (SIGNS[0] * 1.0,)),
    Row("margin_ranking_loss", (X, Y), (SIGNS,)),
    Row("margin_ranking_loss", (X, Y, W), arguments={"margin": 0.4}),
    Row("margin_ranking_loss", (X, X), (SIGNS,), smooth=False),
    Row("margin_ranking_loss", (X, Y[:1]), (SIGNS[:, :1],)),
    *[Row("multi_margin_loss", (X,), (CLASSES,), arguments={"p": p, "margin": 0.5 * p}, second=False) for p in (1, 2)],
    Row("multi_margin_loss", (X,), (CLASSES, CLASS_WEIGHTS), ("weight",), arguments={"p": 2}, second=False),
    Row("multi_margin_loss", (X[0],), (CLASSES[0],), second=False),
    Row("multi_margin_loss", (X[0],), (CLASSES[:1],), second=False),
    Row("multi_margin_loss", (np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]),), (np.array([0, 2]),), second=False),
    Row("multilabel_margin_loss", (X,), (LABELS,), second=False),
    Row("multilabel_margin_loss", (X[0],), (LABELS[0],), second=False),
    Row("multilabel_soft_margin_loss", (X,), (HITS,)),
    Row("multilabel_soft_margin_loss", (X, Q, W)),
    Row("multilabel_soft_margin_loss", (X[0], Q)),
    Row("multilabel_soft_margin_loss", (X,), (HITS, CLASS_WEIGHTS), ("weight",)),
    Row("multilabel_soft_margin_loss", (SPREAD,), (HITS[0, 0],)),
    Row("cosine_embedding_loss", (X, Y), (SIGNS[:, 0],)),
    Row("cosine_embedding_loss", (X, Y), (np.array([1.0, -1.0, 0.0, -1.0]),), arguments={"margin": -0.2}),
    Row("cosine_embedding_loss", (X[0], Y[0]), (SIGNS[0, 0],)),
    Row("cosine_embedding_loss", (X * np.sign(CLASSES)[:, None], Y), (SIGNS[:, 0],), second=False, rtol=1e-8),
    *[Row("triplet_margin_loss", (X, Y, W), arguments={"p": p, "swap": swap, "margin": 2.0})
      for p in (1, 2, 3.5, INF) for swap in (False, True)],
    *[Row("triplet_margin_loss", (X, Y, W), arguments={"p": p, "margin": 50.0}) for p in (0, 0.5, -1, -INF)],
    Row("triplet_margin_loss", (X[0], Y[0], W[0])),
    Row("triplet_margin_loss", (X, Y[:1], W), arguments={"eps": 0.1}),
    Row("triplet_margin_loss", (X[0, 0], Y[0, 0], W[0, 0])),
    Row("triplet_margin_loss", (X, X, Y), arguments={"eps": 0.0, "margin": 9.0}, second=False),
    Row("triplet_margin_loss", (X, X, X), smooth=False),
    Row("triplet_margin_with_distance_loss", (X, Y, W)),
    Row(
        "triplet_margin_with_distance_loss", (X, Y, W),
        arguments={"distance_function": lambda x, y: (x - y) ** 2, "swap": True, "margin": 0.3},
    ),
]  # fmt: skip


def called(row: Row, f: Any, reduction: str) -> Any:
    def call(*args: Any) -> Any:
        cut = len(args) - len(row.names)
        named = dict(zip(row.names, args[cut:], strict=True))
        return f(*args[:cut], **named, reduction=reduction, **row.arguments)

    return call


def title(row: Row) -> str:
    return f"{row.name}-{'-'.join((*row.names, *row.arguments))}"


@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides:UserWarning")
@pytest.mark.parametrize(
    ("row", "reduction"), [pytest.param(r, how, id=f"{title(r)}-{how}") for r in ROWS for how in r.reductions]
)
def test_values_and_derivatives_are_those_of_torch(row: Row, reduction: str, agrees_with_torch: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    agrees_with_torch(
        called(row, getattr(nnx.losses, row.name), reduction),
        called(row, getattr(torch.nn.functional, row.name), reduction),
        row.inputs,
        row.constants,
        row.rtol,
        row.second,
        differences=row.smooth,
    )


@pytest.mark.parametrize("name", sorted(set(nnx.losses.__all__) - {"half_squared_error"}))
def test_arguments_are_those_of_torch(name: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    ours, theirs = (
        [(p.name, p.default, p.kind) for p in inspect.signature(getattr(m, name)).parameters.values()]
        for m in (nnx.losses, torch.nn.functional)
    )
    assert ours == [p for p in theirs if p[0] not in ("size_average", "reduce", "options")]


def test_every_loss_has_a_row() -> None:
    """In this table or in one of its own family."""
    families = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    for name in set(nnx.losses.__all__) - {"half_squared_error"} - {row.name for row in ROWS}:
        assert f'"{name}"' in families, f"{name} has no row"
