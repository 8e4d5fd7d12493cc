"""Decompositions at equal and at zero values: every derivative is right, or refused by name; none is a guess.

Derivatives are compared with those of a polynomial through the function's values on a line.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import nnx

from .differences import LIBRARIES, Library

Function = Callable[[Any, Any], Any]

NODES = np.cos(np.pi * (np.arange(17) + 0.5) / 17)
INVERSE = np.linalg.inv(np.polynomial.polynomial.polyvander(NODES, 16))
STEP = 0.08


def adjoint(xp: Any, x: Any) -> Any:
    return (xp.conj(x) if xp.isdtype(x.dtype, "complex floating") else x).mT


def both(f: Function) -> Function:
    """U f(S) Vh."""

    def function(xp: Any, x: Any) -> Any:
        u, s, vh = xp.linalg.svd(x, full_matrices=False)
        return (u * f(xp, s)[..., None, :]) @ vh

    return function


def left(f: Function) -> Function:
    """U f(S) Uh."""

    def function(xp: Any, x: Any) -> Any:
        u, s, _ = xp.linalg.svd(x, full_matrices=False)
        return (u * f(xp, s)[..., None, :]) @ adjoint(xp, u)

    return function


def right(f: Function) -> Function:
    """V f(S) Vh."""

    def function(xp: Any, x: Any) -> Any:
        _, s, vh = xp.linalg.svd(x, full_matrices=False)
        return (adjoint(xp, vh) * f(xp, s)[..., None, :]) @ vh

    return function


def of_eigh(f: Function) -> Function:
    """V f(W) Vh."""

    def function(xp: Any, x: Any) -> Any:
        w, v = xp.linalg.eigh((x + adjoint(xp, x)) / 2)
        return (v * f(xp, w)[..., None, :]) @ adjoint(xp, v)

    return function


def polar(xp: Any, x: Any) -> Any:
    u, _, vh = xp.linalg.svd(x, full_matrices=False)
    return u @ vh


def polar_and_values(xp: Any, x: Any) -> Any:
    u, s, vh = xp.linalg.svd(x, full_matrices=False)
    return u @ vh * xp.sum(s)


def first(xp: Any, x: Any) -> Any:
    u, s, vh = xp.linalg.svd(x, full_matrices=False)
    return (u[:, :1] * s[:1]) @ vh[:1, :]


def first_direction(xp: Any, x: Any) -> Any:
    u = xp.linalg.svd(x, full_matrices=False).U[:, :1]
    return u @ adjoint(xp, u)


def last_eigenvector(xp: Any, x: Any) -> Any:
    v = xp.linalg.eigh((x + adjoint(xp, x)) / 2)[1][:, -1:]
    return v @ adjoint(xp, v)


SPECTRAL: dict[str, Function] = {
    "U S Vh": both(lambda _xp, s: s),
    "U (S + S³) Vh": both(lambda _xp, s: s + s**3),
    "U S² Uh": left(lambda _xp, s: s**2),
    "V exp(-S²) Vh": right(lambda xp, s: xp.exp(-(s**2))),
    "sum S⁴": lambda xp, x: xp.sum(xp.linalg.svdvals(x) ** 4),
}
AT_FULL_RANK: dict[str, Function] = {
    "U S² Vh": both(lambda _xp, s: s**2),
    "U (S - 1) Vh": both(lambda _xp, s: s - 1),
    "U Vh sum S": polar_and_values,
    "U S Uh": left(lambda _xp, s: s),
}
# The derivatives that have to be right at equal values, gradients and jvp.
RIGHT: dict[str, Function] = {
    "U Vh": polar,
    "sum S³": lambda xp, x: xp.sum(xp.linalg.svdvals(x) ** 3),
    "sum S": lambda xp, x: xp.sum(xp.linalg.svd(x, full_matrices=False).S),
}
SHAPES = [(3, 3), (4, 3), (3, 5)]
EMPTY = [(0, 3), (3, 0), (0, 0), (2, 0, 3)]


def drawn(rng: Any, shape: tuple[int, ...], kind: str) -> Any:
    x = rng.standard_normal(shape)
    return x + 1j * rng.standard_normal(shape) if kind == "complex" else x


def matrix(rng: Any, shape: tuple[int, int], values: Any, kind: str) -> Any:
    p, q = (np.linalg.qr(drawn(rng, (n, 3), kind))[0] for n in shape)
    return p * np.asarray(values) @ np.conj(q.T)


def taylor(f: Callable[[float], Any], order: int) -> Any:
    """The derivative of a function of one number at zero."""
    y = np.array([f(STEP * t) for t in NODES])
    return np.tensordot(INVERSE, y, 1)[order] / STEP**order * (1, 1, 2, 6)[order]


def outcomes(function: Function, x: Any, seed: int) -> dict[str, str]:
    """Whether each derivative is right, refused or wrong."""
    rng = np.random.default_rng(seed)
    kind = "complex" if np.iscomplexobj(x) else "real"
    t = drawn(rng, x.shape, kind)
    skew = t - np.conj(t.T) if x.shape[0] == x.shape[1] else t
    weights = drawn(rng, np.shape(function(np, x)), kind)

    def plain(x: Any) -> Any:
        return function(nnx.array_namespace(x), x)

    def loss(x: Any) -> Any:
        xp = nnx.array_namespace(x)
        return xp.sum(xp.real(plain(x) * nnx.lift(np.asarray(weights)) + 0j))

    def square(x: Any) -> Any:
        xp = nnx.array_namespace(x)
        return xp.sum(xp.abs(plain(x) - nnx.lift(np.asarray(weights))) ** 2)

    def slope(x: Any, f: Any = loss) -> Any:
        return nnx.jvp(f, (x,), (nnx.lift(t),))[1]

    def on_line(f: Any, t: Any = t) -> Callable[[float], Any]:
        return lambda e: f(x + e * t)

    cases: dict[str, tuple[Callable[[], Any], Any, float]] = {
        "jvp": (lambda: nnx.jvp(plain, (x,), (t,))[1], taylor(on_line(plain), 1), 1e-6),
        "jvp, skew": (lambda: nnx.jvp(plain, (x,), (skew,))[1], taylor(on_line(plain, skew), 1), 1e-6),
        "third": (
            lambda: nnx.jvp(lambda x: slope(x, slope), (x,), (t,))[1],
            taylor(on_line(loss), 3),
            1e-4,
        ),
    }
    for name, f in (("", loss), (" of a square", square)):
        want = taylor(on_line(f), 1)
        cases["gradient" + name] = (lambda f=f: np.sum((nnx.grad(f)(x) * t).real), want, 1e-6)
        want = taylor(on_line(f), 2)
        cases["hvp" + name] = (lambda f=f: np.sum((nnx.hvp(f, (x,), (t,))[0] * t).real), want, 1e-6)
    return {name: outcome(*case) for name, case in cases.items()}


def outcome(call: Callable[[], Any], want: Any, tolerance: float) -> str:
    try:
        got = call()
    except nnx.NotDifferentiableError as error:
        named = any(name in str(error) for name in (" in svd", " of svd", " in eig"))
        return "refused" if named else f"wrong refusal: {error}"
    off = np.max(np.abs(got - want)) / max(1, np.max(np.abs(want)))
    return "right" if off <= tolerance else f"wrong by {off}"


of_both_kinds = pytest.mark.parametrize("kind", ["real", "complex"])
of_shapes = pytest.mark.parametrize("shape", SHAPES, ids=str)


@of_both_kinds
@of_shapes
@pytest.mark.parametrize(
    "values", [(1, 1, 1), (2, 1, 1), (2, 2, 1), (2, 1, 0), (1, 0, 0), (0, 0, 0)], ids=str
)
def test_svd_is_right_or_refuses(kind: str, shape: tuple[int, int], values: tuple[float, ...]) -> None:
    x = matrix(np.random.default_rng(7), shape, values, kind)
    functions = SPECTRAL | (AT_FULL_RANK if all(values) else {})
    for seed, (name, function) in enumerate(functions.items()):
        for what, found in outcomes(function, x, seed).items():
            assert not found.startswith("wrong"), (name, what, found)


@of_both_kinds
@of_shapes
@pytest.mark.parametrize("values", [(1, 1, 1), (2, 1, 1), (2, 2, 1)], ids=str)
def test_polar_factors_and_values_are_right(
    kind: str, shape: tuple[int, int], values: tuple[float, ...]
) -> None:
    x = matrix(np.random.default_rng(8), shape, values, kind)
    for name, function in RIGHT.items():
        found = outcomes(function, x, 3)
        for what in ("gradient", "gradient of a square", "jvp", "jvp, skew"):
            assert found[what] == "right", (name, what, found)
        assert not any(f.startswith("wrong") for f in found.values()), (name, found)


@of_both_kinds
@of_shapes
@pytest.mark.parametrize("values", [(2, 1, 1), (2, 0, 0), (3, 1, 0)], ids=str)
def test_vectors_that_are_not_used_do_not_matter(
    kind: str, shape: tuple[int, int], values: tuple[float, ...]
) -> None:
    x = matrix(np.random.default_rng(9), shape, values, kind)
    for name, function in (("first", first), ("direction", first_direction)):
        found = outcomes(function, x, 4)
        for what in ("gradient", "gradient of a square", "jvp", "jvp, skew"):
            assert found[what] == "right", (name, what, found)
        assert not any(f.startswith("wrong") for f in found.values()), (name, found)


@of_both_kinds
@pytest.mark.parametrize("values", [(1, 1, 1), (1, 1, 2), (1, 2, 2), (0, 0, 1)], ids=str)
def test_eigh_is_right_or_refuses(kind: str, values: tuple[float, ...]) -> None:
    q = np.linalg.qr(drawn(np.random.default_rng(5), (3, 3), kind))[0]
    x = q * np.asarray(values) @ np.conj(q.T)
    functions: dict[str, Function] = {
        "V W Vh": of_eigh(lambda _xp, w: w),
        "V W² Vh": of_eigh(lambda _xp, w: w**2),
        "sum W²": lambda xp, x: xp.sum(xp.linalg.eigvalsh((x + adjoint(xp, x)) / 2) ** 2),
    }
    for seed, (name, function) in enumerate(functions.items()):
        found = outcomes(function, x, seed)
        assert not any(f.startswith("wrong") for f in found.values()), (name, found)
    if values[1] < values[2]:
        found = outcomes(last_eigenvector, x, 4)
        assert found["jvp"] == found["gradient"] == "right", found


@pytest.mark.parametrize("values", [(1, 1, 1), (1, 1, 2), (0, 0, 1), (1, 2, 3)], ids=str)
def test_eig_is_right_or_refuses(values: tuple[float, ...]) -> None:
    basis = drawn(np.random.default_rng(5), (3, 3), "real") + 2 * np.eye(3)
    x = np.eye(3) if values == (1, 1, 1) else basis * np.asarray(values) @ np.linalg.inv(basis)

    def squared(xp: Any, x: Any) -> Any:
        w, v = xp.linalg.eig(x)
        return xp.real((v * (w**2)[None, :]) @ xp.linalg.inv(v))

    t, weights = (drawn(np.random.default_rng(n), (3, 3), "real") for n in (1, 2))
    want = x @ t + t @ x

    def loss(x: Any) -> Any:
        xp = nnx.array_namespace(x)
        return xp.sum(squared(xp, x) * nnx.lift(weights))

    found = {
        outcome(lambda: nnx.jvp(lambda x: squared(nnx.array_namespace(x), x), (x,), (t,))[1], want, 1e-6),
        outcome(lambda: np.sum(nnx.grad(loss)(x) * t), np.sum(want * weights), 1e-6),
    }
    assert found == ({"right"} if values[0] < values[1] else {"refused"})


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_all_are_right_where_values_are_apart(shape: tuple[int, int]) -> None:
    for kind in ("real", "complex"):
        x = matrix(np.random.default_rng(6), shape, (3, 2, 1), kind)
        for name, function in (SPECTRAL | AT_FULL_RANK | RIGHT | {"first": first}).items():
            assert set(outcomes(function, x, 2).values()) == {"right"}, name


@pytest.mark.parametrize("library", LIBRARIES, ids=repr)
def test_every_library_refuses(library: Library) -> None:
    def square(x: Any) -> Any:
        return SPECTRAL["U S Vh"](nnx.array_namespace(x), x)

    x, t = np.stack([np.diag([3.0, 2, 1]), np.eye(3)]), np.zeros((2, 3, 3))
    t[0] = 1
    _, found = nnx.jvp(square, (library.array(x),), (library.array(t),))  # the second is not asked for
    np.testing.assert_allclose(library.numpy(found), t, atol=1e-12)
    with pytest.raises(nnx.NotDifferentiableError, match="equal singular values in svd"):
        nnx.jvp(square, (library.array(x),), (library.array(t[::-1]),))


@pytest.mark.parametrize("library", LIBRARIES, ids=repr)
@pytest.mark.parametrize(("shape", "full"), list(itertools.product(EMPTY, [False, True])))
def test_svd_of_empty_matrices(library: Library, shape: tuple[int, ...], full: bool) -> None:
    def loss(x: Any) -> Any:
        xp = nnx.array_namespace(x)
        u, s, vh = xp.linalg.svd(x, full_matrices=full)
        k = s.shape[-1]
        return xp.sum(u[..., :, :k]) + xp.sum(s) + xp.sum(vh[..., :k, :])

    def values(x: Any) -> Any:
        xp = nnx.array_namespace(x)
        return xp.sum(xp.linalg.svdvals(x) ** 2)

    x = library.array(np.zeros(shape))
    for f in (loss, values):
        assert nnx.grad(f)(x).shape == shape
        assert nnx.hvp(f, (x,), (x,))[0].shape == shape


@of_both_kinds
@pytest.mark.parametrize("noise", [0.0, 1e-9, 1e-7, 1e-5])
def test_second_derivatives_of_polar_factors_near_a_rotation(kind: str, noise: float) -> None:
    """Of Re tr(Wᴴ polar(X)), which has no kink there; where X is a rotation to rounding they may be refused."""
    rng = np.random.default_rng(12)
    x, t, weights = (drawn(rng, (3, 3), kind) for _ in range(3))
    x = np.linalg.qr(x)[0] + noise * drawn(rng, (3, 3), kind)

    def loss(x: Any) -> Any:
        xp = nnx.array_namespace(x)
        return xp.sum(xp.real(polar(xp, x) * nnx.lift(np.asarray(weights)) + 0j))

    want = taylor(lambda e: loss(x + e * t), 2)
    found = outcome(lambda: np.sum((nnx.hvp(loss, (x,), (t,))[0] * t).real), want, 1e-6)
    assert found == "right" or (noise == 0 and found == "refused")
