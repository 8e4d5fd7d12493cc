"""What the tests of ``nnx.compile`` share."""

import dataclasses
import re
import warnings
from typing import Any, NamedTuple

import numpy as np

import nnx

rng = np.random.default_rng(3)
X, Y = rng.standard_normal((6, 4)), rng.integers(0, 3, 6)


class Counted:
    """A function that knows how often it was called."""

    def __init__(self, f: Any) -> None:
        self.f, self.calls = f, 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        return self.f(*args, **kwargs)


def compiled(f: Any) -> tuple[Any, Counted]:
    counted = Counted(f)
    return nnx.compile(counted), counted


def same(x: Any, y: Any) -> None:
    """Equal to the bit, containers and types too."""
    assert type(x) is type(y)
    if isinstance(x, dict):
        assert list(x) == list(y)
        x, y = list(x.values()), list(y.values())
    if isinstance(x, (tuple, list)):
        assert len(x) == len(y)
        for a, b in zip(x, y, strict=True):
            same(a, b)
    elif hasattr(x, "dtype"):
        assert x.dtype == y.dtype
        np.testing.assert_array_equal(nnx.to_numpy(x), nnx.to_numpy(y), strict=True)
    else:
        assert x == y


def called(f: Any, *arguments: Any, warned: str) -> list[Any]:
    """What it gives for these arguments, one after the other, and that it warns of one thing meanwhile."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        results = [f(*args) for args in arguments]
    (warning,) = [w for w in found if "nnx.compile" in str(w.message)]
    assert re.search(warned, str(warning.message)), warning.message
    assert warning.filename == __file__
    return results


def network() -> nnx.Sequential:
    return nnx.Sequential(
        nnx.Linear(4, 8), nnx.BatchNorm1d(8), nnx.ReLU(), nnx.Dropout(0.3), nnx.Residual(nnx.Linear(8, 8)),
        nnx.LayerNorm(8), nnx.GELU(), nnx.Linear(8, 3),
    )  # fmt: skip


class Pair(NamedTuple):
    first: Any
    second: Any


@dataclasses.dataclass
class Box:
    array: Any
