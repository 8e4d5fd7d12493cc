"""Functions that write into their first argument, which has to be a traced array."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ._tools import as_array, axis_of, unavailable
from .selecting import condition_of, indices_of
from .shapes import flat

__all__ = ["FUNCTIONS"]


def _filled_up(xp: Any, values: Any, count: int, beside: Any) -> Any:
    """Values repeated until there are ``count`` of them."""
    values = xp.reshape(as_array(xp, values, beside), (-1,))
    return xp.tile(values, (-(-count // max(values.size, 1)),))[:count]


def _target(xp: Any, a: Any, what: str) -> Any:
    if not isinstance(a, xp._library.base):
        raise unavailable(f"np.{what} into a plain array (the values would lose their derivative)")
    return a


def _copyto(xp: Any, dst: Any, src: Any, casting: str = "same_kind", where: Any = True) -> None:
    dst, src = (
        _target(xp, dst, "copyto"),
        as_array(xp, src, dst if isinstance(dst, xp._library.base) else None),
    )
    dst[...] = src if where is True else xp.where(condition_of(xp, where, dst), src, dst)


def _putmask(xp: Any, a: Any, /, mask: Any, values: Any) -> None:
    a = _target(xp, a, "putmask")
    a[...] = xp.where(condition_of(xp, mask, a), xp.reshape(_filled_up(xp, values, a.size, a), a.shape), a)


def _place(xp: Any, arr: Any, mask: Any, vals: Any) -> None:
    arr = _target(xp, arr, "place")
    mask = xp.reshape(condition_of(xp, mask, arr), arr.shape)
    arr[mask] = _filled_up(xp, vals, int(xp.count_nonzero(mask)), arr)


def _put(xp: Any, a: Any, ind: Any, v: Any, mode: str = "raise") -> None:
    a = _target(xp, a, "put")
    at = xp.reshape(indices_of(xp, ind, a.size, mode, a), (-1,))
    flat(xp, a)[at] = _filled_up(xp, v, at.size, a)


def _put_along_axis(xp: Any, arr: Any, indices: Any, values: Any, axis: Any) -> None:
    arr = _target(xp, arr, "put_along_axis")
    a = flat(xp, arr) if axis is None else arr
    axis = 0 if axis is None else axis_of(axis, a.ndim)
    indices = as_array(xp, indices, a)
    key = []
    for i, n in enumerate(a.shape):
        along = xp.arange(n, device=indices.device)[(None,) * i + (slice(None),) + (None,) * (a.ndim - i - 1)]
        key.append(indices if i == axis else along)
    a[tuple(key)] = values


def _fill_diagonal(xp: Any, a: Any, val: Any, wrap: bool = False) -> None:
    a = _target(xp, a, "fill_diagonal")
    if a.ndim < 2:
        raise ValueError("array must be at least 2-d")
    if wrap and a.ndim == 2 and a.shape[0] > a.shape[1] + 1:
        raise unavailable("np.fill_diagonal with wrap=True on a tall matrix")
    if a.ndim > 2 and len(set(a.shape)) > 1:
        raise ValueError("All dimensions of input must be of equal length")
    places = [
        xp.reshape(xp.arange(m, device=a.device), (-1,) + (1,) * (a.ndim - i - 1))
        for i, m in enumerate(a.shape)
    ]
    diagonal = places[0] == places[1]
    for place in places[2:]:
        diagonal = xp.logical_and(diagonal, place == places[0])
    values = _filled_up(xp, val, a.shape[0], a)
    values = xp.reshape(xp.astype(values, a.dtype, copy=False), (-1,) + (1,) * (a.ndim - 1))
    a[...] = xp.where(diagonal, values, a)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "copyto": _copyto,
    "fill_diagonal": _fill_diagonal,
    "place": _place,
    "put": _put,
    "put_along_axis": _put_along_axis,
    "putmask": _putmask,
}
