"""Rules of matrix decompositions.

Here conjugations come with the functions, so the formulas are written for the gradient in the usual inner
product Re tr(aᴴ b): cotangents are conjugated on the way in and on the way out.

- Functions of a Hermitian matrix (cholesky, eigh, eigvalsh) get a Hermitian gradient, as in PyTorch and JAX.
- Where values of ``eigh`` or ``svd`` are equal, or zero, up to rounding, functions of the values alone and polar
  factors (``U @ Vh``, from ``svd`` without ``S``) have exact gradients. Others that use the vectors of such values
  hide a finite limit of 0 / 0 which their cotangents do not tell: ``U f(S) Vh`` hides f′. They are refused, by
  ``jvp`` and Hessians wherever that term would be asked for, which is not where the vectors are not used.
- Not to be seen, and zero, is that term where all that arrives is exactly zero, as for one element of
  ``U (S - 1) Vh`` at the identity, and where the values come from a second call.
- What a decomposition leaves arbitrary (the phase of complex vectors, the vectors that ``full_matrices`` and
  ``complete`` add) has no derivative: a result that depends on it is refused, one that does not is right.
"""

from __future__ import annotations

from typing import Any

from ..primitive import Rule
from ._matrices import (
    adjoint,
    below_rounding,
    cleaned,
    conj,
    eye,
    hermitian,
    inverse_gaps,
    is_complex,
    refuse,
    refuse_gauge,
    safe_divide,
    skew,
    solve,
    undetermined,
    with_diagonal,
)

__all__ = ["RULES"]


def _scaled(xp: Any, left: Any, weights: Any, right: Any) -> Any:
    """left @ diag(weights) @ right."""
    return xp.matmul(left * weights[..., None, :], right)


def _cholesky(xp: Any, g: Any, out: Any, _x: Any, *, upper: bool = False) -> Any:
    lower, g = (adjoint(xp, out), g.mT) if upper else (out, conj(xp, g))
    inner = xp.matmul(adjoint(xp, lower), g)
    inner = hermitian(xp, xp.where(eye(xp, inner), inner / 2, xp.tril(inner)))
    factor = adjoint(xp, lower)
    inner = solve(xp, factor, adjoint(xp, solve(xp, factor, inner)))
    return conj(xp, hermitian(xp, inner))


def _eigh(xp: Any, g: Any, out: Any, _x: Any) -> Any:
    (g_w, g_v), (w, v) = g, out
    if g_v is None:
        return conj(xp, _scaled(xp, v, g_w, adjoint(xp, v)))
    g_v = conj(xp, g_v)
    inner = xp.matmul(adjoint(xp, v), g_v)
    if is_complex(xp, v):
        refuse_gauge(xp, xp.imag(xp.linalg.diagonal(inner)), g_v, "the phases of the eigenvectors of eigh")
    inverse = inverse_gaps(xp, w)
    equal = (inverse == 0) & ~eye(xp, inner)
    by_itself = "the eigenvectors of equal eigenvalues in eigh, each by itself"
    refuse_gauge(xp, xp.where(equal, inner, 0), g_v, by_itself)
    if g_w is not None:
        _refuse_hidden(xp, g_w, g_v, w, xp.any(equal, axis=-1), by_itself)
    inner = hermitian(xp, inner * inverse)
    if g_w is not None:
        inner = with_diagonal(xp, inner, g_w)
    inner = undetermined(inner, equal, part="hermitian", what=by_itself)
    return conj(xp, xp.matmul(v, xp.matmul(inner, adjoint(xp, v))))


def _refuse_hidden(xp: Any, g: Any, g_vectors: Any, values: Any, open_at: Any, what: str) -> None:
    """Refuse where a function f of a matrix may hide behind f = 0 at the values ``open_at``.

    There the cotangents ``g`` of the values have the size of f′, which is what is missing, and those of the
    vectors vanish with f: nothing is seen of what is missing.
    """
    if 0 in g_vectors.shape:
        return
    small = xp.finfo(values.dtype).eps ** (1 / 3)
    lengths = xp.max(xp.abs(g_vectors), axis=-2)
    longest = xp.max(lengths, axis=-1, keepdims=True)
    g = xp.abs(g)
    scaled = g * xp.max(xp.abs(values), axis=-1, keepdims=True)
    unseen = lengths <= 8 * small * xp.where(scaled > longest, scaled, longest)
    counts = (g > small * xp.max(g, axis=-1, keepdims=True)) & (scaled >= small * longest)
    if bool(xp.any(open_at & unseen & counts)):
        refuse(what)


