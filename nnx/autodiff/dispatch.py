"""The functions of a traced namespace: one closure an operation, from one template an arity.

Each asks for as little as it can: two type checks, the library's own call, three stores and one tuple on the
tape. Whatever is unusual (a raw array beside a traced one, a stale view, a foreign type) goes through
``library.coerce`` and back to the top.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .errors import NotDifferentiableError
from .primitive import DROP, KEEP, LIKE, Refused, Rule, keep_modes
from .tape import BINARY1, BINARY2, ELEMENTWISE, GENERAL, OPAQUE, SEVERAL, UNARY, Step, Tape, pruned

if TYPE_CHECKING:
    from .library import Library

__all__ = ["binary", "build", "general", "opaque", "unary", "without_derivative"]

Function = Callable[..., Any]
_new = object.__new__


def build(library: Library, name: str, forward: Function, rule: Rule) -> Function:
    """The traced version of ``forward``."""
    simple = not (rule.params or rule.arrays or rule.outputs or rule.variadic or rule.joint or rule.masks)
    if simple and len(rule.pullbacks) == 1 and LIKE not in keep_modes(_pullback(rule, 0, name), 1):
        function = unary(library, name, forward, rule)
    elif simple and len(rule.pullbacks) == 2:
        function = binary(library, name, forward, rule)
    else:
        function = general(library, name, forward, rule)
    function.__name__ = function.__qualname__ = name.rpartition(".")[2]
    function.__doc__ = getattr(forward, "__doc__", None)
    return function


def _pullback(rule: Rule, i: int, name: str) -> Function | None:
    pullback = rule.pullbacks[i]
    if isinstance(pullback, Refused):
        reason = pullback.reason

        def refuse(_xp: Any, _g: Any, _out: Any, *_args: Any, **_params: Any) -> Any:
            raise NotDifferentiableError(f"{name} has no derivative for its argument {i}: {reason}")

        return refuse
    if rule.elementwise and pullback is not None:
        ELEMENTWISE.add(pullback)
    return pullback  # type: ignore[return-value]


def unary(library: Library, name: str, forward: Function, rule: Rule) -> Function:
    """``function(x)``."""
    T, xp, kind = library.traced, library.fast, UNARY
    pullback = _pullback(rule, 0, name)
    modes = keep_modes(pullback, 1)
    keep_out, keep_x = (True, True) if library.hot else (modes[0] != DROP, modes[1] != DROP)
    coerce, new = library.coerce, _new

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
    pull_x, pull_y = _pullback(rule, 0, name), _pullback(rule, 1, name)
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
    coerce, new, wrap = library.coerce, _new, library.wrap
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


SCALARS = frozenset((float, int, complex, bool))


def weak(library: Library, x: Any) -> Any:
    """A Python number for a number of a subclass (NumPy's float64 is one) that is no array of this library."""
    if type(x) in SCALARS or not isinstance(x, (float, complex)) or library.owns(x):
        return x
    return float(x) if isinstance(x, float) else complex(x)


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
        self.pullbacks = tuple(_pullback(rule, i, name) for i in range(len(rule.pullbacks)))
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


def rewrap(result: Any, items: list[Any]) -> Any:
    """Items in the container type of ``result``: tuples, lists and named tuples."""
    kind = type(result)
    if hasattr(kind, "_fields"):
        return kind(*items)
    return kind(items) if kind in (tuple, list) else tuple(items)


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


def compare(library: Library, forward: Function) -> Function:
    """Comparison operators: the hot special case of ``without_derivative``."""
    T, new = library.traced, _new

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


def opaque(library: Library, name: str, forward: Function) -> Function:
    """A function of the library that nnx has no rule for: it runs, and its derivative is an error if needed."""
    run = without_derivative(library, name, forward)

    @functools.wraps(forward, updated=())
    def function(*args: Any, **params: Any) -> Any:
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
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] in ("nnx", "nnx_numpy", "nnx_cupy"):
        frame = frame.f_back  # type: ignore[assignment]
    return "an unknown line" if frame is None else f"{frame.f_code.co_filename}:{frame.f_lineno}"
