"""Layers that pool to a size."""

from __future__ import annotations

from typing import Any

from .. import functional as F
from ..backend import Array
from ..functional._pool_arguments import Sizes, check_sizes
from ._layer import Layer

__all__ = [
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveAvgPool3d",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d",
]


class _Adaptive(Layer):
    _axes = 0
    _pool: Any = None

    def __init__(self, output_size: Sizes) -> None:
        check_sizes(type(self).__name__, output_size, self._axes)
        self.output_size = output_size

    def forward(self, x: Array) -> Any:
        """The spatial axes after the channels', and the batch's or not."""
        return type(self)._pool(x, self.output_size)

    def extra_repr(self) -> str:
        """The size."""
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_Adaptive):
    """The mean of as many windows as wanted of ``(N, C, L)`` or ``(C, L)``; see ``AdaptiveAvgPool2d``.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.AdaptiveAvgPool1d(2)(np.asarray([[1.0, 3.0, 2.0]]))
    array([[2. , 2.5]])
    """

    _axes = 1
    _pool = staticmethod(F.adaptive_avg_pool1d)


class AdaptiveAvgPool2d(_Adaptive):
    """The mean of as many windows as wanted of ``(N, C, H, W)`` or ``(C, H, W)``.

    Parameters
    ----------
    output_size
        As ``nnx.functional.adaptive_avg_pool2d``'s.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.AdaptiveAvgPool2d(1)(np.arange(6.0).reshape(1, 2, 3))
    array([[[2.5]]])
    """

    _axes = 2
    _pool = staticmethod(F.adaptive_avg_pool2d)


class AdaptiveAvgPool3d(_Adaptive):
    """The mean of as many windows as wanted of ``(N, C, D, H, W)`` or without ``N``; see ``AdaptiveAvgPool2d``.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.AdaptiveAvgPool3d((1, 2, None))(np.ones((3, 4, 4, 5))).shape
    (3, 1, 2, 5)
    """

    _axes = 3
    _pool = staticmethod(F.adaptive_avg_pool3d)


class _AdaptiveMax(_Adaptive):
    def __init__(self, output_size: Sizes, return_indices: bool = False) -> None:
        super().__init__(output_size)
        self.return_indices = return_indices

    def forward(self, x: Array) -> Any:
        """The spatial axes after the channels', and the batch's or not."""
        return type(self)._pool(x, self.output_size, self.return_indices)


class AdaptiveMaxPool1d(_AdaptiveMax):
    """The largest elements of as many windows as wanted of ``(N, C, L)`` or ``(C, L)``.

    See ``AdaptiveMaxPool2d``.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.AdaptiveMaxPool1d(2)(np.asarray([[1.0, 3.0, 2.0]]))
    array([[3., 3.]])
    """

    _axes = 1
    _pool = staticmethod(F.adaptive_max_pool1d)


class AdaptiveMaxPool2d(_AdaptiveMax):
    """The largest elements of as many windows as wanted of ``(N, C, H, W)`` or ``(C, H, W)``.

    Parameters
    ----------
    output_size, return_indices
        As ``nnx.functional.adaptive_max_pool2d``'s.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.AdaptiveMaxPool2d(1)(np.arange(6.0).reshape(1, 2, 3))
    array([[[5.]]])
    """

    _axes = 2
    _pool = staticmethod(F.adaptive_max_pool2d)


class AdaptiveMaxPool3d(_AdaptiveMax):
    """The largest elements of as many windows as wanted of ``(N, C, D, H, W)`` or without ``N``.

    See ``AdaptiveMaxPool2d``.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.AdaptiveMaxPool3d((1, 2, None))(np.ones((3, 4, 4, 5))).shape
    (3, 1, 2, 5)
    """

    _axes = 3
    _pool = staticmethod(F.adaptive_max_pool3d)
