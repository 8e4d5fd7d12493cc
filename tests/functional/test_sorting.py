"""The largest elements, running extrema and running log-sums of exponentials, against PyTorch."""

from typing import Any

import numpy as np
import pytest

import nnx
import nnx.functional as F

rng = np.random.default_rng(3)
X = rng.standard_normal((3, 4))
CUBE = rng.standard_normal((2, 3, 4))
NAN = np.array([1.0, 3.0, 3.0, 2.0, np.nan, 5.0, np.nan])


@pytest.mark.parametrize(
    ("x", "args"),
    [
        (X, (2,)),
        (X, (3, 0)),
        (X, (0,)),
        (X, (4, 1, False)),
        (CUBE, (2, -2, False, False)),
        (CUBE, (2, 0)),
        (X[:0], (2,)),
        (np.asarray(3.0), (1,)),
        (X[0], (1,)),
    ],
)
def test_top_k_is_that_of_torch(x: Any, args: Any, lib: Any, agrees_with_torch: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    order = (*args[:3], True)[: len(args)]  # without sorted PyTorch's order is open
    agrees_with_torch(
        lambda x: F.top_k(x, *args).values ** 3, lambda x: torch.topk(x, *order).values ** 3, [x]
    )
    found = F.top_k(lib.asarray(x), *args)
    expected = torch.topk(torch.tensor(x), *order)
    lib.assert_equal(found.indices, expected.indices.numpy())
    assert found.indices.dtype == lib.xp.int64
    assert found._fields == ("values", "indices")


def test_top_k_of_equal_elements_takes_the_first_and_nan_is_largest(lib: Any) -> None:
    x = lib.asarray([3.0, 1.0, 3.0, np.nan, 2.0, 3.0])
    values, indices = F.top_k(x, 4)
    lib.assert_equal(values, [np.nan, 3.0, 3.0, 3.0])
    lib.assert_equal(indices, [3, 0, 2, 5])
    values, indices = F.top_k(x, 6, largest=False)
    lib.assert_equal(values, [1.0, 2.0, 3.0, 3.0, 3.0, np.nan])
    lib.assert_equal(indices, [1, 4, 0, 2, 5, 3])
    lib.assert_equal(F.top_k(lib.asarray([1, 5, 3]), 2).values, [5, 3])
    lib.assert_equal(F.top_k(lib.asarray(3.0), 0).values, 3.0)  # as in PyTorch


@pytest.mark.parametrize(
    ("x", "axis"),
    [
        (X, 0),
        (X, -1),
        (CUBE, 1),
        (rng.standard_normal(33), 0),
        (np.asarray(3.0), 0),
        (X[:0], 0),
        (X[:0], 1),
        (X[:, :1], 1),
    ],
)
@pytest.mark.parametrize(("name", "torch_name"), [("cumulative_max", "cummax"), ("cumulative_min", "cummin")])
def test_running_extrema_are_those_of_torch(
    name: str, torch_name: str, x: Any, axis: int, lib: Any, agrees_with_torch: Any
) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    ours, theirs = getattr(F, name), getattr(torch, torch_name)
    agrees_with_torch(lambda x: ours(x, axis).values ** 3, lambda x: theirs(x, axis).values ** 3, [x])
    for given in (x, np.round(x), np.round(x).astype(int), x > 0):
        found, expected = ours(lib.asarray(given), axis), theirs(torch.tensor(given), axis)
        lib.assert_equal(found.values, expected.values.numpy())
        lib.assert_equal(found.indices, expected.indices.numpy())
        assert found.values.dtype == lib.asarray(given).dtype
    assert found._fields == ("values", "indices")


@pytest.mark.parametrize("x", [NAN, -NAN, np.array([0.0, -0.0, 0.0])])
def test_running_extrema_keep_nan_and_take_the_last_of_equals(x: Any, lib: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    for ours, theirs in ((F.cumulative_max, torch.cummax), (F.cumulative_min, torch.cummin)):
        found, expected = ours(lib.asarray(x), 0), theirs(torch.tensor(x), 0)
        lib.assert_equal(found.values, expected.values.numpy())
        lib.assert_equal(found.indices, expected.indices.numpy())


@pytest.mark.parametrize(
    ("x", "axis"),
    [
        (X, 0),
        (X * 300.0, 1),
        (CUBE, -2),
        (rng.standard_normal(33), 0),
        (np.asarray(3.0), 0),
        (X[:0], 0),
        (X[:0], 1),
    ],
)
def test_logcumsumexp_is_that_of_torch(x: Any, axis: int, agrees_with_torch: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    agrees_with_torch(
        lambda x: F.logcumsumexp(x, axis), lambda x: torch.logcumsumexp(x, axis), [x], rtol=1e-8
    )


@pytest.mark.filterwarnings("ignore:invalid value")
def test_logcumsumexp_has_no_nan_where_there_is_none_to_be(lib: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    for x in ([-np.inf, -np.inf, 1.0, 2.0, np.inf, 3.0], [-np.inf, 1.0, np.nan, 2.0]):
        expected = torch.logcumsumexp(torch.tensor(x, dtype=torch.float64), 0)
        lib.assert_close(F.logcumsumexp(lib.asarray(x), 0), expected.numpy(), rtol=1e-14)
    x = lib.asarray([-np.inf, -np.inf, 1.0, 2.0])
    slope = nnx.grad(lambda x: nnx.array_namespace(x).sum(F.logcumsumexp(x, 0)))(x)  # PyTorch has NaN
    share = 1 / (1 + np.exp(1.0))
    lib.assert_close(slope, [0.0, 0.0, 1.0 + share, 1.0 - share], rtol=1e-14)


BAD = [
    (lambda a: F.top_k(a(X), 5), ValueError, "top_k: expected k from 0 to 4, got 5"),
    (lambda a: F.top_k(a(X), -1), ValueError, "expected k to be a whole number of at least 0, got -1"),
    (lambda a: F.top_k(a(X), 1, 2), IndexError, "expected an axis from -2 to 1, got 2"),
    (lambda a: F.top_k(a(X > 0), 1), TypeError, "expected real numbers, got"),
    (lambda a: F.top_k(a(X * 1j), 1), TypeError, "expected real numbers, got"),
    (lambda a: F.cumulative_max(a(X), 2), IndexError, "cumulative_max: expected an axis from -2 to 1"),
    (lambda a: F.cumulative_min(a(X * 1j), 0), TypeError, "cumulative_min: expected real numbers"),
    (lambda a: F.logcumsumexp(a(X), -3), IndexError, "logcumsumexp: expected an axis"),
    (lambda a: F.logcumsumexp(a([1, 2]), 0), TypeError, "logcumsumexp: expected real floating-point"),
]


@pytest.mark.parametrize(("call", "kind", "message"), BAD, ids=[message for _, _, message in BAD])
def test_bad_input_is_refused(call: Any, kind: type[Exception], message: str, lib: Any) -> None:
    with pytest.raises(kind, match=message):
        call(lib.asarray)
