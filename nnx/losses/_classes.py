"""Losses on class scores other than the cross-entropy: margins between classes, and several classes at a time."""

from __future__ import annotations

from typing import Any

from ..autodiff import array_namespace
from ..backend import Array
from ..functional._errors import complaint
from ._binary import with_logits
from ._elementwise import check_arrays, check_reduction, reduce, together
from ._targets import check_weight, indices

__all__ = ["multi_margin_loss", "multilabel_margin_loss", "multilabel_soft_margin_loss"]


def multi_margin_loss(
    input: Array,
    target: Array,
    p: int = 1,
    margin: float = 1.0,
    weight: Array | None = None,
    reduction: str = "mean",
) -> Array:
    r"""The hinge loss of several classes, :math:`\frac1C \sum_{c \ne t} w_t \max(0, m - x_t + x_c)^p`.

    Crammer and Singer, JMLR 2001, with the sum over classes in place of the maximum.

    Parameters
    ----------
    input
        Scores, shape ``(N, C)`` or ``(C,)``.
    target
        Class indices, shape ``(N,)`` or ``()``.
    p
        1 or 2.
    margin
        By how much :math:`m` the score of the right class should exceed the others.
    weight
        A factor for each class, shape ``(C,)``.
    reduction
        ``"mean"``, ``"sum"`` or ``"none"``.

    Examples
    --------
    >>> import numpy as np
    >>> multi_margin_loss(np.asarray([[1.0, 0.5, 0.0, 2.0]]), np.asarray([0]), reduction="none")
    array([0.625])
    """
    name = "multi_margin_loss"
    x = _rows(name, input, target, reduction)
    if p not in (1, 2):
        raise complaint(name, f"expected p to be 1 or 2, got {p}")
    rows = (x.shape[0],)
    if tuple(target.shape) not in (rows, tuple(input.shape[:-1])):
        raise complaint(name, f"expected class indices of shape {rows}, got {tuple(target.shape)}")
    check_weight(name, x, weight)
    xp = array_namespace(x, target, weight)
    index = xp.reshape(_in_range(xp, name, target, 0, x.shape[1]), (-1, 1))
    others = index != xp.arange(x.shape[1], dtype=xp.int64, device=x.device)
    z = margin - xp.take_along_axis(x, index, axis=1) + x
    z = xp.where(xp.logical_and(others, z > 0), z, 0.0)
    losses = xp.sum(z if p == 1 else z * z, axis=1) / x.shape[1]
    if weight is not None:
        losses = losses * xp.take(weight, index[:, 0], axis=0)
    return reduce(xp, xp.reshape(losses, tuple(target.shape)), reduction)


def multilabel_margin_loss(input: Array, target: Array, reduction: str = "mean") -> Array:
    r"""The hinge loss of several right classes, :math:`\frac1C \sum_t \sum_{c \notin T} \max(0, 1 - x_t + x_c)`.

    Parameters
    ----------
    input
        Scores, shape ``(N, C)`` or ``(C,)``.
    target
        Integers of that shape: in each row the classes :math:`T` that are right, ended by a first -1.
    reduction
        ``"mean"``, ``"sum"`` or ``"none"``.

    Examples
    --------
    >>> import numpy as np
    >>> scores = np.asarray([0.1, 0.2, 0.4, 0.8])
    >>> float(multilabel_margin_loss(scores, np.asarray([3, 0, -1, 1])).round(4))
    0.85
    """
    name = "multilabel_margin_loss"
    x = _rows(name, input, target, reduction)
    if tuple(target.shape) != tuple(input.shape):
        raise complaint(
            name, f"expected a target of the input's shape {tuple(input.shape)}, got {tuple(target.shape)}"
        )
    xp = array_namespace(x, target)
    index = xp.reshape(_in_range(xp, name, target, -1, x.shape[1]), x.shape)
    named = xp.cumulative_sum(xp.astype(index < 0, xp.int64), axis=1) == 0
    classes = xp.arange(x.shape[1], dtype=xp.int64, device=x.device)
    hits = xp.logical_and(named[:, :, None], index[:, :, None] == classes)
    counts = xp.logical_and(named[:, :, None], xp.logical_not(xp.any(hits, axis=1, keepdims=True)))
    right = xp.take_along_axis(x, xp.where(named, index, 0), axis=1)
    z = 1.0 - right[:, :, None] + x[:, None, :]
    z = xp.where(xp.logical_and(counts, z > 0), z, 0.0)
    losses = xp.sum(z, axis=(1, 2)) / x.shape[1]
    return reduce(xp, xp.reshape(losses, tuple(input.shape[:-1])), reduction)


def multilabel_soft_margin_loss(
    input: Array, target: Array, weight: Array | None = None, reduction: str = "mean"
) -> Array:
    r"""The mean over classes of the binary cross-entropy of :math:`\sigma(x)`, for several classes at a time.

    Parameters
    ----------
    input
        Scores, shape ``(*, C)``.
    target
        1 for classes that are right, 0 for others; a shape that broadcasts with the input's.
    weight
        A factor for each class, or of another shape that broadcasts.
    reduction
        ``"mean"``, ``"sum"`` or ``"none"``, of losses of shape ``(*,)``.

    Examples
    --------
    >>> import numpy as np
    >>> multilabel_soft_margin_loss(np.asarray([[900.0, 0.0]]), np.asarray([[0, 1]]), reduction="none").round(4)
    array([450.3466])
    """
    name = "multilabel_soft_margin_loss"
    x, t = together(name, reduction, input=input, target=target)
    if not input.ndim:
        raise complaint(name, "expected an input with a class axis, got shape ()", IndexError)
    each = with_logits(x, t, weight, None, reduction="none")
    xp: Any = array_namespace(each)
    return reduce(xp, xp.sum(each, axis=input.ndim - 1) / (input.shape[-1] or float("nan")), reduction)


def _rows(name: str, input: Array, target: Array, reduction: str) -> Array:
    """The scores as rows; raises unless they and the class indices are such."""
    check_reduction(name, reduction)
    check_arrays(name, input=input, target=target)
    xp = array_namespace(input, target)
    if not xp.isdtype(target.dtype, "integral"):
        raise complaint(name, f"expected integer class indices, got {target.dtype}", TypeError)
    if input.ndim > 2 or 0 in input.shape[-1:]:
        raise complaint(name, f"expected scores of shape (N, C) or (C,), got {tuple(input.shape)}")
    return input if input.ndim == 2 else xp.reshape(input, (1, -1))


def _in_range(xp: Any, name: str, target: Array, least: int, classes: int) -> Array:
    """The class indices as int64; raises unless all are from ``least`` on and name a class."""
    if target.size and not least <= int(xp.min(target)) <= int(xp.max(target)) < classes:
        found = f"{int(xp.min(target))} to {int(xp.max(target))}"
        raise complaint(name, f"expected targets from {least} to {classes - 1}, got {found}", IndexError)
    return indices(target)
