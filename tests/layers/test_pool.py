"""Pooling layers against torch.nn: one row each; configurations that are refused."""

from typing import Any, NamedTuple

import numpy as np
import pytest

import nnx


def draw(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).standard_normal(shape)


class Row(NamedTuple):
    name: str
    args: tuple[Any, ...]
    shape: tuple[int, ...]
    options: dict[str, Any] = {}


ROWS = [
    Row("MaxPool1d", (2,), (2, 2, 5)),
    Row("MaxPool1d", (3, 1, 1, 2), (2, 7), {"ceil_mode": True}),
    Row("MaxPool2d", (2,), (2, 2, 4, 6)),
    Row("MaxPool2d", ((3, 2), (2, 1), (1, 0)), (2, 5, 4), {"return_indices": True}),
    Row("MaxPool2d", ([2, 2], None, 0, 1, True, True), (1, 2, 5, 5)),
    Row("MaxPool3d", (2, 1), (1, 2, 3, 2, 4)),
    Row("AvgPool1d", (2,), (2, 2, 5)),
    Row("AvgPool1d", ((3,), 2, 1, True, False), (2, 6)),
    Row("AvgPool2d", (2,), (2, 2, 4, 6)),
    Row("AvgPool2d", (3, (1, 2), 1, True, False), (2, 5, 4)),
    Row("AvgPool2d", (2, 1), (1, 2, 3, 4), {"divisor_override": 3}),
    Row("AvgPool3d", (2, None, 1, True, False, 5), (1, 2, 3, 2, 4)),
    Row("LPPool1d", (2, 3), (2, 2, 7)),
    Row("LPPool2d", (2.0, (2, 3), 1, True), (2, 5, 4)),
    Row("LPPool3d", (4, 2), (1, 2, 3, 2, 4)),
    Row("AdaptiveAvgPool1d", (3,), (2, 2, 5)),
    Row("AdaptiveAvgPool2d", (1,), (2, 2, 4, 6)),
    Row("AdaptiveAvgPool2d", ((None, 3),), (2, 5, 4)),
    Row("AdaptiveAvgPool3d", ((2, 3, 1),), (1, 2, 3, 2, 4)),
    Row("AdaptiveMaxPool1d", (3, True), (2, 2, 5)),
    Row("AdaptiveMaxPool2d", ((2, 2),), (2, 2, 4, 6)),
    Row("AdaptiveMaxPool2d", ((None, 3), True), (2, 5, 4)),
    Row("AdaptiveMaxPool3d", (2,), (1, 2, 3, 2, 4)),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.name}{row.args}{row.options}")
