"""The hot shapes: one array, two arrays, comparisons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..primitive import DROP, KEEP, LIKE, Rule, keep_modes
from ..tape import BINARY1, BINARY2, UNARY
from .common import SCALARS, Function, new, pullback_of, weak
from .general import general

if TYPE_CHECKING:
    from ..library import Library

__all__ = ["binary", "compare", "unary"]


def unary(library: Library, name: str, forward: Function, rule: Rule) -> Function:
    """``function(x)``."""
    T, xp, kind = library.traced, library.fast, UNARY
    pullback = pullback_of(rule, 0, name)
    modes = keep_modes(pullback, 1)
    keep_out, keep_x = (True, True) if library.hot else (modes[0] != DROP, modes[1] != DROP)
    coerce = library.coerce

    def function(x: Any, /, *, out: Any = None, **params: Any) -> Any:
        if out is not None:
            return library.store(out, function(x, **params))
        if params:
            return with_params(x, **params)
        if type(x) is not T:
            x = coerce(x, name)
        value = x.value
        result = function(value) if type(value) is T else forward(value)
        tape = x.tape
        if tape is None:
            return library.wrap(result)
        out = new(T)
        out.value = result
        out.tape = tape
        entries = tape.entries
        out.index = len(entries)
        entries.append((kind, pullback, x.index, xp, result if keep_out else None, value if keep_x else None))
        return out

    with_params = general(library, name, forward, rule)
    return function


def binary(library: Library, name: str, forward: Function, rule: Rule, operator: bool = False) -> Function:
    """``function(x, y)``, either of them possibly a Python scalar; as an operator it may return NotImplemented."""
    T, xp = library.traced, library.fast
    pull_x, pull_y = pullback_of(rule, 0, name), pullback_of(rule, 1, name)
    fallback = general(library, name, forward, rule)
    if pull_x is None or pull_y is None:
        return fallback
    modes_x, modes_y = keep_modes(pull_x, 2), keep_modes(pull_y, 2)
    if LIKE in modes_x or LIKE in modes_y:
        return fallback
    modes_x, modes_y = ((KEEP,) * 3, (KEEP,) * 3) if library.hot else (modes_x, modes_y)
    out_x, x_x, y_x = (m != DROP for m in modes_x)
    out_y, x_y, y_y = (m != DROP for m in modes_y)
    out_b, x_b, y_b = out_x or out_y, x_x or x_y, y_x or y_y
    coerce, wrap = library.coerce, library.wrap
    scalars = frozenset((float, int))
    one, both = BINARY1, BINARY2

    def function(x: Any, y: Any, /, *, out: Any = None, **params: Any) -> Any:
        if out is not None:
            return library.store(out, function(x, y, **params))
        if params:
            return fallback(x, y, **params)
        type_x, type_y = type(x), type(y)
        if type_x is T and type_y is T:
            tape, other = x.tape, y.tape
            if tape is other:
                xv, yv = x.value, y.value
                result = function(xv, yv) if type(xv) is T or type(yv) is T else forward(xv, yv)
                if tape is None:
                    return wrap(result)
                shape, dtype = result.shape, result.dtype
                fit_x = None if xv.shape == shape and xv.dtype == dtype else (xv.shape, xv.dtype)
                fit_y = None if yv.shape == shape and yv.dtype == dtype else (yv.shape, yv.dtype)
                out = new(T)
                out.value = result
                out.tape = tape
                entries = tape.entries
                out.index = len(entries)
                entries.append(
                    (
                        both, pull_x, x.index, fit_x, pull_y, y.index, fit_y, xp,
                        result if out_b else None, xv if x_b else None, yv if y_b else None,
                    )
                )  # fmt: skip
                return out
            if tape is None or (other is not None and other.level > tape.level):
                left, xv, yv, tape = False, (x.value if tape is None else x), y.value, other
            else:
                left, xv, yv = True, x.value, (y.value if other is None else y)
        elif type_x is T and type_y in scalars:
            left, xv, yv, tape = True, x.value, y, x.tape
        elif type_y is T and type_x in scalars:
            left, xv, yv, tape = False, x, y.value, y.tape
        else:
            x, y = weak(library, x), weak(library, y)
            scalar_x, scalar_y = type(x) in SCALARS, type(y) in SCALARS
            x2 = x if scalar_x else coerce(x, name, operator)
            y2 = y if scalar_y else coerce(y, name, operator)
            if x2 is NotImplemented or y2 is NotImplemented:
                return NotImplemented
            return fallback(x2, y2) if scalar_x or scalar_y else function(x2, y2)
        result = function(xv, yv) if type(xv) is T or type(yv) is T else forward(xv, yv)
        if tape is None:
            return wrap(result)
        out = new(T)
        out.value = result
        out.tape = tape
        entries = tape.entries
        out.index = len(entries)
        if left:
            fit = None if xv.shape == result.shape and xv.dtype == result.dtype else (xv.shape, xv.dtype)
            entries.append(
                (
                    one, pull_x, x.index, fit, xp,
                    result if out_x else None, xv if x_x else None, yv if y_x else None,
                )
            )  # fmt: skip
        else:
            fit = None if yv.shape == result.shape and yv.dtype == result.dtype else (yv.shape, yv.dtype)
            entries.append(
                (
                    one, pull_y, y.index, fit, xp,
                    result if out_y else None, xv if x_y else None, yv if y_y else None,
                )
            )  # fmt: skip
        return out

    return function


def compare(library: Library, forward: Function) -> Function:
    """Comparison operators: the hot special case of ``without_derivative``."""
    T = library.traced

    def coerce(x: Any) -> Any:
        x = weak(library, x)
        return x if type(x) in SCALARS else library.coerce(x, forward.__name__, True)

    def function(x: Any, y: Any, /) -> Any:
        if type(x) is not T and type(x) not in SCALARS:
            x = coerce(x)
        if type(y) is not T and type(y) not in SCALARS:
            y = coerce(y)
        if x is NotImplemented or y is NotImplemented:
            return NotImplemented
        if type(x) is T and x.tape is not None:
            len(x.tape.entries)  # an array that has left its trace says so
        while type(x) is T:
            x = x.value
        if type(y) is T:
            y = y.value
            while type(y) is T:
                y = y.value
        out = new(T)
        out.value = forward(x, y)
        out.tape = None
        return out

    return function
