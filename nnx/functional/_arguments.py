"""Arguments that many functions take: a floating-point array, a number, a whole number, an axis."""

from __future__ import annotations

import operator
from typing import Any

from ..autodiff import array_namespace
from ..autodiff.special import promoted
from ..backend import Array
from ._errors import complaint, not_arrays

__all__ = ["axis_of", "check_floating", "floating", "number", "real", "whole"]


def check_floating(where: str, x: Array) -> None:
    """Raise for what is no array of real floating-point numbers."""
    try:
        if x.dtype.kind == "f":  # of NumPy's dtypes; isdtype costs more than a small activation
            return
    except AttributeError:
        if not hasattr(x, "dtype"):
            raise not_arrays(where, x=x) from None
    if not array_namespace(x).isdtype(x.dtype, "real floating"):
        raise complaint(where, f"expected floating-point numbers, got {x.dtype}", TypeError)


def floating(where: str, x: Array) -> Array:
    """``x``, integers as numbers of the library's default floating-point dtype; raises for what is no array."""
    if not hasattr(x, "dtype"):
        raise not_arrays(where, x=x)
    if getattr(x.dtype, "kind", "") in ("f", "c"):
        return x
    xp = array_namespace(x)
    return x if xp.isdtype(x.dtype, ("real floating", "complex floating")) else promoted(xp, (x,))[0]


def real(where: str, x: Array) -> bool:
    """Whether ``x`` holds whole numbers; raises for what holds no real numbers."""
    kind = getattr(getattr(x, "dtype", None), "kind", "")
    if kind == "f":
        return False
    if not hasattr(x, "dtype"):
        raise not_arrays(where, x=x)
    xp = array_namespace(x)
    if not xp.isdtype(x.dtype, ("real floating", "integral")):
        raise complaint(where, f"expected real numbers, got {x.dtype}", TypeError)
    return xp.isdtype(x.dtype, "integral")


def number(where: str, name: str, value: Any) -> float:
    """A Python number, which leaves the dtype of an array as it is, where NumPy's scalars might widen it."""
    if type(value) is float or type(value) is int:
        return value
    if not hasattr(type(value), "__float__"):
        raise complaint(where, f"expected {name} to be a number, got {value!r}", TypeError)
    return float(value)


def whole(where: str, name: str, value: Any, least: int) -> int:
    """A Python integer of at least ``least``."""
    fits = not isinstance(value, bool) and hasattr(type(value), "__index__")
    if not fits or value < least:
        wanted = f"expected {name} to be a whole number of at least {least}, got {value!r}"
        raise complaint(where, wanted, ValueError if fits else TypeError)
    return operator.index(value)


def axis_of(where: str, axis: Any, ndim: int) -> int:
    """An axis counted from the first; of a 0-d array as of a 1-d one, as in PyTorch."""
    if isinstance(axis, bool) or not hasattr(type(axis), "__index__"):
        raise complaint(where, f"expected axis to be a whole number, got {axis!r}", TypeError)
    ndim = max(ndim, 1)
    if not -ndim <= axis < ndim:
        raise complaint(where, f"expected an axis from {-ndim} to {ndim - 1}, got {axis}", IndexError)
    return operator.index(axis) % ndim
