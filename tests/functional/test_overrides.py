"""NumPy's faster versions of primitives against those in standard functions."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nnx
import nnx.functional
import nnx.losses
from nnx.autodiff.primitive import Primitive

rng = np.random.default_rng(0)
EDGES = np.array([[-np.inf, -1e30, -100.0, -0.0, 0.0, 1e-30, 100.0, np.inf, np.nan, -1.0] * 2] * 2)
MASK = rng.random(EDGES.shape) < 0.5
LARGE = rng.standard_normal((80, 60))
ROWS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("relu", (EDGES,), {}),
    ("relu", (LARGE,), {}),
    ("relu", (LARGE[:, ::2].T,), {}),
    ("relu", (np.tile(EDGES, (1000, 1)),), {}),
    ("relu", (np.asarray(-1.0),), {}),
    ("leaky_relu", (EDGES,), {"negative_slope": 0.1}),
    ("leaky_relu", (EDGES,), {"negative_slope": 2.0}),
    ("sigmoid", (EDGES,), {}),
    ("sigmoid", (np.asarray(-1.0),), {}),
    ("sigmoid_back", (EDGES, EDGES[:, ::-1]), {}),
    ("sigmoid_back", (np.asarray(1.0), np.asarray(2.0)), {}),
    ("tanh_back", (EDGES, EDGES[:, ::-1]), {}),
    ("tanh_back", (LARGE, LARGE.T.reshape(80, 60)), {}),
    ("tanh_back", (np.asarray(1.0), np.asarray(2.0)), {}),
    ("where_positive", (EDGES, EDGES[:, ::-1]), {}),
    ("where_positive", (EDGES.T, EDGES.T[::-1]), {}),
    ("where_positive", (EDGES[0], EDGES), {}),
    ("where_positive", (np.asarray(1.0), np.asarray(2.0)), {}),
    ("masked_scale", (EDGES, MASK), {"scale": 2.0}),
    ("masked_scale", (EDGES[:, ::2], MASK[:, ::2]), {"scale": 2.0}),
    ("masked_scale", (np.asarray(1.0), np.asarray(True)), {"scale": 2.0}),
    ("softmax", (EDGES,), {"axis": 0}),
    ("log_softmax", (EDGES,), {"axis": -1}),
    ("linear", (LARGE[:5], LARGE, LARGE[0, :1].repeat(80)), {}),
    ("linear", (LARGE, LARGE[:5], LARGE[0, :5]), {}),
    ("linear", (LARGE, LARGE[:5], None), {}),
    ("linear", (LARGE.reshape(4, 20, 60), LARGE[:5], LARGE[0, :5]), {}),
    ("linear", (LARGE.reshape(4, 20, 60)[:, :0], LARGE[:5], LARGE[0, :5]), {}),
    ("linear", (LARGE[0], LARGE[:5], LARGE[0, :5]), {}),
    ("linear", (LARGE[::2, ::-1], LARGE[:5, ::-1], LARGE[0, :10:2]), {}),
    ("gelu", (LARGE,), {}),
    ("gelu", (np.linspace(-12.0, 12.0, 300_000),), {}),  # beyond, single precision's smallest are rounded
    ("gelu", (np.tile(EDGES, (1000, 1)),), {}),
    ("gelu", (LARGE[::2, ::2],), {}),
    ("scale_shift", (LARGE, LARGE[:1], LARGE[1]), {}),
    ("scale_shift", (LARGE, LARGE[:1], None), {}),
    ("scale_shift", (LARGE, None, LARGE[:, :1]), {}),
    ("scale_shift", (np.asarray(1.0), np.asarray(2.0), np.asarray(3.0)), {}),
    ("pad_constant", (LARGE,), {"pairs": ((2, 1), (0, 3)), "value": 0.5}),
    ("pad_constant", (LARGE[::2],), {"pairs": ((-2, 1),)}),
    ("pad_constant", (LARGE.reshape(4, 20, 60),), {"pairs": ((1, -3), (-1, -40))}),
]


@pytest.mark.parametrize("kind", ["float16", "float32", "float64"])
@pytest.mark.parametrize(("name", "args", "arguments"), ROWS, ids=lambda x: x if isinstance(x, str) else "")
@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.filterwarnings("ignore:overflow")
def test_the_fast_version_is_the_one_in_standard_functions(
    name: str, args: tuple[Any, ...], arguments: dict[str, Any], kind: str
) -> None:
    own, xp = Primitive.registry[name], nnx.backend("numpy").xp
    args = tuple(x.astype(kind) if x is not None and x.dtype == np.float64 else x for x in args)
    before = [None if x is None else x.copy() for x in args]
    expected, found = own.forward(xp, *args, **arguments), own(*args, **arguments)
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    tolerance = {"float16": 3e-2, "float32": 1e-5, "float64": 1e-13}[kind]
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance if name == "linear" else 1e-37)
    for x, y in zip(args, before, strict=True):
        np.testing.assert_array_equal(x, y)


def test_softmax_of_minus_infinities_is_nan_silently() -> None:
    """Warnings are errors here."""
    x = np.asarray([[-np.inf, -np.inf], [0.0, -np.inf]])
    np.testing.assert_array_equal(nnx.functional.softmax(x), [[np.nan, np.nan], [1.0, 0.0]])
    np.testing.assert_array_equal(nnx.functional.log_softmax(x), [[np.nan, np.nan], [0.0, -np.inf]])


def test_every_override_is_held_against_the_standard_version() -> None:
    elsewhere = {"cross_entropy", "cross_entropy_slope", "optim.sgd", "optim.adam", "optim.by_rule"}
    families = "".join(
        path.read_text(encoding="utf-8") for path in Path(__file__).parent.parent.rglob("test_*.py")
    )
    for name in set(nnx.backend("numpy").overrides) - elsewhere - {name for name, _, _ in ROWS}:
        assert f'"{name}"' in families, f"{name} has no row"


@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize("x", [np.linspace(-12.0, 12.0, 300_000), LARGE, np.tile(EDGES, (300, 1)), LARGE[0]])
@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.filterwarnings("ignore:overflow")
def test_the_fast_way_back_of_gelu_is_the_one_in_standard_functions(x: Any, kind: str) -> None:
    x = x.astype(kind)
    g = rng.standard_normal(x.shape).astype(kind)
    xp, own = nnx.backend("numpy").fast, Primitive.registry["gelu"]
    expected = own.rule.pullbacks[0](xp, g, None, x)  # type: ignore[operator]
    (found,) = nnx.vjp(nnx.functional.gelu, x)[1](g)
    assert found.dtype == expected.dtype
    tolerance = {"float32": 1e-6, "float64": 1e-14}[kind]
    np.testing.assert_allclose(found, expected, rtol=20 * tolerance, atol=tolerance)
