"""Convolutional, folding and padding layers against torch.nn: one row each; initial values, sizes, refusals."""

from typing import Any, NamedTuple

import numpy as np
import pytest

import nnx
from nnx.testing import check_gradients


def draw(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).standard_normal(shape)


class Row(NamedTuple):
    name: str
    args: tuple[Any, ...]
    shape: tuple[int, ...]
    options: dict[str, Any] = {}


ROWS = [
    Row("Conv1d", (2, 3, 3), (2, 2, 6)),
    Row("Conv1d", (2, 4, 2, 2, 1, 2, 2, False), (2, 6)),
    Row("Conv1d", (2, 3, 4), (1, 2, 6), {"padding": "valid", "padding_mode": "circular"}),
    Row("Conv2d", (2, 3, (2, 3)), (2, 2, 4, 5)),
    Row("Conv2d", (2, 4, 3, (2, 1), (1, 0), (1, 2), 2), (2, 5, 6)),
    Row("Conv2d", (2, 3, 3), (2, 4, 4), {"padding": "same", "padding_mode": "reflect"}),
    Row("Conv2d", (1, 2, 3), (2, 1, 4, 3), {"padding": (2, 1), "padding_mode": "replicate", "stride": 2}),
    Row("Conv2d", (1, 2, (2, 3)), (1, 4, 3), {"padding": 1, "padding_mode": "circular", "bias": False}),
    Row("Conv2d", (2, 2, 3), (1, 2, 5, 5), {"padding": "same", "dilation": (1, 2)}),
    Row("Conv3d", (2, 2, 2), (1, 2, 3, 3, 2), {"padding": (0, 1, 0), "stride": (1, 2, 1)}),
    Row("Conv3d", (1, 2, 2), (1, 2, 3, 2), {"padding": 1, "padding_mode": "circular"}),
    Row("ConvTranspose1d", (2, 3, 3), (2, 2, 4)),
    Row("ConvTranspose1d", (2, 4, 2, 3, 1, 2, 2, False), (2, 4)),
    Row("ConvTranspose2d", (2, 3, (2, 3), (2, 1), (1, 0), (1, 0)), (2, 2, 3, 2)),
    Row("ConvTranspose2d", (2, 2, 2), (2, 3, 2), {"dilation": (2, 1), "output_padding": (1, 0)}),
    Row("ConvTranspose3d", (1, 2, 2, 2), (1, 1, 2, 1, 2)),
    Row("Unfold", (2,), (1, 2, 3, 4)),
    Row("Unfold", ((2, 1), 1, (0, 1), 2), (2, 3, 4)),
    Row("Fold", (4, 2), (1, 8, 9)),
    Row("Fold", ((4, 3), (2, 1), 1, (0, 1), 2), (4, 6)),
    *[Row(f"ConstantPad{n}d", (1, 3.5), (2, *range(2, 2 + n))) for n in (1, 2, 3)],
    *[
        Row(f"{kind}Pad{n}d", args, (1, 2, *range(2, 2 + n)))
        for kind in ("Zero", "Reflection", "Replication", "Circular")
        for n in (1, 2, 3)
        for args in ((1,), ((0, 1, 1, 0, 1, 1)[: 2 * n],))
    ],
    Row("ConstantPad2d", ((-1, 2, 0, 1), 1), (3, 2)),
]


def _square_sum(layer: Any, x: Any) -> Any:
    out = layer(x)
    return nnx.array_namespace(out).sum(out * out)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.name}{row.args}{row.options}")
