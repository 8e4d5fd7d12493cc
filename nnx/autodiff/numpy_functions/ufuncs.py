"""NumPy's universal functions: what the standard calls them, or a formula in its functions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..primitive import primitive
from ..scatter import scatter_rows
from ._tools import as_array, as_arrays, axis_of, floating, is_complex, places, unavailable, write_into
from .products import UFUNCS as PRODUCTS

__all__ = [
    "FORMULAS",
    "NAMES",
    "REDUCTIONS",
    "RUNS",
    "add_at",
    "cbrt",
    "fold",
    "outer",
    "reduce_at",
    "running",
]

# The standard's name, where it differs.
NAMES = {
    "absolute": "abs", "arccos": "acos", "arccosh": "acosh", "arcsin": "asin", "arcsinh": "asinh",
    "arctan": "atan", "arctan2": "atan2", "arctanh": "atanh", "conjugate": "conj", "true_divide": "divide",
    "power": "pow", "invert": "bitwise_invert", "left_shift": "bitwise_left_shift",
    "right_shift": "bitwise_right_shift", "rint": "round", "mod": "remainder",
}  # fmt: skip
NAMES.update(
    (name, name)
    for name in """add subtract multiply divide negative positive exp expm1 log log1p log2 log10 sqrt square sin cos
    tan sinh cosh tanh hypot logaddexp maximum minimum remainder floor ceil trunc sign signbit copysign isfinite isinf
    isnan equal not_equal less less_equal greater greater_equal logical_and logical_or logical_xor logical_not
    floor_divide bitwise_and bitwise_or bitwise_xor reciprocal""".split()
)
RUNS = frozenset("bitwise_count gcd isnat lcm spacing".split())
"""Those without a derivative that the standard lacks: the library's own."""
REDUCTIONS = {
    "add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min", "logical_and": "all", "logical_or": "any",
}  # fmt: skip

_LN2 = math.log(2.0)


@primitive("cbrt")
def cbrt(xp: Any, x: Any) -> Any:
    """The real cube root."""
    own = getattr(xp, "cbrt", None)
    if own is not None:
        return own(x)
    root = xp.pow(xp.abs(x), 1 / 3)
    size = xp.where(root == 0, 1, root)
    return xp.copysign(root - xp.where(root == 0, 0, (size - xp.abs(x) / (size * size)) / 3), x)


cbrt.defpullback(lambda xp, g, out, _x: g / (3 * out * out))


def _constant(xp: Any, x: Any) -> Any:
    """The value of an array without its derivative, at every level."""
    return xp._library.wrap(xp._library.raw(x))


def _scaled(xp: Any, x: Any, n: Any) -> Any:
    """``x * 2**n`` in two steps, neither of which overflows before the result does."""
    n = xp.astype(n, x.dtype)
    half = xp.floor(n / 2)
    return x * xp.pow(2.0, half) * xp.pow(2.0, n - half)


def _frexp(xp: Any, x: Any) -> Any:
    ordinary = xp.logical_and(x != 0, xp.isfinite(x))
    size = xp.where(ordinary, xp.abs(_constant(xp, x)), 0.5)
    exponent = xp.floor(xp.log2(size)) + 1
    scaled = _scaled(xp, size, -exponent)
    exponent = xp.where(scaled >= 1, exponent + 1, xp.where(scaled < 0.5, exponent - 1, exponent))
    return _scaled(xp, x, -exponent), xp.astype(exponent, xp.int32)


def _modf(xp: Any, x: Any) -> Any:
    whole = xp.trunc(x)
    return xp.where(xp.isinf(x), 0, x - whole), whole


def _fmod(xp: Any, x: Any, y: Any) -> Any:
    rest = xp.remainder(xp.abs(x), xp.abs(y))
    return xp.where(x < 0, -rest, rest)


def _nextafter(xp: Any, x: Any, y: Any) -> Any:
    after = xp.nextafter(x, y)
    return xp.where(xp.isinf(x), after, x + (after - _constant(xp, x)))


def _float_power(xp: Any, x: Any, y: Any) -> Any:
    return xp.pow(*(xp.astype(v, xp.complex128 if is_complex(xp, v) else xp.float64) for v in (x, y)))


def _fabs(xp: Any, x: Any) -> Any:
    if is_complex(xp, x):
        raise TypeError("np.fabs takes real arrays")
    return xp.abs(x)


