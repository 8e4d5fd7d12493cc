"""Clipping."""

import math
from typing import Any

import numpy as np
import pytest

import nnx

GRADIENTS = {"w": np.random.default_rng(0).standard_normal((3, 4)), "b": np.asarray([3.0, -4.0])}


@pytest.mark.parametrize("norm_type", [1.0, 2.0, 3.0, math.inf])
@pytest.mark.parametrize("max_norm", [0.5, 1e3])
def test_clip_by_norm_is_that_of_torch(norm_type: float, max_norm: float, lib: Any) -> None:
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
    for f in (nnx.optim.clip_by_value, nnx.optim.clip_by_norm):
        with pytest.raises(ValueError, match="of at least 0, got -1.0"):
            f({}, -1.0)
