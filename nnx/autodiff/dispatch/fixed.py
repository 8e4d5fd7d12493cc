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
    joint, masks, is_inexact = rule.joint, rule.masks, library.is_inexact
    pullbacks = tuple(pullback_of(rule, i, name) for i in range(len(rule.pullbacks)))
    arity = joint.__code__.co_argcount - 3 if joint is not None else len(pullbacks)
    differentiable = tuple(joint is not None or p is not None for p in pullbacks or (None,) * arity)
    plain, suspects = frozenset((str, int, float, bool, type(None))), (base, tuple, list)
    plans: dict[tuple[bool, ...], tuple[int, ...]] = {}
    all_kept = (KEEP,) * arity

    def modes_of(needed: tuple[bool, ...]) -> tuple[int, ...]:
        if joint is not None:
            modes = keep_modes(joint, len(needed))
        else:
            used = [keep_modes(p, len(needed)) for p, n in zip(pullbacks, needed, strict=False) if n and p]
            modes = tuple(max(column) for column in zip(*used, strict=True))
        plans[needed] = modes
        return modes

    def function(*args: Any, **params: Any) -> Any:
        tape: Any = None
        values: list[Any] = []
        parents: list[Any] = []
        for a in args:
            index = None
            if type(a) is T:
                t = a.tape
                if t is not None:
                    if t is not tape:
                        if tape is not None:
                            return unusual(*args, **params)
                        tape = t
                    index = a.index
                a = a.value
                if type(a) is T:
                    return unusual(*args, **params)
            elif a is not None and type(a) not in SCALARS:
                return unusual(*args, **params)
            values.append(a)
            parents.append(index)
        if tape is None or len(args) > arity:
            return unusual(*args, **params)
        if params:
            for p in params.values():
                if type(p) not in plain and isinstance(p, suspects):
                    return unusual(*args, **params)
            if "out" in params:
                return unusual(*args, **params)
        result = forward(*values, **params)
        if joint is None:
            parents = [j if d else None for j, d in zip(parents, differentiable, strict=False)]
        needed = tuple([j is not None for j in parents])
        if True not in needed or not is_inexact(result):
            return library.wrap(result)
        if masks:
            tape.masked = True
        modes = plans.get(needed) or modes_of(needed)
        if modes[1:] == all_kept:
            kept = values
        else:  # of what is dropped only the shape and dtype that its cotangent has to have
            kept = [
                v
                if m == KEEP or v is None or type(v) in SCALARS
                else Like(v)
                if m != DROP
                else (v.shape, v.dtype)
                for v, m in zip(values, modes[1:], strict=True)
            ]
        mode = modes[0]
        if mode == KEEP:
            kept_out = result
        else:
            kept_out = None if mode == DROP else Like(result)
        made = new(T)
        made.value = result
        made.tape = tape
        entries = tape.entries
        made.index = len(entries)
        entries.append((FIXED, pullbacks, joint, parents, needed, xp, kept_out, kept, params))
        return made

    return function
