"""A fixed number of arrays, one output: fused primitives, ``where``, products with likes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..primitive import DROP, KEEP, Like, Rule, keep_modes
from ..tape import FIXED
from .common import SCALARS, Function, new, pullback_of
from .general import general

if TYPE_CHECKING:
    from ..library import Library

__all__ = ["fixed"]


def fixed(library: Library, name: str, forward: Function, rule: Rule) -> Function:
    """``function(*arrays, **params)``; whatever is unusual goes the general way."""
    T, xp, base = library.traced, library.fast, library.base
    unusual = general(library, name, forward, rule)
    joint, masks = rule.joint, rule.masks
    pullbacks = tuple(pullback_of(rule, i, name) for i in range(len(rule.pullbacks)))
    arity = joint.__code__.co_argcount - 3 if joint is not None else len(pullbacks)
    plain = frozenset((float, int, bool, str, type(None)))
    remembered: dict[tuple[bool, ...], tuple[int, ...]] = {}

    def modes_of(needed: tuple[bool, ...]) -> tuple[int, ...]:
        if joint is not None:
            modes = keep_modes(joint, len(needed))
        else:
            used = [keep_modes(p, len(needed)) for p, n in zip(pullbacks, needed, strict=False) if n and p]
            modes = tuple(max(column) for column in zip(*used, strict=True))
        remembered[needed] = modes
        return modes

    def function(*args: Any, **params: Any) -> Any:
        tape: Any = None
        values: list[Any] = []
        for a in args:
            if type(a) is T:
                t = a.tape
                if t is not None and t is not tape:
                    if tape is not None:
                        return unusual(*args, **params)
                    tape = t
                a = a.value
                if type(a) is T:
                    return unusual(*args, **params)
            elif a is not None and type(a) not in SCALARS:
                return unusual(*args, **params)
            values.append(a)
        for p in params.values():
            if type(p) not in plain and (isinstance(p, (base, tuple, list))):
                return unusual(*args, **params)
        if tape is None or len(args) > arity or "out" in params:
            return unusual(*args, **params)
        result = forward(*values, **params)
        parents = tuple([a.index if type(a) is T and a.tape is not None else None for a in args])
        if joint is None:
            parents = tuple([None if p is None else j for j, p in zip(parents, pullbacks, strict=False)])
        needed = tuple([j is not None for j in parents])
        if True not in needed or not library.is_inexact(result):
            return library.wrap(result)
        if masks:
            tape.masked = True
        modes = remembered.get(needed) or modes_of(needed)
        fits, kept = [], []
        for v, n, mode in zip(values, needed, modes[1:], strict=True):
            if mode == KEEP or type(v) in plain:
                kept.append(v)
                fits.append(v if n else None)
            else:
                like = Like(v) if n or mode != DROP else None
                kept.append(like if mode != DROP else None)
                fits.append(like if n else None)
        mode = modes[0]
        kept_out = result if mode == KEEP else None if mode == DROP else Like(result)
        made = new(T)
        made.value = result
        made.tape = tape
        entries = tape.entries
        made.index = len(entries)
        entries.append((FIXED, pullbacks, joint, parents, needed, fits, xp, kept_out, kept, params))
        return made

    return function
