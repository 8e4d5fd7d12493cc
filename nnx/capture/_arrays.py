"""Captured arrays: plain arrays in a wrapper that has every call on them written down.

They are arrays of a library of their own, whose functions, operators and methods are those of the plain arrays'
library. Derivatives are taken over it as over any other (`CapturedBackend`).
"""

from __future__ import annotations

import operator
import types
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from ..backend import Backend, backend_of
from ..backend.effects import capturing
from ._steps import mapped

__all__ = ["CapturedArray", "CapturedNamespace", "captured_type", "has_traced", "program"]


class _Nowhere:
    """What stands for the program where nothing is written down: an array that was left behind acts as a plain one."""

    def call(self, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Simply made."""
        return function(*mapped(args, _raw), **mapped(kwargs, _raw))

    def read(self, x: CapturedArray, function: Callable[[Any], Any]) -> Any:
        """Simply read."""
        return function(x.raw)

    def anew(self, function: Callable[[Any], Any], x: CapturedArray) -> Any:
        """Simply made."""
        return function(x.raw)

    def constant(self, raw: Any) -> CapturedArray:
        """For derivatives of what was left behind."""
        return captured_type(raw)(raw, self, None)

    def refuse(self, reason: str) -> None:
        """There is nothing to refuse."""


_nowhere = _Nowhere()


def program() -> Any:
    """The program that is being written down here."""
    found = capturing.get()
    return _nowhere if found is None else found


def _raw(x: Any) -> Any:
    return x.raw if isinstance(x, CapturedArray) else x.target if isinstance(x, CapturedNamespace) else x


def has_traced(args: Any) -> bool:
    """Whether a traced array is among the arguments, in tuples and lists too."""
    return any(
        has_traced(a) if isinstance(a, (tuple, list)) else getattr(type(a), "__nnx_traced__", False)
        for a in args
    )


class CapturedArray:
    """An array inside a function that ``nnx.compile`` captures. Made by it, never by hand."""

    __slots__ = ("__weakref__", "program", "raw", "register")

    __nnx_captured__ = True
    __nnx_backend__: Any
    __hash__ = None  # type: ignore[assignment]

    raw: Any
    program: Any
    register: Any

    def __init__(self, raw: Any, program: Any, register: Any) -> None:
        self.raw = raw
        self.program = program
        self.register = register

    # what is known without running anything ----------------------------------------------------------------------

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        return self.__nnx_backend__.xp

    @property
    def dtype(self) -> Any:
        """The element type."""
        return self.raw.dtype

    @property
    def device(self) -> Any:
        """Where the data lives."""
        return self.raw.device

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each axis."""
        return self.raw.shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.raw.ndim

    @property
    def size(self) -> Any:
        """The number of elements."""
        return self.raw.size

    def __len__(self) -> int:
        return len(self.raw)

    def __iter__(self) -> Iterator[Any]:
        if not self.shape:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(self.shape[0]))

    def __repr__(self) -> str:
        return f"captured({self.raw!r})"

    def __str__(self) -> str:
        return program().read(self, str)

    def __format__(self, spec: str) -> str:
        return program().call(format, (self, spec), {})

    # what the function may go on by: Python numbers --------------------------------------------------------------

    def __bool__(self) -> bool:
        return program().read(self, bool)

    def __int__(self) -> int:
        return program().read(self, int)

    def __float__(self) -> float:
        return program().read(self, float)

    def __complex__(self) -> complex:
        return program().read(self, complex)

    def __index__(self) -> int:
        return program().read(self, operator.index)

    def __round__(self, ndigits: int | None = None) -> Any:
        return round(float(self), ndigits)

    def __contains__(self, item: Any) -> bool:
        return program().call(operator.contains, (self, item), {})

    # what would leave the program --------------------------------------------------------------------------------

    def _leave(self, how: str) -> Any:
        program().refuse(f"{how} takes an array out of the captured function")
        return self.raw

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        x = self.__nnx_backend__.base.to_host(self._leave("a conversion to NumPy"))
        return x if dtype is None and not copy else x.astype(dtype or x.dtype, copy=bool(copy))

    def __dlpack__(self, **options: Any) -> Any:
        return self._leave("DLPack").__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.raw.__dlpack_device__()

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self._leave("pickling").__reduce_ex__(protocol)

    def __copy__(self) -> Any:
        return self.__nnx_backend__.xp.asarray(self, copy=True)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return self.__copy__()

    # everything else is a call -----------------------------------------------------------------------------------

    def __getitem__(self, key: Any) -> Any:
        return program().call(operator.getitem, (self, key), {})

    def to_device(self, device: Any, /, *, stream: Any = None) -> Any:
        """The array on another device."""
        return self.__nnx_backend__.xp.to_device(self, device, stream=stream)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if has_traced(inputs):
            return NotImplemented
        out = kwargs.get("out")
        if isinstance(out, tuple) and len(out) == 1:
            kwargs["out"] = out[0]
        return program().call(ufunc if method == "__call__" else getattr(ufunc, method), inputs, kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if has_traced(args):
            return NotImplemented
        return program().call(func, args, kwargs)

    def __cupy_override_elementwise_kernel__(self, kernel: Any, *args: Any, **kwargs: Any) -> Any:
        traced = next((a for a in args if has_traced((a,))), None)
        if traced is not None:
            return traced.__cupy_override_elementwise_kernel__(kernel, *args, **kwargs)
        return program().call(kernel, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or not hasattr(self.raw, name):
            raise AttributeError(name)
        value = getattr(self.raw, name)
        if name in ("flags", "ctypes", "data", "base", "view"):  # a look at raw memory
            raise AttributeError(name)
        if callable(value):
            method = getattr(type(self.raw), name)
            return lambda *args, **kwargs: program().call(method, (self, *args), kwargs)
        return program().call(getattr, (self, name), {})


class _Writable(CapturedArray):
    """One of those that can be written to; the numbers that some libraries give for 0-d results cannot."""

    __slots__ = ()

    def __setitem__(self, key: Any, value: Any) -> None:
        program().call(operator.setitem, (self, key, value), {})


def _operator(function: Callable[..., Any], turned: bool = False) -> Callable[..., Any]:
    def call(self: Any, other: Any) -> Any:
        if has_traced((other,)):
            return NotImplemented
        return program().call(function, (other, self) if turned else (self, other), {})

    return call


def _attribute(name: str) -> property:
    return property(lambda self: program().call(getattr, (self, name), {}))


def _add_operators() -> None:
    for name in "add sub mul truediv pow matmul mod floordiv and or xor lshift rshift".split():
        plain = getattr(operator, f"{name}_" if name in ("and", "or") else name)
        setattr(CapturedArray, f"__{name}__", _operator(plain))
        setattr(CapturedArray, f"__r{name}__", _operator(plain, turned=True))
        setattr(CapturedArray, f"__i{name}__", _operator(getattr(operator, f"i{name}")))
    for name in "eq ne lt le gt ge".split():
        setattr(CapturedArray, f"__{name}__", _operator(getattr(operator, name)))
    for name in "neg pos abs invert".split():
        function = getattr(operator, name)
        setattr(
            CapturedArray,
            f"__{name}__",
            lambda self, function=function: program().call(function, (self,), {}),
        )
    for name in ("T", "mT", "real", "imag"):
        setattr(CapturedArray, name, _attribute(name))


_add_operators()


def captured_type(raw: Any) -> type[CapturedArray]:
    """The type of captured arrays of this library that can, or cannot, be written to."""
    return _captured_types(backend_of(raw))[hasattr(raw, "__setitem__")]


@cache
def _captured_types(base: Backend) -> tuple[Any, Any]:
    from ._backend import CapturedBackend, know

    backend = CapturedBackend(base)
    numbers, arrays = (
        type("CapturedArray", (kind,), {"__slots__": (), "__nnx_backend__": backend})
        for kind in (CapturedArray, _Writable)
    )
    know(backend, (numbers, arrays))
    return numbers, arrays


class CapturedNamespace:
    """The functions of a library, or of a part of it, on captured arrays."""

    __name__ = "nnx_captured"

    def __init__(self, target: Any, special: Any = None) -> None:
        self.target = target
        if special is not None:
            self.special = CapturedNamespace(special)

    def __getattr__(self, name: str) -> Any:
        if name == "target":  # while it is being copied
            raise AttributeError(name)
        value = getattr(self.target, name)
        if isinstance(value, types.ModuleType):
            value = CapturedNamespace(value)
        elif callable(value) and not isinstance(value, type) and not name.startswith("_"):
            value = _written_down(value)
        self.__dict__[name] = value
        return value

    def __dir__(self) -> list[str]:
        return dir(self.target)

    def __repr__(self) -> str:
        return f"<captured {self.target!r}>"


def _written_down(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        if has_traced(args) or has_traced(kwargs.values()):
            return function(*args, **kwargs)  # which asks the traced arrays
        return program().call(function, args, kwargs)

    call.__name__ = call.__qualname__ = getattr(function, "__name__", "function")
    return call
