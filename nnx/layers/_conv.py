"""Convolutional layers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from .. import init
from ..backend import Array
from ..functional._arguments import whole
from ..functional._conv_arguments import Numbers, convolve, same_padding
from ..functional._errors import complaint
from ..functional._pad import pad
from ..functional._windows import spread
from ._cells import Parameter, two
from ._layer import Layer

if TYPE_CHECKING:
    from ..random import Generator

__all__ = ["Conv1d", "Conv2d", "Conv3d"]

MODES = ("zeros", "reflect", "replicate", "circular")


class Convolution(Layer):
    """What they have in common: the configuration, the arrays and how they are printed."""

    weight: Array
    bias: Array | None
    axes = 0
    transposed = False

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Numbers, stride: Numbers, padding: Numbers | str,
        dilation: Numbers, groups: int, output_padding: Numbers, bias: bool, padding_mode: str,
        where: dict[str, Any],
    ) -> None:  # fmt: skip
        name, axes = type(self).__name__, self.axes
        in_channels = whole(name, "in_channels", in_channels, 1)
        out_channels, groups = whole(name, "out_channels", out_channels, 1), whole(name, "groups", groups, 1)
        for what, n in (("in_channels", in_channels), ("out_channels", out_channels)):
            if n % groups:
                raise complaint(name, f"expected {what} to be divisible by groups={groups}, got {n}")
        if padding_mode not in (MODES if not self.transposed else MODES[:1]):
            wanted = '"zeros"' if self.transposed else f"one of {', '.join(MODES)}"
            raise complaint(name, f"expected a padding_mode of {wanted}, got {padding_mode!r}")
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size = spread("a kernel_size", name, kernel_size, axes, 1)
        self.stride = spread("a stride", name, stride, axes, 1)
        self.dilation = spread("a dilation", name, dilation, axes, 1)
        self.output_padding = spread("an output_padding", name, output_padding, axes)
        self.padding_mode = padding_mode
        if isinstance(padding, str) and not self.transposed:
            if padding not in ("same", "valid"):
                raise complaint(name, f'expected a padding of "same", "valid" or numbers, got {padding!r}')
            if padding == "same" and any(s != 1 for s in self.stride):
                raise complaint(name, f'expected a stride of 1 for the padding "same", got {self.stride}')
            self.padding: Any = padding
        else:
            self.padding = spread("a padding", name, padding, axes)
        ends = (in_channels, out_channels) if self.transposed else (out_channels, in_channels)
        shape = (ends[0], ends[1] // groups, *self.kernel_size)
        bound = 1.0 / math.sqrt(math.prod(shape[1:]))
        self.weight = Parameter(init.uniform(shape, -bound, bound, **where))
        self.bias = Parameter(init.uniform((out_channels,), -bound, bound, **where)) if bias else None

    def extra_repr(self) -> str:
        """Channels, window, and what differs from the default."""
        parts = [
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        ]
        if self.padding != (0,) * self.axes:
            parts.append(f"padding={self.padding}")
        if any(d != 1 for d in self.dilation):
            parts.append(f"dilation={self.dilation}")
        if any(self.output_padding):
            parts.append(f"output_padding={self.output_padding}")
        if self.groups != 1:
            parts.append(f"groups={self.groups}")
        if self.bias is None:
            parts.append("bias=False")
        if self.padding_mode != "zeros":
            parts.append(f"padding_mode={self.padding_mode}")
        return ", ".join(parts)


class _Conv(Convolution):
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Numbers,
        stride: Numbers = 1,
        padding: Numbers | str = 0,
        dilation: Numbers = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
        *,
        generator: Generator | None = None,
    ) -> None:
        where = {"generator": generator, "dtype": dtype, "device": device}
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, dilation, groups, 0, bias, padding_mode, where
        )  # fmt: skip

    def forward(self, x: Array) -> Array:
        """Shape ``(N, in_channels, *size)`` or without the ``N``; see ``nnx.functional.conv2d``."""
        padding = self.padding
        if self.padding_mode != "zeros" and padding != "valid":
            if padding == "same":
                pairs = same_padding(self.kernel_size, self.dilation)
            else:
                pairs = tuple((p, p) for p in padding)
            x = pad(x, [n for pair in reversed(pairs) for n in pair], self.padding_mode)
            padding = 0
        weight, bias = two(self, "weight", "bias")
        return convolve(self.axes, x, weight, bias, self.stride, padding, self.dilation, self.groups)


class Conv1d(_Conv):
    """Convolution over sequences ``(N, in_channels, L)``, with ``Conv2d``'s arguments.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.Conv1d(2, 5, 3, padding="same")(np.ones((1, 2, 8), dtype=np.float32)).shape
    (1, 5, 8)
    """

    axes = 1


class Conv2d(_Conv):
    r"""Convolution over images: a window of weights slides over them.

    Weight and bias start uniform in :math:`\pm 1/\sqrt{\mathrm{fan\_in}}`, as PyTorch's, where ``fan_in`` is
    ``in_channels / groups`` times the size of the window. The formula is ``nnx.functional.conv2d``'s.

    Parameters
    ----------
    in_channels, out_channels
        Lengths of the axis before the spatial ones, of input and output.
    kernel_size
        Of the window: a number, or one for each spatial axis.
    stride, dilation
        How far apart windows lie, and the elements within one.
    padding
        How many elements are added on either side; ``"valid"`` for none, ``"same"`` to keep the size.
    groups
        Into how many parts the channels are divided, each convolved by itself.
    bias
        Whether to add a number for each channel.
    padding_mode
        What is added: ``"zeros"``, or as ``nnx.functional.pad`` does it, ``"reflect"``, ``"replicate"``,
        ``"circular"``.
    device, dtype
        Of the weights; where ``nnx.use`` says, and float32, by default.
    generator
        Where they are drawn from; nnx's own stream (``nnx.seed``) by default.

    Attributes
    ----------
    weight
        Shape ``(out_channels, in_channels / groups, *kernel_size)``.
    bias
        Shape ``(out_channels,)``, or None.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.Conv2d(3, 8, 5, stride=2, padding=2)(np.ones((4, 3, 32, 32), dtype=np.float32)).shape
    (4, 8, 16, 16)
    """

    axes = 2


class Conv3d(_Conv):
    """Convolution over volumes ``(N, in_channels, D, H, W)``, with ``Conv2d``'s arguments.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.Conv3d(2, 5, 3)(np.ones((1, 2, 6, 6, 6), dtype=np.float32)).shape
    (1, 5, 4, 4, 4)
    """

    axes = 3
