"""Losses on class scores: cross-entropy and the negative log-likelihood.

The hot case, class indices, is one primitive from scores to loss: it keeps the log-softmax, and its pullback is
the softmax less one at the target. Everything else is put together from the log-softmax.
"""

from __future__ import annotations

from typing import Any

from ..autodiff import array_namespace, primitive
from ..backend import Array
from ..functional._errors import complaint
from ..functional._softmax import log_softmax
from ._elementwise import check_reduction

__all__ = ["cross_entropy", "nll_loss"]


def row_scale(
    xp: Any, name: str, scores: Array, target: Array, weight: Array | None, reduction: str, ignore: int
) -> Array:
    """By what each row's loss is multiplied: one factor for all (0-d), or an array of the target's shape."""
    valid = check_target(xp, name, scores, target, ignore)
    shape = () if weight is None and valid is None else target.shape
    scale = xp.ones(shape, dtype=scores.dtype, device=scores.device)
    if weight is not None:
        safe = target if valid is None else xp.where(valid, target, 0)
        scale = xp.reshape(xp.take(weight, xp.reshape(safe, (-1,)), axis=0), shape)
    if valid is not None:
        scale = xp.where(valid, scale, 0)
    if reduction != "mean":
        return scale
    total = xp.sum(scale) if shape else float(target.size)
    if not target.size or (shape and not bool(total != 0)):
        return scale * float("nan")
    return scale / total


def check_target(xp: Any, name: str, scores: Array, target: Array, ignore: int) -> Array | None:
    """Which targets are not to be ignored, None if all count; raises for those that name no class."""
    classes = scores.shape[_class_axis(scores)]
    outside = xp.logical_or(target < 0, target >= classes)
    if not target.size or not bool(xp.any(outside)):
        if not 0 <= ignore < classes:
            return None
        valid = target != ignore
        return None if bool(xp.all(valid)) else valid
    valid = target != ignore
    wrong = xp.logical_and(outside, valid)
    if bool(xp.any(wrong)):
        worst = int(xp.max(xp.where(wrong, target, xp.min(target))))
        worst = worst if worst >= classes else int(xp.min(xp.where(wrong, target, xp.max(target))))
        raise complaint(
            name,
            f"expected targets from 0 to {classes - 1} (or ignore_index {ignore}), got {worst}",
            IndexError,
        )
    return valid


def _class_axis(scores: Array) -> int:
    return 0 if scores.ndim == 1 else 1


def _at_target(xp: Any, scores: Array, target: Array) -> tuple[Array, int]:
    """The target with a class axis of length 1, in range everywhere, and that axis."""
    axis = _class_axis(scores)
    safe = xp.clip(target, 0, scores.shape[axis] - 1)
    return xp.expand_dims(safe, axis=axis), axis


def _scaled(xp: Any, losses: Array, scale: Array, reduction: str) -> Array:
    """Losses times their scale, reduced; those that don't count are 0 even if they are infinite."""
    losses = xp.where(scale == 0, 0, losses) * scale if scale.ndim else losses * scale
    if reduction == "none":
        return losses
    return xp.sum(losses) if losses.size or reduction == "sum" else xp.sum(losses) * float("nan")


@primitive("cross_entropy", params=("reduction", "ignore_index"), outputs=True)
def _cross_entropy(
    xp: Any, scores: Array, target: Array, weight: Array | None, *, reduction: str, ignore_index: int
) -> tuple[Array, Array, Array]:
    """The loss, the log-softmax and the row scale; only the loss is for use."""
    check_scores(xp, "cross_entropy", scores, target, weight, reduction)
    scale = row_scale(xp, "cross_entropy", scores, target, weight, reduction, ignore_index)
    index, axis = _at_target(xp, scores, target)
    shifted = scores - xp.max(scores, axis=axis, keepdims=True)
    logp = shifted - xp.log(xp.sum(xp.exp(shifted), axis=axis, keepdims=True))
    losses = -xp.squeeze(xp.take_along_axis(logp, index, axis=axis), axis=axis)
    return _scaled(xp, losses, scale, reduction), logp, scale


@primitive("cross_entropy_slope")
def _slope(xp: Any, logp: Array, target: Array, factor: Array) -> Array:
    """(softmax - one hot target) times a factor for all, or one for each row."""
    axis = _class_axis(logp)
    return (xp.exp(logp) - _one_hot(xp, logp, target)) * _with_class_axis(xp, factor, axis)


def _one_hot(xp: Any, logp: Array, target: Array) -> Array:
    axis = _class_axis(logp)
    classes = xp.arange(logp.shape[axis], dtype=target.dtype, device=logp.device)
    classes = xp.reshape(classes, (-1,) + (1,) * (logp.ndim - axis - 1))
    return xp.astype(xp.expand_dims(target, axis=axis) == classes, logp.dtype)


def _with_class_axis(xp: Any, factor: Array, axis: int) -> Array:
    return xp.expand_dims(factor, axis=axis) if factor.ndim else factor


def _slope_by_factor(xp: Any, g: Array, _out: Any, logp: Array, target: Array, factor_like: Any) -> Array:
    product = g * (xp.exp(logp) - _one_hot(xp, logp, target))
    return xp.sum(product, axis=_class_axis(logp)) if factor_like.ndim else xp.sum(product)


_slope.defpullback(
    lambda xp, g, _out, logp, _target, factor: (
        g * xp.exp(logp) * _with_class_axis(xp, factor, _class_axis(logp))
    ),
    None,
    _slope_by_factor,
)


