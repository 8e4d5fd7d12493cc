"""Rules of the functions that move elements about: shapes, axes, copies, and differences of neighbours.

All are linear, so a rule is the transpose: what was copied is summed, what was moved is moved back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..primitive import Rule, joint
from ..scatter import index_add

__all__ = ["RULES"]

Arrays = list[Any]


def _same(_xp: Any, g: Any, _out: Any, _x: Any, **_: Any) -> Any:
    return g


def _reshaped(xp: Any, g: Any, _out: Any, x_like: Any, **_: Any) -> Any:
    return xp.reshape(g, x_like.shape)


def _along(axis: int, part: Any) -> tuple[Any, ...]:
    """The key that takes ``part`` along one non-negative axis."""
    return (slice(None),) * axis + (part, ...)


def _concat(
    xp: Any, g: Any, _out: Any, arrays_like: Any, needed: Sequence[bool], *, axis: int | None = 0
) -> Arrays:
    pieces: Arrays = []
    start = 0
    for x, wanted in zip(arrays_like, needed, strict=True):
        along = 0 if axis is None else axis % g.ndim
        stop = start + (x.size if axis is None else x.shape[along])
        pieces.append(xp.reshape(g[_along(along, slice(start, stop))], x.shape) if wanted else None)
        start = stop
    return pieces


def _stack(xp: Any, g: Any, _out: Any, _arrays: Any, needed: Sequence[bool], *, axis: int = 0) -> Arrays:
    return [g[_along(axis % g.ndim, i)] if wanted else None for i, wanted in enumerate(needed)]


def _flip(xp: Any, g: Any, _out: Any, _x: Any, *, axis: int | tuple[int, ...] | None = None) -> Any:
    return xp.flip(g, axis=axis)


def _moveaxis(xp: Any, g: Any, _out: Any, _x: Any, *, source: Any, destination: Any) -> Any:
    return xp.moveaxis(g, destination, source)


def _permute_dims(xp: Any, g: Any, _out: Any, _x: Any, *, axes: tuple[int, ...]) -> Any:
    places = [a % g.ndim for a in axes]
    return xp.permute_dims(g, tuple(places.index(i) for i in range(g.ndim)))


def _roll(
    xp: Any,
    g: Any,
    _out: Any,
    _x: Any,
    *,
    shift: int | tuple[int, ...],
    axis: int | tuple[int, ...] | None = None,
) -> Any:
    back = -shift if isinstance(shift, int) else tuple(-s for s in shift)
    return xp.roll(g, back, axis=axis)


def _repeat(xp: Any, g: Any, _out: Any, x_like: Any, repeats: Any, *, axis: int | None = None) -> Any:
    shape = (x_like.size,) if axis is None else x_like.shape
    along = 0 if axis is None else axis % len(shape)
    if isinstance(repeats, int):
        groups = xp.reshape(g, (*shape[: along + 1], repeats, *shape[along + 1 :]))
        return xp.reshape(xp.sum(groups, axis=along + 1), x_like.shape)
    source = xp.repeat(xp.arange(shape[along], device=g.device), repeats)
    return xp.reshape(index_add(xp, shape, along, source, g), x_like.shape)


def _tile(xp: Any, g: Any, _out: Any, x_like: Any, *, repetitions: tuple[int, ...]) -> Any:
    rank = max(x_like.ndim, len(repetitions))
    times = (1,) * (rank - len(repetitions)) + tuple(repetitions)
    shape = (1,) * (rank - x_like.ndim) + x_like.shape
    tiles = xp.reshape(g, tuple(n for pair in zip(times, shape, strict=True) for n in pair))
    return xp.reshape(xp.sum(tiles, axis=tuple(range(0, 2 * rank, 2))), x_like.shape)


def _diff(
    xp: Any, g: Any, _out: Any, x_like: Any, prepend_like: Any = None, append_like: Any = None, *,
    needed: Sequence[bool], axis: int = -1, n: int = 1,
) -> tuple[Any, ...]:  # fmt: skip
    if n == 0:
        return g, None, None
    axis %= g.ndim
    pieces = (prepend_like, x_like, append_like)
    lengths = [0 if p is None else p.shape[axis] if p.ndim else 1 for p in pieces]
    edge = xp.zeros((*g.shape[:axis], 1, *g.shape[axis + 1 :]), dtype=g.dtype, device=g.device)
    for _ in range(min(n, sum(lengths))):
        g = xp.concat([edge, g], axis=axis) - xp.concat([g, edge], axis=axis)
    ends = [sum(lengths[: i + 1]) for i in range(3)]
    before, x, after = (g[_along(axis, slice(e - k, e))] for e, k in zip(ends, lengths, strict=True))
    return x, before, after


RULES: dict[str, Rule] = {
    "astype": Rule(_same, params=("dtype",)),
    "broadcast_to": Rule(_same, params=("shape",)),
    "concat": Rule(_concat, variadic=True),
    "diff": Rule(joint(_diff), params=("n", "axis"), arrays=("x", "prepend", "append")),
    "expand_dims": Rule(_reshaped, params=("axis",)),
    "flip": Rule(_flip, params=("axis",)),
    "moveaxis": Rule(_moveaxis, params=("source", "destination")),
    "permute_dims": Rule(_permute_dims, params=("axes",)),
    "repeat": Rule(_repeat, None, params=("axis",)),
    "reshape": Rule(_reshaped, params=("shape",)),
    "roll": Rule(_roll, params=("shift", "axis")),
    "squeeze": Rule(_reshaped, params=("axis",)),
    "stack": Rule(_stack, variadic=True),
    "tile": Rule(_tile, params=("repetitions",)),
}
