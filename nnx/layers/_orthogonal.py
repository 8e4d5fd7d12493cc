"""Orthogonal weights: a parametrisation by matrices that keep lengths."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from .. import init
from ..autodiff import array_namespace, stop_gradient
from ..backend import Array, backend_of
from ..functional._errors import complaint
from ._cells import Buffer
from ._layer import Layer
from ._parametrize import register_parametrization
from ._state import converted

if TYPE_CHECKING:
    from ..random import Generator

__all__ = ["orthogonal"]

_MAPS = ("matrix_exp", "cayley", "householder")
_PADE = tuple(
    math.factorial(12 - j)
    * math.factorial(6)
    / (math.factorial(12) * math.factorial(6 - j) * math.factorial(j))
    for j in range(7)
)


class _Orthogonal(Layer):
    """From any matrices to such with orthonormal columns, or rows where these are fewer."""

    base: Array

    def __init__(self, orthogonal_map: str, use_trivialization: bool, generator: Generator | None) -> None:
        self.orthogonal_map, self.use_trivialization = orthogonal_map, use_trivialization
        self.generator = generator

    def forward(self, x: Array) -> Array:
        """The orthogonal matrices, of the shape of ``x``."""
        xp, wide = array_namespace(x), x.shape[-2] < x.shape[-1]
        if wide:
            x = xp.matrix_transpose(x)
        n, k = x.shape[-2:]
        eye = xp.eye(n, dtype=x.dtype, device=x.device)
        if self.orthogonal_map == "householder":
            q = _reflected(xp, x, eye)
        else:
            x = xp.tril(x)
            if n != k:
                x = xp.concat([x, xp.zeros((*x.shape[:-1], n - k), dtype=x.dtype, device=x.device)], axis=-1)
            skew = x - _adjoint(xp, x)
            cayley = self.orthogonal_map == "cayley"
            q = xp.linalg.solve(eye - skew / 2, eye + skew / 2) if cayley else _exponential(xp, skew, eye)
            q = q[..., :k]
        if self.use_trivialization:
            q = xp.matmul(self.base, q)
        return xp.matrix_transpose(q) if wide else q

    def right_inverse(self, q: Array) -> Array:
        """What is mapped to ``q``, or to the orthogonal matrices that its QR decomposition has."""
        xp, wide = backend_of(q).xp, q.shape[-2] < q.shape[-1]
        tall = xp.matrix_transpose(q) if wide else q
        n, k = tall.shape[-2:]
        if not self.use_trivialization:
            if self.orthogonal_map != "householder":
                raise NotImplementedError(
                    f'orthogonal: with "{self.orthogonal_map}" and use_trivialization=False weights cannot be assigned'
                )
            x = _reflectors(xp, tall)
            return xp.matrix_transpose(x) if wide else x
        if n != k:
            shape = (*tall.shape[:-1], n - k)
            tall = xp.concat([tall, converted(init.normal(shape, generator=self.generator), tall)], axis=-1)
        base = tall if n == k and _is_orthogonal(xp, tall) else _orthogonalized(xp, tall)
        if "base" in self._nnx_cells:
            self.base = base
        else:
            self.base = Buffer(xp.asarray(base, copy=True))
        # The diagonal of -1 is what maps to the identity, for the map "householder" too.
        return xp.zeros_like(q) - xp.eye(*q.shape[-2:], dtype=q.dtype, device=q.device)


def _adjoint(xp: Any, x: Array) -> Array:
    x = xp.matrix_transpose(x)
    return xp.conj(x) if xp.isdtype(x.dtype, "complex floating") else x


def _diagonal(xp: Any, x: Array) -> Array:
    """The diagonals of matrices with no more columns than rows, as rows."""
    k = x.shape[-1]
    eye = xp.eye(k, dtype=x.dtype, device=x.device)
    return xp.sum(x[..., :k, :] * eye, axis=-2, keepdims=True)


def _reflected(xp: Any, x: Array, eye: Array) -> Array:
    """The first columns of the product of the reflections at the columns of v, x below a diagonal of ones.

    They are I - V T Vᵀ with a triangular T whose inverse is half of VᵀV on its diagonal and all of it above.
    """
    k = x.shape[-1]
    v = xp.tril(x, k=-1) + eye[:, :k]
    products = xp.matmul(xp.matrix_transpose(v), v)
    inverse = xp.triu(products) - xp.triu(xp.tril(products)) / 2
    q = eye[:, :k] - xp.matmul(v, xp.linalg.solve(inverse, xp.matrix_transpose(v[..., :k, :])))
    return q * xp.trunc(stop_gradient(_diagonal(xp, x)))


def _exponential(xp: Any, x: Array, eye: Array) -> Array:
    """The exponential of matrices: the diagonal Padé approximation of order 6 of x / 2^s, squared s times.

    Higham, SIAM J. Matrix Anal. Appl. 26 (2005); the norm of x / 2^s is at most 1/2, which leaves an error of 1e-17.
    """
    size = stop_gradient(xp.sum(xp.abs(x), axis=-2))
    norm = float(xp.max(size)) if x.size else 0.0
    steps = max(math.frexp(norm)[1] + 1, 0) if math.isfinite(norm) else 0
    x = x / 2**steps
    x2 = xp.matmul(x, x)
    x4 = xp.matmul(x2, x2)
    _, b1, b2, b3, b4, b5, b6 = _PADE
    odd = xp.matmul(x, eye * b1 + x2 * b3 + x4 * b5)
    even = eye + x2 * b2 + x4 * b4 + xp.matmul(x4, x2) * b6
    result = xp.linalg.solve(even - odd, even + odd)
    for _ in range(steps):
        result = xp.matmul(result, result)
    return result


def _is_orthogonal(xp: Any, q: Array) -> bool:
    n = q.shape[-1]
    eye = xp.eye(n, dtype=q.dtype, device=q.device)
    error = xp.abs(xp.matmul(_adjoint(xp, q), q) - eye)
    return bool(xp.all(error <= 10.0 * n * xp.finfo(q.dtype).eps + 1e-5 * xp.abs(eye)))


def _orthogonalized(xp: Any, x: Array) -> Array:
    """Q of x = QR with a positive diagonal of R, which makes it unique."""
    q, r = xp.linalg.qr(x)
    return q * xp.sign(_diagonal(xp, r))


def _reflectors(xp: Any, q: Array) -> Array:
    """What `_reflected` maps to the Q of q = QR: Householder's decomposition, a column a step."""
    k = q.shape[-1]
    rest, columns = q, []
    for i in range(k):
        x = rest[..., :, :1]
        first = x[..., :1, :]
        norm = xp.linalg.vector_norm(x, axis=-2, keepdims=True)
        done = xp.sum(x[..., 1:, :] ** 2, axis=-2, keepdims=True) == 0
        end = xp.where(done, first, xp.where(first < 0, norm, -norm))
        v = xp.where(done, 0.0, x / xp.where(done, 1.0, first - end))
        v = xp.concat([xp.ones_like(first), v[..., 1:, :]], axis=-2)
        tau = xp.where(done, 0.0, (end - first) / end)
        rest = (rest - tau * xp.matmul(v, xp.matmul(xp.matrix_transpose(v), rest)))[..., 1:, 1:]
        sign = xp.where(done, -xp.sign(end), xp.sign(end))
        above = xp.zeros((*q.shape[:-2], i, 1), dtype=q.dtype, device=q.device)
        columns.append(xp.concat([above, sign, v[..., 1:, :]], axis=-2))
    return xp.concat(columns, axis=-1) if k else q


