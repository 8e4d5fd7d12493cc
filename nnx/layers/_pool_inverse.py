"""Layers that undo max pooling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import functional as F
from ..backend import Array
from ..functional._pool_arguments import check_windows
from ._layer import Layer

__all__ = ["MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d"]

Numbers = int | Sequence[int]


class _MaxUnpool(Layer):
    _axes = 0
    _unpool: Any = None

    def __init__(self, kernel_size: Numbers, stride: Numbers | None = None, padding: Numbers = 0) -> None:
        self.kernel_size, self.stride, self.padding, _ = check_windows(
            type(self).__name__, self._axes, kernel_size, stride, padding
        )

    def forward(self, x: Array, indices: Array, output_size: Sequence[int] | None = None) -> Array:
        """What max pooling gives with ``return_indices``, and the size that it was given."""
        return type(self)._unpool(x, indices, self.kernel_size, self.stride, self.padding, output_size)

    def extra_repr(self) -> str:
        """The windows."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpool):
    """Undoes ``MaxPool1d`` for the elements that it kept; see ``MaxUnpool2d``.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.MaxUnpool1d(2)(np.asarray([[3.0, 2.0]]), np.asarray([[1, 2]]))
    array([[0., 3., 2., 0.]])
    """

    _axes = 1
    _unpool = staticmethod(F.max_unpool1d)


class MaxUnpool2d(_MaxUnpool):
    """Undoes ``MaxPool2d`` for the elements that it kept, with zeros elsewhere.

    Parameters
    ----------
    kernel_size, stride, padding
        As the ``MaxPool2d`` that is undone has them.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> pool, unpool = nnx.MaxPool2d(2, return_indices=True), nnx.MaxUnpool2d(2)
    >>> unpool(*pool(np.arange(6.0).reshape(1, 2, 3)), output_size=(2, 3))
    array([[[0., 0., 0.],
            [0., 4., 0.]]])
    """

    _axes = 2
    _unpool = staticmethod(F.max_unpool2d)


class MaxUnpool3d(_MaxUnpool):
    """Undoes ``MaxPool3d`` for the elements that it kept; see ``MaxUnpool2d``.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.MaxUnpool3d(2)(np.ones((1, 1, 1, 1)), np.zeros((1, 1, 1, 1), np.int64)).shape
    (1, 2, 2, 2)
    """

    _axes = 3
    _unpool = staticmethod(F.max_unpool3d)
