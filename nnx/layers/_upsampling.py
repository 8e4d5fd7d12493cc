"""Layers that make images larger; ``nnx.functional.interpolate`` says how."""

from __future__ import annotations

from collections.abc import Sequence

from ..backend import Array
from ..functional._resample import check_mode, interpolate
from ._layer import Layer

__all__ = ["Upsample", "UpsamplingBilinear2d", "UpsamplingNearest2d"]


class Upsample(Layer):
    """A signal, an image or a volume at another size: :func:`nnx.functional.interpolate`.

    Parameters
    ----------
    size
        The new lengths, one for each axis or one for all.
    scale_factor
        Instead, by how much the lengths are multiplied.
    mode, align_corners, recompute_scale_factor
        As in the function.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.Upsample(scale_factor=2, mode="bilinear")(np.ones((1, 3, 4, 5))).shape
    (1, 3, 8, 10)
    """

    def __init__(
        self,
        size: int | Sequence[int] | None = None,
        scale_factor: float | Sequence[float] | None = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None:
        check_mode(type(self).__name__, mode, align_corners)
        self.size = size
        if isinstance(scale_factor, Sequence):
            self.scale_factor: float | tuple[float, ...] | None = tuple(map(float, scale_factor))
        else:
            self.scale_factor = float(scale_factor) if scale_factor else None
        self.mode, self.align_corners = mode, align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, x: Array) -> Array:
        """Shape ``(N, C, *size)`` to ``(N, C, *new size)``."""
        return interpolate(
            x, self.size, self.scale_factor, self.mode, self.align_corners, self.recompute_scale_factor
        )

    def extra_repr(self) -> str:
        """The size or the factor, and the mode."""
        given = f"size={self.size!r}" if self.scale_factor is None else f"scale_factor={self.scale_factor!r}"
        return f"{given}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """``Upsample`` for images, with ``mode="nearest"``; arguments as there."""

    def __init__(
        self,
        size: int | Sequence[int] | None = None,
        scale_factor: float | Sequence[float] | None = None,
    ) -> None:
        super().__init__(size, scale_factor, "nearest")


class UpsamplingBilinear2d(Upsample):
    """``Upsample`` for images, with ``mode="bilinear"`` and ``align_corners=True``; arguments as there."""

    def __init__(
        self,
        size: int | Sequence[int] | None = None,
        scale_factor: float | Sequence[float] | None = None,
    ) -> None:
        super().__init__(size, scale_factor, "bilinear", True)
