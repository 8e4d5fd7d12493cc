"""What PyTorch has no counterpart for, exactness at the edges, and bad input."""

from typing import Any

import numpy as np
import pytest

import nnx
import nnx.functional as F


def xp_sum(x: Any) -> Any:
    return nnx.array_namespace(x).sum(x)


def test_sigmoid_keeps_its_relative_precision_where_it_saturates(lib: Any) -> None:
    lib.assert_close(
        F.sigmoid(lib.asarray([-700.0, -50.0, 700.0])), [np.exp(-700.0), np.exp(-50.0), 1.0], rtol=1e-14
    )


def test_step_fires_above_its_threshold_and_has_no_slope(lib: Any) -> None:
    x = lib.asarray([-1.0, 0.0, 0.3, 2.0])
    lib.assert_equal(F.step(x), [0.0, 0.0, 1.0, 1.0])
    lib.assert_equal(F.step(x, 0.5), [0.0, 0.0, 0.0, 1.0])
    lib.assert_equal(nnx.grad(lambda x: xp_sum(F.step(x)))(x), np.zeros(4))


def test_a_masked_element_is_untouched_by_infinities(lib: Any) -> None:
    _, pullback = nnx.vjp(F.relu, lib.asarray([[-1.0] * 20, [1.0] * 20]))
    (gradient,) = pullback(lib.asarray([[np.inf] * 20, [2.0] * 20]))
    lib.assert_equal(gradient, [[0.0] * 20, [2.0] * 20])


def test_relu_passes_nan_on(lib: Any) -> None:
    assert bool(lib.xp.all(lib.xp.isnan(F.relu(lib.asarray([np.nan] * 20)))))


def test_dropout_masks_are_the_same_everywhere_and_scale_what_stays(lib: Any) -> None:
    generator = nnx.random.Generator(3)
    out = F.dropout(lib.asarray(np.ones((50, 40))), 0.25, generator=generator)
    host = lib.to_numpy(out)
    with nnx.using("numpy"):
        expected = F.dropout(np.ones((50, 40)), 0.25, generator=nnx.random.Generator(3))
    np.testing.assert_array_equal(host, expected)
    assert set(np.unique(host)) == {0.0, 1.0 / 0.75}
    assert abs((host == 0).mean() - 0.25) < 0.05


def test_dropout_has_the_slope_of_its_mask(lib: Any) -> None:
    x = lib.asarray(np.full((6, 5), 2.0))

    def f(x: Any) -> Any:
        return xp_sum(F.dropout(x, 0.5, generator=nnx.random.Generator(3)))

    out = F.dropout(x, 0.5, generator=nnx.random.Generator(3))
    lib.assert_equal(nnx.grad(f)(x), lib.to_numpy(out) / 2.0)


def test_dropout_at_the_ends_of_its_range(lib: Any) -> None:
    x = lib.asarray([1.0, 2.0])
    lib.assert_equal(F.dropout(x, 0.0), [1.0, 2.0])
    lib.assert_equal(F.dropout(x, 1.0), [0.0, 0.0])
    lib.assert_equal(F.dropout(x, 0.9, training=False), [1.0, 2.0])


def test_one_hot(lib: Any) -> None:
    out = F.one_hot(lib.asarray([[0, 2], [1, 1]]), 4)
    lib.assert_equal(out, np.eye(4, dtype=np.int64)[np.array([[0, 2], [1, 1]])])
    assert F.one_hot(lib.asarray([0, 2])).shape == (2, 3)
    assert out.dtype == lib.xp.int64


def test_functions_keep_float32(lib: Any) -> None:
    x = lib.asarray([[0.5, -1.0]], "float32")
    for f in (
        F.relu,
        F.sigmoid,
        F.softmax,
        F.softplus,
        F.elu,
        F.leaky_relu,
        F.logsigmoid,
        F.hardswish,
        F.step,
    ):
        assert f(x).dtype == lib.xp.float32
        assert nnx.grad(lambda x, f=f: xp_sum(f(x)))(x).dtype == lib.xp.float32
    assert F.softmax(x, dtype=lib.xp.float64).dtype == lib.xp.float64


