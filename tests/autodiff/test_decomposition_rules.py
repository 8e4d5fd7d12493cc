"""Derivatives of matrix decompositions, of results that do not depend on what they leave arbitrary."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import nnx

from .differences import LIBRARIES, Library, check, gradient

on_all = pytest.mark.parametrize("library", LIBRARIES, ids=repr)
of_both_kinds = pytest.mark.parametrize("kind", ["real", "complex"])
square = pytest.mark.parametrize("shape", [(1, 1), (3, 3), (2, 4, 4), (0, 3, 3), (0, 0)], ids=str)
any_shape = pytest.mark.parametrize(
    "shape", [(3, 3), (4, 2), (2, 4), (2, 5, 3), (2, 3, 5), (1, 3), (3, 1), (0, 3, 2), (0, 2, 3)], ids=str
)


def data(*shape: int, kind: str = "real", seed: int = 3) -> Any:
    rng = np.random.default_rng(seed + sum(shape))
    x = rng.standard_normal(shape)
    return x + 1j * rng.standard_normal(shape) if kind == "complex" else x


def adjoint(xp: Any, x: Any) -> Any:
    return (xp.conj(x) if xp.isdtype(x.dtype, "complex floating") else x).mT


def symmetric(xp: Any, x: Any) -> Any:
    return (x + adjoint(xp, x)) / 2


def projectors(xp: Any, columns: Any) -> Any:
    """What is left of vectors when their phases are taken out: each one's projector."""
    bra = xp.conj(columns) if xp.isdtype(columns.dtype, "complex floating") else columns
    return columns[..., :, None, :] * bra[..., None, :, :]


# cholesky --------------------------------------------------------------------------------------------------


@on_all
@of_both_kinds
@square
@pytest.mark.parametrize("options", [{}, {"upper": False}, {"upper": True}], ids=str)
def test_cholesky(library: Library, kind: str, shape: tuple[int, ...], options: dict[str, bool]) -> None:
    def f(xp: Any, x: Any) -> Any:
        return xp.linalg.cholesky(x @ adjoint(xp, x), **options)

    check(library, f, data(*shape, kind=kind) + 2 * np.eye(shape[-1]))


@on_all
@of_both_kinds
def test_cholesky_has_a_hermitian_gradient(library: Library, kind: str) -> None:
    x = data(3, 3, kind=kind)
    x = x @ np.conj(x).T + np.eye(3)

    def loss(x: Any) -> Any:
        xp = nnx.autodiff.array_namespace(x)
        return xp.sum(
            xp.real(xp.linalg.cholesky(x)) ** 2 * xp.asarray(library.array(np.arange(9.0).reshape(3, 3)))
        )

    (g,) = gradient(library, loss, [x])
    np.testing.assert_allclose(g, np.conj(g).T)


# eigenvalues -----------------------------------------------------------------------------------------------


@on_all
@of_both_kinds
@square
def test_eigh(library: Library, kind: str, shape: tuple[int, ...]) -> None:
    def values(xp: Any, x: Any) -> Any:
        return xp.linalg.eigh(symmetric(xp, x)).eigenvalues

    def vectors(xp: Any, x: Any) -> Any:
        return projectors(xp, xp.linalg.eigh(symmetric(xp, x)).eigenvectors)

    def both(xp: Any, x: Any) -> Any:
        w, v = xp.linalg.eigh(symmetric(xp, x))
        return w, projectors(xp, v), (v * xp.exp(w)[..., None, :]) @ adjoint(xp, v)

    x = data(*shape, kind=kind)
    check(library, values, x)
    check(library, vectors, x)
    check(library, both, x)
    check(library, lambda xp, x: xp.linalg.eigvalsh(symmetric(xp, x)), x)


@on_all
def test_eigh_of_real_matrices_has_vectors_of_one_sign(library: Library) -> None:
    check(library, lambda xp, x: tuple(xp.linalg.eigh(symmetric(xp, x))), data(4, 4))


