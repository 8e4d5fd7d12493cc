"""Losses on class scores: cross-entropy and the negative log-likelihood.

The hot case, class indices, is one primitive from scores to loss: it keeps the log-softmax, and its pullback is
the softmax less one at the target; second derivatives take the log-softmax anew, as a function of the scores.
Everything else is put together from the log-softmax.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..autodiff import array_namespace, primitive
from ..autodiff.primitive import Left
from ..autodiff.scatter import index_add
from ..backend import Array
from ..functional._errors import complaint, not_arrays
from ..functional._softmax import log_softmax
from ._elementwise import check_arrays, check_reduction
from ._targets import at_target, by_class, check_scores, check_weight, class_axis, indices, row_scale, scaled

__all__ = ["cross_entropy", "nll_loss"]


class Kept(Left):
    """What the forward leaves for the pullback of a first derivative.

    The log-softmax and the row scale; or, where a backend makes of the forward what it needs for the way back,
    ``slope``, which takes the cotangent to that of the scores.
    """

    __slots__ = ("logp", "scale", "slope")

    logp: Array
    scale: Array
    slope: Callable[[Array], Array] | None

    def __init__(self) -> None:
        self.slope = None


@primitive("cross_entropy", params=("reduction", "ignore_index", "kept"))
def _cross_entropy(
    xp: Any,
    scores: Array,
    target: Array,
    weight: Array | None,
    *,
    reduction: str,
    ignore_index: int,
    kept: Kept,
) -> Array:
    check_scores(xp, "cross_entropy", scores, target, weight, reduction)
    kept.slope = None  # of a forward before, where a compiled step has made another
    kept.scale = row_scale(xp, "cross_entropy", scores, target, weight, reduction, ignore_index)
    index, axis = at_target(xp, scores, target)
    shifted = scores - xp.max(scores, axis=axis, keepdims=True)
    kept.logp = shifted - xp.log(xp.sum(xp.exp(shifted), axis=axis, keepdims=True))
    losses = -xp.squeeze(xp.take_along_axis(kept.logp, index, axis=axis), axis=axis)
    return scaled(xp, losses, kept.scale, reduction)


@primitive("cross_entropy_slope")
def _slope(xp: Any, logp: Array, target: Array, factor: Array) -> Array:
    """(softmax - one hot target) times a factor for all, or one for each row."""
    axis = class_axis(logp)
    return (xp.exp(logp) - _one_hot(xp, logp, target)) * _with_class_axis(xp, factor, axis)


def _one_hot(xp: Any, logp: Array, target: Array) -> Array:
    axis = class_axis(logp)
    classes = xp.arange(logp.shape[axis], dtype=target.dtype, device=logp.device)
    classes = xp.reshape(classes, (-1,) + (1,) * (logp.ndim - axis - 1))
    return xp.astype(xp.expand_dims(target, axis=axis) == classes, logp.dtype)


def _with_class_axis(xp: Any, factor: Array, axis: int) -> Array:
    return xp.expand_dims(factor, axis=axis) if factor.ndim else factor


def _slope_by_factor(xp: Any, g: Array, _out: Any, logp: Array, target: Array, factor_like: Any) -> Array:
    product = g * (xp.exp(logp) - _one_hot(xp, logp, target))
    return xp.sum(product, axis=class_axis(logp)) if factor_like.ndim else xp.sum(product)


_slope.defpullback(
    lambda xp, g, _out, logp, _target, factor: (
        g * xp.exp(logp) * _with_class_axis(xp, factor, class_axis(logp))
    ),
    None,
    _slope_by_factor,
)


def _cross_entropy_pullback(
    xp: Any,
    g: Array,
    _out: Any,
    scores: Array,
    target: Array,
    weight: Array | None,
    *,
    reduction: str,
    ignore_index: int,
    kept: Kept,
) -> Array:
    if not getattr(type(g), "__nnx_traced__", False):
        if kept.slope is not None:
            return kept.slope(g)
        return _slope(kept.logp, target, g * kept.scale)
    scale = row_scale(xp, "cross_entropy", scores, target, weight, reduction, ignore_index)
    return _slope(log_softmax(scores, class_axis(scores)), target, g * scale)


def _by_weight(
    xp: Any,
    g: Array,
    out: Array,
    scores: Array,
    target: Array,
    weight: Array,
    *,
    reduction: str,
    ignore_index: int,
    kept: Kept,
) -> Array:
    """For each class the losses of its rows; less the mean, where the weights divide it."""
    del kept
    index, axis = at_target(xp, scores, target)
    losses = -xp.squeeze(xp.take_along_axis(log_softmax(scores, axis), index, axis=axis), axis=axis)
    if reduction == "mean":
        scale = row_scale(xp, "cross_entropy", scores, target, weight, "sum", ignore_index)
        g, losses = g / xp.sum(scale), losses - out
    rows = xp.where(target == ignore_index, 0.0, g * losses)
    return index_add(xp, weight.shape, 0, xp.reshape(index, (-1,)), xp.reshape(rows, (-1,)))


_cross_entropy.defpullback(_cross_entropy_pullback, None, _by_weight)


def cross_entropy(
    input: Array,
    target: Array,
    weight: Array | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Array:
    r"""The cross-entropy of softmax scores: :math:`-\sum_c t_c\, w_c \log \mathrm{softmax}(x)_c`.

    Parameters
    ----------
    input
        Scores (logits), shape ``(C,)``, ``(N, C)`` or ``(N, C, d1, ...)``.
    target
        Class indices, integers of shape ``()``, ``(N,)`` or ``(N, d1, ...)``; or probabilities, floating point
        of the shape of ``input``.
    weight
        A factor for each class, shape ``(C,)``.
    ignore_index
        Targets with this value count neither in the loss nor in its mean; for class indices only.
    reduction
        ``"mean"`` (weighted, for class indices), ``"sum"`` or ``"none"``.
    label_smoothing
        How much of each target, from 0 to 1, is spread evenly over all classes.

    Raises
    ------
    IndexError
        Where a target names no class.

    Examples
    --------
    >>> import numpy as np
    >>> scores = np.asarray([[1000.0, 0.0], [0.0, 0.0]])
    >>> cross_entropy(scores, np.asarray([1, 0]), reduction="none").round(4)
    array([1.000e+03, 6.931e-01])
    """
    try:
        alike = input.dtype == target.dtype or input.shape == target.shape != ()
    except AttributeError:
        raise not_arrays("cross_entropy", input=input, target=target) from None
    if alike:  # what cannot be class indices
        if ignore_index >= 0:
            raise complaint(
                "cross_entropy", f"expected no ignore_index beside probabilities, got {ignore_index}"
            )
        return _with_probabilities(input, target, weight, reduction, label_smoothing)
    target = indices(target)
    if label_smoothing:
        return _smoothed(input, target, weight, ignore_index, reduction, label_smoothing)
    return _cross_entropy(input, target, weight, reduction=reduction, ignore_index=ignore_index, kept=Kept())


def _reduced(xp: Any, losses: Array, reduction: str, total: Any) -> Array:
    if reduction == "none":
        return losses
    if reduction == "sum":
        return xp.sum(losses)
    return xp.sum(losses) / total if bool(total != 0) else xp.sum(losses) + float("nan")


def _with_probabilities(
    input: Array, target: Array, weight: Array | None, reduction: str, smoothing: float
) -> Array:
    name = "cross_entropy"
    check_reduction(name, reduction)
    xp = array_namespace(input, target)
    if not all(xp.isdtype(x.dtype, "real floating") for x in (input, target)):
        got = f"{input.dtype} and {target.dtype}"
        raise complaint(name, f"expected floating-point scores and probabilities, got {got}", TypeError)
    if target.shape != input.shape or not input.shape:
        raise complaint(
            name, f"expected probabilities of the scores' shape {input.shape}, got {target.shape}"
        )
    if not 0.0 <= smoothing <= 1.0:
        raise complaint(name, f"expected label_smoothing between 0 and 1, got {smoothing}")
    check_weight(name, input, weight)
    axis = class_axis(input)
    if smoothing:
        target = target * (1.0 - smoothing) + smoothing / input.shape[axis]
    if weight is not None:
        target = target * by_class(xp, weight, input)
    losses = -xp.sum(log_softmax(input, axis) * target, axis=axis)
    return _reduced(xp, losses, reduction, losses.size)


def _smoothed(
    input: Array, target: Array, weight: Array | None, ignore_index: int, reduction: str, smoothing: float
) -> Array:
    """(1 - smoothing) of the loss at the target, and the rest of the mean over all classes."""
    xp = array_namespace(input, target)
    check_scores(xp, "cross_entropy", input, target, weight, reduction, smoothing)
    axis, classes = class_axis(input), input.shape[class_axis(input)]
    logp = log_softmax(input, axis)
    scale = row_scale(xp, "cross_entropy", input, target, weight, "sum", ignore_index)
    index, _ = at_target(xp, input, target)
    picked = xp.squeeze(xp.take_along_axis(logp, index, axis=axis), axis=axis)
    everywhere = xp.sum(logp if weight is None else logp * by_class(xp, weight, logp), axis=axis)
    alike = bool(target.ndim) and not scale.ndim
    spread = everywhere if alike else xp.where(target == ignore_index, 0.0, everywhere)
    picked = picked if alike else xp.where(target == ignore_index, 0.0, picked)
    losses = -((1.0 - smoothing) * scale * picked + smoothing / classes * spread)
    return _reduced(xp, losses, reduction, losses.size if alike else xp.sum(scale))


def nll_loss(
    input: Array,
    target: Array,
    weight: Array | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Array:
    r"""The negative log-likelihood :math:`-w_t\, x_t` of class indices under log-probabilities ``input``.

    Parameters
    ----------
    input
        Log-probabilities, shape ``(C,)``, ``(N, C)`` or ``(N, C, d1, ...)``.
    target, weight, ignore_index, reduction
        As for :func:`cross_entropy` with class indices.

    Examples
    --------
    >>> import numpy as np
    >>> float(nll_loss(np.log(np.asarray([[0.25, 0.75]])), np.asarray([1])).round(4))
    0.2877
    """
    check_arrays("nll_loss", input=input, target=target)
    xp, target = array_namespace(input, target), indices(target)
    check_scores(xp, "nll_loss", input, target, weight, reduction)
    scale = row_scale(xp, "nll_loss", input, target, weight, reduction, ignore_index)
    index, axis = at_target(xp, input, target)
    losses = -xp.squeeze(xp.take_along_axis(input, index, axis=axis), axis=axis)
    return scaled(xp, losses, scale, reduction)
