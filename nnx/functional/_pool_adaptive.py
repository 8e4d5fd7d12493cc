"""Pooling to a size: as many windows as wanted share out each axis."""

from __future__ import annotations

from typing import Any

from ..backend import Array
from ._pool_arguments import Sizes, adaptive_max, adaptive_mean

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
    "adaptive_max_pool3d",
]


def adaptive_avg_pool1d(x: Array, output_size: Sizes) -> Array:
    """The mean of every window of sequences ``(N, C, L)`` or ``(C, L)``; see ``adaptive_avg_pool2d``.

    Examples
    --------
    >>> import numpy as np
    >>> adaptive_avg_pool1d(np.asarray([[1.0, 3.0, 2.0]]), 2)
    array([[2. , 2.5]])
    """
    return adaptive_mean(1, x, output_size)


def adaptive_avg_pool2d(x: Array, output_size: Sizes) -> Array:
    r"""The mean of as many windows as wanted, as ``torch.nn.functional.adaptive_avg_pool2d``.

    Of :math:`o` windows over :math:`n` elements the :math:`i`-th goes from :math:`\lfloor i n / o \rfloor` to
    :math:`\lceil (i + 1) n / o \rceil`; where :math:`o` doesn't divide :math:`n` they overlap.

    Parameters
    ----------
    x
        Shape ``(N, C, H, W)``, or ``(C, H, W)`` without a batch.
    output_size
        The height and width wanted, or one number for both; None for those of ``x``.

    Returns
    -------
    Shape ``(N, C, *output_size)``.

    Raises
    ------
    ValueError
        Where shapes or numbers don't fit.
    TypeError
        Where numbers aren't whole, or ``x`` is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> adaptive_avg_pool2d(np.arange(6.0).reshape(1, 2, 3), (1, None))
    array([[[1.5, 2.5, 3.5]]])
    """
    return adaptive_mean(2, x, output_size)


def adaptive_avg_pool3d(x: Array, output_size: Sizes) -> Array:
    """The mean of every window of volumes ``(N, C, D, H, W)`` or without ``N``; see ``adaptive_avg_pool2d``.

    Examples
    --------
    >>> import numpy as np
    >>> adaptive_avg_pool3d(np.arange(8.0).reshape(1, 2, 2, 2), 1)
    array([[[[3.5]]]])
    """
    return adaptive_mean(3, x, output_size)


def adaptive_max_pool1d(x: Array, output_size: Sizes, return_indices: bool = False) -> Any:
    """The largest element of every window of sequences; see ``adaptive_max_pool2d``.

    Examples
    --------
    >>> import numpy as np
    >>> adaptive_max_pool1d(np.asarray([[1.0, 3.0, 2.0]]), 3)
    array([[1., 3., 2.]])
    """
    return adaptive_max(1, x, output_size, return_indices)


def adaptive_max_pool2d(x: Array, output_size: Sizes, return_indices: bool = False) -> Any:
    """The largest element of as many windows as wanted, as ``torch.nn.functional.adaptive_max_pool2d``.

    Parameters
    ----------
    x, output_size
        As ``adaptive_avg_pool2d``'s.
    return_indices
        As ``max_pool2d``'s.

    Returns
    -------
    Shape ``(N, C, *output_size)``; with ``return_indices`` a tuple of that and the indices.

    Raises
    ------
    ValueError, TypeError
        As ``adaptive_avg_pool2d``.

    Examples
    --------
    >>> import numpy as np
    >>> adaptive_max_pool2d(np.arange(6.0).reshape(1, 2, 3), 2)
    array([[[1., 2.],
            [4., 5.]]])
    """
    return adaptive_max(2, x, output_size, return_indices)


def adaptive_max_pool3d(x: Array, output_size: Sizes, return_indices: bool = False) -> Any:
    """The largest element of every window of volumes; see ``adaptive_max_pool2d``.

    Examples
    --------
    >>> import numpy as np
    >>> adaptive_max_pool3d(np.arange(8.0).reshape(1, 2, 2, 2), 1)
    array([[[[7.]]]])
    """
    return adaptive_max(3, x, output_size, return_indices)
