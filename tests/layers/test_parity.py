"""Every layer against torch.nn: what it prints, what it holds, what it gives. One row each."""

import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import nnx
import nnx.layers

X = np.random.default_rng(1).standard_normal((4, 6))


class Row(NamedTuple):
    name: str
    args: tuple[Any, ...] = ()
    x: Any = X
    arguments: dict[str, Any] = {}
    printed: bool = True  # whether PyTorch prints the same


ROWS = [
    Row("Linear", (6, 3)),
    Row("Linear", (6, 3, False)),
    Row("Linear", (6, 3), X.reshape(2, 2, 6)),
    Row("Identity"),
    Row("Flatten", (), X.reshape(2, 2, 6)),
    Row("Flatten", (0, 1), X.reshape(2, 2, 6)),
    Row("Unflatten", (1, (2, 3)), printed=False),
    Row("Dropout", (0.0,)),
    *[Row(name, printed=False) for name in ("Softmax", "LogSoftmax", "Softmin")],
    Row("Softmax", (0,), printed=False),
    Row("LeakyReLU"),
    Row("LeakyReLU", (0.3,)),
    Row("ELU"),
    Row("ELU", (0.5,)),
    Row("CELU", (2.0,)),
    Row("GELU"),
    Row("GELU", ("tanh",)),
    Row("Hardtanh", (-2.0, 0.5)),
    Row("Hardshrink"),
    Row("Softshrink", (0.25,)),
    Row("Softplus"),
    Row("Softplus", (2.0, 3.0)),
    Row("Threshold", (0.1, 20.0)),
    *[
        Row(name)
        for name in (
            "ReLU",
            "ReLU6",
            "SELU",
            "SiLU",
            "Sigmoid",
            "LogSigmoid",
            "Tanh",
            "Mish",
            "Softsign",
            "Tanhshrink",
        )
    ],
    Row("GLU", printed=False),
    Row("GLU", (0,), printed=False),
    Row("PReLU"),
    Row("PReLU", (6, 0.5)),
    Row("Softmax2d", (), X.reshape(2, 3, 2, 2)),
    Row("Softmax2d", (), X.reshape(4, 3, 2)),
    Row("PixelShuffle", (2,), X.reshape(2, 4, 1, 3)),
    Row("PixelUnshuffle", (2,), X.reshape(1, 1, 4, 6)),
    Row("ChannelShuffle", (2,), X.reshape(1, 4, 6)),
    Row("Hardsigmoid"),
    Row("Hardswish"),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.name}{row.args}")
def test_a_layer_is_that_of_torch(row: Row, lib: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    theirs = getattr(torch.nn, row.name)(*_named(row, torch), **row.arguments).double()
    ours = getattr(nnx, row.name)(*row.args, **row.arguments).astype("float64")
    state = {name: t.detach().numpy() for name, t in theirs.state_dict().items()}
    ours.load_state_dict({name: lib.asarray(x) for name, x in state.items()})
    assert list(ours.state_dict()) == list(state)
    x = torch.tensor(row.x, requires_grad=True)
    out = theirs(x)
    rtol = 1e-7 if row.name == "Hardsigmoid" else 1e-9
    lib.assert_close(ours(lib.asarray(row.x)), out.detach().numpy(), rtol=rtol, atol=1e-12)
    (of_weights, of_x) = nnx.grad(_square_sum, argnums=(0, 1))(ours, lib.asarray(row.x))
    (out * out).sum().backward()
    lib.assert_close(of_x, x.grad.numpy(), rtol=rtol, atol=1e-12)
    for name, t in theirs.named_parameters():
        lib.assert_close(of_weights[name], t.grad.numpy(), rtol=rtol, atol=1e-12)
    if row.printed:
        assert repr(ours) == repr(theirs).replace(", inplace=False", "")


def _named(row: Row, torch: Any) -> tuple[Any, ...]:
    return row.args or ((-1,) if row.name in ("Softmax", "LogSoftmax", "Softmin") else ())


def _square_sum(layer: Any, x: Any) -> Any:
    out = layer(x)
    return nnx.array_namespace(out).sum(out * out)


def test_every_layer_has_a_row() -> None:
    """In this table or in one of its own family."""
    elsewhere = {"Buffer", "Layer", "LayerDict", "LayerList", "Parameter", "Residual", "Sequential", "Step"}
    others = {"test_fresh_weights.py", "test_mistakes.py"}  # which name layers and compare no values
    paths = [path for path in Path(__file__).parent.glob("test_*.py") if path.name not in others]
    families = "".join(path.read_text(encoding="utf-8") for path in paths)
    for name in set(nnx.layers.__all__) - elsewhere - {row.name for row in ROWS}:
        assert re.sub("(Pad)?[123]d$", "", name) in families, f"{name} has no row"


def test_a_network_prints_as_that_of_torch() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")

    def network(nn: Any, list_type: Any) -> Any:
        return nn.Sequential(
            nn.Linear(6, 5),
            nn.ReLU(),
            nn.Sequential(nn.Linear(5, 4, bias=False), nn.LeakyReLU()),
            list_type([nn.Tanh(), nn.Tanh(), nn.Dropout(0.1)]),
            list_type([]),
        )

    ours, theirs = network(nnx, nnx.LayerList), network(torch.nn, torch.nn.ModuleList)
    assert repr(ours) == repr(theirs).replace("ModuleList", "LayerList").replace(", inplace=False", "")
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert list(ours.layers()) == [name for name, _ in theirs.named_modules()]


def test_fresh_weights_are_distributed_as_those_of_torch(lib: Any) -> None:
    layer = nnx.Linear(400, 300)
    for x in (layer.weight, layer.bias):
        host = lib.to_numpy(x)
        assert lib.owns(x)
        assert x.dtype == lib.xp.float32
        assert np.abs(host).max() <= 1 / 20
        assert abs(host.std() * np.sqrt(3) * 20 - 1.0) < 0.1
        assert abs(host.mean()) < 0.005


@pytest.mark.parametrize("name", ["PixelShuffle", "PixelUnshuffle", "ChannelShuffle"])
def test_a_shuffle_by_nothing_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name}: expected .* to be at least 1, got 0"):
        getattr(nnx, name)(0)
