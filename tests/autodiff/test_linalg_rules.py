"""Derivatives of products, norms, determinants and solutions of linear systems."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import nnx
from nnx.autodiff.rules import RULES

from .differences import LIBRARIES, Library, check, gradient

on_all = pytest.mark.parametrize("library", LIBRARIES, ids=repr)
of_both_kinds = pytest.mark.parametrize("kind", ["real", "complex"])


def data(*shape: int, kind: str = "real", seed: int = 3) -> Any:
    rng = np.random.default_rng(seed + sum(shape))
    x = rng.standard_normal(shape)
    return x + 1j * rng.standard_normal(shape) if kind == "complex" else x


def regular(*shape: int, kind: str = "real") -> Any:
    """Well-conditioned square matrices."""
    return data(*shape, kind=kind) + 2 * math.sqrt(shape[-1]) * np.eye(shape[-1])


# products --------------------------------------------------------------------------------------------------

MATMULS = [
    ((3,), (3,)),
    ((3,), (3, 2)),
    ((3,), (4, 3, 2)),
    ((2, 3), (3,)),
    ((4, 2, 3), (3,)),
    ((5, 4, 2, 3), (3,)),
    ((2, 3), (3, 4)),
    ((5, 2, 3), (3, 4)),
    ((2, 3), (5, 3, 4)),
    ((5, 2, 3), (5, 3, 4)),
    ((5, 1, 2, 3), (2, 3, 4)),
    ((1, 2, 3), (5, 3, 4)),
    ((5, 2, 3), (1, 3, 4)),
    ((6, 5, 2, 3), (3, 4)),
    ((0, 3), (3, 2)),
    ((2, 0), (0, 3)),
    ((0, 2, 3), (3, 2)),
    ((0,), (0, 3)),
]


@on_all
@of_both_kinds
@pytest.mark.parametrize(("x", "y"), MATMULS, ids=str)
def test_matmul(library: Library, kind: str, x: tuple[int, ...], y: tuple[int, ...]) -> None:
    x, y = data(*x, kind=kind), data(*y, kind=kind, seed=4)
    check(library, lambda xp, x, y: xp.matmul(x, y), x, y)
    check(library, lambda _xp, x, y: x @ y, x, y, order=1)
    check(library, lambda xp, x, y: xp.linalg.matmul(x, y), x, y, order=1)
    check(library, lambda xp, x: xp.matmul(x, xp.asarray(library.array(y))), x)
    check(library, lambda xp, y: xp.matmul(xp.asarray(library.array(x)), y), y)


@on_all
def test_matmul_of_real_and_complex(library: Library) -> None:
    check(library, lambda xp, x, y: xp.matmul(x, y), data(2, 3), data(3, 2, kind="complex"))


@on_all
@of_both_kinds
@pytest.mark.parametrize(
    ("x", "y", "axes"),
    [
        ((2, 3, 4), (3, 4, 5), 2),
        ((2, 3), (3, 5), 1),
        ((2, 3), (4,), 0),
        ((2,), (), 0),
        ((2, 3), (2, 3), 2),
        ((2, 3, 4), (5, 4, 2), ((0, 2), (2, 1))),
        ((2, 3, 4), (4, 2, 5), ((2, 0), (0, 1))),
        ((2, 3, 4), (4, 2, 5), ((-1, -3), (-3, -2))),
        ((3, 2, 4), (2, 5, 3), ((0, 1), (2, 0))),
        ((2, 3), (4, 5), ((), ())),
        ((0, 3), (3, 2), 1),
        ((2, 0), (0, 3), 1),
    ],
    ids=str,
)
def test_tensordot(library: Library, kind: str, x: tuple[int, ...], y: tuple[int, ...], axes: Any) -> None:
    x, y = data(*x, kind=kind), data(*y, kind=kind, seed=4)
    check(library, lambda xp, x, y: xp.tensordot(x, y, axes=axes), x, y)
    check(library, lambda xp, x, y: xp.linalg.tensordot(x, y, axes=axes), x, y, order=1)


@on_all
@of_both_kinds
@pytest.mark.parametrize(
    ("x", "y", "axis"),
    [
        ((3,), (3,), -1),
        ((2, 3), (3,), -1),
        ((3,), (2, 3), -1),
        ((2, 3, 4), (3, 4), -2),
        ((3, 1), (2, 3, 4), -2),
        ((2, 1, 3), (4, 3), -1),
        ((0, 3), (3,), -1),
        ((2, 0), (2, 0), -1),
    ],
    ids=str,
)
def test_vecdot(library: Library, kind: str, x: tuple[int, ...], y: tuple[int, ...], axis: int) -> None:
    x, y = data(*x, kind=kind), data(*y, kind=kind, seed=4)
    check(library, lambda xp, x, y: xp.vecdot(x, y, axis=axis), x, y)
    check(library, lambda xp, x, y: xp.linalg.vecdot(x, y, axis=axis), x, y, order=1)


def test_axes_counted_from_the_front() -> None:
    library = LIBRARIES[0]  # the standard has negative axes only, NumPy both
    x, y = data(3, 2), data(3, 2, seed=4)
    check(library, lambda xp, x, y: xp.vecdot(x, y, axis=0), x, y)
    check(library, lambda xp, x, y: xp.linalg.cross(x, y, axis=0), x, y)


@on_all
@of_both_kinds
@pytest.mark.parametrize(
    ("x", "y", "axis"),
    [
        ((3,), (3,), -1),
        ((2, 3), (3,), -1),
        ((3, 4), (2, 3, 1), -2),
        ((3, 2, 1), (3, 1, 4), -3),
        ((0, 3), (3,), -1),
    ],
    ids=str,
)
def test_cross(library: Library, kind: str, x: tuple[int, ...], y: tuple[int, ...], axis: int) -> None:
    args = data(*x, kind=kind), data(*y, kind=kind, seed=4)
    check(library, lambda xp, x, y: xp.linalg.cross(x, y, axis=axis), *args)


@on_all
@of_both_kinds
@pytest.mark.parametrize(("m", "n"), [(3, 4), (1, 2), (0, 2)])
def test_outer(library: Library, kind: str, m: int, n: int) -> None:
    check(library, lambda xp, x, y: xp.linalg.outer(x, y), data(m, kind=kind), data(n, kind=kind, seed=4))


# structure -------------------------------------------------------------------------------------------------


@on_all
@of_both_kinds
def test_matrix_transpose(library: Library, kind: str) -> None:
    check(library, lambda xp, x: xp.matrix_transpose(x) ** 2, data(2, 3, 4, kind=kind))
    check(library, lambda xp, x: xp.linalg.matrix_transpose(x) ** 2, data(2, 3, kind=kind))
    check(library, lambda _xp, x: x.mT**2, data(2, 3, kind=kind))


@on_all
@of_both_kinds
@pytest.mark.parametrize("shape", [(3, 3), (2, 4), (2, 4, 3), (0, 3, 3), (0, 0)], ids=str)
@pytest.mark.parametrize("offset", [0, 1, -1, 2, -3])
def test_diagonal_and_trace(library: Library, kind: str, shape: tuple[int, ...], offset: int) -> None:
    x = data(*shape, kind=kind)
    if abs(offset) <= min(shape[-2:]):
        check(library, lambda xp, x: xp.linalg.diagonal(x, offset=offset) ** 2, x)
    check(library, lambda xp, x: xp.linalg.trace(x, offset=offset) ** 2, x)


@on_all
def test_trace_in_another_precision(library: Library) -> None:
    x = library.array(data(3, 3).astype(np.float32))

    def loss(x: Any) -> Any:
        xp = nnx.autodiff.array_namespace(x)
        return xp.linalg.trace(x, dtype=xp.float64)

    g = nnx.grad(loss)(x)
    assert g.dtype == x.dtype
    np.testing.assert_array_equal(library.numpy(g), np.eye(3))


@on_all
def test_trace_of_infinity_puts_zeros_off_the_diagonal(library: Library) -> None:
    def loss(x: Any) -> Any:
        return nnx.autodiff.array_namespace(x).linalg.trace(x) * float("inf")

    g = library.numpy(nnx.grad(loss)(library.array(np.ones((2, 2)))))
    np.testing.assert_array_equal(g, [[np.inf, 0], [0, np.inf]])


# determinants, inverses, systems ---------------------------------------------------------------------------


@on_all
@of_both_kinds
@pytest.mark.parametrize("shape", [(0, 0), (1, 1), (2, 2), (3, 3), (4, 4), (2, 5, 5), (0, 4, 4)], ids=str)
def test_det(library: Library, kind: str, shape: tuple[int, ...]) -> None:
    check(library, lambda xp, x: xp.linalg.det(x), data(*shape, kind=kind))


@on_all
@of_both_kinds
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("lost", [1, 2, 3, 5])
def test_det_of_singular_matrices(library: Library, kind: str, n: int, lost: int) -> None:
    rank = max(n - lost, 0)
    x = data(n, rank, kind=kind) @ data(rank, n, kind=kind, seed=4)
    check(library, lambda xp, x: xp.linalg.det(x), x)


@on_all
@pytest.mark.parametrize("n", [2, 4, 6])
def test_det_at_equal_singular_values(library: Library, n: int) -> None:
    check(library, lambda xp, x: xp.linalg.det(x), np.eye(n))
    check(library, lambda xp, x: xp.linalg.det(x), np.diag([2.0] * (n - 1) + [0.0]))


@on_all
def test_det_with_an_infinity_gives_nan_there_only(library: Library) -> None:
    x = data(2, 4, 4)
    x[0, 1, 2] = np.inf

    def loss(x: Any) -> Any:
        xp = nnx.autodiff.array_namespace(x)
        return xp.linalg.det(x)[1]

    with np.errstate(invalid="ignore"):
        g = library.numpy(nnx.grad(loss)(library.array(x)))
    assert np.isnan(g[0]).any()
    np.testing.assert_allclose(g[1], np.linalg.det(x[1]) * np.linalg.inv(x[1]).T)


@on_all
@of_both_kinds
@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (2, 4, 4), (0, 3, 3), (0, 0)], ids=str)
def test_slogdet(library: Library, kind: str, shape: tuple[int, ...]) -> None:
    x = data(*shape, kind=kind)
    check(library, lambda xp, x: tuple(xp.linalg.slogdet(x)), x)
    check(library, lambda xp, x: xp.linalg.slogdet(x).logabsdet, x)
    check(library, lambda xp, x: xp.linalg.slogdet(x).sign, x)


@on_all
def test_slogdet_of_a_singular_matrix_in_a_batch(library: Library) -> None:
    x = np.stack([np.ones((2, 2)), np.eye(2)])

    def picked(i: int) -> Any:
        def loss(x: Any) -> Any:
            return nnx.autodiff.array_namespace(x).linalg.slogdet(x)[1][i]

        return library.numpy(nnx.grad(loss)(library.array(x)))

    np.testing.assert_array_equal(picked(1), [np.zeros((2, 2)), np.eye(2)])
    assert np.isnan(picked(0)[0]).any()


@on_all
@of_both_kinds
@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (2, 3, 3), (0, 3, 3), (0, 0)], ids=str)
def test_inv(library: Library, kind: str, shape: tuple[int, ...]) -> None:
    check(library, lambda xp, x: xp.linalg.inv(x), data(*shape, kind=kind))


@on_all
@of_both_kinds
@pytest.mark.parametrize(
    ("x", "y"),
    [
        ((3, 3), (3,)),
        ((3, 3), (3, 2)),
        ((2, 3, 3), (3,)),
        ((4, 2, 3, 3), (3,)),
        ((2, 3, 3), (2, 3, 4)),
        ((2, 3, 3), (3, 4)),
        ((3, 3), (2, 3, 4)),
        ((5, 1, 3, 3), (2, 3, 1)),
        ((0, 3, 3), (3, 1)),
        ((0, 0), (0, 2)),
    ],
    ids=str,
)
def test_solve(library: Library, kind: str, x: tuple[int, ...], y: tuple[int, ...]) -> None:
    x, y = regular(*x, kind=kind), data(*y, kind=kind, seed=4)
    check(library, lambda xp, x, y: xp.linalg.solve(x, y), x, y)
    check(library, lambda xp, x: xp.linalg.solve(x, xp.asarray(library.array(y))), x)
    check(library, lambda xp, y: xp.linalg.solve(xp.asarray(library.array(x)), y), y)


@on_all
@of_both_kinds
@pytest.mark.parametrize("n", [-3, -2, -1, 0, 1, 2, 3, 5, 8])
@pytest.mark.parametrize("shape", [(3, 3), (2, 2, 2), (0, 2, 2)], ids=str)
def test_matrix_power(library: Library, kind: str, n: int, shape: tuple[int, ...]) -> None:
    check(library, lambda xp, x: xp.linalg.matrix_power(x, n), regular(*shape, kind=kind) / 2)


@on_all
@of_both_kinds
@pytest.mark.parametrize("shape", [(3, 3), (4, 2), (2, 4), (2, 3, 2), (0, 3, 2), (1, 3)], ids=str)
@pytest.mark.parametrize("options", [{}, {"rtol": 1e-3}], ids=str)
def test_pinv(library: Library, kind: str, shape: tuple[int, ...], options: dict[str, float]) -> None:
    check(library, lambda xp, x: xp.linalg.pinv(x, **options), data(*shape, kind=kind))


@on_all
@of_both_kinds
def test_pinv_at_constant_rank(library: Library, kind: str) -> None:
    left, right = data(4, 2, kind=kind), data(2, 3, kind=kind)
    check(library, lambda xp, x, y: xp.linalg.pinv(x @ y, rtol=1e-6), left, right)


@on_all
def test_matrix_rank_has_no_derivative(library: Library) -> None:
    def loss(x: Any) -> Any:
        xp = nnx.autodiff.array_namespace(x)
        return xp.sum(x) * xp.astype(xp.linalg.matrix_rank(x), x.dtype)

    np.testing.assert_array_equal(
        library.numpy(nnx.grad(loss)(library.array(np.eye(2)))), 2 * np.ones((2, 2))
    )


# norms -----------------------------------------------------------------------------------------------------

ORDERS = [0, 1, 2, 3, 0.5, 1.5, 2.5, -1, -2, -0.5, math.inf, -math.inf]


@on_all
@of_both_kinds
@pytest.mark.parametrize("ord", ORDERS)
@pytest.mark.parametrize("axis", [None, 0, -1, (0, 1), (2, 0), (-1,)], ids=str)
@pytest.mark.parametrize("keepdims", [False, True])
def test_vector_norm(library: Library, kind: str, ord: float, axis: Any, keepdims: bool) -> None:
    x = data(2, 3, 4, kind=kind) + 3  # away from the kinks
    check(library, lambda xp, x: xp.linalg.vector_norm(x, axis=axis, keepdims=keepdims, ord=ord), x)


@on_all
@of_both_kinds
def test_vector_norm_of_one_and_of_none(library: Library, kind: str) -> None:
    check(library, lambda xp, x: xp.linalg.vector_norm(x), data(kind=kind) + 2)
    check(library, lambda xp, x: xp.linalg.vector_norm(x, axis=1), data(0, 3, kind=kind))
    check(library, lambda xp, x: xp.linalg.vector_norm(x), data(0, kind=kind))


@on_all
@of_both_kinds
@pytest.mark.parametrize("ord", ORDERS)
def test_vector_norm_at_zero_is_flat(library: Library, kind: str, ord: float) -> None:
    def loss(x: Any) -> Any:
        return nnx.autodiff.array_namespace(x).linalg.vector_norm(x, ord=ord)

    with np.errstate(divide="ignore"):  # the value itself, of negative orders
        (g,) = gradient(library, loss, [np.zeros(3, dtype=complex if kind == "complex" else float)])
        (some,) = gradient(
            library, loss, [np.asarray([0.0, 2, -1], dtype=complex if kind == "complex" else float)]
        )
    np.testing.assert_array_equal(g, np.zeros(3))
    assert some[0] == 0
    assert np.isfinite(some).all()


def test_the_largest_of_nothing() -> None:
    library = LIBRARIES[0]
    check(library, lambda xp, x: xp.linalg.vector_norm(x, ord=math.inf), data(0))
    check(library, lambda xp, x: xp.linalg.matrix_norm(x, ord=math.inf), data(2, 0, 3))
    check(library, lambda xp, x: xp.linalg.matrix_norm(x, ord=2), data(2, 0, 3))


@on_all
def test_ties_share(library: Library) -> None:
    def loss(ord: float) -> Any:
        return lambda x: nnx.autodiff.array_namespace(x).linalg.vector_norm(x, ord=ord)

    (g,) = gradient(library, loss(math.inf), [np.asarray([2.0, -2, 1])])
    np.testing.assert_array_equal(g, [0.5, -0.5, 0])
    (g,) = gradient(library, loss(-math.inf), [np.asarray([2.0, -1, 1])])
    np.testing.assert_array_equal(g, [0, -0.5, 0.5])


@on_all
@of_both_kinds
@pytest.mark.parametrize("ord", ["fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf])
@pytest.mark.parametrize("shape", [(3, 3), (4, 2), (2, 2, 3), (0, 2, 3)], ids=str)
@pytest.mark.parametrize("keepdims", [False, True])
def test_matrix_norm(library: Library, kind: str, ord: Any, shape: tuple[int, ...], keepdims: bool) -> None:
    x = data(*shape, kind=kind)
    check(library, lambda xp, x: xp.linalg.matrix_norm(x, ord=ord, keepdims=keepdims), x)


@on_all
@pytest.mark.parametrize("ord", ["fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf])
def test_matrix_norm_at_zero_is_finite(library: Library, ord: Any) -> None:
    def loss(x: Any) -> Any:
        return nnx.autodiff.array_namespace(x).linalg.matrix_norm(x, ord=ord)

    (g,) = gradient(library, loss, [np.zeros((3, 2))])
    assert np.isfinite(g).all()
    if ord not in ("nuc", 2, -2):
        np.testing.assert_array_equal(g, np.zeros((3, 2)))


# what must hold of all -------------------------------------------------------------------------------------


SINGLE: dict[str, Any] = {
    "matmul": lambda xp, x: x @ x,
    "tensordot": lambda xp, x: xp.tensordot(x, x, axes=1),
    "vecdot": lambda xp, x: xp.vecdot(x, x),
    "cross": lambda xp, x: xp.linalg.cross(x, x[0, :]),
    "outer": lambda xp, x: xp.linalg.outer(x[0, :], x[1, :]),
    "diagonal": lambda xp, x: xp.linalg.diagonal(x),
    "trace": lambda xp, x: xp.linalg.trace(x),
    "det": lambda xp, x: xp.linalg.det(xp.concat([xp.concat([x, x], axis=1), xp.concat([x, x.mT], axis=1)])),
    "slogdet": lambda xp, x: xp.linalg.slogdet(x)[1],
    "inv": lambda xp, x: xp.linalg.inv(x),
    "solve": lambda xp, x: xp.linalg.solve(x, x[0, :]),
    "matrix_power": lambda xp, x: xp.linalg.matrix_power(x, 3),
    "pinv": lambda xp, x: xp.linalg.pinv(x[:, :2]),
    "vector_norm": lambda xp, x: xp.linalg.vector_norm(x, ord=1.5),
    "matrix_norm": lambda xp, x: xp.linalg.matrix_norm(x, ord="nuc"),
    "cholesky": lambda xp, x: xp.linalg.cholesky(x @ x.mT),
    "eigh": lambda xp, x: xp.linalg.eigh(x @ x.mT)[1] ** 2,
    "eigvalsh": lambda xp, x: xp.linalg.eigvalsh(x @ x.mT),
    "eig": lambda xp, x: xp.real(xp.linalg.eig(x)[1]) ** 2,
    "eigvals": lambda xp, x: xp.real(xp.linalg.eigvals(x)),
    "qr": lambda xp, x: xp.linalg.qr(x)[0],
    "svd": lambda xp, x: xp.linalg.svd(x)[0] ** 2,
    "svdvals": lambda xp, x: xp.linalg.svdvals(x),
}


@on_all
@pytest.mark.parametrize("name", SINGLE)
def test_single_precision_stays(library: Library, name: str) -> None:
    x = np.asarray([[4, 1, 0.5], [1, 3, 0.25], [0.5, -1, 2]], dtype=np.float32)

    def loss(x: Any) -> Any:
        xp = nnx.autodiff.array_namespace(x)
        return xp.sum(SINGLE[name](xp, x))

    (g,) = gradient(library, loss, [x])
    assert np.isfinite(g).all()


def test_every_function_has_its_test_in_single_precision() -> None:
    names = {name.removeprefix("linalg.") for name in RULES if name.startswith("linalg.")}
    assert names - {"matrix_transpose"} == set(SINGLE) - {"eigvalsh", "svdvals"}  # written in eigh and svd


def test_a_rule_that_is_off_by_a_thousandth_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = RULES["linalg.inv"]
    right = rule.pullbacks[0]
    wrong = nnx.autodiff.Rule(lambda xp, g, out, _x: 1.001 * right(xp, g, out, None))
    library = LIBRARIES[0]
    functions = nnx.traced_namespace(library.xp)._library
    monkeypatch.setitem(RULES, "linalg.inv", wrong)
    monkeypatch.setitem(functions._functions, "linalg.inv", functions._make("linalg.inv"))
    monkeypatch.delitem(functions.namespace.linalg.__dict__, "inv", raising=False)
    try:
        with pytest.raises(AssertionError, match="order 1"):
            check(library, lambda xp, x: xp.linalg.inv(x), data(3, 3))
    finally:
        functions.namespace.linalg.__dict__.pop("inv", None)


@pytest.mark.parametrize(
    ("name", "shape", "options"),
    [
        ("det", (4, 4), {}),
        ("inv", (2, 3, 3), {}),
        ("pinv", (4, 2), {}),
        ("pinv", (2, 4), {}),
        ("matrix_norm", (3, 4), {"ord": "nuc"}),
        ("matrix_norm", (3, 4), {"ord": 2}),
        ("matrix_norm", (3, 4), {"ord": 1}),
        ("matrix_norm", (3, 4), {"ord": -math.inf}),
        ("vector_norm", (3, 4), {"ord": 3}),
        ("vector_norm", (3, 4), {"ord": 0.5}),
        ("vector_norm", (3, 4), {"ord": math.inf}),
        ("matrix_power", (3, 3), {"n": -3}),
        ("cholesky", (3, 3), {}),
        ("eigvalsh", (3, 3), {}),
        ("eigvals", (4, 4), {}),
        ("svdvals", (2, 3, 4), {}),
        ("qr", (4, 3), {}),
        ("qr", (3, 4), {}),
        ("qr", (3, 4), {"mode": "complete"}),
        ("slogdet", (3, 3), {}),
    ],
    ids=str,
)
@of_both_kinds
def test_agrees_with_torch(kind: str, name: str, shape: tuple[int, ...], options: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    library = LIBRARIES[0]
    x = data(*shape, kind=kind)
    if name in ("cholesky", "eigvalsh"):
        x = x @ np.conj(x).T + np.eye(3)

    def total(xp: Any, x: Any) -> Any:
        out = getattr(xp.linalg, name)(x, **options)
        parts = list(out) if isinstance(out, (tuple, list)) else [out]
        weights = [np.cos(np.arange(math.prod(p.shape))).reshape(tuple(p.shape)) for p in parts]
        if name == "eigvals":  # in no particular order
            return xp.sum(xp.real(parts[0] ** 3 * (1 + 1j)))
        turned = [p * (1 + 0.5j) if "complex" in str(p.dtype) else p for p in parts]
        weights = [torch.tensor(w) if xp is torch else w for w in weights]
        return sum(xp.sum(xp.real(p) * w) for p, w in zip(turned, weights, strict=True))

    t = torch.tensor(x, requires_grad=True)
    total(torch, t).backward()
    (got,) = gradient(library, lambda x: total(nnx.autodiff.array_namespace(x), x), [x])
    want = t.grad.conj().resolve_conj().numpy()
    if name == "cholesky":  # of a Hermitian matrix: only the Hermitian part of its gradient means anything
        want = (want + np.conj(want).T) / 2
    np.testing.assert_allclose(got, want, rtol=1e-8, atol=1e-10)
