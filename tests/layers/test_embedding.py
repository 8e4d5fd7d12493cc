"""Embedding layers against torch.nn, and their functions. One row each."""

from typing import Any, NamedTuple

import numpy as np
import pytest

import nnx

rng = np.random.default_rng(3)
WEIGHT = rng.standard_normal((6, 3))
FLAT = np.array([0, 1, 5, 3, 1, 1])
GRID = np.array([[0, 5, 1], [1, 1, 2]])
SHARES = rng.standard_normal(6)


class Row(NamedTuple):
    x: Any
    options: dict[str, Any] = {}
    offsets: Any = None
    shares: Any = None


EMBEDDING = [
    Row(GRID),
    Row(GRID.astype(np.int32)),
    Row(np.asarray(2)),
    Row(GRID[:0]),
    Row(GRID, {"padding_idx": 1}),
    Row(GRID, {"padding_idx": -1}),
    Row(GRID, {"max_norm": 1.0}),
    Row(GRID, {"max_norm": 0.5, "norm_type": 1.0, "padding_idx": 0}),
    Row(GRID, {"max_norm": 100.0}),
    Row(GRID, {"scale_grad_by_freq": True}),
    Row(GRID, {"scale_grad_by_freq": True, "padding_idx": 5, "max_norm": 1.5, "norm_type": 3.0}),
]


def name_of(row: Row) -> str:
    return f"{row.x.dtype}{row.x.shape}-{row.options}-{row.offsets}"


def twice(row: Row) -> bool:
    """Whether PyTorch has second derivatives: not of nothing, and not of rows scaled by frequency."""
    return row.x.size > 0 and "scale_grad_by_freq" not in row.options


