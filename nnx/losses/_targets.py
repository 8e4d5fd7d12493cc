"""Class scores and their targets: what belongs together, and how much each row counts."""

from __future__ import annotations

from typing import Any

from ..autodiff import array_namespace
from ..backend import Array
from ..functional._errors import complaint, not_arrays
from ._elementwise import check_reduction

__all__ = [
    "at_target",
    "by_class",
    "check_scores",
    "check_target",
    "check_weight",
    "class_axis",
    "indices",
    "row_scale",
    "scaled",
]


def row_scale(
    xp: Any, name: str, scores: Array, target: Array, weight: Array | None, reduction: str, ignore: int
) -> Array:
    """By what each row's loss is multiplied: one factor for all (0-d), or an array of the target's shape."""
    valid = check_target(xp, name, scores, target, ignore)
    alike = weight is None and valid is None
    shape = () if alike else target.shape
    scale = xp.ones(shape, dtype=scores.dtype, device=scores.device)
    if weight is not None:
        safe = target if valid is None else xp.where(valid, target, 0)
        scale = xp.reshape(xp.take(weight, xp.reshape(safe, (-1,)), axis=0), shape)
    if valid is not None:
        scale = xp.where(valid, scale, 0)
    if reduction != "mean":
        return scale
    total = float(target.size) if alike else xp.sum(scale)
    if not target.size or not (alike or bool(total != 0)):
        nan = scale * float("nan")  # nothing counts: the mean is NaN, but what is ignored has no slope
        return nan if valid is None else xp.where(valid, nan, 0.0)
    return scale / total


def check_target(xp: Any, name: str, scores: Array, target: Array, ignore: int) -> Array | None:
    """Which targets are not to be ignored, None if all count; raises for those that name no class."""
    classes = scores.shape[class_axis(scores)]
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


def indices(target: Array) -> Array:
    """Whole numbers as int64, which has one for every class however many; anything else as it came."""
    xp: Any = array_namespace(target)
    kind = target.dtype
    return xp.astype(target, xp.int64) if kind != xp.int64 and xp.isdtype(kind, "integral") else target


def class_axis(scores: Array) -> int:
    return 0 if scores.ndim == 1 else 1


def at_target(xp: Any, scores: Array, target: Array) -> tuple[Array, int]:
    """The target with a class axis of length 1, in range everywhere, and that axis."""
    axis = class_axis(scores)
    safe = xp.clip(target, 0, scores.shape[axis] - 1)
    return xp.expand_dims(safe, axis=axis), axis


def scaled(xp: Any, losses: Array, scale: Array, reduction: str) -> Array:
    """Losses times their scale, reduced; those that don't count are 0 even if they are infinite."""
    losses = xp.where(scale == 0, 0, losses) * scale if scale.ndim else losses * scale
    if reduction == "none":
        return losses
    counts = reduction == "sum" or (losses.size and bool(xp.any(scale != 0)))
    return xp.sum(losses) if counts else xp.sum(losses) + float("nan")


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
    if not xp.isdtype(target.dtype, "integral"):
        raise complaint(
            name, f"expected integer class indices, or probabilities of shape {shape}, got {target.dtype}", TypeError
        )  # fmt: skip
    expected = (*shape[:1], *shape[2:]) if len(shape) > 1 else ()
    if target.shape != expected:
        raise complaint(
            name,
            f"expected class indices of shape {expected} for scores of shape {shape}, got {target.shape}",
        )
    check_weight(name, input, weight)


def check_weight(name: str, input: Array, weight: Array | None) -> None:
    if weight is None:
        return
    if not hasattr(weight, "dtype"):
        raise not_arrays(name, weight=weight)
    classes = input.shape[class_axis(input)]
    if weight.dtype != input.dtype:
        raise complaint(
            name, f"expected a weight of the scores' dtype {input.dtype}, got {weight.dtype}", TypeError
        )
    if weight.shape != (classes,):
        raise complaint(name, f"expected a weight for each of {classes} classes, got shape {weight.shape}")


def by_class(xp: Any, weight: Array, scores: Array) -> Array:
    return xp.reshape(weight, (-1,) + (1,) * (scores.ndim - class_axis(scores) - 1))