def orthogonal(
    layer: Layer,
    name: str = "weight",
    orthogonal_map: str | None = None,
    *,
    use_trivialization: bool = True,
    generator: Generator | None = None,
) -> Layer:
    r"""Keep weights orthogonal: :math:`Q^\mathsf{H} Q = I`, or :math:`Q Q^\mathsf{H} = I` with fewer rows than columns.

    ``torch.nn.utils.parametrizations.orthogonal``. The weights are mapped from any matrix: with the skew
    :math:`A = X - X^\mathsf{H}` of its lower triangle X by the exponential or by Cayley's
    :math:`(I - A/2)^{-1} (I + A/2)`, or by Householder's reflections at its columns. Weights that are not orthogonal
    yet start as the Q of their QR decomposition.

    Parameters
    ----------
    layer
        Changed, and returned.
    name
        Of a parameter with at least two axes; all but the last two count matrices.
    orthogonal_map
        ``"matrix_exp"``, ``"cayley"`` or ``"householder"``; the first for square and complex matrices by default, the
        last for others.
    use_trivialization
        Whether to map to a neighbourhood of the first weights, kept as the buffer ``base``, instead of the identity's.
        Lezcano-Casado, 2019, arXiv:1909.09501.
    generator
        Where what completes the first weights is drawn from; nnx's own stream by default.

    Raises
    ------
    ValueError
        Where the layer has no such parameter, it is no matrix, or the map is unknown or not for complex numbers.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> layer = nnx.orthogonal(nnx.Linear(20, 40))
    >>> bool(abs(layer.weight.T @ layer.weight - np.eye(20)).max() < 1e-5)
    True
    """
    weight: Any = getattr(layer, name, None)
    if not hasattr(weight, "ndim"):
        raise complaint(type(layer).__name__, f'has no parameter or buffer "{name}"')
    if weight.ndim < 2:
        raise complaint("orthogonal", f"expected a matrix or several, got {weight.ndim} axes")
    is_complex = backend_of(weight).xp.isdtype(weight.dtype, "complex floating")
    if orthogonal_map is None:
        square = weight.shape[-2] == weight.shape[-1]
        orthogonal_map = "matrix_exp" if square or is_complex else "householder"
    if orthogonal_map not in _MAPS:
        raise complaint(
            "orthogonal", f"expected an orthogonal_map of {', '.join(_MAPS)}; got {orthogonal_map!r}"
        )
    if is_complex and orthogonal_map == "householder":
        raise complaint("orthogonal", '"householder" has no complex matrices')
    map_ = _Orthogonal(orthogonal_map, use_trivialization, generator)
    return register_parametrization(layer, name, map_, unsafe=True)
