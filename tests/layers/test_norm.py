"""Normalising layers against torch.nn: values, gradients, running statistics; refusals. One row each."""

from typing import Any, NamedTuple

import numpy as np
import pytest

import nnx
import nnx.functional as F
from nnx.testing import check_gradients


def draw(*shape: int) -> np.ndarray:
    return np.random.default_rng(5).standard_normal(shape)


class Row(NamedTuple):
    name: str
    args: tuple[Any, ...]
    x: Any
    options: dict[str, Any] = {}


ROWS = [
    Row("BatchNorm1d", (3,), draw(4, 3)),
    Row("BatchNorm1d", (3, 1e-3, 0.3), draw(4, 3, 5)),
    Row("BatchNorm1d", (3,), draw(4, 3), {"momentum": None}),
    Row("BatchNorm2d", (3,), draw(2, 3, 4, 2)),
    Row("BatchNorm2d", (3,), draw(2, 3, 4, 2), {"affine": False}),
    Row("BatchNorm3d", (2,), draw(2, 2, 3, 2, 2), {"track_running_stats": False}),
    Row("BatchNorm2d", (3,), draw(2, 3, 4, 2), {"bias": False}),
    Row("InstanceNorm1d", (3,), draw(2, 3, 4)),
    Row("InstanceNorm1d", (3,), draw(3, 4), {"affine": True}),
    Row("InstanceNorm2d", (3,), draw(2, 3, 4, 2), {"affine": True, "track_running_stats": True}),
    Row("InstanceNorm3d", (2,), draw(2, 2, 3, 2, 2), {"track_running_stats": True, "momentum": None}),
    Row("GroupNorm", (2, 4), draw(2, 4, 3)),
    Row("GroupNorm", (4, 4), draw(2, 4, 3, 2), {"affine": False}),
    Row("GroupNorm", (1, 4, 0.1), draw(3, 4)),
    Row("LayerNorm", (4,), draw(2, 3, 4)),
    Row("LayerNorm", ((3, 4),), draw(2, 3, 4), {"bias": False}),
    Row("LayerNorm", (4,), draw(2, 3, 4), {"elementwise_affine": False, "eps": 0.1}),
    Row("RMSNorm", (4,), draw(2, 3, 4)),
    Row("RMSNorm", ((3, 4), 1e-3), draw(2, 3, 4)),
    Row("RMSNorm", (4,), draw(2, 4), {"elementwise_affine": False}),
    Row("LocalResponseNorm", (2,), draw(2, 5, 3)),
    Row("LocalResponseNorm", (3, 0.1, 0.5, 2.0), draw(2, 5, 3, 2)),
]


def loss(layer: Any, x: Any) -> Any:
    out = layer(x)
    return nnx.array_namespace(out).sum(out * out * out)


def test_a_length_may_be_a_number_of_numpys() -> None:
    for kind in (nnx.LayerNorm, nnx.RMSNorm):
        assert repr(kind(np.int64(4))) == repr(kind(4)) == repr(kind([np.int32(4)]))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.name}{row.args}{row.options}")
def test_a_layer_is_that_of_torch(row: Row, lib: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    theirs = getattr(torch.nn, row.name)(*row.args, **row.options).double()
    ours = getattr(nnx, row.name)(*row.args, **row.options).astype("float64")
    assert repr(ours) == repr(theirs)
    state = {
        name: t.numpy() + (0 if t.ndim == 0 else 0.1 * np.arange(t.numel()).reshape(t.shape))
        for name, t in theirs.state_dict().items()
    }
    theirs.load_state_dict({name: torch.as_tensor(x) for name, x in state.items()})
    ours.load_state_dict({name: lib.asarray(x) for name, x in state.items()})
    assert list(ours.state_dict()) == list(state)
    for mode in (True, True, False):
        theirs.train(mode)
        ours.train(mode)
        x = torch.tensor(row.x, requires_grad=True)
        theirs.zero_grad()
        out = theirs(x)
        (out**3).sum().backward()
        value, (of_weights, of_x) = nnx.value_and_grad(loss, argnums=(0, 1))(ours, lib.asarray(row.x))
        lib.assert_close(value, (out**3).sum().item(), rtol=1e-9, atol=1e-11)
        lib.assert_close(of_x, x.grad.numpy(), rtol=1e-9, atol=1e-10)
        for name, parameter in theirs.named_parameters():
            lib.assert_close(of_weights[name], parameter.grad.numpy(), rtol=1e-9, atol=1e-10)
        for name, buffer in theirs.named_buffers():
            lib.assert_close(ours.state_dict()[name], buffer.numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("row", ROWS[::2], ids=lambda row: f"{row.name}{row.args}{row.options}")
def test_derivatives_to_second_order(row: Row) -> None:
    layer = getattr(nnx, row.name)(*row.args, **row.options).astype("float64")
    x = row.x[:2, ...] if row.x.ndim > 3 else row.x
    check_gradients(lambda x: layer(x), x, order=2)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            lambda: nnx.BatchNorm1d(3)(np.ones((2, 3, 4, 5))),
            "BatchNorm1d.*expected an input with 2 or 3 axes",
        ),
        (lambda: nnx.BatchNorm2d(3)(np.ones((2, 4, 4, 5))), "BatchNorm2d.*expected 3 channels, got 4"),
        (lambda: nnx.BatchNorm1d(3)(np.ones((1, 3), "f4")), "more than 1 value per channel"),
        (lambda: nnx.BatchNorm1d(0), "num_features to be a whole number of at least 1, got 0"),
        (
            lambda: nnx.BatchNorm1d(3)(np.ones((2, 3))),
            "BatchNorm1d: expected an input of the weight's dtype float32, got float64",
        ),
        (lambda: nnx.BatchNorm1d(3)([1.0]), "BatchNorm1d: expected x to be an array, got list"),
        (lambda: nnx.BatchNorm1d(3, eps=0)(np.ones((2, 3), "f4")), "expected eps to be more than 0, got 0"),
        (lambda: nnx.BatchNorm1d(3, eps=None), "BatchNorm1d: expected eps to be a number, got None"),
        (
            lambda: nnx.GroupNorm(3, 3)(np.ones((1, 3), "f4")),
            "GroupNorm: expected more than 1 value per group",
        ),
        (
            lambda: nnx.LayerNorm(3)(np.ones((2, 3))),
            "LayerNorm: expected an input of the weight's dtype float32, got float64",
        ),
        (lambda: F.batch_norm(np.ones((2, 3)), np.ones(3), None, training=True), "both, or neither, got one"),
        (
            lambda: F.instance_norm(np.ones((2, 3, 2)), np.ones(2), np.ones(2)),
            r"running_mean of shape \(3,\)",
        ),
        (lambda: F.normalize(np.ones((2, 3)), axis=2), "normalize: expected an axis from -2 to 1, got 2"),
        (lambda: nnx.InstanceNorm1d(3)(np.ones((2, 3, 1))), "more than 1 spatial element"),
        (lambda: nnx.GroupNorm(2, 3), "num_groups to divide 3 channels, got 2"),
        (lambda: nnx.LayerNorm(3)(np.ones((2, 4))), r"LayerNorm.*ends in shape \(3,\), got \(2, 4\)"),
        (lambda: nnx.RMSNorm(3)(np.ones((2, 4))), r"RMSNorm.*ends in shape \(3,\), got \(2, 4\)"),
        (lambda: nnx.LocalResponseNorm(3)(np.ones((2, 4))), "LocalResponseNorm.*at least 3 axes"),
    ],
)
def test_what_does_not_fit_is_refused(build: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError, IndexError), match=message):
        build()


