"""The tape: what was done, in the order in which it was done.

A tape is a plain list with one slot for each array that depends on its inputs, in the order of execution. The
first slots are the inputs; every other slot holds a flat tuple whose first item is its kind:

    UNARY   pullback, parent, xp, out, x
    BINARY1 pullback, parent, fit, xp, out, x, y            one of two arguments carries a derivative
    BINARY2 pullback_x, parent_x, fit_x, pullback_y, parent_y, fit_y, xp, out, x, y
    PARAMETRIC pullback, parent, like, xp, out, x, params   one argument, with parameters
    FIXED pullbacks, joint, parents, needed, xp, out, args, params    a fixed number of arguments, one output
    GENERAL step                                             any arity, one output
    SEVERAL step                                             several outputs in consecutive slots
    READ    parent, library, key, like, plain                x[key]
    WRITE   parent, value_parent, library, key, value_fit, plain
    RERUN   run, count                                       a checkpointed stretch of ``count`` slots
    OPAQUE  name, where                                      no rule is known: an error if reached

``fit`` is None, or has the shape and dtype that the cotangent has to be brought to.
"""

from __future__ import annotations

import itertools
from typing import Any

from .errors import LeakedArrayError
from .primitive import KEEP, LIKE, Like

__all__ = ["ELEMENTWISE", "Step", "Tape", "pruned"]

UNARY, BINARY1, BINARY2, GENERAL, SEVERAL, READ, WRITE, RERUN, OPAQUE, PARAMETRIC, FIXED = range(11)

_levels = itertools.count(1)
ELEMENTWISE: set[Any] = set()


class _Closed:
    """What a tape records to once its derivative has ended."""

    def __len__(self) -> int:
        raise LeakedArrayError(
            "a traced array was used after the derivative that it belongs to had ended; return it from the "
            "differentiated function (has_aux=True gives it back as a plain array), or read its value inside "
            "with nnx.stop_gradient(x)"
        )

    append = None


class Tape:
    """One differentiation in progress. ``level`` orders nested ones: the inner has the higher level."""

    __slots__ = ("entries", "hot", "level", "lost", "masked", "nested")

    def __init__(self, hot: bool = False) -> None:
        self.level = next(_levels)
        self.entries: Any = []
        self.masked = False
        self.nested = False
        self.hot = hot
        self.lost: str | None = (
            None  # what a conversion was refused with: compiled code may swallow the error
        )

    def close(self) -> None:
        """Refuse further recording; arrays that left the trace say so when used."""
        self.entries = _Closed()


class Step:
    """One recorded operation of any arity: what its pullbacks need, and how to call them."""

    __slots__ = (
        "args",
        "count",
        "fits",
        "joint",
        "name",
        "out",
        "params",
        "parents",
        "pullbacks",
        "variadic",
        "xp",
    )

    def __init__(
        self,
        name: str,
        xp: Any,
        pullbacks: tuple[Any, ...],
        joint: Any,
        variadic: bool,
        parents: tuple[int | None, ...],
        fits: tuple[Any, ...],
        args: Any,
        params: dict[str, Any],
        out: Any,
        count: int,
    ) -> None:
        self.name = name
        self.xp = xp
        self.pullbacks = pullbacks
        self.joint = joint
        self.variadic = variadic
        self.parents = parents
        self.fits = fits
        self.args = args
        self.params = params
        self.out = out
        self.count = count  # of outputs, 0 where there is one that is no tuple

    def cotangents(self, xp: Any, g: Any, out: Any, args: Any) -> list[Any]:
        """The cotangent of every argument that needs one, None for the others."""
        parents = self.parents
        if self.variadic:
            needed = tuple(p is not None for p in parents)
            return list(self.joint(xp, g, out, args, needed, **self.params))
        if self.joint is not None:
            needed = tuple(p is not None for p in parents)
            return list(self.joint(xp, g, out, *args, needed=needed, **self.params))
        return [
            None if parent is None else pullback(xp, g, out, *args, **self.params)
            for parent, pullback in zip(parents, self.pullbacks, strict=False)
        ]


def pruned(value: Any, mode: int) -> Any:
    """A residual as the tape keeps it."""
    if mode == KEEP or value is None or not hasattr(value, "dtype"):
        return value
    return Like(value) if mode == LIKE else None
