"""``numpy.linalg`` beyond products: norms, systems of equations, decompositions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from ._tools import as_array, as_arrays, axes_of, floating, is_complex, same_dtype, unavailable

__all__ = ["FUNCTIONS", "least_squares"]


def _vector_norm(xp: Any, x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    return xp.linalg.vector_norm(floating(xp, x), axis=axis, keepdims=keepdims, ord=2 if ord is None else ord)


def _matrix_norm(xp: Any, x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    return xp.linalg.matrix_norm(floating(xp, x), keepdims=keepdims, ord=ord)


def _norm(xp: Any, x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    x = floating(xp, x)
    if axis is None and (ord is None or (ord in ("f", "fro") and x.ndim == 2) or (ord == 2 and x.ndim == 1)):
        return xp.linalg.vector_norm(x, axis=None, keepdims=bool(keepdims))
    axes = axes_of(axis, x.ndim)
    if len(axes) == 1:
        if isinstance(ord, str):
            raise ValueError(f"Invalid norm order {ord!r} for vectors")
        order = 2 if ord is None else float(ord)
        return xp.linalg.vector_norm(x, axis=axes[0], keepdims=bool(keepdims), ord=order)
    if len(axes) != 2:
        raise ValueError("Improper number of dimensions to norm.")
    if axes[0] == axes[1]:
        raise ValueError("Duplicate axes given.")
    moved = xp.moveaxis(x, axes, (x.ndim - 2, x.ndim - 1))
    order = "fro" if ord in (None, "f", "fro") else ord if isinstance(ord, str) else float(ord)
    if order not in ("fro", "nuc", 1.0, -1.0, 2.0, -2.0, math.inf, -math.inf):
        raise ValueError("Invalid norm order for matrices.")
    norm = xp.linalg.matrix_norm(moved, ord=order)
    return norm[tuple(None if i in axes else slice(None) for i in range(x.ndim))] if keepdims else norm


def _solve(xp: Any, a: Any, b: Any) -> Any:
    return xp.linalg.solve(*same_dtype(xp, [floating(xp, x) for x in as_arrays(xp, (a, b))]))


def _tensorsolve(xp: Any, a: Any, b: Any, axes: Any = None) -> Any:
    a, b = as_arrays(xp, (a, b))
    if axes is not None:
        moved = [i for i in range(a.ndim) if i not in axes]
        a = xp.permute_dims(a, (*moved, *axes))
    shape = a.shape[-(a.ndim - b.ndim) :]
    solution = _solve(xp, xp.reshape(a, (b.size, math.prod(shape))), xp.reshape(b, (-1,)))
    return xp.reshape(solution, shape)


def _tensorinv(xp: Any, a: Any, ind: int = 2) -> Any:
    a = floating(xp, a)
    if ind <= 0:
        raise ValueError("Invalid ind argument.")
    rows = math.prod(a.shape[ind:])
    return xp.reshape(xp.linalg.inv(xp.reshape(a, (-1, rows))), a.shape[ind:] + a.shape[:ind])


class LstsqResult(NamedTuple):
    """What ``np.linalg.lstsq`` returns."""

    x: Any
    residuals: Any
    rank: Any
    s: Any


def least_squares(xp: Any, a: Any, b: Any, rcond: float | None = None) -> LstsqResult:
    """The solution of least norm, by the pseudoinverse."""
    a, b = same_dtype(xp, [floating(xp, x) for x in as_arrays(xp, (a, b))])
    m, n = a.shape
    s = xp.linalg.svdvals(a)
    if rcond is None:
        rcond = float(xp.finfo(s.dtype).eps) * max(m, n)
    elif rcond < 0:
        rcond = float(xp.finfo(s.dtype).eps)
    x = xp.matmul(xp.linalg.pinv(a, rtol=rcond), b)
    rank = xp.astype(xp.count_nonzero(s > rcond * s[0]), xp.int32)
    d = xp.abs(xp.matmul(a, x) - b) ** 2
    residuals = (
        xp.sum(d, axis=0) if int(rank) == n and m > n else xp.zeros((0,), dtype=d.dtype, device=d.device)
    )
    return LstsqResult(x, xp.reshape(residuals, (-1,)), rank, s)


def _lstsq(xp: Any, a: Any, b: Any, rcond: Any = None) -> Any:
    return tuple(least_squares(xp, a, b, rcond))


def _cholesky(xp: Any, a: Any, /, *, upper: bool = False) -> Any:
    a = floating(xp, a)
    if not upper:
        return xp.linalg.cholesky(a)
    factor = xp.matrix_transpose(xp.linalg.cholesky(_triangle(xp, a, "U")))
    return xp.conj(factor) if is_complex(xp, a) else factor


def _qr(xp: Any, a: Any, mode: str = "reduced") -> Any:
    if mode not in ("reduced", "complete", "r"):
        raise unavailable(f"np.linalg.qr with mode={mode!r}")
    result = xp.linalg.qr(floating(xp, a), mode="reduced" if mode == "r" else mode)
    return result[1] if mode == "r" else result


def _svd(
    xp: Any, a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False
) -> Any:
    a = floating(xp, a)
    if not compute_uv:
        return xp.linalg.svdvals(_hermitian(xp, a) if hermitian else a)
    if hermitian:
        raise unavailable("np.linalg.svd with hermitian=True")
    return xp.linalg.svd(a, full_matrices=full_matrices)


def _triangle(xp: Any, a: Any, UPLO: str) -> Any:
    """A Hermitian matrix whose lower triangle is the one that the library is to read."""
    a = floating(xp, a)
    if UPLO.upper() not in ("L", "U"):
        raise ValueError("UPLO argument must be 'L' or 'U'")
    if UPLO.upper() == "L":
        return a
    turned = xp.matrix_transpose(a)
    return xp.conj(turned) if is_complex(xp, a) else turned


def _hermitian(xp: Any, a: Any) -> Any:
    """The Hermitian matrix whose lower triangle is that of ``a``."""
    above = xp.matrix_transpose(xp.tril(a, k=-1))
    return xp.tril(a) + (xp.conj(above) if is_complex(xp, a) else above)


def _pinv(xp: Any, a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = ...) -> Any:
    if rcond is not None and rtol is not ...:
        raise ValueError("`rtol` and `rcond` can't be both set.")
    tolerance = rtol if rtol is not ... else 1e-15 if rcond is None else rcond
    a = floating(xp, a)
    return xp.linalg.pinv(
        _hermitian(xp, a) if hermitian else a, **({} if tolerance is None else {"rtol": tolerance})
    )


def _real_if_exact(xp: Any, a: Any, *results: Any) -> Any:
    """Real eigenvalues and vectors of a real matrix as real arrays."""
    if is_complex(xp, a) or not is_complex(xp, results[0]) or bool(xp.any(xp.imag(results[0]) != 0)):
        return results
    return tuple(xp.real(x) for x in results)


def _eig(xp: Any, a: Any) -> Any:
    a = floating(xp, a)
    result = xp.linalg.eig(a)
    return type(result)(*_real_if_exact(xp, a, *result))


def _eigvals(xp: Any, a: Any) -> Any:
    a = floating(xp, a)
    return _real_if_exact(xp, a, xp.linalg.eigvals(a))[0]


def _cond(xp: Any, x: Any, p: Any = None) -> Any:
    x = floating(xp, x)
    if p in (None, 2, -2):
        s = xp.linalg.svdvals(x)
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    return _norm(xp, x, p, (-2, -1)) * _norm(xp, xp.linalg.inv(x), p, (-2, -1))


def _matrix_power(xp: Any, a: Any, n: int) -> Any:
    return xp.linalg.matrix_power(as_array(xp, a), int(n))


def _matrix_rank(xp: Any, A: Any, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    A = floating(xp, A)
    if A.ndim < 2:
        return int(xp.any(A != 0))
    A = _hermitian(xp, A) if hermitian else A
    if tol is not None:
        tol = as_array(xp, tol, A)
        return xp.count_nonzero(xp.linalg.svdvals(A) > (tol[..., None] if tol.ndim else tol), axis=-1)
    return xp.linalg.matrix_rank(A, **({} if rtol is None else {"rtol": rtol}))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "linalg.cholesky": _cholesky,
    "linalg.cond": _cond,
    "linalg.det": lambda xp, a: xp.linalg.det(floating(xp, a)),
    "linalg.eig": _eig,
    "linalg.eigh": lambda xp, a, UPLO="L": xp.linalg.eigh(_triangle(xp, a, UPLO)),
    "linalg.eigvals": _eigvals,
    "linalg.eigvalsh": lambda xp, a, UPLO="L": xp.linalg.eigvalsh(_triangle(xp, a, UPLO)),
    "linalg.inv": lambda xp, a: xp.linalg.inv(floating(xp, a)),
    "linalg.lstsq": _lstsq,
    "linalg.matrix_norm": _matrix_norm,
    "linalg.matrix_power": _matrix_power,
    "linalg.matrix_rank": _matrix_rank,
    "linalg.norm": _norm,
    "linalg.pinv": _pinv,
    "linalg.qr": _qr,
    "linalg.slogdet": lambda xp, a: xp.linalg.slogdet(floating(xp, a)),
    "linalg.solve": _solve,
    "linalg.svd": _svd,
    "linalg.svdvals": lambda xp, x, /: xp.linalg.svdvals(floating(xp, x)),
    "linalg.tensorinv": _tensorinv,
    "linalg.tensorsolve": _tensorsolve,
    "linalg.vector_norm": _vector_norm,
}
