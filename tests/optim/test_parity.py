"""Every optimizer against torch.optim: twenty steps over its arguments, one row each."""

import inspect
import math
import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import nnx
from nnx.optim import schedules

rng = np.random.default_rng(1)
START = {
    "w": rng.standard_normal((3, 4)),
    "b": rng.standard_normal(5),
    "s": np.asarray(2.0),
    "e": np.zeros((0, 2)),
    "c": rng.standard_normal((2, 3, 1, 2)),
}
GRADIENTS = [{name: np.asarray(rng.standard_normal(x.shape)) for name, x in START.items()} for _ in range(20)]


class Row(NamedTuple):
    name: str
    settings: dict[str, Any]
    keys: str = "".join(START)  # of the parameters that PyTorch can update


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
    Row("Adam", {"weight_decay": 0.1, "decoupled_weight_decay": True}),
    Row("AdamW", {}),
    Row("AdamW", {"weight_decay": 0.3, "amsgrad": True}),
    Row("AdamW", {"weight_decay": 0.0, "maximize": True}),
    Row("NAdam", {}),
    Row("NAdam", {"betas": (0.5, 0.9), "eps": 1e-3, "weight_decay": 0.1, "momentum_decay": 0.05}),
    Row("NAdam", {"weight_decay": 0.1, "decoupled_weight_decay": True, "maximize": True}),
    Row("RAdam", {}),
    Row("RAdam", {"betas": (0.5, 0.0), "weight_decay": 0.1}),
    Row("RAdam", {"betas": (0.8, 0.9), "eps": 1e-3, "weight_decay": 0.1, "maximize": True}),
    Row("RAdam", {"betas": (0.8, 0.9), "weight_decay": 0.1, "decoupled_weight_decay": True}),
    Row("Adamax", {}),
    Row("Adamax", {"betas": (0.5, 0.9), "eps": 1e-3, "weight_decay": 0.1, "maximize": True}),
    Row("Adagrad", {}),
    Row("Adagrad", {"lr_decay": 0.1, "weight_decay": 0.1, "initial_accumulator_value": 0.3, "eps": 1e-3}),
    Row("Adagrad", {"maximize": True, "initial_accumulator_value": 1.0}),
    Row("Adadelta", {}),
    Row("Adadelta", {"rho": 0.5, "eps": 1e-3, "weight_decay": 0.1, "maximize": True}),
    Row("RMSprop", {}),
    Row("RMSprop", {"alpha": 0.5, "eps": 1e-3, "weight_decay": 0.1, "maximize": True}),
    Row("RMSprop", {"momentum": 0.9}),
    Row("RMSprop", {"centered": True}),
    Row("RMSprop", {"centered": True, "momentum": 0.5, "alpha": 0.9}),
    Row("Rprop", {}),
    Row("Rprop", {"etas": (0.3, 1.7), "step_sizes": (0.03, 0.08), "maximize": True}),
    Row("Rprop", {"step_sizes": (0.5, 0.1)}),
    Row("Adafactor", {}, "wcs"),
    Row("Adafactor", {"eps": (1e-2, 0.5), "beta2_decay": -0.5, "d": 2.0}, "wcs"),
    Row("Adafactor", {"beta2_decay": 0.0}, "wcs"),
    Row("Adafactor", {"weight_decay": 0.1, "maximize": True, "eps": (2.0, 0.1)}, "wcb"),
    Row("ASGD", {}),
    Row("ASGD", {"lambd": 0.1, "alpha": 0.5, "t0": 3.0, "weight_decay": 0.1, "maximize": True}),
]


def by_torch(row: Row, schedule: Any = None) -> dict[str, np.ndarray]:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    tensors = {name: torch.tensor(x, requires_grad=True) for name, x in START.items() if name in row.keys}
    usual = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)  # of the scalars that NAdam and ASGD keep
    try:
        optimizer = getattr(torch.optim, row.name)(tensors.values(), **{"lr": 0.05, **row.settings})
        for i, gradients in enumerate(GRADIENTS):
            if schedule:
                optimizer.param_groups[0]["lr"] = schedule(i)
            for name, tensor in tensors.items():
                tensor.grad = torch.tensor(gradients[name])
            optimizer.step()
    finally:
        torch.set_default_dtype(usual)
    return {name: tensor.detach().numpy() for name, tensor in tensors.items()}


