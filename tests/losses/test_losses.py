"""What PyTorch has no counterpart for, exactness at the edges, and bad input."""

import math
from typing import Any

import numpy as np
import pytest

import nnx
from nnx import losses

X = np.random.default_rng(1).standard_normal((4, 5))
T = np.array([1, 0, 4, 2])


def test_half_squared_error_is_that_of_textbooks(lib: Any) -> None:
    x, t = lib.asarray([1.0, 2.0, 3.0]), lib.asarray([0.0, 4.0, 3.0])
    lib.assert_close(losses.half_squared_error(x, t), 2.5)
    lib.assert_close(losses.half_squared_error(x, t, "mean"), 2.5 / 3.0)
    lib.assert_equal(losses.half_squared_error(x, t, "none"), [0.5, 2.0, 0.0])
    for i, sign in ((0, 1.0), (1, -1.0)):
        gradient = nnx.grad(losses.half_squared_error, i)(x, t)
        lib.assert_equal(gradient, sign * np.array([1.0, -2.0, 0.0]))


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss"])
def test_shapes_that_broadcast_are_taken_with_a_warning(name: str, lib: Any, agrees_with_torch: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    f = getattr(losses, name)
    with pytest.warns(UserWarning, match="broadcast"):
        agrees_with_torch(f, getattr(torch.nn.functional, name), (X, X[:, :1] + 1.0))


def test_whole_numbers_are_taken_as_targets_of_a_difference(lib: Any) -> None:
    x = lib.asarray([0.5, 1.0], "float32")
    out = losses.mse_loss(x, lib.asarray([1, 1]))
    assert out.dtype == lib.xp.float32
    lib.assert_close(out, 0.125)


@pytest.mark.parametrize("kind", ["int8", "int32", "uint8", "int64"])
def test_class_indices_may_be_of_any_integer_dtype(kind: str, lib: Any) -> None:
    expected = losses.cross_entropy(lib.asarray(X), lib.asarray(T))
    lib.assert_close(
        losses.cross_entropy(lib.asarray(X), lib.asarray(T, kind)), lib.to_numpy(expected), rtol=1e-15
    )


def test_the_mean_over_nothing_is_nan(lib: Any) -> None:
    empty, none = lib.asarray(np.zeros((0, 5))), lib.asarray(np.zeros(0, "i8"))
    assert math.isnan(float(losses.cross_entropy(empty, none)))
    assert float(losses.cross_entropy(empty, none, reduction="sum")) == 0.0
    assert math.isnan(float(losses.mse_loss(empty, empty)))
    assert math.isnan(float(losses.cross_entropy(lib.asarray(X), lib.asarray([-100] * 4))))
    lib.assert_equal(
        losses.cross_entropy(lib.asarray(X), lib.asarray([-100] * 4), reduction="none"), np.zeros(4)
    )


def test_saturated_scores_stay_finite_and_exact(lib: Any) -> None:
    scores = lib.asarray([[1e4, 0.0], [0.0, 1e4]], "float32")
    value, gradient = nnx.value_and_grad(losses.cross_entropy)(scores, lib.asarray([1, 1]))
    lib.assert_equal(value, 5000.0)
    lib.assert_equal(gradient, [[0.5, -0.5], [0.0, 0.0]])
    logits, targets = lib.asarray([-1e4, 1e4], "float32"), lib.asarray([1.0, 1.0], "float32")
    value, gradient = nnx.value_and_grad(losses.binary_cross_entropy_with_logits)(logits, targets)
    lib.assert_equal(value, 5000.0)
    lib.assert_equal(gradient, [-0.5, 0.0])
    value, gradient = nnx.value_and_grad(losses.binary_cross_entropy)(
        lib.asarray([0.0, 1.0]), lib.asarray([1.0, 1.0])
    )
    lib.assert_equal(value, 50.0)
    assert bool(lib.xp.all(lib.xp.isfinite(gradient)))


def test_a_perfect_probability_costs_nothing(lib: Any) -> None:
    p = lib.asarray([0.0, 1.0], "float32")
    lib.assert_equal(losses.binary_cross_entropy(p, p), 0.0)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize("classes", [10, 50])
def test_the_fast_version_is_the_one_in_standard_functions(classes: int, kind: str, reduction: str) -> None:
    from nnx.autodiff.primitive import Primitive
    from nnx.losses._cross_entropy import Kept

    x = np.random.default_rng(2).standard_normal((64, classes)).astype(kind)
    t = np.random.default_rng(3).integers(0, classes, 64)
    own, xp = Primitive.registry["cross_entropy"], nnx.backend("numpy").xp
    wanted, got = Kept(), Kept()
    expected = own.forward(xp, x, t, None, reduction=reduction, ignore_index=-100, kept=wanted)
    found = own(x, t, None, reduction=reduction, ignore_index=-100, kept=got)
    for a, b in ((found, expected), (got.logp, wanted.logp), (got.scale, wanted.scale)):
        assert (a.dtype, a.shape) == (b.dtype, b.shape)
        np.testing.assert_allclose(a, b, rtol=1e-6 if kind == "float32" else 1e-14)
    slope, factor = Primitive.registry["cross_entropy_slope"], np.asarray(0.3, kind)
    expected = slope.forward(xp, wanted.logp, t, factor)
    np.testing.assert_allclose(slope(got.logp, t, factor), expected, rtol=1e-5, atol=1e-7)


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
        lambda a: losses.cross_entropy(a([[0.0, 1.0]]), a([[0.0, 1.0]], "float32")),
        TypeError,
        "expected integer class indices, or probabilities of dtype .*float64, got .*float32",
    ),
    (
        lambda a: losses.cross_entropy(a([[0.0, 1.0]]), a([1]), weight=a([1.0, 1.0], "float32")),
        TypeError,
        "expected a weight of the scores' dtype .*float64, got .*float32",
    ),
    (lambda a: losses.binary_cross_entropy(a([np.nan]), a([1.0])), ValueError, "expected probabilities"),
    (lambda a: losses.binary_cross_entropy_with_logits(a([0.5]), a([1])), TypeError, "floating-point target"),
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
]


@pytest.mark.parametrize(("call", "kind", "message"), BAD, ids=range(len(BAD)))
def test_bad_input_is_refused(call: Any, kind: type[Exception], message: str, lib: Any) -> None:
    with pytest.raises(kind, match=message):
        call(lib.asarray)
