"""What PyTorch has no counterpart for, exactness at the edges, and bad input."""

import math
from typing import Any

import numpy as np
import pytest

import nnx
from nnx import losses
from nnx.testing import check_gradients

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


@pytest.mark.parametrize("kind", ["int8", "int32", "uint8", "uint64"])
@pytest.mark.parametrize("name", ["cross_entropy", "nll_loss", "multi_margin_loss", "ctc_loss"])
def test_class_indices_may_be_of_any_integer_dtype(name: str, kind: str, lib: Any) -> None:
    """Also where there are more classes than the dtype has numbers."""
    x, t = lib.asarray(np.random.default_rng(2).standard_normal((4, 300))), [1, 0, 4, 2]

    def loss(x: Any, t: Any) -> Any:
        lengths = ((4,), (4,)) if name == "ctc_loss" else ()
        return getattr(losses, name)(x, t, *lengths)

    expected = nnx.value_and_grad(loss)(x, lib.asarray(t, "int64"))
    for got, wanted in zip(nnx.value_and_grad(loss)(x, lib.asarray(t, kind)), expected, strict=True):
        lib.assert_close(got, lib.to_numpy(wanted), rtol=1e-15)


def test_the_mean_over_nothing_is_nan(lib: Any) -> None:
    empty, none = lib.asarray(np.zeros((0, 5))), lib.asarray(np.zeros(0, "i8"))
    assert math.isnan(float(losses.cross_entropy(empty, none)))
    assert float(losses.cross_entropy(empty, none, reduction="sum")) == 0.0
    assert math.isnan(float(losses.mse_loss(empty, empty)))
    assert math.isnan(float(losses.mse_loss(empty, empty, weight=empty)))
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
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    np.testing.assert_allclose(found, expected, rtol=2e-6 if kind == "float32" else 1e-14)
    slope, g = Primitive.registry["cross_entropy_slope"], np.asarray(0.3, kind)
    expected = slope.forward(xp, wanted.logp, t, g * wanted.scale)
    for _ in range(2):  # what is kept is still there when it is asked for again
        found = slope(got.logp, t, g * got.scale) if got.slope is None else got.slope(g)
        assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("p", [1, 2])
def test_multi_margin_loss_to_second_order(p: int) -> None:
    weight = np.arange(1.0, 6.0)
    check_gradients(lambda x: losses.multi_margin_loss(x, T, p, weight=weight, reduction="none"), X, order=2)


def test_multilabel_margin_loss_to_second_order() -> None:
    labels = np.array([[0, 3, -1, 2, 2], [-1, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 2, -1, -1, -1]])
    check_gradients(lambda x: losses.multilabel_margin_loss(x, labels, reduction="none"), X, order=2)


def test_losses_of_class_indices_over_nothing(lib: Any) -> None:
    empty, none = lib.asarray(np.zeros((0, 5))), lib.asarray(np.zeros(0, "i8"))
    labels = lib.asarray(np.zeros((0, 5), "i8"))
    for f, target in ((losses.multi_margin_loss, none), (losses.multilabel_margin_loss, labels)):
        assert math.isnan(float(f(empty, target)))  # PyTorch gives memory that nobody has written to
        lib.assert_equal(f(empty, target, reduction="sum"), 0.0)
        lib.assert_equal(f(empty, target, reduction="none"), np.zeros(0))


def test_scores_of_any_size_have_a_soft_margin(lib: Any) -> None:
    x, t = lib.asarray([-800.0, 800.0], "float32"), lib.asarray([1, 1])
    f = lambda x: losses.soft_margin_loss(x, t, "sum")  # noqa: E731
    value, gradient = nnx.value_and_grad(f)(x)
    lib.assert_equal(value, 800.0)
    lib.assert_equal(gradient, [-1.0, 0.0])


def test_a_target_probability_of_zero_counts_nothing(lib: Any) -> None:
    x, t = lib.asarray([-3.0, 0.0]), lib.asarray([0.0, 1.0])
    value, (of_x, of_t) = nnx.value_and_grad(lambda x, t: losses.kl_div(x, t, "sum"), (0, 1))(x, t)
    lib.assert_equal(value, 0.0)
    lib.assert_equal(of_x, [0.0, -1.0])
    lib.assert_equal(of_t, [-np.inf, 1.0])  # NaN in PyTorch


def test_nan_stays(lib: Any) -> None:
    """Where PyTorch's does: a margin does not hide it."""
    x, t = lib.asarray([np.nan, 1.0]), lib.asarray([1.0, -1.0])
    pair, rows = (x, lib.asarray([0.0, 0.0])), lib.asarray([[np.nan, 0.0], [1.0, 0.0]])
    for out in (
        losses.smooth_l1_loss(*pair, "none"),
        losses.huber_loss(*pair, "none"),
        losses.hinge_embedding_loss(x, -t, reduction="none"),
        losses.margin_ranking_loss(*pair, t, reduction="none"),
        losses.gaussian_nll_loss(*pair, 1.0, reduction="none"),
        losses.cosine_embedding_loss(rows, rows + 1.0, t, reduction="none"),
        losses.triplet_margin_loss(rows, rows, rows, reduction="none"),
    ):
        np.testing.assert_array_equal(np.isnan(lib.to_numpy(out)), [True, False])


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_weights_of_classes_have_derivatives(reduction: str, smoothing: float) -> None:
    """PyTorch has none."""
    target, places = np.array([1, 0, -100, 2]), np.array([[1, 0, -100, 2, 0]])
    arguments: dict[str, Any] = {"reduction": reduction, "label_smoothing": smoothing}
    f = lambda x, w, t: losses.cross_entropy(x, t, w, **arguments)  # noqa: E731
    check_gradients(lambda x, w: f(x, w, target), X, np.arange(1.0, 6.0), order=2)
    check_gradients(lambda x, w: f(x, w, places), X[None, :3, :], np.arange(1.0, 4.0), order=2)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_weights_of_elements_have_derivatives(reduction: str) -> None:
    target = np.abs(np.sin(X))
    check_gradients(
        lambda x, t, w, p: losses.binary_cross_entropy_with_logits(x, t, w, reduction, p),
        X, target, target[0] + 0.1, target[:, :1] + 0.5, order=2,
    )  # fmt: skip


def test_what_is_ignored_may_be_nan_with_label_smoothing(lib: Any) -> None:
    scores = lib.asarray(np.array([[1.0, 2.0, 0.5], [np.nan, np.inf, 0.0]]))
    target, first = lib.asarray(np.array([2, -100])), lib.asarray(np.array([2]))
    found = losses.cross_entropy(scores, target, label_smoothing=0.1)
    wanted = losses.cross_entropy(scores[:1, ...], first, label_smoothing=0.1)
    lib.assert_close(found, nnx.to_numpy(wanted), rtol=1e-12)
