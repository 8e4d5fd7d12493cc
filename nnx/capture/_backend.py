"""The backend of captured arrays, and how derivatives see it.

Operations of nnx's own, and the ways back that a backend overrides, are written down as one call each: what runs again
is what ran, on plain arrays. Inside a further derivative they are taken apart as ever.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..autodiff import library as libraries
from ..autodiff.library import Library, library_for
from ..autodiff.primitive import Primitive, Refused, joint
from ..autodiff.traced import TracedArray
from ..backend import Array, Backend, Device, Override
from ._arrays import CapturedArray, CapturedNamespace, has_traced, program

__all__ = ["CapturedBackend", "know"]


class CapturedBackend(Backend):
    """A backend whose every call is written down."""

    __nnx_captured__ = True

    def __init__(self, base: Backend) -> None:
        super().__init__(base.name)
        self.base = base
        self.roots = ()
        self.fast = self.xp = CapturedNamespace(base.fast, base.special)  # type: ignore[misc]
        self.special = getattr(self.xp, "special", None)  # type: ignore[misc]
        self.array_methods = base.array_methods  # type: ignore[misc]
        self.overrides = _Overrides(base)

    def is_inexact(self, dtype: Any) -> bool:
        """As the library says."""
        return self.base.is_inexact(dtype)

    def devices(self) -> tuple[Device, ...]:
        """Those of the library."""
        return self.base.devices()

    def default_device(self) -> Device:
        """That of the library."""
        return self.base.default_device()

    def to_host(self, x: Array) -> Array:
        """Leaves the program, which is noted."""
        return x.__array__() if isinstance(x, CapturedArray) else self.base.to_host(x)

    def from_host(self, array: Array, device: Device = None) -> Array:
        """A constant."""
        return program().constant(self.base.from_host(array, device))

    def synchronize(self, device: Device = None) -> None:
        """As the library's."""
        self.base.synchronize(device)

    def scatter_add(self, target: Array, index: Any, source: Array) -> Array:
        """The library's, written down."""
        return program().call(self.base.scatter_add, (target, index, source), {})

    def set_item(self, x: Array, key: Any, value: Array) -> Array:
        """The library's, written down."""
        return program().call(self.base.set_item, (x, key, value), {})

    def owned(self, x: Array) -> Array:
        """The library's, written down."""
        return program().call(self.base.owned, (x,), {})

    def is_view(self, result: Array, source: Array) -> bool:
        """As it is in this run: calls share memory alike each time."""
        return self.base.is_view(_plain(result), _plain(source))

    def share(self, work: Callable[[Any], Any], parts: Any, elements: int) -> None:
        """One after the other: every call is seen."""
        for part in parts:
            work(part)


class _Overrides(Mapping[str, Override]):
    """By the name of an operation, its forward and pullbacks as single calls."""

    def __init__(self, base: Backend) -> None:
        self._base = base
        self._made: dict[str, Override] = {}

    def __getitem__(self, name: str) -> Override:
        found = self._made.get(name)
        if found is None:
            found = self._made[name] = self._make(name)
        return found

    def __iter__(self) -> Any:
        return iter({**Primitive.registry, **self._base.overrides})

    def __len__(self) -> int:
        return len({**Primitive.registry, **self._base.overrides})

    def _make(self, name: str) -> Override:
        own = Primitive.registry.get(name)
        if own is None:
            forward, pullbacks = self._base.overrides[name]
            return _Call(forward), tuple(map(_single, pullbacks))
        library = library_for(self._base)
        rule = library.rule(own)
        pullbacks = (joint(rule.joint),) if rule.joint is not None else rule.pullbacks
        return _Call(library.plain(own)), tuple(map(_single, pullbacks))


def _single(pullback: Any) -> Any:
    """A pullback as one call."""
    if pullback is None or isinstance(pullback, Refused):
        return pullback
    return joint(_Call(pullback.pullback)) if isinstance(pullback, joint) else _Call(pullback)


class _Call:
    """A function that is written down as one call; its parameter names stay to be seen."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        code = getattr(function, "__code__", None)
        if code is not None:
            self.__code__ = code
        self.__name__ = getattr(function, "__name__", "function")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if has_traced(args):
            return self.function(*args, **kwargs)
        return program().call(self.function, args, kwargs)


class CapturedLibrary(Library):
    """Derivatives over captured arrays; plain arrays of the same library are constants among them."""

    def __init__(self, backend: CapturedBackend) -> None:
        self.beneath = library_for(backend.base)
        super().__init__(backend)

    def owns(self, x: Any) -> bool:
        """Captured arrays, and plain ones of the library."""
        return isinstance(x, CapturedArray) or self.beneath.owns(x)

    def covers(self, other: Library) -> bool:
        """Whether arrays of the other library may meet those of this one."""
        return other is self.beneath

    def constant(self, value: Any) -> Any:
        """A traced array without a derivative."""
        return super().constant(self._captured(value))

    def on_tape(self, value: Any, tape: Any, index: int) -> Any:
        """A traced array at a slot of a tape."""
        return super().on_tape(self._captured(value), tape, index)

    def as_array(self, x: Any) -> Any:
        """A step of its own: what is an array this time may be a number the next."""
        if isinstance(x, CapturedArray) and not x.shape:
            return program().anew(self.beneath.as_array, x)
        return super().as_array(x)

    def one(self, dtype: Any, device: Any) -> Any:
        """The number one."""
        return program().constant(self.beneath.one(dtype, device))

    def _captured(self, value: Any) -> Any:
        return value if isinstance(value, (CapturedArray, TracedArray)) else program().constant(value)


def know(backend: CapturedBackend, kinds: tuple[type, ...]) -> None:
    """Let derivatives find the library of captured arrays by their types."""
    library = CapturedLibrary(backend)
    for kind in kinds:
        libraries._by_type[kind] = library


def _plain(x: Any) -> Any:
    return x.raw if isinstance(x, CapturedArray) else x
