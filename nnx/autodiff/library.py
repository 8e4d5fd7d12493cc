"""One array library as derivatives see it: its traced array type, its functions, its namespace."""

from __future__ import annotations

import contextlib
import functools
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..backend.protocol import Backend
from ..backend.registry import backend_of
from . import dispatch, numpy_protocol
from .errors import MixedLibrariesError, NotDifferentiableError
from .indexing import Indexing
from .primitive import Like, Primitive, Rule
from .tape import Tape
from .traced import TracedArray, array_class

if TYPE_CHECKING:
    from .namespace import TracedNamespace

__all__ = ["Library", "bind_primitive", "library_of", "library_of_namespace"]

# Parameters that the standard takes by position only.
_POSITIONAL = {
    "astype": ("dtype",),
    "linalg.matrix_power": ("n",),
    "moveaxis": ("source", "destination"),
    "tile": ("repetitions",),
}
_by_type: dict[type, Library | None] = {}
_by_backend: dict[Any, Library] = {}
_by_fast: dict[int, Library] = {}


class Library(Indexing):
    """The traced functions and the traced array type of one backend, built as they are asked for."""

    base = TracedArray

    def __init__(self, backend: Backend, record: bool = False) -> None:
        from .namespace import TracedNamespace

        self.backend = backend
        self.label = backend.name
        self.xp = backend.xp
        self.fast, self.owned = backend.fast, backend.owned
        if record:  # hot mode: its pullbacks must not be mistaken for those of the ordinary library
            self.fast = _Renamed(backend.fast)
        self.hot = Tape(hot=True) if record else None
        self._functions: dict[str, Callable[..., Any]] = {}
        self._inexact: dict[Any, bool] = {}
        self._complex: dict[Any, bool] = {}
        self._ones: dict[Any, Any] = {}
        self.traced, self.stale = array_class(self)
        self.namespace: TracedNamespace = TracedNamespace(self)
        _by_fast[id(self.fast)] = self
        for kind in (self.traced, self.stale):
            _by_type[kind] = self

    # arrays in and out ---------------------------------------------------------------------------------------

    def constant(self, value: Any) -> Any:
        """A traced array without a derivative."""
        out = object.__new__(self.traced)
        out.value = value
        out.tape = None
        return out

    def wrap(self, value: Any) -> Any:
        """A traced constant for an array of this library; anything else as it is."""
        if isinstance(value, TracedArray) or not self.owns(value):
            return value
        if self.hot is not None and self.is_inexact(value):
            self.hot.entries.append(None)
            return self.on_tape(value, self.hot, len(self.hot.entries) - 1)
        return self.constant(value)

    def wrap_all(self, result: Any) -> Any:
        """``wrap`` through tuples, lists and named tuples."""
        if isinstance(result, (tuple, list)):
            return dispatch.rewrap(result, [self.wrap_all(x) for x in result])
        return self.wrap(result)

    def on_tape(self, value: Any, tape: Tape, index: int) -> Any:
        """A traced array at a slot of a tape."""
        out = object.__new__(self.traced)
        out.value = value
        out.tape = tape
        out.index = index
        return out

    def owns(self, x: Any) -> bool:
        """Whether ``x`` is a plain array of this library."""
        found = _by_type.get(type(x)) or library_of(x)
        return found is not None and found.backend is self.backend

    def covers(self, other: Library) -> bool:
        """Whether plain arrays of another library may meet those of this one, and count as constants here."""
        return False

    def is_inexact(self, x: Any) -> bool:
        """Whether an array's dtype is real or complex floating: what can carry a derivative."""
        dtype = x.dtype
        known = self._inexact.get(dtype)
        if known is None:
            known = self.backend.is_inexact(dtype)
            self._inexact[dtype] = known
        return known

    def is_complex(self, x: Any) -> bool:
        """Whether an array is complex."""
        dtype = x.dtype
        known = self._complex.get(dtype)
        if known is None:
            known = self._complex[dtype] = bool(self.xp.isdtype(dtype, "complex floating"))
        return known

    def coerce(self, x: Any, name: str, operator: bool = False) -> Any:
        """``x`` as a fresh traced array: raw arrays become constants, stale views are read again."""
        kind = type(x)
        if kind is self.traced:
            return x
        if kind is self.stale:
            x.refresh()
            return x
        if self.owns(x):
            return self.wrap(x)
        found = library_of(x)
        if found is not None and found.covers(self) and not isinstance(x, TracedArray):
            return self.wrap(x.raw)  # left behind by a function that nnx.compile captured
        if isinstance(x, TracedArray) or found is not None:
            other = x.__nnx_backend__.name if isinstance(x, TracedArray) else backend_of(x).name
            raise MixedLibrariesError(
                f"{name}: arrays of two libraries met: {self.label} and {other}; convert one of them first, "
                f"for example with nnx.backend({self.label!r}).from_host(nnx.to_numpy(x))"
            )
        if operator:
            return NotImplemented
        if isinstance(x, (int, float, complex, list, tuple)):
            return self.namespace.asarray(x)
        raise TypeError(
            f"{name}: expected an array of {self.label}, got {kind.__module__}.{kind.__qualname__}"
        )

    def box(self, x: Any) -> Any:
        """A residual for use inside another derivative: plain arrays become constants."""
        if type(x) is self.traced or x is None or type(x) in dispatch.SCALARS or isinstance(x, Like):
            return x
        return self.constant(x) if self.owns(x) else x

    def raw(self, x: Any) -> Any:
        """The plain array inside a traced one."""
        while isinstance(x, TracedArray):
            x = x.value
        return x

    def strip_all(self, x: Any) -> Any:
        """Plain arrays for traced ones, through tuples, lists, dicts and slices."""
        if isinstance(x, TracedArray):
            if x.tape is not None:
                len(x.tape.entries)  # an array that has left its trace says so
            return self.raw(x)
        if isinstance(x, (tuple, list)):
            return dispatch.rewrap(x, [self.strip_all(item) for item in x])
        if isinstance(x, dict):
            return {k: self.strip_all(v) for k, v in x.items()}
        if isinstance(x, slice):
            return slice(self.strip_all(x.start), self.strip_all(x.stop), self.strip_all(x.step))
        return x

    def parameter(self, p: Any, name: str, key: str) -> Any:
        """A traced array given as a parameter that has no derivative."""
        if isinstance(p, (tuple, list)):
            if not any(isinstance(item, TracedArray) for item in p):
                return p
            return dispatch.rewrap(p, [self.parameter(item, name, key) for item in p])
        if not isinstance(p, TracedArray):
            return p
        if p.tape is not None and not p.tape.hot:
            raise NotDifferentiableError(
                f"{name} has no derivative for its parameter {key!r}, and a differentiated array was given; "
                "use nnx.stop_gradient on it"
            )
        return self.raw(p)

    def tapes(self, tree: Any) -> list[Tape]:
        """Every tape that an array in ``tree`` is on, the outermost first."""
        found: dict[int, Tape] = {}

        def visit(x: Any) -> None:
            if isinstance(x, TracedArray):
                while isinstance(x, TracedArray):
                    if x.tape is not None:
                        found[x.tape.level] = x.tape
                    x = x.value
            elif isinstance(x, (tuple, list)):
                for item in x:
                    visit(item)
            elif isinstance(x, dict):
                for item in x.values():
                    visit(item)

        visit(tree)
        return [found[level] for level in sorted(found)]

    def as_array(self, x: Any) -> Any:
        """A plain array for the scalar that some libraries give in place of a 0-d result."""
        return x if hasattr(x, "__setitem__") else self.fast.asarray(x)

    def one(self, dtype: Any, device: Any) -> Any:
        """The number one as a 0-d array, made once: not to be written to."""
        key = (dtype, device)
        found = self._ones.get(key)
        if found is None:
            found = self._ones[key] = self.fast.ones((), dtype=dtype, device=device)
        return found

    def copy(self, x: Any) -> Any:
        """A fresh copy."""
        return (self.namespace if isinstance(x, TracedArray) else self.fast).asarray(x, copy=True)

    # functions -----------------------------------------------------------------------------------------------

    def function(self, name: str) -> Callable[..., Any]:
        """The traced version of a function of the standard (``"sin"``, ``"linalg.svd"``) or of a primitive."""
        function = self._functions.get(name)
        if function is None:
            function = self._functions[name] = self._make(name)
        return function

    def _make(self, name: str) -> Callable[..., Any]:
        from .rules import NO_DERIVATIVE, RULES

        own = Primitive.registry.get(name)
        override = self.backend.overrides.get(name)
        if own is not None:
            return dispatch.build(self, name, self.plain(own), self.rule(own))
        forward = self.forward(name)
        if override is not None:
            forward = override[0]
        rule = RULES.get(name)
        if rule is not None:
            return dispatch.build(self, name, forward, rule)
        if name in NO_DERIVATIVE:
            return dispatch.without_derivative(self, name, forward)
        return numpy_protocol.extra(self, name, forward) or dispatch.opaque(self, name, forward)

    def forward(self, name: str) -> Callable[..., Any]:
        """The library's own function, taking every parameter by keyword."""
        own = operator.attrgetter(name)(self.fast)
        positional = _POSITIONAL.get(name)
        if positional is None:
            return own

        @functools.wraps(own, updated=())
        def function(*args: Any, **params: Any) -> Any:
            return own(*args, *[params.pop(p) for p in positional if p in params], **params)

        return function

    def rule(self, own: Primitive) -> Rule:
        """How a primitive of nnx's own is differentiated in this library."""
        override = self.backend.overrides.get(own.name)
        return own.with_pullbacks(override[1]) if override is not None and override[1] else own.rule

    def plain(self, own: Primitive) -> Callable[..., Any]:
        """A primitive of nnx's own on this library's plain arrays."""
        override = self.backend.overrides.get(own.name)
        if override is not None:
            return override[0]
        forward, xp = own.forward, self.fast

        def function(*args: Any, **params: Any) -> Any:
            return forward(xp, *args, **params)

        return function