def test_a_layer_is_that_of_torch(row: Row, lib: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    theirs = getattr(torch.nn, row.name)(*row.args, **row.options).double()
    ours = getattr(nnx, row.name)(*row.args, **row.options).astype("float64")
    assert repr(ours) == repr(theirs)
    state = {name: t.detach().numpy() for name, t in theirs.state_dict().items()}
    ours.load_state_dict({name: lib.asarray(x) for name, x in state.items()})
    assert list(ours.state_dict()) == list(state)
    x = torch.tensor(draw(*row.shape), requires_grad=True)
    out = theirs(x)
    (out * out).sum().backward()
    for mode in (True, False):
        value = ours.train(mode)(lib.asarray(x.detach().numpy()))
        lib.assert_close(value, out.detach().numpy(), rtol=1e-9, atol=1e-12)
    of_weights, of_x = nnx.grad(_square_sum, argnums=(0, 1))(ours, lib.asarray(x.detach().numpy()))
    lib.assert_close(of_x, x.grad.numpy(), rtol=1e-9, atol=1e-11)
    for name, parameter in theirs.named_parameters():
        lib.assert_close(of_weights[name], parameter.grad.numpy(), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("row", [ROWS[5], ROWS[13]], ids=lambda row: row.name)
def test_second_derivatives_agree_with_differences(row: Row) -> None:
    layer = getattr(nnx, row.name)(*row.args, **row.options).astype("float64")
    check_gradients(_square_sum, layer, draw(*row.shape), order=2)


@pytest.mark.parametrize("name", ["Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d"])
def test_fresh_weights_are_distributed_as_those_of_torch(name: str, lib: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    ours, theirs = getattr(nnx, name)(80, 120, 5, groups=4), getattr(torch.nn, name)(80, 120, 5, groups=4)
    for x, t in ((ours.weight, theirs.weight), (ours.bias, theirs.bias)):
        host, expected = lib.to_numpy(x), t.detach().numpy()
        assert lib.owns(x)
        assert x.dtype == lib.xp.float32
        assert host.shape == expected.shape
        assert abs(np.abs(host).max() / np.abs(expected).max() - 1.0) < 0.1
        assert abs(host.std() / expected.std() - 1.0) < 0.3
        assert abs(host.mean()) < 0.3 * host.std()


def test_a_transposed_layer_takes_the_size_it_should_give(lib: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    theirs = torch.nn.ConvTranspose2d(2, 3, 3, 2, 1).double()
    ours = nnx.ConvTranspose2d(2, 3, 3, 2, 1).astype("float64")
    ours.load_state_dict({name: lib.asarray(t.detach().numpy()) for name, t in theirs.state_dict().items()})
    x = draw(1, 2, 5, 5)
    for size in ((9, 9), (10, 10), (9, 10), (1, 3, 10, 9)):
        expected = theirs(torch.tensor(x), output_size=size).detach().numpy()
        lib.assert_close(ours(lib.asarray(x), output_size=size), expected, rtol=1e-9, atol=1e-12)
    for wrong in ((11, 11), (9,), (3, 9, 9)):
        with pytest.raises(ValueError, match="ConvTranspose2d: expected an output_size"):
            ours(lib.asarray(x), output_size=wrong)


X = draw(1, 2, 4, 4).astype(np.float32)
REFUSED = [
    ("Conv2d", (3, 4, 3), {"groups": 2}, "expected in_channels to be divisible by groups=2, got 3"),
    ("Conv2d", (2, 3, 3), {"groups": 2}, "expected out_channels to be divisible by groups=2, got 3"),
    ("Conv2d", (2, 4, 3), {"groups": 0}, "expected groups to be a whole number"),
    ("Conv2d", (2, 4, 3), {"padding": "foo"}, 'expected a padding of "same", "valid" or numbers'),
    ("Conv2d", (2, 4, 3), {"padding": "same", "stride": 2}, "expected a stride of 1"),
    ("Conv2d", (2, 4, 3), {"padding_mode": "constant"}, "expected a padding_mode of one of zeros, reflect"),
    ("Conv2d", (2, 4, 0), {}, "expected a kernel_size of 1 or 2 numbers of at least 1"),
    ("Conv2d", (2, 4, (1, 1, 1)), {}, "expected a kernel_size of 1 or 2 numbers"),
    ("Conv2d", (0, 4, 3), {}, "expected in_channels to be a whole number of at least 1"),
    ("Conv2d", (2, 4, 3), {"stride": 0}, "expected a stride"),
    ("ConvTranspose2d", (2, 4, 3), {"padding_mode": "reflect"}, 'expected a padding_mode of "zeros"'),
    ("ConvTranspose2d", (2, 4, 3), {"padding": "same"}, "expected a padding of whole numbers"),
    ("Fold", ((4, 4, 4), 2), {}, "expected an output_size of 1 or 2"),
    ("Unfold", (0,), {}, "expected a kernel_size"),
    ("ZeroPad2d", ((1, 2),), {}, "expected a padding of 1 or 4 numbers"),
    ("ReflectionPad1d", (1.0,), {}, "expected a padding of whole numbers"),
]


@pytest.mark.parametrize(("name", "args", "options", "message"), REFUSED)
def test_a_configuration_that_cannot_be_is_refused(name: str, args: Any, options: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=f"^{name}: {message}"):
        getattr(nnx, name)(*args, **options)


@pytest.mark.parametrize(
    ("name", "args", "x", "message"),
    [
        ("Conv2d", (3, 4, 3), X, "expected 3 channels, got 2"),
        ("Conv2d", (2, 4, 3), X[0, 0], "expected an input with 4 axes, or 3 for one image"),
        ("Conv2d", (2, 4, 3), X.astype(np.float64), "expected an input of the weight's dtype float32"),
        ("Conv2d", (2, 4, 5), X, "expected an input, padded, of at least"),
        ("Conv2d", (2, 4, 3, 1, 4, 1, 1, True, "reflect"), X, "expected at most 3"),
        ("Unfold", (5,), X, "expected images as large as a window"),
        ("Fold", (4, 3), X[0], "expected columns of shape"),
        ("CircularPad2d", (1,), X[0, 0], "expected an input with 3 or 4 axes"),
        ("ReflectionPad2d", (4,), X, "expected at most 3"),
    ],
)
def test_an_input_that_does_not_fit_is_refused(name: str, args: Any, x: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=f"{name}.*: {message}"):
        getattr(nnx, name)(*args)(x)
