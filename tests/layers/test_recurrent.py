"""Recurrent layers and cells against torch.nn: one row a case; packed sequences, dropout, refusals."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

import nnx
from nnx.testing import check_gradients


def draw(*shape: int) -> np.ndarray:
    return np.random.default_rng(7).standard_normal(shape)


class Row(NamedTuple):
    name: str
    args: tuple[Any, ...]
    x: Any
    options: dict[str, Any] = {}
    states: tuple[Any, ...] = ()
    lengths: tuple[int, ...] | None = None


X, BATCH_FIRST, ALONE = draw(4, 3, 2), draw(3, 4, 2), draw(4, 2)
BOTH = {"bidirectional": True}
ROWS = [
    Row("RNN", (2, 3), X),
    Row("RNN", (2, 3, 2, "relu"), X, BOTH, (draw(4, 3, 3),)),
    Row("RNN", (2, 3, 1, "tanh", False, True), BATCH_FIRST, {}, (draw(1, 3, 3),)),
    Row("RNN", (2, 3), ALONE, {}, (draw(1, 3),)),
    Row("RNN", (2, 3), X, BOTH, (draw(2, 3, 3),), (2, 4, 1)),
    Row("RNN", (2, 3, 2, "relu"), X, {}, (), (1, 2, 3)),
    Row("LSTM", (2, 3), X),
    Row("LSTM", (2, 3, 2), X, BOTH, (draw(4, 3, 3), draw(4, 3, 3))),
    Row("LSTM", (2, 3, 1, False, True), BATCH_FIRST),
    Row("LSTM", (2, 3, 2), X, {**BOTH, "proj_size": 2}, (draw(4, 3, 2), draw(4, 3, 3))),
    Row("LSTM", (2, 3, 1, False), X, {"proj_size": 1}),
    Row("LSTM", (2, 3), ALONE, BOTH, (draw(2, 3), draw(2, 3))),
    Row("LSTM", (2, 3, 2), X, BOTH, (draw(4, 3, 3), draw(4, 3, 3)), (2, 4, 1)),
    Row("LSTM", (2, 3), BATCH_FIRST, {"batch_first": True}, (), (4, 4, 2)),
    Row("LSTM", (2, 3), X, {**BOTH, "proj_size": 2}, (), (1, 3, 4)),
    Row("LSTM", (2, 3), draw(1, 1, 2)),
    Row("LSTM", (2, 3, np.int64(2)), X, {"proj_size": np.int64(1)}),
    Row("LSTM", (2, 3), draw(3, 0, 2)),
    Row("GRU", (2, 3), X),
    Row("GRU", (2, 3, 2), X, BOTH, (draw(4, 3, 3),)),
    Row("GRU", (2, 3, 1, False, True), BATCH_FIRST),
    Row("GRU", (2, 3), ALONE, {}, (draw(1, 3),)),
    Row("GRU", (2, 3, 2), X, BOTH, (draw(4, 3, 3),), (2, 4, 1)),
    Row("RNNCell", (2, 3), draw(4, 2)),
    Row("RNNCell", (np.int64(2), np.int64(3), 0), draw(4, 2)),
    Row("RNNCell", (2, 3, False, "relu"), draw(4, 2), {}, (draw(4, 3),)),
    Row("RNNCell", (2, 3), draw(2), {}, (draw(3),)),
    Row("LSTMCell", (2, 3), draw(4, 2)),
    Row("LSTMCell", (2, 3, False), draw(4, 2), {}, (draw(4, 3), draw(4, 3))),
    Row("LSTMCell", (2, 3), draw(2), {}, (draw(3), draw(3))),
    Row("GRUCell", (2, 3), draw(4, 2)),
    Row("GRUCell", (2, 3, False), draw(4, 2), {}, (draw(4, 3),)),
    Row("GRUCell", (2, 3), draw(2), {}, (draw(3),)),
]


def caller(row: Row) -> Callable[..., Any]:
    """How a layer of either library is called."""

    def call(layer: Any, x: Any, *states: Any) -> Any:
        hx = (states,) if len(states) == 2 else states
        if row.lengths is None:
            return layer(x, *hx)
        if isinstance(layer, nnx.Layer):
            return layer(x, *hx, lengths=list(row.lengths))
        from torch.nn.utils import rnn

        first = row.options.get("batch_first", False)
        packed = rnn.pack_padded_sequence(x, row.lengths, batch_first=first, enforce_sorted=False)
        out, last = layer(packed, *hx)
        steps = x.shape[1 if first else 0]
        return rnn.pad_packed_sequence(out, batch_first=first, total_length=steps)[0], last

    return call


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.name}{row.args}{row.options}{row.lengths}")
def test_a_layer_is_that_of_torch(row: Row, layer_agrees_with_torch: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    ours, theirs = (getattr(nn, row.name)(*row.args, **row.options) for nn in (nnx, torch.nn))
    assert list(ours.state_dict()) == list(theirs.state_dict())
    layer_agrees_with_torch(ours, theirs, (row.x, *row.states), call=caller(row))


@pytest.mark.parametrize("row", [row for row in ROWS if row.x.size], ids=lambda row: f"{row.name}{row.args}")
def test_derivatives_to_second_order(row: Row) -> None:
    layer = getattr(nnx, row.name)(*row.args, **row.options).astype("float64")
    call = caller(row)
    check_gradients(lambda layer, *args: call(layer, *args), layer, row.x, *row.states, order=2)


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize("reverse", [False, True])
def test_padding_has_no_part(name: str, reverse: bool, lib: Any) -> None:
    """Whatever is in it, NaN too: each sequence has the numbers that it has alone, and no gradient beyond its end."""
    layer = getattr(nnx, name)(2, 3, 2, bidirectional=reverse).astype("float64")
    x, lengths = draw(4, 3, 2), [2, 4, 1]
    for n, length in enumerate(lengths):
        x[length:, n] = np.nan

    def loss(layer: Any, x: Any, lengths: Any) -> Any:
        out, last = layer(x, lengths=lengths)
        arrays = out, *(last if isinstance(last, tuple) else (last,))
        return sum(nnx.array_namespace(a).sum(a * a) for a in arrays), arrays

    given = lib.asarray(x), lib.asarray(np.asarray(lengths))
    (of_layer, of_x), (out, *last) = nnx.grad(loss, (0, 1), has_aux=True)(layer, *given)
    assert all(np.isfinite(lib.to_numpy(g)).all() for g in of_layer.values())
    for n, length in enumerate(lengths):
        alone, states = layer(lib.asarray(x[:length, n]))
        lib.assert_close(out[:length, n, :], lib.to_numpy(alone), rtol=1e-12)
        assert not lib.to_numpy(out)[length:, n].any()
        for s, t in zip(last, states if isinstance(states, tuple) else (states,), strict=True):
            lib.assert_close(s[:, n, :], lib.to_numpy(t), rtol=1e-12)
        assert lib.to_numpy(of_x)[:length, n].all()
        assert not lib.to_numpy(of_x)[length:, n].any()


@pytest.mark.parametrize("lengths", [None, [2, 4, 1]])
def test_an_input_from_outside_the_derivative(lengths: Any, lib: Any) -> None:
    layer = nnx.GRU(2, 3, 2, bidirectional=True, batch_first=True, dtype="float64")
    x, h = lib.asarray(BATCH_FIRST), lib.asarray(draw(4, 3, 3))

    def loss(layer: Any, x: Any, h: Any) -> Any:
        out, last = layer(x, h, lengths=lengths)
        return nnx.array_namespace(out).sum(out * out) + nnx.array_namespace(last).sum(last)

    expected = nnx.grad(loss, (0, 1, 2))(layer, x, h)
    for name, g in nnx.grad(lambda layer: loss(layer, x, h))(layer).items():
        lib.assert_close(g, lib.to_numpy(expected[0][name]), rtol=1e-12)
    lib.assert_close(nnx.grad(lambda x: loss(layer, x, h))(x), lib.to_numpy(expected[1]), rtol=1e-12)
    lib.assert_close(nnx.grad(lambda h: loss(layer, x, h))(h), lib.to_numpy(expected[2]), rtol=1e-12)


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
def test_dropout_is_between_layers_only(name: str, lib: Any) -> None:
    layer = getattr(nnx, name)(2, 3, 2, dropout=0.4, dtype="float64", generator=nnx.random.Generator(3))
    single = [getattr(nnx, name)(n, 3, dtype="float64") for n in (2, 3)]
    for k, one in enumerate(single):
        state = {key.replace(f"l{k}", "l0"): x for key, x in layer.state_dict().items() if f"l{k}" in key}
        one.load_state_dict(state)
    x = lib.asarray(X)
    assert repr(layer) == f"{name}(2, 3, num_layers=2, dropout=0.4)"
    layer.generator = nnx.random.Generator(5)
    found = layer(x)[0]
    between = nnx.functional.dropout(single[0](x)[0], 0.4, generator=nnx.random.Generator(5))
    assert not lib.to_numpy(between).all()
    lib.assert_close(found, lib.to_numpy(single[1](between)[0]), rtol=1e-12)
    lib.assert_close(layer.eval()(x)[0], lib.to_numpy(single[1](single[0](x)[0])[0]), rtol=1e-12)


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell"])
def test_fresh_weights_are_distributed_as_those_of_torch(name: str, lib: Any) -> None:
    for dtype in ("float32", "float64"):
        for x in getattr(nnx, name)(60, 100, dtype=dtype).parameters().values():
            host = lib.to_numpy(x)
            assert lib.owns(x)
            assert x.dtype == lib.dtype(dtype)
            assert 0.09 < np.abs(host).max() <= 0.1
            assert abs(host.std() * np.sqrt(3) * 10 - 1.0) < 0.15
            assert abs(host.mean()) < 0.02


def test_dropout_of_a_single_layer_warns() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    for nn in (torch.nn, nnx):
        with pytest.warns(UserWarning, match="num_layers") as record:
            nn.LSTM(2, 3, dropout=0.5)
    assert record[0].filename == __file__


Y, H = np.ones((4, 3, 2), np.float32), np.ones((1, 3, 3), np.float32)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda nn: nn.LSTM(0, 3), "input_size to be at least 1, got 0"),
        (lambda nn: nn.GRU(2, 0), "hidden_size to be at least 1, got 0"),
        (lambda nn: nn.GRU(2, 3.0), "hidden_size to be a whole number, got 3.0"),
        (lambda nn: nn.RNN(2, 3, 0), "num_layers to be at least 1, got 0"),
        (lambda nn: nn.LSTM(2, 3, proj_size=3), "proj_size to be smaller than hidden_size 3, got 3"),
        (lambda nn: nn.LSTM(2, 3, proj_size=-1), "proj_size to be at least 0, got -1"),
        (lambda nn: nn.GRU(2, 3, proj_size=1), "proj_size"),
        (lambda nn: nn.LSTM(2, 3, 2, dropout=1.5), "a probability between 0 and 1, got 1.5"),
        (lambda nn: nn.LSTM(2, 3, 2, dropout=True), "a probability between 0 and 1, got True"),
        (lambda nn: nn.LSTM(2, 3, bias=1), "bias to be True or False, got 1"),
        (lambda nn: nn.LSTM(2, 3, batch_first=None), "batch_first to be True or False, got None"),
        (lambda nn: nn.RNN(2, 3, 1, "sigmoid"), 'nonlinearity of "tanh" or "relu", got \'sigmoid\''),
        (lambda nn: nn.RNN(2, 3)(Y[0, 0]), r"RNN: expected an input of shape \(L, N, H\).*got \(2,\)"),
        (lambda nn: nn.RNN(2, 3)(Y[:0]), r"RNN: expected at least one step.*\(0, 3, 2\)"),
        (lambda nn: nn.LSTM(4, 3)(Y), r"LSTM: expected an input of .* H = 4, got \(4, 3, 2\)"),
        (lambda nn: nn.LSTM(2, 3)(Y.astype("float64")), "LSTM: expected an input of the weight's dtype"),
        (lambda nn: nn.LSTM(2, 3)(Y, (H, H[:, :2])), r"LSTM: expected c_0 of shape \(1, 3, 3\), got"),
        (lambda nn: nn.LSTM(2, 3)(Y, (H[0], H[0])), r"LSTM: expected h_0 of shape \(1, 3, 3\), got \(3, 3\)"),
        (lambda nn: nn.LSTM(2, 3)(Y, H), "LSTM: expected hx to be a tuple of two arrays"),
        (lambda nn: nn.GRU(2, 3)(Y, H[:, :2]), r"GRU: expected h_0 of shape \(1, 3, 3\), got \(1, 2, 3\)"),
        (lambda nn: nn.GRU(2, 3)(Y[:, 0], H), r"GRU: expected h_0 of shape \(1, 3\), got \(1, 3, 3\)"),
        (lambda nn: nn.GRU(2, 3)(Y, (H, H)), "GRU: expected hx to be an array, got tuple of 2"),
        (lambda nn: nn.LSTMCell(2, 3)(Y[0], (H[0],)), "expected hx to be a tuple .*, got tuple of 1"),
        (lambda nn: nn.RNNCell(2, 3)(Y), r"RNNCell: expected an input of shape \(N, 2\) or \(2,\)"),
        (lambda nn: nn.RNNCell(2, 3)(Y[0], H), r"RNNCell: expected h_0 of shape \(3, 3\), got \(1, 3, 3\)"),
        (lambda nn: nn.LSTMCell(2, 3)(Y[0], H), "LSTMCell: expected hx to be a tuple of two arrays"),
        (
            lambda nn: nn.GRUCell(2, 3)(Y[0], H[0, :2]),
            r"GRUCell: expected h_0 of shape \(3, 3\), got \(2, 3\)",
        ),
        (lambda nn: nn.GRUCell(2, -3), "hidden_size to be at least 0, got -3"),
        (lambda nn: nn.GRUCell(2, 3)(Y[0].astype("float64")), "expected an input of the weight's dtype"),
    ],
)
def test_what_does_not_fit_is_refused(build: Any, message: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    with pytest.raises((ValueError, TypeError), match=message):
        build(nnx)
    with pytest.raises((ValueError, TypeError, RuntimeError, AttributeError)):
        build(torch.nn)


@pytest.mark.parametrize(
    ("lengths", "kind", "message"),
    [
        ([1, 2], ValueError, "LSTM: expected one length for each of 3 sequences, got 2"),
        ([0, 1, 2], ValueError, r"LSTM: expected lengths between 1 and 4, got \[0, 1, 2\]"),
        (np.asarray([5, 1, 2]), ValueError, "LSTM: expected lengths between 1 and 4"),
        ([1.0, 2.0, 3.0], TypeError, "LSTM: expected lengths to be whole numbers"),
        (3, TypeError, "LSTM: expected lengths to be whole numbers, got 3"),
    ],
)
def test_lengths_that_do_not_fit_are_refused(lengths: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        nnx.LSTM(2, 3)(Y, lengths=lengths)
    with pytest.raises(kind):
        nnx.LSTM(2, 3)(Y[:, 0], lengths=lengths)
