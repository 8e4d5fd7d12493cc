"""How an array is normalised in parts: what its groups are, and which share of a weight belongs to a part."""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import Any, NamedTuple

from .batch_last import last

__all__ = ["WORTHWHILE", "Plan", "Shape", "moved_axes", "moved_weight", "planned", "shape_of", "within"]

Array = Any
Shape = tuple[int, ...]

WORTHWHILE = 2**14  # elements; below, more calls cost more than fewer passes save

PART = 2**20  # bytes of the input at a time, which three of fit into a core's share of the cache


class Plan(NamedTuple):
    """How an array is normalised over some axes."""

    outer: int
    groups: int
    inner: int
    moments: Shape
    """The shape of the statistics."""
    each: Shape | None
    """Of a weight that is one number for each group, before it is broadcast to the statistics' shape; else None."""
    period: int
    """After how many groups the weight repeats itself."""
    run: int
    """How many elements in a row have the same weight."""
    sums: Shape
    """Of what the cotangents of the weight are summed from: a number for each group, or a row for ``step`` groups."""
    step: int
    parts: tuple[slice, ...]
    """Of the groups."""


@lru_cache(maxsize=256)
def _plan(shape: Shape, axes: Shape, weights: Shape | None, itemsize: int) -> Plan | None:
    """None where the groups or the weight are laid out in another way than those of the usual layers."""
    count = len(shape)
    reduced = {axis % count for axis in axes}
    kept = [i for i in range(count) if i not in reduced]
    first, last = (kept[0], kept[-1] + 1) if kept else (0, 0)
    weights = (1,) * (count - len(weights or ())) + (weights or ())
    if (
        not reduced
        or last - first != len(kept)
        or any(n not in (1, m) for n, m in zip(weights, shape, strict=True))
    ):
        return None
    outer, groups, inner = prod(shape[:first]), prod(shape[first:last]), prod(shape[last:])
    if outer > 1 and inner == 1:  # gathering single elements costs more than it saves
        return None
    moments = tuple(1 if i in reduced else n for i, n in enumerate(shape))
    each, period, run = weights, 1, 1
    if any(weights[i] > 1 for i in reduced):
        long = [i for i, n in enumerate(weights) if n > 1]
        start, stop = min(long[0], last), long[-1] + 1
        if outer > 1 or weights[start:stop] != shape[start:stop]:
            return None
        each, period, run = None, prod(shape[start:last]), prod(shape[stop:])
    parts = tuple(_parts(groups, period, outer * inner * itemsize))
    step = max(parts[0].stop, period)
    sums = (groups, 1) if each is not None else (-(-groups // step), period * inner // run)
    return Plan(outer, groups, inner, moments, each, period, run, sums, step, parts)


def _parts(groups: int, period: int, size: int) -> list[slice]:
    """Some groups of that many bytes each; none begins within a period and reaches beyond it."""
    count = 2 * -(-groups * size // (2 * PART)) if 2 * groups * size > PART else 1
    length = -(-groups // count)
    if length < period:
        return [
            slice(i, min(i + length, start + period))
            for start in range(0, groups, period)
            for i in range(start, start + period, length)
        ]
    length = -(-length // period) * period
    return [slice(i, min(i + length, groups)) for i in range(0, groups, length)]


def planned(x: Array, axes: Shape, weight: Any, bias: Any) -> Plan | None:
    """A plan, if there is one for an array and the shapes of a weight and a bias."""
    if x.size < WORTHWHILE or x.dtype.char not in "fd":
        return None
    weights = bias if weight is None else weight
    if (bias is not None and bias != weights) or len(weights or ()) > x.ndim:
        return None
    return _plan(x.shape, axes, weights, x.itemsize)


def shape_of(v: Array | None, x: Array) -> Shape | None:
    """That of a parameter; one that never fits where its dtype does not."""
    return None if v is None else v.shape if v.dtype == x.dtype else (0,)


def within(part: slice, plan: Plan) -> slice:
    """Which elements of a weight that repeats itself belong to a part."""
    one = plan.inner // plan.run
    start, count = part.start % plan.period, min(part.stop - part.start, plan.period)
    return slice(start * one, (start + count) * one)


def moved_axes(axes: Shape, count: int) -> Shape:
    """Where axes are in an array of so many whose first has become the last."""
    return tuple(sorted((axis - 1) % count for axis in axes))


def moved_weight(v: Array | None, count: int) -> Array | None:
    """A parameter that is broadcast to such an array."""
    return None if v is None or v.ndim > count else last(v.reshape((1,) * (count - v.ndim) + v.shape))