BAD = [
    (
        lambda a: F.linear(a(np.ones((2, 3))), a(np.ones((4, 5)))),
        ValueError,
        "linear: expected a last axis of 5, got 3 ",
    ),
    (
        lambda a: F.linear(a(np.ones((2, 5), "f4")), a(np.ones((4, 5)))),
        TypeError,
        "expected an input of the weight's",
    ),
    (lambda a: F.linear(a(np.ones(5)), a(np.ones((1, 5, 5)))), ValueError, "expected a weight with 2 axes"),
    (
        lambda a: F.linear(a(np.ones(5)), a(np.ones((4, 5))), a(np.ones(5))),
        ValueError,
        "expected a bias of shape",
    ),
    (lambda a: F.linear(a(1.0), a(np.ones((4, 5)))), ValueError, "expected a last axis of 5, got none"),
    (lambda a: F.dropout(a([1.0]), 1.5), ValueError, "dropout: expected a probability"),
    (lambda a: F.flatten(a(np.ones((2, 3))), 1, 0), ValueError, "expected start_dim <= end_dim"),
    (lambda a: F.flatten(a(np.ones((2, 3))), 2), IndexError, "expected an axis from -2 to 1, got 2"),
    (lambda a: F.unflatten(a(np.ones((2, 3))), 1, (2, -1)), ValueError, "expected sizes whose product is 3"),
    (lambda a: F.one_hot(a([1.0])), TypeError, "expected integers"),
    (lambda a: F.one_hot(a([-1])), ValueError, "at least 0, got -1"),
    (lambda a: F.one_hot(a([3]), 3), ValueError, "below 3, got 3"),
    (lambda a: F.one_hot(a(np.zeros(0, "i8"))), ValueError, "expected a positive number of classes"),
    (lambda a: F.hardtanh(a([1.0]), 2.0, 1.0), ValueError, "expected min_val <= max_val"),
    (lambda a: F.softshrink(a([1.0]), -1.0), ValueError, "expected a finite lambd >= 0"),
    (
        lambda a: F.gelu(a([1.0]), approximate="exact"),
        ValueError,
        'expected approximate to be "none" or "tanh"',
    ),
    (lambda a: F.celu(a([1.0]), 0.0), ValueError, "other than 0"),
    (lambda a: F.elu(a([1.0]), None), TypeError, "elu: expected alpha to be a number, got None"),
    (lambda a: F.elu([1.0]), TypeError, "elu: expected x to be an array, got list"),
    (lambda a: F.silu(a([1])), TypeError, "silu: expected floating-point numbers, got .*int"),
    (lambda a: F.relu(a([True])), TypeError, "relu: expected real numbers, got .*bool"),
    (lambda a: F.softshrink(a([1.0]), np.inf), ValueError, "expected a finite lambd >= 0, got inf"),
    (lambda a: F.softmax(a([1.0]), 1), IndexError, "softmax: expected an axis from -1 to 0, got 1"),
    (lambda a: F.log_softmax(a([1]), 0), TypeError, "log_softmax: expected floating-point numbers"),
    (
        lambda a: F.threshold(a([1]), np.inf, 1),
        ValueError,
        "threshold: expected finite numbers beside integers, got inf, 1",
    ),
    (lambda a: F.logsumexp(a([1.0]), (0, -1)), ValueError, "logsumexp: expected each axis once"),
    (
        lambda a: F.pad(a([1]), (1, 1), value=np.nan),
        ValueError,
        "pad: expected a value that .*int64 can hold, got nan",
    ),
    (
        lambda a: F.prelu(a(np.ones((2, 3))), a(np.ones(2))),
        ValueError,
        "expected a weight of 1 or 3 slopes, got 2",
    ),
]


@pytest.mark.parametrize("n", [3, 5000])
def test_gelu_keeps_half_precision(n: int) -> None:
    x = np.linspace(-4.0, 4.0, n).astype(np.float16)
    out, back = nnx.vjp(F.gelu, x)
    assert out.dtype == F.gelu(x).dtype == back(np.ones_like(x))[0].dtype == np.float16
    np.testing.assert_allclose(out, F.gelu(x.astype(np.float64)), rtol=1e-3, atol=1e-6)


def test_scalars_of_numpy_do_not_widen_an_array() -> None:
    x, n = np.asarray([0.5, -1.0], "f4"), np.float64(0.3)
    calls: list[Any] = [
        F.leaky_relu(x, n), F.elu(x, n), F.celu(x, n), F.hardtanh(x, -n, n), F.threshold(x, n, n), F.softplus(x, n, n),
        F.hardshrink(x, n), F.softshrink(x, n), F.rrelu(x, n, n), F.rrelu(x, n, n, True), F.gumbel_softmax(x, n),
        F.cosine_similarity(x, x, np.int64(0), n), F.pairwise_distance(x, x, n, n), F.logit(x, n),
        F.scatter(x, 0, np.asarray([1]), n), F.lp_pool1d(x[None], np.float64(2), 2), F.pad(x, (1, 1), value=n),
        F.embedding(np.asarray([0]), x[None], max_norm=n, norm_type=n),
    ]  # fmt: skip
    assert [out.dtype for out in calls] == [x.dtype] * len(calls)


def test_integers_stay_where_torch_leaves_them_and_become_numbers_elsewhere(lib: Any) -> None:
    x = lib.asarray([-3, 0, 2])
    lib.assert_equal(F.relu(x), [0, 0, 2])
    lib.assert_equal(F.hardtanh(x, -1.5, 1.5), [-1, 0, 1])
    lib.assert_equal(F.threshold(x, 0.5, 7.5), [7, 7, 2])
    assert F.hardtanh(x).dtype == F.relu6(x).dtype == F.threshold(x, 1, 2).dtype == x.dtype
    for f in (F.sigmoid, F.tanh, F.softsign, F.tanhshrink):
        lib.assert_close(f(x), lib.to_numpy(f(lib.asarray([-3.0, 0.0, 2.0]))))


