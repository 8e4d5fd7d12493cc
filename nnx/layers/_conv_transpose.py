"""Transposed convolutional layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..backend import Array
from ..functional._conv_arguments import Numbers, convolve_transposed
from ..functional._errors import complaint
from ._conv import Convolution

if TYPE_CHECKING:
    from ..random import Generator

__all__ = ["ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"]


class _ConvTranspose(Convolution):
    transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Numbers,
        stride: Numbers = 1,
        padding: Numbers = 0,
        output_padding: Numbers = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Numbers = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
        *,
        generator: Generator | None = None,
    ) -> None:
        where = {"generator": generator, "dtype": dtype, "device": device}
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, dilation, groups, output_padding, bias,
            padding_mode, where,
        )  # fmt: skip

    def forward(self, x: Array, output_size: Sequence[int] | None = None) -> Array:
        """Shape ``(N, in_channels, *size)`` or without the ``N``.

        ``output_size``, of the spatial axes or of all, picks one of the sizes that a strided convolution maps to
        the input's, instead of ``output_padding``.
        """
        extra = self.output_padding if output_size is None else self._extra(x, tuple(output_size))
        return convolve_transposed(
            self.axes,
            x,
            self.weight,
            self.bias,
            self.stride,
            self.padding,
            extra,
            self.groups,
            self.dilation,
        )

    def _extra(self, x: Array, wanted: tuple[int, ...]) -> tuple[int, ...]:
        name, axes = type(self).__name__, self.axes
        if len(wanted) == x.ndim:
            wanted = wanted[-axes:]
        if len(wanted) != axes:
            raise complaint(name, f"expected an output_size of {axes} or {x.ndim} numbers, got {wanted}")
        least = tuple(
            (n - 1) * s - 2 * p + d * (k - 1) + 1
            for n, s, p, d, k in zip(
                x.shape[-axes:], self.stride, self.padding, self.dilation, self.kernel_size, strict=True
            )
        )
        most = tuple(n + s - 1 for n, s in zip(least, self.stride, strict=True))
        if any(not a <= n <= b for n, a, b in zip(wanted, least, most, strict=True)):
            raise complaint(
                name,
                f"expected an output_size from {least} to {most}, got {wanted} (input shape {tuple(x.shape)})",
            )
        return tuple(n - a for n, a in zip(wanted, least, strict=True))


class ConvTranspose1d(_ConvTranspose):
    """The transpose of ``Conv1d``, over sequences, with ``ConvTranspose2d``'s arguments.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.ConvTranspose1d(2, 5, 2, stride=2)(np.ones((1, 2, 8), dtype=np.float32)).shape
    (1, 5, 16)
    """

    axes = 1


class ConvTranspose2d(_ConvTranspose):
    r"""The transpose of ``Conv2d``: every element of the input lays a multiple of the window over the output.

    Weight and bias start uniform in :math:`\pm 1/\sqrt{n}`, as PyTorch's, where :math:`n` is
    ``out_channels / groups`` times the size of the window. Shapes are in ``nnx.functional.conv_transpose2d``.

    Parameters
    ----------
    in_channels, out_channels
        Lengths of the axis before the spatial ones, of input and output.
    kernel_size
        Of the window: a number, or one for each spatial axis.
    stride, dilation
        How far apart the windows are laid, and the elements within one.
    padding
        How many elements are cut off on either side.
    output_padding
        How many more there are behind.
    groups
        Into how many parts the channels are divided.
    bias
        Whether to add a number for each channel.
    padding_mode
        ``"zeros"`` only.
    device, dtype
        Of the weights; where ``nnx.use`` says, and float32, by default.
    generator
        Where they are drawn from; nnx's own stream (``nnx.seed``) by default.

    Attributes
    ----------
    weight
        Shape ``(in_channels, out_channels / groups, *kernel_size)``.
    bias
        Shape ``(out_channels,)``, or None.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> layer = nnx.ConvTranspose2d(3, 8, 3, stride=2, padding=1)
    >>> x = np.ones((4, 3, 16, 16), dtype=np.float32)
    >>> layer(x).shape, layer(x, output_size=(32, 32)).shape
    ((4, 8, 31, 31), (4, 8, 32, 32))
    """

    axes = 2


class ConvTranspose3d(_ConvTranspose):
    """The transpose of ``Conv3d``, over volumes, with ``ConvTranspose2d``'s arguments.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.ConvTranspose3d(2, 5, 2, stride=2)(np.ones((1, 2, 3, 3, 3), dtype=np.float32)).shape
    (1, 5, 6, 6, 6)
    """

    axes = 3
