"""Whole networks of examples/architectures beside their twins in PyTorch."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nnx

ROOT = Path(__file__).parents[2]


def module_at(path: Path) -> Any:
    """A Python file as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def example() -> Callable[[str], Any]:
    """`example("resnet")`: examples/architectures/resnet.py."""
    return lambda name: module_at(ROOT / "examples" / "architectures" / f"{name}.py")


@pytest.fixture
def twins(lib: Any, tmp_path: Path) -> Any:
    """`check(make, theirs, inputs, constants)`: a network takes PyTorch's weights and is PyTorch's from then on.

    `make()` gives our network, `theirs` is PyTorch's; both are called with the inputs, floating NumPy arrays that are
    differentiated, and the constants; `call(network, *arrays)` says how, where not plainly so. The weights go through
    a file of `torch.save` and one of safetensors. Compared in float64, in evaluation and training: the mean square of
    all floating outputs, the gradients by every parameter and input, buffers; then the losses of `steps` steps of Adam
    and the parameters after them; and outputs in float32.
    """
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")

    def check(
        make: Callable[[], Any],
        theirs: Any,
        inputs: Any = (),
        constants: Any = (),
        call: Any = lambda network, *arrays: network(*arrays),
        steps: int = 20,
        rtol: float = 1e-9,
    ) -> None:
        theirs.double().train()
        given = [torch.tensor(np.asarray(x)) for x in (*inputs, *constants)]
        arrays = [lib.asarray(x) for x in (*inputs, *constants)]
        with torch.no_grad():
            call(theirs, *given)  # so that running statistics are not those of the start
        ours, again = (_loaded(make(), path) for path in _written(theirs, tmp_path))
        for network in (ours, again):
            assert _same(lib, network.state_dict(), theirs.state_dict(), 0.0)
        for mode in (False, True):
            ours.train(mode)
            theirs.train(mode)
            out = _floats(call(theirs, *given))
            found = _floats(call(ours, *arrays))
            assert _same(lib, dict(enumerate(found)), dict(enumerate(out)), rtol)
            tensors = [x.clone().requires_grad_(i < len(inputs)) for i, x in enumerate(given)]
            theirs.zero_grad()
            loss = _loss(_floats(call(theirs, *tensors)))
            loss.backward()
            _, (of_weights, of_inputs) = _value_and_grad(ours, arrays, call, len(inputs))
            assert _same(lib, of_weights, {k: t.grad for k, t in theirs.named_parameters()}, rtol)
            assert _same(
                lib, dict(enumerate(of_inputs)), dict(enumerate(t.grad for t in tensors[: len(inputs)])), rtol
            )
            assert _same(lib, ours.buffers(), dict(theirs.named_buffers()), rtol)
        narrow = [
            lib.asarray(x, "float32" if np.asarray(x).dtype.kind == "f" else None)
            for x in (*inputs, *constants)
        ]
        again.load_state_dict(ours.state_dict())
        found = _floats(call(again.astype("float32").eval(), *narrow))
        expected = _floats(call(theirs.eval(), *given))
        assert _same(lib, dict(enumerate(found)), dict(enumerate(expected)), 1e-4)
        _train_both(lib, ours.train(), theirs.train(), arrays, given, call, steps)

    return check


def _written(theirs: Any, folder: Path) -> list[Path]:
    """Two files of the network's weights."""
    import torch

    written = module_at(ROOT / "tests" / "files" / "written.py")
    torch.save({"epoch": 1, "model": theirs.state_dict()}, folder / "weights.pt")
    arrays = {f"model.{k}": t.numpy() for k, t in theirs.state_dict().items()}
    (folder / "weights.safetensors").write_bytes(written.safetensors(arrays))
    return [folder / "weights.pt", folder / "weights.safetensors"]


def _loaded(network: Any, path: Path) -> Any:
    assert network.astype("float64").load_state_dict(nnx.load_torch_state(path, key="model")) == ([], [])
    return network


def _same(lib: Any, found: Any, expected: Any, rtol: float) -> bool:
    """Raises where arrays differ by more than `rtol` of the largest of their number."""
    assert list(found) == list(expected)
    for name, t in expected.items():
        wanted = t.numpy(force=True)
        lib.assert_close(
            found[name], wanted, rtol, rtol * float(np.abs(wanted).max(initial=0.0)) + rtol * 1e-3
        )
    return True


def _floats(out: Any) -> list[Any]:
    """The floating arrays of what a network gives."""
    if isinstance(out, dict):
        out = list(out.values())
    if isinstance(out, (tuple, list)):
        return [y for part in out for y in _floats(part)]
    return [out] if out is not None and "float" in str(out.dtype) else []


def _loss(out: list[Any]) -> Any:
    return sum((y * y).mean() for y in out)


def _value_and_grad(network: Any, arrays: list[Any], call: Any, count: int) -> Any:
    def loss(network: Any, inputs: Any) -> Any:
        out = _floats(call(network, *inputs, *arrays[count:]))
        return sum(nnx.array_namespace(y).mean(y * y) for y in out)

    return nnx.value_and_grad(loss, (0, 1))(network, tuple(arrays[:count]))


def _train_both(lib: Any, ours: Any, theirs: Any, arrays: Any, given: Any, call: Any, steps: int) -> None:
    import torch

    optimizer = nnx.optim.Adam(ours, learning_rate=1e-3)
    twin = torch.optim.Adam(theirs.parameters(), lr=1e-3)
    losses = []
    for _ in range(steps):
        twin.zero_grad()
        loss = _loss(_floats(call(theirs, *given)))
        loss.backward()
        twin.step()
        value, (grads, _) = _value_and_grad(ours, arrays, call, 0)
        optimizer.update(grads)
        lib.assert_close(value, loss.detach().numpy(), 1e-7)
        losses.append(float(value))
    assert not steps or losses[-1] < losses[0]
    assert _same(lib, ours.state_dict(), theirs.state_dict(), 1e-6)
