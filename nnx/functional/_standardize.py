"""The primitive of normalisation, and what the normalising functions share.

It gives the statistics too, and its pullback is written in its own outputs, so higher derivatives cost no extra rule.
"""

from __future__ import annotations

from typing import Any

from ..autodiff import array_namespace, primitive
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
    "standardize",
    "standardized",
]

Axes = tuple[int, ...]


@primitive("standardize", params=("axes", "eps"), outputs=True)
def standardize(xp: Any, x: Array, *, axes: Axes, eps: float) -> tuple[Array, Array, Array, Array]:
    """``(x - mean) / sqrt(var + eps)`` over ``axes``, and 1 / sqrt(var + eps), mean and (biased) variance there."""
    mean = xp.mean(x, axis=axes, keepdims=True)
    centred = x - mean
    var = xp.mean(centred * centred, axis=axes, keepdims=True)
    inverse = 1 / xp.sqrt(var + eps)
    return centred * inverse, inverse, mean, var


def standardized(x: Array, axes: Axes, eps: float) -> Array:
    """The first of them; of no elements, no mean is taken."""
    return standardize(x, axes=axes, eps=eps)[0] if x.size else x


def _standardize_pullback(xp: Any, g: Any, out: Any, _x: Any, *, axes: Axes, eps: float) -> Array:
    del eps
    g_y, g_inverse, g_mean, g_var = g
    y, inverse, _, _ = out
    count = 1
    for axis in axes:
        count *= y.shape[axis]
    total: Any = None
    if g_y is not None:
        mean = xp.mean(g_y, axis=axes, keepdims=True)
        along = xp.mean(g_y * y, axis=axes, keepdims=True)
        total = (g_y - mean - y * along) * inverse
    for part in (
        None if g_inverse is None else y * (-g_inverse * inverse * inverse / count),
        None if g_mean is None else xp.broadcast_to(g_mean / count, y.shape),
        None if g_var is None else y * (g_var * 2 / (count * inverse)),
    ):
        if part is not None:
            total = part if total is None else total + part
    return total


standardize.defpullback(_standardize_pullback)


def scaled(x: Array, weight: Array | None, bias: Array | None, shape: tuple[int, ...]) -> Array:
    """``x * weight + bias``, both reshaped to ``shape``."""
    if weight is None and bias is None:
        return x
    xp, dtype = array_namespace(x, weight, bias), x.dtype
    if weight is not None:
        x = x * xp.reshape(weight, shape)
    if bias is not None:
        x = x + xp.reshape(bias, shape)
    return x if x.dtype == dtype else xp.astype(x, dtype)


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
