"""Piecewise activations: what each does on either side of its kinks.

At a kink the slope is PyTorch's. Masks are applied with ``where``: a masked element is untouched by infinities
and NaN in the other branch.
"""

from __future__ import annotations

import math
from typing import Any

from ..autodiff import array_namespace, primitive
from ..backend import Array
from ._arguments import check_floating, number, real
from ._errors import check_arrays, complaint, other_dtype

__all__ = [
    "celu",
    "elu",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "leaky_relu",
    "prelu",
    "relu",
    "relu6",
    "selu",
    "softshrink",
    "step",
    "threshold",
]


@primitive("relu", elementwise=True)
def _relu(xp: Any, x: Array) -> Array:
    return xp.maximum(x, 0)


@primitive("where_positive")
def where_positive(xp: Any, x: Array, y: Array) -> Array:
    """The elements of ``y``, 0 where ``x`` is not positive; NaN in ``x`` hides nothing."""
    return xp.where(x <= 0, 0, y)


where_positive.defpullback(None, lambda xp, g, _out, x, _y: where_positive(x, g))
_relu.defpullback(lambda xp, g, out, _x: where_positive(out, g))


def relu(x: Array) -> Array:
    r"""The rectified linear unit :math:`\max(x, 0)`, with slope 0 at 0.

    Examples
    --------
    >>> import numpy as np
    >>> relu(np.asarray([-1.0, 2.0]))
    array([0., 2.])
    """
    try:
        kind = x.dtype.kind  # of NumPy's dtypes: for a small array the question costs a tenth of the answer
    except AttributeError:
        kind = ""
    if kind != "f":
        real("relu", x)
    return _relu(x)


@primitive("leaky_relu", params=("negative_slope",), elementwise=True)
def _leaky_relu(xp: Any, x: Array, *, negative_slope: float = 0.01) -> Array:
    return xp.where(x > 0, x, x * negative_slope)


_leaky_relu.defpullback(lambda xp, g, _out, x, *, negative_slope=0.01: xp.where(x > 0, g, g * negative_slope))


def leaky_relu(x: Array, negative_slope: float = 0.01) -> Array:
    r""":math:`x` where it is positive, ``negative_slope`` :math:`\cdot\, x` elsewhere.

    Examples
    --------
    >>> import numpy as np
    >>> leaky_relu(np.asarray([-1.0, 2.0]), 0.1)
    array([-0.1,  2. ])
    """
    check_floating("leaky_relu", x)
    return _leaky_relu(x, negative_slope=number("leaky_relu", "negative_slope", negative_slope))


@primitive("elu", params=("alpha", "scale", "input_scale"), elementwise=True)
def _elu(xp: Any, x: Array, *, alpha: float, scale: float = 1.0, input_scale: float = 1.0) -> Array:
    low = xp.minimum(x, 0.0)
    low = xp.expm1(low if input_scale == 1 else low * input_scale) * (alpha * scale)
    return xp.where(x <= 0, low, x if scale == 1 else x * scale)


def _elu_pullback(
    xp: Any, g: Array, _out: Any, x: Array, *, alpha: float, scale: float = 1.0, input_scale: float = 1.0
) -> Array:
    low = xp.exp(xp.where(x < 0, x, 0.0) * input_scale)  # at 0 the second derivative is 0, as PyTorch's
    return xp.where(x <= 0, g * (low * (alpha * scale * input_scale)), g if scale == 1 else g * scale)


_elu.defpullback(_elu_pullback)


def elu(x: Array, alpha: float = 1.0) -> Array:
    r"""The exponential linear unit: :math:`x` where it is positive, :math:`\alpha (e^x - 1)` elsewhere.

    Clevert, Unterthiner and Hochreiter, https://arxiv.org/abs/1511.07289.

    Examples
    --------
    >>> import numpy as np
    >>> elu(np.asarray([-800.0, 2.0]))
    array([-1.,  2.])
    """
    check_floating("elu", x)
    return _elu(x, alpha=number("elu", "alpha", alpha))