@on_all
@pytest.mark.parametrize("values", [[1.0, 1, 1], [1.0, 1, 2], [0.0, 0, 0], [3.0, 2, 2]], ids=str)
@pytest.mark.parametrize("turned", [False, True])
def test_equal_eigenvalues(library: Library, values: list[float], turned: bool) -> None:
    q = np.linalg.qr(data(3, 3))[0] if turned else np.eye(3)
    x = q @ np.diag(values) @ q.T

    def spectral(x: Any) -> Any:
        xp = nnx.autodiff.array_namespace(x)
        return xp.sum(xp.exp(xp.linalg.eigvalsh(symmetric(xp, x))))

    def through_vectors(x: Any) -> Any:
        xp = nnx.autodiff.array_namespace(x)
        w, v = xp.linalg.eigh(symmetric(xp, x))
        return xp.linalg.trace((v * xp.exp(w)[..., None, :]) @ v.mT)

    exact = q @ np.diag(np.exp(values)) @ q.T
    for loss in (spectral, through_vectors):
        (g,) = gradient(library, loss, [x])
        np.testing.assert_allclose(g, exact, rtol=1e-10, atol=1e-12)
        (curvature,) = nnx.hvp(loss, (library.array(x),), (library.array(np.eye(3)),))
        np.testing.assert_allclose(library.numpy(curvature), exact, rtol=1e-9, atol=1e-9)


@on_all
@of_both_kinds
@square
def test_eig(library: Library, kind: str, shape: tuple[int, ...]) -> None:
    def both(xp: Any, x: Any) -> Any:
        w, v = xp.linalg.eig(x)
        order = xp.argsort(xp.real(w) + 0.3 * xp.imag(w), axis=-1)
        w = xp.take_along_axis(w, order, axis=-1)
        return w, xp.sum(projectors(xp, v) * xp.linalg.eig(x)[0][..., None, None, :], axis=-1)

    x = data(*shape, kind=kind)
    check(library, both, x, tolerance=1e-5)
    check(library, lambda xp, x: xp.sum(xp.linalg.eig(x).eigenvalues ** 3, axis=-1), x, tolerance=1e-5)
    check(library, lambda xp, x: xp.sum(xp.exp(xp.linalg.eigvals(x)), axis=-1), x, tolerance=1e-5)


@on_all
@pytest.mark.parametrize("n", range(2, 12))
def test_eigvals_goes_by_their_own_order(library: Library, n: int) -> None:
    # eigvals and eig need not return them in the same order: pick single ones
    def loss(x: Any) -> Any:
        xp = nnx.autodiff.array_namespace(x)
        return xp.sum(xp.real(xp.linalg.eigvals(x) * xp.asarray(library.array(np.arange(n) * (1 + 2j)))))

    x = data(n, n, seed=n)
    (g,) = gradient(library, loss, [x])
    t = np.random.default_rng(n).standard_normal((n, n))
    want = (loss(library.array(x + 1e-6 * t)) - loss(library.array(x - 1e-6 * t))) / 2e-6
    np.testing.assert_allclose(np.sum(g * t), float(want), rtol=1e-5)


@on_all
def test_a_defective_matrix_does_not_spoil_its_batch(library: Library) -> None:
    x = np.asarray(
        [[[0, 1], [0, 0]], [[1, 2], [3, 4]]], dtype=np.float32
    )  # the first has one eigenvector only

    def loss(x: Any) -> Any:
        xp = nnx.autodiff.array_namespace(x)
        return xp.real(xp.sum(xp.linalg.eigvals(x)[1, :]))

    (g,) = gradient(library, loss, [x])
    np.testing.assert_allclose(g, [np.zeros((2, 2)), np.eye(2)], atol=1e-6)


# qr --------------------------------------------------------------------------------------------------------


@on_all
@of_both_kinds
@any_shape
def test_qr(library: Library, kind: str, shape: tuple[int, ...]) -> None:
    x = data(*shape, kind=kind) + 2 * np.eye(
        shape[-2], shape[-1]
    )  # signs turn over at a zero leading element
    check(library, lambda xp, x: tuple(xp.linalg.qr(x)), x)
    check(library, lambda xp, x: xp.linalg.qr(x).Q, x)
    check(library, lambda xp, x: xp.linalg.qr(x, mode="reduced").R, x)
    check(library, lambda xp, x: xp.linalg.qr(x, mode="complete").R, x)


@on_all
@of_both_kinds
@any_shape
def test_complete_qr(library: Library, kind: str, shape: tuple[int, ...]) -> None:
    n = min(shape[-2:])

    def f(xp: Any, x: Any) -> Any:
        q, r = xp.linalg.qr(x, mode="complete")
        rest = q[..., n:]
        return q[..., :n], r, rest @ adjoint(xp, rest)

    x = data(*shape, kind=kind) + 2 * np.eye(shape[-2], shape[-1])
    check(library, f, x)
    if shape[-2] <= shape[-1]:
        check(library, lambda xp, x: tuple(xp.linalg.qr(x, mode="complete")), x)


