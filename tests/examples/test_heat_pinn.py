"""examples/heat_pinn.py finds the solution of the heat equation from the equation alone."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nnx


@pytest.fixture(scope="module")
def heat() -> Any:
    path = Path(__file__).parents[2] / "examples" / "heat_pinn.py"
    spec = importlib.util.spec_from_file_location("heat_pinn", path)
    assert spec is not None
    assert spec.loader is not None
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    return example


def test_half_the_steps_come_near_the_solution(heat: Any, capsys: Any) -> None:
    """The largest error is 1.5e-2 after half the steps, 4e-3 after all of them, and 0.95 before the first."""
    error = heat.main(["--backend", "numpy", "--steps", "1500"])
    assert error < 0.03
    assert f"grid: {error:.1e}" in capsys.readouterr().out
    assert heat.main(["--backend", "numpy", "--steps", "1"]) > 0.5


def test_the_residual_is_that_of_the_equation(heat: Any, lib: Any) -> None:
    """Without its network the model is sin πx for ever, and u_t - α u_xx is α π² sin πx; the solution leaves none."""
    rng = np.random.default_rng(0)
    x, t = rng.uniform(size=(2, 7))
    model = heat.Rod(4).astype("float64")
    for path, weight in model.parameters().items():
        if path.startswith("net.4"):
            model.net[4].load_state_dict({path[6:]: weight * 0}, strict=False)
    found = heat.residual(model, lib.asarray(x), lib.asarray(t))
    lib.assert_close(found, heat.ALPHA * math.pi**2 * np.sin(math.pi * x), rtol=1e-12)

    class Solved(nnx.Layer):
        def forward(self, x: Any, t: Any) -> Any:
            return heat.solution(nnx.array_namespace(x, t), x, t)

    lib.assert_close(heat.residual(Solved(), lib.asarray(x), lib.asarray(t)), np.zeros(7), atol=1e-12)


def test_third_derivatives_are_the_same_on_every_library(heat: Any, lib: Any) -> None:
    x, t = np.random.default_rng(0).uniform(size=(2, 7))

    def run() -> tuple[float, dict[str, np.ndarray]]:
        nnx.seed(0)
        place = nnx.backend()
        loss, gradients = heat.loss_and_gradients(
            heat.Rod(4).astype("float64"), place.from_host(x), place.from_host(t)
        )
        return float(loss), {path: nnx.to_numpy(g) for path, g in gradients.items()}

    loss, gradients = run()
    with nnx.using("numpy"):
        expected, wanted = run()
    assert math.isclose(loss, expected, rel_tol=1e-12)
    for path, g in wanted.items():
        np.testing.assert_allclose(gradients[path], g, rtol=1e-9, atol=1e-12)
