"""Same seed, same run: one model, seed and data train alike on every array library.

What is drawn is equal to the bit: fresh weights, dropout masks and the order of the data come from one stream of
integers, and only integers are compared. Losses agree to rounding, not to the bit: NumPy's faster versions of fused
functions and optimizer steps add and multiply the same numbers in another order than the versions in standard
functions do, and a GPU's matrix products add in an order of their own. On array-api-strict the losses of 20 steps of
Adam are off by at most one unit in their last place (1.2e-7 of the loss in float32, 2.2e-16 in float64; most are
equal to the bit), and those of 200 steps by 1.7e-6 and 3.2e-15: a rounding difference grows as training goes on. The
bounds below leave room for another order of sums, and a wrong mask or weight would miss them by far.
"""

from typing import Any

import numpy as np
import pytest

import nnx

TOLERANCE = {"float32": 1e-5, "float64": 1e-13}  # of losses, relative; weights, absolute: ten times that
EXAMPLES, BATCH = 320, 32


class Run:
    """What one training run drew, and where it went."""

    def __init__(self, dtype: str, steps: int = 20) -> None:
        nnx.seed(7)
        backend = nnx.backend()
        generator = nnx.random.Generator(3)
        self.model = nnx.Sequential(
            nnx.Linear(64, 48, dtype=dtype), nnx.ReLU(), nnx.Dropout(0.2),
            nnx.Residual(nnx.Sequential(nnx.Linear(48, 48, dtype=dtype), nnx.Tanh(), nnx.Dropout(0.1))),
            nnx.Linear(48, 10, dtype=dtype),
        )  # fmt: skip
        self.first = host(self.model.parameters())
        optimizer = nnx.optim.Adam(self.model, learning_rate=1e-2)
        rng = np.random.default_rng(0)
        x = backend.from_host(rng.standard_normal((EXAMPLES, 64)).astype(dtype))
        y = backend.from_host(rng.integers(0, 10, EXAMPLES))
        self.orders, self.losses = [], []
        for step in range(steps):
            if step * BATCH % EXAMPLES == 0:
                order = generator.permutation(EXAMPLES)
                self.orders.append(nnx.to_numpy(order))
            rows = order[step * BATCH % EXAMPLES :][:BATCH]
            inputs, targets = (backend.xp.take(a, rows, axis=0) for a in (x, y))
            loss, gradients = loss_and_gradients(self.model, inputs, targets)
            optimizer.update(gradients)
            self.losses.append(float(loss))
        self.last = host(self.model.parameters())
        self.mask = nnx.to_numpy(nnx.functional.dropout(backend.from_host(np.ones((50, 7), dtype)), 0.3))
        self.state = nnx.random.default_generator().state


@nnx.value_and_grad
def loss_and_gradients(model: Any, x: Any, y: Any) -> Any:
    return nnx.losses.cross_entropy(model(x), y)


def host(arrays: dict[str, Any]) -> dict[str, np.ndarray]:
    return {path: nnx.to_numpy(x).copy() for path, x in arrays.items()}


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_a_run_is_the_same_on_every_library(dtype: str, lib: Any) -> None:
    run = Run(dtype)
    assert nnx.backend_of(run.model).name == lib.backend.name
    with nnx.using("numpy"):
        expected = Run(dtype)
    for path, weight in expected.first.items():
        np.testing.assert_array_equal(run.first[path], weight)
    np.testing.assert_array_equal(run.orders, expected.orders)
    np.testing.assert_array_equal(run.mask, expected.mask)
    assert run.state == expected.state
    np.testing.assert_allclose(run.losses, expected.losses, rtol=TOLERANCE[dtype])
    for path, weight in expected.last.items():
        np.testing.assert_allclose(run.last[path], weight, rtol=0, atol=10 * TOLERANCE[dtype])
    assert run.losses[-1] < 0.9 * run.losses[0]


def test_a_run_repeats_itself_to_the_bit(lib: Any) -> None:
    first, second = Run("float32"), Run("float32")
    assert first.losses == second.losses
    for path, weight in first.last.items():
        np.testing.assert_array_equal(weight, second.last[path])
