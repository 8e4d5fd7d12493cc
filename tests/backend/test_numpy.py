"""NumPy's backend: the cheap namespace equals the standard one, and views are told from copies."""

import itertools
import platform
import subprocess
import sys

import array_api_compat.numpy as standard
import numpy as np
import pytest

from nnx_numpy import NumPyBackend
from nnx_numpy.fast import OWN

BACKEND = NumPyBackend()
FAST = BACKEND.fast
ARRAYS = [
    np.array([[1.5, -2.0, 0.0], [np.nan, 3.0, -0.5]]),
    np.array([[1.5, -2.0, 0.0], [7.0, 3.0, -0.5]], dtype=np.float32),
    np.arange(-6, 6, dtype=np.int8).reshape(2, 2, 3),
    np.array([[True, False, True]]),
    np.array([1 + 2j, -3j, 0]),
    np.array(2.5),
    np.ones((2, 3), order="F"),
    np.zeros((0, 3)),
    np.float64(1.5),
]
AXES = [
    {},
    {"axis": 0},
    {"axis": -1},
    {"axis": None},
    {"axis": (0, 1)},
    {"keepdims": True},
    {"axis": 1, "keepdims": True},
]
CALLS = {
    **{name: [((), axes) for axes in AXES] for name in ("sum", "prod", "max", "min", "any", "all", "mean")},
    **{name: [((), axes) for axes in AXES if axes.get("axis") != (0, 1)] for name in ("argmax", "argmin")},
    "reshape": [(((-1,),), {}), (((3, 2),), {}), (((-1,),), {"copy": True}), (((4, 5),), {})],
    "permute_dims": [(((1, 0),), {}), (((2, 0, 1),), {}), (((0,),), {})],
    "matrix_transpose": [((), {})],
    "squeeze": [((0,), {}), ((), {"axis": 0}), (((0,),), {}), ((1,), {})],
    "expand_dims": [((), {}), *(((), {"axis": axis}) for axis in (0, -1, 1, 9, (0, 2)))],
    "astype": [*(((np.float64,), keywords) for keywords in ({}, {"copy": False}, {"device": "cpu"}))],
    "asarray": [((), {}), ((), {"dtype": np.float32}), ((), {"copy": True}), ((), {"device": "cpu"})],
    "zeros_like": [((), {}), ((), {"dtype": np.int16}), ((), {"device": "cpu"})],
    "take": [((np.array([0, 0]),), {"axis": 0}), ((np.array([0]),), {"axis": -1}), ((np.array([0]),), {})],
    "sign": [((), {})],
    "matmul": [((np.ones((3, 2)),), {}), ((np.ones(3),), {})],
    "where": [((1.0, x), {}) for x in (0.0, np.ones(3), np.ones((2, 3), np.float32), np.array([[True, False, True]]))],
    "clip": [
        *((bounds, {}) for bounds in ((), (-1, 1), (-0.5,), (None, 0), (np.array(0), np.array(1)))),
        ((), {"max": 0.5}),
    ],
}  # fmt: skip


def outcome(function, *arguments, **keywords):
    try:
        return function(*arguments, **keywords)
    except (ValueError, TypeError, IndexError, AttributeError):
        return None


@pytest.mark.filterwarnings("ignore")  # means of nothing, casts of complex numbers
@pytest.mark.parametrize("name", [function.__name__ for function in OWN])
def test_cheap_functions_equal_the_standard_ones(name):
    compared = 0
    for x, (arguments, keywords) in itertools.product(ARRAYS, CALLS[name]):
        expected = outcome(getattr(standard, name), x, *arguments, **keywords)
        if expected is not None:  # what the standard doesn't allow is nobody's promise
            result = getattr(FAST, name)(x, *arguments, **keywords)
            np.testing.assert_array_equal(result, expected, strict=True)
            compared += 1
    assert compared >= 4


@pytest.mark.parametrize("kind", ["float16", "float32", "float64", "int32", "complex64"])
@pytest.mark.parametrize("layout", ["C", "F", "steps"])
def test_where_by_bits_is_the_standard_one(kind, layout, monkeypatch):
    monkeypatch.setattr("nnx_numpy.fast.MANY", 1)
    rng = np.random.default_rng(0)
    x, y = (rng.standard_normal((6, 8)).astype(kind) for _ in range(2))
    x[0], y[:, 0], x[1], y[2] = np.nan if kind != "int32" else 7, 0, -0.0, 1
    condition = rng.random((6, 8)) < 0.5
    if layout == "steps":
        x, y, condition = x[::2, ::-1], y[::2, ::-1], condition[::2, ::-1]
    x, y = (np.asarray(a, order="F" if layout == "F" else None) for a in (x, y))
    row, one, as_double = y[:1], np.asarray(2, kind), y.astype(np.float64 if kind != "complex64" else kind)
    pairs = [
        (x, y),
        (x, 0),
        (1.5, y),
        (x, row),
        (row, x),
        (x, one),
        (x, as_double),
        (row, row),
        (x, condition),
    ]
    for first, second in pairs:
        if kind == "int32" and type(first) is float:
            continue
        expected = standard.where(condition, first, second)
        np.testing.assert_array_equal(FAST.where(condition, first, second), expected, strict=True)
        assert not np.may_share_memory(FAST.where(condition, first, second), x)
    signs = np.signbit(FAST.where(condition, x, y).real), np.signbit(standard.where(condition, x, y).real)
    np.testing.assert_array_equal(*signs)


