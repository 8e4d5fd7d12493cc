"""Reductions that pass over NaN."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ._tools import as_array, floating, is_complex, is_exact, unavailable
from .reductions import FUNCTIONS as PLAIN
from .reductions import mean_of, reduced_axis, var_of

__all__ = ["FUNCTIONS"]


def _filled(plain: Callable[..., Any], fill: int) -> Callable[..., Any]:
    """A function that takes NaN for its neutral element."""

    def function(xp: Any, a: Any, *args: Any, **params: Any) -> Any:
        a = as_array(xp, a)
        if not is_exact(xp, a):
            a = xp.where(xp.isnan(a), fill, a)
        return plain(xp, a, *args, **params)

    return functools.wraps(plain)(function)


def _chosen(xp: Any, a: Any, where: Any) -> Any:
    chosen = xp.logical_not(xp.isnan(a))
    return chosen if where is True else xp.logical_and(chosen, as_array(xp, where, a))


def _nanmean(
    xp: Any,
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: bool = False,
    *,
    where: Any = True,
) -> Any:
    a = floating(xp, a)
    return mean_of(xp, a, axis, dtype, None, keepdims, where=_chosen(xp, a, where))


def _nanvar(
    xp: Any, a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: float = 0, keepdims: bool = False,
    *, where: Any = True, mean: Any = None, correction: Any = None,
) -> Any:  # fmt: skip
    a = floating(xp, a)
    chosen = _chosen(xp, a, where)
    safe = xp.where(chosen, a, 0)
    mean = None if mean is None else xp.astype(as_array(xp, mean, a), a.dtype, copy=False)
    result = var_of(
        xp, safe, axis, dtype, None, ddof, keepdims, where=chosen, mean=mean, correction=correction
    )
    count = xp.sum(xp.astype(chosen, xp.int64), axis=reduced_axis(axis, a), keepdims=bool(keepdims))
    return xp.where(count > (ddof if correction is None else correction), result, xp.nan)


@functools.wraps(_nanvar)
def _nanstd(xp: Any, a: Any, *args: Any, **params: Any) -> Any:
    return xp.sqrt(_nanvar(xp, a, *args, **params))


def _nanextremum(name: str, plain: Callable[..., Any], worst: float) -> Callable[..., Any]:
    def extremum(
        xp: Any, a: Any, axis: Any = None, out: Any = None, keepdims: bool = False, initial: Any = None,
        where: Any = True,
    ) -> Any:  # fmt: skip
        a = as_array(xp, a)
        if is_exact(xp, a):
            return plain(xp, a, axis, None, keepdims, initial, where)
        if is_complex(xp, a):
            raise unavailable(f"np.{name} of complex arrays")
        missing = xp.isnan(a)
        result = plain(xp, xp.where(missing, worst, a), axis, None, keepdims, initial, where)
        if initial is not None or where is not True:
            return result
        return xp.where(xp.all(missing, axis=reduced_axis(axis, a), keepdims=bool(keepdims)), xp.nan, result)

    return extremum


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "nancumprod": _filled(PLAIN["cumprod"], 1),
    "nancumsum": _filled(PLAIN["cumsum"], 0),
    "nanmax": _nanextremum("nanmax", PLAIN["max"], float("-inf")),
    "nanmean": _nanmean,
    "nanmin": _nanextremum("nanmin", PLAIN["min"], float("inf")),
    "nanprod": _filled(PLAIN["prod"], 1),
    "nanstd": _nanstd,
    "nansum": _filled(PLAIN["sum"], 0),
    "nanvar": _nanvar,
}
