"""Softmax and its like as layers; the functions of ``nnx.functional`` say what they compute."""

from __future__ import annotations

from ..backend import Array
from ..functional import _softmax as normalised
from ..functional._errors import complaint
from ._layer import Layer

__all__ = [
    "LogSoftmax",
    "Softmax",
    "Softmax2d",
    "Softmin",
]


class LogSoftmax(Layer):
    """The logarithm of the softmax: :func:`nnx.functional.log_softmax`.

    Parameters
    ----------
    axis
        Along which the exponentials of the results sum to one.
    """

    def __init__(self, axis: int = -1) -> None:
        self.axis = axis

    def forward(self, x: Array) -> Array:
        """Any shape, kept."""
        return normalised.log_softmax(x, self.axis)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"axis={self.axis}"


class Softmax(Layer):
    """The softmax: :func:`nnx.functional.softmax`.

    Parameters
    ----------
    axis
        Along which the results sum to one.
    """

    def __init__(self, axis: int = -1) -> None:
        self.axis = axis

    def forward(self, x: Array) -> Array:
        """Any shape, kept."""
        return normalised.softmax(x, self.axis)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"axis={self.axis}"


class Softmax2d(Layer):
    """The softmax over the channels at each place of an image: :func:`nnx.functional.softmax`."""

    def forward(self, x: Array) -> Array:
        """Shape ``(N, C, H, W)`` or ``(C, H, W)``, kept."""
        if x.ndim not in (3, 4):
            raise complaint("Softmax2d", f"expected an input with 3 or 4 axes, got shape {tuple(x.shape)}")
        return normalised.softmax(x, -3)


class Softmin(Layer):
    """The softmin: :func:`nnx.functional.softmin`.

    Parameters
    ----------
    axis
        Along which the results sum to one.
    """

    def __init__(self, axis: int = -1) -> None:
        self.axis = axis

    def forward(self, x: Array) -> Array:
        """Any shape, kept."""
        return normalised.softmin(x, self.axis)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"axis={self.axis}"
