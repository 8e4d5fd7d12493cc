"""A fixed number of arrays, one output: fused primitives, ``where``, products with likes.

The function is written out once for each number of arrays: loops over them would take longer than what they do.
"""

from __future__ import annotations

from functools import cache
from types import CodeType
from typing import TYPE_CHECKING, Any

from ..primitive import DROP, KEEP, LIKE, Like, Rule, keep_modes
from ..tape import FIXED
from .common import SCALARS, Function, new, pullback_of
from .general import general

if TYPE_CHECKING:
    from ..library import Library

__all__ = ["fixed"]


def fixed(library: Library, name: str, forward: Function, rule: Rule) -> Function:
    """``function(*arrays, **params)``; whatever is unusual goes the general way."""
    unusual, joint = general(library, name, forward, rule), rule.joint
    pullbacks = tuple(pullback_of(rule, i, name) for i in range(len(rule.pullbacks)))
    arity = joint.__code__.co_argcount - 3 if joint is not None else len(pullbacks)
    plans: dict[tuple[bool, ...], tuple[int, ...]] = {}

    def modes_of(needed: tuple[bool, ...]) -> tuple[int, ...]:
        """What the tape keeps of the output and of each array."""
        used = [keep_modes(p, arity) for p, n in zip(pullbacks, needed, strict=True) if n and p]
        modes = plans[needed] = tuple(max(column) for column in zip(*used, strict=True))
        return modes

    scope: dict[str, Any] = {
        "T": library.traced, "SCALARS": SCALARS, "PLAIN": frozenset((str, int, float, bool, type(None))),
        "SUSPECTS": (library.base, tuple, list), "Like": Like, "new": new, "wrap": library.wrap,
        "is_inexact": library.is_inexact, "xp": library.fast, "FIXED": FIXED, "forward": forward,
        "unusual": unusual, "pullbacks": pullbacks, "joint": joint, "plans": plans, "modes_of": modes_of,
        "pruned": _pruned,
    }  # fmt: skip
    modes = keep_modes(joint, arity) if joint is not None else None
    differentiable = tuple(joint is not None or p is not None for p in pullbacks or (None,) * arity)
    exec(_code(modes, differentiable, rule.masks), scope)
    return scope["function"]


def _pruned(mode: int, x: Any) -> Any:
    """An array as the tape keeps it; of what is dropped only the shape and dtype that its cotangent has to have."""
    if mode == KEEP or x is None or type(x) in SCALARS:
        return x
    return Like(x) if mode == LIKE else (x.shape, x.dtype)


@cache
def _code(modes: tuple[int, ...] | None, differentiable: tuple[bool, ...], masks: bool) -> CodeType:
    """The function for so many arrays; ``modes`` are None where they depend on which are differentiated."""
    numbers = range(len(differentiable))
    parents = [f"j{i}" if d else "None" for i, d in enumerate(differentiable)]
    none = " is ".join([*(f"j{i}" for i, d in enumerate(differentiable) if d), "None"])  # j0 is j1 is None
    constant = none if any(differentiable) else "True"
    lines = [
        "def function(*args, **params):",
        f" if len(args) != {len(numbers)}: return unusual(*args, **params)",
        f" {_tuple(f'x{i}' for i in numbers)} = args",
        f" tape = {' = '.join(f'j{i}' for i in numbers)} = nested = None",
        *(line for i in numbers for line in _reading(i)),
        " if tape is None: return unusual(*args, **params)",
        " if params:",
        "  for p in params.values():",
        "   if type(p) not in PLAIN and isinstance(p, SUSPECTS): return unusual(*args, **params)",
        "  if 'out' in params: return unusual(*args, **params)",
        f" result = (function if nested else forward)({', '.join(f'x{i}' for i in numbers)}, **params)",
        f" if {constant} or not is_inexact(result): return wrap(result)",
        " tape.masked = True" if masks else "",
        f" needed = {_tuple(f'{j} is not None' for j in parents)}",
        *_keeping(modes, numbers),
        " made = new(T)",
        " made.value = result",
        " made.tape = tape",
        " entries = tape.entries",
        " made.index = len(entries)",
        f" entries.append((FIXED, pullbacks, joint, {_tuple(parents)}, needed, xp, kept_out, kept, params))",
        " return made",
    ]
    return compile("\n".join(lines), f"<nnx: an operation on {len(numbers)} arrays>", "exec")


def _tuple(items: Any) -> str:
    return f"({', '.join(items)},)"


def _reading(i: int) -> list[str]:
    """Take the value of array ``i``, and its place on the one tape of all."""
    return [
        f" if type(x{i}) is T:",
        f"  t = x{i}.tape",
        "  if t is not None:",
        "   if t is not tape:",
        "    if tape is not None: return unusual(*args, **params)",
        "    tape = t",
        f"   j{i} = x{i}.index",
        f"  x{i} = x{i}.value",
        f"  if type(x{i}) is T: nested = True",
        f" elif x{i} is not None and type(x{i}) not in SCALARS: return unusual(*args, **params)",
    ]


def _keeping(modes: tuple[int, ...] | None, numbers: range) -> list[str]:
    """What the tape keeps."""
    if modes is None:
        kept = _tuple(f"pruned(modes[{i + 1}], x{i})" for i in numbers)
        return [
            " modes = plans.get(needed) or modes_of(needed)",
            f" kept_out = result if modes[0] == {KEEP} else pruned(modes[0], result) if modes[0] else None",
            f" kept = {kept}",
        ]
    out, *arrays = modes
    kept = _tuple(
        f"x{i}" if m == KEEP else f"pruned({m}, x{i})" for i, m in zip(numbers, arrays, strict=True)
    )
    return [
        f" kept_out = {'result' if out == KEEP else 'None' if out == DROP else 'Like(result)'}",
        f" kept = {kept}",
    ]
