"""Pooling layers: one number for every window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import functional as F
from ..backend import Array
from ..functional._pool_arguments import check_divisor, check_windows
from ._layer import Layer

__all__ = [
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "LPPool1d",
    "LPPool2d",
    "LPPool3d",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
]

Numbers = int | Sequence[int]


class _MaxPool(Layer):
    """The largest element of every window; see ``nnx.functional.max_pool2d`` for the arguments."""

    _axes = 0
    _pool: Any = None

    def __init__(
        self,
        kernel_size: Numbers,
        stride: Numbers | None = None,
        padding: Numbers = 0,
        dilation: Numbers = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        check_windows(type(self).__name__, self._axes, kernel_size, stride, padding, dilation)
        self.kernel_size, self.padding, self.dilation = kernel_size, padding, dilation
        self.stride = kernel_size if stride is None else stride
        self.return_indices, self.ceil_mode = return_indices, ceil_mode

    def forward(self, x: Array) -> Any:
        """The spatial axes after the channels', and the batch's or not."""
        return type(self)._pool(
            x, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        )

    def extra_repr(self) -> str:
        """The windows."""
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPool):
    """The largest element of every window of ``(N, C, L)`` or ``(C, L)``; see ``MaxPool2d``.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.MaxPool1d(2)(np.asarray([[1.0, 3.0, 2.0, 0.0]]))
    array([[3., 2.]])
    """

    _axes = 1
    _pool = staticmethod(F.max_pool1d)


class MaxPool2d(_MaxPool):
    """The largest element of every window of ``(N, C, H, W)`` or ``(C, H, W)``.

    Parameters
    ----------
    kernel_size, stride, padding, dilation, return_indices, ceil_mode
        As ``nnx.functional.max_pool2d``'s.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.MaxPool2d(2)(np.arange(8.0).reshape(1, 2, 4))
    array([[[5., 7.]]])
    """

    _axes = 2
    _pool = staticmethod(F.max_pool2d)


class MaxPool3d(_MaxPool):
    """The largest element of every window of ``(N, C, D, H, W)`` or without ``N``; see ``MaxPool2d``.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.MaxPool3d(2)(np.arange(16.0).reshape(1, 2, 2, 4))
    array([[[[13., 15.]]]])
    """

    _axes = 3
    _pool = staticmethod(F.max_pool3d)


class AvgPool1d(Layer):
    """The mean of every window of ``(N, C, L)`` or ``(C, L)``; see ``AvgPool2d``.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.AvgPool1d(2)(np.asarray([[1.0, 3.0, 2.0, 0.0]]))
    array([[2., 1.]])
    """

    def __init__(
        self,
        kernel_size: Numbers,
        stride: Numbers | None = None,
        padding: Numbers = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        self.kernel_size, self.stride, self.padding, _ = check_windows(
            "AvgPool1d", 1, kernel_size, stride, padding
        )
        self.ceil_mode, self.count_include_pad = ceil_mode, count_include_pad

    def forward(self, x: Array) -> Array:
        """Shape ``(N, C, L)`` or ``(C, L)``."""
        return F.avg_pool1d(
            x, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad
        )

    def extra_repr(self) -> str:
        """The windows."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class _AvgPool(Layer):
    """The mean of every window; see ``nnx.functional.avg_pool2d`` for the arguments."""

    _axes = 0
    _pool: Any = None

    def __init__(
        self,
        kernel_size: Numbers,
        stride: Numbers | None = None,
        padding: Numbers = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        name = type(self).__name__
        check_windows(name, self._axes, kernel_size, stride, padding)
        check_divisor(name, divisor_override)
        self.kernel_size, self.padding = kernel_size, padding
        self.stride = kernel_size if stride is None else stride
        self.ceil_mode, self.count_include_pad = ceil_mode, count_include_pad
        self.divisor_override = divisor_override

    def forward(self, x: Array) -> Array:
        """The spatial axes after the channels', and the batch's or not."""
        return type(self)._pool(
            x,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )

    def extra_repr(self) -> str:
        """The windows."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool2d(_AvgPool):
    """The mean of every window of ``(N, C, H, W)`` or ``(C, H, W)``.

    Parameters
    ----------
    kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
        As ``nnx.functional.avg_pool2d``'s.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.AvgPool2d(2)(np.arange(8.0).reshape(1, 2, 4))
    array([[[2.5, 4.5]]])
    """

    _axes = 2
    _pool = staticmethod(F.avg_pool2d)


class AvgPool3d(_AvgPool):
    """The mean of every window of ``(N, C, D, H, W)`` or without ``N``; see ``AvgPool2d``.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.AvgPool3d(2)(np.arange(16.0).reshape(1, 2, 2, 4))
    array([[[[6.5, 8.5]]]])
    """

    _axes = 3
    _pool = staticmethod(F.avg_pool3d)


class _LPPool(Layer):
    """The p-norm of every window; see ``nnx.functional.lp_pool2d`` for the arguments."""

    _axes = 0
    _pool: Any = None

    def __init__(
        self,
        norm_type: float,
        kernel_size: Numbers,
        stride: Numbers | None = None,
        ceil_mode: bool = False,
    ) -> None:
        check_windows(type(self).__name__, self._axes, kernel_size, stride)
        self.norm_type, self.kernel_size, self.stride = norm_type, kernel_size, stride
        self.ceil_mode = ceil_mode

    def forward(self, x: Array) -> Array:
        """The spatial axes after the channels', and the batch's or not."""
        return type(self)._pool(x, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)

    def extra_repr(self) -> str:
        """The power and the windows."""
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )


class LPPool1d(_LPPool):
    """The p-norm of every window of ``(N, C, L)`` or ``(C, L)``; see ``LPPool2d``.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.LPPool1d(2, 2)(np.asarray([[3.0, 4.0, 5.0, 12.0]]))
    array([[ 5., 13.]])
    """

    _axes = 1
    _pool = staticmethod(F.lp_pool1d)


class LPPool2d(_LPPool):
    """The p-norm of every window of ``(N, C, H, W)`` or ``(C, H, W)``.

    Parameters
    ----------
    norm_type, kernel_size, stride, ceil_mode
        As ``nnx.functional.lp_pool2d``'s.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.LPPool2d(2, (1, 2))(np.asarray([[[3.0, 4.0, 5.0, 12.0]]]))
    array([[[ 5., 13.]]])
    """

    _axes = 2
    _pool = staticmethod(F.lp_pool2d)


class LPPool3d(_LPPool):
    """The p-norm of every window of ``(N, C, D, H, W)`` or without ``N``; see ``LPPool2d``.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.LPPool3d(3, 2)(np.ones((1, 2, 2, 2)))
    array([[[[2.]]]])
    """

    _axes = 3
    _pool = staticmethod(F.lp_pool3d)