@pytest.mark.parametrize(
    "normalized",
    [
        lambda x, w, e: F.batch_norm(x, None, None, w, w, True, 0.1, e),
        lambda x, w, e: F.batch_norm(x, w, w, w, w, False, 0.1, e),
        lambda x, w, e: F.instance_norm(x, None, None, w, w, True, 0.1, e),
        lambda x, w, e: F.group_norm(x, np.int64(1), w, w, e),
        lambda x, w, e: F.layer_norm(x, x.shape[1:], eps=e),
        lambda x, w, e: F.rms_norm(x, x.shape[1:], eps=e),
        lambda x, w, e: F.local_response_norm(x, np.int64(2), e, e, e),
        lambda x, w, e: F.normalize(x, np.float64(2), np.int64(1), e),
        lambda x, w, e: nnx.BatchNorm1d(3, e, e)(x),
        lambda x, w, e: nnx.InstanceNorm1d(3, e, e, track_running_stats=True)(x),
    ],
)
@pytest.mark.parametrize("shape", [(2, 3, 4), (0, 3, 4), (2, 3, 0)])
@pytest.mark.filterwarnings("error")
def test_scalars_of_numpy_and_empty_batches_change_no_dtype(normalized: Any, shape: Any) -> None:
    x = np.full(shape, 2.0, "f4")
    eps, weight = np.float64(0.1), np.ones(3, "f4")
    out = normalized(x, weight, eps)
    assert (out.shape, out.dtype) == (shape, np.float32)
    g_x, g_weight = nnx.grad(lambda x, w: np.sum(normalized(x, w, eps)), (0, 1))(x, weight)
    assert (g_x.shape, g_x.dtype) == (shape, np.float32)
    assert np.isfinite(g_weight).all()


def test_an_empty_batch_leaves_running_statistics_as_they_were(lib: Any) -> None:
    layer = nnx.BatchNorm1d(3)
    layer(lib.asarray(np.ones((0, 3)), "float32"))
    lib.assert_equal(layer.running_mean, np.zeros(3))
    lib.assert_equal(layer.running_var, np.ones(3))
    assert int(layer.num_batches_tracked) == 1


def test_a_short_input_takes_wide_parameters_and_stays_short() -> None:
    x = np.ones((2, 3, 4), "f2")
    assert nnx.LayerNorm(4)(x).dtype == nnx.BatchNorm1d(3)(x).dtype == nnx.GroupNorm(1, 3)(x).dtype == x.dtype


@pytest.mark.parametrize(("p", "axis"), [(2.0, 1), (1.0, 0), (3.0, -1), (2, (0, 1))])
def test_normalize_is_that_of_torch(p: float, axis: Any, lib: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    x = draw(3, 4)
    expected = torch.nn.functional.normalize(torch.tensor(x), p, axis)
    lib.assert_close(nnx.functional.normalize(lib.asarray(x), p, axis), expected.numpy(), rtol=1e-12)


def test_an_exception_leaves_running_statistics_as_they_were(lib: Any) -> None:
    layer = nnx.BatchNorm1d(2)

    def fails(layer: Any, x: Any) -> Any:
        layer(x)
        raise RuntimeError("later")

    with pytest.raises(RuntimeError, match="later"):
        nnx.grad(fails)(layer, lib.asarray([[1.0, 2.0], [3.0, 5.0]], "float32"))
    lib.assert_equal(layer.running_mean, np.zeros(2, np.float32))
    assert int(layer.num_batches_tracked) == 0