def _eig(xp: Any, g: Any, out: Any, _x: Any) -> Any:
    (g_w, g_v), (w, v) = g, out
    v_h = adjoint(xp, v)
    if g_v is None:
        inner = adjoint(xp, v * g_w[..., None, :])
        return conj(xp, solve(xp, v_h, inner))
    g_v = xp.conj(g_v)
    inner = xp.matmul(v_h, g_v)
    along = xp.linalg.diagonal(inner)
    refuse_gauge(xp, xp.imag(along), g_v, "the phases of the eigenvectors of eig")
    inner = inner - xp.matmul(v_h, v * xp.real(along)[..., None, :])  # each vector keeps its length
    inverse = inverse_gaps(xp, w)
    equal = (inverse == 0) & ~eye(xp, inner)
    by_itself = "the eigenvectors of equal eigenvalues in eig, each by itself"
    used = xp.broadcast_to(xp.any(equal, axis=-1)[..., None, :], g_v.shape)
    refuse_gauge(xp, xp.where(used, g_v, 0), g_v, by_itself)  # nothing shows what a matrix function hides
    if g_w is not None:
        _refuse_hidden(xp, g_w, g_v, w, xp.any(equal, axis=-1), by_itself)
    inner = inner * xp.conj(inverse)
    if g_w is not None:
        inner = with_diagonal(xp, inner, xp.conj(g_w))
    inner = undetermined(inner, equal, part="all", what=by_itself)
    return xp.conj(solve(xp, v_h, xp.matmul(inner, v_h)))


def _eigvals(xp: Any, g: Any, out: Any, x: Any) -> Any:
    # Libraries may order the eigenvalues of eigvals and of eig differently: go through a sorted order.
    w, v = xp.linalg.eig(x)
    g = xp.take_along_axis(g, xp.argsort(_order_key(xp, out), axis=-1), axis=-1)
    g = xp.take_along_axis(g, xp.argsort(xp.argsort(_order_key(xp, w), axis=-1), axis=-1), axis=-1)
    result = solve(xp, v.mT, (v * g[..., None, :]).mT)
    return result if is_complex(xp, x) else xp.real(result)


def _order_key(xp: Any, w: Any) -> Any:
    """A real number for each eigenvalue that tells different ones apart."""
    return xp.real(w) + 0.7390851332151607 * xp.imag(w)


def _fold(xp: Any, g: Any, vectors: Any, k: int, what: str) -> Any:
    """The cotangent of the first ``k`` orthonormal columns that stands for that of all of them.

    The others only have to stay orthonormal to the first: what they contribute follows from that.
    """
    if g is None or vectors.shape[-1] == k:
        return g
    first, rest = vectors[..., :, :k], vectors[..., :, k:]
    g_first, g_rest = g[..., :, :k], g[..., :, k:]
    refuse_gauge(xp, skew(xp, xp.matmul(adjoint(xp, rest), g_rest)), g_rest, what)
    return g_first - xp.matmul(rest, xp.matmul(adjoint(xp, g_rest), first))


def _qr_tall(xp: Any, g_q: Any, g_r: Any, q: Any, r: Any) -> Any:
    """QR of a matrix with at least as many rows as columns."""
    inner = -xp.matmul(adjoint(xp, q), g_q) if g_q is not None else 0
    if g_r is not None:
        inner = xp.matmul(g_r, adjoint(xp, r)) + inner
    above = xp.triu(inner, k=1)
    change = xp.matmul(q, xp.where(eye(xp, inner), hermitian(xp, inner), above + adjoint(xp, above)))
    if g_q is not None:
        change = g_q + change
    lost = xp.any(xp.linalg.diagonal(r) == 0, axis=-1)[..., None, None]
    for g in (g_q, g_r):
        if g is not None:  # there is no derivative without full rank: NaN, but only where one is asked for
            change = xp.where(lost & xp.any(g != 0, axis=(-2, -1), keepdims=True), float("nan"), change)
    return adjoint(xp, solve(xp, r, adjoint(xp, change)))


