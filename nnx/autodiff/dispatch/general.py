"""Operations of any arity, with any parameters, of one output or several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..primitive import DROP, Like, Rule, keep_modes
from ..tape import GENERAL, SEVERAL, Step, Tape, pruned
from .common import SCALARS, Function, pullback_of, rewrap

if TYPE_CHECKING:
    from ..library import Library

__all__ = ["general"]

STAR = frozenset(("meshgrid",))  # take their arrays one by one, not in a list


def general(library: Library, name: str, forward: Function, rule: Rule) -> Function:
    """Any number of arrays and parameters; one output or several."""
    star = name in STAR
    positional, named = rule.params, rule.arrays
    arity = 1 if rule.variadic else len(rule.pullbacks)
    if rule.joint is not None:
        code = rule.joint.__code__
        arity = code.co_argcount - 3
    if named and positional:  # as in diff: the optional arrays come by name only
        arity = 1
    plan = _Plan(library, name, forward, rule)

    def function(*args: Any, **params: Any) -> Any:
        if "out" in params:
            out = params.pop("out")
            result = function(*args, **params)
            return result if out is None else library.store(out, result)
        if rule.variadic:
            if star:
                arrays: Any = args
            else:
                if len(args) > 1:
                    params.update(zip(positional, args[1:], strict=False))
                arrays = next(iter(args), ())
                if not isinstance(arrays, (tuple, list)):
                    arrays = tuple(arrays)
            return plan(arrays, params)
        if len(args) > arity:
            if len(args) - arity > len(positional):
                raise TypeError(
                    f"{name}: expected at most {arity + len(positional)} arguments, got {len(args)}"
                )
            params.update(zip(positional, args[arity:], strict=False))
            args = args[:arity]
        if named and params:
            args = _with_named(args, params, named)
        return plan(args, params)

    return function


def _with_named(args: tuple[Any, ...], params: dict[str, Any], named: tuple[str, ...]) -> tuple[Any, ...]:
    """Move arrays that came by keyword to their positions; the ones left out between become None."""
    last = max((i for i, n in enumerate(named) if n in params), default=-1)
    if last < len(args):
        return args
    return args + tuple(params.pop(n, None) for n in named[len(args) : last + 1])


class _Plan:
    """What a general operation does once its arrays and parameters are apart."""

    def __init__(self, library: Library, name: str, forward: Function, rule: Rule) -> None:
        self.library, self.name, self.forward, self.rule = library, name, forward, rule
        self.pullbacks = tuple(pullback_of(rule, i, name) for i in range(len(rule.pullbacks)))
        self.joint = self.pullbacks[0] if rule.variadic else rule.joint
        self.listed = rule.variadic and name not in STAR
        # Optional arrays go to the library by keyword: not every one takes them by position.
        self.by_keyword = next((i for i, n in enumerate(rule.arrays) if i > 0 and n), None)
        self.suspects = frozenset((tuple, list))
        self.modes_of: dict[Any, tuple[int, ...]] = {}

    def __call__(self, args: Any, params: dict[str, Any]) -> Any:
        library = self.library
        T = library.traced
        tape: Tape | None = None
        for a in args:
            if type(a) is T:
                other = a.tape
                if other is not None and other is not tape and (tape is None or other.level > tape.level):
                    tape = other
            elif a is not None and type(a) not in SCALARS:
                coerce, name = library.coerce, self.name
                return self([a if a is None or type(a) in SCALARS else coerce(a, name) for a in args], params)
        for key, p in params.items():
            if type(p) in self.suspects or isinstance(p, library.base):
                params[key] = library.parameter(p, self.name, key)
        values, nested = [], False
        for a in args:
            if type(a) is T and (a.tape is tape or a.tape is None):
                a = a.value
            if type(a) is T:
                nested = True
            values.append(a)
        result = self.run(library.function(self.name) if nested else self.forward, values, params)
        if type(result) is complex:  # as 1j * np.float64(2.0) is, for a float64 is a Python float too
            result = library.fast.asarray(result)
        if tape is None:
            return library.wrap_all(result) if self.rule.outputs else library.wrap(result)
        return self.record(tape, args, values, params, result)

    def run(self, function: Function, values: list[Any], params: dict[str, Any]) -> Any:
        """Call the library's function, or on traced values this one again, a level further out."""
        if self.listed:
            return function(values, **params)
        n = self.by_keyword
        if n is None:
            return function(*values, **params)
        options = {k: v for k, v in zip(self.rule.arrays[n:], values[n:], strict=False) if v is not None}
        return function(*values[:n], **options, **params)

    def record(self, tape: Tape, args: Any, values: list[Any], params: dict[str, Any], result: Any) -> Any:
        library, rule, joint, pullbacks = self.library, self.rule, self.joint, self.pullbacks
        T, outputs = library.traced, rule.outputs
        parents = tuple(
            [
                a.index if type(a) is T and a.tape is tape and (joint or pullbacks[i]) is not None else None
                for i, a in enumerate(args)
            ]
        )
        fits = tuple([None if j is None else Like(v) for j, v in zip(parents, values, strict=True)])
        if not any(fits) or not (outputs or library.is_inexact(result)):
            return library.wrap_all(result) if outputs else library.wrap(result)
        if rule.masks:
            tape.masked = True
        items = tuple(result) if outputs else (result,)
        out_mode, *modes = self.modes(tuple([fit is not None for fit in fits]))
        if library.hot:
            kept: Any = values
            out: Any = items
        else:
            kept = [pruned(v, m) for v, m in zip(values, modes, strict=True)]
            out = None if out_mode == DROP else [pruned(v, out_mode) for v in items]
            for i in rule.unkept:
                out[i] = None
        step = Step(
            self.name, library.fast, pullbacks, joint, rule.variadic, parents, fits, tuple(kept), params,
            out if out is None else tuple(out) if outputs else out[0], len(items) if outputs else 0,
        )  # fmt: skip
        entries = tape.entries
        base = len(entries)
        if not outputs:
            entries.append((GENERAL, step))
            return library.on_tape(result, tape, base)
        if not items:
            return result
        entries.append((SEVERAL, step))
        entries.extend([None] * (len(items) - 1))
        wrapped = [
            library.on_tape(v, tape, base + i) if library.is_inexact(v) else library.wrap(v)
            for i, v in enumerate(items)
        ]
        return rewrap(result, wrapped)

    def modes(self, needed: tuple[bool, ...]) -> tuple[int, ...]:
        """What the tape keeps of ``out`` and of each argument, over all pullbacks that will be called."""
        modes = self.modes_of.get(needed)
        if modes is None:
            modes = self.modes_of[needed] = self._modes(needed)
        return modes

    def _modes(self, needed: tuple[bool, ...]) -> tuple[int, ...]:
        count = len(needed)
        if self.rule.variadic:
            out, arrays = keep_modes(self.joint, 1)
            return (out,) + (arrays,) * count
        if self.joint is not None:
            return keep_modes(self.joint, count)
        used = [
            keep_modes(p, count) for p, n in zip(self.pullbacks, needed, strict=False) if p is not None and n
        ]
        return tuple(max(column) for column in zip(*used, strict=True))