class _Renamed:
    """The same namespace under another identity."""

    def __init__(self, xp: Any) -> None:
        self._xp = xp

    def __getattr__(self, name: str) -> Any:
        return getattr(self._xp, name)


def library_of(x: Any) -> Library | None:
    """The library of a plain or traced array; None for what is no array."""
    kind = type(x)
    try:
        return _by_type[kind]
    except KeyError:
        pass
    found = None
    if not hasattr(kind, "__nnx_cells__") and not _has_own_arithmetic(kind):
        with contextlib.suppress(TypeError):
            found = library_for(backend_of(x))
    _by_type[kind] = found
    return found


def _has_own_arithmetic(kind: type) -> bool:
    """Whether this is NumPy's matrix or masked array: no standard arrays, and the rules do not hold for them."""
    names = ("matrix", "MaskedArray")
    return any(base.__name__ in names and base.__module__.startswith("numpy") for base in kind.__mro__)


def library_for(backend: Backend) -> Library:
    """The library of a backend, made when first asked for."""
    found = _by_backend.get(backend.name)
    if found is None or found.backend is not backend:
        found = _by_backend[backend.name] = Library(backend)
    return found


def library_of_namespace(fast: Any) -> Library:
    """The library whose functions a tape's entry was recorded with."""
    return _by_fast[id(fast)]


def bind_primitive(own: Primitive, x: Any) -> Callable[..., Any] | None:
    """The function that serves arrays of the type of ``x``; None if it is no array."""
    library = library_of(x)
    if library is None:
        return None
    if isinstance(x, TracedArray):
        return library.function(own.name)
    return library.plain(own)
