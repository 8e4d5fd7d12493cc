"""Transformers against torch.nn's: layers, stacks and the whole; masks; what is dropped; refusals."""

import copy
import pickle
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest

import nnx
import nnx.functional as F


def draw(*shape: int, seed: int = 3) -> np.ndarray:
    return np.random.default_rng(seed + sum(shape)).standard_normal(shape)


def hidden(*shape: int) -> np.ndarray:
    """True for what is not to be seen; every query may see the first key."""
    mask = np.random.default_rng(1).random(shape) < 0.4
    mask[..., 0] = False
    return mask


CAUSAL = np.triu(np.ones((3, 3), bool), 1)
ADDED = np.where(CAUSAL, -np.inf, 0.0)
SRC, TGT = draw(4, 2, 4), draw(3, 2, 4)
SRC_FIRST, TGT_FIRST = np.swapaxes(SRC, 0, 1).copy(), np.swapaxes(TGT, 0, 1).copy()
FIRST = {"batch_first": True}
PADDING, TGT_PADDING = hidden(2, 4), hidden(2, 3)


class Row(NamedTuple):
    name: str
    inputs: tuple[np.ndarray, ...]
    build: dict[str, Any] = {}
    masks: dict[str, np.ndarray] = {}
    forward: dict[str, Any] = {}
    modes: tuple[bool, ...] = (True, False)

    @property
    def id(self) -> str:
        masks = "".join(f"-{name}" for name in self.masks)
        build = {key: x for key, x in self.build.items() if not callable(x)}
        return f"{self.name}{[x.shape for x in self.inputs]}{build}{masks}{self.forward}".replace(" ", "")


ENCODER, DECODER = "TransformerEncoderLayer", "TransformerDecoderLayer"
BOTH = (TGT, SRC)
ALL = {
    "tgt_mask": CAUSAL, "memory_mask": hidden(3, 4), "tgt_key_padding_mask": TGT_PADDING,
    "memory_key_padding_mask": PADDING,
}  # fmt: skip
ROWS = [
    Row(ENCODER, (SRC,)),
    Row(ENCODER, (SRC,), {"dropout": 0.3}, modes=(False,)),
    Row(ENCODER, (SRC[:, 0],), {"norm_first": True, "activation": "gelu"}),
    Row(ENCODER, (SRC_FIRST,), {"bias": False, **FIRST}, {"src_key_padding_mask": PADDING}),
    Row(ENCODER, (TGT,), {"layer_norm_eps": 0.1}, {"src_mask": CAUSAL}, {"is_causal": True}),
    Row(ENCODER, (TGT,), {"norm_first": True}, {"src_mask": CAUSAL, "src_key_padding_mask": TGT_PADDING}),
    Row(ENCODER, (SRC,), {"dropout": 1.0}),
    Row(ENCODER, (SRC,), {"dropout": 1.0, "norm_first": True}),
    Row(DECODER, BOTH, {"dropout": 1.0, "norm_first": True}),
    Row(DECODER, BOTH),
    Row(DECODER, BOTH, {"dropout": 0.3}, ALL, modes=(False,)),
    Row(DECODER, (TGT_FIRST, SRC_FIRST), {"norm_first": True, "activation": "gelu", **FIRST}, ALL),
    Row(DECODER, (TGT[:, 0], SRC[:, 0]), {"bias": False}, {"tgt_mask": ADDED}, {"tgt_is_causal": True}),
    Row("TransformerEncoder", (SRC,)),
    Row(
        "TransformerEncoder", (TGT_FIRST,), FIRST, {"mask": ADDED, "src_key_padding_mask": TGT_PADDING * -9.0}
    ),
    Row("TransformerEncoder", (TGT,), {}, {"mask": ADDED}, {"is_causal": True}),
    Row("TransformerDecoder", BOTH, {"norm_first": True}, {"tgt_mask": ADDED}),
    Row("TransformerDecoder", (TGT_FIRST, SRC_FIRST), FIRST, ALL),
    Row("Transformer", (SRC, TGT), {"activation": "gelu"}),
    Row("Transformer", (SRC[:, 0], TGT[:, 0]), {"norm_first": True}, {"tgt_mask": ADDED}),
    Row(
        "Transformer",
        (SRC_FIRST, TGT_FIRST),
        FIRST,
        {"src_mask": hidden(4, 4), "src_key_padding_mask": PADDING, **ALL},
    ),
]


