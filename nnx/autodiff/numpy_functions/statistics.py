"""Covariances and correlations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ._tools import as_array, double, dtype_of, floating, is_complex

__all__ = ["FUNCTIONS"]


def _observations(xp: Any, m: Any, y: Any, rowvar: bool, dtype: Any) -> Any:
    """One row for each variable."""
    like = next((v for v in (m, y) if isinstance(v, xp._library.base)), None)

    def rows(x: Any, first: bool) -> Any:
        x = floating(xp, as_array(xp, x, like))
        if x.ndim > 2:
            raise ValueError("np.cov: observations have more than 2 dimensions")
        one = x.ndim < 2 if first else x.ndim < 2 or x.shape[0] == 1
        x = xp.reshape(x, (1, -1)) if x.ndim < 2 else x
        return x if rowvar or one else xp.matrix_transpose(x)

    x = rows(m, True)
    if y is not None:
        x = xp.concat([x, rows(y, False)])
    return double(xp, x) if dtype is None else xp.astype(x, dtype_of(xp, dtype))


def _cov(
    xp: Any, m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: Any = None, fweights: Any = None,
    aweights: Any = None, *, dtype: Any = None,
) -> Any:  # fmt: skip
    if ddof is not None and ddof != int(ddof):
        raise ValueError("ddof must be integer")
    x = _observations(xp, m, y, rowvar, dtype)
    ddof = (0 if bias else 1) if ddof is None else ddof
    weights = None
    for given in (fweights, aweights):
        if given is not None:
            given = xp.astype(as_array(xp, given, x), xp.real(x).dtype if is_complex(xp, x) else x.dtype)
            weights = given if weights is None else weights * given
    if weights is None:
        mean, factor = xp.mean(x, axis=1, keepdims=True), x.shape[1] - ddof
    else:
        total = xp.sum(weights)
        mean = xp.sum(x * weights, axis=1, keepdims=True) / total
        factor = total - ddof
        if aweights is not None and ddof:
            factor = total - ddof * xp.sum(weights * as_array(xp, aweights, x)) / total
    if isinstance(factor, int):
        factor = xp.asarray(
            float(factor), dtype=xp.real(x).dtype if is_complex(xp, x) else x.dtype, device=x.device
        )
    factor = xp.where(factor > 0, factor, 0)
    d = x - mean
    right = xp.matrix_transpose(d if weights is None else d * weights)
    c = xp.matmul(d, xp.conj(right) if is_complex(xp, d) else right) * (1 / factor)
    return xp.squeeze(c, axis=tuple(i for i, n in enumerate(c.shape) if n == 1))


def _corrcoef(xp: Any, x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Any:
    c = _cov(xp, x, y, rowvar, dtype=dtype)
    if c.ndim == 0:
        return c / c
    spread = xp.sqrt(xp.linalg.diagonal(xp.real(c) if is_complex(xp, c) else c))
    c = c / spread[:, None] / spread[None, :]
    if is_complex(xp, c):
        return xp.clip(xp.real(c), -1, 1) + 1j * xp.clip(xp.imag(c), -1, 1)
    return xp.clip(c, -1, 1)


FUNCTIONS: dict[str, Callable[..., Any]] = {"corrcoef": _corrcoef, "cov": _cov}
