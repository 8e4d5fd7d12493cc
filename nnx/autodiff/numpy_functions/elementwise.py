"""Functions of each element that are no universal functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ._tools import as_array, floating, is_complex, is_exact, kind_of, unavailable

__all__ = ["FUNCTIONS"]


def _nan_to_num(
    xp: Any, x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None
) -> Any:
    a = as_array(xp, x)
    if is_exact(xp, a):
        return xp.asarray(a, copy=True) if copy else a

    def mend(a: Any) -> Any:
        largest = xp.finfo(a.dtype)
        high, low, nothing = (
            float(default) if value is None else xp.astype(as_array(xp, value, a), a.dtype, copy=False)
            for value, default in ((posinf, largest.max), (neginf, largest.min), (nan, 0))
        )
        isinf = xp.isinf(a)
        a = xp.where(xp.logical_and(isinf, a > 0), high, xp.where(xp.logical_and(isinf, a < 0), low, a))
        return xp.where(xp.isnan(a), nothing, a)

    result = mend(xp.real(a)) + 1j * mend(xp.imag(a)) if is_complex(xp, a) else mend(a)
    if copy:
        return result
    a[...] = result
    return a


def _real(xp: Any, val: Any) -> Any:
    val = as_array(xp, val)
    return xp.real(val) if is_complex(xp, val) else val


def _imag(xp: Any, val: Any) -> Any:
    val = as_array(xp, val)
    return xp.imag(val) if is_complex(xp, val) else xp.zeros_like(val)


def _angle(xp: Any, z: Any, deg: bool = False) -> Any:
    z = floating(xp, z)
    angle = xp.atan2(_imag(xp, z), _real(xp, z))
    return angle * (180 / xp.pi) if deg else angle


def _real_if_close(xp: Any, a: Any, tol: float = 100) -> Any:
    a = as_array(xp, a)
    if not is_complex(xp, a):
        return a
    imag = xp.imag(a)
    limit = tol * float(xp.finfo(imag.dtype).eps) if tol > 1 else tol
    return xp.real(a) if bool(xp.all(xp.abs(imag) < limit)) else a


def _round(xp: Any, a: Any, decimals: int = 0, out: Any = None) -> Any:
    a = as_array(xp, a)
    if decimals == 0:
        return xp.round(a)
    if kind_of(xp, a) == "integral":
        raise unavailable("np.round of integers with decimals=")
    scale = float(10 ** abs(decimals))
    return xp.round(a * scale) / scale if decimals > 0 else xp.round(a / scale) * scale


def _fix(xp: Any, x: Any, out: Any = None) -> Any:
    return xp.trunc(as_array(xp, x))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "angle": _angle,
    "around": _round,
    "fix": _fix,
    "imag": _imag,
    "nan_to_num": _nan_to_num,
    "real": _real,
    "real_if_close": _real_if_close,
    "round": _round,
}
