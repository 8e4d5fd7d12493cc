"""Optimizers that PyTorch doesn't have, or has in another precision, against their published formulas in NumPy."""

from typing import Any

import numpy as np
import pytest

import nnx

rng = np.random.default_rng(2)
START = {"w": rng.standard_normal((3, 4)), "t": rng.standard_normal((5, 2)), "z": np.zeros((2, 2))}
GRADIENTS = [{name: rng.standard_normal(x.shape) for name, x in START.items()} for _ in range(20)]


def lion(
    p: Any, g: Any, s: Any, t: int, lr: float, betas: Any = (0.9, 0.99), weight_decay: float = 0.0
) -> Any:
    m = s.get("m", np.zeros_like(p))
    c = betas[0] * m + (1 - betas[0]) * g
    s["m"] = betas[1] * m + (1 - betas[1]) * g
    return p - lr * (np.sign(c) + weight_decay * p)


def lamb(
    p: Any, g: Any, s: Any, t: int, lr: float,
    betas: Any = (0.9, 0.999), eps: float = 1e-6, weight_decay: float = 0.01,
) -> Any:  # fmt: skip
    s["m"] = betas[0] * s.get("m", 0.0) + (1 - betas[0]) * g
    s["v"] = betas[1] * s.get("v", 0.0) + (1 - betas[1]) * g**2
    r = s["m"] / (1 - betas[0] ** t) / (np.sqrt(s["v"] / (1 - betas[1] ** t)) + eps) + weight_decay * p
    of_p, of_r = np.sqrt((p**2).sum()), np.sqrt((r**2).sum())
    return p - lr * (of_p / of_r if of_p > 0 and of_r > 0 else 1.0) * r


def muon(
    p: Any, g: Any, s: Any, t: int, lr: float, weight_decay: float = 0.1, momentum: float = 0.95, nesterov: bool = True,
    ns_coefficients: Any = (3.4445, -4.775, 2.0315), eps: float = 1e-7, ns_steps: int = 5, adjust_lr_fn: Any = None,
) -> Any:  # fmt: skip
    s["b"] = b = momentum * s.get("b", 0.0) + (1 - momentum) * g
    u = (1 - momentum) * g + momentum * b if nesterov else b
    left, values, right = np.linalg.svd(u, full_matrices=False)  # the iteration, on the singular values
    values = values / max(np.sqrt((values**2).sum()), eps)
    for _ in range(ns_steps):
        values = np.polyval(np.asarray(ns_coefficients)[::-1], values**2) * values
    m, n = p.shape
    ratio = 0.2 * max(m, n) ** 0.5 if adjust_lr_fn == "match_rms_adamw" else max(1, m / n) ** 0.5
    return p * (1 - lr * weight_decay) - lr * ratio * (left * values) @ right


ROWS: list[tuple[str, Any, dict[str, Any]]] = [
    ("Lion", lion, {}),
    ("Lion", lion, {"betas": (0.5, 0.7), "weight_decay": 0.3}),
    ("LAMB", lamb, {}),
    ("LAMB", lamb, {"betas": (0.5, 0.7), "eps": 1e-2, "weight_decay": 0.0}),
    ("Muon", muon, {}),
    ("Muon", muon, {"nesterov": False, "momentum": 0.5, "weight_decay": 0.0, "adjust_lr_fn": "original"}),
    ("Muon", muon, {"ns_coefficients": (1.5, -0.5, 0.0), "ns_steps": 9, "eps": 0.5}),
    ("Muon", muon, {"adjust_lr_fn": "match_rms_adamw"}),
]


@pytest.mark.parametrize("maximize", [False, True])
@pytest.mark.parametrize(("name", "oracle", "settings"), ROWS, ids=lambda x: getattr(x, "__name__", str(x)))
def test_twenty_steps_are_the_formula(
    name: str, oracle: Any, settings: dict[str, Any], maximize: bool, lib: Any
) -> None:
    start = {key: lib.asarray(x) for key, x in START.items()}
    optimizer = getattr(nnx.optim, name)(start, learning_rate=0.05, maximize=maximize, **settings)
    expected, state = dict(START), {key: {} for key in START}
    for t, gradients in enumerate(GRADIENTS, start=1):
        optimizer.update({key: lib.asarray(g) for key, g in gradients.items()})
        for key, g in gradients.items():
            expected[key] = oracle(expected[key], -g if maximize else g, state[key], t, 0.05, **settings)
    for key, x in expected.items():
        lib.assert_close(optimizer.parameters[key], x, rtol=1e-9, atol=1e-9)
        lib.assert_equal(start[key], START[key])


def test_muon_is_that_of_torch_to_its_precision() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    tensors = {name: torch.tensor(x, requires_grad=True) for name, x in START.items()}
    theirs, ours = torch.optim.Muon(tensors.values(), lr=0.05), nnx.optim.Muon(START, learning_rate=0.05)
    group = theirs.param_groups[0]
    assert {
        key: value for key, value in ours.settings.items() if key not in ("learning_rate", "maximize")
    } == {key: value for key, value in group.items() if key not in ("params", "lr", "initial_lr")}
    for gradients in GRADIENTS:
        for name, tensor in tensors.items():
            tensor.grad = torch.tensor(gradients[name])
        theirs.step()
        ours.update(gradients)
    for name, tensor in tensors.items():
        np.testing.assert_allclose(ours.parameters[name], tensor.detach().numpy(), atol=0.02)