def _qr(xp: Any, g: Any, out: Any, x_like: Any, **_: Any) -> Any:
    g_q, g_r = (None if item is None else conj(xp, item) for item in g)
    q, r = out
    m, n = x_like.shape[-2:]
    k = min(m, n)
    g_q = _fold(xp, g_q, q, k, "the columns that mode='complete' of qr adds to Q")
    q, r = q[..., :, :k], r[..., :k, :]
    if g_r is not None:
        g_r = g_r[..., :k, :]
    if m >= n:
        return conj(xp, _qr_tall(xp, g_q, g_r, q, r))
    # x = [x₁ x₂] and r = [r₁ r₂]: qr of the square x₁, and r₂ = qᴴ x₂.
    if g_r is None:
        first = _qr_tall(xp, g_q, None, q, r[..., :, :m])
        rest = xp.zeros((*first.shape[:-1], n - m), dtype=first.dtype, device=first.device)
    else:
        g_rest = g_r[..., :, m:]
        rest = xp.matmul(q, g_rest)
        through = xp.matmul(q, xp.matmul(r[..., :, m:], adjoint(xp, g_rest)))
        g_q = through if g_q is None else g_q + through
        first = _qr_tall(xp, g_q, g_r[..., :, :m], q, r[..., :, :m])
    return conj(xp, xp.concat([first, rest], axis=-1))


_BY_ITSELF = "the singular vectors of equal singular values in svd, each by itself"
_OF_ZERO = "the singular vectors of singular values that are zero in svd"


def _svd(xp: Any, g: Any, out: Any, x_like: Any, **_: Any) -> Any:
    (g_u, g_s, g_vh), (u, s, vh) = g, out
    v, k = adjoint(xp, vh), s.shape[-1]
    g_u = None if g_u is None else conj(xp, g_u)
    g_v = None if g_vh is None else g_vh.mT
    g_u = _fold(xp, g_u, u, k, "the columns that full_matrices=True of svd adds to U")
    g_v = _fold(xp, g_v, v, k, "the rows that full_matrices=True of svd adds to Vh")
    u, v = u[..., :, :k], v[..., :, :k]
    v_h = adjoint(xp, v)
    if 0 in x_like.shape:
        return xp.zeros(x_like.shape, dtype=x_like.dtype, device=x_like.device)
    if g_u is None and g_v is None:
        return conj(xp, _scaled(xp, u, g_s, v_h))
    equal, zero = (inverse_gaps(xp, s) == 0), below_rounding(xp, s, s)
    equal = equal & ~eye(xp, equal)
    both_zero = zero[..., None, :] & zero[..., :, None] & equal
    inverse = safe_divide(xp, 1, s, zero)
    in_u = None if g_u is None else xp.matmul(adjoint(xp, u), g_u)
    in_v = None if g_v is None else xp.matmul(v_h, g_v)
    for g_x, x in ((g_u, u), (g_v, v)):
        if g_x is not None and g_s is not None:
            _refuse_hidden(xp, g_s, g_x, s, xp.any(equal, axis=-1), _BY_ITSELF)
            if x.shape[-2] > k or is_complex(xp, u):
                _refuse_hidden(xp, g_s, g_x, s, zero, _OF_ZERO)
    inner = _mixing(xp, g_s, s, in_u, in_v, equal, both_zero)
    diagonal = 0 if g_s is None else g_s
    if is_complex(xp, u):
        phases = _phases(xp, g_u, g_v, in_u, in_v)
        refuse_gauge(xp, xp.where(zero, phases, 0), g_v if g_u is None else g_u, _OF_ZERO)
        diagonal = diagonal + phases * inverse
        both_zero = zero[..., None, :] & zero[..., :, None]
    inner = inner if g_s is None and not is_complex(xp, u) else with_diagonal(xp, inner, diagonal)
    if g_s is not None or g_u is None or g_v is None:  # of vectors alone, a polar factor has to pass
        inner = undetermined(inner, equal, part="hermitian", what=_BY_ITSELF)
    inner = undetermined(inner, both_zero, part="skew", what=_OF_ZERO)
    result = xp.matmul(u, xp.matmul(inner, v_h))
    if g_u is not None and u.shape[-2] > k:
        result = result + xp.matmul(_outer(xp, g_u - xp.matmul(u, in_u), g_u, u, zero, inverse), v_h)
    if g_v is not None and v.shape[-2] > k:
        outer = _outer(xp, g_v - xp.matmul(v, in_v), g_v, v, zero, inverse)
        result = result + xp.matmul(u, adjoint(xp, outer))
    return conj(xp, result)


