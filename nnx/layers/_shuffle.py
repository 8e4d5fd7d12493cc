"""Layers that move channels to pixels, back, and among each other."""

from __future__ import annotations

from ..backend import Array
from ..functional import _shuffle as functional
from ._layer import Layer

__all__ = ["ChannelShuffle", "PixelShuffle", "PixelUnshuffle"]


class PixelShuffle(Layer):
    """The channels of each place as the pixels of a square: :func:`nnx.functional.pixel_shuffle`.

    Parameters
    ----------
    upscale_factor
        By how much the image gets higher and wider.
    """

    def __init__(self, upscale_factor: int) -> None:
        self.upscale_factor = functional.check_count("PixelShuffle", "upscale_factor", upscale_factor)

    def forward(self, x: Array) -> Array:
        """Shape ``(*, C r², H, W)`` to ``(*, C, H r, W r)``."""
        return functional.pixel_shuffle(x, self.upscale_factor)

    def extra_repr(self) -> str:
        """The factor."""
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Layer):
    """The pixels of each square as channels: :func:`nnx.functional.pixel_unshuffle`.

    Parameters
    ----------
    downscale_factor
        By how much the image gets lower and narrower.
    """

    def __init__(self, downscale_factor: int) -> None:
        self.downscale_factor = functional.check_count("PixelUnshuffle", "downscale_factor", downscale_factor)

    def forward(self, x: Array) -> Array:
        """Shape ``(*, C, H r, W r)`` to ``(*, C r², H, W)``."""
        return functional.pixel_unshuffle(x, self.downscale_factor)

    def extra_repr(self) -> str:
        """The factor."""
        return f"downscale_factor={self.downscale_factor}"


class ChannelShuffle(Layer):
    """The groups' channels by turns: :func:`nnx.functional.channel_shuffle`.

    Parameters
    ----------
    groups
        Divides the number of channels.
    """

    def __init__(self, groups: int) -> None:
        self.groups = functional.check_count("ChannelShuffle", "groups", groups)

    def forward(self, x: Array) -> Array:
        """Shape ``(N, C, *)``, kept."""
        return functional.channel_shuffle(x, self.groups)

    def extra_repr(self) -> str:
        """How many groups."""
        return f"groups={self.groups}"
