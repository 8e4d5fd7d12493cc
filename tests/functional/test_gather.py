"""Taking and adding at places along an axis, and reductions over segments, against PyTorch. One row each."""

from typing import Any, NamedTuple

import numpy as np
import pytest

import nnx
import nnx.functional as F
from nnx.autodiff.primitive import Primitive

rng = np.random.default_rng(3)
X = rng.standard_normal((3, 4))
CUBE = rng.standard_normal((2, 3, 4))
TALL = rng.standard_normal((600, 32))


def integers(high: int, *shape: int, dtype: Any = np.int64) -> Any:
    return np.random.default_rng(7).integers(0, high, shape).astype(dtype)


class Row(NamedTuple):
    x: Any
    axis: int
    index: Any


ROWS = [
    Row(X, 0, integers(3, 3, 4)),
    Row(X, 1, integers(4, 3, 4)),
    Row(X, -1, integers(4, 2, 7)),
    Row(X, 0, integers(3, 6, 1)),
    Row(X, 0, integers(3, 2, 3, dtype=np.int32)),
    Row(X[0], 0, integers(4, 9)),
    Row(CUBE, 1, integers(3, 1, 5, 2)),
    Row(CUBE, -3, integers(2, 3, 3, 4, dtype=np.int32)),
    Row(CUBE, 2, np.zeros((2, 0, 4), np.int64)),
    Row(X[:0], 0, np.zeros((0, 4), np.int64)),
    Row(np.asarray(2.0), 0, np.asarray(0)),
    Row(np.asarray(2.0), 0, np.asarray([0, 0, 0])),
    Row(X[0], -1, np.asarray(3)),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{np.shape(row.x)}-{row.axis}-{row.index.shape}")
def test_gather_and_scatter_add_are_those_of_torch(row: Row, agrees_with_torch: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    agrees_with_torch(
        lambda x, index: F.gather(x, row.axis, index),
        lambda x, index: torch.gather(x, row.axis, index.long()),
        [row.x],
        [row.index],
    )
    longer = tuple(n + 1 for n in row.index.shape)
    part = tuple(slice(n) for n in row.index.shape)  # PyTorch's gradient refuses a longer source
    source = rng.standard_normal(longer if np.ndim(row.x) else row.index.shape)
    agrees_with_torch(
        lambda x, source, index: F.scatter_add(x, row.axis, index, source) ** 3,
        lambda x, source, index: torch.scatter_add(x, row.axis, index.long(), source[part]) ** 3,
        [row.x, source],
        [row.index],
    )


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{np.shape(row.x)}-{row.axis}-{row.index.shape}")
def test_scatter_is_that_of_torch(row: Row, agrees_with_torch: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    # No place twice: PyTorch's derivative goes to all that were written there.
    one = [slice(None)] * row.index.ndim
    if row.index.ndim:
        one[row.axis] = slice(1)
    index = row.index[tuple(one)].astype(np.int64)
    source = rng.standard_normal(index.shape)
    agrees_with_torch(
        lambda x, source, index: F.scatter(x, row.axis, index, source) ** 3,
        lambda x, source, index: torch.scatter(x, row.axis, index, source) ** 3,
        [row.x, source],
        [index],
    )
    agrees_with_torch(
        lambda x, index: F.scatter(x, row.axis, index, 7.0) ** 3,
        lambda x, index: torch.scatter(x, row.axis, index, 7.0) ** 3,
        [row.x],
        [index],
    )


def test_of_repeated_places_the_last_is_kept(lib: Any) -> None:
    x, source = lib.asarray([1.0, 2.0, 3.0]), lib.asarray([4.0, 5.0, 6.0, 7.0])
    index = lib.asarray([2, 0, 2, 2])
    lib.assert_equal(F.scatter(x, 0, index, source), [5.0, 2.0, 7.0])

    def loss(x: Any, source: Any) -> Any:
        return nnx.array_namespace(x).sum(F.scatter(x, 0, index, source))

    of_x, of_source = nnx.grad(loss, (0, 1))(x, source)
    lib.assert_equal(of_x, [0.0, 1.0, 0.0])
    lib.assert_equal(of_source, [0.0, 1.0, 0.0, 1.0])
    lib.assert_equal(x, [1.0, 2.0, 3.0])


def test_scatter_add_leaves_its_argument_alone_and_takes_integers(lib: Any) -> None:
    x = lib.asarray([1, 2])
    out = F.scatter_add(x, 0, lib.asarray([0, 0], "int32"), lib.asarray([3, 4]))
    lib.assert_equal(out, [8, 2])
    lib.assert_equal(x, [1, 2])
    nothing = F.scatter_add(x, 0, lib.asarray(np.zeros(0, np.int64)), x)
    lib.assert_equal(nothing, [1, 2])
    assert nothing is not x


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint32", "uint64"])
def test_integers_of_every_dtype_are_taken(dtype: str, lib: Any) -> None:
    x, index = lib.asarray(X), lib.asarray([[2, 0], [1, 1]], dtype)
    lib.assert_equal(F.gather(x, 0, index), np.take_along_axis(X[:, :2], np.array([[2, 0], [1, 1]]), 0))
    lib.assert_equal(F.scatter_add(x, 0, index, x)[0, :2], [X[0, 0], X[0, 1] + X[0, 1]])
    lib.assert_equal(F.segment_sum(x[:2, :], index[0, :]), [X[1], [0] * 4, X[0]])
    lib.assert_equal(F.embedding(index, x), X[np.array([[2, 0], [1, 1]])])


def test_a_gathered_infinity_stays_where_it_is(lib: Any) -> None:
    x = lib.asarray([[1.0, np.inf], [np.nan, 2.0]])
    lib.assert_equal(F.gather(x, 1, lib.asarray([[0], [1]])), [[1.0], [2.0]])


SEGMENTS = [
    (X[:, 0], [0, 2, 0], None),
    (X, [1, 1, 1], 3),
    (CUBE, [1, 0], None),
    (X, [-1, 2, 5], 4),
    (X[:0], [], 2),
    (X[:0], [], None),
    (X, [-3, -1, -2], None),
    (rng.standard_normal((40, 3)), integers(6, 40), 8),
]


def by_torch(torch: Any, how: str, x: Any, ids: Any, count: int) -> Any:
    """The same with ``scatter_reduce``, which knows no segments without rows and no ids out of range."""
    start = {"amax": -np.inf, "amin": np.inf}.get(how, 0.0)
    kept = (ids >= 0) & (ids < count)
    index = ids[kept].reshape(-1, *[1] * (x.ndim - 1)).expand(x[kept].shape)
    out = torch.full((count, *x.shape[1:]), start, dtype=x.dtype)
    return out.scatter_reduce(0, index, x[kept], how, include_self=False)


@pytest.mark.parametrize(("x", "ids", "count"), SEGMENTS)
@pytest.mark.parametrize(
    ("name", "how"),
    [("segment_sum", "sum"), ("segment_mean", "mean"), ("segment_max", "amax"), ("segment_min", "amin")],
)
@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_segments_are_those_of_torch(
    name: str, how: str, x: Any, ids: Any, count: int | None, dtype: str, agrees_with_torch: Any
) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    number = max([-1, *ids]) + 1 if count is None else count
    finite = -1e3 if how == "amax" else 1e3

    def ours(x: Any, ids: Any) -> Any:
        out = getattr(F, name)(x, ids, count)
        xp = nnx.array_namespace(out)
        return xp.where(xp.isinf(out), finite, out) ** 2

    def theirs(x: Any, ids: Any) -> Any:
        out = by_torch(torch, how, x, ids.long(), number)
        return torch.where(torch.isinf(out), finite, out) ** 2

    agrees_with_torch(ours, theirs, [x], [np.asarray(ids, dtype)])


@pytest.mark.filterwarnings("ignore:invalid value")
def test_segments_of_integers_ties_and_nan(lib: Any) -> None:
    ids = lib.asarray([0, 0, 2, 5])
    x = lib.asarray([3, 4, -5, 9])
    lib.assert_equal(F.segment_sum(x, ids, 3), [7, 0, -5])
    lib.assert_equal(F.segment_max(x, ids, 3), [4, np.iinfo(np.int64).min, -5])
    lib.assert_equal(F.segment_min(x, ids, 3), [3, np.iinfo(np.int64).max, -5])
    x = lib.asarray([2.0, 2.0, np.nan, np.nan])
    lib.assert_equal(F.segment_max(x, ids, 3), [2.0, -np.inf, np.nan])
    lib.assert_equal(F.segment_sum(x, ids, 3), [4.0, 0.0, np.nan])
    slope = nnx.grad(lambda x: F.segment_max(x, lib.asarray([0, 0, 2, 5]), 3)[0])(x)
    lib.assert_equal(slope, [0.5, 0.5, 0.0, 0.0])
    assert F.segment_max(x, ids, 0).shape == (0,)
    lib.assert_equal(nnx.grad(lambda x: nnx.array_namespace(x).sum(F.segment_max(x, ids, 0)))(x), np.zeros(4))


BAD = [
    (lambda a: F.gather(a(X), 0, a([[-1, 0]])), IndexError, "gather: expected indices from 0 to 2, got -1"),
    (lambda a: F.gather(a(X), 0, a([[0, 3]])), IndexError, "gather: expected indices from 0 to 2, got 3"),
    (lambda a: F.gather(a(X), 2, a([[0]])), IndexError, "expected an axis from -2 to 1, got 2"),
    (lambda a: F.gather(a(X), 0, a([0])), ValueError, "expected an index with 2 axes"),
    (lambda a: F.gather(a(X), 0, a([[0] * 5])), ValueError, r"longer than x \(3, 4\) apart from axis 0"),
    (lambda a: F.gather(a(X), 0, a([[0.0]])), TypeError, "index to be an array of integers, got .*float64"),
    (lambda a: F.gather(a(X), 0, [[0]]), TypeError, "index to be an array of integers, got list"),
    (lambda a: F.gather(a(X[:0]), 0, a([[0]])), IndexError, "expected no indices at all, got 0"),
    (
        lambda a: F.scatter_add(a(X), 1, a([[-1]]), a(X)),
        IndexError,
        "scatter_add: expected indices from 0 to 3",
    ),
    (lambda a: F.scatter_add(a(X), 0, a([[0, 0]]), a([[1.0]])), ValueError, "longer than source"),
    (lambda a: F.scatter_add(a(X), 0, a([[0]]), a([1.0])), ValueError, "with 1 axes, as source"),
    (lambda a: F.scatter_add(a(X), 0, a([[0]]), a(np.ones((1, 1), "f4"))), TypeError, "source of dtype"),
    (lambda a: F.scatter_add(a(X), 0, a([[0.0]]), a(X)), TypeError, "array of integers"),
    (
        lambda a: F.scatter(a(X), 1, a([[4]]), a(X)),
        IndexError,
        "scatter: expected indices from 0 to 3, got 4",
    ),
    (lambda a: F.scatter(a(X), 1, a([[0] * 5]), a(X)), ValueError, "longer than source"),
    (lambda a: F.scatter(a(X), 0, a([[0]]), a(np.ones((1, 1), "f4"))), TypeError, "source of dtype"),
    (lambda a: F.segment_sum(a(X), a([0.0] * 3)), TypeError, "segment_ids to be an array of integers"),
    (lambda a: F.segment_sum(a(X), a([0, 1])), ValueError, "one segment id for each row"),
    (lambda a: F.segment_sum(a(1.0), a([0])), ValueError, "one segment id for each row"),
    (lambda a: F.segment_max(a(X), a([0, 1, 2]), -1), ValueError, "at least 0, got -1"),
    (lambda a: F.segment_mean(a([1, 2]), a([0, 1])), TypeError, "floating-point numbers, got"),
    (lambda a: F.segment_min(a(X + 1j), a([0, 1, 1])), TypeError, "real numbers, got"),
]


@pytest.mark.parametrize(("call", "kind", "message"), BAD, ids=[message for _, _, message in BAD])
def test_bad_input_is_refused(call: Any, kind: type[Exception], message: str, lib: Any) -> None:
    with pytest.raises(kind, match=message):
        call(lib.asarray)


NUMPY = [
    ("sum_rows", (X, np.array([4, 0, 4])), {"rows": 6}),
    ("sum_rows", (X[:, 0], np.array([4, 0, 4], "i4")), {"rows": 6}),
    ("sum_rows", (CUBE, np.array([1, 1])), {"rows": 2}),
    ("sum_rows", (X[:, :0], np.array([1, 1, 0])), {"rows": 2}),
    ("sum_rows", (TALL, integers(700, 600) - 100), {"rows": 700}),  # most places named once
    ("sum_rows", (TALL.reshape(600, 4, 8), integers(9, 600, dtype="u1")), {"rows": 601}),
    ("segment_extremum", (X, np.array([4, -1, 2])), {"rows": 4, "largest": True}),
    ("segment_extremum", (CUBE, np.array([1, 1])), {"rows": 3, "largest": False}),
    ("segment_extremum", (np.arange(4), np.array([1, 1, 0, 1])), {"rows": 3, "largest": False}),
    ("segment_extremum", (np.array([1.0, np.nan, 2.0]), np.array([0, 0, 0])), {"rows": 1, "largest": True}),
    ("cumulative_extremum", (np.array([1.0, 1.0, 0.5, np.nan, 3.0, np.nan]),), {"axis": 0, "largest": True}),
    ("cumulative_extremum", (np.round(CUBE),), {"axis": 1, "largest": False}),
    ("cumulative_extremum", (np.round(CUBE).astype(int),), {"axis": 2, "largest": True}),
    *[
        ("top_k_indices", (x,), {"k": k, "axis": axis, "largest": largest})
        for x in (CUBE, np.round(CUBE), np.where(CUBE > 0.5, np.nan, CUBE), np.round(CUBE).astype(int))
        for k, axis in ((2, 2), (1, 0), (3, 1), (0, 1), (2, 1))
        for largest in (True, False)
    ],
    ("logcumsumexp", (CUBE,), {"axis": 2}),
    ("logcumsumexp", (np.array([-np.inf, -np.inf, 800.0, 801.0]),), {"axis": 0}),
]


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize(("name", "args", "options"), NUMPY, ids=lambda x: x if isinstance(x, str) else "")
def test_the_fast_version_is_the_one_in_standard_functions(name: str, args: Any, options: Any) -> None:
    own = Primitive.registry[name]
    expected = own.forward(nnx.backend("numpy").xp, *args, **options)
    found = own(*args, **options)
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-14)
