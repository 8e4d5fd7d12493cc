"""Small matrix tools that the linear-algebra rules share; all of them work on stacks of matrices."""

from __future__ import annotations

from typing import Any

from ..asked import ask
from ..errors import NotDifferentiableError
from ..primitive import primitive

__all__ = [
    "adjoint",
    "below_rounding",
    "cleaned",
    "conj",
    "eye",
    "hermitian",
    "inverse_gaps",
    "is_complex",
    "outside",
    "refuse",
    "refuse_gauge",
    "safe_divide",
    "skew",
    "undetermined",
    "solve",
    "with_diagonal",
]


def is_complex(xp: Any, x: Any) -> bool:
    """Whether the dtype of ``x`` is complex."""
    return xp.isdtype(x.dtype, "complex floating")


def conj(xp: Any, x: Any) -> Any:
    """The complex conjugate; a real array as it is."""
    return xp.conj(x) if is_complex(xp, x) else x


def adjoint(xp: Any, x: Any) -> Any:
    """The conjugate transpose."""
    return conj(xp, x).mT


def hermitian(xp: Any, x: Any) -> Any:
    """The Hermitian part of a square matrix."""
    return (x + adjoint(xp, x)) / 2


def skew(xp: Any, x: Any) -> Any:
    """Twice the skew-Hermitian part of a square matrix."""
    return x - adjoint(xp, x)


def eye(xp: Any, x: Any, offset: int = 0) -> Any:
    """A mask of one diagonal of the matrices in ``x``."""
    return xp.eye(x.shape[-2], x.shape[-1], k=offset, dtype=xp.bool, device=x.device)


def with_diagonal(xp: Any, x: Any, d: Any) -> Any:
    """The square matrix ``x`` with its main diagonal replaced by ``d``."""
    return xp.where(eye(xp, x), d[..., None, :], x)


def safe_divide(xp: Any, x: Any, y: Any, undefined: Any) -> Any:
    """``x / y``, and zero where ``undefined``, without ever dividing there."""
    return xp.where(undefined, 0, x / xp.where(undefined, 1, y))


def solve(xp: Any, a: Any, b: Any) -> Any:
    """Solve ``a @ x = b``; a singular matrix in a stack gives NaN, or 0 for a zero right-hand side, no error."""
    singular = (xp.linalg.slogdet(a)[0] == 0)[..., None, None]
    x = xp.linalg.solve(xp.where(singular, xp.astype(eye(xp, a), a.dtype), a), b)
    return xp.where(singular & xp.any(b != 0, axis=(-2, -1), keepdims=True), float("nan"), x)


def below_rounding(xp: Any, x: Any, values: Any) -> Any:
    """Whether ``x``, made from spectra ``values`` of shape (..., n), is no more than their rounding error."""
    scale = xp.sum(xp.abs(values), axis=-1)
    scale = xp.reshape(scale, scale.shape + (1,) * (x.ndim - scale.ndim))
    return xp.abs(x) <= 8 * xp.finfo(values.dtype).eps * scale


def inverse_gaps(xp: Any, values: Any) -> Any:
    """``1 / (values[j] - values[i])`` at [i, j]; zero where the two are equal up to rounding."""
    gaps = values[..., None, :] - values[..., :, None]
    return safe_divide(xp, 1, gaps, below_rounding(xp, gaps, values))


def refuse_gauge(xp: Any, defect: Any, g: Any, what: str) -> None:
    """Raise if a cotangent depends on what a decomposition leaves arbitrary.

    ``defect`` is how much the result changes along the arbitrary directions: for every function that is well
    defined rounding error, relative to the cotangent ``g``.
    """
    if 0 in defect.shape:
        return
    limit = xp.finfo(g.dtype).eps ** (1 / 3) * xp.max(xp.abs(g))
    if bool(xp.any(xp.abs(defect) > limit)):
        refuse(what)


def refuse(what: str) -> None:
    """Raise, for a derivative that depends on what a decomposition leaves arbitrary."""
    raise NotDifferentiableError(
        f"the derivative depends on {what}, which the decomposition leaves arbitrary; "
        "use a result that does not, such as a product in which it cancels, or an absolute value"
    )


def outside(xp: Any, basis: Any, x: Any) -> Any:
    """The part of the columns ``x`` that is orthogonal to the orthonormal columns ``basis``."""
    return x - xp.matmul(basis, xp.matmul(adjoint(xp, basis), x))


@primitive("cleaned")
def cleaned(xp: Any, x: Any, rounding: Any) -> Any:
    """``x`` with zeros where it is nothing but rounding error; its derivative there is that of ``x``."""
    return xp.where(rounding, 0, x)


cleaned.defpullback(lambda _xp, g, _out, _x, _rounding: g, None)


@primitive("undetermined")
def undetermined(_xp: Any, x: Any, _where: Any, _basis: Any = None, *, part: str, what: str) -> Any:
    """``x``, with places where a 0 / 0, set to zero, stands for a finite limit that nothing tells.

    A cotangent that is zero there asks for nothing now, but what it is zero of may be asked for: by ``jvp``, by a
    Hessian at a minimum. That is then NaN, which is lost again where the function does not use the vectors, and
    an error at the end of the way back where it does. ``part``: what of ``x`` there is open, "all", "hermitian",
    "skew" or "outside", of the span of the columns ``basis``.
    """
    return x


def _undetermined(
    xp: Any, g: Any, _out: Any, _x: Any, where: Any, basis: Any = None, *, part: str, what: str
) -> Any:
    rest = undetermined(g, where, *(() if basis is None else (basis,)), part=part, what=what)
    if 0 in g.shape:
        return rest
    size = xp.max(xp.abs(g), axis=(-2, -1), keepdims=True)
    if part == "outside":
        defect = outside(xp, basis, g)
    else:
        defect = {"all": g, "hermitian": hermitian(xp, g), "skew": skew(xp, g)}[part]
    asked = where & ~(xp.abs(defect) <= xp.finfo(g.dtype).eps ** 0.5 * size)  # so that NaN is asked for, too
    if not bool(xp.any(asked)):
        return rest
    ask(what)
    return xp.where(asked, float("nan"), rest)


undetermined.defpullback(_undetermined, None, None)