@on_all
def test_the_columns_that_complete_adds_are_arbitrary(library: Library) -> None:
    def loss(x: Any) -> Any:
        xp = nnx.autodiff.array_namespace(x)
        return xp.sum(xp.linalg.qr(x, mode="complete").Q ** 3)

    with pytest.raises(nnx.NotDifferentiableError, match="mode='complete' of qr adds to Q"):
        nnx.grad(loss)(library.array(data(4, 2)))


@on_all
def test_qr_without_full_rank_gives_nan_where_a_derivative_is_asked_for(library: Library) -> None:
    x = np.stack([np.zeros((2, 2)), np.eye(2)])

    def picked(i: int) -> Any:
        def loss(x: Any) -> Any:
            xp = nnx.autodiff.array_namespace(x)
            return xp.sum(xp.linalg.qr(x).R[i, ...])

        return library.numpy(nnx.grad(loss)(library.array(x)))

    assert np.isnan(picked(0)[0]).any()
    assert np.isfinite(picked(1)).all()


# svd -------------------------------------------------------------------------------------------------------


@on_all
@of_both_kinds
@any_shape
@pytest.mark.parametrize("full", [False, True])
def test_svd(library: Library, kind: str, shape: tuple[int, ...], full: bool) -> None:
    k = min(shape[-2:])

    def products(xp: Any, x: Any) -> Any:
        u, s, vh = xp.linalg.svd(x, full_matrices=full)
        u, vh = u[..., :, :k], vh[..., :k, :]
        return s, u @ vh, (u * xp.exp(s)[..., None, :]) @ vh, u[..., None, :] * vh.mT[..., None, :, :]

    def left(xp: Any, x: Any) -> Any:
        return projectors(xp, xp.linalg.svd(x, full_matrices=full).U[..., :, :k])

    def right(xp: Any, x: Any) -> Any:
        return projectors(xp, adjoint(xp, xp.linalg.svd(x, full_matrices=full).Vh)[..., :, :k])

    x = data(*shape, kind=kind)
    check(library, products, x)
    check(library, left, x)
    check(library, right, x)
    check(library, lambda xp, x: xp.linalg.svd(x, full_matrices=full).S, x)


@on_all
@of_both_kinds
@any_shape
def test_the_null_spaces_of_full_svd(library: Library, kind: str, shape: tuple[int, ...]) -> None:
    k = min(shape[-2:])

    def f(xp: Any, x: Any) -> Any:
        u, _, vh = xp.linalg.svd(x)
        return u[..., :, k:] @ adjoint(xp, u[..., :, k:]), adjoint(xp, vh[..., k:, :]) @ vh[..., k:, :]

    check(library, f, data(*shape, kind=kind))


@on_all
@of_both_kinds
@any_shape
def test_svdvals(library: Library, kind: str, shape: tuple[int, ...]) -> None:
    check(library, lambda xp, x: xp.linalg.svdvals(x), data(*shape, kind=kind))


@on_all
def test_real_singular_vectors_have_one_sign(library: Library) -> None:
    check(library, lambda xp, x: tuple(xp.linalg.svd(x, full_matrices=False)), data(4, 3))
    check(library, lambda xp, x: tuple(xp.linalg.svd(x)), data(3, 3))


@on_all
@pytest.mark.parametrize("values", [[1.0, 1, 1], [2.0, 1, 1], [1.0, 0, 0], [0.0, 0, 0]], ids=str)
@pytest.mark.parametrize("turned", [False, True])
def test_equal_singular_values(library: Library, values: list[float], turned: bool) -> None:
    p = np.linalg.qr(data(4, 4))[0][:, :3] if turned else np.eye(4, 3)
    q = np.linalg.qr(data(3, 3, seed=8))[0] if turned else np.eye(3)
    x = p @ np.diag(values) @ q.T

    def spectral(x: Any) -> Any:
        xp = nnx.autodiff.array_namespace(x)
        return xp.sum(xp.linalg.svdvals(x) ** 4)

    def through_vectors(x: Any) -> Any:
        xp = nnx.autodiff.array_namespace(x)
        u, s, vh = xp.linalg.svd(x, full_matrices=False)
        return xp.sum(((u * s[..., None, :] ** 2) @ vh) ** 2)

    exact = p @ np.diag(4 * np.asarray(values) ** 3) @ q.T
    along = np.ones((4, 3))
    curvature = 4 * (along @ x.T @ x + x @ along.T @ x + x @ x.T @ along)
    for loss in (spectral, through_vectors):
        (g,) = gradient(library, loss, [x])
        np.testing.assert_allclose(g, exact, rtol=1e-10, atol=1e-12)
        if loss is spectral and values[-1] == 0:
            (product,) = nnx.hvp(loss, (library.array(x),), (library.array(along),))
            np.testing.assert_allclose(library.numpy(product), curvature, rtol=1e-9, atol=1e-9)
            continue
        with pytest.raises(nnx.NotDifferentiableError, match="in svd"):
            nnx.hvp(loss, (library.array(x),), (library.array(along),))


