"""What pooling is made of: the largest element of every window, and the mean.

The largest one's derivative moves the cotangent to where the element was, and the derivative of that picks elements
from there: each is the other's transpose, so every order is exact. So it is with the mean and its spreading.
"""

from __future__ import annotations

import math
from typing import Any

from ..autodiff import primitive
from ..backend import Array
from ._pool_windows import Windows, laid, places, positions, spread_out, taken

__all__ = ["Counts", "max_pool", "max_positions", "mean_pool"]

Counts = tuple[tuple[int, ...], ...]
"""What sums are divided by: for each axis a number for all its windows, or one for each."""


def _axes(x: Array, windows: Windows) -> range:
    return range(x.ndim - len(windows), x.ndim)


def _all_whole(windows: Windows) -> bool:
    """Whether there is one window, of all elements."""
    return all(
        along.kernel == along.size and along.out == along.dilation == 1 and not any(along.starts)
        for along in windows
    )


def _no_view(xp: Any, out: Array, windows: Windows) -> Array:
    """Windows of one element leave slices of what they were given."""
    return xp.asarray(out, copy=True) if all(along.kernel == 1 for along in windows) else out


def _lowest(xp: Any, x: Array) -> Any:
    return -math.inf if xp.isdtype(x.dtype, "real floating") else int(xp.iinfo(x.dtype).min)


def _largest(xp: Any, x: Array, axis: int, windows: Any) -> Array:
    """The largest element of every window along one axis."""
    best, *others = taken(xp, x, axis, windows, _lowest(xp, x))
    for value in others:
        best = xp.maximum(best, value)
    return best


@primitive("max_pool", params=("windows",))
def max_pool(xp: Any, x: Array, *, windows: Windows) -> Array:
    """The largest element of every window over the last axes."""
    if _all_whole(windows):
        return xp.max(x, axis=tuple(_axes(x, windows)), keepdims=True)
    for axis, along in reversed(list(zip(_axes(x, windows), windows, strict=True))):
        x = _largest(xp, x, axis, along)
    return _no_view(xp, x, windows)


@primitive("max_positions", params=("windows",))
def max_positions(xp: Any, x: Array, *, windows: Windows) -> Array:
    """Where it is, as a number into the last axes flattened."""
    lowest, flat, inner = _lowest(xp, x), None, 1
    for axis, along in reversed(list(zip(_axes(x, windows), windows, strict=True))):
        x, place = places(xp, x, axis, along, lowest)
        here = positions(xp, place, axis, along)
        flat = here if flat is None else here * inner + xp.take_along_axis(flat, here, axis=axis)
        inner *= along.size
    return flat


@primitive("max_unpicked", params=("windows",))
def _put(xp: Any, g: Array, x: Array, *, windows: Windows) -> Array:
    """``g`` moved to where the largest elements of ``x`` are, and added up there."""
    axes, lowest = _axes(x, windows), _lowest(xp, x)
    stages = [x]
    for axis, along in list(zip(axes, windows, strict=True))[:0:-1]:
        stages.append(_largest(xp, stages[-1], axis, along))
    for axis, along in zip(axes, windows, strict=True):
        _, place = places(xp, stages.pop(), axis, along, lowest)
        g = laid(xp, [xp.where(place == j, g, 0) for j in range(along.kernel)], axis, along)
    return g


@primitive("max_picked", params=("windows",))
def _pick(xp: Any, t: Array, x: Array, *, windows: Windows) -> Array:
    """The elements of ``t`` from where the largest of ``x`` are."""
    lowest = _lowest(xp, x)
    for axis, along in reversed(list(zip(_axes(x, windows), windows, strict=True))):
        x, place = places(xp, x, axis, along, lowest)
        picked, *others = taken(xp, t, axis, along, 0)
        for j, value in enumerate(others, 1):
            picked = xp.where(place == j, value, picked)
        t = picked
    return t


max_positions.defpullback(None)
max_pool.defpullback(lambda _xp, g, _out, x, *, windows: _put(g, x, windows=windows))
_put.defpullback(lambda _xp, g, _out, _g, x, *, windows: _pick(g, x, windows=windows), None)
_pick.defpullback(lambda _xp, g, _out, _t, x, *, windows: _put(g, x, windows=windows), None)


def _divided(xp: Any, x: Array, counts: Counts) -> Array:
    """``x`` divided by the product of the counts of its last axes."""
    divisor: Any = math.prod(numbers[0] for numbers in counts if len(numbers) == 1)
    for i, numbers in enumerate(counts):
        if len(numbers) > 1:
            shape = (len(numbers), *(1,) * (len(counts) - i - 1))
            divisor = divisor * xp.reshape(xp.asarray(numbers, dtype=x.dtype, device=x.device), shape)
    return x if isinstance(divisor, int) and divisor == 1 else x / divisor


@primitive("mean_pool", params=("windows", "counts"))
def mean_pool(xp: Any, x: Array, *, windows: Windows, counts: Counts) -> Array:
    """The sum of every window over the last axes, divided by its count."""
    if _all_whole(windows):
        return _divided(xp, xp.sum(x, axis=tuple(_axes(x, windows)), keepdims=True), counts)
    for axis, along in reversed(list(zip(_axes(x, windows), windows, strict=True))):
        x, *others = taken(xp, x, axis, along, 0)
        for value in others:
            x = x + value
    return _no_view(xp, _divided(xp, x, counts), windows)


@primitive("mean_spread", params=("windows", "counts"))
def _mean_spread(xp: Any, g: Array, *, windows: Windows, counts: Counts) -> Array:
    """Its transpose."""
    g = _divided(xp, g, counts)
    if _all_whole(windows):
        return xp.broadcast_to(g, (*g.shape[: -len(windows)], *(along.size for along in windows)))
    for axis, along in zip(_axes(g, windows), windows, strict=True):
        g = spread_out(xp, g, axis, along)
    return g


mean_pool.defpullback(
    lambda _xp, g, _out, _x, *, windows, counts: _mean_spread(g, windows=windows, counts=counts)
)
_mean_spread.defpullback(
    lambda _xp, g, _out, _g, *, windows, counts: mean_pool(g, windows=windows, counts=counts)
)
