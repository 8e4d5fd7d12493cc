"""Windows along one axis, and what pooling does with them there.

Pooling goes axis by axis, from the last to the first: of equal elements the first in the window is then the one
that is found, as if a window were looked through row by row, and a window of k by k costs 2 k passes, not k * k.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from ..backend import Array
from ._windows import laid as laid_evenly
from ._windows import padded

__all__ = ["Adaptive", "Strided", "Windows", "elements", "laid", "places", "positions", "spread_out", "taken"]


class Strided(NamedTuple):
    """Windows of one length at even distances."""

    size: int
    """Of the axis the windows slide along, without padding."""
    kernel: int
    out: int
    """How many windows there are."""
    stride: int
    dilation: int = 1
    before: int = 0
    """Padding in front; behind there is as much as the windows need."""

    @property
    def starts(self) -> tuple[int, ...]:
        """Where the windows begin."""
        return tuple(i * self.stride - self.before for i in range(self.out))

    @property
    def firsts(self) -> tuple[int, ...]:
        """For each window the first place that isn't padding."""
        return tuple(max(-(start // self.dilation), 0) for start in self.starts)


class Adaptive(NamedTuple):
    """Windows that share out an axis: the i-th from i * size / out, down, to (i + 1) * size / out, up."""

    size: int
    out: int
    dilation = 1

    @property
    def starts(self) -> tuple[int, ...]:
        """Where the windows begin."""
        return tuple(i * self.size // self.out for i in range(self.out))

    @property
    def ends(self) -> tuple[int, ...]:
        """Where they end."""
        return tuple(-(-(i + 1) * self.size // self.out) for i in range(self.out))

    @property
    def lengths(self) -> tuple[int, ...]:
        """How many elements they have."""
        return tuple(end - start for start, end in zip(self.starts, self.ends, strict=True))

    @property
    def kernel(self) -> int:
        """The most elements that a window has."""
        return max(self.lengths)

    @property
    def firsts(self) -> tuple[int, ...]:
        """As ``Strided``'s: there is no padding."""
        return (0,) * self.out


Place = tuple[tuple[int, ...], tuple[bool, ...] | None]
"""A number for each window, and for which ones it counts: None for all."""

Axis = Strided | Adaptive
Windows = tuple[Axis, ...]


@lru_cache(maxsize=256)
def elements(axis: Adaptive) -> tuple[Place, ...]:
    """For each place the element that every window has there, its last one in place of those that it lacks."""
    found: list[Place] = []
    for j in range(axis.kernel):
        inside = tuple(j < n for n in axis.lengths)
        numbers = tuple(min(s + j, e - 1) for s, e in zip(axis.starts, axis.ends, strict=True))
        found.append((numbers, None if all(inside) else inside))
    return tuple(found)


@lru_cache(maxsize=256)
def _coverings(axis: Adaptive) -> tuple[Place, ...]:
    """The transpose: for each element its windows, as place * out + window.

    Which windows have an element is said by the same rule the other way about.
    """
    found: list[Place] = []
    for windows, inside in elements(Adaptive(axis.out, axis.size)):
        within = inside or (True,) * axis.size
        flat = tuple(
            (i - axis.starts[w]) * axis.out + w if ok else 0
            for i, (w, ok) in enumerate(zip(windows, within, strict=True))
        )
        found.append((flat, inside))
    return tuple(found)


def _picked(xp: Any, x: Array, axis: int, place: Place, fill: Any) -> Array:
    """The elements of those numbers along an axis, ``fill`` where they don't count."""
    numbers, inside = place
    z = xp.take(x, xp.asarray(numbers, dtype=xp.int64, device=x.device), axis=axis)
    if inside is None:
        return z
    return xp.where(_along(xp, inside, xp.bool, axis, z), z, fill)


def _along(xp: Any, values: tuple[Any, ...], dtype: Any, axis: int, like: Array) -> Array:
    """Numbers along one axis of an array of that many axes."""
    shape = (len(values), *(1,) * (like.ndim - axis - 1))
    return xp.reshape(xp.asarray(values, dtype=dtype, device=like.device), shape)


def taken(xp: Any, x: Array, axis: int, windows: Axis, fill: Any) -> list[Array]:
    """For each place within the kernel its element of every window; ``fill`` outside."""
    if isinstance(windows, Adaptive):
        return [_picked(xp, x, axis, row, fill) for row in elements(windows)]
    size, kernel, out, stride, dilation, before = windows
    reach = (out - 1) * stride
    behind = reach + dilation * (kernel - 1) + 1 - size - before
    x = padded(xp, x, ((before, max(behind, 0)), *((0, 0),) * (x.ndim - axis - 1)), fill)
    key = (slice(None),) * axis
    return [x[(*key, slice(j * dilation, j * dilation + reach + 1, stride), ...)] for j in range(kernel)]


def laid(xp: Any, pieces: list[Array], axis: int, windows: Axis) -> Array:
    """The transpose of ``taken``: every element added where it came from."""
    if isinstance(windows, Adaptive):
        flat, z = xp.concat(pieces, axis=axis), None
        for row in _coverings(windows):
            piece = _picked(xp, flat, axis, row, 0)
            z = piece if z is None else z + piece
        return z
    return laid_evenly(xp, pieces, axis, windows.size, windows.stride, windows.dilation, windows.before)


def spread_out(xp: Any, g: Array, axis: int, windows: Axis) -> Array:
    """``laid`` with the same piece for every place."""
    kernel = windows.kernel
    if isinstance(windows, Adaptive):
        first, *others = taken(xp, g, axis, Adaptive(windows.out, windows.size), 0)
        return sum(others, first)
    if windows.dilation > 1 or windows.stride != kernel:
        return laid(xp, [g] * kernel, axis, windows)
    shape = (*g.shape[: axis + 1], kernel, *g.shape[axis + 1 :])
    wide = xp.broadcast_to(xp.expand_dims(g, axis=axis + 1), shape)
    length = windows.out * kernel
    wide = xp.reshape(wide, (*g.shape[:axis], length, *g.shape[axis + 1 :]))
    rest = ((0, 0),) * (g.ndim - axis - 1)
    return padded(xp, wide, ((-windows.before, windows.size + windows.before - length), *rest))


def places(xp: Any, x: Array, axis: int, windows: Axis, lowest: Any) -> tuple[Array, Array]:
    """The largest element of every window and its place; of equal ones the first, of NaNs the last."""
    first, *others = taken(xp, x, axis, windows, lowest)
    best = first
    dtype = xp.int8 if windows.kernel < 128 else xp.int64
    place = xp.zeros(best.shape, dtype=dtype, device=best.device)
    if any(windows.firsts):
        place = place + _along(xp, windows.firsts, dtype, axis, best)
    floating = xp.isdtype(x.dtype, "real floating")
    for j, value in enumerate(others, 1):
        better = value > best
        if floating:
            better = better | (value != value)
        place, best = xp.where(better, j, place), xp.where(better, value, best)
    return best, place


def positions(xp: Any, place: Array, axis: int, windows: Axis) -> Array:
    """Where along the axis those places are."""
    starts = _along(xp, windows.starts, xp.int64, axis, place)
    return xp.clip(starts + xp.astype(place, xp.int64) * windows.dilation, 0, windows.size - 1)
