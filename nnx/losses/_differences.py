"""Losses of the difference between input and target."""

from __future__ import annotations

import math
import warnings
from typing import Any

from ..autodiff import array_namespace
from ..backend import Array
from ..functional._errors import complaint
from ._elementwise import elementwise_loss, together

__all__ = ["half_squared_error", "huber_loss", "l1_loss", "mse_loss", "smooth_l1_loss"]

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


def _smooth_l1_slope(xp: Any, x: Array, target: Array, beta: float) -> Array:
    z = x - target
    return xp.where(xp.abs(z) < beta, z / beta, xp.sign(z))


def _smooth_l1(xp: Any, x: Array, target: Array, beta: float) -> Array:
    z = xp.abs(x - target)
    return xp.where(z < beta, 0.5 / beta * z * z, z - 0.5 * beta)


_smooth_l1_loss = elementwise_loss(
    "smooth_l1_loss", _smooth_l1, _smooth_l1_slope, lambda *args: -_smooth_l1_slope(*args)
)
_huber_loss = elementwise_loss(
    "huber_loss",
    lambda xp, x, target, delta: delta * _smooth_l1(xp, x, target, delta),
    lambda xp, x, target, delta: delta * _smooth_l1_slope(xp, x, target, delta),
    lambda xp, x, target, delta: -delta * _smooth_l1_slope(xp, x, target, delta),
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


def smooth_l1_loss(input: Array, target: Array, reduction: str = "mean", beta: float = 1.0) -> Array:
    r"""The absolute error less :math:`\beta / 2`, and below :math:`\beta` the square :math:`(x - t)^2 / 2 \beta`.

    Girshick, ICCV 2015.

    Parameters
    ----------
    input, target, reduction
        As for :func:`mse_loss`.
    beta
        Where the square ends, at least 0; with 0 this is :func:`l1_loss`.

    Examples
    --------
    >>> import numpy as np
    >>> smooth_l1_loss(np.asarray([0.5, 2.0]), np.asarray([0.0, 0.0]), reduction="none")
    array([0.125, 1.5  ])
    """
    name = "smooth_l1_loss"
    if beta < 0:
        raise complaint(name, f"expected beta to be at least 0, got {beta}")
    if beta == 0:
        return _of_differences(name, _l1_loss, input, target, reduction, None)
    return _of_differences(name, _smooth_l1_loss, input, target, reduction, None, float(beta))


def huber_loss(
    input: Array, target: Array, reduction: str = "mean", delta: float = 1.0, weight: Array | None = None
) -> Array:
    r"""The halved square up to :math:`\delta`, and :math:`\delta\,(|x - t| - \delta / 2)` from there on.

    Huber, Annals of Mathematical Statistics 1964.

    Parameters
    ----------
    input, target, reduction
        As for :func:`mse_loss`.
    delta
        Where the square ends, more than 0.
    weight
        A factor for each element; unlike that of :func:`mse_loss` the mean is over all elements regardless.

    Examples
    --------
    >>> import numpy as np
    >>> huber_loss(np.asarray([0.5, 4.0]), np.asarray([0.0, 0.0]), reduction="none", delta=2.0)
    array([0.125, 6.   ])
    """
    name = "huber_loss"
    if delta <= 0:
        raise complaint(name, f"expected delta to be more than 0, got {delta}")
    return _of_differences(name, _huber_loss, input, target, reduction, weight, float(delta))


def _of_differences(
    name: str,
    loss: Any,
    input: Array,
    target: Array,
    reduction: str,
    weight: Array | None,
    constant: float | None = None,
) -> Array:
    x, t = together(name, reduction, input=input, target=target)
    if target.shape != input.shape:
        warnings.warn(
            f"{name}: the target's shape {target.shape} differs from the input's {input.shape}; they are "
            "broadcast, which is seldom what is meant",
            stacklevel=3,
        )
    if weight is None:
        return loss(x, t, None, constant, reduction=reduction)
    if weight.shape != input.shape:
        raise complaint(name, f"expected a weight of the input's shape {input.shape}, got {weight.shape}")
    if reduction != "mean" or name == "huber_loss":
        return loss(x, t, weight, constant, reduction=reduction)
    total = loss(x, t, weight, constant, reduction="sum")
    count = array_namespace(total, weight).sum(weight)
    return total / count if bool(count != 0) or bool(total != 0) else total * math.nan
