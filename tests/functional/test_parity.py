"""Every function of `nnx.functional` against PyTorch: one row each."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import nnx.functional as F

X = np.random.default_rng(1).standard_normal((4, 5)) * 2.0
WIDE = np.random.default_rng(2).standard_normal((3, 40)) * 2.0
KINKS = np.array([-3.0, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 3.0, 6.0])
SATURATED = np.array([-800.0, -100.0, -40.0, 40.0, 100.0, 800.0])


class Row(NamedTuple):
    name: str
    inputs: tuple[Any, ...] = (X,)
    args: tuple[Any, ...] = ()
    torch_name: str | None = None
    second: bool = True
    rtol: float = 1e-9
    arguments: dict[str, Any] = {}

    @property
    def id(self) -> str:
        return f"{self.name}-{'-'.join(map(str, self.args))}-{'x'.join(map(str, np.shape(self.inputs[0])))}"


ELEMENTWISE = [
    ("relu",), ("relu6",), ("leaky_relu",), ("leaky_relu", 0.3), ("elu",), ("elu", 0.5), ("selu",), ("celu", 2.0),
    ("hardtanh",), ("hardtanh", -2.0, 0.5), ("hardswish",), ("hardshrink",), ("hardshrink", 1.0),
    ("softshrink",), ("softshrink", 1.0), ("threshold", 0.5, 9.0), ("sigmoid",), ("tanh",), ("logsigmoid",),
    ("silu",), ("gelu",), ("mish",), ("softplus",), ("softplus", 2.0, 3.0), ("softsign",), ("tanhshrink",),
]  # fmt: skip
ROWS = [Row(name, (X,), tuple(args)) for name, *args in ELEMENTWISE]
ROWS += [Row(name, (WIDE,), tuple(args)) for name, *args in ELEMENTWISE[:3]]
PIECEWISE = (
    "elu",
    "selu",
    "celu",
    "relu",
    "leaky",
    "hardtanh",
    "hardswish",
    "thresh",
    "hardshrink",
    "softshrink",
)
ROWS += [Row(name, (KINKS,), tuple(args), second=name.startswith(PIECEWISE)) for name, *args in ELEMENTWISE]
ROWS += [Row(name, (SATURATED,), tuple(args), second=False) for name, *args in ELEMENTWISE]
ROWS += [Row(name, (np.asarray(0.7),), tuple(args)) for name, *args in ELEMENTWISE]
ROWS += [  # PyTorch's has no second derivative, and one sixth in single precision
    Row("hardsigmoid", (x,), second=False, rtol=1e-7) for x in (X, KINKS, SATURATED, np.asarray(0.7))
]
ROWS += [
    *(Row("gelu", (x,), arguments={"approximate": "tanh"}) for x in (X, KINKS)),
    Row("celu", (X,), (-2.0,)),
    Row("linear", (X, X[:3])),
    Row("linear", (X, X[:3], X[0, :3])),
    Row("linear", (X, X[:3], X[0, :1])),
    Row("linear", (X[:2], WIDE[:, :5].repeat(4, axis=0), X[:3, :4].ravel())),
    Row("linear", (X[0], X[:3], X[0, :3])),
    Row("linear", (X, X[0])),
    Row("linear", (X[0], X[1], np.asarray(0.5))),
    Row("linear", (X.reshape(2, 2, 5), X[:3], X[0, :3])),
    Row("linear", (np.zeros((0, 5)), X[:3], X[0, :3])),
    Row("linear", (np.zeros((2, 0, 5)), X[:3], X[0, :3])),
    Row("softmax", (X,), (-1,)),
    Row("softmax", (X,), (0,)),
    Row("softmax", (X * 300.0,), (1,)),
    Row("softmin", (X,), (-1,)),
    Row("log_softmax", (X,), (-1,)),
    Row("log_softmax", (X.reshape(2, 2, 5),), (1,)),
    Row("log_softmax", (X * 300.0,), (1,)),
    Row("logsumexp", (X,), (0,)),
    Row("logsumexp", (X,), ((0, 1),)),
    Row("logsumexp", (X,), ([-1], True)),
    Row("logsumexp", (np.asarray(2.0),), (0,)),
    Row("softmax", (np.asarray(2.0),), (-1,)),
    Row("log_softmax", (np.zeros((2, 0)),), (1,)),
    Row("logsumexp", (X * 300.0,), (1, True)),
    Row("logsumexp", (np.array([[-np.inf, 1.0], [2.0, 3.0]]),), (1,), second=False),
    Row("logsumexp", (np.zeros((2, 0)),), (0, True)),
    Row("flatten", (X.reshape(2, 2, 5),), (1,)),
    Row("flatten", (np.asarray(2.0),)),
    Row("unflatten", (X,), (1, (1, -1))),
    Row("prelu", (X, np.asarray([0.2]))),
    Row("prelu", (X, X[0])),
    Row("prelu", (X.reshape(2, 2, 5), X[0, :2])),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_values_and_derivatives_are_those_of_torch(row: Row, agrees_with_torch: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    ours = getattr(F, row.name)
    theirs = getattr(torch.nn.functional, row.name, None) or getattr(torch, row.name)
    agrees_with_torch(
        lambda *xs: ours(*xs, *row.args, **row.arguments),
        lambda *xs: theirs(*xs, *row.args, **row.arguments),
        row.inputs,
        second=row.second,
        rtol=row.rtol,
        differences=row.inputs[0] is not KINKS,
    )


def test_every_function_has_a_row() -> None:
    """In this table, in one of its own family, or by the layers that are it (normalisation)."""
    elsewhere = {"dropout", "one_hot", "step", "normalize"}
    elsewhere |= {
        "batch_norm",
        "group_norm",
        "instance_norm",
        "layer_norm",
        "local_response_norm",
        "rms_norm",
    }
    families = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    for name in set(F.__all__) - elsewhere - {row.name for row in ROWS}:
        assert f'"{name}' in families or f"F.{name}" in families, f"{name} has no row"
