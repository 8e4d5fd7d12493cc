"""The logistic function and its kin, in standard functions: large arguments neither overflow nor cancel."""

from __future__ import annotations

from typing import Any

__all__ = ["expit", "log_expit", "log_softmax", "logit", "logsumexp", "softmax"]


def expit(xp: Any, x: Any) -> Any:
    """``1 / (1 + exp(-x))``."""
    small = xp.exp(-xp.abs(x))
    return xp.where(x < 0, small, xp.ones_like(x)) / (1 + small)


def log_expit(xp: Any, x: Any) -> Any:
    """``log(expit(x))``."""
    return xp.minimum(x, xp.zeros_like(x)) - xp.log1p(xp.exp(-xp.abs(x)))


def logit(xp: Any, p: Any) -> Any:
    """``log(p / (1 - p))``, exact about one half."""
    near = xp.abs(p - 0.5) < 0.25
    s = xp.where(near, 2 * p - 1, 0)
    q = xp.where(near, 0.5, p)
    return xp.where(near, xp.log1p(s) - xp.log1p(-s), xp.log(q) - xp.log1p(-q))


def _finite_max(xp: Any, x: Any, axis: Any) -> Any:
    """The maximum along an axis, or zero where it is infinite, for shifting exponents."""
    top = xp.max(x, axis=axis, keepdims=True)
    return xp.where(xp.isfinite(top), top, 0)


def logsumexp(xp: Any, x: Any, *, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Any:
    """``log(sum(exp(x)))``; minus infinity for the sum over nothing."""
    if x.size == 0:
        return xp.sum(x, axis=axis, keepdims=keepdims) - xp.inf
    top = _finite_max(xp, x, axis)
    out = xp.log(xp.sum(xp.exp(x - top), axis=axis, keepdims=True)) + top
    if keepdims:
        return out
    return xp.reshape(out, ()) if axis is None else xp.squeeze(out, axis=axis)


def softmax(xp: Any, x: Any, *, axis: int | tuple[int, ...] | None = None) -> Any:
    """``exp(x) / sum(exp(x))``."""
    if x.size == 0:
        return x
    e = xp.exp(x - xp.max(x, axis=axis, keepdims=True))
    return e / xp.sum(e, axis=axis, keepdims=True)


def log_softmax(xp: Any, x: Any, *, axis: int | tuple[int, ...] | None = None) -> Any:
    """``x - logsumexp(x)``."""
    if x.size == 0:
        return x
    shifted = x - _finite_max(xp, x, axis)
    return shifted - xp.log(xp.sum(xp.exp(shifted), axis=axis, keepdims=True))
