"""A line search for a step that fulfils the strong Wolfe conditions.

Bracketing and zooming by cubic interpolation; Nocedal and Wright, Numerical Optimization, 2006, algorithms 3.5 and
3.6, with the safeguards of minFunc (Schmidt, 2005), which PyTorch has too: the steps are the same as there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from ..backend import Array

__all__ = ["Point", "strong_wolfe"]

DECREASE, CURVATURE = 1e-4, 0.9
NARROW = 1e-9  # a bracket whose ends are nearer than this, in the parameters, is not searched


class Point(NamedTuple):
    """A point on the line: how far along the direction, and the loss, its slope and its gradient there."""

    t: float
    loss: float
    slope: float
    gradient: Array


def strong_wolfe(
    evaluate: Callable[[float], Point], start: Point, t: float, reach: float, limit: int
) -> tuple[Point, int]:
    """The point found from a first guess ``t``, and how often was evaluated.

    ``reach`` is the largest element of the direction, ``limit`` how many points may be tried after the first.
    """
    new, previous, count = evaluate(t), start, 0
    ends = None
    while count < limit and ends is None:
        if _too_high(new, start) or (count > 1 and new.loss >= previous.loss):
            ends = [previous, new]
        elif _flat(new, start):
            return new, count + 1
        elif new.slope >= 0.0:
            ends = [previous, new]
        else:
            t = _interpolated(previous, new, new.t + 0.01 * (new.t - previous.t), new.t * 10.0)
            previous, new, count = new, evaluate(t), count + 1
    ends = ends or [start, new]
    low, count = _zoom(evaluate, start, ends, reach, count, limit)
    return low, count + 1


def _zoom(
    evaluate: Callable[[float], Point], start: Point, ends: list[Point], reach: float, count: int, limit: int
) -> tuple[Point, int]:
    """Narrow a bracket until a point in it fulfils both conditions."""
    low = 0 if ends[0].loss <= ends[1].loss else 1
    near_before = False
    while count < limit and not abs(ends[1].t - ends[0].t) * reach < NARROW:
        left, right = min(p.t for p in ends), max(p.t for p in ends)
        t, margin = _interpolated(ends[0], ends[1], left, right), 0.1 * (right - left)
        near = min(right - t, t - left) < margin
        if near and (near_before or t >= right or t <= left):
            t = right - margin if abs(t - right) < abs(t - left) else left + margin
            near = False
        near_before = near
        new, count = evaluate(t), count + 1
        if _too_high(new, start) or new.loss >= ends[low].loss:
            ends[1 - low] = new
            low = 0 if ends[0].loss <= ends[1].loss else 1
            continue
        done = _flat(new, start)
        if not done and new.slope * (ends[1 - low].t - ends[low].t) >= 0.0:
            ends[1 - low] = ends[low]
        ends[low] = new
        if done:
            break
    return ends[low], count


def _too_high(new: Point, start: Point) -> bool:
    return new.loss > start.loss + DECREASE * new.t * start.slope


def _flat(new: Point, start: Point) -> bool:
    return abs(new.slope) <= -CURVATURE * start.slope


def _interpolated(a: Point, b: Point, low: float, high: float) -> float:
    """Where the cubic through two points with their slopes is least, between two bounds."""
    if a.t > b.t:
        a, b = b, a
    d = a.slope + b.slope - 3.0 * _over(a.loss - b.loss, a.t - b.t)
    square = d * d - a.slope * b.slope
    if not square >= 0.0:
        return (low + high) / 2.0
    root = math.sqrt(square)
    t = b.t - (b.t - a.t) * _over(b.slope + root - d, b.slope - a.slope + 2.0 * root)
    return min(max(t, low), high)


def _over(x: float, y: float) -> float:
    """The quotient, as IEEE has it."""
    if y:
        return x / y
    return math.nan if not x or math.isnan(x) else math.copysign(math.inf, x) * math.copysign(1.0, y)
