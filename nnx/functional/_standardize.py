"""The primitive of normalisation, and what the normalising functions share.

It gives the statistics too, and its pullback is written in these, so higher derivatives cost no extra rule.
"""

from __future__ import annotations

from typing import Any

from ..autodiff import array_namespace, primitive
from ..autodiff.primitive import joint
from ..backend import Array
from ._arguments import check_floating
from ._errors import check_arrays, complaint, not_arrays, other_dtype

__all__ = [
    "Axes",
    "check_channels",
    "check_dtype",
    "check_shape",
    "per_channel",
    "scaled",
    "shaped",
    "standardize",
    "standardized",
]

Axes = tuple[int, ...]
Three = tuple[Array | None, Array | None, Array | None]


@primitive("scale_shift")
def _scale_shift(xp: Any, x: Array, scale: Array | None, shift: Array | None) -> Array:
    """``x * scale + shift``, with the dtype of ``x``."""
    y = x if scale is None else x * scale
    y = y if shift is None else y + shift
    return y if y.dtype == x.dtype else xp.astype(y, x.dtype)


_scale_shift.defpullback(
    lambda _xp, g, _out, _x, scale, _shift: g if scale is None else g * scale,
    lambda _xp, g, _out, x, _scale, _shift: g * x,
    lambda _xp, g, _out, _x, _scale, _shift: g,
)


@primitive("standardize", params=("axes", "eps"), outputs=True, unkept=(0,))
def standardize(
    xp: Any, x: Array, weight: Array | None = None, bias: Array | None = None, *, axes: Axes, eps: float
) -> tuple[Array, Array, Array, Array]:
    """``(x - mean) / sqrt(var + eps) * weight + bias`` over ``axes``; 1 / sqrt(var + eps), mean and (biased) variance.

    ``weight`` and ``bias`` are broadcast to ``x``.
    """
    mean = xp.mean(x, axis=axes, keepdims=True)
    centred = x - mean
    var = xp.mean(centred * centred, axis=axes, keepdims=True)
    inverse = 1 / xp.sqrt(var + eps)
    return _scale_shift.forward(xp, centred * inverse, weight, bias), inverse, mean, var


def _pullback(
    xp: Any,
    g: Any,
    out: Any,
    x: Array,
    weight: Array | None,
    _bias: Any,
    *,
    needed: tuple[bool, ...],
    axes: Axes,
    eps: float,
) -> Three:
    """The cotangents of ``x``, the weight and the bias."""
    del eps
    g_y, *g_statistics = g
    _, inverse, mean, _ = out
    g_x: Array | None = None
    y = (x - mean) * inverse
    if needed[0] and g_y is not None:
        d = g_y if weight is None else g_y * weight
        along = xp.mean(d * y, axis=axes, keepdims=True)
        g_x = (d - xp.mean(d, axis=axes, keepdims=True) - y * along) * inverse
    if needed[0]:
        g_x = _with_statistics(g_x, g_statistics, x, inverse, mean, axes)
    if g_y is None:
        return g_x, None, None
    return g_x, g_y * y if needed[1] else None, g_y if needed[2] else None


def _with_statistics(
    total: Array | None, g: Any, x: Array, inverse: Array, mean: Array, axes: Axes
) -> Array | None:
    """The cotangent of ``x`` with the shares of those of the statistics."""
    g_inverse, g_mean, g_var = g
    count = 1
    for axis in axes:
        count *= x.shape[axis]
    slope = None if g_var is None else g_var * (2 / count)
    if g_inverse is not None:
        part = g_inverse * inverse * inverse * inverse * (-1 / count)
        slope = part if slope is None else slope + part
    part = None if slope is None else (x - mean) * slope
    if g_mean is not None:
        part = g_mean / count if part is None else part + g_mean / count
    if part is None:
        return total
    return array_namespace(x).broadcast_to(part, x.shape) if total is None else total + part


standardize.defpullback(joint(_pullback))


def standardized(
    x: Array, axes: Axes, eps: float, weight: Array | None = None, bias: Array | None = None
) -> Array:
    """The first of its results; of no elements, no mean is taken."""
    if x.size:
        return standardize(x, weight, bias, axes=axes, eps=eps)[0]
    return scaled(x, weight, bias)


def scaled(x: Array, weight: Array | None, bias: Array | None) -> Array:
    """``x * weight + bias``, both broadcast to ``x``."""
    return x if weight is None and bias is None else _scale_shift(x, weight, bias)


def shaped(v: Array | None, shape: tuple[int, ...]) -> Array | None:
    """A parameter, if there is one, in another shape."""
    return None if v is None else array_namespace(v).reshape(v, shape)


def per_channel(x: Array) -> tuple[int, ...]:
    return (1, x.shape[1]) + (1,) * (x.ndim - 2)


def check_dtype(where: str, x: Array, *others: Array | None) -> None:
    """Raise where an input has not the dtype of the others; one of 16 bits may be narrower than they are."""
    for v in others:
        if v is None:
            continue
        check_arrays(where, x=x, parameters=v)
        if v.dtype != x.dtype:
            xp = array_namespace(x, v)
            if not xp.isdtype(x.dtype, "real floating") or xp.finfo(x.dtype).bits > 16:
                raise other_dtype(where, x, v.dtype)


def check_shape(where: str, x: Array, shape: Axes, **arrays: Array | None) -> None:
    for name, v in arrays.items():
        if v is not None:
            check_arrays(where, **{name: v})
        if v is not None and tuple(v.shape) != shape:
            raise complaint(
                where, f"expected {name} of shape {shape}, got {tuple(v.shape)} (input {tuple(x.shape)})"
            )


def check_channels(where: str, x: Array, **vectors: Array | None) -> None:
    if not hasattr(x, "dtype"):
        raise not_arrays(where, x=x)
    check_dtype(where, x, *vectors.values())
    check_floating(where, x)
    if x.ndim < 2:
        raise complaint(where, f"expected an input with at least 2 axes, got shape {tuple(x.shape)}")
    check_shape(where, x, (x.shape[1],), **vectors)
