"""Dropout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..backend import Array
from ..functional._dropout import dropout
from ..functional._errors import complaint
from ._layer import Layer

if TYPE_CHECKING:
    from ..random import Generator

__all__ = ["Dropout"]


class Dropout(Layer):
    """In training, sets each element to zero with probability ``p`` and multiplies the others by ``1 / (1 - p)``.

    Masks are equal to the bit on every library. Srivastava et al., JMLR 15 (2014).

    Parameters
    ----------
    p
        The probability of an element to be set to zero.
    generator
        Where masks are drawn from; nnx's own stream (``nnx.seed``) by default.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> layer = nnx.Dropout(0.5, generator=nnx.random.Generator(7))
    >>> layer(np.ones(4))
    array([2., 0., 0., 2.])
    >>> layer.eval()(np.ones(4))
    array([1., 1., 1., 1.])
    """

    def __init__(self, p: float = 0.5, *, generator: Generator | None = None) -> None:
        if not 0.0 <= p <= 1.0:
            raise complaint("Dropout", f"expected a probability between 0 and 1, got {p}")
        self.p = p
        self.generator = generator

    def forward(self, x: Array) -> Array:
        """Any shape, kept."""
        return dropout(x, self.p, self.training, self.generator)

    def extra_repr(self) -> str:
        """The probability."""
        return f"p={self.p}"
