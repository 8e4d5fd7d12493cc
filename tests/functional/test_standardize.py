"""Normalisation in NumPy's parts against the version in standard functions."""

from typing import Any

import numpy as np
import pytest

import nnx
import nnx.functional  # which defines the primitive
from nnx.autodiff.primitive import Primitive
from nnx_numpy import cores, normalizing_plans, normalizing_rows

rng = np.random.default_rng(0)
Row = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...] | None]
ROWS: list[Row] = [  # shape, axes, the weight's shape
    ((5, 3, 7, 2), (0, 2, 3), (1, 3, 1, 1)),  # batch norm
    ((5, 3, 7, 2), (0, -2, -1), None),
    ((20, 3), (0,), (1, 3)),
    ((20, 6), (1,), (6,)),  # layer norm
    ((7, 5, 6), (1, 2), (5, 6)),
    ((7, 1, 6), (1, 2), (1, 6)),
    ((30,), (0,), (30,)),
    ((3, 4, 5, 6), (2, 3), (1, 4, 1, 1)),  # instance norm
    ((3, 4, 5, 6), (2, 3), (1, 4, 5, 1)),  # group norm
    ((3, 4, 6), (0, 1, 2), (1, 4, 1)),  # and others
    ((7, 2, 5), (1, 2), (1, 5)),
    ((3, 4, 5, 6), (1, 2), (4, 5, 1)),
    ((3, 4, 5, 6), (0, 2), (4, 1, 6)),
    ((2, 3), (), (3,)),
]


@pytest.fixture(params=[1, 2, 3], ids="{} cores".format)
def in_parts(request, monkeypatch):
    """Parts of a few numbers, over so many cores, of which each takes BLAS for long rows only."""
    count = [request.param]
    monkeypatch.setattr(cores, "_blas", lambda: ((lambda: count[0]), (lambda n: count.__setitem__(0, n))))
    monkeypatch.setattr(normalizing_plans, "WORTHWHILE", 1)
    monkeypatch.setattr(normalizing_plans, "PART", 512)
    monkeypatch.setattr(normalizing_rows, "LONG", 8)
    normalizing_plans._plan.cache_clear()
    yield
    normalizing_plans._plan.cache_clear()


def arrays(row: Row, kind: str) -> tuple[Any, Any, Any]:
    shape, _, weights = row
    x = (rng.standard_normal(shape) + 3.0).astype(kind)
    if weights is None:
        return x, None, None
    return x, rng.standard_normal(weights).astype(kind), rng.standard_normal(weights).astype(kind)


def back(function: Any, given: tuple[Any, ...], axes: tuple[int, ...], g: Any) -> list[Any]:
    """The cotangents of what is there, of every output but the statistics."""
    there = [i for i, a in enumerate(given) if a is not None]

    def first(*some: Any) -> Any:
        full = list(given)
        for i, a in zip(there, some, strict=True):
            full[i] = a
        return function(*full, axes=axes, eps=1e-5)[0]

    _, pull = nnx.vjp(first, *[given[i] for i in there])
    return list(pull(g))


@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize("row", ROWS, ids=str)
@pytest.mark.parametrize("which", [(True, True), (True, False), (False, True), (False, False)], ids=str)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_parts_are_the_version_in_standard_functions(in_parts, row: Row, kind: str, which: Any) -> None:
    own, xp, axes = Primitive.registry["standardize"], nnx.backend("numpy").xp, row[1]
    x, weight, bias = arrays(row, kind)
    given = (x, weight if which[0] else None, bias if which[1] else None)
    before = [None if a is None else a.copy() for a in given]
    expected, found = own.forward(xp, *given, axes=axes, eps=1e-5), own(*given, axes=axes, eps=1e-5)
    tolerance = {"float32": 2e-5, "float64": 1e-12}[kind]
    for a, b in zip(found, expected, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)

    def in_standard_functions(*some: Any, **params: Any) -> Any:
        traced = next(a for a in some if a is not None).__array_namespace__()
        return own.forward(traced, *some, **params)

    g = rng.standard_normal(x.shape).astype(kind)
    for a, b in zip(back(own, given, axes, g), back(in_standard_functions, given, axes, g), strict=True):
        assert (a.dtype, a.shape) == (b.dtype, b.shape)
        np.testing.assert_allclose(a, b, rtol=20 * tolerance, atol=20 * tolerance)
    for a, b in zip(given, before, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("shape", [(40, 6, 5), (40, 30)], ids=str)
def test_it_is_the_same_however_many_cores_there_are(monkeypatch, shape: tuple[int, ...]) -> None:
    monkeypatch.setattr(normalizing_plans, "WORTHWHILE", 1)
    monkeypatch.setattr(normalizing_plans, "PART", 512)
    normalizing_plans._plan.cache_clear()
    own, axes = Primitive.registry["standardize"], (0, 2) if len(shape) == 3 else (1,)
    weights = (1, 6, 1) if len(shape) == 3 else (30,)
    given, g = arrays((shape, axes, weights), "float32"), rng.standard_normal(shape).astype("float32")
    results = []
    for cores_there in (1, 3):
        count = [cores_there]
        monkeypatch.setattr(
            cores, "_blas", lambda count=count: ((lambda: count[0]), (lambda n: count.__setitem__(0, n)))
        )
        results.append([*own(*given, axes=axes, eps=1e-5), *back(own, given, axes, g)])
    for a, b in zip(*results, strict=True):
        np.testing.assert_array_equal(a, b)
    normalizing_plans._plan.cache_clear()


@pytest.mark.parametrize("which", [0, 1, 2, 3])
def test_every_output_has_its_derivatives(in_parts, which: int) -> None:
    own = Primitive.registry["standardize"]
    given = arrays(((4, 3, 5), (0, 2), (1, 3, 1)), "float64")

    def one(x: Any, weight: Any, bias: Any) -> Any:
        return own(x, weight, bias, axes=(0, 2), eps=0.1)[which]

    nnx.testing.check_gradients(one, *given, order=2)


def test_a_large_mean_leaves_the_variance_alone() -> None:
    x = (rng.standard_normal((64, 8, 64)) + 1e4).astype(np.float32)
    y = nnx.functional.batch_norm(x, None, None, training=True)
    exact = x.astype(np.float64)
    exact = (exact - exact.mean((0, 2), keepdims=True)) / np.sqrt(exact.var((0, 2), keepdims=True) + 1e-5)
    np.testing.assert_allclose(y, exact, atol=2e-3)


def test_what_is_not_finite_is_kept_to_its_group() -> None:
    x = rng.standard_normal((64, 8, 64)).astype(np.float32)
    x[3, 2, 1], x[4, 5, 6] = np.nan, np.inf
    with np.errstate(invalid="ignore"):
        y = nnx.functional.batch_norm(x, None, None, training=True)
    wrong = np.isnan(y).any((0, 2))
    np.testing.assert_array_equal(wrong, [False, False, True, False, False, True, False, False])
