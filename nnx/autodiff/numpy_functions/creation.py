"""New arrays: like another one, of given values, or evenly spaced between differentiable ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ._tools import (
    as_array,
    as_arrays,
    axis_of,
    double,
    dtype_of,
    floating,
    is_complex,
    unavailable,
    weak_arrays,
    with_axes,
)
from .shapes import shape_of

__all__ = ["FUNCTIONS"]


def _like(name: str) -> Callable[..., Any]:
    """``zeros_like`` and ``ones_like``."""

    def function(
        xp: Any, a: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None, *,
        device: Any = None,
    ) -> Any:  # fmt: skip
        a = as_array(xp, a)
        shape = a.shape if shape is None else shape_of(shape)
        return getattr(xp, name)(shape, dtype=dtype_of(xp, dtype) or a.dtype, device=device or a.device)

    return function


def _empty_like(
    xp: Any, prototype: Any, /, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None, *,
    device: Any = None,
) -> Any:  # fmt: skip
    return _like("zeros")(xp, prototype, dtype, order, subok, shape, device=device)


def _full_like(
    xp: Any, a: Any, fill_value: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None, *,
    device: Any = None,
) -> Any:  # fmt: skip
    a = as_array(xp, a)
    kind = dtype_of(xp, dtype) or a.dtype
    if isinstance(fill_value, (int, float, complex)):
        return xp.full(a.shape if shape is None else shape_of(shape), fill_value, dtype=kind, device=a.device)
    out = xp.zeros(a.shape if shape is None else shape_of(shape), dtype=kind, device=a.device)
    out[...] = xp.astype(as_array(xp, fill_value, a), kind, copy=False)
    return out


def _copy(xp: Any, a: Any, order: str = "K", subok: bool = False) -> Any:
    return xp.asarray(as_array(xp, a), copy=True)


def _astype(xp: Any, x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Any:
    x, kind = as_array(xp, x), dtype_of(xp, dtype)
    return x if x.dtype == kind and not copy else xp.astype(x, kind)


def _array(
    xp: Any, object: Any, dtype: Any = None, *, copy: Any = True, order: str = "K", subok: bool = False,
    ndmin: int = 0, ndmax: int = 0,
) -> Any:  # fmt: skip
    x = xp.asarray(object, dtype=dtype_of(xp, dtype), copy=copy or None)
    return with_axes(x, ndmin)


def _asarray(
    xp: Any, a: Any, dtype: Any = None, order: Any = None, *, device: Any = None, copy: Any = None
) -> Any:
    return xp.asarray(a, dtype=dtype_of(xp, dtype), copy=copy)


def _constant(name: str) -> Callable[..., Any]:
    """``zeros``, ``ones`` and ``empty``."""

    def function(xp: Any, shape: Any, dtype: Any = None, order: str = "C", *, device: Any = None) -> Any:
        return getattr(xp, name)(shape_of(shape), dtype=dtype_of(xp, dtype) or xp.float64, device=device)

    return function


def _full(
    xp: Any, shape: Any, fill_value: Any, dtype: Any = None, order: str = "C", *, device: Any = None
) -> Any:
    value = as_array(xp, fill_value)
    kind = dtype_of(xp, dtype)
    value = value if kind is None else xp.astype(value, kind, copy=False)
    return xp.asarray(xp.broadcast_to(value, shape_of(shape)), copy=True)


def _arange(
    xp: Any,
    start_or_stop: Any,
    /,
    stop: Any = None,
    step: Any = 1,
    *,
    dtype: Any = None,
    device: Any = None,
) -> Any:
    start, stop = (0, start_or_stop) if stop is None else (start_or_stop, stop)
    return xp.arange(start, stop, step, dtype=dtype_of(xp, dtype), device=device)


def _eye(
    xp: Any, N: int, M: Any = None, k: int = 0, dtype: Any = float, order: str = "C", *, device: Any = None
) -> Any:
    return xp.eye(N, M, k=k, dtype=dtype_of(xp, dtype), device=device)


def _identity(xp: Any, n: int, dtype: Any = float) -> Any:
    return xp.eye(n, dtype=dtype_of(xp, dtype))


# even spacing --------------------------------------------------------------------------------------------------


def _spaced(
    xp: Any, start: Any, stop: Any, num: int, endpoint: bool, axis: int = 0, device: Any = None
) -> tuple[Any, Any]:
    """Evenly spaced values along a new axis, and the step between them."""
    start, stop = (floating(xp, x) for x in weak_arrays(xp, (start, stop)))
    intervals = num - 1 if endpoint else num
    delta = stop - start
    step = delta / intervals if intervals > 0 else float("nan")
    i = xp.astype(
        xp.arange(num, device=delta.device), xp.real(delta).dtype if is_complex(xp, delta) else delta.dtype
    )
    i = xp.reshape(i, (-1,) + (1,) * delta.ndim)
    out = start + i * step if intervals > 0 else start + i * delta
    if endpoint and num > 1:  # the last one exactly
        out = xp.concat([out[:-1, ...], (stop + xp.zeros_like(delta))[None, ...]])
    return (xp.moveaxis(out, 0, axis_of(axis, out.ndim)) if out.ndim > 1 else out), step


def _linspace(
    xp: Any, start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False, dtype: Any = None,
    axis: int = 0, *, device: Any = None,
) -> Any:  # fmt: skip
    out, step = _spaced(xp, start, stop, int(num), endpoint, axis)
    if dtype is not None:
        kind = dtype_of(xp, dtype)
        out = xp.astype(xp.floor(out) if xp.isdtype(kind, "integral") else out, kind)
    return (out, step) if retstep else out


def _logspace(
    xp: Any, start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10.0, dtype: Any = None,
    axis: int = 0,
) -> Any:  # fmt: skip
    base = as_arrays(xp, (start, stop, base))[2]
    if base.ndim:
        raise unavailable("np.logspace with an array for base")
    out, _ = _spaced(xp, start, stop, int(num), endpoint, axis)
    out = xp.pow(xp.astype(base, out.dtype), out)
    return out if dtype is None else xp.astype(out, dtype_of(xp, dtype))


def _geomspace(
    xp: Any, start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0
) -> Any:
    start, stop = (double(xp, x) for x in as_arrays(xp, (start, stop)))
    if is_complex(xp, start) or is_complex(xp, stop):
        raise unavailable("np.geomspace between complex numbers")
    if bool(xp.any(start == 0)) or bool(xp.any(stop == 0)):
        raise ValueError("Geometric sequence cannot include zero")
    sign = xp.sign(start) + xp.zeros_like(stop)
    logs, _ = _spaced(xp, xp.log10(start / sign), xp.log10(stop / sign), int(num), endpoint)
    out = xp.pow(xp.asarray(10.0, dtype=logs.dtype, device=logs.device), logs) * sign
    if num > 0:  # the ends exactly
        ends = [(start + xp.zeros_like(sign))[None, ...], (stop + xp.zeros_like(sign))[None, ...]]
        out = xp.concat(
            [ends[0], out[1:-1, ...], ends[1]] if endpoint and num > 1 else [ends[0], out[1:, ...]]
        )
    out = xp.moveaxis(out, 0, axis_of(axis, out.ndim)) if out.ndim > 1 else out
    return out if dtype is None else xp.astype(out, dtype_of(xp, dtype))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "arange": _arange,
    "array": _array,
    "asanyarray": _asarray,
    "asarray": _asarray,
    "ascontiguousarray": lambda xp, a, dtype=None: _asarray(xp, a, dtype),
    "astype": _astype,
    "copy": _copy,
    "empty": _constant("empty"),
    "empty_like": _empty_like,
    "eye": _eye,
    "full": _full,
    "full_like": _full_like,
    "geomspace": _geomspace,
    "identity": _identity,
    "linspace": _linspace,
    "logspace": _logspace,
    "ones": _constant("ones"),
    "ones_like": _like("ones"),
    "zeros": _constant("zeros"),
    "zeros_like": _like("zeros"),
}
