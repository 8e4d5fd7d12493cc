"""Whether two runs of a function did the same, so that a third need not be watched."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from ..autodiff.library import library_of
from ..autodiff.primitive import Left, Like
from ._program import Program
from ._source import said
from ._steps import GUARD, LOAD, Constant, Register, Step, shape

__all__ = ["difference"]

Equal = Callable[[Any, Any], bool]
_VALUES = (bool, int, float, complex, str, bytes, type(None))


def difference(one: Program, other: Program, results: tuple[Any, Any]) -> str | None:
    """The first thing that differs, in words, what came of them included; None where nothing does."""
    if one.inputs != other.inputs:
        return "which of its arguments are the same array"
    equal = (
        operator.is_ if one.writes_outside else _equal
    )  # what is made anew each time may not be written to
    for a, b in zip(one.steps, other.steps, strict=False):
        found = _of_steps(a, b, equal)
        if found is not None:
            return found
    if len(one.steps) != len(other.steps):
        longer = max(one.steps, other.steps, key=len)
        step = longer[min(len(one.steps), len(other.steps))]
        return f"how much it does: {said(step)} is called only one of the times"
    found = _of_values(*results, operator.is_)  # an array that is made anew each time is to be another one
    return None if found is None else f"{found} its caller"


def _of_steps(a: Step, b: Step, equal: Equal) -> str | None:
    if a.kind != b.kind or not _same_function(a.function, b.function):
        return f"what it does: {said(a)} one time, {said(b)} another"
    if a.kind == LOAD:
        return None if a.result == b.result else "which of its layers' arrays are the same"
    if a.kind == GUARD and a.result != b.result:
        what = (
            f"the shape of an array (at {a.where})"
            if a.function is shape
            else f"the value that {said(a)} reads"
        )
        return f"{what}: {a.result!r} one time, {b.result!r} another"
    for x, y in ((a.args, b.args), (a.kwargs, b.kwargs), (a.result, b.result)):
        found = _of_values(x, y, equal)
        if found is not None:
            return f"{found} {said(a)}"
    return None


def _of_values(x: Any, y: Any, equal: Equal) -> str | None:
    """What to say of two arguments or results that differ, before the name of the call."""
    kind = type(x)
    if kind is not type(y):
        return f"{_called(x)} one time, {_called(y)} another, in"
    if kind is Register:
        return None if x == y else "which array goes to"
    if kind is Constant:
        return None if equal(x.array, y.array) else "the elements of an array from outside that is given to"
    if isinstance(x, dict):
        if list(x) != list(y):
            return "the keys of what is given to"
        x, y = list(x.values()), list(y.values())
    if isinstance(x, (tuple, list)):
        if len(x) != len(y):
            return "how many arguments go to"
        pairs = zip(x, y, strict=True)
        return next((found for a, b in pairs if (found := _of_values(a, b, equal)) is not None), None)
    if isinstance(x, slice):
        return _of_values((x.start, x.stop, x.step), (y.start, y.stop, y.step), equal)
    if isinstance(x, _VALUES):
        same = x == y or (x != x and y != y)
        return None if same else f"the value {x!r} one time, {y!r} another, given to"
    return None if _alike(x, y) else f"one {kind.__name__} one time, another one another, given to"


def _equal(x: Any, y: Any) -> bool:
    """Whether two plain arrays are the same one, or have the same elements and nothing else to tell them apart."""
    if x is y:
        return True
    library = library_of(x)
    if library is None or library_of(y) is not library or x.shape != y.shape or x.dtype != y.dtype:
        return False
    xp = library.xp
    return bool(xp.all((x == y) | ((x != x) & (y != y))))


def _alike(x: Any, y: Any) -> bool:
    """Whether two objects that are no arrays do for one another."""
    if x is y or isinstance(x, (Like, Left)) or _same_function(x, y):
        return True
    try:
        return type(x).__eq__ is not object.__eq__ and bool(x == y)
    except Exception:
        return False


def _same_function(f: Any, g: Any) -> bool:
    if f is g or getattr(f, "__code__", f) is getattr(g, "__code__", None):
        return True
    return type(f) is type(g) and callable(f) and type(f).__eq__ is not object.__eq__ and bool(f == g)


def _called(x: Any) -> str:
    if isinstance(x, (Register, Constant)):
        return "an array"
    return f"{x!r:.40}" if isinstance(x, _VALUES) else type(x).__name__
