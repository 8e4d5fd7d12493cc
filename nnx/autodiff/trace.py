"""One traced call: lifting the arguments, running the function, and pulling back what comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from . import tree
from .asked import asked
from .cells import Cell, keep, overrides, read
from .dispatch.common import new
from .errors import DerivativeLostError, NotDifferentiableError
from .frames import TracedFrame
from .library import Library, library_of
from .pulling import pull
from .tape import Tape
from .traced import TracedArray

__all__ = ["Call", "call_name"]


def call_name(f: Callable[..., Any]) -> str:
    """How errors name a function."""
    return getattr(f, "__qualname__", None) or repr(f)


class Call:
    """A function being run on traced arguments under a tape of its own.

    Every array in the arguments is lifted into the trace; those of the arguments in ``argnums`` are the inputs of
    the tape.
    """

    def __init__(
        self, what: str, f: Callable[..., Any], argnums: tuple[int, ...], args: Any, kwargs: Any
    ) -> None:
        self.what = what
        self.f = f
        self.tape = Tape()
        self.nested = False
        self.inputs: list[tuple[Library, Any]] = []
        self.named: dict[int, dict[str, int]] = {}  # slots of the parameters of each layer
        outer = overrides.get()
        self.frame = TracedFrame(outer)
        if outer is not None:
            args, kwargs = outer.lifted(args), outer.lifted(kwargs)
        count = len(args)
        for n in argnums:
            if not -count <= n < count:
                raise ValueError(
                    f"{what}: argnums has {n}, but {call_name(f)} was called with {count} arguments; "
                    "what is differentiated, a model or arrays, has to be one of them"
                )
        self.argnums = argnums = tuple([n % count for n in argnums])
        lifted, self.slots = list(args), dict[int, Any]()
        for n in argnums:  # the inputs first: a layer that is an argument twice is differentiated once
            before, a = len(self.inputs), args[n]
            if tree.is_layer(a):
                self._parameters(a)
                self.slots[n] = _Slots(self.named[id(a)])
            elif library_of(a) is not None:
                lifted[n] = leaf = self._input(a, n, ())
                self.slots[n] = _Slot(leaf.index)
            else:
                lifted[n] = tree.map_tree(lambda x, path, n=n: self._input(x, n, path), a)
                self.slots[n] = tree.map_tree(self._slot, lifted[n])
            if len(self.inputs) == before:
                self._check_empty(n, a)
        for n, a in enumerate(args):
            if n not in argnums:
                lifted[n] = (
                    self._constant(a) if library_of(a) is not None else tree.map_tree(self._constant, a)
                )
        self.args = tuple(lifted)
        self.kwargs = {k: tree.map_tree(self._constant, v) for k, v in kwargs.items()} if kwargs else kwargs

    # lifting -------------------------------------------------------------------------------------------------

    def _input(self, x: Any, n: int, path: tree.Path) -> Any:
        if tree.is_layer(x):
            self._parameters(x)
            return x
        library = library_of(x)
        if library is None:
            if path:  # a number or a string among the arrays of a container stays what it is
                return x
            raise TypeError(
                f"{self.what}: argument {n} of {call_name(self.f)} has to be an array, a Layer or a container of "
                f"them to be differentiated, got {type(x).__name__} {x!r:.60}; make it one with xp.asarray"
            )
        if not library.is_inexact(x):
            raise TypeError(
                f"{self.what}: argument {n}{tree.describe(path)} of {call_name(self.f)} has dtype {x.dtype}; only "
                "real and complex floating arrays can be differentiated: convert it with xp.astype, or leave it out "
                "of argnums"
            )
        return self._leaf(x)

    def _parameters(self, layer: Any) -> None:
        """Make the trainable parameters of a layer inputs of the tape, and show its other arrays as constants."""
        frame, tape, inputs, outer = self.frame, self.tape, self.inputs, self.frame.outer
        entries, named = tape.entries, dict[str, int]()
        library: Any = None
        kind, dtype = None, None
        for name, cell in layer.__nnx_cells__().items():
            if not cell.trainable:
                if cell not in frame:
                    self._show(cell)
                continue
            if cell in frame:  # it belongs to another argument too
                named[name] = frame[cell].index
                continue
            value = cell.value if outer is None else read(cell)
            if type(value) is not kind or value.dtype is not dtype:
                library, kind, dtype = self._parameter(layer, name, value), type(value), value.dtype
            if isinstance(value, TracedArray):
                frame[cell] = made = self._leaf(value)
            else:
                made = frame[cell] = new(library.traced)
                made.value, made.tape, made.index = value, tape, len(entries)
                inputs.append((library, value))
                entries.append(None)
            named[name] = made.index
        self.named[id(layer)] = named

    def _parameter(self, layer: Any, name: str, value: Any) -> Any:
        """The library of a parameter; raises if it cannot be differentiated."""
        library = library_of(value)
        if library is None or not library.is_inexact(value):
            raise TypeError(
                f'{self.what}: parameter "{name}" of {type(layer).__name__} has dtype '
                f"{getattr(value, 'dtype', type(value).__name__)}; only real and complex floating arrays can be "
                "differentiated: convert it, freeze it, or make it a Buffer"
            )
        return library

    def _check_empty(self, n: int, arg: Any) -> None:
        """Numbers are no arrays: a container of nothing else has no gradient, which would go unnoticed."""
        found = [x for x in tree.leaves(arg) if not tree.is_layer(x) and not tree.is_array(x)]
        if found and not any(map(tree.is_layer, tree.leaves(arg))):
            raise TypeError(
                f"{self.what}: argument {n} of {call_name(self.f)} holds no array to be differentiated, but "
                f"{type(found[0]).__name__} {found[0]!r:.60}; make it one with xp.asarray"
            )

    def _show(self, cell: Cell) -> None:
        """Let the function see a constant in a cell, or what an enclosing derivative has there."""
        value = read(cell)
        self._library(value)
        self.nested = self.nested or isinstance(value, TracedArray)
        self.frame.show(cell, value)

    def _leaf(self, value: Any) -> Any:
        """A fresh input of the tape."""
        library = self._library(value)
        if isinstance(value, TracedArray):
            value = library.coerce(value, self.what)
            if value.tape is None:
                value = value.value
            self.nested = True
        entries = self.tape.entries
        entries.append(None)
        self.inputs.append((library, value))
        return library.on_tape(value, self.tape, len(entries) - 1)

    def _library(self, x: Any) -> Library:
        library = library_of(x)
        if library is None:
            raise TypeError(f"{self.what}: expected an array, got {type(x).__name__}")
        return library

    def _constant(self, x: Any, _path: tree.Path = ()) -> Any:
        library = library_of(x)
        if library is not None:
            if isinstance(x, TracedArray):
                self.nested = True
                return x
            return library.constant(x)
        if tree.is_layer(x):
            for cell in x.__nnx_cells__().values():
                if cell not in self.frame:
                    self._show(cell)
        return x

    def _slot(self, x: Any, _path: tree.Path) -> Any:
        """Where the gradient of a leaf of an argument is read from."""
        if tree.is_layer(x):
            return _Slots(self.named[id(x)])
        return _Slot(x.index) if isinstance(x, TracedArray) and x.tape is self.tape else None

    # running -------------------------------------------------------------------------------------------------

    def run(self) -> Any:
        """Call the function; layers read traced arrays meanwhile.

        What is written to buffers, of layers among the arguments or not, is kept if the function succeeds.
        """
        token = overrides.set(self.frame)
        try:
            result = self._call()
            for x in (result,) if isinstance(result, TracedArray) else tree.leaves(result):
                if isinstance(x, TracedArray) and type(x) is not x._library.traced:
                    # views are read again while there is a tape to read them on
                    x._library.coerce(x, self.what)
        finally:
            overrides.reset(token)
        if self.frame.found:
            outermost = overrides.get() is None
            for cell, value in self.frame.written():
                keep(cell, self._plain(value) if outermost else self.lower(value))
        return result

    def _call(self) -> Any:
        try:
            return self.f(*self.args, **self.kwargs)
        except Exception as error:
            self._explain(error)
            raise

    def _explain(self, error: Exception) -> None:
        """Say what nnx has to do with an error of somebody else's."""
        if type(error) is TypeError and ("namespace" in str(error).lower() or "TracedArray" in str(error)):
            note = (
                "nnx: a plain array met a traced one, most likely one that the differentiated function took from "
                "outside (a global or a closure); pass it as an argument, or wrap it with nnx.lift(x); functions "
                "are to be those of nnx.array_namespace(x), too, for the library's own may refuse traced arrays"
            )
            if note not in getattr(error, "__notes__", ()):
                error.add_note(note)
        if self.tape.lost is not None and not isinstance(error, DerivativeLostError):
            error.add_note(f"nnx: before this, {self.tape.lost}")

    def lower(self, result: Any) -> Any:
        """What a traced call gives back: plain arrays, or arrays of the enclosing derivative."""
        return self._lower(result) if isinstance(result, TracedArray) else tree.map_tree(self._lower, result)

    def _lower(self, x: Any, _path: tree.Path = ()) -> Any:
        if not isinstance(x, TracedArray):
            return x
        library = x._library
        x = library.coerce(x, self.what)
        if x.tape is self.tape:
            if isinstance(x.value, TracedArray):
                return x.value
            return library.constant(x.value) if self.nested else library.as_array(x.value)
        if x.tape is None:
            return x if self.nested else library.as_array(x.value)
        return x

    def _plain(self, x: Any) -> Any:
        if not isinstance(x, TracedArray):
            return x
        library = x._library
        return library.as_array(library.raw(library.coerce(x, self.what)))

    # pulling back --------------------------------------------------------------------------------------------

    def pull(self, seeds: dict[int, Any], entries: list[Any], nested: bool) -> list[Any]:
        """The cotangent of each input; None where nothing depends on it."""
        tape = self.tape
        cotangents: list[Any] = [None] * len(entries)
        for index, g in seeds.items():
            p = cotangents[index]
            cotangents[index] = g if p is None else p + g
        before, tape.entries = tape.entries, entries
        reasons: list[str] = []
        token = asked.set(reasons)
        try:
            pull(tape, entries, cotangents, len(self.inputs), nested)
        finally:
            asked.reset(token)
            tape.entries = before
        del cotangents[len(self.inputs) :]
        if reasons:
            self._refuse_nan(cotangents, reasons[0])
        return cotangents

    def _refuse_nan(self, cotangents: list[Any], what: str) -> None:
        """Raise if a term that cannot be told has reached an input."""
        for (library, _), g in zip(self.inputs, cotangents, strict=True):
            xp = library.namespace
            if g is not None and bool(xp.any(xp.isnan(library.wrap(library.raw(g))))):
                raise NotDifferentiableError(
                    f"the derivative depends on {what}, and cannot be told from the derivatives of what was done "
                    "with them"
                )

    def gather(self, cotangents: list[Any], foreign: Iterable[Any] = ()) -> Any:
        """Gradients in the shape of the arguments; zeros where nothing depends on an input.

        No gradient shares memory with another, with an input or with the ``foreign`` arrays.
        """
        taken = {id(x) for x in foreign}

        def one(index: int) -> Any:
            g = cotangents[index]
            library, value = self.inputs[index]
            if g is None:
                xp = library.namespace if isinstance(value, TracedArray) else library.fast
                g = xp.zeros(value.shape, dtype=value.dtype, device=value.device)
                return library.constant(g) if self.nested and not isinstance(g, TracedArray) else g
            if isinstance(g, TracedArray):
                return g
            if self.nested:
                return library.constant(g)
            g = library.owned(g if type(g) is type(value) else library.as_array(g))
            if id(g) in taken or g is value:
                g = library.copy(g)
            taken.add(id(g))
            return g

        def fill(x: Any, _path: tree.Path) -> Any:
            if isinstance(x, _Slot):
                return one(x.index)
            return {name: one(i) for name, i in x.named.items()} if isinstance(x, _Slots) else x

        slots = [self.slots[n] for n in self.argnums]
        return tuple(fill(s, ()) if type(s) in (_Slot, _Slots) else tree.map_tree(fill, s) for s in slots)


class _Slot:
    def __init__(self, index: int) -> None:
        self.index = index


class _Slots:
    def __init__(self, named: dict[str, int]) -> None:
        self.named = named
