"""What the families share: arguments as NumPy takes them, brought to what the standard takes."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from ..errors import NotDifferentiableError
from ..library import library_of
from ..views import rebind

__all__ = [
    "AxisError", "as_array", "as_arrays", "axes_of", "axis_of", "common", "complexed", "double", "dtype_of",
    "floating",
    "is_exact",
    "kind_of", "is_complex", "item", "places", "same_dtype", "unavailable", "weak_arrays", "with_axes", "write_into",
]  # fmt: skip

KINDS = ("bool", "integral", "real floating", "complex floating")
_PYTHON_TYPES = {"float": "float64", "int": "int64", "complex": "complex128", "bool_": "bool"}


class AxisError(ValueError, IndexError):
    """An axis that an array does not have."""


def as_array(xp: Any, x: Any, beside: Any = None) -> Any:
    """A traced array of an array; of a number or nested lists on the device of the array beside it.

    Arrays of another library are refused.
    """
    library = xp._library
    if type(x) is library.traced:
        return x
    if isinstance(x, library.base) or library.owns(x) or library_of(x) is not None:
        return library.coerce(x, "a function of NumPy")
    return xp.asarray(x, device=None if beside is None else beside.device)


def _traced(xp: Any, items: Any) -> Any:
    return next((x for x in items if isinstance(x, xp._library.base)), None)


def as_arrays(xp: Any, items: Any) -> list[Any]:
    """A traced array of each; lists and numbers go to the device of the arrays beside them."""
    items = list(items)
    like = _traced(xp, items)
    return [as_array(xp, x, like) for x in items]


def weak_arrays(xp: Any, items: Any) -> list[Any]:
    """A traced array of each; Python numbers take the dtype of a floating array beside them."""
    items = list(items)
    like = _traced(xp, [x for x in items if isinstance(x, xp._library.base) and xp._library.is_inexact(x)])
    if like is None:
        return as_arrays(xp, items)
    return [
        xp.asarray(x, dtype=like.dtype, device=like.device)
        if type(x) in (int, float)
        else as_array(xp, x, like)
        for x in items
    ]


def with_axes(x: Any, ndim: int) -> Any:
    """An array with axes of length one in front, up to ``ndim`` of them in all."""
    return x[(None,) * (ndim - x.ndim) + (...,)] if x.ndim < ndim else x


def double(xp: Any, x: Any) -> Any:
    """A traced array in double precision, for what NumPy computes in no other."""
    x = xp.asarray(x)
    kind = xp.complex128 if is_complex(xp, x) else xp.float64
    return x if x.dtype == kind else xp.astype(x, kind)


@lru_cache(256)
def _kind(library: Any, dtype: Any) -> str:
    return next((kind for kind in KINDS if library.xp.isdtype(dtype, kind)), "other")


def kind_of(xp: Any, x: Any) -> str:
    """``"bool"``, ``"integral"``, ``"real floating"`` or ``"complex floating"``."""
    return _kind(xp._library, x.dtype)


def is_complex(xp: Any, x: Any) -> bool:
    """Whether an array is complex."""
    return _kind(xp._library, x.dtype) == "complex floating"


def is_exact(xp: Any, x: Any) -> bool:
    """Whether an array has integers or truth values."""
    return _kind(xp._library, x.dtype) in ("bool", "integral")


def floating(xp: Any, x: Any) -> Any:
    """A traced array of floating dtype; integers become float64, as NumPy has it."""
    x = as_array(xp, x)
    return xp.astype(x, xp.float64) if is_exact(xp, x) else x


def complexed(xp: Any, x: Any) -> Any:
    """A traced array of complex dtype of the same precision."""
    x = floating(xp, x)
    if is_complex(xp, x):
        return x
    return xp.astype(x, xp.complex64 if x.dtype == xp.float32 else xp.complex128)


def dtype_of(xp: Any, dtype: Any) -> Any:
    """The library's dtype for a dtype, a scalar type or a name, as NumPy's functions take them."""
    if dtype is None:
        return None
    name = dtype if isinstance(dtype, str) else getattr(dtype, "name", None) or getattr(dtype, "__name__", "")
    found = getattr(xp, _PYTHON_TYPES.get(name, name) or "-", None)
    if found is None and isinstance(dtype, str):  # NumPy's codes, such as "f4"
        return xp._library.fast.empty((0,), dtype=dtype).dtype
    return dtype if found is None else found


def common(xp: Any, *items: Any) -> Any:
    """The dtype that arrays promote to."""
    return xp.result_type(*items)


def same_dtype(xp: Any, items: list[Any], dtype: Any = None) -> list[Any]:
    """Arrays brought to one dtype."""
    kind = dtype_of(xp, dtype) or items[0].dtype
    if dtype is None and any(x.dtype != kind for x in items):
        kind = common(xp, *items)
    return [x if x.dtype == kind else xp.astype(x, kind) for x in items]


def axis_of(axis: Any, ndim: int) -> int:
    """One axis counted from the front."""
    (axis,) = axis if isinstance(axis, tuple) else (axis,)
    axis = int(axis)
    if not -ndim <= axis < ndim:
        raise AxisError(f"axis {axis} is out of bounds for array of dimension {ndim}")
    return axis % ndim


def axes_of(axis: Any, ndim: int) -> tuple[int, ...]:
    """Axes counted from the front; None is all of them."""
    if axis is None:
        return tuple(range(ndim))
    return (
        tuple(axis_of(a, ndim) for a in axis) if isinstance(axis, (tuple, list)) else (axis_of(axis, ndim),)
    )


def places(axis: int, key: Any) -> tuple[Any, ...]:
    """A key that selects along one axis, counted from the front."""
    return (slice(None),) * axis + (key, ...)


def item(x: Any) -> Any:
    """A Python number of a number, which must not be differentiated, wherever it is kept."""
    return x.item() if hasattr(x, "item") else x


def unavailable(what: str) -> NotDifferentiableError:
    """The error for a form of a function that is not offered."""
    return NotDifferentiableError(
        f"{what} is not available on traced arrays; write it with functions of nnx.array_namespace(x)"
    )


def write_into(xp: Any, target: Any, result: Any) -> Any:
    """``out=``: bind a traced array to a result that fits it."""
    library = xp._library
    if isinstance(target, tuple):
        (target,) = target
    if not isinstance(target, library.base):
        raise NotDifferentiableError(
            "out= with a plain array: the values written into it would lose their derivative; pass a traced array, "
            "or write out[...] = result into one made by nnx.array_namespace(x)"
        )
    result = xp.asarray(result)
    rank, room = (KINDS.index(kind_of(xp, x)) for x in (result, target))
    if rank > room:
        raise TypeError(f"out=: cannot cast the result from {result.dtype} to {target.dtype}")
    if result.shape == target.shape:
        rebind(library, target, result if result.dtype == target.dtype else xp.astype(result, target.dtype))
    elif result.ndim <= target.ndim:
        target[...] = result
    else:
        raise ValueError(f"out=: the result has shape {result.shape}, the output has {target.shape}")
    return target
