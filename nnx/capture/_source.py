"""A program as Python source: a straight line of calls on local variables, with nothing left to decide.

What is no longer used is let go, so that memory is freed as early as it would be without capturing.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from ._program import Program
from ._steps import CALL, GUARD, LOAD, STORE, Constant, Like, Register, Step, mapped

__all__ = ["Changed", "compiled"]


class Changed(Exception):
    """Something is not as it was when the program was written down, and what; nothing has been changed yet."""


_BINARY = {
    operator.add: "+", operator.sub: "-", operator.mul: "*", operator.truediv: "/", operator.pow: "**",
    operator.matmul: "@", operator.mod: "%", operator.floordiv: "//", operator.eq: "==", operator.ne: "!=",
    operator.lt: "<", operator.le: "<=", operator.gt: ">", operator.ge: ">=",
}  # fmt: skip
_IN_PLACE = {
    getattr(operator, f"i{name}"): sign
    for name, sign in {"add": "+=", "sub": "-=", "mul": "*=", "truediv": "/="}.items()
}
_ARGUMENTS = "which of its arguments and weights are the same array changes from call to call"
LARGE = 4096  # elements, from which on it is worth a line to let go of an array
_LITERAL = frozenset((bool, int, type(None), str))


def compiled(program: Program, result: Any) -> tuple[Callable[..., Any], list[bool]]:
    """The function of arrays that does what the program did and gives ``result``, which is written in registers.

    Beside it a list that tells after an error whether something was done that cannot be taken back.
    """
    writer = _Writer(program)
    lines = writer.lines(result)
    writer.scope["seen"] = [None] * writer.loads
    exec(compile("\n".join(lines), "<nnx: a compiled step>", "exec"), writer.scope)
    step, done, generators = writer.scope["step"], writer.scope["done"], program.generators
    if not generators:
        return step, done

    def drawing(*arrays: Any) -> Any:
        marks = [g._mark() for g in generators]
        try:
            return step(*arrays)
        except BaseException:
            if not done[0]:
                for g, mark in zip(generators, marks, strict=True):
                    g._take_back(mark)
            raise

    return drawing, done


class _Writer:
    """Makes the source and the names that it uses."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.scope: dict[str, Any] = {"Changed": Changed, "like": _like, "done": [False]}
        self.loads = 0  # so far, each with its place in the list of what was seen there last
        self._names: dict[int, str] = {}
        # arrays that one step alone needs, and the function that made them
        self.disposable: dict[Register, Any] = {}

    def lines(self, result: Any) -> list[str]:
        """The source."""
        steps, inputs = self.program.steps, self.program.inputs
        names = [self.register(r) for r in inputs]
        seen: set[int] = set()
        given, same = [], []
        for i, r in enumerate(inputs):  # the same array given twice has one register
            given.append(f"again{i}" if r.number in seen else names[i])
            if r.number in seen:
                same.append(f" if again{i} is not {names[i]}: raise Changed({_ARGUMENTS!r})")
            seen.add(r.number)
        last, self.disposable = _last_uses(steps, result), _disposable(steps, result)
        early = {s.function for s in steps if s.kind == LOAD and not s.args[0]}
        late = {s.function: s.result for s in steps[::-1] if s.kind == LOAD and s.function not in early}
        lasting = next((i for i, step in enumerate(steps) if step.lasting), None)
        body = [f"def step({', '.join(given)}):"]
        body += [" done[0] = False"] if lasting is not None else []
        body += same
        for cell, r in late.items():  # while nothing has been changed
            body.append(f" like({self.name(cell)}.value, {self.name(self.program.example[r.number])})")
        for i, step in enumerate(steps):
            body += [" done[0] = True"] if i == lasting else []
            body += [f" {line}" for line in self.step(step)]
            done = [self.register(r) for r in last.get(i, ()) if r not in inputs and self.large(r)]
            body += [f" del {', '.join(done)}"] if done else []
        return [*body, f" return {self.expression(result, fresh=True)}"]

    def step(self, step: Step) -> list[str]:
        """One step."""
        if step.kind == LOAD:
            return self.load(step)
        if step.kind == STORE:
            return [f"{self.name(step.function)}.value = {self.expression(step.args[0])}"]
        call = self.planned(step) or self.call(step)
        if step.kind == GUARD:
            reason = self.name(f"what {said(step)} depends on changes from call to call")
            return [f"if {call} != {self.expression(step.result)}: raise Changed({reason})"]
        into = step.args[0] if step.args else None
        if step.function in _IN_PLACE and step.result == into and not step.kwargs:
            return [
                f"{self.register(step.result)} {_IN_PLACE[step.function]} {self.expression(step.args[1])}"
            ]
        target = self.target(step.result)
        if isinstance(step.result, dict) and target:
            call += ".values()"
        return [f"{target} = {call}" if target else call]

    def load(self, step: Step) -> list[str]:
        """Read a cell, and see that its array is such as it was."""
        name, cell = self.register(step.result), self.name(step.function)
        if not step.pure:
            return [f"if {cell}.value is not {name}: raise Changed({_ARGUMENTS!r})"]
        like = self.name(self.program.example[step.result.number])
        place, self.loads = self.loads, self.loads + 1
        if step.args[0]:
            return [f"{name} = {cell}.value"]
        return [
            f"{name} = {cell}.value",
            f"if {name} is not seen[{place}]: seen[{place}] = like({name}, {like})",
        ]

    def planned(self, step: Step) -> str:
        """A call for which there is a shorter way, once it was made; nothing where there is none."""
        plan = getattr(step.function, "planned", None)
        if plan is None or step.kwargs:
            return ""
        arrays = [x for x in _leaves(step.args) if type(x) in (Register, Constant)]
        return f"{self.name(plan(*step.args))}({', '.join(map(self.expression, arrays))})"

    def prepared(self, step: Step) -> Any:
        """A function for such arrays that does what the step's does; None where the backend has none."""
        likes = mapped((step.args, step.kwargs or {}), self.like)
        backends = [x.backend for x in _leaves(likes) if isinstance(x, Like)]
        try:
            make = backends[0].prepared.get(step.function) if backends else None
        except TypeError:  # a function that cannot be looked up
            return None
        return None if make is None else make(*likes[0], **likes[1])

    def in_place(self, step: Step) -> Any:
        """A function that does the same in the memory of an argument, which nobody else needs; else None."""
        likes = [x for x in map(self.like, step.args) if isinstance(x, Like)]
        try:
            index, function = likes[0].backend.in_place[step.function]
            made_by_fresh = self.disposable[step.args[index]] in likes[0].backend.fresh
        except (IndexError, KeyError, TypeError):
            return None  # no array, no such way, or a function that cannot be looked up
        return function if made_by_fresh and self.large(step.args[index]) else None

    def like(self, x: Any) -> Any:
        """What is known of the array that an argument stands for."""
        if type(x) is Register:
            return self.program.example[x.number]
        return Like(x.array) if type(x) is Constant else x

    def call(self, step: Step) -> str:
        """The call as source; operators, items and attributes as such."""
        f = self.in_place(step) or self.prepared(step) or step.function
        args = [self.expression(a) for a in step.args]
        if not step.kwargs:
            if f in _BINARY and len(args) == 2:
                return f"{args[0]} {_BINARY[f]} {args[1]}"
            if f is operator.getitem:
                return f"{args[0]}[{args[1]}]"
            if f is getattr and isinstance(step.args[1], str):
                return f"{args[0]}.{step.args[1]}"
        options = [f"{key}={self.expression(value)}" for key, value in (step.kwargs or {}).items()]
        return f"{self.name(f)}({', '.join(args + options)})"

    def target(self, result: Any) -> str:
        """Where a result goes: names in the shape of it, and a name that nobody reads for what is no array."""
        if type(result) is Register:
            return self.register(result)
        if isinstance(result, (tuple, list, dict)) and any(type(x) is Register for x in _leaves(result)):
            items = result.values() if isinstance(result, dict) else result
            return "".join(f"{self.target(x) or '_'}, " for x in items).join("()")
        return ""

    def expression(self, x: Any, fresh: bool = False) -> str:
        """An argument; or a result, whose containers are to be made anew each time."""
        kind: Any = type(x)
        if kind is Register:
            return self.register(x)
        if kind is Constant:
            return self.name(x.array)
        if kind in _LITERAL:
            return repr(x)
        inside = any(type(leaf) in (Register, Constant) for leaf in _leaves(x))
        if not inside and not (fresh and issubclass(kind, (tuple, list, dict))):
            return self.name(x)
        if kind is tuple:
            return "(" + "".join(f"{self.expression(item, fresh)}, " for item in x) + ")"
        if kind is list:
            return "[" + ", ".join(self.expression(item, fresh) for item in x) + "]"
        if kind is slice:
            return f"slice({', '.join(map(self.expression, (x.start, x.stop, x.step)))})"
        if issubclass(kind, dict):
            items = ", ".join(f"{self.expression(k)}: {self.expression(v, fresh)}" for k, v in x.items())
            return "{" + items + "}"
        return f"{self.name(kind)}({', '.join(self.expression(item, fresh) for item in x)})"  # a named tuple

    def register(self, r: Register) -> str:
        """The variable of a register."""
        return f"v{r.number}"

    def name(self, x: Any) -> str:
        """The name by which the source knows an object."""
        found = self._names.get(id(x))
        if found is None:
            found = self._names[id(x)] = f"k{len(self._names)}"
            self.scope[found] = x
        return found

    def large(self, r: Register) -> bool:
        """Whether letting go of an array is worth a line."""
        return self.program.example[r.number].size >= LARGE


