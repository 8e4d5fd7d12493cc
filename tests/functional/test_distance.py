"""Distances, similarities and the bilinear map against PyTorch. One row each."""

from typing import Any, NamedTuple

import numpy as np
import pytest

import nnx
import nnx.functional as F
from nnx.testing import check_gradients

rng = np.random.default_rng(3)
X, Y = rng.standard_normal((3, 4)), rng.standard_normal((3, 4))
CUBE = rng.standard_normal((2, 3, 4))
ZERO = X.copy()
ZERO[1] = 0.0
NEAR = X.copy()
NEAR[0] *= 1e-3
SAME = np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [1.0, 2.0, 5.0], [2.0, 1.5, 3.0]])
INF = float("inf")


class Row(NamedTuple):
    name: str
    inputs: tuple[Any, ...]
    args: tuple[Any, ...] = ()
    second: bool = True


ROWS = [
    Row("cosine_similarity", (X, Y)),
    Row("cosine_similarity", (X, Y), (0,)),
    Row("cosine_similarity", (CUBE, Y), (2,)),
    Row("cosine_similarity", (CUBE, Y), (-3,)),
    Row("cosine_similarity", (X, Y[:1])),
    Row("cosine_similarity", (X, NEAR), (1, 0.5)),
    Row("cosine_similarity", (X[0], Y[0]), (0,)),
    Row("cosine_similarity", (X, ZERO), second=False),  # PyTorch's second derivative is NaN there
    Row("cosine_similarity", (X[:, :0], Y[:, :0])),
    Row("cosine_similarity", (np.asarray(2.0), np.asarray(3.0)), (0,)),
    Row("pairwise_distance", (X, Y)),
    Row("pairwise_distance", (X, Y[0])),
    Row("pairwise_distance", (X[0], Y[0])),
    Row("pairwise_distance", (CUBE, X)),
    Row("pairwise_distance", (X, Y), (2.0, 1e-6, True)),
    *[Row("pairwise_distance", (X, Y), (p, 0.1)) for p in (0.5, 1.0, 3.0, -1.0, INF)],
    *[Row("pairwise_distance", (SAME[:2], SAME[1:3]), (p, 0.0), False) for p in (0.5, 1.0, 2.0, 3.0, INF)],
    Row("pairwise_distance", (X[:0], Y[:0])),
    Row("pairwise_distance", (np.asarray(2.0), np.asarray(5.0))),
    *[Row("pdist", (SAME,), (p,), False) for p in (0.5, 1.0, 2.0, 3.0, INF)],
    Row("pdist", (CUBE.reshape(6, 4),), second=False),
    Row("bilinear", (X, Y[:, :2], rng.standard_normal((5, 4, 2)))),
    Row("bilinear", (X, Y[:, :2], rng.standard_normal((5, 4, 2)), rng.standard_normal(5))),
    Row("bilinear", (X[0], Y[0, :2], rng.standard_normal((5, 4, 2)))),
    Row("bilinear", (CUBE, CUBE[..., :1], rng.standard_normal((5, 4, 1)), rng.standard_normal(5))),
    Row("bilinear", (X[:0], Y[:0], rng.standard_normal((5, 4, 4)))),
]


