"""Operations of any arity, with any parameters, of one output or several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..primitive import DROP, Rule, keep_modes
from ..tape import GENERAL, SEVERAL, Step, Tape, pruned
from .common import SCALARS, Function, pullback_of, rewrap

if TYPE_CHECKING:
    from ..library import Library

__all__ = ["general"]


def general(library: Library, name: str, forward: Function, rule: Rule) -> Function:
    """Any number of arrays and parameters; one output or several."""
    star = name in ("meshgrid", "broadcast_arrays")
    positional, named = rule.params, rule.arrays
    arity = 1 if rule.variadic else len(rule.pullbacks)
    if rule.joint is not None:
        code = rule.joint.__code__
        arity = code.co_argcount - 3
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
                arrays = args[0]
                if not isinstance(arrays, (tuple, list)):
                    arrays = tuple(arrays)
            return plan(arrays, params)
        if len(args) > arity:
            if len(args) - arity > len(positional):
                raise TypeError(f"{name}: expected at most {arity + len(positional)} arguments, got {len(args)}")
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
        self.library = library
        self.name = name
        self.forward = forward
        self.rule = rule
        self.pullbacks = tuple(pullback_of(rule, i, name) for i in range(len(rule.pullbacks)))
        self.star = rule.variadic and name in ("meshgrid", "broadcast_arrays")

    def run(self, function: Function, values: Any, params: dict[str, Any]) -> Any:
        if self.rule.variadic and not self.star:
            return function(list(values), **params)
        return function(*self._by_keyword(values, params), **params)

    def _by_keyword(self, values: Any, params: dict[str, Any]) -> Any:
        """Optional arrays go back to being keywords: not every library takes them by position."""
        named = self.rule.arrays
        if not named:
            return values
        keep = next((i for i, n in enumerate(named) if i > 0 and n), len(values))
        for n, v in zip(named[keep:], values[keep:], strict=False):
            if v is not None:
                params[n] = v
        return values[:keep]

    def __call__(self, args: Any, params: dict[str, Any]) -> Any:
        library, rule = self.library, self.rule
        T = library.traced
        tape: Tape | None = None
        args = [
            a if a is None or type(a) is T or type(a) in SCALARS else library.coerce(a, self.name) for a in args
        ]
        for a in args:
            if type(a) is T and a.tape is not None and (tape is None or a.tape.level > tape.level):
                tape = a.tape
        for key, p in params.items():
            if isinstance(p, (library.base, tuple, list)):
                params[key] = library.parameter(p, self.name, key)
        values = [
            a.value if type(a) is T and (a.tape is None or a.tape is tape) else a for a in args
        ]
        nested = any(type(v) is T for v in values)
        if nested:
            result = self.run(library.function(self.name), values, dict(params))
        else:
            result = self.run(self.forward, values, dict(params))
        if tape is None:
            return library.wrap_all(result) if rule.outputs else library.wrap(result)
        return self.record(tape, args, values, params, result)

    def record(self, tape: Tape, args: list[Any], values: list[Any], params: dict[str, Any], result: Any) -> Any:
        library, rule = self.library, self.rule
        T = library.traced
        joint, pullbacks, variadic = rule.joint, self.pullbacks, rule.variadic
        if variadic:
            joint = pullbacks[0]
        parents = tuple(
            a.index if type(a) is T and a.tape is tape and (joint is not None or pullbacks[i] is not None) else None
            for i, a in enumerate(args)
        )
        outputs = rule.outputs
        if all(p is None for p in parents) or not (outputs or library.is_inexact(result)):
            return library.wrap_all(result) if outputs else library.wrap(result)
        if rule.masks:
            tape.masked = True
        entries = tape.entries
        base = len(entries)
        step = Step()
        step.name, step.xp, step.params = self.name, library.fast, params
        step.parents, step.pullbacks, step.joint, step.variadic = parents, pullbacks, joint, variadic
        step.fits = tuple(
            None if p is None else (v.shape, v.dtype) for p, v in zip(parents, values, strict=False)
        )
        modes = self.modes(parents, len(values))
        hot = library.hot
        step.args = tuple(
            v if hot else pruned(v, m) for v, m in zip(values, modes[1:], strict=False)
        )
        if not outputs:
            step.count = 0
            step.out = result if hot else pruned(result, modes[0])
            entries.append((GENERAL, step))
            return library.on_tape(result, tape, base)
        items = tuple(result)
        step.count = len(items)
        step.out = items if hot else tuple(pruned(v, modes[0]) for v in items) if modes[0] != DROP else None
        if not items:
            return result
        entries.append((SEVERAL, step))
        entries.extend([None] * (len(items) - 1))
        wrapped = [
            library.on_tape(v, tape, base + i) if library.is_inexact(v) else library.wrap(v)
            for i, v in enumerate(items)
        ]
        return rewrap(result, wrapped)

    def modes(self, parents: tuple[int | None, ...], count: int) -> tuple[int, ...]:
        """What the tape keeps of ``out`` and of each argument, over all pullbacks that will be called."""
        rule = self.rule
        if rule.variadic:
            out, arrays = keep_modes(self.pullbacks[0], 1)  # type: ignore[arg-type]
            return (out,) + (arrays,) * count
        if rule.joint is not None:
            return keep_modes(rule.joint, count)
        used = [keep_modes(p, count) for p, j in zip(self.pullbacks, parents, strict=False) if p and j is not None]
        return tuple(max(column) for column in zip(*used, strict=True))
