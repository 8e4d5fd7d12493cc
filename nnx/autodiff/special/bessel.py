"""The modified Bessel functions of order 0 and 1, in standard functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .coefficients import I0E_LARGE, I0E_SMALL, I1E_LARGE, I1E_SMALL
from .series import chebyshev

__all__ = ["i0", "i0e", "i1", "i1e"]


def _scaled(xp: Any, size: Any, small: Sequence[float], large: Sequence[float]) -> tuple[Any, Any]:
    """The two expansions of ``exp(-x) I(x)`` for x from 0 up: up to 8, and from 8."""
    far = xp.where(size > 8, size, 8)
    near = chebyshev(xp.where(size > 8, 8, size) / 4 - 1, small)
    return near, chebyshev(16 / far - 1, large) / xp.sqrt(far)


def i0e(xp: Any, x: Any) -> Any:
    """``exp(-|x|) I0(x)``."""
    size = xp.abs(x)
    near, far = _scaled(xp, size, I0E_SMALL, I0E_LARGE)
    return xp.where(size > 8, far, near)


def i1e(xp: Any, x: Any) -> Any:
    """``exp(-|x|) I1(x)``."""
    size = xp.abs(x)
    near, far = _scaled(xp, size, I1E_SMALL, I1E_LARGE)
    return xp.where(size > 8, xp.where(x < 0, -far, far), x * near)


def i0(xp: Any, x: Any) -> Any:
    """The modified Bessel function of order 0."""
    return i0e(xp, x) * xp.exp(xp.abs(x))


def i1(xp: Any, x: Any) -> Any:
    """The modified Bessel function of order 1."""
    return i1e(xp, x) * xp.exp(xp.abs(x))
