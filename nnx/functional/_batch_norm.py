"""Normalisation of each channel, over the batch or in each example: batch norm and instance norm."""

from __future__ import annotations

from typing import Any

from ..autodiff import array_namespace
from ..backend import Array
from ._arguments import check_floating, number
from ._errors import complaint
from ._standardize import (
    check_channels,
    per_channel,
    scaled,
    shaped,
    standardize,
)

__all__ = [
    "batch_norm",
    "batch_statistics",
    "instance_norm",
    "instance_statistics",
]


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
    if training or not _plainly_right(eps, x, running_mean, running_var, weight, bias):
        check_channels(
            "batch_norm", x, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias
        )
        _check_running("batch_norm", running_mean, running_var)
        eps = _epsilon("batch_norm", eps, training)
    if training:
        return batch_statistics("batch_norm", x, eps, weight, bias)[0]
    if running_mean is None or running_var is None:
        raise complaint("batch_norm", "expected running_mean and running_var outside training, got None")
    scale = (1 if weight is None else weight) / array_namespace(running_var, x).sqrt(running_var + eps)
    shift = -running_mean * scale if bias is None else bias - running_mean * scale
    if x.ndim > 2:
        channel = (slice(None), *(None,) * (x.ndim - 2))
        scale, shift = scale[channel], shift[channel]
    return scaled(x, scale, shift)


def _plainly_right(eps: Any, x: Array, mean: Array | None, *others: Array | None) -> bool:
    """Whether these have NumPy's dtypes, and all is so plainly right that nothing needs a closer look."""
    if mean is None or type(eps) is not float or eps < 0:
        return False
    try:
        dtype, shape = x.dtype, x.shape[1:2]
        if dtype.kind != "f" or not shape or mean.dtype is not dtype or mean.shape != shape:
            return False
        for v in others:
            if v is not None and (v.dtype is not dtype or v.shape != shape):
                return False
    except AttributeError:
        return False
    return others[0] is not None


def _epsilon(where: str, eps: Any, training: bool) -> float:
    """What is added to a variance, a number; 0 only outside training, less than 0 never."""
    eps = number(where, "eps", eps)
    if eps < 0 or (training and not eps):
        raise complaint(where, f"expected eps to be {'more than' if training else 'at least'} 0, got {eps}")
    return eps


def batch_statistics(
    where: str, x: Array, eps: float, weight: Array | None, bias: Array | None
) -> tuple[Array, Array, Array, Array]:
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
    return _standardized(x, axes, eps, weight, bias)


def _standardized(
    x: Array, axes: tuple[int, ...], eps: float, weight: Array | None, bias: Array | None
) -> tuple[Array, Array, Array, Array]:
    """``standardize`` with a weight and a bias for each channel; an empty array has no mean."""
    shape = per_channel(x)
    weight, bias = shaped(weight, shape), shaped(bias, shape)
    if x.size:
        return standardize(x, weight, bias, axes=axes, eps=eps)
    none = array_namespace(x).zeros(shape, dtype=x.dtype, device=x.device)
    return scaled(x, weight, bias), none, none, none


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
    check_channels(
        "instance_norm", x, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias
    )
    _check_running("instance_norm", running_mean, running_var)
    if not use_input_stats:
        return batch_norm(x, running_mean, running_var, weight, bias, False, momentum, eps)
    eps = number("instance_norm", "eps", eps)
    return instance_statistics(x, eps, weight, bias)[0]


def instance_statistics(
    x: Array, eps: float, weight: Array | None, bias: Array | None
) -> tuple[Array, Array, Array, Array]:
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
    return _standardized(x, axes, eps, weight, bias)
