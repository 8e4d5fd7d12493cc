"""What a function did to arrays, written down while it ran: the calls in their order, and which array went where.

Every array that is seen has a *register*: an argument of the function, what a cell of a layer held, or the result of
an earlier call. Arrays that come from elsewhere are constants. A call is kept as it was made, on plain arrays, so that
making it again does again just what was done, views and writing in place included.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import FunctionType, MethodType
from typing import Any

from ..autodiff.cells import Cell, Frame, overrides
from ..autodiff.dispatch import caller
from ..autodiff.library import library_of
from ..backend import backend_of
from ..backend.effects import capturing
from ._arrays import CapturedArray, has_traced
from ._registers import Registers, lowered
from ._steps import (
    CALL,
    CHANGES,
    DRAWS,
    GUARD,
    LOAD,
    NOTHING,
    STORE,
    WRITES,
    Constant,
    Step,
    about_types,
    chooses,
    mapped,
    passes_on,
    shape,
    statically_known,
    writes_in_place,
)  # fmt: skip

__all__ = ["Abandoned", "Program", "inside"]


class Abandoned(BaseException):
    """The function is better run without being watched, from its beginning; nothing has been changed yet."""


class Program(Registers):
    """One run of a function, written down."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[Step] = []
        self.refused: str | None = None  # why it cannot be run again
        self.lasting = False  # whether something was done that cannot be taken back
        self.writes_outside = False
        self.generators: list[Any] = []
        self._marks: list[Any] = []  # where they were
        self.handling: Any = None  # of floating-point errors, outside
        self.frame = CapturedFrame(self)

    def input(self, raw: Any) -> CapturedArray:
        """A captured argument; the same array twice is one."""
        if self.backend is None:
            self.backend = backend_of(raw)
            self.handling = self.backend.error_handling()
        return super().input(raw)

    def close(self) -> None:
        """Let go of the arrays of this run; of those in registers only their likes are kept."""
        super().close()
        self.frame.clear()

    # cells -----------------------------------------------------------------------------------------------------

    def load(self, cell: Cell) -> Any:
        """What a cell holds; itself, where that is no array."""
        raw = cell.value
        if library_of(raw) is None or isinstance(raw, CapturedArray):
            return raw
        known = self._known.get(id(raw))
        if known is None or self.lasting or type(known[1].register) is Constant:
            made = self.register(raw)
            self._outside.append(raw)
            self.steps.append(Step(LOAD, cell, (self.lasting,), result=made.register))
        else:  # an argument, or what another cell holds: it has to be that again
            made = known[1]
            self.steps.append(Step(LOAD, cell, (False,), result=made.register, pure=False))
        return made

    def store(self, cell: Cell, value: Any) -> None:
        """Write an array to a cell."""
        cell.value = self.raw(value)
        self.lasting = True
        self.steps.append(Step(STORE, cell, (self.written(value),), pure=False, lasting=True))

    def take_back(self) -> None:
        """Undo the draws of this run."""
        for generator, mark in zip(self.generators, self._marks, strict=True):
            generator._take_back(mark)

    # calls -----------------------------------------------------------------------------------------------------

    def call(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Make a call on the plain arrays, write it down, and give what it gives as captured arrays."""
        self._refuse_callbacks(function, args, kwargs)
        return self._note(function, args, kwargs, self._made(function, args, kwargs))

    def anew(self, function: Callable[[Any], Any], x: CapturedArray) -> CapturedArray:
        """What a call gives under a register of its own, though it may be the argument itself."""
        made = self.register(function(x.raw))
        self.steps.append(Step(CALL, function, (self.written(x),), {}, made.register, where=caller()))
        return made

    def whole(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The same of plain arrays, or constants of a derivative; else the function is taken apart."""
        args, kwargs = mapped(args, lowered), mapped(kwargs, lowered)
        if has_traced(args) or has_traced(kwargs.values()):
            return function(*args, **kwargs)
        return self._note(function, args, kwargs, self._made(function, args, kwargs), NOTHING)

    def draw(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The same for a draw of random numbers, which changes the generator."""
        from ..random._stream import logs, replayed_streams

        if logs.get() or replayed_streams.get() is not None:
            self.refuse("random numbers are drawn inside nnx.checkpoint")
        if args[0] not in self.generators:
            self.generators.append(args[0])
            self._marks.append(args[0]._mark())
        return self._note(function, args, kwargs, self._made(function, args, kwargs), DRAWS)

    def effect(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The same for a call that changes something for good."""
        self._refuse_callbacks(function, args, kwargs)
        self.lasting = True
        result = self._made(function, args, kwargs)
        self.frame.clear()  # cells may hold other arrays now
        return self._note(function, args, kwargs, result, CHANGES)

    def read(self, x: CapturedArray, function: Callable[[Any], Any]) -> Any:
        """A Python number of an array: what the function does next may depend on it."""
        return self.call(function, (x,), {})

    def _refuse_callbacks(self, function: Callable[..., Any], args: Any, kwargs: Any) -> None:
        """A function of the user's that is called back is not seen, and would go on with the arrays of this run."""
        found: list[Any] = []
        mapped((args, kwargs), lambda x: found.append(x) if _calls_back(x) else None)
        if found:
            self.refuse(f"{getattr(function, '__name__', function)} is given a function")
            assert self.refused is not None
            if not self.lasting:
                raise Abandoned(self.refused)

    def _made(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What a call on the plain arrays gives."""
        raw_args, raw_kwargs = self.raw(args), self.raw(kwargs)
        try:
            with inside(None):
                return function(*raw_args, **raw_kwargs)
        except BaseException as error:
            self.refuse(f"{getattr(function, '__name__', function)} raised {type(error).__name__}")
            raise

    def _as_now(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function as it deals with floating-point errors here, which may not be as outside."""
        if self.backend is None:
            return function
        now = self.backend.error_handling()
        return function if now == self.handling else self.backend.handling_errors(function, now)

    def refuse(self, reason: str) -> None:
        """Note that this cannot be run again, and where."""
        if self.refused is None:
            self.refused = f"{reason} (at {caller()})"

    def _note(self, function: Any, args: Any, kwargs: Any, result: Any, how: int | None = None) -> Any:
        """Write a call down that gave ``result``; ``how`` is what it does besides, where that is known."""
        given, options = self.written(args), self.written(kwargs)
        if how is None:
            how = self._what_it_changes(function, args, kwargs, result)
        if how == CHANGES:
            self.lasting = True
        wrapped, arrays, numbers = self.wrapped(function, result)
        if numbers and not arrays:
            if statically_known(result) or not _has_arrays((args, kwargs)):
                return result
            self.expect(function, given, options, result)
        elif how == NOTHING and arrays and self._passes_on(function, result, args):
            pass
        elif how == NOTHING and about_types(function):
            return result
        else:
            self.steps.append(
                Step(
                    CALL,
                    self._as_now(function),
                    given,
                    options,
                    self.written(wrapped),
                    how == NOTHING,
                    caller(),
                    how == CHANGES,
                )
            )
            if arrays and chooses(function, args):
                mapped(wrapped, self._guard_shape)
        return wrapped

    def _guard_shape(self, x: Any) -> None:
        """Expect a shape that depends on elements to be the same each time."""
        if isinstance(x, CapturedArray):
            self.expect(shape, (x.register,), {}, tuple(x.shape))

    def _what_it_changes(self, function: Any, args: Any, kwargs: Any, result: Any) -> int:
        """Whether a call writes in place, and whether that is seen outside."""
        into = kwargs.get("out")
        if into is None and writes_in_place(function) and not hasattr(self.raw(args[0]), "__setitem__"):
            return NOTHING  # NumPy's numbers are not written to
        if into is None and result is not None and not writes_in_place(function):
            if not self.is_argument(result, args) or passes_on(function):
                return NOTHING
            into = self.constant(result)  # it gives what it was given, written to
        if not self.reaches_outside(args[0] if into is None and args else into):
            return WRITES
        self.writes_outside = True
        return CHANGES

    def expect(self, function: Any, args: Any, kwargs: Any, result: Any) -> None:
        """Expect the same number each time, which can only be looked at while everything can be taken back."""
        if self.lasting:
            name = "a shape" if function is shape else getattr(function, "__name__", function)
            self.refuse(f"{name} depends on an array's elements after something was changed for good")
        self.steps.append(Step(GUARD, function, args, kwargs, result, where=caller()))

    def _passes_on(self, function: Any, result: Any, args: tuple[Any, ...]) -> bool:
        """Whether there is nothing to do, as a call gives back one of its arguments as it is."""
        return passes_on(function) and self.is_argument(result, args)


class CapturedFrame(Frame):
    """What layers hold while a function is captured: arrays that are read when the program is run, too."""

    __slots__ = ("program",)
    looks_at_layers = False

    def __init__(self, program: Program) -> None:
        super().__init__()
        self.program = program

    def __missing__(self, cell: Cell) -> Any:
        made = self[cell] = self.program.load(cell)
        return made

    def put(self, cell: Cell, value: Any) -> None:
        """Write to the cell itself, as outside."""
        self.program.store(cell, value)
        self[cell] = value

    def lifted(self, x: Any) -> Any:
        """Arrays from elsewhere as captured ones, for a derivative to take beside the others."""
        program = self.program
        return mapped(
            x,
            lambda a: (
                a
                if isinstance(a, CapturedArray) or library_of(a) is None or hasattr(type(a), "__nnx_traced__")
                else program.constant(a)
            ),
        )


class inside:
    """A block in which calls are written down to a program; None for a block in which they are simply made."""

    __slots__ = ("_tokens", "program")

    def __init__(self, program: Program | None) -> None:
        self.program = program

    def __enter__(self) -> None:
        frame = None if self.program is None else self.program.frame
        self._tokens = capturing.set(self.program), overrides.set(frame)

    def __exit__(self, *_: object) -> None:
        captured, cells = self._tokens
        capturing.reset(captured)
        overrides.reset(cells)


def _calls_back(x: Any) -> bool:
    """Whether it is a function of the user's, which may do more than can be seen."""
    if isinstance(x, partial):
        return True
    kind = isinstance(x, (FunctionType, MethodType))
    return kind and not (x.__module__ or "").startswith(("nnx.", "nnx_"))


def _has_arrays(x: Any) -> bool:
    """Whether there are arrays in containers."""
    found: list[Any] = []
    mapped(x, lambda a: found.append(a) if library_of(a) is not None else None)
    return bool(found)