@pytest.fixture(autouse=True)
def _twice_differentiable() -> Iterator[None]:
    """PyTorch's attention that has second derivatives."""
    attention = pytest.importorskip("torch.nn.attention", reason="PyTorch, the oracle, is not installed")
    with attention.sdpa_kernel(attention.SDPBackend.MATH):
        yield


def built(library: Any, row: Row) -> Any:
    build = {"dropout": 0.0, **row.build}
    if row.name == "Transformer":
        return library.Transformer(4, 2, 1, 2, 5, **build)
    if row.name.endswith("Layer"):
        return getattr(library, row.name)(4, 2, 5, **build)
    layer = getattr(library, row.name + "Layer")(4, 2, 5, **build)
    more = {"enable_nested_tensor": False} if row.name == "TransformerEncoder" else {}
    return getattr(library, row.name)(
        layer, 2, library.LayerNorm(4) if build.get("norm_first") else None, **more
    )


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
@pytest.mark.filterwarnings("ignore:Support for mismatched", "ignore:enable_nested_tensor")
def test_it_is_that_of_torch(row: Row, layer_agrees_with_torch: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    ours, theirs = built(nnx, row), built(torch.nn, row)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert list(ours.layers()) == [name for name, _ in theirs.named_modules()]
    assert repr(ours) == repr(theirs).replace("ModuleList", "LayerList").replace(", inplace=False", "")
    with torch.no_grad():
        for i, parameter in enumerate(theirs.parameters()):
            parameter += torch.as_tensor(0.2 * draw(*parameter.shape, seed=i), dtype=torch.float32)
    count = len(row.inputs)

    def call(layer: Any, *args: Any) -> Any:
        return layer(*args[:count], **dict(zip(row.masks, args[count:], strict=True)), **row.forward)

    layer_agrees_with_torch(
        ours, theirs, row.inputs, tuple(row.masks.values()), call, printed=False, modes=row.modes,
        single=1e-3, second=row.name != "Transformer" or not row.masks,
    )  # fmt: skip


@pytest.mark.parametrize("library", ["nnx", "torch"])
def test_an_activation_is_a_name_a_function_or_a_layer(library: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    nn, f = (nnx, F) if library == "nnx" else (torch.nn, torch.nn.functional)
    for name in (ENCODER, DECODER):
        make = getattr(nn, name)
        assert make(4, 2).activation is f.relu
        assert make(4, 2, activation="gelu").activation is f.gelu
        assert make(4, 2, activation=f.silu).activation is f.silu
        assert repr(make(4, 2, activation=nn.GELU("tanh"))).endswith(
            "(activation): GELU(approximate='tanh')\n)"
        )


def test_the_causal_mask(lib: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    mask = nnx.Transformer.generate_square_subsequent_mask(4)
    lib.assert_equal(mask, torch.nn.Transformer.generate_square_subsequent_mask(4).numpy())
    assert mask.dtype == lib.dtype("float32")
    assert nnx.Transformer.generate_square_subsequent_mask(2, dtype="float64").dtype == lib.dtype("float64")


def test_layers_of_a_stack_are_copies(lib: Any) -> None:
    layer = nnx.TransformerEncoderLayer(4, 2, 5)
    stack = nnx.TransformerEncoder(layer, 3)
    assert isinstance(stack.layers, nnx.LayerList)
    assert len(stack.layers) == stack.num_layers == 3
    weights = [each.linear1.weight for each in (layer, *stack.layers)]
    for weight in weights[1:]:
        lib.assert_equal(weight, lib.to_numpy(weights[0]))
    stack.layers[1].linear1.weight = weights[0] * 2.0
    for weight in (layer.linear1.weight, stack.layers[0].linear1.weight, stack.layers[2].linear1.weight):
        lib.assert_equal(weight, lib.to_numpy(weights[0]))
    grads = nnx.grad(lambda stack, x: nnx.array_namespace(x).sum(stack(x) ** 2))(
        stack, lib.asarray(SRC, "float32")
    )
    assert list(grads) == list(stack.parameters())
    stack.layers.append(layer)
    assert "layers.3.linear1.weight" in stack.parameters()
    assert len(stack.layers()) == 2 + 4 * 10
    stack.layers = stack.layers[:2]
    assert len(stack.layers()) == 2 + 2 * 10
    for twin in (copy.deepcopy(stack), pickle.loads(pickle.dumps(nnx.TransformerEncoder(layer, 1)))):
        assert list(twin.layers()) == list(stack.layers())[: len(twin.layers())]
        assert twin.layers[0].linear1.weight is not stack.layers[0].linear1.weight


def test_dropout_is_drawn_anew_in_each_layer(lib: Any) -> None:
    generator = nnx.random.Generator(7)
    model = nnx.TransformerEncoder(nnx.TransformerEncoderLayer(4, 2, 5, 0.5, generator=generator), 2)
    assert {id(layer.dropout.generator) for layer in model.layers} == {id(generator)}
    x = lib.asarray(SRC, "float32")
    start = generator.state
    first = lib.to_numpy(model(x))
    assert np.abs(lib.to_numpy(model(x)) - first).max() > 1e-3
    generator.state = start
    lib.assert_equal(model(x), first)
    assert np.abs(lib.to_numpy(model.eval()(x)) - first).max() > 1e-3


@pytest.mark.filterwarnings("ignore:enable_nested_tensor")
def test_fresh_weights_are_distributed_as_those_of_torch() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    ours, theirs = nnx.Transformer(32, 4, 1, 1, 64), torch.nn.Transformer(32, 4, 1, 1, 64)
    for name, t in theirs.state_dict().items():
        x, y = ours.state_dict()[name], t.numpy()
        np.testing.assert_allclose(
            x.std(), y.std(), rtol=0.2 if x.size < 100 else 0.05, atol=0.02, err_msg=name
        )
        if x.ndim > 1:
            np.testing.assert_allclose(np.abs(x).max(), np.abs(y).max(), rtol=0.02, err_msg=name)
    first, second = (layer.linear1.weight for layer in nnx.Transformer(4, 2, 2, 1, 5).encoder.layers)
    assert (first != second).any()


O = np.ones((3, 2, 4), np.float32)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: nnx.TransformerEncoderLayer(4, 3), ValueError, "num_heads of at least 1 that divides embed_dim"),
        (lambda: nnx.TransformerDecoderLayer(4, 2, activation="tanh"), ValueError, "'tanh'"),
        (lambda: nnx.TransformerEncoderLayer(4, 2, activation=3), TypeError, "a name or a function, got 3"),
        (lambda: nnx.TransformerEncoderLayer(4, 2, dropout=2.0), ValueError, "probability between 0 and 1"),
        (lambda: nnx.TransformerEncoderLayer(4, 2)(O[..., :3]), ValueError, '"self_attn": expected a last axis of 4'),
        (lambda: nnx.TransformerEncoderLayer(4, 2)(O, is_causal=True), ValueError, "expected attn_mask where"),
        (lambda: nnx.Transformer(4, 2, 1, 1, 5)(O, O[:, :1]), ValueError, "Transformer: expected one batch"),
        (lambda: nnx.Transformer(4, 2, 1, 1, 5)(O, O[..., :3]), ValueError, "expected last axes of 4, got src"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(call: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        call()
