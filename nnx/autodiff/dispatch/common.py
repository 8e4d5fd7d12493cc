"""What the kinds of dispatch share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors import NotDifferentiableError
from ..primitive import Refused, Rule
from ..tape import ELEMENTWISE

if TYPE_CHECKING:
    from ..library import Library

__all__ = ["SCALARS", "Function", "new", "pullback_of", "rewrap", "weak"]

Function = Callable[..., Any]
SCALARS = frozenset((float, int, complex, bool))
new = object.__new__


def pullback_of(rule: Rule, i: int, name: str) -> Function | None:
    """The pullback of one argument; for a refused one, a function that raises by name."""
    pullback = rule.pullbacks[i]
    if isinstance(pullback, Refused):
        reason = pullback.reason

        def refuse(_xp: Any, _g: Any, _out: Any, *_args: Any, **_params: Any) -> Any:
            raise NotDifferentiableError(f"{name} has no derivative for its argument {i}: {reason}")

        return refuse
    if rule.elementwise and pullback is not None:
        ELEMENTWISE.add(pullback)
    return pullback  # type: ignore[return-value]


def rewrap(result: Any, items: list[Any]) -> Any:
    """Items in the container type of ``result``: tuples, lists and named tuples."""
    kind = type(result)
    if hasattr(kind, "_fields"):
        return kind(*items)
    return kind(items) if kind in (tuple, list) else tuple(items)


def weak(library: Library, x: Any) -> Any:
    """A Python number for a number of a subclass (NumPy's float64 is one) that is no array of this library."""
    if type(x) in SCALARS or not isinstance(x, (float, complex)) or library.owns(x):
        return x
    return float(x) if isinstance(x, float) else complex(x)