@pytest.mark.parametrize("row", EMBEDDING, ids=name_of)
def test_embedding_is_that_of_torch(row: Row, layer_agrees_with_torch: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    ours, theirs = (nn.Embedding(6, 3, **row.options) for nn in (nnx, torch.nn))
    smooth = not {"padding_idx", "max_norm"} & set(row.options)  # gradients that are by definition another's
    layer_agrees_with_torch(ours, theirs, [], [row.x], second=twice(row), differences=smooth)


BAGS = [
    Row(GRID),
    Row(GRID.astype(np.int32)),
    Row(GRID, {"padding_idx": 1}),
    Row(GRID, {"padding_idx": -1}),
    Row(GRID[:0]),
    Row(FLAT, {}, [0, 2, 2, 5]),
    Row(FLAT.astype(np.int32), {}, np.asarray([0, 2, 2, 5], np.int32)),
    Row(FLAT, {"padding_idx": 1}, [0, 2, 2, 4]),
    Row(FLAT, {"include_last_offset": True}, [0, 0, 4, 6]),
    Row(FLAT[:0], {}, [0, 0]),
    Row(FLAT[:0], {}, np.zeros(0, np.int64)),
    Row(FLAT, {"max_norm": 1.0}, [0, 3, 6]),
    Row(FLAT, {"max_norm": 0.5, "norm_type": 1.0, "padding_idx": 0}, [0, 3]),
]


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
@pytest.mark.parametrize("row", BAGS, ids=name_of)
def test_embedding_bag_is_that_of_torch(row: Row, mode: str, layer_agrees_with_torch: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    offsets = [] if row.offsets is None else [np.asarray(row.offsets)]
    ours, theirs = (nn.EmbeddingBag(6, 3, mode=mode, **row.options) for nn in (nnx, torch.nn))
    # PyTorch has no second derivative of bags.
    layer_agrees_with_torch(ours, theirs, [], [row.x, *offsets], second=False)


WEIGHTED = [
    Row(FLAT, {}, [0, 2, 2, 5], SHARES),
    Row(FLAT, {"padding_idx": 1, "include_last_offset": True}, [0, 2, 6], SHARES),
    Row(GRID, {"padding_idx": 1}, None, SHARES.reshape(2, 3)),
    Row(GRID, {"max_norm": 1.0}, None, SHARES.reshape(2, 3)),
]


@pytest.mark.parametrize("row", WEIGHTED, ids=name_of)
def test_weighted_bags_are_those_of_torch(row: Row, layer_agrees_with_torch: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    offsets = [] if row.offsets is None else [np.asarray(row.offsets)]
    ours, theirs = (nn.EmbeddingBag(6, 3, mode="sum", **row.options) for nn in (nnx, torch.nn))

    def call(layer: Any, shares: Any, x: Any, *offsets: Any) -> Any:
        return layer(x, *offsets or [None], per_sample_weights=shares)

    layer_agrees_with_torch(ours, theirs, [row.shares], [row.x, *offsets], call=call, second=False)


@pytest.mark.parametrize("mode", ["sum", "mean"])
def test_bags_scaled_by_frequency_are_those_of_torch(mode: str, layer_agrees_with_torch: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    options = {"mode": mode, "scale_grad_by_freq": True}
    ours, theirs = (nn.EmbeddingBag(6, 3, **options) for nn in (nnx, torch.nn))
    x = np.array([4, 0, 3, 3, 4, 0])  # each as often as the others: else PyTorch's on the CPU is wrong
    layer_agrees_with_torch(ours, theirs, [], [x, np.array([0, 2, 2, 5])], second=False)


def test_the_padding_row_is_zero_at_first_and_the_rest_is_normal(lib: Any) -> None:
    for layer in (nnx.Embedding(300, 40, padding_idx=-2), nnx.EmbeddingBag(300, 40, padding_idx=-2)):
        host = lib.to_numpy(layer.weight)
        assert lib.owns(layer.weight)
        assert layer.padding_idx == 298
        assert not host[298].any()
        assert np.delete(host, 298, axis=0).all()
        assert abs(host.std() - 1.0) < 0.05
        assert abs(host.mean()) < 0.05
        assert layer.weight.dtype == lib.xp.float32


def test_a_layer_around_a_table(lib: Any) -> None:
    table = lib.asarray(WEIGHT)
    layer = nnx.Embedding.from_pretrained(table, padding_idx=2, max_norm=9.0)
    assert repr(layer) == "Embedding(6, 3, padding_idx=2, max_norm=9.0)"
    assert layer.parameters(trainable=True) == {}
    lib.assert_equal(layer(lib.asarray([2, 0])), WEIGHT[[2, 0]])
    layer = nnx.Embedding.from_pretrained(table, freeze=False)
    assert list(layer.parameters(trainable=True)) == ["weight"]
    layer = nnx.EmbeddingBag.from_pretrained(table, mode="sum", norm_type=1.0)
    assert repr(layer) == "EmbeddingBag(6, 3, norm_type=1.0, mode='sum')"
    lib.assert_close(layer(lib.asarray([[2, 0]])), WEIGHT[[2]] + WEIGHT[[0]])
    assert layer.parameters(trainable=True) == {}
    lib.assert_equal(table, WEIGHT)


def long_rows(lib: Any, **options: Any) -> tuple[Any, np.ndarray, np.ndarray]:
    """A layer whose first two rows are scaled when they are read, its table, and what comes of it."""
    layer = nnx.Embedding.from_pretrained(lib.asarray(WEIGHT * 10), max_norm=1.0, **options)
    after = WEIGHT * 10
    after[:2] /= np.linalg.norm(after[:2], axis=1, keepdims=True)
    return layer, WEIGHT * 10, after


def test_rows_are_scaled_for_good_also_in_a_frozen_layer_and_without_a_derivative(lib: Any) -> None:
    for freeze in (True, False):
        layer, _, after = long_rows(lib, freeze=freeze)
        x = lib.asarray([0, 1, 0])
        lib.assert_close(layer(x), after[[0, 1, 0]], rtol=1e-6)
        lib.assert_close(layer.weight, after, rtol=1e-6)
        layer, _, after = long_rows(lib, freeze=freeze)
        nnx.grad(lambda scale, layer=layer, x=x: nnx.array_namespace(scale).sum(scale * layer(x)))(
            lib.asarray(2.0)
        )
        lib.assert_close(layer.weight, after, rtol=1e-6)


def test_an_exception_leaves_rows_as_they_were(lib: Any) -> None:
    layer, before, _ = long_rows(lib, freeze=False)

    def fails(layer: Any, x: Any) -> Any:
        layer(x)
        raise RuntimeError("later")

    with pytest.raises(RuntimeError, match="later"):
        nnx.grad(fails)(layer, lib.asarray([0, 1]))
    lib.assert_equal(layer.weight, before)


def test_rows_are_scaled_in_nested_and_repeated_runs(lib: Any) -> None:
    x = lib.asarray([0, 1, 0])

    def loss(layer: Any, scale: Any) -> Any:
        return nnx.array_namespace(scale).sum((scale * layer(x)) ** 3)

    def checkpointed(layer: Any, scale: Any) -> Any:
        rows = nnx.checkpoint(lambda scale: scale * layer(x))(scale)
        return nnx.array_namespace(scale).sum(rows**3)

    layer, _, after = long_rows(lib, freeze=False)
    rows = after[[0, 1, 0]]
    expected = np.zeros_like(WEIGHT)
    np.add.at(expected, [0, 1, 0], 3 * 8 * rows**2)
    for f in (loss, checkpointed):
        layer, _, after = long_rows(lib, freeze=False)
        lib.assert_close(nnx.grad(f)(layer, lib.asarray(2.0))["weight"], expected, rtol=1e-6)
        lib.assert_close(layer.weight, after, rtol=1e-6)
        layer, _, after = long_rows(lib, freeze=False)
        second = nnx.grad(lambda scale, layer=layer, f=f: nnx.grad(f, 1)(layer, scale))(lib.asarray(2.0))
        lib.assert_close(second, (6 * 2 * rows**3).sum(), rtol=1e-5)
        lib.assert_close(layer.weight, after, rtol=1e-6)


def test_rows_that_are_scaled_go_on_being_trained(lib: Any) -> None:
    layer, _, after = long_rows(lib, freeze=False)
    optimizer = nnx.optim.SGD(layer, learning_rate=0.1)
    x = lib.asarray([0, 1])
    grads = nnx.grad(lambda layer: nnx.array_namespace(layer.weight).sum(layer(x)))(layer)
    optimizer.update(grads)
    after[:2] -= 0.1
    lib.assert_close(layer.weight, after, rtol=1e-5, atol=1e-7)


BAD = [
    (lambda a: nnx.Embedding(4, 3, -5), ValueError, "Embedding: expected padding_idx from -4 to 3, got -5"),
    (lambda a: nnx.Embedding(-1, 3), ValueError, "Embedding: expected whole numbers of at least 0"),
    (lambda a: nnx.Embedding(4, 3.0), ValueError, "Embedding: expected whole numbers of at least 0"),
    (lambda a: nnx.Embedding(4, 3, _weight=a(WEIGHT)), ValueError, r"weight of shape \(4, 3\), got \(6, 3\)"),
    (lambda a: nnx.Embedding.from_pretrained(a(SHARES)), ValueError, "expected embeddings with 2 axes"),
    (lambda a: nnx.Embedding(4, 3)(a([4])), IndexError, "Embedding: expected indices from 0 to 3, got 4"),
    (
        lambda a: nnx.Embedding(4, 3, max_norm=1.0)(a([4])),
        IndexError,
        "Embedding: expected indices from 0 to 3",
    ),
    (
        lambda a: nnx.EmbeddingBag(4, 3, mode="min"),
        ValueError,
        'EmbeddingBag: expected mode to be "sum", "mean"',
    ),
    (
        lambda a: nnx.EmbeddingBag(4, 3, mode="max", scale_grad_by_freq=True),
        ValueError,
        "EmbeddingBag: expected scale_grad_by_freq with mode",
    ),
    (
        lambda a: nnx.EmbeddingBag(6, 3)(a(FLAT)),
        ValueError,
        "EmbeddingBag: expected offsets with an input of 1 axis",
    ),
]


@pytest.mark.parametrize(("call", "kind", "message"), BAD, ids=[message for _, _, message in BAD])
def test_bad_input_is_refused(call: Any, kind: type[Exception], message: str, lib: Any) -> None:
    with pytest.raises(kind, match=message):
        call(lib.asarray)
