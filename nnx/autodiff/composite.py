"""Functions of the standard that are written in terms of others, or that make arrays out of anything."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .primitive import primitive
from .traced import TracedArray

if TYPE_CHECKING:
    from .library import Library

__all__ = ["FUNCTIONS", "bind"]


def bind(function: Callable[..., Any], library: Library) -> Callable[..., Any]:
    """The function of one library's namespace."""
    bound = functools.partial(function, library)
    functools.update_wrapper(bound, function)
    return bound


def _holds_traced(obj: Any) -> bool:
    return isinstance(obj, TracedArray) or (
        isinstance(obj, (list, tuple)) and any(_holds_traced(item) for item in obj)
    )


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
        return xp.astype(obj, obj.dtype, copy=True) if copy else obj
    if isinstance(obj, (list, tuple)) and _holds_traced(obj):
        parts = [asarray(library, item, device=device) for item in obj]
        common = dtype or library.fast.result_type(*[library.raw(p) for p in parts])
        return xp.stack([p if p.dtype == common else xp.astype(p, common) for p in parts])
    return library.wrap(library.xp.asarray(obj, dtype=dtype, device=device, copy=copy))


def to_device(library: Library, x: Any, device: Any, /, *, stream: Any = None) -> Any:
    """Copy to another device of the same library."""
    return _to_device(library.coerce(x, "to_device"), device=device, stream=stream)


@primitive("to_device")
def _to_device(_xp: Any, x: Any, *, device: Any, stream: Any = None) -> Any:
    from array_api_compat import to_device

    return x if x.device == device else to_device(x, device, stream=stream)


_to_device.defpullback(lambda xp, g, _out, x_like, **_: _to_device(g, device=x_like.device))


def unstack(library: Library, x: Any, /, *, axis: int = 0) -> tuple[Any, ...]:
    """Split along an axis into arrays without it."""
    x = library.coerce(x, "unstack")
    if not -x.ndim <= axis < x.ndim:
        raise IndexError(f"unstack: axis {axis} is out of range for {x.ndim} axes")
    lead = (slice(None),) * (axis % x.ndim)
    return tuple(x[(*lead, i)] if lead else x[i] for i in range(x.shape[axis]))


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


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "asarray": asarray,
    "from_dlpack": from_dlpack,
    "full_like": full_like,
    "to_device": to_device,
    "unstack": unstack,
}
