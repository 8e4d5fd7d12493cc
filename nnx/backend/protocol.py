"""What nnx asks of an array library, and how it is had from any library that speaks the standard.

`Backend` is both the protocol and the backend of a library that nobody registered: every member has a version
in pure standard functions. For a library that can do better there is a subclass, which overrides what it does
better and is named in the entry-point group `nnx.backends`. No member ever writes into an array that it is
given.
"""

from __future__ import annotations

import copy
import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Any, ClassVar, Self, TypeAlias

from .scatter import scatter_add

Array: TypeAlias = Any
Device: TypeAlias = Any
Namespace: TypeAlias = Any
Override: TypeAlias = tuple[Callable[..., Any], Sequence[Callable[..., Any] | None]]

_NOT_ON_HOST = (BufferError, TypeError, ValueError, RuntimeError, NotImplementedError, AttributeError)


_STANDARD = frozenset({"dtype", "device", "mT", "ndim", "shape", "size", "T", "to_device"})
_RAW_MEMORY = frozenset(
    {"byteswap", "dump", "dumps", "getfield", "resize", "setfield", "setflags", "tobytes", "tofile", "view"}
)


def methods_beyond_standard(array_type: type) -> frozenset[str]:
    """An array type's public methods beyond the standard's, less those that look at raw memory."""
    methods = {name for name in dir(array_type) if callable(getattr(array_type, name)) and name[0] != "_"}
    return frozenset(methods - _STANDARD - _RAW_MEMORY)


def device_name(device: Device) -> str:
    """What to call a device: ``device1`` for one that is printed as ``Device('device1')``."""
    text = str(device)
    return text.split("'")[1] if text.count("'") == 2 else text


