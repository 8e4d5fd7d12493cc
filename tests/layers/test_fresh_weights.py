"""Fresh parameters and buffers against those of torch.nn, in distribution: one row a layer.

Constants are equal; for the rest a two-sample Kolmogorov-Smirnov test finds no difference, and neither does the
standard deviation. The seeds are fixed, so nothing is left to chance.
"""

from typing import Any, NamedTuple

import numpy as np
import pytest

import nnx
import nnx.layers
import nnx.random

stats = pytest.importorskip("scipy.stats", reason="SciPy, which has the test, is not installed")


class Row(NamedTuple):
    name: str
    args: tuple[Any, ...] = ()
    options: dict[str, Any] = {}


ROWS = [
    Row("Linear", (90, 300)),
    Row("Bilinear", (30, 40, 300)),
    *(Row(f"Conv{n}d", (24, 300, 3), {"groups": 2}) for n in (1, 2, 3)),
    *(Row(f"ConvTranspose{n}d", (60, 300, 3), {"groups": 3}) for n in (1, 2)),
    Row("ConvTranspose3d", (24, 300, 2)),
    Row("Embedding", (300, 40), {"padding_idx": 3}),
    Row("EmbeddingBag", (300, 40)),
    *(Row(f"BatchNorm{n}d", (7,)) for n in (1, 2, 3)),
    *(Row(f"InstanceNorm{n}d", (7,), {"affine": True, "track_running_stats": True}) for n in (1, 2, 3)),
    Row("GroupNorm", (2, 6)),
    Row("LayerNorm", ((3, 4),)),
    Row("RMSNorm", (5,)),
    Row("PReLU", (3,)),
    *(Row(f"{name}Cell", (70, 80)) for name in ("RNN", "LSTM", "GRU")),
    *(
        Row(name, (70, 80), {"num_layers": 2, "bidirectional": True, **more})
        for name, more in (("RNN", {}), ("LSTM", {"proj_size": 30}), ("GRU", {}))
    ),
    Row("MultiheadAttention", (60, 4)),
    Row("MultiheadAttention", (60, 4), {"kdim": 70, "vdim": 80, "add_bias_kv": True}),
    Row("TransformerEncoderLayer", (60, 4, 300)),
    Row("TransformerDecoderLayer", (60, 4, 300)),
    Row("Transformer", (40, 4, 1, 1, 300)),
    Row("AdaptiveLogSoftmaxWithLoss", (60, 900, [200, 500]), {"head_bias": True}),
]


def assert_alike(name: str, ours: np.ndarray, theirs: np.ndarray) -> None:
    assert ours.shape == theirs.shape, name
    if (theirs == theirs.flat[0]).all():
        np.testing.assert_array_equal(ours, theirs, err_msg=name)
    else:
        np.testing.assert_array_equal(ours == 0, theirs == 0, err_msg=name)
        assert stats.ks_2samp(ours.ravel(), theirs.ravel()).pvalue > 1e-4, name
        assert abs(ours.std() / theirs.std() - 1) < 4 / np.sqrt(ours.size), name


@pytest.mark.filterwarnings("ignore:enable_nested_tensor is True")  # what torch says of its own Transformer
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.name}{row.args}")
def test_fresh_weights_are_distributed_as_those_of_torch(row: Row) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    torch.manual_seed(0)
    theirs = getattr(torch.nn, row.name)(*row.args, **row.options).state_dict()
    ours = getattr(nnx, row.name)(*row.args, **row.options).state_dict()
    assert list(ours) == list(theirs)
    for name, x in ours.items():
        assert_alike(name, nnx.to_numpy(x), theirs[name].numpy())
        assert nnx.to_numpy(x).dtype == theirs[name].numpy().dtype


def test_another_distribution_is_noticed() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.uniform(-1, 1, (2, 300, 40))
    assert_alike("same", x, y)
    with pytest.raises(AssertionError):
        assert_alike("wider", x * 1.05, y)
    with pytest.raises(AssertionError):
        assert_alike("normal", rng.standard_normal(x.shape) / 3**0.5, y)


def test_every_layer_with_parameters_has_a_row() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    without = {"Layer", "Sequential"}
    for name in nnx.layers.__all__:
        theirs = getattr(torch.nn, name, None)
        if isinstance(theirs, type) and name not in without | {row.name for row in ROWS}:
            try:
                layer = getattr(nnx, name)()
            except TypeError:  # it wants arguments
                layer = None
            assert layer is None or not layer.state_dict(), f"{name} has no row"