def said(step: Step) -> str:
    """A step in words."""
    name = getattr(step.function, "__name__", None) or type(step.function).__name__
    return f"{name} (at {step.where})" if step.where else name


def _like(x: Any, example: Any) -> Any:
    """``x``, unless it is another kind of array."""
    now = type(x), x.shape, x.dtype, x.device, getattr(x, "strides", None)
    if now != (example.kind, example.shape, example.dtype, example.device, example.strides):
        raise Changed(None)
    return x


def _leaves(x: Any) -> Iterable[Any]:
    if isinstance(x, (tuple, list)):
        for item in x:
            yield from _leaves(item)
    elif isinstance(x, dict):
        for item in x.values():
            yield from _leaves(item)
    elif isinstance(x, slice):
        yield from _leaves((x.start, x.stop, x.step))
    else:
        yield x


def _registers(x: Any) -> Iterable[Register]:
    return (leaf for leaf in _leaves(x) if type(leaf) is Register)


def _uses(step: Step) -> set[Register]:
    used = {*_registers(step.args), *_registers(step.kwargs)}
    if not step.pure and step.kind in (CALL, LOAD):
        used.update(_registers(step.result))
    return used


def _disposable(steps: list[Step], result: Any) -> dict[Register, Any]:
    """What a call gives first and one other step takes, and the function that is called.

    What it gives besides may be what it was given: the slope of a bias is often the cotangent itself.
    """
    made: dict[Register, Any] = {}
    uses = Counter(_registers(result))
    for step in steps:
        uses.update((*_registers(step.args), *_registers(step.kwargs)))
        first = step.result[0] if type(step.result) is tuple else step.result
        for r in _registers(step.result):
            uses[r] += r in made or r != first or step.kind != CALL
            made[r] = step.function
    return {r: function for r, function in made.items() if uses[r] == 1}


def _last_uses(steps: list[Step], result: Any) -> dict[int, list[Register]]:
    """After which step registers are used no more."""
    last: dict[Register, int] = {}
    for i, step in enumerate(steps):
        for r in (*_uses(step), *_registers(step.result)):
            last[r] = i
    for r in _registers(result):
        last.pop(r, None)
    found: dict[int, list[Register]] = {}
    for r, i in last.items():
        found.setdefault(i, []).append(r)
    return found
