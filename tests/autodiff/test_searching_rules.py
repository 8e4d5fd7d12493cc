"""Derivatives of sorting, taking, selecting and sets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import nnx
from nnx.autodiff.rules import searching
from nnx.autodiff.scatter import xp_scatter_add
from nnx.testing import check_gradients

RNG = np.random.default_rng(5)
X = RNG.normal(size=(3, 4, 2))
V = RNG.normal(size=(6,))
TIES = np.array([2.0, -1.0, 2.0, 0.5, -1.0, 2.0])


def integers(x: Any, values: Any) -> Any:
    xp = nnx.array_namespace(x)
    return xp.asarray(np.asarray(values).tolist(), device=x.device)


CASES: list[tuple[str, Callable[..., Any], tuple[Any, ...]]] = [
    ("sort", lambda xp, x: xp.sort(x), (X,)),
    ("sort", lambda xp, x: xp.sort(x, axis=1, descending=True), (X,)),
    ("sort", lambda xp, x: xp.sort(x, axis=0, stable=False), (X,)),
    ("take", lambda xp, x: xp.take(x, integers(x, [2, 0, 2, 2]), axis=1), (X,)),
    ("take", lambda xp, x: xp.take(x, integers(x, [1, 1]), axis=-1), (X,)),
    ("take", lambda xp, x: xp.take(x, integers(x, [5, 0, 5])), (V,)),
    ("take", lambda xp, x: xp.take(x, integers(x, [0, 2]), axis=0) ** 2, (X,)),
    ("take_along_axis", lambda xp, x: xp.take_along_axis(x, xp.argsort(x, axis=1), axis=1), (X,)),
    ("take_along_axis", lambda xp, x: xp.take_along_axis(x, integers(x, np.ones((3, 4, 3), int))), (X,)),
    ("take_along_axis", lambda xp, x: xp.take_along_axis(x, integers(x, [[[3], [0], [3]]]), axis=1), (X,)),
    (
        "take_along_axis",
        lambda xp, x: xp.take_along_axis(x, integers(x, np.zeros((5, 4, 2), int)), axis=0),
        (X,),
    ),
    ("where", lambda xp, x, y: xp.where(x > 0, x, y), (X, X[..., :1])),
    ("where", lambda xp, x: xp.where(x > 0, x, 0.5), (X,)),
    ("where", lambda xp, x: xp.where(x[0, ...] > 0, -1.0, x), (X,)),
    ("unique_values", lambda xp, x: _sorted(xp, xp.unique_values(x)), (X,)),
    ("unique_all", lambda xp, x: _sorted(xp, xp.unique_all(x).values), (X,)),
    ("unique_counts", lambda xp, x: _sorted(xp, xp.unique_counts(x).values), (X,)),
    ("unique_inverse", lambda xp, x: _put_back(xp, *xp.unique_inverse(x)), (V,)),
]


def _put_back(xp: Any, values: Any, inverse: Any) -> Any:
    return xp.take(values, inverse)


def _sorted(xp: Any, x: Any) -> Any:
    """The standard leaves the order of unique values open."""
    return xp.sort(x)


@pytest.mark.parametrize("case", range(len(CASES)), ids=lambda i: f"{CASES[i][0]}-{i}")
def test_rule(lib: Any, case: int) -> None:
    _, f, arrays = CASES[case]
    for dtype in ("float64", "float32"):
        check_gradients(
            lambda *xs: f(nnx.array_namespace(*xs), *xs), *(lib.asarray(a, dtype) for a in arrays)
        )


def test_every_rule_has_a_case() -> None:
    assert set(searching.RULES) <= {name for name, *_ in CASES}


@pytest.mark.parametrize("name", ["take", "take_along_axis", "where", "unique_values"])
def test_complex(lib: Any, name: str) -> None:
    functions: dict[str, Callable[[Any, Any], Any]] = {
        "take": lambda xp, z: xp.take(z, integers(z, [2, 0, 2])),
        "take_along_axis": lambda xp, z: xp.take_along_axis(z, integers(z, [2, 0, 2])),
        "where": lambda xp, z: xp.where(xp.real(z) > 0, z, 1j),
        "unique_values": lambda xp, z: xp.sum(xp.unique_values(z) ** 3),
    }
    check_gradients(lambda z: functions[name](nnx.array_namespace(z), z), lib.asarray(V + 1j * TIES))


def total(f: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
    return nnx.grad(lambda x: (xp := nnx.array_namespace(x)).sum(f(xp, x)))


def test_ties_follow_the_order(lib: Any) -> None:
    """Sorting is stable: equal elements keep their order, so each cotangent goes to one element."""
    weights = lib.asarray([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    up = total(lambda xp, x: xp.sort(x) * weights)(lib.asarray(TIES))
    lib.assert_equal(up, [4.0, 1.0, 5.0, 3.0, 2.0, 6.0])
    down = total(lambda xp, x: xp.sort(x, descending=True) * weights)(lib.asarray(TIES))
    lib.assert_equal(down, [1.0, 5.0, 2.0, 4.0, 6.0, 3.0])


@pytest.mark.parametrize("name", ["unique_values", "unique_all", "unique_counts", "unique_inverse"])
def test_unique_values_belong_to_their_first_occurrence(lib: Any, name: str) -> None:
    def f(xp: Any, x: Any) -> Any:
        out = getattr(xp, name)(x)
        values = out if name == "unique_values" else out[0]
        return values**2

    lib.assert_equal(total(f)(lib.asarray(TIES)), [4.0, -2.0, 0.0, 1.0, 0.0, 0.0])
    lib.assert_equal(total(f)(lib.asarray([7.0])), [14.0])
    lib.assert_equal(total(f)(lib.asarray([])), [])


def test_unique_complex_values(lib: Any) -> None:
    z = np.array([1 + 1j, 2.0, 1 - 1j, 1 + 1j])
    out = nnx.grad(lambda x: (xp := nnx.array_namespace(x)).sum(xp.real(xp.unique_values(x) ** 2)))(
        lib.asarray(z)
    )
    lib.assert_close(out, [2 + 2j, 4.0, 2 - 2j, 0.0])


def test_every_nan_is_unique(lib: Any) -> None:
    x = lib.asarray([np.nan, 1.0, np.nan, 1.0])
    lib.assert_equal(total(lambda xp, x: xp.unique_values(x))(x), [1.0, 1.0, 1.0, 0.0])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_the_branch_not_taken_does_not_poison(lib: Any) -> None:
    x = lib.asarray([0.0, 4.0])
    lib.assert_close(total(lambda xp, x: xp.where(x > 0, xp.sqrt(x), 0.0))(x), [0.0, 0.25])
    lib.assert_close(total(lambda xp, x: xp.where(x > 0, xp.log(x), x))(x), [1.0, 0.25])


def test_negative_indices_count_from_the_end() -> None:
    """Beyond the standard, but NumPy takes them."""
    index = np.asarray([-1, 0, -1])
    np.testing.assert_array_equal(total(lambda xp, x: xp.take(x, index))(np.arange(3.0)), [1.0, 0.0, 2.0])
    along = total(lambda xp, x: xp.take_along_axis(x, index))(np.arange(3.0))
    np.testing.assert_array_equal(along, [1.0, 0.0, 2.0])


def test_many_repeats_keep_their_precision(lib: Any) -> None:
    """A difference of running sums would lose the small rows beside the large ones."""
    index = lib.asarray(np.repeat(np.arange(4), 25))
    weights = lib.asarray(np.repeat([1e12, 1e-6, -1e12, 1e-6], 25))
    gradient = total(lambda xp, x: xp.take(x, index) * weights)(lib.asarray(np.zeros(4)))
    lib.assert_close(gradient, [2.5e13, 2.5e-5, -2.5e13, 2.5e-5], rtol=1e-14)


def test_scatter_add(lib: Any) -> None:
    def f(target: Any, source: Any) -> Any:
        xp = nnx.array_namespace(target, source)
        rows, columns = integers(target, [0, 2, 0, -1]), integers(target, [1, 1, 1, 0])
        return xp_scatter_add(xp, target, (rows, columns), source) ** 2

    check_gradients(f, lib.asarray(X), lib.asarray(RNG.normal(size=(4, 2))))


@pytest.mark.parametrize("name", sorted(searching.NO_DERIVATIVE))
def test_results_without_derivative(lib: Any, name: str) -> None:
    def f(x: Any) -> Any:
        xp = nnx.array_namespace(x)
        rest = {"searchsorted": (x,), "isin": (integers(x, [1, 3]),)}.get(name, ())
        out = getattr(xp, name)(xp.astype(x, xp.int64) if name == "isin" else x, *rest)
        out = out[0] if name == "nonzero" else out
        assert xp.isdtype(out.dtype, ("bool", "integral"))
        assert nnx.array_namespace(out) is xp
        return xp.sum(xp.astype(out, x.dtype)) + xp.sum(x)

    lib.assert_equal(nnx.grad(f)(lib.asarray([1.0, 2.0])), [1.0, 1.0])
