"""Upsampling layers against torch.nn. One row each."""

from typing import Any, NamedTuple

import numpy as np
import pytest

import nnx


class Row(NamedTuple):
    name: str
    args: tuple[Any, ...]
    shape: tuple[int, ...] = (1, 2, 3, 4)
    options: dict[str, Any] = {}


ROWS = [
    Row("Upsample", (7,)),
    Row("Upsample", (None, 2)),
    Row("Upsample", (None, (2.5, 1)), options={"mode": "bilinear", "recompute_scale_factor": True}),
    Row("Upsample", (None, (2.5, 1.3), "bicubic", True)),
    Row("Upsample", ((6,),), (1, 2, 3), {"mode": "linear", "align_corners": False}),
    Row("Upsample", (None, 2.0), (1, 2, 3, 2, 2), {"mode": "trilinear"}),
    Row("Upsample", (None, 2.0), (1, 2, 3, 2, 2), {"mode": "nearest-exact"}),
    Row("UpsamplingNearest2d", (None, 2)),
    Row("UpsamplingNearest2d", ((4, 5),)),
    Row("UpsamplingBilinear2d", (None, (2, 3))),
    Row("UpsamplingBilinear2d", (5,)),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.name}{row.args}{row.options}")
def test_a_layer_is_that_of_torch(row: Row, agrees_with_torch: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    ours = getattr(nnx, row.name)(*row.args, **row.options)
    theirs = getattr(torch.nn, row.name)(*row.args, **row.options)
    assert repr(ours) == repr(theirs)
    agrees_with_torch(ours, theirs, [np.random.default_rng(7).standard_normal(row.shape)])


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="Upsample: expected a mode of nearest, .*, got 'cubic'"):
        nnx.Upsample(2, mode="cubic")
    with pytest.raises(ValueError, match='Upsample: expected no align_corners in the mode "nearest"'):
        nnx.Upsample(2, align_corners=True)
    with pytest.raises(ValueError, match="Upsample.*expected either size or scale_factor"):
        nnx.Upsample()(np.ones((1, 1, 2, 2)))
    with pytest.raises(ValueError, match=r"UpsamplingBilinear2d.*with 4 axes .*got shape \(1, 1, 2\)"):
        nnx.UpsamplingBilinear2d(2)(np.ones((1, 1, 2)))
