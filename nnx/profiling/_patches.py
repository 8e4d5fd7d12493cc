"""The measuring entry points, and how the ordinary ones come back."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ..autodiff import library as libraries
from ..autodiff import pulling
from ..autodiff.library import Library
from ..autodiff.namespace import _Part
from ..autodiff.numpy_ufuncs import _elementwise
from ..autodiff.primitive import Primitive
from ..autodiff.tape import READ, RERUN, WRITE, Tape
from ..autodiff.trace import Call
from ..autodiff.traced import TracedArray
from ..backend.protocol import Backend
from ..capture._compile import Compiled
from ..layers._layer import Layer
from ..optim._optimizer import Optimizer
from ._recorder import Recorder
from ._tape import Noted, measured_entries

__all__ = ["Patches"]

_OPERATORS = {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "divide", "pow": "pow", "matmul": "matmul",
    "mod": "remainder",
}  # fmt: skip
_ALONE = {
    "neg": "negative", "abs": "abs", "eq": "equal", "ne": "not_equal", "lt": "less", "le": "less_equal",
    "gt": "greater", "ge": "greater_equal", "getitem": "getitem", "setitem": "setitem",
}  # fmt: skip
_OTHERS = {READ: "getitem", WRITE: "setitem", RERUN: "checkpoint"}


class Patches:
    """Everything that is exchanged while a recorder is at work."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self._undo: list[Callable[[], None]] = []

    def apply(self) -> None:
        """Exchange the entry points."""
        self._layers()
        self._primitives()
        self._way_back()
        self._members_to_come()
        for library in list(libraries._by_backend.values()):
            self._library(library)
        make = Library.__init__

        def init(library: Library, *args: Any, **kwargs: Any) -> None:
            make(library, *args, **kwargs)
            self._library(library)

        self._set(Library, "__init__", init)

    def restore(self) -> None:
        """Put everything back, the last first."""
        while self._undo:
            self._undo.pop()()
        _elementwise.cache_clear()  # it keeps functions of traced namespaces

    # the exchange --------------------------------------------------------------------------------------------

    def _set(self, owner: Any, name: str, value: Any) -> None:
        before = vars(owner).get(name)
        setattr(owner, name, value)
        self._undo.append(
            functools.partial(delattr, owner, name)
            if before is None
            else functools.partial(setattr, owner, name, before)
        )

    def _put(self, members: dict[str, Any], name: str, value: Any) -> None:
        before = members[name]
        members[name] = value
        self._undo.append(functools.partial(members.__setitem__, name, before))

    def _measuring(self, name: str, f: Callable[..., Any]) -> Callable[..., Any]:
        recorder = self.recorder

        @functools.wraps(f)
        def function(*args: Any, **kwargs: Any) -> Any:
            if not recorder.active:
                return f(*args, **kwargs)
            return recorder.call("primitive", name, f, args, kwargs)

        return function

    def _layers(self) -> None:
        recorder, call, update = self.recorder, Layer.__call__, Optimizer.update

        def layer_call(layer: Layer, *args: Any, **kwargs: Any) -> Any:
            node = recorder.node_of(layer)
            return recorder.call("layer", node.path, call, (layer, *args), kwargs, node)

        def optimizer_update(optimizer: Optimizer, grads: Any) -> None:
            name = f"{type(optimizer).__name__}.update"
            node = recorder.outside.child(name, "")
            recorder.call("layer", name, update, (optimizer, grads), {}, node)

        self._set(
            Compiled, "__call__", lambda own, args, kwargs: own.f(*args, **kwargs)
        )  # so that it is seen
        self._set(Layer, "__call__", layer_call)
        self._set(Optimizer, "update", optimizer_update)

    def _primitives(self) -> None:
        recorder, call = self.recorder, Primitive.__call__

        def primitive_call(own: Primitive, *args: Any, **params: Any) -> Any:
            return recorder.call("primitive", own.name, call, (own, *args), params)

        self._set(Primitive, "__call__", primitive_call)
        for name in ("T", "mT"):
            get = vars(TracedArray)[name].fget
            full = "matrix_transpose" if name == "mT" else "permute_dims"
            self._set(TracedArray, name, property(self._measuring(full, get)))

    def _way_back(self) -> None:
        recorder, init = self.recorder, Tape.__init__
        pull, other = Call.pull, pulling._pull_other

        def tape_init(tape: Tape, hot: bool = False) -> None:
            init(tape, hot)
            if not hot:  # which is for tests, and looks at the pullbacks themselves
                tape.entries = measured_entries(recorder)

        def call_pull(call: Call, seeds: Any, entries: Any, nested: bool) -> Any:
            return recorder.call("pull", "accumulate", pull, (call, seeds, entries, nested), {}, None, True)

        def pull_other(
            tape: Any, entries: Any, cot: Any, owned: Any, i: int, entry: Any, nested: bool
        ) -> None:
            args, name = (tape, entries, cot, owned, i, entry, nested), _OTHERS.get(entry[0])
            if name is None:
                other(*args)
            else:
                node = entry.node if isinstance(entry, Noted) else None
                recorder.call("pullback", name, other, args, {}, node, True)

        self._set(Tape, "__init__", tape_init)
        self._set(Call, "pull", call_pull)
        self._set(pulling, "_pull_other", pull_other)

    # namespaces ----------------------------------------------------------------------------------------------

    def _library(self, library: Library) -> None:
        if type(library.backend).synchronize is not Backend.synchronize:
            self.recorder.waits.append(library.backend.synchronize)
        _elementwise.cache_clear()
        namespace = library.namespace
        for part in (namespace, *[p for p in vars(namespace).values() if isinstance(p, _Part)]):
            self._part(part)
        self._set(library, "xp", _Plain(library.xp, self))
        for operator, name in _OPERATORS.items():
            for kind in ("", "r", "i"):
                self._operator(library.traced, f"__{kind}{operator}__", name)
        for operator, name in _ALONE.items():
            self._operator(library.traced, f"__{operator}__", name)

    def _operator(self, kind: type, special: str, name: str) -> None:
        found = getattr(kind, special, None)
        if found is not None:
            self._set(kind, special, self._measuring(name, found))

    def _part(self, part: _Part) -> None:
        for name, value in list(vars(part).items()):
            self._member(part, name, value)

    def _member(self, part: _Part, name: str, value: Any) -> Any:
        if name.startswith("_") or isinstance(value, (type, _Part)) or not callable(value):
            return value
        measuring = self._measuring(part._prefix + name, value)
        self._put(vars(part), name, measuring)
        return measuring

    def _members_to_come(self) -> None:
        get = vars(_Part)["__getattr__"]

        def getattr_of(part: _Part, name: str) -> Any:
            return self._member(part, name, get(part, name))

        self._set(_Part, "__getattr__", getattr_of)


class _Plain:
    """The namespace of plain arrays as nnx hands it out, with measuring functions."""

    def __init__(self, xp: Any, patches: Patches, prefix: str = "") -> None:
        self._xp, self._patches, self._prefix = xp, patches, prefix

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._xp, name)
        if name in ("linalg", "fft"):
            value = _Plain(value, self._patches, name + ".")
        elif callable(value) and not isinstance(value, type) and not name.startswith("_"):
            value = self._patches._measuring(self._prefix + name, value)
        self.__dict__[name] = value
        return value
