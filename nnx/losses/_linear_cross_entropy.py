"""The cross-entropy of an affine map's scores, in one call: the head of a classifier or a language model."""

from __future__ import annotations

from ..autodiff import array_namespace
from ..backend import Array
from ..functional import linear
from ..functional._errors import complaint
from ._cross_entropy import cross_entropy

__all__ = ["linear_cross_entropy"]


def linear_cross_entropy(
    input: Array,
    linear_weight: Array,
    target: Array,
    *,
    linear_bias: Array | None = None,
    weight: Array | None = None,
    reduction: str = "mean",
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
) -> Array:
    r"""``cross_entropy`` of the scores :math:`x W^\mathsf{T} + b`.

    Parameters
    ----------
    input
        Shape ``(in_features,)`` or ``(N, in_features)``.
    linear_weight
        Shape ``(C, in_features)``, or ``(C, d1, ..., in_features)`` for scores of shape ``(N, C, d1, ...)``.
    target, weight, reduction, label_smoothing
        As ``cross_entropy`` takes them.
    linear_bias
        Of the shape of ``linear_weight`` without its last axis, or None.
    ignore_index
        As there, for class indices only; None is -100.

    Examples
    --------
    >>> import numpy as np
    >>> x, weight = np.asarray([[1.0, 2.0]]), np.asarray([[0.0, 1.0], [1.0, 0.0]])
    >>> linear_cross_entropy(x, weight, np.asarray([0])).round(4)
    np.float64(0.3133)
    """
    name, ignored = "linear_cross_entropy", -100 if ignore_index is None else ignore_index
    if input.ndim not in (1, 2):
        raise complaint(name, f"expected an input with 1 axis or 2, got shape {tuple(input.shape)}")
    places = tuple(linear_weight.shape[1:-1])
    if linear_weight.ndim < 2 or (places and input.ndim != 2):
        raise complaint(
            name,
            f"expected a linear_weight of shape (C, in_features), or (C, d1, ..., in_features) for an input with "
            f"2 axes, got {tuple(linear_weight.shape)} (input {tuple(input.shape)})",
        )
    shape = tuple(linear_weight.shape[:-1])
    if linear_bias is not None and tuple(linear_bias.shape) != shape:
        raise complaint(name, f"expected a linear_bias of shape {shape}, got {tuple(linear_bias.shape)}")
    if ignore_index is not None and tuple(target.shape) == (*input.shape[:-1], *shape):
        raise complaint(name, f"expected no ignore_index beside probabilities, got {ignore_index}")
    xp = array_namespace(input, linear_weight, linear_bias)
    if not places:
        scores = linear(input, linear_weight, linear_bias)
    else:
        bias = None if linear_bias is None else xp.reshape(linear_bias, (-1,))
        scores = linear(input, xp.reshape(linear_weight, (-1, linear_weight.shape[-1])), bias)
        scores = xp.reshape(scores, (input.shape[0], *shape))
    return cross_entropy(scores, target, weight, ignored, reduction, label_smoothing)
