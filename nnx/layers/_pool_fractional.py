"""Layers that pool at random distances."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .. import functional as F
from ..backend import Array
from ..functional._errors import complaint
from ..functional._pool_fractional import ratios
from ..functional._windows import spread
from ._cells import Buffer
from ._layer import Layer

if TYPE_CHECKING:
    from ..random import Generator

__all__ = ["FractionalMaxPool2d", "FractionalMaxPool3d"]

Numbers = int | Sequence[int]
Ratio = float | Sequence[float]


class _FractionalMaxPool(Layer):
    _axes = 0
    _pool: Any = None

    def __init__(
        self,
        kernel_size: Numbers,
        output_size: Numbers | None = None,
        output_ratio: Ratio | None = None,
        return_indices: bool = False,
        _random_samples: Array | None = None,
        *,
        generator: Generator | None = None,
    ) -> None:
        name, axes = type(self).__name__, self._axes
        if (output_size is None) == (output_ratio is None):
            raise complaint(name, "expected either an output_size or an output_ratio")
        self.kernel_size = spread("a kernel_size", name, kernel_size, axes, 1)
        self.output_size = (
            None if output_size is None else spread("an output_size", name, output_size, axes, 1)
        )
        self.output_ratio = None if output_ratio is None else ratios(name, axes, output_ratio)
        self.return_indices, self.generator = return_indices, generator
        self._random_samples = None if _random_samples is None else Buffer(_random_samples)

    def forward(self, x: Array) -> Any:
        """The spatial axes after the channels', and the batch's or not."""
        return type(self)._pool(
            x,
            self.kernel_size,
            self.output_size,
            self.output_ratio,
            self.return_indices,
            self._random_samples,
            generator=self.generator,
        )


class FractionalMaxPool2d(_FractionalMaxPool):
    """The largest element of windows at random distances of ``(N, C, H, W)`` or ``(C, H, W)``.

    The distances are random in evaluation, too, as in PyTorch. Graham, 2014, https://arxiv.org/abs/1412.6071.

    Parameters
    ----------
    kernel_size, output_size, output_ratio, return_indices, generator
        As ``nnx.functional.fractional_max_pool2d``'s; either a size or a ratio.
    _random_samples
        As there, a buffer of that name.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.FractionalMaxPool2d(2, output_ratio=0.6)(np.ones((3, 10, 5))).shape
    (3, 6, 3)
    """

    _axes = 2
    _pool = staticmethod(F.fractional_max_pool2d)


class FractionalMaxPool3d(_FractionalMaxPool):
    """The largest element of windows at random distances of volumes; see ``FractionalMaxPool2d``.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.FractionalMaxPool3d(2, (2, 3, 1))(np.ones((1, 3, 5, 5, 5))).shape
    (1, 3, 2, 3, 1)
    """

    _axes = 3
    _pool = staticmethod(F.fractional_max_pool3d)
