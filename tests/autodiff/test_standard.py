"""Every function of the standard: that nnx knows it, and that its derivatives are right."""

from __future__ import annotations

import inspect
from collections import defaultdict
from typing import Any

import array_api_strict as strict
import numpy as np
import pytest

import nnx
from nnx.autodiff import composite
from nnx.autodiff.rules import NO_DERIVATIVE, RULES
from nnx.autodiff.tree import is_array, leaves

from . import rows_elementwise, rows_linalg, rows_shapes
from .standard import FUNCTIONS, Row, run, signature

ROWS: list[Row] = [*rows_elementwise.ROWS, *rows_shapes.ROWS, *rows_linalg.ROWS]
DIFFERENTIABLE = [name for name in FUNCTIONS if name not in NO_DERIVATIVE]
CASES = [pytest.param(row, kind, id=f"{row}-{kind}") for row in ROWS for kind in row.kinds]

# Arrays that must not be written to stand for NumPy.
LIBRARIES = ["numpy-read-only", "strict", pytest.param("cupy", marks=pytest.mark.gpu)]

# Parameters without a meaning for derivatives, and those that a sample call passes as an array.
NO_MATTER = {"device", "copy", "stable"}


def test_the_list_of_functions_is_that_of_the_standard() -> None:
    assert len(FUNCTIONS) > 170
    assert {"sin", "linalg.svd", "fft.irfftn", "take_along_axis", "isin", "broadcast_shapes"} <= set(
        FUNCTIONS
    )


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_has_a_rule_or_a_place_among_those_without_derivative(name: str) -> None:
    known = (name in RULES or name in composite.FUNCTIONS, name in NO_DERIVATIVE)
    assert sum(known) == 1, (
        f"{name}: a rule {known[0]}, without derivative {known[1]}; expected one of the two"
    )


def test_no_rule_is_for_a_function_that_does_not_exist() -> None:
    beyond = {
        "to_device",
        "linalg.eig",
        "linalg.eigvals",
    }  # a method, and two that array-api-strict does not have yet
    assert (set(RULES) | NO_DERIVATIVE | set(composite.FUNCTIONS)) - set(FUNCTIONS) <= beyond


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_every_differentiable_function_has_sample_calls(name: str) -> None:
    assert any(row.name == name for row in ROWS)


def test_the_sample_calls_use_every_keyword() -> None:
    seen: dict[str, set[str]] = defaultdict(set)
    with np.errstate(all="ignore"):
        for row in ROWS:
            run(row, _Watched(strict, seen), row.arguments(_on_strict, row.kinds[0], single=False))
    unused = {
        f"{name}({parameter})"
        for name in DIFFERENTIABLE
        for parameter in signature(name).parameters
        if parameter not in seen[name] | NO_MATTER
    }
    assert not unused


def _on_strict(x: Any, dtype: str | None) -> Any:
    return strict.asarray(x, dtype=getattr(strict, dtype or x.dtype.name))


class _Watched:
    """A namespace that notes which parameters its functions are called with."""

    def __init__(self, xp: Any, seen: dict[str, set[str]], prefix: str = "") -> None:
        self._xp, self._seen, self._prefix = xp, seen, prefix

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._xp, name)
        if inspect.ismodule(found):
            return _Watched(found, self._seen, f"{name}.")
        full = self._prefix + name
        if full not in FUNCTIONS:
            return found

        def watched(*args: Any, **kwargs: Any) -> Any:
            self._seen[full] |= set(signature(full).bind(*args, **kwargs).arguments)
            return found(*args, **kwargs)

        return watched


@pytest.mark.parametrize("lib", LIBRARIES, indirect=True)
@pytest.mark.parametrize(("row", "kind"), CASES)
def test_derivatives(lib: Any, row: Row, kind: str, compiled_alike: Any) -> None:
    """In single precision, which is checked in double as well; and compiled, to the bit."""
    args, f = row.arguments(lib.asarray, kind, single=row.narrow), row.function(nnx.array_namespace)
    nnx.testing.check_gradients(f, *args, order=row.order)

    def pulled_back(*args: Any) -> Any:
        out, pull = nnx.vjp(lambda args: f(*args), args)  # numbers among arrays stay
        return out, pull(out)

    with np.errstate(all="ignore"):
        inexact = all(lib.backend.is_inexact(x.dtype) for x in leaves((args, f(*args))) if is_array(x))
        compiled_alike(lib, pulled_back if inexact else f, *args)


@pytest.mark.parametrize("lib", LIBRARIES, indirect=True)
@pytest.mark.parametrize(
    "vectors",
    [
        lambda xp, x: xp.linalg.eigh(x)[1],
        lambda xp, x: xp.linalg.svd(x)[0],
        lambda xp, x: xp.linalg.svd(x)[2],
    ],
)
def test_vectors_of_equal_values_are_refused_at_every_order(lib: Any, vectors: Any) -> None:
    """Also where the cotangent is zero, and only its own derivative asks for them."""
    x, t = lib.asarray(np.eye(2)), lib.asarray([[0.0, 1.0], [1.0, 0.0]])

    def f(x: Any) -> Any:
        return vectors(nnx.array_namespace(x), x)

    def loss(x: Any) -> Any:
        return nnx.array_namespace(x).sum((f(x) - nnx.stop_gradient(f(x))) ** 2)

    for derivative in (
        lambda: nnx.vjp(f, x)[1](lib.asarray([[1.0, 2.0], [3.0, 4.0]])),
        lambda: nnx.jvp(f, (x,), (t,)),
        lambda: nnx.hvp(loss, (x,), (t,)),
    ):
        with pytest.raises(nnx.NotDifferentiableError, match="of equal"):
            derivative()