@pytest.mark.parametrize(
    "row", ROWS, ids=lambda row: f"{row.name}-{'-'.join(str(x.shape) for x in row.inputs)}-{row.args}"
)
def test_a_function_is_that_of_torch(row: Row, agrees_with_torch: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    ours, theirs = getattr(F, row.name), getattr(torch.nn.functional, row.name)
    agrees_with_torch(
        lambda *xs: ours(*xs, *row.args),
        lambda *xs: theirs(*xs, *row.args),
        row.inputs,
        second=row.second,
        differences=row.args != (1, 0.5),  # norms below eps count as eps, and have their gradients still
    )


@pytest.mark.parametrize("p", [1.0, 1.5, 2.0, 3.0])
def test_pdist_to_second_order(p: float) -> None:
    check_gradients(lambda x: F.pdist(x, p), CUBE.reshape(6, 4), order=2)


def test_distances_of_fewer_than_two_rows(lib: Any) -> None:
    for n in (0, 1):  # PyTorch dies of a division by zero on the way back
        x = lib.asarray(X[:n])
        lib.assert_equal(F.pdist(x), np.zeros(0))
        lib.assert_equal(nnx.grad(lambda x: nnx.array_namespace(x).sum(F.pdist(x)))(x), np.zeros((n, 4)))


def test_distances_of_order_zero_count(lib: Any) -> None:
    x = lib.asarray(SAME)
    lib.assert_equal(F.pdist(x, 0.0), [0.0, 1.0, 2.0, 1.0, 2.0, 3.0])
    lib.assert_equal(F.pairwise_distance(x[:2, :], x[2:, :], 0.0, 0.0), [1.0, 2.0])
    lib.assert_equal(nnx.grad(lambda x: nnx.array_namespace(x).sum(F.pdist(x, 0.0)))(x), np.zeros((4, 3)))


W = rng.standard_normal((5, 4, 2))
BAD = [
    (lambda a: F.cosine_similarity(a(X), a(Y), 2), IndexError, "expected an axis from -2 to 1, got 2"),
    (lambda a: F.cosine_similarity(a(X), a(Y[:, :3])), ValueError, "cosine_similarity: expected shapes that"),
    (lambda a: F.cosine_similarity(a([[1]]), a([[2]])), TypeError, "expected x1 of floating-point numbers"),
    (lambda a: F.pairwise_distance(a(X), a(Y[:, :3])), ValueError, "pairwise_distance: expected shapes that"),
    (lambda a: F.pairwise_distance(a(X), a([1])), TypeError, "expected x2 of floating-point numbers"),
    (lambda a: F.pdist(a(X[0])), ValueError, r"pdist: expected an input with 2 axes, got shape \(4,\)"),
    (lambda a: F.pdist(a(X), -1.0), ValueError, "pdist: expected p to be at least 0, got -1.0"),
    (lambda a: F.pdist(a([[1, 2]])), TypeError, "pdist: expected floating-point numbers"),
    (lambda a: F.bilinear(a(X), a(Y), a(W)), ValueError, "bilinear: expected input2 with a last axis of 2"),
    (
        lambda a: F.bilinear(a(Y[:, :2]), a(Y), a(W)),
        ValueError,
        "bilinear: expected input1 with a last axis of 4",
    ),
    (lambda a: F.bilinear(a(X), a(Y[0, :2]), a(W)), ValueError, "bilinear: expected the same leading axes"),
    (lambda a: F.bilinear(a(X), a(Y[:1, :2]), a(W)), ValueError, "bilinear: expected the same leading axes"),
    (lambda a: F.bilinear(a(X), a(Y[:, :2]), a(W[0])), ValueError, "expected a weight with 3 axes"),
    (
        lambda a: F.bilinear(a(X), a(Y[:, :2]), a(W), a([1.0])),
        ValueError,
        r"a bias of shape \(5,\), got \(1,\)",
    ),
    (lambda a: F.bilinear(a(X.astype("f4")), a(Y[:, :2]), a(W)), TypeError, "inputs of the weight's dtype"),
    (
        lambda a: nnx.Bilinear(0, 2, 3),
        ValueError,
        "Bilinear: expected in1_features to be .* at least 1, got 0",
    ),
    (lambda a: nnx.Bilinear(1, -1, 3), ValueError, "Bilinear: expected in2_features to be .* at least 0"),
]


@pytest.mark.parametrize(("call", "kind", "message"), BAD, ids=[message for _, _, message in BAD])
def test_bad_input_is_refused(call: Any, kind: type[Exception], message: str, lib: Any) -> None:
    with pytest.raises(kind, match=message):
        call(lib.asarray)
