"""Every optimizer against torch.optim: twenty steps over its arguments, one row each."""

from typing import Any, NamedTuple

import numpy as np
import pytest

import nnx

rng = np.random.default_rng(1)
START = {
    "w": rng.standard_normal((3, 4)),
    "b": rng.standard_normal(5),
    "s": np.asarray(2.0),
    "e": np.zeros((0, 2)),
}
GRADIENTS = [{name: np.asarray(rng.standard_normal(x.shape)) for name, x in START.items()} for _ in range(20)]


class Row(NamedTuple):
    name: str
    settings: dict[str, Any]


ROWS = [
    Row("SGD", {}),
    Row("SGD", {"momentum": 0.9}),
    Row("SGD", {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    Row("SGD", {"momentum": 0.9, "dampening": 0.3, "maximize": True}),
    Row("SGD", {"weight_decay": 0.1, "maximize": True}),
    Row("Adam", {}),
    Row("Adam", {"betas": (0.5, 0.9), "eps": 1e-3}),
    Row("Adam", {"betas": (0.0, 0.0)}),
    Row("Adam", {"weight_decay": 0.1, "amsgrad": True, "maximize": True}),
    Row("AdamW", {}),
    Row("AdamW", {"weight_decay": 0.3, "amsgrad": True}),
    Row("AdamW", {"weight_decay": 0.0, "maximize": True}),
]


def by_torch(row: Row, **changes: Any) -> dict[str, np.ndarray]:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    tensors = {name: torch.tensor(x, requires_grad=True) for name, x in START.items()}
    optimizer = getattr(torch.optim, row.name)(tensors.values(), **{"lr": 0.05, **row.settings, **changes})
    for gradients in GRADIENTS:
        for name, tensor in tensors.items():
            tensor.grad = torch.tensor(gradients[name])
        optimizer.step()
    return {name: tensor.detach().numpy() for name, tensor in tensors.items()}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.name}-{'-'.join(row.settings)}")
def test_twenty_steps_are_those_of_torch(row: Row, lib: Any) -> None:
    start = {name: lib.asarray(x) for name, x in START.items()}
    optimizer = getattr(nnx.optim, row.name)(start, learning_rate=0.05, **row.settings)
    for gradients in GRADIENTS:
        optimizer.update({name: lib.asarray(g) for name, g in gradients.items()})
    for name, expected in by_torch(row).items():
        lib.assert_close(optimizer.parameters[name], expected, rtol=1e-9)
        lib.assert_equal(start[name], START[name])


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW"])
def test_defaults_are_those_of_torch(name: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    theirs = getattr(torch.optim, name)([torch.zeros(1)]).param_groups[0]
    ours = getattr(nnx.optim, name)({"w": np.zeros(1)}).settings
    assert ours.pop("learning_rate") == theirs["lr"]
    assert ours == {key: theirs[key] for key in ours}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.name}-{'-'.join(row.settings)}")
@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_steps_in_place_are_the_rule_in_standard_functions(row: Row, kind: str, monkeypatch: Any) -> None:
    from nnx.optim import _fused, _optimizer

    monkeypatch.setattr(_fused, "LARGE", 4)  # so that both ways to read a gradient are taken, in pieces
    monkeypatch.setattr(_fused, "PIECE", 3)
    results = []
    for way in ("in place", "flat", "plain"):
        if way == "flat":
            monkeypatch.setattr(nnx.backend("numpy"), "overrides", {})
        elif way == "plain":
            monkeypatch.setattr(_optimizer, "writes_through", lambda *_: False)
        start = {name: x.astype(kind) for name, x in START.items()}
        optimizer = getattr(nnx.optim, row.name)(start, learning_rate=0.05, **row.settings)
        for gradients in GRADIENTS:
            given = {name: g.astype(kind) for name, g in gradients.items()}
            optimizer.update(given)
            for name, g in given.items():
                np.testing.assert_array_equal(g, gradients[name].astype(kind))
        results.append(optimizer.parameters)
    fused, flat, plain = results
    for name in START:
        np.testing.assert_allclose(fused[name], plain[name], rtol=1e-5 if kind == "float32" else 1e-13)
        np.testing.assert_array_equal(flat[name], plain[name])