def celu(x: Array, alpha: float = 1.0) -> Array:
    r"""The continuously differentiable ELU: :math:`\alpha (e^{x/\alpha} - 1)` where :math:`x` is negative.

    Barron, https://arxiv.org/abs/1704.07483.

    Examples
    --------
    >>> import numpy as np
    >>> celu(np.asarray([-800.0, 2.0]), alpha=2.0)
    array([-2.,  2.])
    """
    check_floating("celu", x)
    alpha = number("celu", "alpha", alpha)
    if alpha == 0:
        raise complaint("celu", "expected an alpha other than 0")
    return _elu(x, alpha=alpha, input_scale=1.0 / alpha)


def selu(x: Array) -> Array:
    r"""The self-normalising ELU, :math:`\lambda\,\mathrm{elu}(x, \alpha)` with the two constants of the paper.

    Klambauer et al., https://arxiv.org/abs/1706.02515.

    Examples
    --------
    >>> import numpy as np
    >>> selu(np.asarray([-800.0, 1.0])).round(4)
    array([-1.7581,  1.0507])
    """
    check_floating("selu", x)
    return _elu(x, alpha=1.6732632423543772848170429916717, scale=1.0507009873554804934193349852946)


@primitive("hardtanh", params=("min_val", "max_val"), elementwise=True)
def _hardtanh(xp: Any, x: Array, *, min_val: float = -1.0, max_val: float = 1.0) -> Array:
    return xp.clip(x, min_val, max_val)


_hardtanh.defpullback(
    lambda xp, g, _out, x, *, min_val=-1.0, max_val=1.0: xp.where(
        xp.logical_and(x > min_val, x < max_val), g, 0.0
    )
)


def hardtanh(x: Array, min_val: float = -1.0, max_val: float = 1.0) -> Array:
    """Cut off at ``min_val`` and ``max_val``, with slope 0 on the bounds and beyond.

    Examples
    --------
    >>> import numpy as np
    >>> hardtanh(np.asarray([-3.0, 0.5, 3.0]))
    array([-1. ,  0.5,  1. ])
    """
    return _clipped("hardtanh", x, min_val, max_val)


def _clipped(where: str, x: Array, min_val: float, max_val: float) -> Array:
    low, high = number(where, "min_val", min_val), number(where, "max_val", max_val)
    if low > high:
        raise complaint(where, f"expected min_val <= max_val, got {low} and {high}")
    if real(where, x):
        low, high = _whole(where, low, high)
    return _hardtanh(x, min_val=low, max_val=high)


def _whole(where: str, *numbers: float) -> tuple[int, ...]:
    """Numbers for an array of integers, cut to whole ones as PyTorch does."""
    if not all(map(math.isfinite, numbers)):
        raise complaint(where, f"expected finite numbers beside integers, got {', '.join(map(str, numbers))}")
    return tuple(map(int, numbers))


def relu6(x: Array) -> Array:
    r"""A rectifier with a ceiling, :math:`\min(\max(x, 0), 6)`.

    Examples
    --------
    >>> import numpy as np
    >>> relu6(np.asarray([-1.0, 2.0, 9.0]))
    array([0., 2., 6.])
    """
    return _clipped("relu6", x, 0.0, 6.0)


def hardsigmoid(x: Array) -> Array:
    r"""The piecewise linear sigmoid :math:`\mathrm{relu6}(x + 3) / 6`.

    Examples
    --------
    >>> import numpy as np
    >>> hardsigmoid(np.asarray([-4.0, 0.0, 4.0]))
    array([0. , 0.5, 1. ])
    """
    check_floating("hardsigmoid", x)
    return relu6(x + 3.0) / 6.0


@primitive("hardswish", elementwise=True)
def _hardswish(xp: Any, x: Array) -> Array:
    return x * (xp.clip(x + 3.0, 0.0, 6.0) / 6.0)


_hardswish.defpullback(
    lambda xp, g, _out, x: xp.where(x <= -3.0, 0.0, xp.where(x < 3.0, g * (x / 3.0 + 0.5), g))
)