def by_us(row: Row, lib: Any, learning_rate: Any = 0.05) -> dict[str, Any]:
    start = {name: lib.asarray(x) for name, x in START.items()}
    optimizer = getattr(nnx.optim, row.name)(start, learning_rate=learning_rate, **row.settings)
    for gradients in GRADIENTS:
        optimizer.update({name: lib.asarray(g) for name, g in gradients.items()})
    for name, x in start.items():
        lib.assert_equal(x, START[name])
    return optimizer.parameters


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.name}-{'-'.join(row.settings)}")
def test_twenty_steps_are_those_of_torch(row: Row, lib: Any) -> None:
    ours = by_us(row, lib)
    for name, expected in by_torch(row).items():
        lib.assert_close(ours[name], expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("t0", [0.0, 5.0])
def test_averages_of_asgd_are_those_of_torch(t0: float, lib: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    tensor = torch.tensor(START["w"], requires_grad=True)
    theirs, ours = torch.optim.ASGD([tensor], t0=t0), nnx.optim.ASGD({"w": lib.asarray(START["w"])}, t0=t0)
    for gradients in GRADIENTS:
        tensor.grad = torch.tensor(gradients["w"])
        theirs.step()
        ours.update({"w": lib.asarray(gradients["w"])})
    lib.assert_close(
        ours.averages["w"], theirs.state[tensor]["ax"].numpy(), rtol=1e-6
    )  # a float32 share there


NAMES = sorted({row.name for row in ROWS})


@pytest.mark.parametrize("name", NAMES)
def test_an_assigned_learning_rate_counts_from_when_it_does_in_torch(name: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    tensor = torch.tensor(START["w"], requires_grad=True)
    ours = getattr(nnx.optim, name)({"w": START["w"]}, learning_rate=0.1)
    theirs = getattr(torch.optim, name)([tensor], lr=0.1)
    for i, gradients in enumerate(GRADIENTS):
        if i in (3, 7):
            ours.learning_rate = theirs.param_groups[0]["lr"] = 0.1 / i
        tensor.grad = torch.tensor(gradients["w"])
        theirs.step()
        ours.update({"w": gradients["w"]})
        np.testing.assert_allclose(ours.parameters["w"], tensor.detach().numpy(), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", NAMES)
def test_a_gradient_of_nan_spoils_what_it_does_in_torch(name: str) -> None:
    """And silently, infinity too: warnings are errors here."""
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    start = {"w": np.ones(3)}
    tensor = torch.tensor(start["w"], requires_grad=True)
    ours = getattr(nnx.optim, name)(start, learning_rate=0.1)
    theirs = getattr(torch.optim, name)([tensor], lr=0.1)
    # infinity in these is NaN in one library, infinity in the other
    large = 4.0 if name in ("Adafactor", "RAdam") else math.inf
    for g in ([1.0, -2.0, 3.0], [math.nan, 1.0, large], [1.0, 1.0, 1.0]):
        tensor.grad = torch.tensor(g, dtype=torch.float64)
        theirs.step()
        ours.update({"w": np.asarray(g)})
        expected = tensor.detach().numpy()
        np.testing.assert_array_equal(np.isnan(ours.parameters["w"]), np.isnan(expected))
        np.testing.assert_allclose(ours.parameters["w"], expected, rtol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_twenty_steps_with_a_schedule_are_those_of_torch(name: str, lib: Any) -> None:
    row, schedule = Row(name, {}, "wc"), schedules.cosine(0.1, 8, 0.01)
    ours = by_us(row, lib, schedule)
    for key, expected in by_torch(row, schedule).items():
        lib.assert_close(ours[key], expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_arguments_and_defaults_are_those_of_torch(name: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    left_out = {"params", "foreach", "fused", "capturable", "differentiable"}
    wanted = [n for n in inspect.signature(getattr(torch.optim, name)).parameters if n not in left_out]
    arguments = [n for n in inspect.signature(getattr(nnx.optim, name)).parameters if n != "groups"][1:]
    assert arguments == ["learning_rate", *wanted[1:]]
    theirs = getattr(torch.optim, name)([torch.zeros(1)]).param_groups[0]
    ours = getattr(nnx.optim, name)({"w": np.zeros(1)}).settings
    assert ours.pop("learning_rate") == theirs["lr"]
    assert ours == {key: theirs[key] for key in ours}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.name}-{'-'.join(row.settings)}")
@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_steps_in_place_are_the_rule_in_standard_functions(row: Row, kind: str, monkeypatch: Any) -> None:
    from nnx.optim import _fused, _optimizer
    from nnx_numpy import backend, cores

    count = [3]  # cores, whatever this machine has
    monkeypatch.setattr(cores, "_blas", lambda: ((lambda: count[0]), (lambda n: count.__setitem__(0, n))))
    monkeypatch.setattr(_fused, "LARGE", 4)  # so that both ways to read a gradient are taken, in pieces
    monkeypatch.setattr(_fused, "PIECE", 3)
    results = []
    for way in ("in place", "shared", "flat", "plain"):
        if way == "shared":
            monkeypatch.setattr(backend, "MANY", 0)
            monkeypatch.setattr(backend, "MANY_COMPILED", 0)
        elif way == "flat":
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
    fused, shared, flat, plain = results
    for name in START:
        np.testing.assert_array_equal(shared[name], fused[name])
        np.testing.assert_allclose(fused[name], plain[name], rtol=1e-5 if kind == "float32" else 1e-13)
        np.testing.assert_array_equal(flat[name], plain[name])


def test_every_optimizer_is_compared_with_something() -> None:
    folder = Path(__file__).parent
    tested = "".join(
        file.read_text() for file in folder.glob("test_*.py") if file.name != "test_optimizer.py"
    )
    for name in nnx.optim.__all__:
        assert name in (*NAMES, "Optimizer", "schedules") or re.search(rf'\b{name}\(|"{name}"', tested), name
