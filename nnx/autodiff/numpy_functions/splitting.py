"""Cutting arrays into pieces, which are views."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..views import register
from ._tools import as_array, axes_of, axis_of, places, unavailable
from .shapes import several, shape_of

__all__ = ["FUNCTIONS"]


def _split_at(xp: Any, x: Any, cuts: list[int], axis: int) -> list[Any]:
    edges = [0, *cuts, x.shape[axis]]
    return [x[places(axis, slice(i, j))] for i, j in zip(edges[:-1], edges[1:], strict=True)]


def _array_split(xp: Any, ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    x = as_array(xp, ary)
    axis = axis_of(axis, x.ndim)
    if several(indices_or_sections):
        return _split_at(xp, x, [int(i) for i in indices_or_sections], axis)
    sections = int(indices_or_sections)
    if sections <= 0:
        raise ValueError("number sections must be larger than 0.")
    each, extra = divmod(x.shape[axis], sections)
    return _split_at(xp, x, [i * each + min(i, extra) for i in range(1, sections)], axis)


def _split(xp: Any, ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    x = as_array(xp, ary)
    if not several(indices_or_sections) and x.shape[axis_of(axis, x.ndim)] % int(indices_or_sections):
        raise ValueError("array split does not result in an equal division")
    return _array_split(xp, x, indices_or_sections, axis)


def _hsplit(xp: Any, ary: Any, indices_or_sections: Any) -> list[Any]:
    x = as_array(xp, ary)
    return _split(xp, x, indices_or_sections, 1 if x.ndim > 1 else 0)


def _unstack(xp: Any, x: Any, /, *, axis: int = 0) -> Any:
    return xp.unstack(as_array(xp, x), axis=axis)


def _read_only(_parent: Any, _new: Any) -> Any:
    raise ValueError("assignment destination is read-only; copy it first")


def _sliding_window_view(
    xp: Any, x: Any, window_shape: Any, axis: Any = None, *, subok: bool = False, writeable: bool = False
) -> Any:
    if writeable:
        raise unavailable("np.lib.stride_tricks.sliding_window_view with writeable=True")
    x, window = as_array(xp, x), shape_of(window_shape)
    axes = axes_of(axis, x.ndim)
    if len(axes) != len(window):
        raise ValueError("sliding_window_view: as many axes as window lengths are needed")

    def windows(x: Any) -> Any:
        for a, n in zip(axes, window, strict=True):
            count = x.shape[a] - n + 1
            if count < 1 or n < 0:
                raise ValueError("window shape cannot be larger than input array shape")
            at = xp.arange(count, device=x.device)[:, None] + xp.arange(n, device=x.device)[None, :]
            rows = xp.take(x, xp.reshape(at, (-1,)), axis=a)
            rows = xp.reshape(rows, (*x.shape[:a], count, n, *x.shape[a + 1 :]))
            x = xp.moveaxis(rows, a + 1, -1)
        return x

    out = windows(x)
    register(out, x, windows, _read_only)
    return out


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "array_split": _array_split,
    "dsplit": lambda xp, ary, indices_or_sections: _split(xp, ary, indices_or_sections, 2),
    "hsplit": _hsplit,
    "lib.stride_tricks.sliding_window_view": _sliding_window_view,
    "split": _split,
    "unstack": _unstack,
    "vsplit": lambda xp, ary, indices_or_sections: _split(xp, ary, indices_or_sections, 0),
}
