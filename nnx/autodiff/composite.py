"""Functions of the standard that are written in terms of others, or that make arrays out of anything."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .dispatch import rewrap
from .primitive import primitive
from .traced import TracedArray

if TYPE_CHECKING:
    from .library import Library

__all__ = ["FUNCTIONS", "bind"]


def bind(function: Callable[..., Any], library: Library) -> Callable[..., Any]:
    """The function of one library's namespace."""
    bound = functools.partial(function, library)
    functools.update_wrapper(bound, function)
    vars(bound).pop("__wrapped__")  # its signature is the one without the library
    return bound


def _holds_traced(obj: Any) -> bool:
    return isinstance(obj, TracedArray) or (
        isinstance(obj, (list, tuple)) and any(_holds_traced(item) for item in obj)
    )


def _device_of(obj: Any) -> Any:
    """The device of the first traced array in nested lists; None if there is none."""
    if isinstance(obj, TracedArray):
        return obj.device
    items = obj if isinstance(obj, (list, tuple)) else ()
    return next((d for d in map(_device_of, items) if d is not None), None)


def asarray(library: Library, obj: Any, /, *, dtype: Any = None, device: Any = None, copy: Any = None) -> Any:
    """Convert to an array; nested lists may hold traced scalars and arrays, whose derivatives are kept."""
    xp = library.namespace
    if isinstance(obj, TracedArray):
        obj = library.coerce(obj, "asarray")
        if device is not None and device != obj.device:
            obj = to_device(library, obj, device)
        if dtype is not None and dtype != obj.dtype:
            if copy is False:
                raise ValueError(f"asarray: copy=False, but {obj.dtype} has to be converted to {dtype}")
            return xp.astype(obj, dtype)
        if not (obj.shape or library.is_array(obj)):
            return library.function("as_array")(obj)
        return xp.astype(obj, obj.dtype, copy=True) if copy else obj
    if isinstance(obj, (list, tuple)) and _holds_traced(obj):
        device = _device_of(obj) if device is None else device
        parts = [asarray(library, item, device=device) for item in obj]
        common = dtype or library.fast.result_type(*[library.raw(p) for p in parts])
        return xp.stack([p if p.dtype == common else xp.astype(p, common) for p in parts])
    return library.wrap(library.xp.asarray(obj, dtype=dtype, device=device, copy=copy))


def astype(library: Library, x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Any:
    """Convert to another data type; without a copy an array of that type comes back itself, not a view."""
    x = library.coerce(x, "astype")
    if not copy and x.dtype == dtype and (device is None or x.device == device):
        return x
    options = {} if device is None else {"device": device}
    return library.function("astype")(x, dtype, copy=copy, **options)


def to_device(library: Library, x: Any, device: Any, /, *, stream: Any = None) -> Any:
    """Copy to another device of the same library; an array that is there already comes back itself."""
    x = library.coerce(x, "to_device")
    return x if x.device == device else _to_device(x, device=device, stream=stream)


@primitive("as_array")
def _as_array(xp: Any, x: Any) -> Any:
    """An array of what a library has as a scalar."""
    return xp.asarray(x)


_as_array.defpullback(lambda _xp, g, _out, _x: g)


@primitive("to_device")
def _to_device(_xp: Any, x: Any, *, device: Any, stream: Any = None) -> Any:
    from array_api_compat import to_device

    return x if x.device == device else to_device(x, device, stream=stream)


_to_device.defpullback(lambda xp, g, _out, x_like, **_: _to_device(g, device=x_like.device))


def broadcast_arrays(library: Library, *arrays: Any) -> Any:
    """Broadcast arrays against each other; those that have the common shape come back themselves."""
    given = [library.coerce(x, "broadcast_arrays") for x in arrays]
    plain = library.fast.broadcast_arrays(*[library.raw(x) for x in given])
    to = library.function("broadcast_to")
    wide = [x if x.shape == p.shape else to(x, p.shape) for x, p in zip(given, plain, strict=True)]
    return rewrap(plain, wide)


def unstack(library: Library, x: Any, /, *, axis: int = 0) -> tuple[Any, ...]:
    """Split along an axis into arrays without it."""
    x = library.coerce(x, "unstack")
    if not -x.ndim <= axis < x.ndim:
        raise IndexError(f"unstack: axis {axis} is out of range for {x.ndim} axes")
    lead = (slice(None),) * (axis % x.ndim)
    return tuple(x[(*lead, i, ...)] for i in range(x.shape[axis]))


def full(library: Library, shape: Any, fill_value: Any, *, dtype: Any = None, device: Any = None) -> Any:
    """An array filled with one value, which may be traced."""
    if not isinstance(fill_value, TracedArray):
        return library.wrap(library.xp.full(shape, fill_value, dtype=dtype, device=device))
    xp, value = library.namespace, asarray(library, fill_value, dtype=dtype, device=device)
    return asarray(library, xp.broadcast_to(value, (shape,) if isinstance(shape, int) else shape), copy=True)


def linspace(
    library: Library,
    start: Any,
    stop: Any,
    /,
    num: int,
    *,
    dtype: Any = None,
    device: Any = None,
    endpoint: bool = True,
) -> Any:
    """Evenly spaced numbers from ``start`` to ``stop``, which may be traced."""
    ends = [x for x in (start, stop) if isinstance(x, TracedArray)]
    if not ends:
        return library.wrap(
            library.xp.linspace(start, stop, num, dtype=dtype, device=device, endpoint=endpoint)
        )
    xp = library.namespace
    device = ends[0].device if device is None else device
    kind = library.fast.result_type(*(library.raw(x) for x in (start, stop)), 1.0)
    share = xp.linspace(0.0, 1.0, num, dtype=kind, device=device, endpoint=endpoint)
    out = (1 - share) * start + share * stop
    return out if dtype is None else xp.astype(out, dtype, copy=False)


def full_like(library: Library, x: Any, /, fill_value: Any, *, dtype: Any = None, device: Any = None) -> Any:
    """An array of the shape of ``x`` filled with one value."""
    shape, kind, place = x.shape, dtype or x.dtype, device or x.device
    return library.namespace.full(shape, fill_value, dtype=kind, device=place)


def from_dlpack(library: Library, x: Any, /, *, device: Any = None, copy: Any = None) -> Any:
    """An array from any object that speaks DLPack."""
    if isinstance(x, TracedArray) and library.owns(library.raw(x)):
        return asarray(library, x, device=device, copy=copy)
    options = {k: v for k, v in (("device", device), ("copy", copy)) if v is not None}
    return library.wrap(library.xp.from_dlpack(x, **options))


def eigvalsh(library: Library, x: Any, /) -> Any:
    """The eigenvalues of Hermitian matrices, with the vectors that their derivatives of every order need."""
    return library.namespace.linalg.eigh(x)[0]


def svdvals(library: Library, x: Any, /) -> Any:
    """The singular values, with the vectors that their derivatives of every order need."""
    return library.namespace.linalg.svd(x, full_matrices=False)[1]


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "asarray": asarray,
    "astype": astype,
    "broadcast_arrays": broadcast_arrays,
    "from_dlpack": from_dlpack,
    "full": full,
    "full_like": full_like,
    "linalg.eigvalsh": eigvalsh,
    "linalg.svdvals": svdvals,
    "linspace": linspace,
    "to_device": to_device,
    "unstack": unstack,
}