def _outer(xp: Any, rest: Any, g: Any, vectors: Any, zero: Any, inverse: Any) -> Any:
    """What turning the singular vectors out of the space that they span contributes."""
    zero = xp.broadcast_to(zero[..., None, :], rest.shape)
    refuse_gauge(xp, xp.where(zero, rest, 0), g, _OF_ZERO)
    return undetermined(rest * inverse[..., None, :], zero, vectors, part="outside", what=_OF_ZERO)


def _mixing(xp: Any, g_s: Any, s: Any, in_u: Any, in_v: Any, equal: Any, both_zero: Any) -> Any:
    """What turning the singular vectors among each other contributes.

    (x s[j] + s[i] y) / (s[j]² - s[i]²) of the textbooks, x and y twice the skew parts, is split into
    (x + y) / (s[j] - s[i]) and (x - y) / (s[j] + s[i]): a polar factor has x = -y, and needs no gap.
    """
    known = [a for a in (in_u, in_v) if a is not None]
    zeros = xp.zeros_like(known[0])
    x, y = (zeros if a is None else skew(xp, a) for a in (in_u, in_v))
    size = xp.max(xp.stack([xp.max(xp.abs(a), axis=(-2, -1), keepdims=True) for a in known]), axis=0)
    together, apart, inverse = x + y, x - y, inverse_gaps(xp, s)
    rounding = xp.abs(together) <= 8 * s.shape[-1] * xp.finfo(s.dtype).eps * size
    together = cleaned(together, rounding)
    if (
        g_s is None and len(known) == 2
    ):  # a polar factor: at a small gap its derivative is rounding error, too
        near = xp.abs(inverse) * xp.max(s, axis=-1)[..., None, None] > xp.finfo(s.dtype).eps ** -0.25
        inverse = xp.where(rounding & near & (size > 0), 0, inverse)
    refuse_gauge(xp, xp.where(equal, together, 0), size, _BY_ITSELF)
    if g_s is not None:  # a function of the matrix may hide a term that is divided by the gap
        for a in known:
            refuse_gauge(xp, xp.where(equal, hermitian(xp, a), 0), size, _BY_ITSELF)
    refuse_gauge(xp, xp.where(both_zero, apart, 0), size, _OF_ZERO)
    sums = s[..., None, :] + s[..., :, None]
    return (together * inverse + apart * safe_divide(xp, 1, sums, both_zero | (sums == 0))) / 2


def _phases(xp: Any, g_u: Any, g_v: Any, in_u: Any, in_v: Any) -> Any:
    """What complex singular vectors say about their relative phases; their common phase is arbitrary."""
    d_u = 0 if in_u is None else xp.linalg.diagonal(skew(xp, in_u)) / 2
    d_v = 0 if in_v is None else xp.linalg.diagonal(skew(xp, in_v)) / 2
    larger = g_v if g_u is None else g_u if g_v is None else xp.concat([g_u, g_v], axis=-2)
    refuse_gauge(xp, d_u + d_v, larger, "the phases of the singular vectors of svd")
    return (d_u - d_v) / 2


RULES: dict[str, Rule] = {
    "linalg.cholesky": Rule(_cholesky),
    "linalg.eig": Rule(_eig, outputs=True),
    "linalg.eigh": Rule(_eigh, outputs=True),
    "linalg.eigvals": Rule(_eigvals),
    "linalg.qr": Rule(_qr, outputs=True),
    "linalg.svd": Rule(_svd, outputs=True),
}
