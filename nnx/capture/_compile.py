"""``nnx.compile``: a function watched until it has done the same twice, and then run without its Python."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Callable
from threading import RLock
from typing import Any, TypeVar, cast
from weakref import ref

from ..autodiff import tree
from ..autodiff.cells import _outside, overrides
from ..autodiff.trace import call_name
from ..autodiff.transforms.common import named
from ..backend.effects import capturing
from ._arguments import Given, Kind, recognizer, state_of_layers
from ._arrays import CapturedArray
from ._compare import difference
from ._program import Abandoned, Program, inside
from ._source import Changed, compiled

__all__ = ["Compiled", "compile"]

Function = TypeVar("Function", bound=Callable[..., Any])

_LATER = 0x20 | 0x80 | 0x200  # generators, coroutines, and those that are both
MOST = 32  # programs that are kept of one function
TRIES = 4  # runs that differ from the ones before them, and programs that turn out not to hold, until it is left alone


def compile(f: Function) -> Function:
    """``f`` with its Python left out once it is known what it does: the same results, sooner where arrays are small.

    The first two calls run ``f`` itself and write down what it does to arrays: forward, backward, the optimizer's
    update, draws of random numbers. If both did the same, later calls do just that, without calling ``f``, layers or
    derivatives. Results are the same to the bit.

    Write a whole step as one function, and compile that. Arrays, and layers' parameters, buffers, ``training`` and
    other attributes may change from call to call: for shapes, dtypes, modes and Python values that are new, ``f`` is
    watched anew. What else ``f`` reads is taken to stay as it is, and what else it does (printing, appending to a list,
    reading a clock) is done while it is watched only: return what is wanted, and do the rest outside.

    Where ``f`` cannot be compiled it is run as it is, with a warning that says why: it turns arrays into Python numbers
    that differ from call to call (``float(loss)``), hands them to code that is not NumPy's or the standard's, or sets
    attributes of layers.

    Parameters
    ----------
    f
        A function of arrays, Layers, optimizers, Python values, and containers of these; or a Layer, for inference.

    Returns
    -------
    function
        The same function, compiled. Inside a derivative it is ``f``; several threads may call it.

    Examples
    --------
    >>> import nnx, numpy as np
    >>> model = nnx.Linear(4, 1)
    >>> optimizer = nnx.optim.Adam(model, learning_rate=1e-3)
    >>> loss_and_grads = nnx.value_and_grad(lambda model, x, y: nnx.losses.mse_loss(model(x), y))
    >>> @nnx.compile
    ... def step(x, y):
    ...     loss, grads = loss_and_grads(model, x, y)
    ...     optimizer.update(grads)
    ...     return loss
    >>> x, y = np.ones((8, 4), dtype=np.float32), np.zeros((8, 1), dtype=np.float32)
    >>> losses = [float(step(x, y)) for _ in range(10)]
    >>> losses[9] < losses[0]
    True
    """
    if not callable(f):
        raise TypeError(f"nnx.compile: expected a function, got {type(f).__name__}")
    if tree.is_layer(f):
        return cast(Any, compile(f.__call__))
    if getattr(getattr(f, "__code__", None), "co_flags", 0) & _LATER:
        raise TypeError(
            "nnx.compile: expected a function that is done when it returns, got a generator or coroutine"
        )
    run = Compiled(f)
    return cast(Function, named(lambda *args, **kwargs: run(args, kwargs), f))


class _Variant:
    """What is known of the function for one kind of arguments."""

    def __init__(self, kind: Kind, recognize: Callable[..., Any] | None) -> None:
        self.kept = kind.kept
        self.recognize = recognize
        self.run: Callable[..., Any] | None = None
        self.last: tuple[Program, Any] | None = None
        self.done = [False]
        self.tries = 0
        self.left_alone = kind.traced
        self.watched: list[Any] = []


class Compiled:
    """A function and its programs by the kinds of its arguments."""

    def __init__(self, f: Callable[..., Any]) -> None:
        self.f = f
        self.variants: dict[Any, _Variant] = {}
        self.recent: _Variant | None = None
        self.made = self.unsettled = 0
        self.left_alone = self.warned = False
        self.lock = RLock()

    def __call__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run the program for these arguments, or watch the function."""
        if self.left_alone or capturing.get() is not None or overrides.get() is not None:
            return self.f(*args, **kwargs)
        variant, arrays = self.recent, None
        if variant is not None and variant.recognize is not None:
            arrays = variant.recognize(args, kwargs)
        if arrays is None:
            kind = Kind(args, kwargs)
            variant, arrays = self.variants.get(kind.key) or self._variant(kind, args, kwargs), kind.arrays
            self.recent = variant
        assert variant is not None
        if variant.left_alone or not self.lock.acquire(blocking=False):
            return self.f(*args, **kwargs)  # another thread is at it
        try:
            if variant.run is None:
                return self._watch(variant, args, kwargs)
            try:
                return variant.run(*arrays)
            except Changed as change:
                variant.run = variant.last = None
                if change.args[0] is not None:
                    self._again(variant, change.args[0])
            except Exception:
                if variant.done[0]:
                    raise
            if variant.run is not None or variant.left_alone:
                return self.f(*args, **kwargs)  # it may deal with an error, or say better what is wrong
            return self._watch(variant, args, kwargs)
        finally:
            self.lock.release()

    def _variant(self, kind: Kind, args: tuple[Any, ...], kwargs: dict[str, Any]) -> _Variant:
        """Room for another kind of arguments."""
        with self.lock:
            if len(self.variants) >= MOST:
                self.variants.pop(next(iter(self.variants)))
            self.made += 1
            made = self.variants[kind.key] = _Variant(kind, recognizer(args, kwargs))
            made.watched = [ref(x, lambda _, key=kind.key: self._forget(key)) for x in kind.watched]
            if self.made == 2 * MOST:
                self._warn(
                    f"has been watched {self.made} times, for as many kinds of arguments, or since layers were made or "
                    "changed meanwhile; numbers that change from call to call are better passed as arrays, and batches "
                    "of one shape"
                )
            return made

    def _forget(self, key: Any) -> None:
        """What was known for an object that is gone; another may take its place in memory."""
        gone = self.variants.pop(key, None)
        if gone is not None and gone is self.recent:
            self.recent = None

    def _watch(self, variant: _Variant, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run the function and write down what it does; compile it if that is what it did before."""
        program, before = Program(), state_of_layers()
        captured = self._captured(program, args, kwargs)
        if isinstance(captured, str):
            result = self.f(*args, **kwargs)  # an error that is its own it raises itself
            self._leave_alone(variant, captured)
            return result
        plain, written = captured
        if before != state_of_layers():  # the next call is of another kind
            self.unsettled += 1
            if self.unsettled >= TRIES:
                self.left_alone = True
                self._leave_alone(variant, "it makes layers, or sets attributes of layers, each time")
            return plain
        program.close()
        if program.leaves_arrays():
            gc.collect()
            if program.leaves_arrays():
                program.refuse(
                    "it leaves an array in an attribute, a container or a global, or returns a function"
                )
        self._judge(variant, program, written)
        return plain

    def _captured(
        self, program: Program, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Any, Any] | str:
        """What the function gives, as it is and as the program has it; or why it cannot be watched."""

        def plain(x: Any) -> Any:
            return tree.map_tree(lambda leaf, _path: leaf.raw if isinstance(leaf, CapturedArray) else leaf, x)

        given = Given(program.input, args, kwargs)
        try:
            with inside(program):
                result = self.f(*given.args, **given.kwargs)
        except Abandoned as reason:
            refused = str(reason)
        except (AttributeError, NotImplementedError, TypeError) as error:
            if program.lasting:
                raise  # which is not to be done twice
            # It may be of the library's own functions, which do not know captured arrays. The function itself says.
            refused = f"{type(error).__name__}: {error}"
        else:
            if given.changed(plain):
                program.refuse("it changes a container or an object that it is given")
            written = program.written(result)
            if any(isinstance(x, CapturedArray) for x in tree.leaves(written)) or not _plainly_built(result):
                program.refuse("it returns arrays in containers other than tuples, lists and dicts")
            return plain(result), written
        program.take_back()  # containers that it was given are copies so far
        return refused

    def _judge(self, variant: _Variant, program: Program, result: Any) -> None:
        if program.refused is not None:
            self._leave_alone(variant, program.refused)
            return
        last, variant.last = variant.last, (program, result)
        if last is None:
            return
        found = difference(last[0], program, (last[1], result))
        if found is None:
            (variant.run, variant.done), variant.last = compiled(program, result), None
        else:
            self._again(variant, f"it does not do the same each time: {found}")

    def _again(self, variant: _Variant, reason: str) -> None:
        variant.tries += 1
        if variant.tries >= TRIES:
            self._leave_alone(variant, reason)

    def _leave_alone(self, variant: _Variant, reason: str) -> None:
        variant.left_alone, variant.run, variant.last = True, None, None
        if not self.warned:
            self.warned = True
            self._warn(f"is run as it is, not compiled: {reason}")

    def _warn(self, text: str) -> None:
        warnings.warn(f"nnx.compile: {call_name(self.f)} {text}", stacklevel=_outside())


def _plainly_built(x: Any) -> bool:
    """Whether the containers of a result are tuples, lists and dicts, not kinds of these."""
    if isinstance(x, dict):
        return type(x) is dict and all(map(_plainly_built, x.values()))
    if isinstance(x, (tuple, list)):
        return (type(x) in (tuple, list) or hasattr(type(x), "_fields")) and all(map(_plainly_built, x))
    return True
