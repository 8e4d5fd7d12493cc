"""Elementwise functions.

Subgradients: 0 for ``abs``, ``hypot`` and ``copysign`` at 0, half to each argument where ``maximum`` or ``minimum``
ties, 1 inside and on the bounds of ``clip``. Masks are applied with ``where``, never by multiplying: 0 * inf is NaN.
"""

from __future__ import annotations

import cmath
import math
from functools import partial
from typing import Any

from ..primitive import Rule, primitive

__all__ = ["NO_DERIVATIVE", "RULES"]

_rule = partial(Rule, elementwise=True)
_LN2, _LN10 = math.log(2.0), math.log(10.0)


def _is_complex(xp: Any, x: Any) -> bool:
    return bool(xp.isdtype(x.dtype, "complex floating"))


def _abs(xp: Any, g: Any, out: Any, x: Any) -> Any:
    if not _is_complex(xp, x):
        return g * xp.sign(x)
    return g * xp.where(out == 0, 0, xp.conj(x) / xp.where(out == 0, 1, out))


def _sign(xp: Any, g: Any, out: Any, x: Any) -> Any:
    if not _is_complex(xp, x):
        return xp.zeros_like(g)
    size = xp.abs(x)  # z / |z| turns, its modulus does not change
    return xp.imag(g * out) * 1j * xp.conj(out) / xp.where(size == 0, 1, size)


def _pow_x(xp: Any, g: Any, _out: Any, x: Any, y: Any) -> Any:
    if isinstance(y, (int, float)):
        if y == 2:
            return g * (2 * x)
        if y == 1:
            return g
        return xp.zeros_like(x) if y == 0 else g * (y * x ** (y - 1))
    if isinstance(y, complex):
        return g * (y * x ** (y - 1))
    zero = y == 0
    return xp.where(zero, 0, g * y * x ** xp.where(zero, 1, y - 1))


def _pow_y(xp: Any, g: Any, out: Any, x: Any, y: Any) -> Any:
    if not hasattr(x, "dtype"):
        if x != 0:
            return g * out * (cmath.log(x) if isinstance(x, complex) else math.log(x) if x > 0 else math.nan)
        return g * xp.where(_real(xp, y) >= 0, 0, -out)
    if _is_complex(xp, out):
        x = x if _is_complex(xp, x) else xp.astype(x, out.dtype)
    zero = (x == 0) & (_real(xp, y) >= 0)
    return g * xp.where(zero, 0, out * xp.log(xp.where(zero, 1, x)))


def _real(xp: Any, y: Any) -> Any:
    if isinstance(y, complex):
        return y.real
    return xp.real(y) if hasattr(y, "dtype") and _is_complex(xp, y) else y


def _larger(xp: Any, g: Any, x: Any, y: Any) -> Any:
    """``g`` where x > y, half of it where they tie; where one is NaN, the result of both is."""
    return xp.where(x < y, xp.zeros_like(g), xp.where(x == y, g / 2, g))


def _clip_x(xp: Any, g: Any, _out: Any, x: Any, min: Any = None, max: Any = None) -> Any:
    inside = None
    if min is not None:
        inside = x >= min
    if max is not None:
        below = x <= max
        inside = below if inside is None else xp.logical_and(inside, below)
    return g if inside is None else xp.where(inside, g, xp.zeros_like(g))


def _clip_min(xp: Any, g: Any, _out: Any, x: Any, min: Any = None, max: Any = None) -> Any:
    at = x < min
    if max is not None:
        at = xp.logical_and(at, min <= max)
    return xp.where(at, g, xp.zeros_like(g))


def _clip_max(xp: Any, g: Any, _out: Any, x: Any, min: Any = None, max: Any = None) -> Any:
    at = x > max
    if min is not None:  # the upper bound wins where the bounds cross
        at = xp.logical_or(at, min > max)
    return xp.where(at, g, xp.zeros_like(g))


def _hypot(xp: Any, g: Any, out: Any, x: Any) -> Any:
    return g * xp.where(out == 0, 0, x / xp.where(out == 0, 1, out))


def _copysign(xp: Any, g: Any, _out: Any, x: Any, y: Any) -> Any:
    same = xp.signbit(x) == xp.signbit(y if hasattr(y, "dtype") else xp.full_like(x, y))
    return xp.where(x == 0, 0, xp.where(same, g, -g))


def _atan2(xp: Any, g: Any, x: Any, y: Any, part: Any) -> Any:
    square = x * x + y * y
    return g * xp.where(square == 0, 0, part / xp.where(square == 0, 1, square))


@primitive("tanh_back", elementwise=True)
def _tanh_back(xp: Any, g: Any, out: Any) -> Any:
    """One operation, so that a second derivative has one to go back through; a backend may have it in one pass."""
    return g * (1 - out * out)


_tanh_back.defpullback(
    lambda xp, c, _out, _g, out: _tanh_back(c, out), lambda xp, c, _out, g, out: c * g * (-2 * out)
)


