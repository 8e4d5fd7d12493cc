"""Einstein summation in functions of the standard, against NumPy's."""

from __future__ import annotations

import string
from typing import Any

import array_api_strict as strict
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nnx
from nnx.autodiff.einsum import einsum

SIZES = {"a": 2, "b": 3, "c": 4, "d": 1}
DEVICE = strict.Device("device1")


@st.composite
def sums(draw: Any) -> tuple[str, list[Any]]:
    """Subscripts over few letters, repeated ones and ellipses among them, and operands that fit."""
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    inputs = [draw(st.text("abcd", max_size=4)) for _ in range(draw(st.integers(1, 4)))]
    dots = [draw(st.sampled_from(["", "", "...", "...2"])) for _ in inputs]
    letters = sorted(set("".join(inputs)))
    kept = draw(st.permutations(letters))[: draw(st.integers(0, len(letters)))]
    parts = [("..." if d else "") + p for d, p in zip(dots, inputs, strict=True)]
    output = ("..." if any(dots) else "") + "".join(kept)
    leading = {"": (), "...": (3,), "...2": (2, 3)}
    operands = [
        rng.standard_normal(leading[d] + tuple(SIZES[c] for c in p))
        for d, p in zip(dots, inputs, strict=True)
    ]
    return f"{','.join(parts)}->{output}", operands


@given(sums())
def test_numpys_numbers(case: tuple[str, list[Any]]) -> None:
    subscripts, operands = case
    want = np.einsum(subscripts, *operands)
    np.testing.assert_allclose(einsum(np, subscripts, *operands), want, rtol=1e-10, atol=1e-10)


@given(sums())
def test_strict_library(case: tuple[str, list[Any]]) -> None:
    subscripts, operands = case
    got = einsum(strict, subscripts, *[strict.asarray(np.array(x), device=DEVICE) for x in operands])
    assert got.device == DEVICE
    np.testing.assert_allclose(
        np.asarray(got._array), np.einsum(subscripts, *operands), rtol=1e-10, atol=1e-10
    )


@given(sums())
def test_gradient_is_linear_in_each_operand(case: tuple[str, list[Any]]) -> None:
    """A sum of products is linear in each: the gradient times the operand is the sum."""
    subscripts, operands = case

    def total(*arrays: Any) -> Any:
        xp = nnx.array_namespace(*arrays)
        return xp.sum(einsum(xp, subscripts, *arrays))

    gradients = nnx.grad(total, argnums=tuple(range(len(operands))))(*operands)
    value = np.einsum(subscripts, *operands).sum()
    for g, x in zip(gradients, operands, strict=True):
        np.testing.assert_allclose((g * x).sum(), value, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("subscripts", ["ij,jk", "ii", "ba", "...i,i...", "i,j", "ij"])
def test_implicit_result(subscripts: str) -> None:
    rng = np.random.default_rng(3)
    operands = [rng.standard_normal((3,) * max(len(p.replace("...", "")), 1)) for p in subscripts.split(",")]
    np.testing.assert_allclose(einsum(np, subscripts, *operands), np.einsum(subscripts, *operands))


def test_lengths_of_one_broadcast() -> None:
    x, y = np.arange(6.0).reshape(2, 3), np.arange(2.0).reshape(2, 1)
    np.testing.assert_allclose(einsum(np, "ij,ij->j", x, y), np.einsum("ij,ij->j", x, y))


def test_empty_axes() -> None:
    x, y = np.ones((2, 0)), np.ones((0, 3))
    np.testing.assert_array_equal(einsum(np, "ij,jk->ik", x, y), np.zeros((2, 3)))


def test_integers_stay_integers() -> None:
    x = np.arange(6).reshape(2, 3)
    assert einsum(np, "ij,ij->i", x, x).dtype == x.dtype


@pytest.mark.parametrize(
    ("subscripts", "shapes", "message"),
    [
        ("ij,jk", [(2, 3)], "names 2 operands"),
        ("ij,jk->ik", [(2, 3), (4, 5)], "lengths 3 and 4"),
        ("ii", [(2, 3)], "'i'"),
        ("ijk", [(2, 3)], "2 axes"),
        ("i...", [()], "0 axes"),
        ("ij->ik", [(2, 3)], "unknown"),
        ("ij->ii", [(2, 3)], "repeats"),
        ("i1->i", [(2, 3)], "axes"),
    ],
)
def test_bad_subscripts(subscripts: str, shapes: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        einsum(np, subscripts, *[np.ones(shape) for shape in shapes])


def test_as_many_letters_as_there_are() -> None:
    letters = string.ascii_letters[:30]
    assert einsum(np, f"{letters}->{letters}", np.ones((1,) * 30)).shape == (1,) * 30