def _heaviside(xp: Any, x: Any, y: Any) -> Any:
    return xp.where(x == 0, y, xp.where(xp.isnan(x), x, xp.astype(x > 0, x.dtype)))


# All arguments arrive as traced arrays.
FORMULAS: dict[str, Callable[..., Any]] = {
    **PRODUCTS,
    "cbrt": lambda xp, x: cbrt(floating(xp, x)),
    "deg2rad": lambda xp, x: x * (math.pi / 180),
    "degrees": lambda xp, x: x * (180 / math.pi),
    "divmod": lambda xp, x, y: (xp.floor_divide(x, y), xp.remainder(x, y)),
    "exp2": lambda xp, x: xp.pow(2.0, floating(xp, x)),
    "fabs": _fabs,
    "float_power": _float_power,
    "fmax": lambda xp, x, y: xp.where(xp.isnan(y), x, xp.where(xp.isnan(x), y, xp.maximum(x, y))),
    "fmin": lambda xp, x, y: xp.where(xp.isnan(y), x, xp.where(xp.isnan(x), y, xp.minimum(x, y))),
    "fmod": _fmod,
    "frexp": _frexp,
    "heaviside": _heaviside,
    "ldexp": _scaled,
    "logaddexp2": lambda xp, x, y: xp.logaddexp(x * _LN2, y * _LN2) / _LN2,
    "modf": _modf,
    "nextafter": _nextafter,
    "rad2deg": lambda xp, x: x * (180 / math.pi),
    "radians": lambda xp, x: x * (math.pi / 180),
}


# methods -------------------------------------------------------------------------------------------------------


def outer(xp: Any, call: Callable[..., Any], a: Any, b: Any) -> Any:
    """``ufunc.outer``: every element of one with every element of the other."""
    a, b = as_arrays(xp, (a, b))
    return call(a[(...,) + (None,) * b.ndim] if b.ndim else a, b)


def add_at(xp: Any, name: str, a: Any, indices: Any, b: Any) -> None:
    """``np.add.at`` and ``np.subtract.at``: what repeated places are given accumulates."""
    library = xp._library
    if not isinstance(a, library.base):
        raise unavailable(f"np.{name}.at on a plain array (what is added would lose its derivative)")
    key = library.plain_key(indices)
    at = xp.reshape(xp.arange(a.size, dtype=xp.int64, device=a.device), a.shape)[key]
    b = xp.broadcast_to(xp.astype(as_array(xp, b, a), a.dtype, copy=False), at.shape)
    source = xp.reshape(b if name == "add" else -b, (-1,))
    result = scatter_rows(xp.reshape(a, (-1,)), xp.reshape(at, (-1,)), source)
    write_into(xp, a, xp.reshape(result, a.shape))


def fold(xp: Any, call: Callable[..., Any], a: Any, axis: Any = 0, keepdims: bool = False) -> Any:
    """``ufunc.reduce`` of any function of two arrays, from the first element on."""
    a = xp.asarray(a)
    axis = axis_of(axis, a.ndim)
    result = a[places(axis, 0)]
    for i in range(1, a.shape[axis]):
        result = call(result, a[places(axis, i)])
    return xp.expand_dims(result, axis=axis) if keepdims else result


def running(xp: Any, call: Callable[..., Any], a: Any, axis: Any = 0) -> Any:
    """``ufunc.accumulate`` of any function of two arrays."""
    a = xp.asarray(a)
    axis = axis_of(axis, a.ndim)
    results = [a[places(axis, 0)]]
    for i in range(1, a.shape[axis]):
        results.append(call(results[-1], a[places(axis, i)]))
    return xp.stack(results, axis=axis)


def reduce_at(xp: Any, reduce: Callable[..., Any], a: Any, indices: Any, axis: Any = 0) -> Any:
    """``ufunc.reduceat``: a reduction from each index to the next."""
    a = xp.asarray(a)
    axis = axis_of(axis, a.ndim)
    starts = [int(i) for i in indices]
    results = []
    for i, start in enumerate(starts):
        stop = starts[i + 1] if i + 1 < len(starts) else a.shape[axis]
        part = a[places(axis, slice(start, stop if stop > start else start + 1))]
        results.append(reduce(xp, part, axis=axis))
    return xp.stack(results, axis=axis)
