"""Cofactors of a matrix: the derivative of its determinant, right at every rank.

``det(x) inv(x)ᵀ`` is the usual formula and means nothing at a singular matrix, where the cofactors are well
defined (and zero below rank n - 1). Up to 3 by 3 they are written out; beyond that they come from the
singular values: with x = U diag(s) Vᴴ, and p the products of all singular values but one, the cofactors are
det(U) det(Vᴴ) conj(U) diag(p) conj(Vᴴ).
"""

from __future__ import annotations

from typing import Any

from ..primitive import primitive
from ._matrices import conj, with_diagonal

__all__ = ["cofactors"]


def cofactors(xp: Any, x: Any) -> Any:
    """The matrix of cofactors of each matrix in ``x``: the derivative of ``det`` by every element."""
    n = x.shape[-1]
    if n == 0:
        return x
    if n == 1:
        return xp.ones_like(x)
    if n == 2:
        a, b, c, d = x[..., 0, 0], x[..., 0, 1], x[..., 1, 0], x[..., 1, 1]
        return xp.stack([xp.stack([d, -c], axis=-1), xp.stack([-b, a], axis=-1)], axis=-2)
    if n == 3:
        p, q, r = x[..., 0, :], x[..., 1, :], x[..., 2, :]
        cross = xp.linalg.cross
        return xp.stack([cross(q, r), cross(r, p), cross(p, q)], axis=-2)
    return _cofactors(x)


def _factors(xp: Any, x: Any) -> tuple[Any, Any, Any, Any, Any]:
    """conj(U), s, conj(Vᴴ), det(U) det(Vᴴ), and NaN for a matrix with an infinity or a NaN, else 0."""
    finite = xp.all(xp.isfinite(x), axis=(-2, -1))[..., None, None]
    u, s, vh = xp.linalg.svd(xp.where(finite, x, 0))
    unit = (xp.linalg.det(u) * xp.linalg.det(vh))[..., None, None]
    return conj(xp, u), s, conj(xp, vh), unit, xp.where(finite, xp.zeros_like(s)[..., None], float("nan"))


def _ends(xp: Any, s: Any) -> tuple[Any, Any]:
    """The products of all elements before each one, and of all after it."""
    before = xp.cumulative_prod(s, axis=-1, include_initial=True)[..., :-1]
    after = xp.cumulative_prod(xp.flip(s, axis=-1), axis=-1, include_initial=True)[..., :-1]
    return before, xp.flip(after, axis=-1)


def _without_two(xp: Any, s: Any) -> Any:
    """The product of all elements but i and j at [i, j]; zero on the diagonal."""
    n = s.shape[-1]
    later = xp.triu(xp.ones((n, n), dtype=xp.bool, device=s.device), k=1)
    between = xp.cumulative_prod(xp.where(later, s[..., None, :], 1), axis=-1, include_initial=True)[..., :-1]
    before, after = _ends(xp, s)
    upper = xp.where(later, before[..., :, None] * between * after[..., None, :], 0)
    return upper + upper.mT


@primitive("cofactors")
def _cofactors(xp: Any, x: Any) -> Any:
    u, s, vh, unit, bad = _factors(xp, x)
    before, after = _ends(xp, s)
    return unit * xp.matmul(u * (before * after)[..., None, :], vh) + bad


def _cofactors_pullback(xp: Any, g: Any, _out: Any, x: Any) -> Any:
    # Cofactors are multiplicative, so turn to the basis in which x is diagonal. There a change b of the
    # matrix changes cofactor [i, i] by the sum over j of p[i, j] b[j, j], and [i, j] by -p[i, j] b[j, i].
    u, s, vh, unit, bad = _factors(xp, x)
    p = _without_two(xp, s)
    turned = xp.matmul(u.mT, xp.matmul(g, vh.mT))
    diagonal = xp.sum(p * xp.linalg.diagonal(turned)[..., :, None], axis=-2)
    change = with_diagonal(xp, -(p * turned).mT, diagonal)
    return unit * xp.matmul(u, xp.matmul(change, vh)) + bad


_cofactors.defpullback(_cofactors_pullback)
