"""Losses of two classes: the cross-entropy of probabilities and of scores."""

from __future__ import annotations

from typing import Any

from ..autodiff import array_namespace
from ..backend import Array
from ..functional._errors import complaint
from ..functional._smooth import sigmoid, softplus
from ._elementwise import check_arrays, check_reduction, elementwise_loss, softplus_of_minus

__all__ = ["binary_cross_entropy", "binary_cross_entropy_with_logits", "with_logits"]

STEEPEST = (
    9.999999960041972e-13  # the least p (1 - p) that a slope is divided by: 1e-12 in PyTorch's precision
)


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


_binary_cross_entropy = elementwise_loss(
    "binary_cross_entropy",
    lambda xp, x, target, _: (target - 1.0) * _log_of_rest(xp, x) - target * _log(xp, x),
    lambda xp, x, target, _: (x - target) / xp.maximum(x * (1.0 - x), STEEPEST),
    lambda xp, x, target, _: _log_of_rest(xp, x) - _log(xp, x),
)
with_logits = elementwise_loss(
    "binary_cross_entropy_with_logits",
    lambda xp, x, target, pos: (1.0 - target) * x + _logits_weight(target, pos) * softplus_of_minus(xp, x),
    lambda xp, x, target, pos: (
        sigmoid(x) - target if pos is None else (1.0 - target) - _logits_weight(target, pos) * sigmoid(-x)
    ),
    _logits_target_slope,
    lambda xp, x, target, _: target * softplus_of_minus(xp, x),
)


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
    _check_pair(name, input, target, reduction, weight=weight)
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
        A factor :math:`w_+` for positive targets, of a shape that broadcasts.

    Examples
    --------
    >>> import numpy as np
    >>> binary_cross_entropy_with_logits(np.asarray([-800.0, 800.0]), np.asarray([1.0, 1.0]), reduction="none")
    array([800.,   0.])
    """
    name = "binary_cross_entropy_with_logits"
    _check_pair(name, input, target, reduction, weight=weight, pos_weight=pos_weight)
    check_arrays(name, target=target)
    return with_logits(input, target, weight, pos_weight, reduction=reduction)


def _check_pair(name: str, input: Array, target: Array, reduction: str, **factors: Array | None) -> None:
    check_reduction(name, reduction)
    check_arrays(name, input=input, target=target)
    shape = tuple(input.shape)
    if target.shape != input.shape:
        raise complaint(name, f"expected a target of the input's shape {shape}, got {tuple(target.shape)}")
    for what, factor in factors.items():
        if factor is None or tuple(factor.shape) == shape:
            continue
        given = tuple(factor.shape)
        if len(given) > len(shape) or any(
            n not in (1, m) for n, m in zip(given[::-1], shape[::-1], strict=False)
        ):
            raise complaint(name, f"expected a {what} that broadcasts to shape {shape}, got {given}")
