"""Layers with random slopes; those without are rows of the parity table."""

from typing import Any

import numpy as np
import pytest

import nnx
import nnx.functional as F
from nnx.random import Generator


def test_rrelu_layers_are_on_in_training_only(lib: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    layer, x = nnx.RReLU(0.1, 0.4, generator=Generator(2)), np.random.default_rng(4).standard_normal((3, 4))
    assert repr(layer) == repr(torch.nn.RReLU(0.1, 0.4))
    assert repr(nnx.RReLU()) == repr(torch.nn.RReLU())
    expected = F.rrelu(lib.asarray(x), 0.1, 0.4, True, generator=Generator(2))
    lib.assert_equal(layer(lib.asarray(x)), lib.to_numpy(expected))
    lib.assert_close(layer.eval()(lib.asarray(x)), np.where(x > 0, x, 0.25 * x))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: nnx.PReLU(-1), "PReLU: expected num_parameters to be a whole number of at least 0, got -1"),
        (
            lambda: nnx.PReLU(2.5),
            "PReLU: expected num_parameters to be a whole number of at least 0, got 2.5",
        ),
        (lambda: nnx.RReLU(0.5, 0.1), "RReLU: expected finite lower <= upper, got 0.5 and 0.1"),
        (
            lambda: nnx.Softmax2d()(np.ones((2, 3))),
            "Softmax2d.*expected an input with 3 or 4 axes, got shape",
        ),
        (lambda: nnx.GLU()(np.ones((2, 3))), "GLU.*expected an even length along axis 1"),
    ],
)
def test_what_does_not_fit_is_refused(build: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        build()