class Backend:
    """An array library as nnx sees it.

    Parameters
    ----------
    name
        What users call it (``nnx.use(name)``); a subclass may set it as a class attribute instead.
    namespace
        Its standard namespace; a subclass overrides ``namespace()`` instead, so that nothing is imported
        before it is needed.

    Examples
    --------
    >>> import array_api_strict
    >>> strict = Backend("array_api_strict", array_api_strict)
    >>> strict.to_host(strict.xp.ones(2))
    array([1., 1.])
    """

    name: str = ""
    roots: tuple[str, ...] = ()
    """Root modules of the library's array types, such as `("numpy",)`."""
    overrides: Mapping[str, Override] = MappingProxyType({})
    """By the name of a primitive: a faster forward for this library's arrays, and its pullbacks, or none to keep those
    in standard functions. Within another derivative a pullback is given traced arrays, which it leaves to those."""
    prepared: Mapping[Callable[..., Any], Callable[..., Any]] = MappingProxyType({})
    """By a function among the overrides, what makes one for arrays such as it is given (their dtype, shape, ndim, size)
    that does the same without looking at them again; None where there is none. For ``nnx.compile``."""
    in_place: Mapping[Callable[..., Any], tuple[int, Callable[..., Any]]] = MappingProxyType({})
    """By a function among the overrides, which argument's memory its result may take, and what does that where it can.
    For ``nnx.compile``, where the argument is what one of ``fresh`` has made, and nobody else needs it."""
    fresh: frozenset[Callable[..., Any]] = frozenset()
    """Functions among the overrides whose result, or the first of it, shares memory with nothing else."""
    makes_bits: ClassVar[bool] = False
    """Whether `bits` works on the device; where it does not, random numbers are made on the host and sent."""

    def __init__(self, name: str = "", namespace: Namespace = None) -> None:
        self.name = name or type(self).name
        self.roots = type(self).roots or (self.name.partition(".")[0],)
        self._namespace = namespace

    def __repr__(self) -> str:
        bound = f", device={self.device!r}" if "device" in vars(self) else ""
        return f"<nnx backend {self.name}{bound}>"

    def namespace(self) -> Namespace:
        """Import and return the library's standard namespace; read it as `xp`, which remembers it."""
        return self._namespace if self._namespace is not None else namespace_named(self.name)

    @cached_property
    def xp(self) -> Namespace:
        """The standard namespace (revision 2025.12 where the library or array-api-compat has it)."""
        return self.namespace()

    @cached_property
    def fast(self) -> Namespace:
        """What rules and forwards are handed: `xp`, with dear wrappers replaced by cheaper equals."""
        return self.xp

    @cached_property
    def special(self) -> Namespace | None:
        """Special functions of this library's arrays under SciPy's names; None where there are none."""
        return None

    @cached_property
    def array_methods(self) -> frozenset[str]:
        """Names of methods that its arrays have beyond the standard's, less those that look at raw memory."""
        return frozenset()

    def is_inexact(self, dtype: Any) -> bool:
        """Whether a dtype is real or complex floating, and so can carry a derivative."""
        try:
            return bool(self.xp.isdtype(dtype, ("real floating", "complex floating")))
        except (TypeError, ValueError):  # NumPy's isdtype refuses dtypes that it doesn't define
            return "float" in str(dtype)

    def error_handling(self) -> Any:
        """How floating-point errors are dealt with at the moment, where the library lets that be chosen."""
        return None

    def handling_errors(self, function: Callable[..., Any], handling: Any) -> Callable[..., Any]:
        """A function that deals with them as it was at some moment."""
        return function

    # Where arrays live

    def why_unavailable(self) -> str | None:
        """What is missing and what to do about it; None where arrays can be made here."""
        try:
            self.xp  # noqa: B018  (imports the library)
        except ImportError as error:
            return f"{error}; install the library to use it"
        return None

    def devices(self) -> tuple[Device, ...]:
        """Every device on which the library can make arrays."""
        return tuple(self.xp.__array_namespace_info__().devices())

    def default_device(self) -> Device:
        """Where the library makes arrays when nobody says."""
        return self.xp.__array_namespace_info__().default_device()

    @cached_property
    def device(self) -> Device:
        """Where new arrays go: the device that `nnx.use` was given, else the library's default."""
        return self.default_device()

    def device_named(self, device: Device) -> Device:
        """One of `devices()` from itself or from its name, as `"cpu"` or `"device1"`.

        Raises
        ------
        ValueError
            If no device of the library has this name.
        """
        devices = self.devices()
        for known in devices:
            if known == device or (isinstance(device, str) and device in (str(known), device_name(known))):
                return known
        names = ", ".join(map(device_name, devices))
        raise ValueError(f'device of backend "{self.name}": expected one of {names}; got {device!r}')

    def on(self, device: Device = None) -> Self:
        """This backend with its new arrays on `device`, a device or the name of one; None changes nothing."""
        if device is None:
            return self
        bound = copy.copy(self)
        bound.device = self.device_named(device)
        return bound

    def to_host(self, x: Array) -> Array:
        """A NumPy array of `x`, which may share memory with it."""
        host = _host().xp
        try:
            return host.from_dlpack(x, device="cpu")
        except _NOT_ON_HOST:
            pass
        try:
            return host.asarray(x)
        except _NOT_ON_HOST:
            from array_api_compat import to_device

            return host.asarray(to_device(x, "cpu"))

    def from_host(self, array: Array, device: Device = None) -> Array:
        """This library's array of a NumPy array, on `device` or where new arrays go; it may share memory."""
        device = self.device if device is None else device
        if not array.flags.writeable:  # not every library knows arrays that must not be written to
            array = array.copy()
        return self.xp.asarray(array, device=device)

    def from_buffer(self, buffer: Any, dtype: str, device: Device = None) -> Array:
        """The numbers of a standard dtype, by name, that the bytes of a buffer are, low byte first, in a row."""
        return self.from_host(_host().from_buffer(buffer, dtype), device)

    def synchronize(self, device: Device = None) -> None:
        """Wait until everything asked of `device` so far is done: nothing, where calls return when done."""

    # What the standard lacks

    def bits(self, key: int, counter: int, count: int, device: Device = None) -> Array:
        """The first `count` words (uint64) of NumPy's Philox 4x64 stream with this key and counter."""
        return self.from_host(_host().bits(key, counter, count), device)

    def halves(self, words: Array) -> Array:
        """1-D words (uint64) as twice as many uint32 numbers, the lower half of each word first."""
        xp = self.xp
        pair = xp.stack([words & 0xFFFFFFFF, words >> 32], axis=-1)
        return xp.reshape(xp.astype(pair, xp.uint32), (-1,))

    def scatter_add(self, target: Array, index: Any, source: Array) -> Array:
        """A new array: `target` with `source` added at `index`, repeated places accumulating.

        `index` is what NumPy's `add.at` takes: integers, slices, an ellipsis, broadcastable integer arrays.
        """
        return scatter_add(self.xp, target, index, source)

    def set_item(self, x: Array, key: Any, value: Array) -> Array:
        """A new array equal to `x` but for `x[key] = value`."""
        functional = getattr(x, "at", None)
        if functional is not None:  # immutable arrays
            return functional[key].set(value)
        result = self.xp.asarray(x, copy=True)
        result[key] = value
        return result

    def is_view(self, result: Array, source: Array) -> bool:
        """Whether a write into one would show in the other; False where the library cannot say."""
        host = _host()
        try:
            seen, base = host.xp.from_dlpack(result), host.xp.from_dlpack(source)
            return bool(seen.flags.writeable or base.flags.writeable) and host.is_view(seen, base)
        except _NOT_ON_HOST:
            return False

    def share(self, work: Callable[[Any], Any], parts: Iterable[Any], elements: int) -> None:
        """Call `work` with each part, in any order or several at once; the parts write to different places.

        There are so many `elements` in all of them, which says whether it pays to ask other cores for help.
        """
        for part in parts:
            work(part)

    def owned(self, x: Array) -> Array:
        """`x` itself if it can be written to and shares memory with no other array, else a copy."""
        return self.xp.asarray(x, copy=True)


def namespace_named(name: str) -> Namespace:
    """The standard namespace of the importable library `name`, through array-api-compat where it needs that.

    Raises
    ------
    ImportError
        If there is no such library, or it does not speak the Array API standard.
    """
    for candidate in (f"array_api_compat.{name}", name, f"{name}.numpy"):
        try:
            module = importlib.import_module(candidate)
        except ImportError:
            continue
        if hasattr(module, "__array_namespace_info__"):
            return module
    raise ImportError(f"no importable library {name!r} that speaks the Array API standard")


def _host() -> Backend:
    from .registry import named

    return named("numpy")
