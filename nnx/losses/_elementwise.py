"""Losses that compare an input with a target element by element.

Each is one row of mathematics, a value and its two slopes; weighting and reduction are the same for all and are
fused with it, forwards and backwards, in one primitive a loss.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from ..autodiff import array_namespace, joint, primitive
from ..backend import Array
from ..functional._errors import complaint
from ..functional._smooth import sigmoid, softplus

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "half_squared_error",
    "l1_loss",
    "mse_loss",
]

Term = Callable[..., Array]

STEEPEST = (
    9.999999960041972e-13  # the least p (1 - p) that a slope is divided by: 1e-12 in PyTorch's precision
)


def check_reduction(name: str, reduction: str) -> None:
    """Raise unless ``reduction`` is one that PyTorch knows."""
    if reduction not in ("mean", "sum", "none"):
        raise complaint(name, f'expected a reduction of "mean", "sum" or "none", got {reduction!r}')


def reduce(xp: Any, loss: Array, reduction: str) -> Array:
    """The mean, the sum or all of the elements; the mean of nothing is NaN."""
    if reduction == "none":
        return loss
    if reduction == "sum":
        return xp.sum(loss)
    return xp.mean(loss) if loss.size else xp.sum(loss) * float("nan")


def elementwise_loss(name: str, value: Term, slope: Term, target_slope: Term) -> Any:
    """The fused primitive ``(x, target, weight, constant, reduction)`` of a loss given as a term and its slopes.

    Each term is called as ``(xp, x, target, constant)``; the constant is what ``pos_weight`` needs.
    """

    @primitive(name, params=("reduction",))
    def loss(
        xp: Any, x: Array, target: Array, weight: Array | None, constant: Array | None, *, reduction: str
    ) -> Array:
        each = value(xp, x, target, constant)
        return reduce(xp, each if weight is None else each * weight, reduction)

    def pullback(
        xp: Any,
        g: Array,
        _out: Any,
        x: Array,
        target: Array,
        weight: Array | None,
        constant: Array | None,
        *,
        needed: tuple[bool, ...],
        reduction: str,
    ) -> tuple[Array | None, ...]:
        if reduction == "mean":
            g = g / max(x.size, 1)
        scaled = g if weight is None else g * weight
        return (
            scaled * slope(xp, x, target, constant) if needed[0] else None,
            scaled * target_slope(xp, x, target, constant) if needed[1] else None,
            g * value(xp, x, target, constant) if needed[2] else None,
            None,
        )

    return loss.defpullback(joint(pullback))


def _log(xp: Any, p: Array) -> Array:
    """The logarithm of a probability, at least -100; that of 0 is never asked for."""
    return xp.maximum(xp.log(xp.where(p == 0, 1e-44, p)), -100.0)


def _log_of_rest(xp: Any, p: Array) -> Array:
    """The logarithm of ``1 - p``, at least -100."""
    certain = p == 1
    return xp.where(certain, -100.0, xp.log1p(-xp.where(certain, 0.0, p)))


def _logits_weight(target: Array, pos_weight: Array | None) -> Array | float:
    return 1.0 if pos_weight is None else 1.0 + (pos_weight - 1.0) * target


def _logits_target_slope(xp: Any, x: Array, _target: Array, pos_weight: Array | None) -> Array:
    return -x if pos_weight is None else (pos_weight - 1.0) * softplus(-x, threshold=float("inf")) - x


def _softplus_of_minus(xp: Any, x: Array) -> Array:
    return xp.maximum(-x, 0.0) + xp.log1p(xp.exp(-xp.abs(x)))


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
_binary_cross_entropy = elementwise_loss(
    "binary_cross_entropy",
    lambda xp, x, target, _: (target - 1.0) * _log_of_rest(xp, x) - target * _log(xp, x),
    lambda xp, x, target, _: (x - target) / xp.maximum(x * (1.0 - x), STEEPEST),
    lambda xp, x, target, _: _log_of_rest(xp, x) - _log(xp, x),
)
_with_logits = elementwise_loss(
    "binary_cross_entropy_with_logits",
    lambda xp, x, target, pos: (1.0 - target) * x + _logits_weight(target, pos) * _softplus_of_minus(xp, x),
    lambda xp, x, target, pos: (
        sigmoid(x) - target if pos is None else (1.0 - target) - _logits_weight(target, pos) * sigmoid(-x)
    ),
    _logits_target_slope,
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


def binary_cross_entropy(
    input: Array, target: Array, weight: Array | None = None, reduction: str = "mean"
) -> Array:
    r"""The cross-entropy of probabilities, :math:`-[t \log p + (1 - t) \log(1 - p)]`.

    Logarithms are taken to be at least -100, so a probability of exactly 0 or 1 gives a finite loss and gradient.
    Where the probabilities come from a sigmoid, :func:`binary_cross_entropy_with_logits` is more exact.

    Parameters
    ----------
    input
        Probabilities, in ``[0, 1]``.
    target
        The wanted probabilities, of the shape and dtype of ``input``.
    weight
        A factor for each element, of a shape that broadcasts; the mean is over all elements regardless.
    reduction
        ``"mean"``, ``"sum"`` or ``"none"``.

    Examples
    --------
    >>> import numpy as np
    >>> float(binary_cross_entropy(np.asarray([0.0, 1.0]), np.asarray([0.0, 0.0])))
    50.0
    """
    name = "binary_cross_entropy"
    _check_pair(name, input, target, reduction)
    if input.dtype != target.dtype:
        raise complaint(
            name, f"expected a target of the input's dtype {input.dtype}, got {target.dtype}", TypeError
        )
    xp = array_namespace(input)
    if not bool(xp.all(xp.logical_and(input >= 0, input <= 1))):
        raise complaint(name, "expected probabilities between 0 and 1")
    return _binary_cross_entropy(input, target, weight, None, reduction=reduction)


def binary_cross_entropy_with_logits(
    input: Array,
    target: Array,
    weight: Array | None = None,
    reduction: str = "mean",
    pos_weight: Array | None = None,
) -> Array:
    r"""The cross-entropy of :math:`\sigma(x)`, taken of :math:`x` itself: exact however large it is.

    .. math:: w\,[(1 - t)\, x + (1 + (w_+ - 1)\, t)\, \log(1 + e^{-x})]

    Parameters
    ----------
    input
        Any real numbers.
    target
        The wanted probabilities, of the shape of ``input``.
    weight
        A factor :math:`w` for each element, of a shape that broadcasts.
    reduction
        ``"mean"``, ``"sum"`` or ``"none"``.
    pos_weight
        A factor :math:`w_+` for positive targets, of a shape that broadcasts; a constant, without a gradient.

    Examples
    --------
    >>> import numpy as np
    >>> binary_cross_entropy_with_logits(np.asarray([-800.0, 800.0]), np.asarray([1.0, 1.0]), reduction="none")
    array([800.,   0.])
    """
    name = "binary_cross_entropy_with_logits"
    _check_pair(name, input, target, reduction)
    _check_floating(name, target)
    return _with_logits(input, target, weight, pos_weight, reduction=reduction)


def _of_differences(
    name: str, loss: Any, input: Array, target: Array, reduction: str, weight: Array | None
) -> Array:
    check_reduction(name, reduction)
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


def _check_pair(name: str, input: Array, target: Array, reduction: str) -> None:
    check_reduction(name, reduction)
    if target.shape != input.shape:
        raise complaint(name, f"expected a target of the input's shape {input.shape}, got {target.shape}")


def _check_floating(name: str, target: Array) -> None:
    if array_namespace(target).isdtype(target.dtype, ("integral", "bool")):
        raise complaint(name, f"expected a floating-point target, got {target.dtype}; convert it", TypeError)
