"""Normalisation of each example by itself: over groups of channels, the last axes, nearby channels, or by a norm."""

from __future__ import annotations

import operator
from typing import Any, cast

from ..autodiff import array_namespace, primitive
from ..backend import Array
from ._arguments import axis_of, check_floating, number, whole
from ._errors import complaint, not_arrays
from ._standardize import (
    Axes,
    check_channels,
    check_dtype,
    check_shape,
    scaled,
    shaped,
    standardized,
)

__all__ = [
    "group_norm",
    "layer_norm",
    "local_response_norm",
    "normalize",
    "normalized_axes",
    "rms_norm",
]


def group_norm(
    x: Array, num_groups: int, weight: Array | None = None, bias: Array | None = None, eps: float = 1e-5
) -> Array:
    """Normalise each group of channels of each example. Wu and He, ECCV 2018.

    Parameters
    ----------
    x
        Shape ``(N, C, *)``.
    num_groups
        Divides ``C``.
    weight, bias
        Shape ``(C,)``, or None.
    eps
        Added to the variance.

    Examples
    --------
    >>> import numpy as np
    >>> group_norm(np.asarray([[1.0, 3.0, 5.0, 9.0]]), 2, eps=0.0)
    array([[-1.,  1., -1.,  1.]])
    """
    where = "group_norm"
    check_channels(where, x, weight=weight, bias=bias)
    eps, num_groups = number(where, "eps", eps), whole(where, "num_groups", num_groups, 1)
    if x.shape[1] % num_groups:
        raise complaint(
            "group_norm", f"expected num_groups to divide {x.shape[1]} channels, got {num_groups}"
        )
    xp = array_namespace(x, weight, bias)
    each, positions = x.shape[1] // num_groups, 1
    for n in x.shape[2:]:
        positions *= n
    if x.shape[0] * each * positions == 1:
        raise complaint(where, f"expected more than 1 value per group, got input {tuple(x.shape)}")
    shape = (1, num_groups, each, 1)
    grouped = xp.reshape(x, (x.shape[0], num_groups, each, positions))
    return xp.reshape(standardized(grouped, (2, 3), eps, shaped(weight, shape), shaped(bias, shape)), x.shape)


def normalized_axes(shape: Any) -> tuple[int, ...]:
    """One length, or several, as a tuple."""
    return tuple(map(operator.index, (shape,) if hasattr(shape, "__index__") else shape))


def _last_axes(where: str, x: Array, normalized_shape: int | tuple[int, ...], **arrays: Array | None) -> Axes:
    if not hasattr(x, "dtype"):
        raise not_arrays(where, x=x)
    shape = normalized_axes(normalized_shape)
    if not shape:
        raise complaint(where, "expected normalized_shape with at least one axis, got ()")
    if tuple(x.shape[-len(shape) :]) != shape:
        raise complaint(where, f"expected an input that ends in shape {shape}, got {tuple(x.shape)}")
    check_shape(where, x, shape, **arrays)
    if where != "rms_norm":  # which casts, in PyTorch
        check_dtype(where, x, *arrays.values())
    check_floating(where, x)
    return tuple(range(x.ndim - len(shape), x.ndim))


def layer_norm(
    x: Array,
    normalized_shape: int | tuple[int, ...],
    weight: Array | None = None,
    bias: Array | None = None,
    eps: float = 1e-5,
) -> Array:
    """Normalise over the last axes. Ba, Kiros and Hinton, 2016, arXiv:1607.06450.

    Parameters
    ----------
    x
        Shape ``(*, *normalized_shape)``.
    normalized_shape
        The axes to normalise over.
    weight, bias
        Of that shape, or None.
    eps
        Added to the variance.

    Examples
    --------
    >>> import numpy as np
    >>> layer_norm(np.asarray([1.0, 3.0]), 2, eps=0.0)
    array([-1.,  1.])
    """
    axes = _last_axes("layer_norm", x, normalized_shape, weight=weight, bias=bias)
    eps = number("layer_norm", "eps", eps)
    return standardized(x, axes, eps, weight, bias)


