"""What every loss refuses, with which words: PyTorch's refusals as ValueError, TypeError or IndexError."""

from typing import Any

import numpy as np
import pytest

from nnx import losses

X = np.random.default_rng(1).standard_normal((4, 5))
T = np.array([1, 0, 4, 2])

BAD: list[tuple[Any, type[Exception], str]] = [
    (
        lambda a: losses.mse_loss(a(X), a(X), "average"),
        ValueError,
        'expected a reduction of "mean", "sum" or "none"',
    ),
    (
        lambda a: losses.mse_loss(a(X), a(X), weight=a(X[0])),
        ValueError,
        "expected a weight of the input's shape",
    ),
    (
        lambda a: losses.binary_cross_entropy(a([0.5]), a([[0.5]])),
        ValueError,
        "expected a target of the input's shape",
    ),
    (
        lambda a: losses.binary_cross_entropy(a([0.5]), a([1])),
        TypeError,
        "expected a target of the input's dtype",
    ),
    (
        lambda a: losses.binary_cross_entropy(a([1.5]), a([1.0])),
        ValueError,
        "expected probabilities between 0 and 1",
    ),
    (lambda a: losses.mse_loss(a(X), 1.0), TypeError, "mse_loss: expected target to be an array, got float"),
    (lambda a: losses.l1_loss([1.0], a(X)), TypeError, "l1_loss: expected input to be an array, got list"),
    (
        lambda a: losses.binary_cross_entropy(a([0.5]), None),
        TypeError,
        "expected target to be an array, got NoneType",
    ),
    (lambda a: losses.cross_entropy(a(X), [0]), TypeError, "expected target to be an array, got list"),
    (
        lambda a: losses.cross_entropy(a([[0.0, 1.0]]), a([0.0, 1.0], "float32")),
        TypeError,
        r"expected integer class indices, or probabilities of shape \(1, 2\), got .*float32",
    ),
    (
        lambda a: losses.cross_entropy(a([[0.0, 1.0]]), a([1]), weight=a([1.0, 1.0], "float32")),
        TypeError,
        "expected a weight of the scores' dtype .*float64, got .*float32",
    ),
    (lambda a: losses.binary_cross_entropy(a([np.nan]), a([1.0])), ValueError, "expected probabilities"),
    (lambda a: losses.binary_cross_entropy_with_logits(a([0.5]), a([1])), TypeError, "target of a real floating"),
    (
        lambda a: losses.cross_entropy(a(X), a([0, 1, 5, 2])),
        IndexError,
        "cross_entropy: expected targets.*got 5",
    ),
    (
        lambda a: losses.cross_entropy(a(X), a([0, 1, -1, 2])),
        IndexError,
        "expected targets from 0 to 4 .*got -1",
    ),
    (
        lambda a: losses.nll_loss(a(X), a([0, 1, -1, 2])),
        IndexError,
        "nll_loss: expected targets.*got -1",
    ),
    (lambda a: losses.cross_entropy(a(X), a([0, 1])), ValueError, r"expected class indices of shape \(4,\)"),
    (lambda a: losses.cross_entropy(a(X), a(T, "float32")), TypeError, "expected integer class indices"),
    (lambda a: losses.cross_entropy(a(X), a(T > 1)), TypeError, "expected integer class indices"),
    (
        lambda a: losses.cross_entropy(a(X), a(X[:2])),
        ValueError,
        "expected probabilities of the scores' shape",
    ),
    (lambda a: losses.cross_entropy(a(T), a(T)), TypeError, "expected floating-point scores"),
    (
        lambda a: losses.cross_entropy(a(X), a(T), a(X[0, :3])),
        ValueError,
        "expected a weight for each of 5 classes",
    ),
    (
        lambda a: losses.cross_entropy(a(X), a(X), a(X[0, :3])),
        ValueError,
        "expected a weight for each of 5 classes",
    ),
    (
        lambda a: losses.cross_entropy(a(X), a(T), label_smoothing=1.5),
        ValueError,
        "expected label_smoothing between",
    ),
    (lambda a: losses.cross_entropy(a(X), a(T), reduction="max"), ValueError, "expected a reduction"),
    (lambda a: losses.cross_entropy(a(1.0), a(0)), ValueError, "expected scores with a class axis"),
    (
        lambda a: losses.binary_cross_entropy_with_logits(a(X), a(X), a(X[None])),
        ValueError,
        r"expected a weight that broadcasts to shape \(4, 5\), got \(1, 4, 5\)",
    ),
    (
        lambda a: losses.binary_cross_entropy_with_logits(a(X), a(X), pos_weight=a(X[:, 0])),
        ValueError,
        r"expected a pos_weight that broadcasts to shape \(4, 5\), got \(4,\)",
    ),
    (lambda a: losses.binary_cross_entropy(a(X * 0), a(X * 0), a(X[:3])), ValueError, r"a weight that .*got \(3, 5\)"),
    (lambda a: losses.cross_entropy(a(X), a(X), ignore_index=1), ValueError, "no ignore_index beside probabilities"),
    (lambda a: losses.cross_entropy(a(X), a(X > 0)), TypeError, "expected floating-point scores and probabilities"),
    (lambda a: losses.mse_loss(a(T), a(T)), TypeError, "expected input of a real floating-point dtype, got .*int64"),
    (lambda a: losses.mse_loss(a(X), a(X[:, :2])), ValueError, r"that broadcast, got input \(4, 5\), target \(4, 2\)"),
    (lambda a: losses.smooth_l1_loss(a(X), a(X), beta=-1.0), ValueError, "expected beta to be at least 0, got -1.0"),
    (lambda a: losses.huber_loss(a(X), a(X), delta=0.0), ValueError, "expected delta to be more than 0, got 0.0"),
    (lambda a: losses.huber_loss(a(X), a(X), weight=a(X[0])), ValueError, "expected a weight of the input's shape"),
    (lambda a: losses.kl_div(a(X), a(X), "average"), ValueError, "kl_div: expected a reduction"),
    (lambda a: losses.kl_div(a(X), a(T)), TypeError, "expected target of a real floating-point dtype"),
    (lambda a: losses.poisson_nll_loss(a(X), a(X), reduction="batchmean"), ValueError, "expected a reduction"),
    (lambda a: losses.poisson_nll_loss(a(X), 1.0), TypeError, "expected target to be an array, got float"),
    (lambda a: losses.gaussian_nll_loss(a(X[:0]), a(X[:0]), -1.0), ValueError, "var without negative elements"),
    (lambda a: losses.gaussian_nll_loss(a(X), a(X), a(-X * X)), ValueError, "expected var without negative elements"),
    (lambda a: losses.gaussian_nll_loss(a(X), a(X), a(X[0])), ValueError, r"expected var of the input's shape"),
    (lambda a: losses.gaussian_nll_loss(a(X), a(X), a(X[:1, :1])), ValueError, r"with one axis of 1, got \(1, 1\)"),
    (lambda a: losses.hinge_embedding_loss(a(X), a(T)), ValueError, r"that broadcast, got .*target \(4,\)"),
    (lambda a: losses.soft_margin_loss(a(T), a(T)), TypeError, "expected input of a real floating-point dtype"),
    (lambda a: losses.margin_ranking_loss(a(X), a(X), a(X[0])), ValueError, r"as many axes each, got .*\(5,\)"),
    (lambda a: losses.multi_margin_loss(a(X), a(T), 3), ValueError, "expected p to be 1 or 2, got 3"),
    (lambda a: losses.multi_margin_loss(a(X), a(T + 1)), IndexError, "expected targets from 0 to 4, got 1 to 5"),
    (lambda a: losses.multi_margin_loss(a(X), a(T - 1)), IndexError, "expected targets from 0 to 4, got -1 to 3"),
    (lambda a: losses.multi_margin_loss(a(X), a(X[:, 0])), TypeError, "expected integer class indices"),
    (lambda a: losses.multi_margin_loss(a(X), a(T[:2])), ValueError, r"class indices of shape \(4,\), got \(2,\)"),
    (lambda a: losses.multi_margin_loss(a(X[:, :0]), a(T)), ValueError, r"expected scores of shape \(N, C\)"),
    (lambda a: losses.multi_margin_loss(a(X[None]), a(T)), ValueError, r"expected scores of shape \(N, C\)"),
    (lambda a: losses.multi_margin_loss(a(X), a(T), weight=a(X[0, :2])), ValueError, "for each of 5 classes"),
    (lambda a: losses.multilabel_margin_loss(a(X), a(T)), ValueError, "expected a target of the input's shape"),
    (lambda a: losses.multilabel_margin_loss(a(X[0]), a([0, -1, 5, 0, 0])), IndexError, "from -1 to 4, got -1 to 5"),
    (lambda a: losses.multilabel_margin_loss(a(X[0]), a([0, -2, 0, 0, 0])), IndexError, "from -1 to 4, got -2 to 0"),
    (lambda a: losses.multilabel_soft_margin_loss(a(1.0), a(1.0)), IndexError, "with a class axis"),
    (lambda a: losses.cosine_embedding_loss(a(X), a(X), a(1)), ValueError, r"got \(4, 5\), \(4, 5\), \(\)"),
    (lambda a: losses.cosine_embedding_loss(a(X[0]), a(X[0]), a(T)), ValueError, r"got \(5,\), \(5,\), \(4,\)"),
    (lambda a: losses.cosine_embedding_loss(a(X[None]), a(X[None]), a(X)), ValueError, r"expected shapes \(N, D\)"),
    (lambda a: losses.cosine_embedding_loss(a(X), a(X), a([1, 1, 1])), ValueError, "that broadcast"),
    (lambda a: losses.triplet_margin_loss(a(X), a(X), a(X), 0.0), ValueError, "margin to be more than 0, got 0.0"),
    (lambda a: losses.triplet_margin_loss(a(X), a(X[0]), a(X)), ValueError, r"as many axes each, got .*\(5,\)"),
    (lambda a: losses.triplet_margin_loss(a(X), a(X), a(X[:, :2])), ValueError, "that broadcast"),
    (
        lambda a: losses.triplet_margin_with_distance_loss(a(X), a(X), a(X), margin=-1),
        ValueError,
        "triplet_margin_with_distance_loss: expected margin to be more than 0",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("call", "kind", "message"), BAD, ids=range(len(BAD)))
def test_bad_input_is_refused(call: Any, kind: type[Exception], message: str, lib: Any) -> None:
    with pytest.raises(kind, match=message):
        call(lib.asarray)
