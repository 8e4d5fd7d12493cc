"""Cross-entropy of few classes in one call each way, as in `nnx_numpy.class_scores`: a row of memory for each class."""

from __future__ import annotations

from typing import Any

from .numba_calls import address, exp, log, long_dot
from .numba_compiled import compiled

__all__ = ["few_classes", "few_classes_back"]

Array = Any


@compiled
def _sum(x: Array, ones: Array) -> Any:
    """The sum of a vector, as many elements at a time as there are ones."""
    return long_dot(x, x.size, address(x), address(ones), 0, ones.size)


@compiled
def few_classes(
    scores: Array,
    target: Array,
    scale: Any,
    ones: Array,
    powers: Array,
    sums: Array,
    room: Array,
    loss: Array,
) -> bool:
    """The loss, with the exponentials by class and their sums; False, and nothing, where a class is none."""
    classes, rows = powers.shape
    for i in range(rows):
        if not 0 <= target[i] < classes:
            return False
    for i in range(rows):
        for c in range(classes):
            powers[c, i] = scores[i, c]
    for i in range(rows):
        room[i] = powers[0, i]
    for c in range(1, classes):
        for i in range(rows):
            top, x = room[i], powers[c, i]
            room[i] = top if top >= x or top != top else x  # NaN stays
    for c in range(classes):
        for i in range(rows):
            powers[c, i] -= room[i]
    for i in range(rows):
        room[i] = powers[target[i], i]
    total = _sum(room, ones)
    exp(powers.reshape(-1), powers.reshape(-1))
    for i in range(rows):
        sums[i] = powers[0, i]
    for c in range(1, classes):
        for i in range(rows):
            sums[i] += powers[c, i]
    log(sums, room)
    loss[0] = (_sum(room, ones) - total) * scale
    return True


@compiled
def few_classes_back(powers: Array, sums: Array, target: Array, factor: Any, room: Array, out: Array) -> None:
    """The softmax less one at the target, by class, times a factor."""
    classes, rows = powers.shape
    for i in range(rows):
        room[i] = factor / sums[i]
    for c in range(classes):
        for i in range(rows):
            out[c, i] = powers[c, i] * room[i]
    for i in range(rows):
        out[target[i], i] -= factor
