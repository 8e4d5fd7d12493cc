"""A convolution and the batch norm after it, outside training: one product, and passes over its result in place."""

from __future__ import annotations

from typing import Any

from ..autodiff import array_namespace, primitive
from ..backend import Array
from ._conv_arguments import convolve
from ._piecewise import relu

__all__ = ["normalized_convolution", "scale_shift_in_place"]


@primitive("scale_shift_in_place", params=("rectified",))
def scale_shift_in_place(_xp: Any, y: Array, scale: Array, shift: Array, *, rectified: bool) -> Array:
    """``y * scale + shift``, the positive part if ``rectified``, over ``y`` perhaps; it is not differentiated."""
    y = y * scale + shift
    return relu(y) if rectified else y


def normalized_convolution(
    x: Array,
    convolution: tuple[Any, ...],
    statistics: tuple[Array | None, ...],
    eps: float,
    rectified: bool,
) -> Array | None:
    r"""``relu(batch_norm(conv(x)))`` of plain arrays, None where anything about them wants a closer look.

    With :math:`s = w_n / \sqrt{\sigma^2 + \epsilon}` it is :math:`s\,(W * x) + s\,(b - \mu) + b_n`, so that the bias of
    the convolution costs nothing.

    Parameters
    ----------
    x
        Shape ``(N, C, *size)``.
    convolution
        Weight, bias or None, stride, padding, dilation and groups.
    statistics
        Mean, variance, weight or None, bias or None of the batch norm.
    eps
        Added to the variance.
    rectified
        Whether ReLU follows.
    """
    weight, added, *windows = convolution
    mean, var, factor, bias = statistics
    dtype, shape = x.dtype, weight.shape[:1]
    if (
        mean is None
        or var is None
        or dtype.kind != "f"
        or x.ndim != weight.ndim
        or type(eps) is not float
        or eps < 0
    ):
        return None
    for v in (mean, var, factor, bias, added):
        if v is not None and (v.dtype is not dtype or v.shape != shape or type(v) is not type(x)):
            return None
    y = convolve(x.ndim - 2, x, weight, None, *windows)
    scale = (1 if factor is None else factor) / array_namespace(var).sqrt(var + eps)
    shift = (-mean if added is None else added - mean) * scale
    if bias is not None:
        shift = shift + bias
    channel = (slice(None), *(None,) * (x.ndim - 2))
    return scale_shift_in_place(y, scale[channel], shift[channel], rectified=rectified)
