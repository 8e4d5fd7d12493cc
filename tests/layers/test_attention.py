"""Attention with several heads against torch.nn's: what it prints, holds and gives; masks; refusals."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest

import nnx


def draw(*shape: int, seed: int = 3) -> np.ndarray:
    return np.random.default_rng(seed + sum(shape)).standard_normal(shape)


def hidden(*shape: int) -> np.ndarray:
    """True for what is not to be seen; every query may see the first key."""
    mask = np.random.default_rng(1).random(shape) < 0.4
    mask[..., 0] = False
    return mask


class Row(NamedTuple):
    inputs: tuple[np.ndarray, ...]  # one for all, query and memory, or three
    build: dict[str, Any] = {}
    masks: dict[str, Any] = {}
    forward: dict[str, Any] = {}
    second: bool = True

    @property
    def id(self) -> str:
        masks = "".join(f"-{name}{x.dtype}{x.shape}" for name, x in self.masks.items())
        return f"{[x.shape for x in self.inputs]}{self.build}{masks}{self.forward}".replace(" ", "")


X, MEMORY, FIRST = draw(3, 2, 4), draw(5, 2, 4), draw(2, 3, 4)
CAUSAL = np.triu(np.ones((3, 3), bool), 1)
NO = {"need_weights": False}
ROWS = [
    Row((X,)),
    Row((X,), {"bias": False}, {}, NO),
    Row((FIRST,), {"batch_first": True}),
    Row((FIRST,), {"batch_first": True}, {}, NO),
    Row((X[:, 0],), {}, {"attn_mask": CAUSAL}),
    Row((X[:, 0],), {"batch_first": True}, {"key_padding_mask": hidden(3)}, NO),
    Row((X, MEMORY)),
    Row((X, MEMORY), {}, {"key_padding_mask": hidden(2, 5)}, NO),
    Row((X, MEMORY, draw(5, 2, 4, seed=9)), {"add_zero_attn": True}, {}, {"average_attn_weights": False}),
    Row((X[:, 1], MEMORY[:, 0]), {}, {"attn_mask": hidden(2, 3, 5)}, {"average_attn_weights": False}),
    Row((X, draw(5, 2, 3), draw(5, 2, 6)), {"kdim": 3, "vdim": 6}, {}, NO),
    Row((FIRST, draw(2, 5, 3), draw(2, 5, 6)), {"kdim": 3, "vdim": 6, "batch_first": True, "bias": False}),
    Row((X,), {"add_bias_kv": True}, {"attn_mask": hidden(3, 3), "key_padding_mask": hidden(2, 3)}),
    Row((X,), {"add_bias_kv": True, "add_zero_attn": True}, {"attn_mask": draw(4, 3, 3)}, NO),
    Row((X,), {}, {"attn_mask": draw(3, 3), "key_padding_mask": draw(2, 3)}),
    Row((X,), {}, {"attn_mask": draw(3, 3), "key_padding_mask": hidden(2, 3)}, NO),
    Row((X,), {}, {"attn_mask": CAUSAL, "key_padding_mask": hidden(2, 3)}, {"is_causal": True, **NO}),
    Row((X,), {}, {"attn_mask": CAUSAL}, {"is_causal": True, **NO}),
    Row((X,), {}, {"attn_mask": hidden(3, 3)}, {"is_causal": True, **NO}),  # the promise counts, not the mask
    Row((X,), {}, {"attn_mask": np.where(CAUSAL, -np.inf, 0.0)}, {"is_causal": True}),
    Row((X[:, :0],), {}, {}, NO),
]


@pytest.fixture(autouse=True)
def _twice_differentiable() -> Iterator[None]:
    """PyTorch's attention that has second derivatives."""
    attention = pytest.importorskip("torch.nn.attention", reason="PyTorch, the oracle, is not installed")
    with attention.sdpa_kernel(attention.SDPBackend.MATH):
        yield


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
@pytest.mark.filterwarnings("ignore:Support for mismatched")
def test_it_is_that_of_torch(row: Row, layer_agrees_with_torch: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    count = len(row.inputs)

    def call(layer: Any, *args: Any) -> Any:
        masks = dict(zip(row.masks, args[count:], strict=True))
        return layer(*args[:count], *(args[count - 1],) * (3 - count), **masks, **row.forward)

    ours, theirs = nnx.MultiheadAttention(4, 2, **row.build), torch.nn.MultiheadAttention(4, 2, **row.build)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    with torch.no_grad():
        for i, parameter in enumerate(theirs.parameters()):
            parameter += torch.as_tensor(0.2 * draw(*parameter.shape, seed=i), dtype=torch.float32)
    layer_agrees_with_torch(ours, theirs, row.inputs, tuple(row.masks.values()), call)


@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.filterwarnings("ignore:invalid value")
def test_a_query_that_may_look_nowhere(need_weights: bool, lib: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    theirs = torch.nn.MultiheadAttention(4, 2).double()
    ours = nnx.MultiheadAttention(4, 2).astype("float64")
    ours.load_state_dict({name: lib.asarray(t.numpy()) for name, t in theirs.state_dict().items()})
    mask = np.zeros((3, 3), bool)
    mask[1] = True
    x = torch.tensor(X)
    expected, _ = theirs(x, x, x, attn_mask=torch.tensor(mask), need_weights=need_weights)
    x = lib.asarray(X)
    found, _ = ours(x, x, x, attn_mask=lib.asarray(mask), need_weights=need_weights)
    lib.assert_close(found, expected.detach().numpy(), rtol=1e-9, atol=1e-12)
    assert bool(np.isnan(lib.to_numpy(found)).any()) is need_weights


@pytest.mark.parametrize("need_weights", [True, False])
def test_dropout_in_training(need_weights: bool, lib: Any) -> None:
    layer = nnx.MultiheadAttention(8, 2, dropout=0.3, generator=nnx.random.Generator(7)).astype("float64")
    x = lib.asarray(draw(20, 3, 8))
    start = layer.generator.state
    first, weights = layer(x, x, x, need_weights=need_weights, average_attn_weights=False)
    layer.generator.state = start
    lib.assert_equal(layer(x, x, x, need_weights=need_weights)[0], lib.to_numpy(first))
    full, sums = layer.eval()(x, x, x, average_attn_weights=False)
    assert np.abs(lib.to_numpy(first) - lib.to_numpy(full)).max() > 1e-3
    if need_weights:
        kept = lib.to_numpy(weights) != 0
        assert abs(kept.mean() - 0.7) < 4 * np.sqrt(0.21 / kept.size)
        np.testing.assert_allclose(lib.to_numpy(weights)[kept], lib.to_numpy(sums)[kept] / 0.7, rtol=1e-12)


def test_fresh_weights_are_distributed_as_those_of_torch() -> None:
    layer = nnx.MultiheadAttention(100, 4, add_bias_kv=True)
    bound = np.sqrt(6 / 400)
    assert 0.99 * bound < np.abs(layer.in_proj_weight).max() <= bound
    assert abs(layer.in_proj_weight.std() * np.sqrt(3) / bound - 1) < 0.02
    assert not layer.in_proj_bias.any()
    assert not layer.out_proj.bias.any()
    assert 0.09 < np.abs(layer.out_proj.weight).max() <= 0.1
    assert abs(layer.bias_k.std() / np.sqrt(2 / 200) - 1) < 0.3
    separate = nnx.MultiheadAttention(100, 4, kdim=50, vdim=20)
    for weight, columns in (
        (separate.q_proj_weight, 100),
        (separate.k_proj_weight, 50),
        (separate.v_proj_weight, 20),
    ):
        assert weight.shape == (100, columns)
        bound = np.sqrt(6 / (100 + columns))
        assert 0.98 * bound < np.abs(weight).max() <= bound


O = np.ones((3, 2, 4), np.float32)
BOOL = np.zeros((3, 3), bool)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda f: nnx.MultiheadAttention(4, 3), ValueError, "num_heads of at least 1 that divides embed_dim"),
        (lambda f: nnx.MultiheadAttention(0, 1), ValueError, "num_heads of at least 1 that divides embed_dim"),
        (lambda f: nnx.MultiheadAttention(4, 0), ValueError, "got 0 and 4"),
        (lambda f: nnx.MultiheadAttention(4, 2, 1.5), ValueError, "probability between 0 and 1, got 1.5"),
        (lambda f: nnx.MultiheadAttention(4, 2, "1"), TypeError, "probability between 0 and 1, got '1'"),
        (lambda f: f(O[0, 0], O, O), ValueError, r"MultiheadAttention: expected query, key and value with 2 axes"),
        (lambda f: f(O, O[0], O[0]), ValueError, r"with 2 axes, or 3, got shapes \(3, 2, 4\), \(2, 4\)"),
        (lambda f: f(O[..., :3], O, O), ValueError, r"last axis of 4, got 3 \(query \(3, 2, 3\)"),
        (lambda f: f(O, O[:2], O), ValueError, r"one shape, got \(2, 2, 4\) and \(3, 2, 4\)"),
        (lambda f: f(O, O[..., :3], O[..., :3]), ValueError, "expected a last axis of 4, got 3"),
        (lambda f: f(O, O[:, :1], O[:, :1]), ValueError, "one batch of query, key and value"),
        (lambda f: f(O, O, [1.0]), TypeError, "expected value to be an array"),
        (lambda f: f(O, O, O, attn_mask=BOOL[:2]), ValueError, r"\(3, 3\) or \(4, 3, 3\), got \(2, 3\)"),
        (lambda f: f(O, O, O, attn_mask=BOOL[None]), ValueError, r"\(4, 3, 3\), got \(1, 3, 3\)"),
        (lambda f: f(O, O, O, attn_mask=np.ones((3, 3), int)), TypeError, "attn_mask of booleans or floating"),
        (lambda f: f(O, O, O, BOOL), ValueError, r"key_padding_mask of shape \(2, 3\), got \(3, 3\)"),
        (lambda f: f(O[0], O[0], O[0], BOOL[:, :2]), ValueError, r"key_padding_mask of shape \(1, 2\)"),
        (lambda f: f(O, O, O, BOOL[:2].astype(int)), TypeError, "key_padding_mask of booleans or floating"),
        (lambda f: f(O, O, O, is_causal=True), ValueError, "expected attn_mask where is_causal is given"),
        (lambda f: f(*(O.astype("f8"),) * 3), TypeError, "input of the weight's dtype float32, got float64"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(call: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        call(nnx.MultiheadAttention(4, 2))
