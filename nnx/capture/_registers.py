"""Which arrays a program knows, by registers and constants."""

from __future__ import annotations

import operator
from typing import Any
from weakref import ref

from ..autodiff.library import library_of
from ..backend import Backend
from ._arrays import CapturedArray, CapturedNamespace, captured_type
from ._steps import Constant, Like, Register, about_types, mapped

__all__ = ["Registers", "lowered"]

_NUMBERS = frozenset((bool, int, float, complex, str))


class Registers:
    """The arrays of a run.

    Attributes
    ----------
    inputs
        The registers of the arguments.
    example
        By the number of a register, its array; afterwards what it was like.
    backend
        That of the first argument.
    """

    def __init__(self) -> None:
        self.inputs: list[Register] = []
        self.example: dict[int, Any] = {}
        self.backend: Backend | None = None
        self._known: dict[int, tuple[Any, CapturedArray]] = {}  # by id of a plain array; keeps it alive
        self._outside: list[Any] = []  # those that are there before and after
        self._same: set[Register] = set()
        self._alive: list[Any] = []  # weak references to what was made of them

    def refuse(self, reason: str) -> None:
        """Note that this cannot be run again."""
        raise NotImplementedError

    def expect(self, function: Any, args: Any, kwargs: Any, result: Any) -> None:
        """Note that a call has to give a value."""
        raise NotImplementedError

    def register(self, raw: Any) -> CapturedArray:
        """A captured array of a plain one that was not there before."""
        made = captured_type(raw)(raw, self, Register(len(self.example)))
        self._alive.append(ref(made))
        self.example[len(self.example)] = raw
        if hasattr(raw, "__setitem__"):  # what is no array may be the same object each time: NumPy's True
            self._known[id(raw)] = raw, made
        return made

    def input(self, raw: Any) -> CapturedArray:
        """A captured argument; the same array twice is one."""
        known = self._known.get(id(raw))
        made = known[1] if known is not None else self.register(raw)
        self.inputs.append(made.register)
        if known is None:
            self._outside.append(raw)
        return made

    def constant(self, raw: Any) -> CapturedArray:
        """A captured array of one from elsewhere, or the one it is known as."""
        known = self._known.get(id(raw))
        if known is not None:
            place = known[1].register
            if type(place) is Register and place not in self._same and any(x is raw for x in self._outside):
                self._same.add(place)  # it stands for an argument as long as that is the same array
                self.expect(operator.is_, (place, Constant(raw)), {}, True)
            return known[1]
        made = captured_type(raw)(raw, self, Constant(raw))
        self._alive.append(ref(made))
        self._known[id(raw)] = raw, made
        self._outside.append(raw)
        return made

    def close(self) -> None:
        """Let go of the arrays of this run; of those in registers only their likes are kept."""
        self.example = {n: Like(x) for n, x in self.example.items()}
        self._known.clear()
        self._outside.clear()

    def leaves_arrays(self) -> bool:
        """Whether a captured array is still somewhere, after the program has let go of them."""
        return any(made() is not None for made in self._alive)

    def reaches_outside(self, target: Any) -> bool:
        """Whether writing to an array shows in an argument, a cell or a constant."""
        if isinstance(target, (tuple, list)):
            return any(map(self.reaches_outside, target))
        if not isinstance(target, CapturedArray):
            return True
        backend, raw = target.__nnx_backend__.base, target.raw
        return any(x is raw or backend.is_view(raw, x) for x in self._outside if type(x) is type(raw))

    def is_argument(self, result: Any, args: tuple[Any, ...]) -> bool:
        """Whether a call gave back one of its arguments."""
        return hasattr(result, "__setitem__") and any(
            isinstance(a, CapturedArray) and a.raw is result for a in args
        )

    # arguments and results -------------------------------------------------------------------------------------

    def raw(self, x: Any) -> Any:
        """Plain arrays for captured ones, the library's own namespace for the captured one; through containers."""
        return mapped(x, _raw)

    def written(self, x: Any) -> Any:
        """Registers and constants for arrays."""
        return mapped(x, self._place)

    def _place(self, x: Any) -> Any:
        if isinstance(x, CapturedArray):
            if x.program is not self:
                self.refuse("it uses an array that an earlier call has left behind")
                return Constant(x.raw)
            return x.register
        if library_of(x) is not None and not hasattr(type(x), "__nnx_traced__"):
            return self.constant(x).register
        return _raw(x)

    def wrapped(self, function: Any, result: Any) -> tuple[Any, bool, bool]:
        """Captured arrays for plain ones, whether there are any, and whether there are Python numbers."""
        found = [False, False]

        def wrap(x: Any) -> Any:
            if isinstance(x, CapturedArray):
                found[0] = True
                return x
            if type(x) in _NUMBERS:
                found[1] = True
                return x
            if library_of(x) is None:
                if x is not None and not about_types(function):
                    name = getattr(function, "__name__", type(function).__name__)
                    self.refuse(f"{name} gives {type(x).__name__}, which is no array")
                return x
            found[0] = True
            known = self._known.get(id(x))
            return known[1] if known is not None else self.register(x)

        return mapped(result, wrap), found[0], found[1]


def lowered(x: Any) -> Any:
    """The captured array in a constant of a derivative."""
    if not getattr(type(x), "__nnx_traced__", False) or x.tape is not None:
        return x
    return x.value if isinstance(x.value, CapturedArray) else x


def _raw(x: Any) -> Any:
    """The plain counterpart of an array, a namespace or a backend that is captured."""
    if isinstance(x, CapturedArray):
        return x.raw
    if isinstance(x, CapturedNamespace):
        return x.target
    return getattr(x, "base", x) if getattr(type(x), "__nnx_captured__", False) else x
