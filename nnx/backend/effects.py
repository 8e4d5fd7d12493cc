"""What a captured step does anew each time it is run: how functions say that they are more than what they do to arrays.

``nnx.compile`` writes down which functions are called with which arrays, and calls them again. Some are to be called
whole, since they look at elements (`whole`), draw random numbers (`draw`) or change what is not an array (`effect`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, TypeVar

__all__ = ["capturing", "draw", "effect", "not_captured", "whole"]

Function = TypeVar("Function", bound=Callable[..., Any])

capturing: ContextVar[Any] = ContextVar("nnx_capturing", default=None)
"""The program that is being written down in this context."""


def _marked(function: Function, how: str) -> Function:
    @functools.wraps(function)
    def marked(*args: Any, **kwargs: Any) -> Any:
        program = capturing.get()
        return function(*args, **kwargs) if program is None else getattr(program, how)(function, args, kwargs)

    return marked  # type: ignore[return-value]


def whole(function: Function) -> Function:
    """A function of plain arrays that is captured as one call, whatever it looks at."""
    return _marked(function, "whole")


def draw(method: Function) -> Function:
    """A method that draws from a generator, ``self``: the draw can be taken back."""
    return _marked(method, "draw")


def effect(method: Function) -> Function:
    """A method that changes something for good, besides the arrays that it returns.

    Where it has an attribute ``planned``, that is called with the same arguments, but for the arrays, and gives a
    function of these arrays alone which does the same, once the method has accepted arrays like them.
    """
    return _marked(method, "effect")


def not_captured(reason: str) -> None:
    """Where a step is being captured, note that it cannot be, and why."""
    program = capturing.get()
    if program is not None:
        program.refuse(reason)
