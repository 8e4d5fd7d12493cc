"""Dense layers, activations and class scores in fewer passes, or with less overhead, than the standard functions."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from .reference import MASKS, QUIET, reference

Array = Any

ROW, WORTHWHILE = 16, 4096  # from this length of the last axis and size on, a row of zeros beats a single one

FEW = 32  # up to so many classes, NumPy is faster with one column of memory for each


def linear(x: Array, weight: Array, bias: Array | None = None) -> Array:
    """One product; where the layer is wider than the batch, that of the transposes, which BLAS does faster."""
    if (
        x.ndim != 2
        or weight.ndim != 2
        or x.shape[1] != weight.shape[1]
        or x.dtype != weight.dtype
        or bias is None
    ):
        return reference("linear")(x, weight, bias)
    rows, columns = x.shape[0], weight.shape[0]
    if bias.shape != (columns,) or bias.dtype != x.dtype:
        return reference("linear")(x, weight, bias)
    if columns < 2 * rows:
        out = x.dot(weight.T)
        out += bias
        return out
    return np.add(weight.dot(x.T).T, bias, np.empty((rows, columns), x.dtype))


def relu(x: Array) -> Array:
    """NumPy's maximum is vectorised for two arrays, not for an array and a number."""
    if x.size < WORTHWHILE or x.shape[-1] < ROW:
        return np.maximum(x, 0)
    return np.maximum(x, np.zeros(x.shape[-1:], x.dtype))


def leaky_relu(x: Array, *, negative_slope: float = 0.01) -> Array:
    """The larger of two arrays."""
    if not 0.0 < negative_slope < 1.0:
        return reference("leaky_relu")(x, negative_slope=negative_slope)
    return np.maximum(x, x * negative_slope)


def sigmoid(x: Array) -> Array:
    """Without the case distinction: an overflow gives infinity, of which the reciprocal is right."""
    if x.dtype.kind != "f" or not x.ndim:
        return reference("sigmoid")(x)
    with np.errstate(over="ignore"):
        out = np.exp(np.negative(x))
    out += 1
    return np.reciprocal(out, out)


def where_positive(x: Array, y: Array) -> Array:
    """The elements of ``y``, 0 where ``x`` is not positive."""
    if y.dtype not in MASKS or x.shape != y.shape or not x.ndim:
        return reference("where_positive")(x, y)
    mask = np.less_equal(x, 0)
    return masked(y, np.logical_not(mask, mask))


def masked_scale(x: Array, mask: Array, *, scale: float) -> Array:
    """Dropout's mask."""
    if x.dtype not in MASKS or x.shape != mask.shape or not x.ndim:
        return reference("masked_scale")(x, mask, scale=scale)
    return masked(x * scale, mask)


def masked(x: Array, mask: Array) -> Array:
    """``where(mask, x, 0)`` by the bits of ``x``: NumPy's ``where`` branches at every element."""
    bits = MASKS[x.dtype]
    ones = np.negative(mask.view(np.int8)).astype(bits)  # all of them where the mask is True
    return np.bitwise_and(x.view(bits), ones, ones).view(x.dtype)


@lru_cache(64)
def counting(n: int) -> Array:
    """0 to n - 1; not to be written to."""
    return np.arange(n)


@lru_cache(64)
def share(n: int, dtype: Any) -> Array:
    """1 / n as a 0-d array; not to be written to."""
    return np.array(1.0 / n, dtype)


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
        weight is not None
        or not rows
        or target.shape != (rows,)
        or target.dtype != np.int64
        or scores.dtype.kind != "f"
        or reduction not in ("mean", "sum")
        or np.maximum.reduce(target.view(np.uint64)) >= classes  # negative ones are very large
        or 0 <= ignore_index < classes
    ):
        return reference("cross_entropy")(
            scores, target, weight, reduction=reduction, ignore_index=ignore_index, kept=kept
        )
    if classes <= FEW:
        logp = scores.T.copy()
        logp -= np.maximum.reduce(logp, axis=0)
        logp -= np.log(np.add.reduce(np.exp(logp), axis=0))
        total = np.add.reduce(logp.take(target * rows + counting(rows)))
        kept.logp = logp.T
    else:
        kept.logp = logp = scores - np.maximum.reduce(scores, axis=1, keepdims=True)
        logp -= np.log(np.add.reduce(np.exp(logp), axis=1, keepdims=True))
        total = np.add.reduce(logp.take(np.arange(0, rows * classes, classes) + target))
    kept.scale = scale = share(rows if reduction == "mean" else 1, scores.dtype)
    return np.asarray(-total * scale)


def cross_entropy_slope(logp: Array, target: Array, factor: Array) -> Array:
    """One written over at the target instead of a whole array of ones and zeros."""
    if logp.ndim != 2 or target.dtype != np.int64 or factor.ndim:
        return reference("cross_entropy_slope")(logp, target, factor)
    rows, classes = logp.shape
    if classes <= FEW:
        columns = np.exp(logp.T, order="C")
        columns.reshape(-1)[target * rows + np.arange(rows)] -= 1
        columns *= factor
        return columns.T
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
    for function in (
        linear,
        relu,
        leaky_relu,
        sigmoid,
        where_positive,
        masked_scale,
        softmax,
        log_softmax,
        cross_entropy,
        cross_entropy_slope,
    )
}
