"""Functions that carry no derivative, and those for which nnx knows none."""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any

from ..errors import NotDifferentiableError
from ..tape import OPAQUE
from .common import Function, rewrap

if TYPE_CHECKING:
    from ..library import Library

__all__ = ["caller", "opaque", "without_derivative"]


def without_derivative(library: Library, name: str, forward: Function) -> Function:
    """For functions whose result carries no derivative: run on plain values, wrap every array that comes back."""
    strip, wrap_all = library.strip_all, library.wrap_all

    @functools.wraps(forward, updated=())
    def function(*args: Any, **params: Any) -> Any:
        if params:
            params = {k: strip(v) for k, v in params.items()}
        return wrap_all(forward(*[strip(a) for a in args], **params))

    function.__name__ = function.__qualname__ = name.rpartition(".")[2]
    return function


def opaque(library: Library, name: str, forward: Function) -> Function:
    """A function of the library that nnx has no rule for: it runs, and its derivative is an error if needed."""
    run = without_derivative(library, name, forward)

    @functools.wraps(forward, updated=())
    def function(*args: Any, **params: Any) -> Any:
        if isinstance(params.get("out"), library.base):  # it would be written behind the tape's back
            raise NotDifferentiableError(f"{library.label}.{name} has no out= for traced arrays")
        result = run(*args, **params)
        tapes = library.tapes((args, params))
        if not tapes:
            return result
        entry = (OPAQUE, f"{library.label}.{name}", caller())

        def mark(x: Any) -> Any:
            if isinstance(x, library.base) and library.is_inexact(x.value):
                x = x.value
                for tape in tapes:  # from the outermost in, so that no level loses its derivative unseen
                    tape.entries.append(entry)
                    x = library.on_tape(x, tape, len(tape.entries) - 1)
                return x
            if isinstance(x, (tuple, list)):
                return rewrap(x, [mark(item) for item in x])
            return x

        return mark(result)

    return function


def caller() -> str:
    """File and line of the nearest frame outside nnx."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] in (
        "nnx",
        "nnx_numpy",
        "nnx_cupy",
    ):
        frame = frame.f_back  # type: ignore[assignment]
    return "an unknown line" if frame is None else f"{frame.f_code.co_filename}:{frame.f_lineno}"
