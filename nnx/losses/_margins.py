"""Losses of targets 1 and -1: scores, distances or rankings that should be on the right side of a margin."""

from __future__ import annotations

from ..autodiff import array_namespace
from ..backend import Array
from ..functional._errors import complaint
from ..functional._smooth import sigmoid
from ._elementwise import clamped, elementwise_loss, reduce, softplus_of_minus, together

__all__ = ["hinge_embedding_loss", "margin_ranking_loss", "soft_margin_loss"]

_hinge_embedding_loss = elementwise_loss(
    "hinge_embedding_loss",
    lambda xp, x, target, margin: (
        xp.where(target == 1, 0.0, clamped(xp, margin - x)) + xp.where(target == -1, 0.0, x)
    ),
    lambda xp, x, target, margin: (
        xp.astype(target != -1, x.dtype) - xp.astype(xp.logical_and(target != 1, x <= margin), x.dtype)
    ),
    lambda xp, x, target, margin: xp.zeros_like(x),
)
_soft_margin_loss = elementwise_loss(
    "soft_margin_loss",
    lambda xp, x, target, _: softplus_of_minus(xp, target * x),
    lambda xp, x, target, _: -target * sigmoid(-target * x),
    lambda xp, x, target, _: -x * sigmoid(-target * x),
)


def hinge_embedding_loss(input: Array, target: Array, margin: float = 1.0, reduction: str = "mean") -> Array:
    r"""Distances :math:`x` where the target is 1, and what they lack to a margin, :math:`\max(0, m - x)`, where -1.

    Parameters
    ----------
    input
        Distances, of any shape.
    target
        1 for pairs that should be near, -1 for those that should not; a shape that broadcasts with the input's.
    margin
        How far those should be apart.
    reduction
        ``"mean"``, ``"sum"`` or ``"none"``.

    Examples
    --------
    >>> import numpy as np
    >>> hinge_embedding_loss(np.asarray([0.25, 0.25]), np.asarray([1, -1]), reduction="none")
    array([0.25, 0.75])
    """
    x, t = together("hinge_embedding_loss", reduction, input=input, target=target)
    return _hinge_embedding_loss(x, t, None, float(margin), reduction=reduction)


def soft_margin_loss(input: Array, target: Array, reduction: str = "mean") -> Array:
    r"""The logistic loss :math:`\log(1 + e^{-t x})` of targets 1 and -1, exact however large the scores are.

    Parameters
    ----------
    input
        Scores :math:`x`, of any shape.
    target
        1 or -1 each, of a shape that broadcasts with the input's.
    reduction
        ``"mean"``, ``"sum"`` or ``"none"``.

    Examples
    --------
    >>> import numpy as np
    >>> soft_margin_loss(np.asarray([800.0, 800.0]), np.asarray([1, -1]), reduction="none")
    array([  0., 800.])
    """
    x, t = together("soft_margin_loss", reduction, input=input, target=target)
    return _soft_margin_loss(x, t, None, None, reduction=reduction)


def margin_ranking_loss(
    input1: Array, input2: Array, target: Array, margin: float = 0.0, reduction: str = "mean"
) -> Array:
    r"""What the difference of two scores lacks to a margin: :math:`\max(0, m - t\,(x_1 - x_2))`.

    Parameters
    ----------
    input1, input2
        Scores, with one number of axes and shapes that broadcast.
    target
        1 where the first should rank higher, -1 where the second should; as many axes.
    margin
        By how much :math:`m`.
    reduction
        ``"mean"``, ``"sum"`` or ``"none"``.

    Examples
    --------
    >>> import numpy as np
    >>> x, y = np.asarray([2.0, 2.0]), np.asarray([1.0, 1.0])
    >>> margin_ranking_loss(x, y, np.asarray([1, -1]), reduction="none")
    array([0., 1.])
    """
    name = "margin_ranking_loss"
    x, y, t = together(name, reduction, input1=input1, input2=input2, target=target)
    if not input1.ndim == input2.ndim == target.ndim:
        shapes = ", ".join(str(tuple(a.shape)) for a in (input1, input2, target))
        raise complaint(name, f"expected input1, input2 and target with as many axes each, got {shapes}")
    xp = array_namespace(x, y, t)
    return reduce(xp, clamped(xp, margin - t * (x - y)), reduction)
