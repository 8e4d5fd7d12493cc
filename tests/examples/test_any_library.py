"""examples/any_library.py gives the same gradient on every library, and the right one."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np


def test_gradients_agree_with_differences_on_every_library() -> None:
    path = Path(__file__).parents[2] / "examples" / "any_library.py"
    spec = importlib.util.spec_from_file_location("any_library", path)
    assert spec is not None
    assert spec.loader is not None
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    gradients, expected = example.main()
    assert {"numpy", "array-api-strict"} <= set(gradients)
    for gradient in gradients.values():
        np.testing.assert_allclose(gradient, expected, rtol=1e-7)
        np.testing.assert_allclose(gradient, gradients["numpy"], rtol=1e-12)
