"""Layers that only move elements about."""

from __future__ import annotations

from ..backend import Array
from ..functional._shape import flatten, unflatten
from ._layer import Layer

__all__ = ["Flatten", "Unflatten"]


class Flatten(Layer):
    """Joins the axes from ``start_dim`` to ``end_dim``, both included, into one.

    Parameters
    ----------
    start_dim, end_dim
        The first and the last axis to join.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.Flatten()(np.ones((2, 3, 4))).shape
    (2, 12)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, x: Array) -> Array:
        """Shape ``(*before, ..., *after)`` to ``(*before, n, *after)``."""
        return flatten(x, self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        """The axes."""
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Layer):
    """Splits one axis into several.

    Parameters
    ----------
    axis
        The axis to split.
    sizes
        What it becomes; one of them may be -1.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.Unflatten(1, (3, -1))(np.ones((2, 12))).shape
    (2, 3, 4)
    """

    def __init__(self, axis: int, sizes: tuple[int, ...]) -> None:
        self.axis = axis
        self.sizes = tuple(sizes)

    def forward(self, x: Array) -> Array:
        """Shape ``(*before, n, *after)`` to ``(*before, *sizes, *after)``."""
        return unflatten(x, self.axis, self.sizes)

    def extra_repr(self) -> str:
        """The axis and its sizes."""
        return f"axis={self.axis}, sizes={self.sizes}"