def test_the_cheap_namespace_has_everything_else_too():
    assert {name for name in standard.__dir__() if name[:2] != "__"} <= set(dir(FAST))
    assert FAST.exp is standard.exp
    assert FAST.__array_namespace_info__ is standard.__array_namespace_info__
    assert BACKEND.fast is FAST


def test_cheap_astype_copies_unless_told_not_to():
    x = np.ones(2)
    assert FAST.astype(x, np.float64) is not x
    assert FAST.astype(x, np.float64, copy=False) is x


X = np.arange(24.0).reshape(4, 6)


@pytest.mark.parametrize(
    ("result", "view"),
    [
        (X, True),
        (X[0], True),
        (X[1, 2, ...], True),
        (X[::2].T, True),
        (X.reshape(-1), True),
        (X.T.reshape(-1), False),
        (X[[0, 1]], False),
        (X[X > 3], False),
        (X[0, 0], False),
        (X + 1, False),
        (X.copy(), False),
        (np.arange(24.0)[3:], False),
        (X[0:0], False),
    ],
)
def test_views(result, view):
    assert BACKEND.is_view(result, X) is view
    assert BACKEND.is_view(X, result) is view or result.size == 1
    assert BACKEND.is_view(result, X[1:]) is (view and np.shares_memory(result, X[1:]))


def test_owned():
    x = np.ones((2, 3))
    assert BACKEND.owned(x) is x
    frozen = np.ones(2)
    frozen.flags.writeable = False
    for other in (x[0], x.T, frozen, np.float64(2.0), np.broadcast_to(1.0, (2,))):
        mine = BACKEND.owned(other)
        assert type(mine) is np.ndarray
        assert mine.flags.owndata
        assert mine.flags.writeable
        np.testing.assert_array_equal(mine, other)


def test_set_item_writes_into_nothing():
    x = np.arange(4.0)
    x.flags.writeable = False
    np.testing.assert_array_equal(BACKEND.set_item(x, slice(1, 3), 9.0), [0, 9, 9, 3])
    np.testing.assert_array_equal(BACKEND.set_item(x, np.array([0, 0]), np.array([5.0, 6.0])), [6, 1, 2, 3])
    np.testing.assert_array_equal(x, [0, 1, 2, 3])


def test_methods_beyond_the_standard():
    assert {"sum", "mean", "reshape", "astype", "item", "tolist", "clip"} <= BACKEND.array_methods
    assert not {"shape", "to_device", "view", "tobytes", "flags", "ctypes", "__add__"} & BACKEND.array_methods


@pytest.mark.parametrize("shape", [(7, 3), (2, 40_000), (5, 2, 0), (3, 2, 2)])
def test_rows_are_added_as_numpy_adds_them(shape):
    rng = np.random.default_rng(4)
    target = rng.normal(size=shape).astype(np.float32)
    rows = rng.integers(-shape[0], shape[0], size=(30, 2))
    for source in (rng.normal(size=(30, 2, *shape[1:])), rng.normal(size=shape[1:]), 1.5):
        expected = target.copy()
        np.add.at(expected, rows, np.asarray(source, np.float32))
        np.testing.assert_array_equal(BACKEND.scatter_add(target, (rows,), source), expected)
        np.testing.assert_array_equal(BACKEND.scatter_add(target, rows.astype(np.int32), source), expected)


@pytest.mark.parametrize("row", [3, -4])
def test_rows_out_of_bounds(row):
    with pytest.raises(IndexError, match="index on axis 0: expected integers from -3 to 2, got"):
        BACKEND.scatter_add(np.ones((3, 2)), np.array([0, row]), 1.0)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="about glibc's memory")
def test_a_step_reuses_the_memory_of_the_one_before() -> None:
    """Arrays of a MiB, made and freed again and again, take their pages from the system once."""
    program = """
import resource, numpy as np, nnx
x = nnx.backend("numpy").xp.ones((256, 1024), dtype=np.float32)
faults = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for i in range(40):
    before = faults() if i == 20 else before if i > 20 else 0
    arrays = [x + i for i in range(6)]
print((faults() - before) / 20)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 100  # 1,536 pages of 4 KiB a step otherwise