@pytest.mark.filterwarnings("ignore:invalid value")
def test_logsumexp_of_nothing_and_of_infinities(lib: Any) -> None:
    rows = lib.asarray([[-np.inf, -np.inf], [np.inf, 50.0], [np.nan, 50.0], [-np.inf, 2.0]])
    lib.assert_equal(F.logsumexp(rows, 1), [-np.inf, np.inf, np.nan, 2.0])
    slopes = lib.to_numpy(nnx.grad(lambda x: xp_sum(F.logsumexp(x, 1)))(rows))
    np.testing.assert_array_equal(slopes, [[0.0, 0.0], [np.nan, 0.0], [np.nan, np.nan], [0.0, 1.0]])
    lib.assert_equal(F.logsumexp(lib.asarray(np.zeros((2, 0))), 1), [-np.inf, -np.inf])


def test_nan_passes_a_threshold_and_its_gradient_a_rectifier(lib: Any) -> None:
    x = lib.asarray([np.nan] * 20)
    assert np.isnan(lib.to_numpy(F.threshold(x, 0.0, 1.0))).all()
    assert np.isnan(lib.to_numpy(nnx.grad(lambda x: xp_sum(F.relu(x) * x))(x))).all()


@pytest.mark.parametrize(("call", "kind", "message"), BAD, ids=[message for _, _, message in BAD])
def test_bad_input_is_refused(call: Any, kind: type[Exception], message: str, lib: Any) -> None:
    with pytest.raises(kind, match=message):
        call(lambda x: lib.asarray(x))


X, IMAGES, INDEX = np.ones((2, 4)), np.ones((1, 4, 6, 6)), np.zeros((2, 2), np.int64)
CALLS = {
    "conv2d": (F.conv2d, (IMAGES, np.ones((2, 4, 3, 3)), np.ones(2))),
    "conv_transpose2d": (F.conv_transpose2d, (IMAGES, np.ones((4, 2, 3, 3)), np.ones(2))),
    "bilinear": (F.bilinear, (X, X, np.ones((3, 4, 4)), np.ones(3))),
    "batch_norm": (F.batch_norm, (X, X[0], X[0], X[0], X[0])),
    "group_norm": (lambda x, *a: F.group_norm(x, 2, *a), (X, X[0], X[0])),
    "layer_norm": (lambda x, *a: F.layer_norm(x, 4, *a), (X, X[0], X[0])),
    "rms_norm": (lambda x, w: F.rms_norm(x, 4, w), (X, X[0])),
    "prelu": (F.prelu, (X, X[0])),
    "embedding": (F.embedding, (INDEX, X)),
    "gather": (lambda x, i: F.gather(x, 1, i), (X, INDEX)),
    "scatter_add": (lambda x, i, s: F.scatter_add(x, 1, i, s), (X, INDEX, X)),
    "scatter": (lambda x, i, s: F.scatter(x, 1, i, s), (X, INDEX, X)),
    "grid_sample": (F.grid_sample, (IMAGES, np.ones((1, 2, 2, 2)))),
    "affine_grid": (lambda t: F.affine_grid(t, (1, 1, 2, 2)), (np.ones((1, 2, 3)),)),
    "cosine_similarity": (F.cosine_similarity, (X, X)),
    "segment_sum": (F.segment_sum, (X, INDEX[0])),
    "einsum": (lambda *a: F.einsum("ij,ij->i", *a), (X, X)),
    "unfold": (lambda x: F.unfold(x, 2), (IMAGES,)),
    "fold": (lambda x: F.fold(x, 2, 2), (np.ones((4, 1)),)),
    "pad": (lambda x: F.pad(x, (1, 1)), (X,)),
    "interpolate": (lambda x: F.interpolate(x, 3), (IMAGES,)),
    "pixel_shuffle": (lambda x: F.pixel_shuffle(x, 2), (IMAGES,)),
    "channel_shuffle": (lambda x: F.channel_shuffle(x, 2), (IMAGES,)),
    "flatten": (F.flatten, (X,)),
    "unflatten": (lambda x: F.unflatten(x, 1, (2, 2)), (X,)),
    "one_hot": (F.one_hot, (INDEX,)),
    "top_k": (lambda x: F.top_k(x, 1), (X,)),
    "cumulative_max": (lambda x: F.cumulative_max(x, 0), (X,)),
    "logcumsumexp": (lambda x: F.logcumsumexp(x, 0), (X,)),
    "dropout1d": (F.dropout1d, (X,)),
    "dropout3d": (F.dropout3d, (IMAGES,)),
    "lp_pool2d": (lambda x: F.lp_pool2d(x, 2, 2), (IMAGES,)),
}


@pytest.mark.parametrize("name", CALLS)
def test_what_is_no_array_is_refused_by_name(name: str) -> None:
    call, arguments = CALLS[name]
    call(*arguments)
    for i in range(len(arguments)):
        with pytest.raises(TypeError, match=f"^{name}: expected .* to be an array.*, got list"):
            call(*arguments[:i], [1.0, 2.0], *arguments[i + 1 :])
