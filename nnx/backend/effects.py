"""What a captured step may not skip when it is run again: methods that change something besides the arrays they return.

``nnx.compile`` writes down which functions are called with which arrays, and calls them again. A draw of random numbers
or an optimizer's update is one such call: `effect` marks it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, TypeVar

__all__ = ["capturing", "effect", "not_captured"]

Method = TypeVar("Method", bound=Callable[..., Any])

capturing: ContextVar[Any] = ContextVar("nnx_capturing", default=None)
"""The program that is being written down in this context."""


def effect(method: Method) -> Method:
    """A method that a captured step calls anew each time it is run."""

    @functools.wraps(method)
    def function(*args: Any, **kwargs: Any) -> Any:
        program = capturing.get()
        return method(*args, **kwargs) if program is None else program.effect(method, args, kwargs)

    return function  # type: ignore[return-value]


def not_captured(reason: str) -> None:
    """Where a step is being captured, note that it cannot be, and why."""
    program = capturing.get()
    if program is not None:
        program.refuse(reason)
