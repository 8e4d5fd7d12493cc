"""One array and parameters: reductions, reshapes, sorts. Most of the standard has this shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..primitive import DROP, KEEP, Like, Rule, keep_modes
from ..tape import PARAMETRIC
from ..views import VIEWS, register
from .common import Function, new, pullback_of

if TYPE_CHECKING:
    from ..library import Library

__all__ = ["parametric"]


def parametric(library: Library, name: str, forward: Function, rule: Rule) -> Function:
    """``function(x, *params, **params)``."""
    T, xp, base = library.traced, library.fast, library.base
    positional, masks = rule.params, rule.masks
    pullback = pullback_of(rule, 0, name)
    mode_out, mode_x = (KEEP, KEEP) if library.hot else keep_modes(pullback, 1)
    coerce, wrap, is_inexact, parameter = library.coerce, library.wrap, library.is_inexact, library.parameter
    suspects = frozenset((tuple, list))
    link = _linker(library, name)

    def function(x: Any, /, *args: Any, **params: Any) -> Any:
        if type(x) is not T:
            x = coerce(x, name)
        if args:
            if len(args) > len(positional):
                raise TypeError(
                    f"{name}: expected at most {1 + len(positional)} arguments, got {1 + len(args)}"
                )
            params.update(zip(positional, args, strict=False))
        target = None
        for key, p in params.items():
            if type(p) in suspects or isinstance(p, base):
                if key == "out":
                    target = p
                else:
                    params[key] = parameter(p, name, key)
        if target is not None:
            del params["out"]
            return library.store(target, function(x, **params))
        value = x.value
        result = function(value, **params) if type(value) is T else forward(value, **params)
        tape = x.tape
        if tape is None or not is_inexact(result):
            made = wrap(result)
        else:
            made = new(T)
            made.value = result
            made.tape = tape
            entries = tape.entries
            made.index = len(entries)
            like = Like(value)
            entries.append(
                (
                    PARAMETRIC, pullback, x.index, like, xp,
                    result if mode_out == KEEP else None if mode_out == DROP else Like(result),
                    value if mode_x == KEEP else like, params,
                )
            )  # fmt: skip
            if masks:
                tape.masked = True
        if link is not None:
            link(function, made, x, params)
        return made

    return function


def _linker(library: Library, name: str) -> Any:
    """For functions whose result may share memory with the argument: makes it a view of the argument."""
    if name not in VIEWS:
        return None
    back, T, is_view, raw = VIEWS[name], library.traced, library.backend.is_view, library.raw

    def link(function: Function, made: Any, x: Any, params: dict[str, Any]) -> None:
        if type(made) is T and made is not x and is_view(raw(made), raw(x)):
            register(
                made,
                x,
                lambda parent: function(parent, **params),
                lambda parent, new: back(library, parent, new, **params),
            )

    return link
