"""The logistic function and its kin, in standard functions: large arguments neither overflow nor cancel."""

from __future__ import annotations

from typing import Any

__all__ = ["expit", "log_expit", "logit"]


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
