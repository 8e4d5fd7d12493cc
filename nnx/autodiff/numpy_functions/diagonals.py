"""Diagonals and triangles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ._tools import as_array, axis_of, dtype_of

__all__ = ["FUNCTIONS"]


def _tril(name: str) -> Callable[..., Any]:
    def function(xp: Any, m: Any, k: int = 0) -> Any:
        m = as_array(xp, m)
        if m.ndim == 1:
            m = xp.broadcast_to(m, (m.shape[0], m.shape[0]))
        return getattr(xp, name)(m, k=k)

    return function


def _diagonal(xp: Any, a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    a = as_array(xp, a)
    if a.ndim < 2:
        raise ValueError("diag requires an array of at least two dimensions")
    moved = xp.moveaxis(a, (axis_of(axis1, a.ndim), axis_of(axis2, a.ndim)), (a.ndim - 2, a.ndim - 1))
    return xp.linalg.diagonal(moved, offset=offset)


def _diag(xp: Any, v: Any, k: int = 0) -> Any:
    v = as_array(xp, v)
    if v.ndim == 2:
        return _diagonal(xp, v, k)
    if v.ndim != 1:
        raise ValueError("Input must be 1- or 2-d.")
    n = v.shape[0] + abs(k)
    out = xp.zeros((n * n,), dtype=v.dtype, device=v.device)
    if v.shape[0]:
        start = k if k >= 0 else -k * n
        out[start : start + (v.shape[0] - 1) * (n + 1) + 1 : n + 1] = v
    return xp.asarray(xp.reshape(out, (n, n)), copy=True)


def _diagflat(xp: Any, v: Any, k: int = 0) -> Any:
    return _diag(xp, xp.reshape(as_array(xp, v), (-1,)), k)


def _trace(
    xp: Any, a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: Any = None
) -> Any:
    params = {} if dtype is None else {"dtype": dtype_of(xp, dtype)}
    return xp.sum(_diagonal(xp, a, offset, axis1, axis2), axis=-1, **params)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "diag": _diag,
    "diagflat": _diagflat,
    "diagonal": _diagonal,
    "linalg.diagonal": lambda xp, x, /, *, offset=0: _diagonal(xp, x, offset, -2, -1),
    "linalg.trace": lambda xp, x, /, *, offset=0, dtype=None: _trace(xp, x, offset, -2, -1, dtype),
    "trace": _trace,
    "tril": _tril("tril"),
    "triu": _tril("triu"),
}
