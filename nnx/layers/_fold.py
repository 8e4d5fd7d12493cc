"""Images to columns of windows and back."""

from __future__ import annotations

from typing import Any

from ..backend import Array
from ..functional._conv_arguments import Numbers
from ..functional._fold import fold, pair, unfold
from ._layer import Layer

__all__ = ["Fold", "Unfold"]


class Unfold(Layer):
    """Every window of an image as a column; see ``nnx.functional.unfold``.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.Unfold(2)(np.ones((1, 3, 4, 4))).shape
    (1, 12, 9)
    """

    def __init__(
        self, kernel_size: Numbers, dilation: Numbers = 1, padding: Numbers = 0, stride: Numbers = 1
    ) -> None:
        _check_windows("Unfold", kernel_size, dilation, padding, stride)
        self.kernel_size, self.dilation, self.padding, self.stride = kernel_size, dilation, padding, stride

    def forward(self, x: Array) -> Array:
        """Shape ``(N, C, H, W)`` or ``(C, H, W)``."""
        return unfold(x, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        """The window."""
        return (
            f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, "
            f"stride={self.stride}"
        )


class Fold(Layer):
    """Columns of windows put back and added where they overlap; see ``nnx.functional.fold``.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.Fold((4, 4), 2)(np.ones((1, 12, 9))).shape
    (1, 3, 4, 4)
    """

    def __init__(
        self,
        output_size: Numbers,
        kernel_size: Numbers,
        dilation: Numbers = 1,
        padding: Numbers = 0,
        stride: Numbers = 1,
    ) -> None:
        pair("an output_size", "Fold", output_size, 1)
        _check_windows("Fold", kernel_size, dilation, padding, stride)
        self.output_size, self.kernel_size = output_size, kernel_size
        self.dilation, self.padding, self.stride = dilation, padding, stride

    def forward(self, x: Array) -> Array:
        """Shape ``(N, C * window size, windows)`` or without the ``N``."""
        return fold(x, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        """The sizes."""
        return (
            f"output_size={self.output_size}, kernel_size={self.kernel_size}, dilation={self.dilation}, "
            f"padding={self.padding}, stride={self.stride}"
        )


def _check_windows(name: str, kernel_size: Any, dilation: Any, padding: Any, stride: Any) -> None:
    pair("a kernel_size", name, kernel_size, 1)
    pair("a dilation", name, dilation, 1)
    pair("a padding", name, padding)
    pair("a stride", name, stride, 1)
