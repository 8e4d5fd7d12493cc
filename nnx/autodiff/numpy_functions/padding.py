"""``np.pad``: every mode, one axis after the other, as NumPy does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ._tools import as_array, floating, item, places, unavailable

__all__ = ["FUNCTIONS"]


def _pairs(widths: Any, ndim: int) -> list[tuple[Any, Any]]:
    """(before, after) for each axis, from the forms that NumPy takes."""
    if isinstance(widths, dict):
        spread = [(0, 0)] * ndim
        for axis, width in widths.items():
            spread[axis] = tuple(width) if isinstance(width, (tuple, list)) else (width, width)
        return spread
    if not isinstance(widths, (tuple, list)) and not getattr(widths, "ndim", 0):
        return [(widths, widths)] * ndim
    items = [list(w) if isinstance(w, (tuple, list)) or getattr(w, "ndim", 0) else [w] for w in widths]
    if all(len(w) == 1 for w in items):
        flat = [w[0] for w in items]
        if len(flat) == 2 and not isinstance(widths[0], (tuple, list)):
            return [(flat[0], flat[1])] * ndim
        items = [[w, w] for w in flat]
    if len(items) == 1:
        items = items * ndim
    if len(items) != ndim:
        raise ValueError(f"np.pad: cannot broadcast {widths!r} to the {ndim} axes of the array")
    return [(w[0], w[-1]) for w in items]


def _constant(xp: Any, x: Any, axis: int, before: int, after: int, values: Any) -> Any:
    def block(n: int, value: Any) -> Any:
        shape = (*x.shape[:axis], n, *x.shape[axis + 1 :])
        value = xp.astype(as_array(xp, value, x), x.dtype, copy=False)
        return xp.broadcast_to(value, shape)

    return xp.concat([block(before, values[0]), x, block(after, values[1])], axis=axis)


def _ramp(xp: Any, x: Any, axis: int, before: int, after: int, ends: Any) -> Any:
    n = x.shape[axis]
    pieces = []
    for width, value, edge, rising in ((before, ends[0], 0, True), (after, ends[1], n - 1, False)):
        end = xp.astype(as_array(xp, value, x), x.dtype, copy=False)
        t = xp.astype(xp.arange(width, device=x.device), x.dtype) / max(width, 1)
        t = xp.reshape(t if rising else xp.flip(t), (-1,) + (1,) * (x.ndim - axis - 1))
        pieces.append(end + (x[places(axis, slice(edge, edge + 1))] - end) * t)
    return xp.concat([pieces[0], x, pieces[1]], axis=axis)


def _statistic(name: str) -> Callable[..., Any]:
    def pad(xp: Any, x: Any, axis: int, before: int, after: int, lengths: Any) -> Any:
        from .quantiles import FUNCTIONS as QUANTILES

        n = x.shape[axis]

        def value(length: Any, tail: bool) -> Any:
            length = n if length is None else min(int(length), n)
            part = x[places(axis, slice(n - length, n) if tail else slice(0, length))]
            if name == "median":
                return QUANTILES["median"](xp, part, axis, keepdims=True)
            return getattr(xp, {"maximum": "max", "minimum": "min", "mean": "mean"}[name])(
                part, axis=axis, keepdims=True
            )

        blocks = []
        for width, length, tail in ((before, lengths[0], False), (after, lengths[1], True)):
            v = value(length, tail)
            blocks.append(xp.broadcast_to(v, (*x.shape[:axis], width, *x.shape[axis + 1 :])))
        return xp.concat([blocks[0], x, blocks[1]], axis=axis)

    return pad


_SOURCE: dict[str, Callable[[int, int], int]] = {
    "edge": lambda i, n: min(max(i, 0), n - 1),
    "reflect": lambda i, n: 0 if n == 1 else n - 1 - abs(i % (2 * n - 2) - (n - 1)),
    "symmetric": lambda i, n: min(i % (2 * n), 2 * n - 1 - i % (2 * n)),
    "wrap": lambda i, n: i % n,
}
"""Which element of ``n`` stands at place ``i``, counted from the first one."""


def _gathered(xp: Any, x: Any, axis: int, before: int, after: int, mode: str) -> Any:
    n = x.shape[axis]
    if not n:
        raise ValueError(f"can't extend empty axis {axis} using modes other than 'constant' or 'empty'")
    at = [_SOURCE[mode](i, n) for i in range(-before, n + after)]
    return xp.take(x, xp.asarray(at, dtype=xp.int64, device=x.device), axis=axis)


# The modes that take a value for each end: the name of that option, its default, and what extends an axis.
_OPTIONS: dict[str, tuple[str, Any, Callable[..., Any]]] = {
    "constant": ("constant_values", 0, _constant),
    "linear_ramp": ("end_values", 0, _ramp),
    **{name: ("stat_length", None, _statistic(name)) for name in ("maximum", "mean", "median", "minimum")},
}


def _pad(xp: Any, array: Any, pad_width: Any, mode: Any = "constant", **kwargs: Any) -> Any:
    x = as_array(xp, array)
    widths = [(int(item(b)), int(item(a))) for b, a in _pairs(pad_width, x.ndim)]
    if any(w < 0 for pair in widths for w in pair):
        raise ValueError("index can't contain negative values")
    mode = "constant" if mode == "empty" else mode
    if not isinstance(mode, str) or (mode not in _OPTIONS and mode not in _SOURCE):
        raise unavailable(f"np.pad with mode={mode!r}")
    if mode in ("mean", "median"):
        x = floating(xp, x)
    x = (
        _gathering(xp, x, widths, mode, **kwargs)
        if mode in _SOURCE
        else _extending(xp, x, widths, mode, kwargs)
    )
    return x if any(map(any, widths)) else xp.asarray(x, copy=True)


def _gathering(xp: Any, x: Any, widths: Any, mode: str, reflect_type: str = "even") -> Any:
    if reflect_type != "even":
        raise unavailable("np.pad with reflect_type='odd'")
    for axis, (before, after) in enumerate(widths):
        if before or after:
            x = _gathered(xp, x, axis, before, after, mode)
    return x


def _extending(xp: Any, x: Any, widths: Any, mode: str, options: dict[str, Any]) -> Any:
    name, default, extend = _OPTIONS[mode]
    if options.keys() - {name}:
        raise ValueError(
            f"unsupported keyword arguments for mode {mode!r}: {sorted(options.keys() - {name})}"
        )
    pairs = _pairs(options.get(name, default), x.ndim)
    for axis, (before, after) in enumerate(widths):
        if before or after:
            x = extend(xp, x, axis, before, after, pairs[axis])
    return x


FUNCTIONS: dict[str, Callable[..., Any]] = {"pad": _pad}