def test_a_layer_is_that_of_torch(row: Row, layer_agrees_with_torch: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    ours, theirs = (getattr(module, row.name)(*row.args, **row.options) for module in (nnx, torch.nn))
    layer_agrees_with_torch(ours, theirs, [draw(*row.shape)])


@pytest.mark.parametrize("size", [{"output_size": 3}, {"output_ratio": (0.4, 0.7)}], ids=str)
def test_fractional_pooling_holds_its_samples(size: Any, lib: Any, layer_agrees_with_torch: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    samples = np.random.default_rng(2).random((2, 2, 2))
    theirs = torch.nn.FractionalMaxPool2d(2, **size, _random_samples=torch.tensor(samples))
    ours = nnx.FractionalMaxPool2d(2, **size, _random_samples=lib.asarray(samples))
    assert list(ours.state_dict()) == list(theirs.state_dict()) == ["_random_samples"]
    layer_agrees_with_torch(ours, theirs, [draw(2, 2, 7, 6)], single=None)
    layer = nnx.FractionalMaxPool3d((2, 1, 2), output_size=2, return_indices=True)
    assert repr(layer) == repr(torch.nn.FractionalMaxPool3d((2, 1, 2), 2))
    assert [z.shape for z in layer(lib.asarray(draw(1, 4, 4, 4)))] == [(1, 2, 2, 2)] * 2
    assert not layer.state_dict()


def test_indices_come_with_the_values(lib: Any) -> None:
    out, indices = nnx.MaxPool2d(2, return_indices=True)(lib.asarray(np.arange(16.0).reshape(1, 4, 4)))
    lib.assert_equal(out, [[[5.0, 7.0], [13.0, 15.0]]])
    lib.assert_equal(indices, [[[5, 7], [13, 15]]])


@pytest.mark.parametrize(
    ("args", "shape"),
    [
        ((2,), (2, 2, 4)),
        ((2,), (2, 5)),
        (((2, 1),), (2, 2, 4, 3)),
        ((3, 3, 1), (1, 2, 5, 5)),
        ((2,), (1, 2, 4, 2, 4)),
    ],
    ids=str,
)
def test_unpooling_undoes_pooling(args: Any, shape: Any, layer_agrees_with_torch: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    axes = {((2,), 2): 1, ((2,), 3): 1, ((2,), 5): 3}.get((args, len(shape)), 2)
    pool = getattr(torch.nn.functional, f"max_pool{axes}d")
    out, indices = pool(torch.tensor(draw(*shape)), *args, return_indices=True)
    ours, theirs = (getattr(module, f"MaxUnpool{axes}d")(*args) for module in (nnx, torch.nn))
    size = shape[-axes:]
    layer_agrees_with_torch(
        ours, theirs, [out.numpy()], [indices.numpy()], lambda layer, x, i: layer(x, i, output_size=size)
    )


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            lambda: nnx.MaxPool2d(0),
            "MaxPool2d: expected a kernel_size of 1 or 2 numbers of at least 1, got 0",
        ),
        (lambda: nnx.MaxPool2d(2, 0), "MaxPool2d: expected a stride"),
        (lambda: nnx.MaxPool1d((2, 2)), "MaxPool1d: expected a kernel_size"),
        (
            lambda: nnx.MaxPool2d(2, padding=2),
            "MaxPool2d: expected a padding of at most half the kernel_size",
        ),
        (lambda: nnx.MaxPool2d(2, dilation=0), "MaxPool2d: expected a dilation"),
        (lambda: nnx.AvgPool1d(2, padding=2), "AvgPool1d: expected a padding of at most half"),
        (lambda: nnx.AvgPool2d(2.5), "AvgPool2d: expected a kernel_size of whole numbers, got 2.5"),
        (lambda: nnx.AvgPool3d(2, divisor_override=0), "AvgPool3d: expected a divisor_override other than 0"),
        (lambda: nnx.LPPool2d(2, 0), "LPPool2d: expected a kernel_size"),
        (lambda: nnx.LPPool2d(0, 2)(draw(1, 2, 4, 4)), "LPPool2d.*expected a norm_type other than 0"),
        (lambda: nnx.AdaptiveAvgPool2d((1, 2, 3)), "AdaptiveAvgPool2d: expected an output_size of 2 numbers"),
        (lambda: nnx.FractionalMaxPool2d(2), "FractionalMaxPool2d: expected either an output_size or"),
        (
            lambda: nnx.FractionalMaxPool2d(2, 2, 0.5),
            "FractionalMaxPool2d: expected either an output_size or",
        ),
        (
            lambda: nnx.FractionalMaxPool3d(2, output_ratio=1.0),
            "FractionalMaxPool3d: expected an output_ratio",
        ),
        (lambda: nnx.MaxUnpool2d(2, 0), "MaxUnpool2d: expected a stride"),
        (
            lambda: nnx.MaxUnpool1d(2)(draw(1, 2), np.ones((1, 2), np.int64), output_size=(7,)),
            "MaxUnpool1d.*expected an output_size of 1 numbers less than",
        ),
        (
            lambda: nnx.MaxUnpool1d(2)(draw(1, 2), np.full((1, 2), 9)),
            "MaxUnpool1d.*expected indices from 0 to 3",
        ),
        (lambda: nnx.AdaptiveMaxPool1d(-1), "AdaptiveMaxPool1d: expected an output_size of 1 numbers"),
        (lambda: nnx.AdaptiveMaxPool1d("a"), "AdaptiveMaxPool1d: expected an output_size of whole numbers"),
        (lambda: nnx.MaxPool2d(2)(draw(4, 4)), r"MaxPool2d.*expected an input with 4 axes.*\(4, 4\)"),
        (lambda: nnx.AdaptiveAvgPool2d(1)(draw(2, 0, 0)), "AdaptiveAvgPool2d.*expected nothing empty"),
    ],
)
def test_what_does_not_fit_is_refused(build: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError, IndexError), match=message):
        build()
