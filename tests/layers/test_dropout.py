"""Dropout layers: what they print, that they are on in training only, and that their masks are the functions'."""

from typing import Any, NamedTuple

import numpy as np
import pytest

import nnx
import nnx.functional as F


class Row(NamedTuple):
    name: str
    function: str
    shape: tuple[int, ...]
    args: tuple[Any, ...] = (0.4,)


ROWS = [
    Row("Dropout", "dropout", (4, 5)),
    Row("Dropout1d", "dropout1d", (4, 5, 2)),
    Row("Dropout2d", "dropout2d", (4, 5, 2, 2)),
    Row("Dropout3d", "dropout3d", (4, 5, 2, 1, 2)),
    Row("AlphaDropout", "alpha_dropout", (4, 5)),
    Row("FeatureAlphaDropout", "feature_alpha_dropout", (4, 5, 2)),
    Row("DropPath", "drop_path", (20, 3)),
    Row("DropPath", "drop_path", (20, 3), (0.4, False)),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.name}{row.args}")
def test_a_layer_is_its_function(row: Row, lib: Any) -> None:
    layer = getattr(nnx, row.name)(*row.args, generator=nnx.random.Generator(1))
    x, stream = np.random.default_rng(0).standard_normal(row.shape), nnx.random.Generator(1)
    function, (p, *rest) = getattr(F, row.function), row.args
    seen = []
    for _ in range(3):
        expected = lib.to_numpy(function(lib.asarray(x), p, True, *rest, generator=stream))
        lib.assert_equal(layer(lib.asarray(x)), expected)
        seen.append(expected.tobytes())
    assert len(set(seen)) > 1
    lib.assert_equal(layer.eval()(lib.asarray(x)), x)
    assert not layer.state_dict()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.name}{row.args}")
def test_what_it_prints_and_defaults_to(row: Row) -> None:
    layer, default = getattr(nnx, row.name)(*row.args), getattr(nnx, row.name)()
    if row.name == "DropPath":
        assert repr(layer) == "DropPath(drop_prob=0.400)"
        assert (default.drop_prob, default.scale_by_keep) == (0.0, True)
        return
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    for mine, args in ((layer, row.args), (default, ())):
        assert repr(mine) == repr(getattr(torch.nn, row.name)(*args)).replace(", inplace=False", "")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.name}{row.args}")
def test_what_is_no_probability_is_refused(row: Row) -> None:
    with pytest.raises(ValueError, match=f"{row.name}: expected a probability between 0 and 1, got 2"):
        getattr(nnx, row.name)(2.0)
    with pytest.raises(TypeError, match=f"{row.name}: expected a probability between 0 and 1, got None"):
        getattr(nnx, row.name)(None)
    wide = getattr(nnx, row.name)(np.float64(0.5))
    assert wide(np.ones((2, 3, 4), "f4")).dtype == np.float32
    with pytest.raises(TypeError, match=f"{row.name}: expected floating-point numbers, got int64"):
        wide(np.ones((2, 3, 4), "i8"))
    if row.name == "Dropout1d":
        with pytest.raises(ValueError, match="Dropout1d.*2 or 3 axes, got shape"):
            nnx.Dropout1d()(np.ones(3))
