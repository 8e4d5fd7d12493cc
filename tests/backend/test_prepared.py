"""Shorter ways for compiled steps do the same as the functions that they stand for, to the bit."""

from typing import Any

import numpy as np
import pytest

from nnx.capture._steps import Like
from nnx_numpy import compiled, dense
from nnx_numpy.prepared import PREPARED

rng = np.random.default_rng(4)
SHAPES = [
    (1, 3, 5),
    (7, 3, 2),
    (32, 8, 16),
    (5, 3, 40),
    (32, 64, 128),
    (64, 64, 64),
    (200, 600, 90),
    (3, 0, 4),
    (0, 3, 2),
]


def same(function: Any, args: tuple[Any, ...], kwargs: Any = None, prepared: bool = True) -> None:
    kwargs = kwargs or {}
    likes = [Like(a) if isinstance(a, np.ndarray) else a for a in args]
    short = PREPARED[function](*likes, **kwargs)
    assert (short is not None) == prepared
    if short is None:
        return
    expected = function(*args, **kwargs)
    found = short(*args, **kwargs)
    if not isinstance(expected, tuple):
        expected, found = (expected,), (found,)
    for x, y in zip(found, expected, strict=True):
        assert type(x) is type(y)
        if y is not None:
            np.testing.assert_array_equal(x, y, strict=True)
            assert x.flags.c_contiguous == y.flags.c_contiguous


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", SHAPES)
def test_linear(shape: tuple[int, ...], dtype: Any) -> None:
    rows, length, columns = shape
    x, weight = (rng.standard_normal(s).astype(dtype) for s in ((rows, length), (columns, length)))
    bias, g = (rng.standard_normal(s).astype(dtype) for s in ((columns,), (rows, columns)))
    same(dense.linear, (x, weight, bias))
    same(dense.linear, (x[::-1], weight, bias))
    for needed in ((True, True, True), (False, True, True), (True, False, False)):
        same(dense.linear_back, (np, g, None, x, weight, None), {"needed": needed})


def test_linear_of_anything_else() -> None:
    x, weight, bias = np.ones((4, 3)), np.ones((2, 3)), np.ones(2)
    for args in (
        (x, weight, None), (x[None], weight, bias), (x, weight, np.ones(1)), (x.astype(np.float32), weight, bias),
        (x[:, :2], weight, bias), tuple(a.astype(np.float16) for a in (x, weight, bias)),
    ):  # fmt: skip
        same(dense.linear, args, prepared=False)
    same(
        dense.linear_back,
        (np, x[None], None, x[None], weight, None),
        {"needed": (True, True, True)},
        prepared=False,
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(3,), (2, 5), (5000,), (5000, 2), (100, 80), (0, 4)])
def test_relu(shape: tuple[int, ...], dtype: Any) -> None:
    x, g = (rng.standard_normal(shape).astype(dtype) for _ in range(2))
    x.reshape(-1)[:1], g.reshape(-1)[:1] = np.nan, -0.0
    same(dense.relu, (x,))
    same(dense.relu_back, (np, g, np.maximum(x, 0), None))
    same(dense.relu_back, (np, g.T, np.maximum(x, 0).T, None))
    same(dense.relu_back, (np, g.astype(np.float16), np.maximum(x, 0), None), prepared=g.size < 4096)
    same(dense.relu, (np.ones(2**14),), prepared=False)
    same(dense.relu, (np.asarray(1.0),), prepared=False)


def test_relu_with_compiled_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numba", reason="Numba is not installed (the extra 'numba')")
    from nnx_numpy.compiled import numba_loops

    monkeypatch.setattr(compiled, "_settled", True)
    monkeypatch.setattr(compiled, "_loops", numba_loops)
    test_relu((100, 80), np.float32)


def test_a_difference_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PREPARED, dense.relu, lambda _: lambda x: np.maximum(x, 0) + 1e-15)
    with pytest.raises(AssertionError):
        same(dense.relu, (np.ones(3),))
