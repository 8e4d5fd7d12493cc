"""Reading and writing items with keys of every form; in-place operators; what a loop of small steps costs."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import nnx
from nnx import array_namespace
from nnx.autodiff.library import library_of
from nnx.testing import check_gradients

X = np.random.default_rng(0).standard_normal((4, 3, 2))
MASK = X[..., 0] > 0
KEYS: dict[str, Any] = {
    "int": (1, ...),
    "negative int": (-1, ...),
    "int in the middle": (slice(None), 1, ...),
    "all ints": (1, -1, 0),
    "slice": (slice(1, 3), ...),
    "strided slice": (slice(None, None, 2), ...),
    "negative step": (slice(None, None, -1), ...),
    "negative step and bounds": (slice(3, 0, -2), ...),
    "empty slice": (slice(2, 2), ...),
    "ellipsis": ...,
    "ellipsis first": (..., 1),
    "ellipsis in the middle": (slice(1, 3), ..., slice(None, None, -1)),
    "new axis": (None, ...),
    "new axes and ints": (None, 1, None, ..., 0),
    "mask": X > 0,
    "mask of nothing": X > 9,
    "mask of leading axes": MASK,
    "mask of leading axes and a slice": (MASK, slice(None, None, -1)),
    "integer arrays": (np.asarray([0, 3, -1]), np.asarray([2, 0, 1]), np.asarray([1, 1, 0])),
    "repeated integers": (np.asarray([1, 1, 1, 2]), np.asarray([0, 0, 0, 2]), np.asarray([1, 1, 1, -1])),
    "broadcast integers": (np.asarray([[0], [1]]), np.asarray([0, 2]), 1),
    "integer array and slices": (np.asarray([0, 2, 0]), ...),
    "slice, then integer array": (slice(1, None), np.asarray([[2, 2], [0, 1]])),
    "integer arrays apart": (np.asarray([0, 0, 3]), slice(None), np.asarray([1, 0, 0])),
    "integer array and new axis": (np.asarray([0, 0, 3]), None, ...),
    "0-d integer array": (np.asarray(2), ...),
    "list": [0, 2, 2],
}
OPERATORS = ["add", "sub", "mul", "truediv", "pow", "mod"]


def made(lib: Any, key: Any) -> Any:
    """A key with arrays of the library."""
    if isinstance(key, tuple):
        return tuple(made(lib, k) for k in key)
    return lib.asarray(key) if isinstance(key, np.ndarray) else key


def allowed(lib: Any, key: Any, write: bool = False) -> Any:
    """The key, unless the library refuses it on plain arrays: then the test is skipped."""
    key = made(lib, key)
    x = lib.xp.asarray(lib.asarray(X), copy=True)
    try:
        if write:
            x[key] = 0.0
        else:
            x[key]
    except (IndexError, TypeError) as error:
        with pytest.raises(type(error)):
            nnx.grad(lambda x: operator.setitem(x, key, 0.0) if write else x[key])(x)
        pytest.skip(f"{lib} has no such key: {str(error)[:60]}")
    return key


def copied(x: Any) -> Any:
    """A copy that may be written to."""
    return array_namespace(x).asarray(x, copy=True)


@pytest.mark.parametrize("name", KEYS)
def test_reading(lib: Any, name: str) -> None:
    key = allowed(lib, KEYS[name])
    check_gradients(lambda x: x[key] ** 3, lib.asarray(X, "float32"))


@pytest.mark.parametrize("name", KEYS)
def test_reading_complex_arrays(lib: Any, name: str) -> None:
    key = allowed(lib, KEYS[name])
    check_gradients(lambda x: x[key] ** 2, lib.asarray(X + 1j * X[::-1]), order=1)


@pytest.mark.parametrize("name", KEYS)
def test_reading_with_traced_keys(lib: Any, name: str) -> None:
    """Keys that are arguments of the function are traced arrays as well."""
    key = allowed(lib, KEYS[name])
    check_gradients(lambda x, key: x[key] ** 3, lib.asarray(X), key, argnums=0)
    if not isinstance(key, tuple):
        check_gradients(lambda x, key: x[key] ** 3, lib.asarray(X), (key,), argnums=0)


def test_reading_the_same_place_again(lib: Any) -> None:
    check_gradients(lambda x: x[0] * x[0] * x[1] + x[0] ** 2, lib.asarray([2.0, 3.0]))


@pytest.mark.parametrize("what", ["number", "0-d", "array", "spread", "itself"])
@pytest.mark.parametrize("name", KEYS)
def test_writing(lib: Any, name: str, what: str) -> None:
    key = allowed(lib, KEYS[name], write=True)
    shape = X[KEYS[name]].shape
    array_key = any(
        isinstance(k, np.ndarray) and k.ndim for k in (key if isinstance(key, tuple) else (KEYS[name],))
    )
    if array_key and lib.name == "strict" and what not in ("number", "0-d"):
        pytest.skip("the standard writes only 0-d arrays under a mask")
    rng = np.random.default_rng(1)
    value = {
        "number": 2.0,
        "0-d": rng.standard_normal(()),
        "array": rng.standard_normal(shape),
        "spread": rng.standard_normal(shape[-1:]),
        "itself": rng.standard_normal(shape),
    }[what]

    def f(x: Any, value: Any) -> Any:
        y = copied(x) * 2
        y[key] = value * value if what != "itself" else value * y[key]
        return y**3 * x

    check_gradients(
        f, lib.asarray(X, "float32"), lib.asarray(value, "float32") if what != "number" else value
    )


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("name_of_operator", OPERATORS)
def test_in_place_at_a_key(lib: Any, name: str, name_of_operator: str) -> None:
    key = allowed(lib, KEYS[name], write=True)
    apply = getattr(operator, f"i{name_of_operator}")
    if isinstance(KEYS[name], np.ndarray) and lib.name == "strict":
        pytest.skip("the standard writes only 0-d arrays under a mask")

    def f(x: Any, v: Any) -> Any:
        y = copied(x)
        y[key] = apply(y[key], v)  # what y[key] += v does
        return y * y

    check_gradients(f, lib.asarray(abs(X) + 0.5), lib.asarray(1.7), order=1)


@pytest.mark.parametrize("name", [*OPERATORS, "matmul"])
@pytest.mark.parametrize("other", ["array", "row", "number"])
def test_in_place_operators(lib: Any, name: str, other: str) -> None:
    if name == "matmul" and other != "array":
        pytest.skip("matmul takes no numbers, and a row would change the shape")
    apply = getattr(operator, f"i{name}")
    shape = (2, 2) if name == "matmul" else (3, 2, 2) if other == "array" else (2,)
    v = 1.3 if other == "number" else lib.asarray(np.random.default_rng(2).uniform(0.5, 2, shape), "float32")

    def f(x: Any, v: Any) -> Any:
        y = copied(x)
        before = y
        y = apply(y, v)
        assert y is before or name == "matmul"  # which array-api-strict does in a new array
        return y * x

    check_gradients(f, lib.asarray(np.random.default_rng(3).uniform(0.5, 2, (3, 2, 2)), "float32"), v)


def test_the_last_of_repeated_writes_wins(lib: Any) -> None:
    if lib.name == "strict":
        pytest.skip("the standard has no writing at integer arrays")
    index = lib.asarray([0, 1, 0, 1, 0])

    def f(v: Any) -> Any:
        y = array_namespace(v).zeros(3, dtype=v.dtype, device=v.device)
        y[index] = v
        return array_namespace(v).sum(y * y)

    v = lib.asarray([1.0, 2.0, 3.0, 4.0, 5.0])
    lib.assert_equal(nnx.grad(f)(v), [0.0, 0.0, 0.0, 8.0, 10.0])
    check_gradients(f, v)


def test_what_is_overwritten_has_no_derivative(lib: Any) -> None:
    def f(x: Any) -> Any:
        y = copied(x)
        y[0] = 1.0
        y[1] = y[1] * 3
        y[1] = y[0] * x[2]
        return array_namespace(x).sum(y * y)

    lib.assert_equal(nnx.grad(f)(lib.asarray([5.0, 6.0, 7.0])), [0.0, 0.0, 28.0])


def test_callers_arrays_stay_as_they_are(lib: Any) -> None:
    def f(x: Any, y: Any) -> Any:
        x[0] = 10.0
        x *= 2
        x += y
        y[...] = x
        return array_namespace(x).sum(x * y)

    x, y = lib.asarray([1.0, 2.0]), lib.asarray([3.0, 4.0])
    gx, gy = nnx.grad(f, argnums=(0, 1))(x, y)
    lib.assert_equal(x, [1.0, 2.0])
    lib.assert_equal(y, [3.0, 4.0])
    lib.assert_equal(gx, [0.0, 32.0])  # (2 x + y)²
    lib.assert_equal(gy, [46.0, 16.0])


def test_a_name_bound_before_an_operator_in_place_changes_with_it(lib: Any) -> None:
    def f(x: Any) -> Any:
        y = x * 2
        same = y
        y += 1
        return same * y

    check_gradients(f, lib.asarray([1.0, 2.0]))


def test_constants_become_differentiable_when_written(lib: Any) -> None:
    def f(x: Any) -> Any:
        xp = array_namespace(x)
        y = xp.zeros(4, dtype=x.dtype, device=x.device)
        for i in range(4):
            y[i] = x[i % 2] * (i + 1)
        return y**2

    check_gradients(f, lib.asarray([1.5, -0.5]))


# mistakes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "error", "message"),
    [
        (lambda x: operator.iadd(x[0], x), (ValueError, IndexError), "shape"),
        (lambda x: operator.setitem(x, slice(0, 2), x), (ValueError, IndexError), "shape|size|broadcast"),
        (lambda x: x[7], IndexError, "bounds"),
        (lambda x: operator.iadd(x, 1j), TypeError, "cast|complex|promot"),
    ],
)
def test_mistakes(lib: Any, f: Callable[..., Any], error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        nnx.grad(f)(lib.asarray([1.0, 2.0, 3.0]))


def test_a_derivative_is_not_lost_in_an_integer_array(lib: Any) -> None:
    def f(x: Any) -> Any:
        counts = array_namespace(x).zeros(3, dtype=lib.dtype("int64"), device=x.device)
        counts[0] = x[0]
        return x[0]

    with pytest.raises(nnx.DerivativeLostError, match="cannot carry a derivative"):
        nnx.grad(f)(lib.asarray([1.0, 2.0]))


# cost ----------------------------------------------------------------------------------------------------------


class Counting:
    """A namespace that counts how many elements its creation functions and copies make."""

    def __init__(self, xp: Any) -> None:
        self._xp = xp
        self.elements = 0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._xp, name)
        if name not in ("zeros", "zeros_like", "asarray", "add", "concat"):
            return found

        def counted(*args: Any, **kwargs: Any) -> Any:
            made = found(*args, **kwargs)
            self.elements += made.size
            return made

        return counted


@pytest.mark.parametrize("loop", ["reads", "writes", "both"])
def test_many_small_steps_share_one_buffer_on_the_way_back(
    monkeypatch: pytest.MonkeyPatch, loop: str
) -> None:
    n = 300
    library = library_of(np.ones(1))
    counting = Counting(library.fast)

    def f(x: Any) -> Any:
        y = x * 1 if loop != "reads" else x
        total = y[0]
        for i in range(1, n):
            if loop != "reads":
                y[i] = x[i] * 2.0
            if loop != "writes":
                total = total + y[i] * y[i - 1]
        return total if loop != "writes" else array_namespace(x).sum(y * y)

    x = np.linspace(0.0, 1.0, n)
    _, pullback = nnx.vjp(f, x)
    monkeypatch.setattr(library, "fast", counting)
    (g,) = pullback(np.ones(()))
    assert counting.elements <= 20 * n, "every step made a buffer of its own"
    monkeypatch.undo()
    check_gradients(f, x, order=1, modes=("vjp",), rtol=1e-5)
    assert g.shape == (n,)