def _cross_entropy_pullback(
    xp: Any,
    g: tuple[Array | None, ...],
    out: tuple[Array, ...],
    _scores: Any,
    target: Array,
    _weight: Any,
    *,
    reduction: str,
    ignore_index: int,
) -> Array:
    of_loss, of_logp, _ = g
    _, logp, scale = out
    if of_logp is None:
        return _slope(logp, target, of_loss * scale)
    axis = _class_axis(logp)
    result = of_logp - xp.exp(logp) * xp.sum(of_logp, axis=axis, keepdims=True)
    return result if of_loss is None else result + _slope(logp, target, of_loss * scale)


_cross_entropy.defpullback(_cross_entropy_pullback, None, None)


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
    array([1.e+03, 6.931e-01])
    """
    if input.dtype == target.dtype:  # the one case that cannot be class indices
        return _with_probabilities(input, target, weight, reduction, label_smoothing)
    if label_smoothing:
        return _smoothed(input, target, weight, ignore_index, reduction, label_smoothing)
    return _cross_entropy(input, target, weight, reduction=reduction, ignore_index=ignore_index)[0]


def check_scores(
    xp: Any,
    name: str,
    input: Array,
    target: Array,
    weight: Array | None,
    reduction: str,
    smoothing: float = 0.0,
) -> None:
    """Raise where class indices, weights and scores don't belong together."""
    check_reduction(name, reduction)
    shape = input.shape
    if not shape:
        raise complaint(name, f"expected scores with a class axis, got shape {shape}")
    if not 0.0 <= smoothing <= 1.0:
        raise complaint(name, f"expected label_smoothing between 0 and 1, got {smoothing}")
    expected = (*shape[:1], *shape[2:]) if len(shape) > 1 else ()
    if target.shape != expected:
        raise complaint(
            name,
            f"expected class indices of shape {expected} for scores of shape {shape}, got {target.shape}",
        )
    if not xp.isdtype(target.dtype, "integral"):
        raise complaint(
            name, f"expected integer class indices, or probabilities of dtype {input.dtype}, got {target.dtype}",
            TypeError,
        )  # fmt: skip
    _check_weight(name, input, weight)


def _check_weight(name: str, input: Array, weight: Array | None) -> None:
    classes = input.shape[_class_axis(input)]
    if weight is not None and weight.shape != (classes,):
        raise complaint(name, f"expected a weight for each of {classes} classes, got shape {weight.shape}")


def _reduced(xp: Any, losses: Array, reduction: str, total: Any) -> Array:
    if reduction == "none":
        return losses
    return xp.sum(losses) / total if reduction == "mean" else xp.sum(losses)


def _by_class(xp: Any, weight: Array, scores: Array) -> Array:
    return xp.reshape(weight, (-1,) + (1,) * (scores.ndim - _class_axis(scores) - 1))


def _with_probabilities(
    input: Array, target: Array, weight: Array | None, reduction: str, smoothing: float
) -> Array:
    name = "cross_entropy"
    check_reduction(name, reduction)
    xp = array_namespace(input, target)
    if not xp.isdtype(target.dtype, "real floating"):
        raise complaint(name, f"expected floating-point scores, got {input.dtype}", TypeError)
    if target.shape != input.shape or not input.shape:
        raise complaint(
            name, f"expected probabilities of the scores' shape {input.shape}, got {target.shape}"
        )
    if not 0.0 <= smoothing <= 1.0:
        raise complaint(name, f"expected label_smoothing between 0 and 1, got {smoothing}")
    _check_weight(name, input, weight)
    axis = _class_axis(input)
    if smoothing:
        target = target * (1.0 - smoothing) + smoothing / input.shape[axis]
    if weight is not None:
        target = target * _by_class(xp, weight, input)
    losses = -xp.sum(log_softmax(input, axis) * target, axis=axis)
    return _reduced(xp, losses, reduction, losses.size if losses.size else float("nan"))


def _smoothed(
    input: Array, target: Array, weight: Array | None, ignore_index: int, reduction: str, smoothing: float
) -> Array:
    """(1 - smoothing) of the loss at the target, and the rest of the mean over all classes."""
    xp = array_namespace(input, target)
    check_scores(xp, "cross_entropy", input, target, weight, reduction, smoothing)
    axis, classes = _class_axis(input), input.shape[_class_axis(input)]
    logp = log_softmax(input, axis)
    scale = row_scale(xp, "cross_entropy", input, target, weight, "sum", ignore_index)
    index, _ = _at_target(xp, input, target)
    at_target = xp.squeeze(xp.take_along_axis(logp, index, axis=axis), axis=axis)
    everywhere = xp.sum(logp if weight is None else logp * _by_class(xp, weight, logp), axis=axis)
    spread = everywhere if not scale.ndim else xp.where(target == ignore_index, 0.0, everywhere)
    losses = -((1.0 - smoothing) * scale * at_target + smoothing / classes * spread)
    return _reduced(xp, losses, reduction, xp.sum(scale) if scale.ndim else losses.size)


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
    xp = array_namespace(input, target)
    check_scores(xp, "nll_loss", input, target, weight, reduction)
    scale = row_scale(xp, "nll_loss", input, target, weight, reduction, ignore_index)
    index, axis = _at_target(xp, input, target)
    losses = -xp.squeeze(xp.take_along_axis(input, index, axis=axis), axis=axis)
    return _scaled(xp, losses, scale, reduction)
