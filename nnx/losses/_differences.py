"""Losses of the difference between input and target."""

from __future__ import annotations

import warnings
from typing import Any

from ..autodiff import array_namespace
from ..backend import Array
from ..functional._errors import complaint, not_arrays
from ._elementwise import check_reduction, elementwise_loss

__all__ = ["half_squared_error", "l1_loss", "mse_loss"]

_mse_loss = elementwise_loss(
    "mse_loss",
    lambda xp, x, target, _: xp.square(x - target),
    lambda xp, x, target, _: 2.0 * (x - target),
    lambda xp, x, target, _: 2.0 * (target - x),
)
_half_squared_error = elementwise_loss(
    "half_squared_error",
    lambda xp, x, target, _: 0.5 * xp.square(x - target),
    lambda xp, x, target, _: x - target,
    lambda xp, x, target, _: target - x,
)
_l1_loss = elementwise_loss(
    "l1_loss",
    lambda xp, x, target, _: xp.abs(x - target),
    lambda xp, x, target, _: xp.sign(x - target),
    lambda xp, x, target, _: xp.sign(target - x),
)


def mse_loss(input: Array, target: Array, reduction: str = "mean", weight: Array | None = None) -> Array:
    r"""The squared error :math:`(x - t)^2`, averaged or summed over all elements.

    Parameters
    ----------
    input, target
        Arrays of one shape; other shapes that broadcast are taken with a warning, for they are seldom meant.
    reduction
        ``"mean"``, ``"sum"``, or ``"none"`` for all elements.
    weight
        A factor for each element; the mean is then divided by the sum of the weights.

    Examples
    --------
    >>> import numpy as np
    >>> float(mse_loss(np.asarray([1.0, 2.0]), np.asarray([0.0, 4.0])))
    2.5
    """
    return _of_differences("mse_loss", _mse_loss, input, target, reduction, weight)


def half_squared_error(input: Array, target: Array, reduction: str = "sum") -> Array:
    r"""The halved squared error :math:`\sum \tfrac12 (t - x)^2`, whose gradient is :math:`x - t`.

    Parameters
    ----------
    input, target
        Arrays of one shape.
    reduction
        ``"sum"``, as textbooks have it, ``"mean"``, or ``"none"``.

    Examples
    --------
    >>> import numpy as np
    >>> float(half_squared_error(np.asarray([1.0, 2.0]), np.asarray([0.0, 4.0])))
    2.5
    """
    return _of_differences("half_squared_error", _half_squared_error, input, target, reduction, None)


def l1_loss(input: Array, target: Array, reduction: str = "mean", weight: Array | None = None) -> Array:
    r"""The absolute error :math:`|x - t|`, averaged or summed; its slope where they are equal is 0.

    Parameters
    ----------
    input, target, reduction, weight
        As for :func:`mse_loss`.

    Examples
    --------
    >>> import numpy as np
    >>> float(l1_loss(np.asarray([1.0, 2.0]), np.asarray([0.0, 4.0])))
    1.5
    """
    return _of_differences("l1_loss", _l1_loss, input, target, reduction, weight)


def _of_differences(
    name: str, loss: Any, input: Array, target: Array, reduction: str, weight: Array | None
) -> Array:
    check_reduction(name, reduction)
    if not (hasattr(input, "dtype") and hasattr(target, "dtype")):
        raise not_arrays(name, input=input, target=target)
    shape = input.shape
    if target.shape != shape:
        warnings.warn(
            f"{name}: the target's shape {target.shape} differs from the input's {shape}; they are broadcast, "
            "which is seldom what is meant",
            stacklevel=3,
        )
        input, target = array_namespace(input, target).broadcast_arrays(input, target)
    if target.dtype != input.dtype:
        target = _as_floating(target, input)
    if weight is None:
        return loss(input, target, None, None, reduction=reduction)
    if weight.shape != shape:
        raise complaint(name, f"expected a weight of the input's shape {shape}, got {weight.shape}")
    if reduction != "mean":
        return loss(input, target, weight, None, reduction=reduction)
    total = loss(input, target, weight, None, reduction="sum")
    return total / array_namespace(total, weight).sum(weight)


def _as_floating(target: Array, input: Array) -> Array:
    xp = array_namespace(input, target)
    return xp.astype(target, input.dtype) if xp.isdtype(target.dtype, ("integral", "bool")) else target
