"""Clipping."""

import math
from typing import Any

import numpy as np
import pytest

import nnx

GRADIENTS = {"w": np.random.default_rng(0).standard_normal((3, 4)), "b": np.asarray([3.0, -4.0])}


@pytest.mark.parametrize("norm_type", [1.0, 2.0, 3, math.inf, "inf"])
@pytest.mark.parametrize("max_norm", [0.5, 1e3])
def test_clip_by_norm_is_that_of_torch(norm_type: Any, max_norm: float, lib: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    tensors = {
        name: torch.zeros(g.shape, dtype=torch.float64, requires_grad=True) for name, g in GRADIENTS.items()
    }
    for name, t in tensors.items():
        t.grad = torch.tensor(GRADIENTS[name])
    norm = torch.nn.utils.clip_grad_norm_(tensors.values(), max_norm, norm_type)
    given = {name: lib.asarray(g) for name, g in GRADIENTS.items()}
    assert math.isclose(nnx.optim.global_norm(given, norm_type), float(norm), rel_tol=1e-12)
    for name, g in nnx.optim.clip_by_norm(given, max_norm, norm_type).items():
        lib.assert_close(g, tensors[name].grad.numpy(), rtol=1e-12)
        lib.assert_equal(given[name], GRADIENTS[name])


def test_norms_do_not_overflow_and_nan_is_seen(lib: Any) -> None:
    large = lib.asarray([1e154])
    assert math.isclose(nnx.optim.global_norm([large, {"x": large}]), 1e154 * math.sqrt(2.0), rel_tol=1e-12)
    assert nnx.optim.global_norm({"w": lib.asarray([0.0])}) == 0.0
    assert nnx.optim.global_norm({}) == 0.0
    bad = {"w": lib.asarray([math.nan]), "b": lib.asarray([1.0])}
    assert math.isnan(nnx.optim.global_norm(bad))
    assert bool(lib.xp.isnan(nnx.optim.clip_by_norm(bad, 1.0)["b"])[0])
    with pytest.raises(ValueError, match="clip_by_norm: the norm of the gradients is nan"):
        nnx.optim.clip_by_norm(bad, 1.0, error_if_nonfinite=True)


def test_clip_by_value(lib: Any) -> None:
    out = nnx.optim.clip_by_value({"b": lib.asarray(GRADIENTS["b"])}, 3.5)
    lib.assert_equal(out["b"], [3.0, -3.5])
    with pytest.raises(ValueError, match="global_norm: expected norm_type above 0, got 0.0"):
        nnx.optim.clip_by_norm({}, 1.0, 0)
    for f in (nnx.optim.clip_by_value, nnx.optim.clip_by_norm):
        with pytest.raises(ValueError, match="of at least 0, got -1.0"):
            f({}, -1.0)


@pytest.mark.parametrize("clip_factor", [0.01, 0.3, 100.0])
def test_clip_adaptive_is_the_published_formula(clip_factor: float, lib: Any) -> None:
    shapes = {"conv": (4, 3, 2, 2), "w": (3, 5), "b": (4,), "s": (), "e": (0, 3)}
    rng = np.random.default_rng(1)
    values = {name: np.asarray(rng.standard_normal(shape)) for name, shape in shapes.items()}
    grads = {name: np.asarray(rng.standard_normal(shape)) for name, shape in shapes.items()}
    values["w"][1], grads["w"][2], grads["b"][:] = 0.0, 0.0, 0.0
    given = {name: lib.asarray(g) for name, g in grads.items()}
    out = nnx.optim.clip_adaptive(
        given, {k: lib.asarray(x) for k, x in values.items()}, clip_factor, eps=1e-2
    )
    for name, g in grads.items():
        units = np.atleast_1d(g) if g.ndim > 1 else g[None]
        expected = units.copy()
        for i, p in enumerate(values[name] if g.ndim > 1 else values[name][None]):
            largest, norm = clip_factor * max(np.sqrt((p**2).sum()), 1e-2), np.sqrt((units[i] ** 2).sum())
            if norm > largest:
                expected[i] = units[i] * largest / norm
        lib.assert_close(out[name], expected.reshape(g.shape), rtol=1e-12)
        lib.assert_equal(given[name], g)


def test_clip_adaptive_takes_a_model_and_refuses_what_does_not_fit() -> None:
    model = nnx.Linear(2, 1)
    grads = {path: np.ones(x.shape) for path, x in model.parameters().items()}
    assert set(nnx.optim.clip_adaptive(grads, model)) == {"weight", "bias"}
    with pytest.raises(ValueError, match="clip_adaptive: no parameters for the gradients extra"):
        nnx.optim.clip_adaptive({**grads, "extra": grads["bias"]}, model)
    with pytest.raises(ValueError, match=r"parameters' shapes, got \(1,\) for \(1, 2\)"):
        nnx.optim.clip_adaptive({"weight": grads["bias"]}, model)
    with pytest.raises(ValueError, match="clip_adaptive: expected clip_factor of at least 0, got -1.0"):
        nnx.optim.clip_adaptive(grads, model, -1.0)
