"""Normalisation: values brought to mean 0 and variance 1 over some axes, then scaled and shifted.

All of them are one primitive, which also gives the statistics, and a scale and a shift. The pullback is written in
its own outputs, so higher derivatives cost no extra rule.
"""

from __future__ import annotations

import operator
from typing import Any, cast

from ..autodiff import array_namespace, primitive
from ..backend import Array
from ._arguments import axis_of, check_floating, number, whole
from ._errors import complaint, not_arrays, other_dtype

__all__ = [
    "batch_norm",
    "check_dtype",
    "group_norm",
    "instance_norm",
    "layer_norm",
    "local_response_norm",
    "normalize",
    "normalized_axes",
    "rms_norm",
    "standardize",
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


def _standardized(x: Array, axes: Axes, eps: float) -> Array:
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


def _scaled(x: Array, weight: Array | None, bias: Array | None, shape: tuple[int, ...]) -> Array:
    """``x * weight + bias``, both reshaped to ``shape``."""
    if weight is None and bias is None:
        return x
    xp, dtype = array_namespace(x, weight, bias), x.dtype
    if weight is not None:
        x = x * xp.reshape(weight, shape)
    if bias is not None:
        x = x + xp.reshape(bias, shape)
    return x if x.dtype == dtype else xp.astype(x, dtype)


def _per_channel(x: Array) -> tuple[int, ...]:
    return (1, x.shape[1]) + (1,) * (x.ndim - 2)


def check_dtype(where: str, x: Array, *others: Array | None) -> None:
    """Raise where an input has not the dtype of the others; one of 16 bits may be narrower than they are."""
    for v in others:
        if v is not None and v.dtype != x.dtype:
            xp = array_namespace(x, v)
            if not xp.isdtype(x.dtype, "real floating") or xp.finfo(x.dtype).bits > 16:
                raise other_dtype(where, x, v.dtype)


def _check_shape(where: str, x: Array, shape: Axes, **arrays: Array | None) -> None:
    for name, v in arrays.items():
        if v is not None and tuple(v.shape) != shape:
            raise complaint(
                where, f"expected {name} of shape {shape}, got {tuple(v.shape)} (input {tuple(x.shape)})"
            )


def _check_channels(where: str, x: Array, **vectors: Array | None) -> None:
    if not hasattr(x, "dtype"):
        raise not_arrays(where, x=x)
    check_dtype(where, x, *vectors.values())
    check_floating(where, x)
    if x.ndim < 2:
        raise complaint(where, f"expected an input with at least 2 axes, got shape {tuple(x.shape)}")
    _check_shape(where, x, (x.shape[1],), **vectors)


def _check_running(where: str, running_mean: Array | None, running_var: Array | None) -> None:
    if (running_mean is None) != (running_var is None):
        raise complaint(where, "expected running_mean and running_var both, or neither, got one of them")


def batch_norm(
    x: Array,
    running_mean: Array | None,
    running_var: Array | None,
    weight: Array | None = None,
    bias: Array | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Array:
    r"""Normalise each channel over the batch: :math:`\frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}} w + b`.

    In training :math:`\mu` and (biased) :math:`\sigma^2` are those of the batch, else the running ones. Nothing is
    updated: ``nnx.BatchNorm1d`` and its siblings keep the running statistics. Ioffe and Szegedy, ICML 2015.

    Parameters
    ----------
    x
        Shape ``(N, C, *)``.
    running_mean, running_var, weight, bias
        Shape ``(C,)``, or None.
    training
        Whether to use the statistics of the batch.
    momentum
        Without effect here, as nothing is updated; in PyTorch's place.
    eps
        Added to the variance; in training more than 0.

    Raises
    ------
    ValueError
        Where shapes don't fit, where a batch has one value a channel, or where running statistics are needed and
        not given.
    TypeError
        Where the dtypes differ; only a 16-bit input goes with arrays of float32.

    Examples
    --------
    >>> import numpy as np
    >>> batch_norm(np.asarray([[1.0], [3.0]]), None, None, training=True, eps=1e-9)
    array([[-1.],
           [ 1.]])
    """
    del momentum
    _check_channels(
        "batch_norm", x, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias
    )
    _check_running("batch_norm", running_mean, running_var)
    eps = _epsilon("batch_norm", eps, training)
    if training:
        return _scaled(batch_statistics("batch_norm", x, eps)[0], weight, bias, _per_channel(x))
    if running_mean is None or running_var is None:
        raise complaint("batch_norm", "expected running_mean and running_var outside training, got None")
    xp, shape = array_namespace(x, running_mean, running_var), _per_channel(x)
    scale = 1 / xp.sqrt(running_var + eps)
    scale = scale if weight is None else scale * weight
    shift = -running_mean * scale if bias is None else bias - running_mean * scale
    return _scaled(x, scale, shift, shape)


def _epsilon(where: str, eps: Any, training: bool) -> float:
    """What is added to a variance, a number; 0 only outside training, less than 0 never."""
    eps = number(where, "eps", eps)
    if eps < 0 or (training and not eps):
        raise complaint(where, f"expected eps to be {'more than' if training else 'at least'} 0, got {eps}")
    return eps


def batch_statistics(where: str, x: Array, eps: float) -> tuple[Array, Array, Array, Array]:
    """``standardize`` over all axes but the channels'."""
    check_floating(where, x)
    eps, axes = _epsilon(where, eps, True), (0, *range(2, x.ndim))
    count = 1
    for axis in axes:
        count *= x.shape[axis]
    if count == 1:
        raise complaint(
            where, f"expected more than 1 value per channel when training, got input {tuple(x.shape)}"
        )
    return standardize(x, axes=axes, eps=eps) if x.size else _of_nothing(x)


def _of_nothing(x: Array) -> tuple[Array, Array, Array, Array]:
    """What ``standardize`` gives of an empty array, whose mean is none."""
    none = array_namespace(x).zeros(_per_channel(x), dtype=x.dtype, device=x.device)
    return x, none, none, none


def instance_norm(
    x: Array,
    running_mean: Array | None = None,
    running_var: Array | None = None,
    weight: Array | None = None,
    bias: Array | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Array:
    """Normalise each channel of each example over its positions. Ulyanov et al., 2016, arXiv:1607.08022.

    Parameters
    ----------
    x
        Shape ``(N, C, *)``.
    running_mean, running_var, weight, bias
        Shape ``(C,)``, or None.
    use_input_stats
        Whether to use the statistics of the input; else the running ones.
    momentum
        Without effect here, as nothing is updated; in PyTorch's place.
    eps
        Added to the variance.

    Examples
    --------
    >>> import numpy as np
    >>> instance_norm(np.asarray([[[1.0, 3.0], [5.0, 5.0]]]), eps=0.5)
    array([[[-0.81649658,  0.81649658],
            [ 0.        ,  0.        ]]])
    """
    _check_channels(
        "instance_norm", x, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias
    )
    _check_running("instance_norm", running_mean, running_var)
    if not use_input_stats:
        return batch_norm(x, running_mean, running_var, weight, bias, False, momentum, eps)
    eps = number("instance_norm", "eps", eps)
    return _scaled(instance_statistics(x, eps)[0], weight, bias, _per_channel(x))


def instance_statistics(x: Array, eps: float) -> tuple[Array, Array, Array, Array]:
    """``standardize`` over the positions of each channel of each example."""
    check_floating("instance_norm", x)
    axes = tuple(range(2, x.ndim))
    count = 1
    for axis in axes:
        count *= x.shape[axis]
    if count == 1:
        raise complaint(
            "instance_norm", f"expected more than 1 spatial element when training, got input {tuple(x.shape)}"
        )
    return standardize(x, axes=axes, eps=eps) if x.size else _of_nothing(x)


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
    _check_channels(where, x, weight=weight, bias=bias)
    eps, num_groups = number(where, "eps", eps), whole(where, "num_groups", num_groups, 1)
    if x.shape[1] % num_groups:
        raise complaint(
            "group_norm", f"expected num_groups to divide {x.shape[1]} channels, got {num_groups}"
        )
    xp = array_namespace(x, weight, bias)
    size = x.shape[1] // num_groups
    for n in x.shape[2:]:
        size *= n
    if x.shape[0] * size == 1:
        raise complaint(where, f"expected more than 1 value per group, got input {tuple(x.shape)}")
    grouped = _standardized(xp.reshape(x, (x.shape[0], num_groups, size)), (2,), eps)
    return _scaled(xp.reshape(grouped, x.shape), weight, bias, _per_channel(x))


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
    _check_shape(where, x, shape, **arrays)
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
    return _scaled(_standardized(x, axes, eps), weight, bias, tuple(x.shape[axes[0] :]))


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
    return _scaled(out, weight, None, tuple(x.shape[axes[0] :]))


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
