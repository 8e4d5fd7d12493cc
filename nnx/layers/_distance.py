"""Distances and similarities as layers."""

from __future__ import annotations

from ..backend import Array
from ..functional import _distance as functional
from ._layer import Layer

__all__ = ["CosineSimilarity", "PairwiseDistance"]


class CosineSimilarity(Layer):
    """The cosine of the angle between two vectors along an axis; see ``nnx.functional.cosine_similarity``.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.CosineSimilarity()(np.asarray([[1.0, 0.0]]), np.asarray([[3.0, 4.0]]))
    array([0.6])
    """

    def __init__(self, axis: int = 1, eps: float = 1e-8) -> None:
        self.axis, self.eps = axis, eps

    def forward(self, x1: Array, x2: Array) -> Array:
        """The broadcast shape without the axis."""
        return functional.cosine_similarity(x1, x2, self.axis, self.eps)


class PairwiseDistance(Layer):
    """The distance between two vectors along the last axis; see ``nnx.functional.pairwise_distance``.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.PairwiseDistance(eps=0.0)(np.asarray([[1.0, 0.0]]), np.asarray([[4.0, 4.0]]))
    array([5.])
    """

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdims: bool = False) -> None:
        self.norm, self.eps, self.keepdims = p, eps, keepdims

    def forward(self, x1: Array, x2: Array) -> Array:
        """The broadcast shape without its last axis."""
        return functional.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdims)
