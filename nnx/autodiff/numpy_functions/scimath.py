"""``numpy.emath``: real arrays beyond a function's real domain give complex results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ._tools import as_arrays, complexed, floating, is_complex

__all__ = ["FUNCTIONS"]


def _below_zero(xp: Any, x: Any) -> Any:
    """Complex if it is real and has negative elements."""
    x = floating(xp, x)
    return x if is_complex(xp, x) or not bool(xp.any(x < 0)) else complexed(xp, x)


def _beyond_one(xp: Any, x: Any) -> Any:
    """Complex if it is real and has elements beyond 1 or -1."""
    x = floating(xp, x)
    return x if is_complex(xp, x) or not bool(xp.any(xp.abs(x) > 1)) else complexed(xp, x)


def _of(name: str, domain: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    return lambda xp, x: getattr(xp, name)(domain(xp, x))


def _logn(xp: Any, n: Any, x: Any) -> Any:
    x, n = as_arrays(xp, (x, n))
    return xp.log(_below_zero(xp, x)) / xp.log(_below_zero(xp, n))


def _power(xp: Any, x: Any, p: Any) -> Any:
    x, p = (floating(xp, v) for v in as_arrays(xp, (x, p)))
    return xp.pow(_below_zero(xp, x), p)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "emath.arccos": _of("acos", _beyond_one),
    "emath.arcsin": _of("asin", _beyond_one),
    "emath.arctanh": _of("atanh", _beyond_one),
    "emath.log": _of("log", _below_zero),
    "emath.log10": _of("log10", _below_zero),
    "emath.log2": _of("log2", _below_zero),
    "emath.logn": _logn,
    "emath.power": _power,
    "emath.sqrt": _of("sqrt", _below_zero),
}
