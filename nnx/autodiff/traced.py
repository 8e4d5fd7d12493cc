"""The traced array: a standard array that can carry a derivative.

It holds a value (a plain array, or a traced one of an outer derivative) and its place on a tape, none for a
constant. Each array library has its own subclass, whose operators are closures over that library's functions.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn

from . import numpy_protocol
from .errors import DerivativeLostError

if TYPE_CHECKING:
    from .library import Library

__all__ = ["TracedArray", "array_class"]


class TracedArray:
    """An array inside a derivative. Made by ``nnx.grad`` and its kin, never by hand."""

    __slots__ = ("__weakref__", "index", "parent", "tape", "value", "views")

    __nnx_traced__ = True
    __nnx_backend__: Any
    _library: Library
    __hash__ = None  # type: ignore[assignment]

    value: Any
    tape: Any
    index: int
    parent: Any
    views: Any

    # what the standard's array object has ----------------------------------------------------------------------

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        if api_version is not None and api_version > self._library.namespace.__array_api_version__:
            raise ValueError(f"the array API version {api_version!r} is not supported")
        return self._library.namespace

    @property
    def dtype(self) -> Any:
        """The element type."""
        return self.value.dtype

    @property
    def device(self) -> Any:
        """Where the data lives."""
        return self._library.raw(self).device

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each axis."""
        return self.value.shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.value.ndim

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.value.shape)  # PyTorch has a method of that name

    @property
    def T(self) -> Any:
        """The transpose of a matrix."""
        _ = self._library.raw(self).T  # the library decides what it transposes
        return self._library.function("permute_dims")(self, axes=tuple(range(self.value.ndim))[::-1])

    @property
    def mT(self) -> Any:
        """The transpose of the last two axes."""
        return self._library.function("matrix_transpose")(self)

    def to_device(self, device: Any, /, *, stream: Any = None) -> Any:
        """The array on another device."""
        return self._library.namespace.to_device(self, device, stream=stream)

    def __getitem__(self, key: Any) -> Any:
        return self._library.read(self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._library.write(self, key, value)

    def __len__(self) -> int:
        shape = self.value.shape
        if not shape:
            raise TypeError("len() of a 0-d array")
        return shape[0]

    def __iter__(self) -> Iterator[Any]:
        if not self.value.shape:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(self.value.shape[0]))

    def __contains__(self, item: Any) -> bool:
        return bool(self._library.namespace.any(self == item))

    # reading the value out -------------------------------------------------------------------------------------

    def _out(self, how: str) -> Any:
        """The plain array, unless that would lose a derivative."""
        x = self
        while isinstance(x, TracedArray):
            if x.tape is not None and not x.tape.hot:
                self._lost(how)
            x = x.value
        return x

    def _lost(self, how: str) -> NoReturn:
        len(self.tape.entries) if self.tape is not None else 0  # an array that has left its trace says so
        from .dispatch import caller

        message = (
            f"{how} takes a plain array out of a derivative, and the derivative of its result would be lost "
            f"(called at {caller()}); "
            "use nnx.stop_gradient(x) to read a value on purpose, or functions of "
            "nnx.array_namespace(x) to go on with the computation"
        )
        if self.tape is not None:
            self.tape.lost = message
        raise DerivativeLostError(message)

    def __bool__(self) -> bool:
        return bool(self._library.raw(self))

    def __float__(self) -> float:
        return float(self._out("float(x)"))

    def __complex__(self) -> complex:
        return complex(self._out("complex(x)"))

    def __int__(self) -> int:
        return int(self._out("int(x)"))

    def __index__(self) -> int:
        return operator.index(self._out("operator.index(x)"))

    def __round__(self, ndigits: int | None = None) -> Any:
        return round(self.__float__(), ndigits)

    def item(self, *args: int) -> Any:
        """The element of an array of size one as a Python number."""
        x = self._out("x.item()")
        if hasattr(x, "item"):
            return x.item(*args)
        return complex(x) if self._library.namespace.isdtype(x.dtype, "complex floating") else x.__float__()

    def tolist(self) -> Any:
        """Nested lists of Python numbers."""
        return self._out("x.tolist()").tolist()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        x = self._library.backend.to_host(self._out("a conversion to NumPy"))
        return x if dtype is None and not copy else x.astype(dtype or x.dtype, copy=bool(copy))

    def __dlpack__(
        self, *, stream: Any = None, max_version: Any = None, dl_device: Any = None, copy: bool | None = None
    ) -> Any:
        options = {"stream": stream, "max_version": max_version, "dl_device": dl_device, "copy": copy}
        options = {k: v for k, v in options.items() if v is not None}
        return self._out("DLPack").__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self._library.raw(self).__dlpack_device__()

    def __reduce_ex__(self, protocol: Any) -> Any:
        self._out("pickling")
        raise TypeError(
            "a traced array cannot be pickled; return it from the differentiated function instead"
        )

    def __copy__(self) -> Any:
        return self._library.namespace.asarray(self, copy=True)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return self._library.namespace.asarray(self, copy=True)

    def __repr__(self) -> str:
        library = self._library
        return f"traced({library.as_array(library.raw(self))!r})"

    def __str__(self) -> str:
        return str(self._library.raw(self))

    def __format__(self, spec: str) -> str:
        return format(self._library.raw(self), spec)

    # the NumPy protocols, and the methods that the library's own arrays have ------------------------------------

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return numpy_protocol.ufunc(self._library, ufunc, method, inputs, kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return numpy_protocol.function(self._library, func, args, kwargs)

    def __cupy_override_elementwise_kernel__(self, kernel: Any, *args: Any, **kwargs: Any) -> Any:
        return numpy_protocol.kernel(self._library, kernel, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        # Only for names that the class lacks: unset slots, and methods that the library's arrays have.
        if name in ("parent", "views", "index", "value", "tape") or name.startswith("__"):
            raise AttributeError(name)
        return numpy_protocol.attribute(self, name)


def array_class(library: Library) -> tuple[type[TracedArray], type[TracedArray]]:
    """The traced array type of one library, and the type that a view has while it has to be read again."""
    members: dict[str, Any] = {"__slots__": (), "_library": library, "__nnx_backend__": library.backend}
    traced: Any = type("TracedArray", (TracedArray,), {**members, **numpy_protocol.members(library)})

    def refreshed(slot: str) -> property:
        def get(self: Any) -> Any:
            self.refresh()
            return getattr(self, slot)

        return property(get)

    def refresh(self: Any) -> None:
        library.refresh(self)

    members.update({slot: refreshed(slot) for slot in ("value", "tape", "index")}, refresh=refresh)
    stale: Any = type("TracedArray", (traced,), members)
    library.traced = traced
    _add_operators(library, traced)
    return traced, stale


_BINARY = {
    "add": ("add", operator.add), "sub": ("subtract", operator.sub), "mul": ("multiply", operator.mul),
    "truediv": ("divide", operator.truediv), "pow": ("pow", operator.pow), "matmul": ("matmul", operator.matmul),
    "mod": ("remainder", operator.mod),
}  # fmt: skip
_INTEGER = {
    "floordiv": operator.floordiv, "and": operator.and_, "or": operator.or_, "xor": operator.xor,
    "lshift": operator.lshift, "rshift": operator.rshift,
}  # fmt: skip
_COMPARE = ("eq", "ne", "lt", "le", "gt", "ge")
_UNARY = {"neg": ("negative", operator.neg), "pos": ("positive", operator.pos), "abs": ("abs", operator.abs)}


def _add_operators(library: Library, traced: Any) -> None:
    from .dispatch import binary, compare, unary
    from .rules import RULES

    def put(name: str, function: Callable[..., Any]) -> None:
        setattr(traced, f"__{name}__", function)
        setattr(traced, f"__r{name}__", lambda self, other: function(other, self))
        setattr(traced, f"__i{name}__", library.in_place(name, function))

    for name, (standard, forward) in _BINARY.items():
        own = library.backend.overrides.get(standard)
        if standard in RULES:
            put(name, binary(library, standard, own[0] if own else forward, RULES[standard], operator=True))
    for name, forward in _INTEGER.items():
        put(name, compare(library, forward))
    for name in _COMPARE:
        setattr(traced, f"__{name}__", compare(library, getattr(operator, name)))
    for name, (standard, forward) in _UNARY.items():
        setattr(traced, f"__{name}__", unary(library, standard, forward, RULES[standard]))
    invert = compare(library, lambda x, _: operator.invert(x))
    traced.__invert__ = lambda self: invert(self, 0)
