"""Softmax and cross-entropy in fewer passes than the standard functions: one exponential of each score both ways."""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiled import FLOATS, loops
from .constants import counting, ones, reciprocal
from .normalizing_rows import LONG, dots
from .reference import QUIET, reference

Array = Any

FEW = 32  # up to so many classes, NumPy is faster with one row of memory for each


def cross_entropy(
    scores: Array,
    target: Array,
    weight: Array | None = None,
    *,
    reduction: str,
    ignore_index: int,
    kept: Any,
) -> Array:
    """Rows of scores with a class index each, all of them counting."""
    rows, classes = scores.shape if scores.ndim == 2 else (0, 0)
    if (
        weight is None
        and rows
        and target.shape == (rows,)
        and target.dtype == np.int64
        and scores.dtype.kind == "f"
        and reduction in ("mean", "sum")
        and not 0 <= ignore_index < classes
    ):
        kept.scale = scale = reciprocal(rows if reduction == "mean" else 1, scores.dtype)
        loss = _compiled_classes(scores, target, scale, kept) if classes <= FEW else None
        if loss is not None:
            return loss
        if np.maximum.reduce(target.view(np.uint64)) < classes:  # negative ones are very large
            return (_few_classes if classes <= FEW else _many_classes)(scores, target, scale, kept)
    return reference("cross_entropy")(
        scores, target, weight, reduction=reduction, ignore_index=ignore_index, kept=kept
    )


def _compiled_classes(scores: Array, target: Array, scale: Array, kept: Any) -> Array | None:
    """In one compiled call; None where there is none, or a class that there is not."""
    plain = scores.dtype in FLOATS and scores.flags.c_contiguous and target.flags.c_contiguous
    fast = loops(4 * scores.size) if plain else None
    if fast is None or not fast.usable:
        return None
    (rows, classes), dtype = scores.shape, scores.dtype
    powers, (sums, room), loss = (
        np.empty((classes, rows), dtype),
        np.empty((2, rows), dtype),
        np.empty(1, dtype),
    )
    if not fast.few_classes(scores, target, scale[()], ones(LONG, dtype), powers, sums, room, loss):
        return None

    def slope(g: Array) -> Array:
        out = np.empty((classes, rows), dtype)
        fast.few_classes_back(powers, sums, target, dtype.type(g * scale), room, out)
        return out.T

    kept.slope = slope
    return loss.reshape(())


def _few_classes(scores: Array, target: Array, scale: Array, kept: Any) -> Array:
    """One row of memory for each class; the exponentials are kept, and used by the way back as they are."""
    columns = scores.T.copy()
    rows = columns.shape[1]
    columns -= np.maximum.reduce(columns, axis=0)
    places = target * rows
    places += counting(rows)
    total = _sum(columns.take(places))
    np.exp(columns, columns)
    sums = np.add.reduce(columns, axis=0)

    def slope(g: Array) -> Array:
        factor = g * scale
        out = columns * (factor / sums)
        flat = out.reshape(-1)
        flat[places] = flat.take(places) - factor
        return out.T

    kept.slope = slope
    return np.asarray((_sum(np.log(sums)) - total) * scale)


def _sum(x: Array) -> Any:
    """The sum of a vector by BLAS."""
    return x.dot(ones(len(x), x.dtype)) if len(x) <= LONG else dots(x[None], None, np.empty(1, x.dtype))[0]


def _many_classes(scores: Array, target: Array, scale: Array, kept: Any) -> Array:
    """The same with rows of memory; their sums are BLAS's."""
    rows, classes = scores.shape
    powers = scores - np.maximum.reduce(scores, axis=1, keepdims=True)
    places = counting(rows) * classes
    places += target
    total = _sum(powers.take(places))
    np.exp(powers, powers)
    sums = dots(powers, None, np.empty(rows, powers.dtype))

    def slope(g: Array) -> Array:
        factor = g * scale
        out = powers * (factor / sums)[:, None]
        flat = out.reshape(-1)
        flat[places] = flat.take(places) - factor
        return out

    kept.slope = slope
    return np.asarray((_sum(np.log(sums)) - total) * scale)


def cross_entropy_slope(logp: Array, target: Array, factor: Array) -> Array:
    """One written over at the target instead of a whole array of ones and zeros."""
    if logp.ndim != 2 or target.dtype != np.int64 or factor.ndim:
        return reference("cross_entropy_slope")(logp, target, factor)
    rows, classes = logp.shape
    slope = np.exp(logp, order="C")
    slope.reshape(-1)[np.arange(0, rows * classes, classes) + target] -= 1
    slope *= factor
    return slope


@QUIET
def softmax(x: Array, *, axis: int) -> Array:
    """NaN for a row of minus infinities, such as a query that may look nowhere has."""
    return reference("softmax")(x, axis=axis)


@QUIET
def log_softmax(x: Array, *, axis: int) -> Array:
    """The like of its logarithm."""
    return reference("log_softmax")(x, axis=axis)


OVERRIDES: dict[str, Any] = {
    function.__name__: (function, ())
    for function in (softmax, log_softmax, cross_entropy, cross_entropy_slope)
}
