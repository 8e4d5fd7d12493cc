"""Feed-forward networks of transformers against their formulas written out in PyTorch."""

from typing import Any

import numpy as np
import pytest

import nnx


@pytest.mark.parametrize("out_features", [None, 3])
@pytest.mark.parametrize("bias", [False, True])
def test_swiglu(out_features: int | None, bias: bool, layer_agrees_with_torch: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")

    class Twin(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.w1 = torch.nn.Linear(4, 5, bias)
            self.w2 = torch.nn.Linear(5, out_features or 4, bias)
            self.w3 = torch.nn.Linear(4, 5, bias)

        def forward(self, x: Any) -> Any:
            return self.w2(torch.nn.functional.silu(self.w1(x)) * self.w3(x))

    x = np.random.default_rng(2).standard_normal((2, 3, 4))
    ours = nnx.SwiGLU(4, 5, out_features, bias)
    assert repr(ours) == repr(Twin()).replace("Twin", "SwiGLU")
    layer_agrees_with_torch(ours, Twin(), [x], printed=False)