def hardswish(x: Array) -> Array:
    r"""The piecewise quadratic swish :math:`x\,\mathrm{relu6}(x + 3) / 6`.

    Howard et al., https://arxiv.org/abs/1905.02244.

    Examples
    --------
    >>> import numpy as np
    >>> hardswish(np.asarray([-4.0, 0.0, 4.0]))
    array([-0.,  0.,  4.])
    """
    check_floating("hardswish", x)
    return _hardswish(x)


def hardshrink(x: Array, lambd: float = 0.5) -> Array:
    r""":math:`x` where :math:`|x| > \lambda`, else 0.

    Examples
    --------
    >>> import numpy as np
    >>> hardshrink(np.asarray([-1.0, 0.5, 2.0]))
    array([-1.,  0.,  2.])
    """
    check_floating("hardshrink", x)
    return array_namespace(x).where(abs(x) <= number("hardshrink", "lambd", lambd), 0.0, x)


def softshrink(x: Array, lambd: float = 0.5) -> Array:
    r""":math:`x` moved :math:`\lambda` towards 0, and 0 where :math:`|x| \le \lambda`.

    Examples
    --------
    >>> import numpy as np
    >>> softshrink(np.asarray([-1.0, 0.5, 2.0]))
    array([-0.5,  0. ,  1.5])
    """
    check_floating("softshrink", x)
    lambd = number("softshrink", "lambd", lambd)
    if not 0 <= lambd < math.inf:
        raise complaint("softshrink", f"expected a finite lambd >= 0, got {lambd}")
    xp = array_namespace(x)
    return xp.where(abs(x) <= lambd, 0.0, xp.where(x > 0, x - lambd, x + lambd))


def threshold(x: Array, threshold: float, value: float) -> Array:
    """``x`` where it is greater than ``threshold``, else ``value``.

    Examples
    --------
    >>> import numpy as np
    >>> import nnx.functional as F
    >>> F.threshold(np.asarray([-1.0, 2.0]), 0.5, 9.0)
    array([9., 2.])
    """
    limit, value = number("threshold", "threshold", threshold), number("threshold", "value", value)
    if real("threshold", x):
        limit, value = _whole("threshold", limit, value)
    return array_namespace(x).where(x <= limit, value, x)


def prelu(x: Array, weight: Array) -> Array:
    """A leaky rectifier whose slope is learned: ``weight`` holds one, or one for each entry of axis 1 of ``x``.

    He et al., https://arxiv.org/abs/1502.01852.

    Examples
    --------
    >>> import numpy as np
    >>> prelu(np.asarray([[-1.0, 2.0]]), np.asarray([0.25]))
    array([[-0.25,  2.  ]])
    """
    check_arrays("prelu", x=x, weight=weight)
    xp = array_namespace(x, weight)
    if weight.ndim > 1:
        raise complaint("prelu", f"expected a weight with at most 1 axis, got shape {weight.shape}")
    if x.dtype != weight.dtype:
        raise other_dtype("prelu", x, weight.dtype)
    channels = 1 if x.ndim < 2 else x.shape[1]
    if weight.size not in (1, channels):
        raise complaint("prelu", f"expected a weight of 1 or {channels} slopes, got {weight.size}")
    weight = xp.reshape(weight, () if weight.size == 1 else (-1,) + (1,) * (x.ndim - 2))
    return xp.where(x > 0, x, weight * x)


@primitive("step", params=("threshold",), elementwise=True)
def _step(xp: Any, x: Array, *, threshold: float = 0.0) -> Array:
    return xp.astype(x > threshold, x.dtype)


_step.defpullback(lambda xp, g, _out, _x, *, threshold=0.0: xp.zeros_like(g))


def step(x: Array, threshold: float = 0.0) -> Array:
    """The perceptron's activation: 1 where ``x`` is greater than ``threshold``, else 0.

    Its slope is zero wherever it has one, so gradient descent learns nothing through it.

    Examples
    --------
    >>> import numpy as np
    >>> step(np.asarray([-1.0, 0.0, 2.0]))
    array([0., 0., 1.])
    """
    return _step(x, threshold=threshold)