RULES: dict[str, Rule] = {
    "add": _rule(lambda xp, g, _out, _x, _y: g, lambda xp, g, _out, _x, _y: g),
    "subtract": _rule(lambda xp, g, _out, _x, _y: g, lambda xp, g, _out, _x, _y: -g),
    "multiply": _rule(lambda xp, g, _out, _x, y: g * y, lambda xp, g, _out, x, _y: g * x),
    "divide": _rule(lambda xp, g, _out, _x, y: g / y, lambda xp, g, out, _x, y: -g * out / y),
    "pow": _rule(_pow_x, _pow_y),
    "remainder": _rule(lambda xp, g, _out, _x, _y: g, lambda xp, g, _out, x, y: -g * xp.floor_divide(x, y)),
    "negative": _rule(lambda xp, g, _out, _x: -g),
    "positive": _rule(lambda xp, g, _out, _x: g),
    "abs": _rule(_abs),
    "square": _rule(lambda xp, g, _out, x: g * (2 * x)),
    "sqrt": _rule(lambda xp, g, out, _x: g / (2 * out)),
    "reciprocal": _rule(lambda xp, g, out, _x: -g * out * out),
    "exp": _rule(lambda xp, g, out, _x: g * out),
    "expm1": _rule(lambda xp, g, out, _x: g * (out + 1)),
    "log": _rule(lambda xp, g, _out, x: g / x),
    "log1p": _rule(lambda xp, g, _out, x: g / (1 + x)),
    "log2": _rule(lambda xp, g, _out, x: g / (x * _LN2)),
    "log10": _rule(lambda xp, g, _out, x: g / (x * _LN10)),
    "logaddexp": _rule(
        lambda xp, g, out, x, y: g * _share(xp, out, y - x),
        lambda xp, g, out, x, y: g * _share(xp, out, x - y),
    ),
    "sin": _rule(lambda xp, g, _out, x: g * xp.cos(x)),
    "cos": _rule(lambda xp, g, _out, x: -g * xp.sin(x)),
    "tan": _rule(lambda xp, g, out, _x: g * (1 + out * out)),
    "asin": _rule(lambda xp, g, _out, x: g / _root_one_minus_square(xp, x)),
    "acos": _rule(lambda xp, g, _out, x: -g / _root_one_minus_square(xp, x)),
    "atan": _rule(lambda xp, g, _out, x: g / (1 + x * x)),
    "atan2": _rule(
        lambda xp, g, _out, x, y: _atan2(xp, g, x, y, y), lambda xp, g, _out, x, y: _atan2(xp, g, x, y, -x)
    ),
    "sinh": _rule(lambda xp, g, _out, x: g * xp.cosh(x)),
    "cosh": _rule(lambda xp, g, _out, x: g * xp.sinh(x)),
    "tanh": _rule(lambda xp, g, out, _x: _tanh_back(g, out)),
    "asinh": _rule(lambda xp, g, _out, x: g / _root_one_plus_square(xp, x)),
    "acosh": _rule(lambda xp, g, _out, x: g / (xp.sqrt(x - 1) * xp.sqrt(x + 1))),
    "atanh": _rule(lambda xp, g, _out, x: g / ((1 - x) * (1 + x))),
    "hypot": _rule(
        lambda xp, g, out, x, _y: _hypot(xp, g, out, x), lambda xp, g, out, _x, y: _hypot(xp, g, out, y)
    ),
    "copysign": _rule(_copysign, lambda xp, g, _out, _x, _y: xp.zeros_like(g)),
    "maximum": _rule(
        lambda xp, g, _out, x, y: _larger(xp, g, x, y), lambda xp, g, _out, x, y: _larger(xp, g, y, x)
    ),
    "minimum": _rule(
        lambda xp, g, _out, x, y: _larger(xp, g, y, x), lambda xp, g, _out, x, y: _larger(xp, g, x, y)
    ),
    "clip": _rule(_clip_x, _clip_min, _clip_max, arrays=("", "min", "max"), masks=True),
    "real": _rule(lambda xp, g, _out, x_like: xp.astype(g, x_like.dtype)),
    "imag": _rule(lambda xp, g, _out, x_like: g * -1j if _is_complex(xp, x_like) else xp.zeros_like(g)),
    "conj": _rule(lambda xp, g, _out, _x: xp.conj(g) if _is_complex(xp, g) else g),
    "sign": _rule(_sign),
}


def _share(xp: Any, out: Any, excess: Any) -> Any:
    """1 / (1 + exp(excess)), with no overflow at any order; half where both are infinite and equal."""
    excess = xp.where(xp.isnan(excess) & ~xp.isnan(out), 0, excess)
    return xp.exp(-xp.logaddexp(xp.zeros_like(excess), excess))


def _root_one_minus_square(xp: Any, x: Any) -> Any:
    """Accurate near one; on the branch cuts, which these differences keep the side of, as the function itself."""
    return xp.sqrt(-(x - 1) if _is_complex(xp, x) else 1 - x) * xp.sqrt(x - -1)


def _root_one_plus_square(xp: Any, x: Any) -> Any:
    return xp.sqrt(1 + x * x) if not _is_complex(xp, x) else xp.sqrt(1 + 1j * x) * xp.sqrt(1 - 1j * x)


NO_DERIVATIVE = frozenset(
    """equal not_equal less less_equal greater greater_equal isfinite isinf isnan signbit logical_and logical_not
    logical_or logical_xor bitwise_and bitwise_invert bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor
    floor ceil trunc round floor_divide nextafter can_cast finfo iinfo isdtype result_type broadcast_shapes
    __array_namespace_info__""".split()
)