@primitive("rms_scale", params=("axes", "eps"), outputs=True)
def _rms_scale(xp: Any, x: Array, *, axes: Axes, eps: float) -> tuple[Array, Array]:
    inverse = 1 / xp.sqrt(xp.mean(x * x, axis=axes, keepdims=True) + eps)
    return x * inverse, inverse


def _rms_pullback(xp: Any, g: Any, out: Any, _x: Any, *, axes: Axes, eps: float) -> Array:
    del eps
    (g_y, g_inverse), (y, inverse) = g, out
    count = 1
    for axis in axes:
        count *= y.shape[axis]
    total: Any = None
    if g_y is not None:
        total = (g_y - y * xp.mean(g_y * y, axis=axes, keepdims=True)) * inverse
    if g_inverse is not None:
        part = y * (-g_inverse * inverse * inverse / count)
        total = part if total is None else total + part
    return total


_rms_scale.defpullback(_rms_pullback)


def rms_norm(
    x: Array, normalized_shape: int | tuple[int, ...], weight: Array | None = None, eps: float | None = None
) -> Array:
    r"""Divide by the root mean square over the last axes: :math:`x w / \sqrt{\mathrm{mean}(x^2) + \epsilon}`.

    Zhang and Sennrich, NeurIPS 2019. ``eps`` is the resolution of the dtype by default.

    Examples
    --------
    >>> import numpy as np
    >>> rms_norm(np.asarray([3.0, 4.0]), 2, eps=0.0) * np.sqrt(12.5)
    array([3., 4.])
    """
    axes = _last_axes("rms_norm", x, normalized_shape, weight=weight)
    eps = float(array_namespace(x).finfo(x.dtype).eps) if eps is None else number("rms_norm", "eps", eps)
    out = _rms_scale(x, axes=axes, eps=eps)[0] if x.size else x
    return scaled(out, weight, None)


def local_response_norm(
    x: Array, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Array:
    r"""Divide by the activity of nearby channels: :math:`x (k + \alpha\,\mathrm{mean}\, x^2)^{-\beta}`.

    The mean runs over ``size`` channels around each, those beyond the ends counting as zero. Krizhevsky et al.,
    NeurIPS 2012, with PyTorch's mean in place of the sum.

    Examples
    --------
    >>> import numpy as np
    >>> local_response_norm(np.asarray([[[1.0], [1.0]]]), 1, alpha=1.0, beta=1.0)[0, :, 0]
    array([0.5, 0.5])
    """
    where = "local_response_norm"
    check_floating(where, x)
    if x.ndim < 3:
        raise complaint(where, f"expected an input with at least 3 axes, got {x.ndim}")
    size = whole(where, "size", size, 1)
    alpha, beta, k = number(where, "alpha", alpha), number(where, "beta", beta), number(where, "k", k)
    xp = array_namespace(x)
    if not x.size:
        return x
    ends = [(x.shape[0], n, *x.shape[2:]) for n in (size // 2, (size - 1) // 2)]
    before, after = (xp.zeros(shape, dtype=x.dtype, device=x.device) for shape in ends)
    padded = xp.concat([before, x * x, after], axis=1)
    total: Any = 0
    for i in range(size):
        total = total + padded[:, i : i + x.shape[1], ...]
    return x / (k + alpha * (total / size)) ** beta


def _axes(where: str, axis: Any, ndim: int) -> Any:
    if isinstance(axis, (tuple, list)):
        return tuple(axis_of(where, a, ndim) for a in cast("tuple[int, ...]", axis))
    return axis_of(where, axis, ndim)


def normalize(x: Array, p: float = 2.0, axis: int | Axes = 1, eps: float = 1e-12) -> Array:
    r"""Divide by the p-norm along an axis: :math:`x / \max(\lVert x \rVert_p, \epsilon)`.

    Examples
    --------
    >>> import numpy as np
    >>> normalize(np.asarray([[3.0, 4.0]]))
    array([[0.6, 0.8]])
    """
    check_floating("normalize", x)
    xp, p, axis = array_namespace(x), number("normalize", "p", p), _axes("normalize", axis, x.ndim)
    norm = xp.linalg.vector_norm(x, ord=p, axis=axis if x.ndim else None, keepdims=True)
    return x / xp.clip(norm, min=number("normalize", "eps", eps))
