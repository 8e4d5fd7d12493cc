"""Derivatives of the functions that make arrays out of arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import array_api_compat.numpy as compat_numpy
import numpy as np
import pytest

import nnx
from nnx.autodiff.rules import creation
from nnx.autodiff.traced import TracedArray
from nnx.testing import check_gradients

RNG = np.random.default_rng(6)
X = RNG.normal(size=(2, 4, 3))
A, B, C = RNG.normal(size=(2,)), RNG.normal(size=(3,)), RNG.normal(size=(4,))
S, T = np.asarray(0.7), np.asarray(-1.3)

CASES: list[tuple[str, Callable[..., Any], tuple[Any, ...]]] = [
    ("asarray", lambda xp, x: xp.asarray(x, copy=True) * x, (X,)),
    ("asarray", lambda xp, x: xp.asarray(x, dtype=xp.complex128) * 1j, (X,)),
    ("asarray", lambda xp, s, t: xp.asarray([[s, t], [t, 2.0]]), (S, T)),
    ("full", lambda xp, s: xp.full((2, 3), s), (S,)),
    ("full", lambda xp, s: xp.full(4, s), (S,)),
    ("full", lambda xp, s: xp.full((2, 0), s), (S,)),
    ("full", lambda xp, s: xp.full((), s, dtype=xp.complex128), (S,)),
    ("full_like", lambda xp, x, s: xp.full_like(x, s) * x, (X, S)),
    ("linspace", lambda xp, s, t: xp.linspace(s, t, 5), (S, T)),
    ("linspace", lambda xp, s, t: xp.linspace(s, t, num=5, endpoint=False), (S, T)),
    ("linspace", lambda xp, s: xp.linspace(s, 2.0, 4), (S,)),
    ("linspace", lambda xp, s: xp.linspace(0, s, 1), (S,)),
    ("linspace", lambda xp, s, t: xp.linspace(s, t, 0), (S, T)),
    ("linspace", lambda xp, s, t: xp.linspace(s, t, 1, endpoint=False), (S, T)),
    ("linspace", lambda xp, s, t: xp.linspace(s, t, 3, dtype=xp.complex128), (S, T)),
    ("meshgrid", lambda xp, a, b: xp.meshgrid(a, b), (A, B)),
    ("meshgrid", lambda xp, a, b, c: xp.meshgrid(a, b, c, indexing="ij"), (A, B, C)),
    ("meshgrid", lambda xp, a, b, c: xp.meshgrid(a, b, c), (A, B, C)),
    ("meshgrid", lambda xp, a, b, c: xp.meshgrid(a, b, c)[1] ** 2, (A, B, C)),
    ("meshgrid", lambda xp, a: xp.meshgrid(a), (A,)),
    ("tril", lambda xp, x: xp.tril(x), (X,)),
    ("tril", lambda xp, x: xp.tril(x, k=-1), (X,)),
    ("triu", lambda xp, x: xp.triu(x, k=1), (X,)),
    ("triu", lambda xp, x: xp.triu(x), (X,)),
]


def traced(f: Callable[..., Any]) -> Callable[..., Any]:
    """``f`` in the traced namespace: not every library's own functions take arrays in these places."""

    def g(*xs: Any) -> Any:
        if any(isinstance(x, TracedArray) for x in xs):
            return f(nnx.array_namespace(*xs), *xs)
        return nnx.vjp(g, *xs)[0]

    return g


@pytest.mark.parametrize("case", range(len(CASES)), ids=lambda i: f"{CASES[i][0]}-{i}")
def test_rule(lib: Any, case: int) -> None:
    _, f, arrays = CASES[case]
    check_gradients(traced(f), *(lib.asarray(a) for a in arrays))


@pytest.mark.parametrize("case", range(len(CASES)), ids=lambda i: f"{CASES[i][0]}-{i}")
def test_value_is_numpys(case: int) -> None:
    _, f, arrays = CASES[case]
    expected = f(compat_numpy, *arrays)
    got = traced(f)(*arrays)
    for e, g in zip(*(x if isinstance(x, tuple) else (x,) for x in (expected, got)), strict=True):
        np.testing.assert_allclose(g, e, rtol=1e-15)


def test_every_rule_has_a_case() -> None:
    assert set(creation.RULES) <= {name for name, *_ in CASES}


@pytest.mark.parametrize("name", ["full", "linspace", "meshgrid", "tril"])
def test_single_precision(lib: Any, name: str) -> None:
    functions: dict[str, Callable[[Any, Any], Any]] = {
        "full": lambda xp, x: xp.full((2,), x[1]),
        "linspace": lambda xp, x: xp.linspace(x[0], x[1], 4, dtype=x.dtype),
        "meshgrid": lambda xp, x: xp.meshgrid(x, x)[0],
        "tril": lambda xp, x: xp.tril(xp.stack([x, x])),
    }
    check_gradients(traced(functions[name]), lib.asarray(A, "float32"))


@pytest.mark.parametrize("name", ["zeros_like", "ones_like", "empty_like"])
def test_shapes_carry_no_derivative(lib: Any, name: str) -> None:
    def f(x: Any) -> Any:
        xp = nnx.array_namespace(x)
        made = getattr(xp, name)(x)
        assert nnx.array_namespace(made) is xp
        return xp.sum(x) + xp.sum(0 * xp.astype(made == made, x.dtype))

    lib.assert_equal(nnx.grad(f)(lib.asarray([1.0, 2.0])), [1.0, 1.0])


def test_made_arrays_are_of_the_namespace(lib: Any) -> None:
    def f(x: Any) -> Any:
        xp, place = nnx.array_namespace(x), {"dtype": x.dtype, "device": x.device}
        made = [
            xp.arange(2, **place),
            xp.empty((2,), **place) * 0,
            xp.ones(2, **place),
            xp.zeros((2,), **place),
            xp.eye(2, **place)[0, ...],
        ]
        assert all(nnx.array_namespace(m) is xp for m in made)
        return xp.sum(x * sum(made))

    lib.assert_equal(nnx.grad(f)(lib.asarray([1.0, 2.0])), [2.0, 2.0])
