"""The pure-standard scatter-add, and each backend's own, against NumPy's `add.at`."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnx.backend import Backend
from nnx.backend.scatter import rows_of, scatter_add

RNG = np.random.default_rng(20)
I5 = RNG.integers(-4, 4, size=(5,))
J25 = RNG.integers(0, 3, size=(2, 5))
K1 = RNG.integers(0, 2, size=(1,))

INDICES = {
    "array": I5,
    "tuple of one array": (I5,),
    "arrays": (I5, J25),
    "arrays that are apart": (I5, slice(None), K1),
    "array after a slice": (slice(None), J25),
    "array after an ellipsis": (..., K1),
    "arrays around a new axis": (I5, None, J25),
    "integer apart from an array": (0, slice(None), K1),
    "integer beside an array": (I5, 1),
    "integers": (1, 2, -1),
    "slices": (slice(1, 3), slice(None, None, 2)),
    "backwards": (slice(None, None, -1), 1),
    "new axis": (slice(None), None, slice(0, 2)),
    "nothing": (slice(0, 0),),
    "empty array": np.zeros(0, dtype=int),
    "mask": np.array([True, False, True, True]),
    "mask of two axes": (np.array([[1, 0, 1], [0, 0, 0], [1, 1, 1], [0, 0, 1]], dtype=bool), K1),
    "everything": (),
    "ellipsis": ...,
    "one integer": 2,
}


def to_library(lib, index):
    if isinstance(index, tuple):
        return tuple(to_library(lib, item) for item in index)
    return lib.asarray(index) if isinstance(index, np.ndarray) else index


def expected_sum(target, index, source):
    result = target.copy()
    np.add.at(result, index, source)
    return result


@pytest.mark.parametrize("index", INDICES.values(), ids=INDICES.keys())
@pytest.mark.parametrize("function", ["standard", "backend"])
def test_every_kind_of_index(lib, index, function):
    target = RNG.normal(size=(4, 3, 2))
    source = RNG.normal(size=target[index].shape)
    arguments = (lib.asarray(target), to_library(lib, index), lib.asarray(source))
    before = lib.to_numpy(arguments[0])
    result = (
        scatter_add(lib.xp, *arguments) if function == "standard" else lib.backend.scatter_add(*arguments)
    )
    lib.assert_close(result, expected_sum(target, index, source), rtol=1e-12)
    lib.assert_equal(arguments[0], before)
    assert result is not arguments[0]
    assert not lib.backend.is_view(result, arguments[0])


@pytest.mark.parametrize(
    "dtype", ["float32", "float64", "complex64", "complex128", "int32", "int64", "uint8"]
)
@pytest.mark.parametrize("function", ["standard", "backend"])
def test_dtypes(lib, dtype, function):
    target = np.arange(12).reshape(4, 3).astype(dtype)
    index = np.array([0, 3, 3, 3, 1, 0])
    source = (RNG.normal(size=(6, 3)) * 5).astype(dtype)
    arguments = (lib.asarray(target), (lib.asarray(index),), lib.asarray(source))
    result = (
        scatter_add(lib.xp, *arguments) if function == "standard" else lib.backend.scatter_add(*arguments)
    )
    assert result.dtype == lib.dtype(dtype)
    lib.assert_close(result, expected_sum(target, index, source), rtol=1e-6)


@given(
    rows=st.integers(1, 6),
    width=st.integers(0, 3),
    numbers=st.lists(st.integers(-100, 100), max_size=40),
    data=st.data(),
)
def test_long_runs(lib, rows, width, numbers, data):
    index = np.array([number % rows for number in numbers], dtype=np.int64)
    target = np.array(data.draw(st.lists(st.integers(-9, 9), min_size=rows * width, max_size=rows * width)))
    target = target.reshape(rows, width).astype(np.float64)
    source = np.arange(len(numbers) * width, dtype=np.float64).reshape(len(numbers), width)
    result = scatter_add(lib.xp, lib.asarray(target), (lib.asarray(index),), lib.asarray(source))
    lib.assert_equal(result, expected_sum(target, index, source))


def test_sums_stay_apart(lib):
    """Differences of a running sum would carry an infinity on, and lose small numbers beside large ones."""
    index = lib.asarray([0, 1, 1, 2, 2])
    source = lib.asarray([np.inf, 1e300, -1e300, 1e-300, np.nan])
    lib.assert_equal(scatter_add(lib.xp, lib.asarray(np.zeros(4)), index, source), [np.inf, 0.0, np.nan, 0.0])


def test_source_broadcasts(lib):
    target, index = lib.asarray(np.zeros((3, 2))), (lib.asarray([2, 2]),)
    for function in (lib.backend.scatter_add, Backend("plain", lib.xp).scatter_add):
        lib.assert_equal(function(target, index, lib.asarray([1.0, 2.0])), [[0, 0], [0, 0], [2, 4]])


def test_zero_dimensional_and_empty(lib):
    lib.assert_equal(scatter_add(lib.xp, lib.asarray(1.5), (), lib.asarray(2.0)), 3.5)
    empty = lib.asarray(np.zeros((0, 3)))
    lib.assert_equal(scatter_add(lib.xp, empty, lib.asarray(np.zeros(0, dtype=int)), empty), np.zeros((0, 3)))


def test_same_sums_every_time(lib):
    """Floating-point sums depend on their order: it is the index's."""
    index = RNG.integers(0, 50, size=2000)
    source = RNG.normal(size=(2000, 3)).astype(np.float32)
    arguments = (lib.asarray(np.zeros((50, 3), np.float32)), lib.asarray(index), lib.asarray(source))
    first = lib.to_numpy(lib.backend.scatter_add(*arguments))
    for _ in range(3):
        lib.assert_equal(lib.backend.scatter_add(*arguments), first)
    if lib.name != "strict":  # whose scan adds in pairs
        lib.assert_equal(
            lib.backend.scatter_add(*arguments), expected_sum(np.zeros_like(first), index, source)
        )


@pytest.mark.parametrize("index", [[0, 4], [-5], [0, 99, 1]])
def test_out_of_bounds(lib, index):
    with pytest.raises(IndexError, match=r"axis 0: expected integers from -4 to 3, got"):
        scatter_add(lib.xp, lib.asarray(np.zeros(4)), lib.asarray(index), lib.asarray(1.0))


def test_too_many_axes(lib):
    with pytest.raises(IndexError, match="expected at most 1 axes, got 2"):
        rows_of(lib.xp, (4,), (0, 0), lib.device)


def test_planning_keeps_whole_rows(lib):
    rows = rows_of(lib.xp, (4, 3, 2), (lib.asarray([3, 0]), slice(None), slice(0, None)), lib.device)
    lib.assert_equal(rows.numbers, [3, 0])
    assert (rows.shape, rows.trailing) == ((2,), (3, 2))