@on_all
@of_both_kinds
@pytest.mark.parametrize("noise", [0.0, 1e-13, 1e-9, 1e-2])
def test_polar_factor_of_a_rotation(library: Library, kind: str, noise: float) -> None:
    """Its derivative is smooth where all singular values are equal: U [(Uᴴ dx V - Vᴴ dxᴴ U) / (sᵢ + sⱼ)] Vᴴ."""
    x = np.linalg.qr(data(3, 3, kind=kind))[0] + noise * data(3, 3, kind=kind, seed=9)
    weights = data(3, 3, kind=kind, seed=5)

    def loss(x: Any) -> Any:
        xp = nnx.autodiff.array_namespace(x)
        u, _, vh = xp.linalg.svd(x, full_matrices=False)
        return xp.sum(xp.real((u @ vh) * library.array(weights)))

    u, s, vh = np.linalg.svd(x)
    inner = np.conj(u.T) @ np.conj(weights) @ np.conj(vh.T)
    exact = u @ ((inner - np.conj(inner.T)) / (s[:, None] + s)) @ vh
    np.testing.assert_allclose(gradient(library, loss, [x])[0], np.conj(exact), rtol=1e-11, atol=1e-11)


@on_all
def test_functions_of_equal_singular_values_are_refused(library: Library) -> None:
    """Divided differences of f in U f(S) Vᴴ tend to f′, which is not to be seen in the cotangents."""

    def loss(x: Any) -> Any:
        xp = nnx.autodiff.array_namespace(x)
        u, s, vh = xp.linalg.svd(x)
        return xp.sum(((u * s**2) @ vh) * library.array(data(3, 3)))

    with pytest.raises(nnx.NotDifferentiableError, match="equal singular values in svd"):
        nnx.grad(loss)(library.array(np.eye(3)))


@on_all
@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (lambda xp, x: xp.linalg.eigh(symmetric(xp, x))[1], "phases of the eigenvectors of eigh"),
        (lambda xp, x: xp.linalg.eig(x)[1], "phases of the eigenvectors of eig"),
        (lambda xp, x: xp.linalg.svd(x)[0], "phases of the singular vectors of svd"),
        (lambda xp, x: xp.linalg.svd(x)[2], "phases of the singular vectors of svd"),
        (lambda xp, x: xp.linalg.svd(x[:, :1])[0] ** 3, "full_matrices=True of svd adds to U"),
        (lambda xp, x: xp.linalg.svd(x[:1, :])[2] ** 3, "full_matrices=True of svd adds to Vh"),
    ],
)
def test_what_depends_on_an_arbitrary_choice_is_refused(library: Library, loss: Any, message: str) -> None:
    def total(x: Any) -> Any:
        xp = nnx.autodiff.array_namespace(x)
        return xp.sum(xp.real(loss(xp, x)))

    with pytest.raises(nnx.NotDifferentiableError, match=message):
        nnx.grad(total)(library.array(data(3, 3, kind="complex")))


def test_eigh_refuses_vectors_of_equal_eigenvalues(lib: Any) -> None:
    weights = lib.asarray([[1.0, 2.0], [3.0, 4.0]])

    def matrix_function(x: Any) -> Any:
        xp = nnx.array_namespace(x)
        w, v = xp.linalg.eigh(x)
        return xp.sum(nnx.lift(weights) * ((v * xp.exp(w)) @ v.mT))

    with pytest.raises(nnx.NotDifferentiableError, match="eigenvectors of equal eigenvalues in eigh"):
        nnx.grad(matrix_function)(lib.asarray([[1.0, 0.0], [0.0, 1.0]]))
    apart = lib.to_numpy(nnx.grad(matrix_function)(lib.asarray([[1.0, 0.0], [0.0, 1.5]])))
    assert np.all(np.isfinite(apart))
