"""Pooling: one number for every window of the last one to three axes, as PyTorch's.

Arguments are checked and windows laid out in ``_pool_arguments``; the arithmetic is in ``_pooling``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..autodiff import array_namespace
from ..backend import Array
from ._arguments import number
from ._errors import check_arrays, complaint
from ._pool_arguments import largest, mean
from ._windows import spread

__all__ = [
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "lp_pool1d",
    "lp_pool2d",
    "lp_pool3d",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
]

Numbers = int | Sequence[int]


def max_pool1d(
    x: Array,
    kernel_size: Numbers,
    stride: Numbers | None = None,
    padding: Numbers = 0,
    dilation: Numbers = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of every window of sequences ``(N, C, L)`` or ``(C, L)``; see ``max_pool2d``.

    Examples
    --------
    >>> import numpy as np
    >>> max_pool1d(np.asarray([[1.0, 3.0, 2.0, 0.0]]), 2)
    array([[3., 2.]])
    """
    return largest(1, x, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(
    x: Array,
    kernel_size: Numbers,
    stride: Numbers | None = None,
    padding: Numbers = 0,
    dilation: Numbers = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of every window, as ``torch.nn.functional.max_pool2d``.

    NaN counts as the largest. Of equal elements the first has the derivative.

    Parameters
    ----------
    x
        Shape ``(N, C, H, W)``, or ``(C, H, W)`` without a batch.
    kernel_size
        The window: a number, or one for each axis.
    stride
        How far apart windows lie; the ``kernel_size`` by default.
    padding
        How far the first windows start before the array, at most half the window: nothing there is ever found.
    dilation
        How far apart the elements within a window lie.
    ceil_mode
        Whether there is another window that the end cuts off, where the windows leave elements over.
    return_indices
        Whether to give also where the elements are: the number in ``H * W``, int64.

    Returns
    -------
    Shape ``(N, C, *out)``, with ``out = (size + 2 * padding - dilation * (kernel_size - 1) - 1) / stride + 1``
    rounded down, or up with ``ceil_mode``; with ``return_indices`` a tuple of that and the indices.

    Raises
    ------
    ValueError
        Where shapes or numbers don't fit.
    TypeError
        Where numbers aren't whole, or ``x`` is no array of real numbers.

    Examples
    --------
    >>> import numpy as np
    >>> out, indices = max_pool2d(np.asarray([[[1.0, 3.0], [2.0, 0.0]]]), 2, return_indices=True)
    >>> out, indices
    (array([[[3.]]]), array([[[1]]]))
    """
    return largest(2, x, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool3d(
    x: Array,
    kernel_size: Numbers,
    stride: Numbers | None = None,
    padding: Numbers = 0,
    dilation: Numbers = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of every window of volumes ``(N, C, D, H, W)`` or without ``N``; see ``max_pool2d``.

    Examples
    --------
    >>> import numpy as np
    >>> max_pool3d(np.arange(16.0).reshape(1, 2, 2, 4), 2)
    array([[[[13., 15.]]]])
    """
    return largest(3, x, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def avg_pool1d(
    x: Array,
    kernel_size: Numbers,
    stride: Numbers | None = None,
    padding: Numbers = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Array:
    """The mean of every window of sequences ``(N, C, L)`` or ``(C, L)``; see ``avg_pool2d``.

    Examples
    --------
    >>> import numpy as np
    >>> avg_pool1d(np.asarray([[1.0, 3.0, 2.0, 0.0]]), 2)
    array([[2., 1.]])
    """
    return mean(1, x, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool2d(
    x: Array,
    kernel_size: Numbers,
    stride: Numbers | None = None,
    padding: Numbers = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Array:
    """The mean of every window, as ``torch.nn.functional.avg_pool2d``.

    Parameters
    ----------
    x
        Shape ``(N, C, H, W)``, or ``(C, H, W)`` without a batch.
    kernel_size, stride, ceil_mode
        As ``max_pool2d``'s.
    padding
        How many zeros there are on either side, at most half the window.
    count_include_pad
        Whether they count as elements; what a last window with ``ceil_mode`` has beyond them never does.
    divisor_override
        What sums are divided by, instead of the number of elements.

    Returns
    -------
    Shape ``(N, C, *out)``, as ``max_pool2d``'s.

    Raises
    ------
    ValueError
        Where shapes or numbers don't fit.
    TypeError
        Where numbers aren't whole, or ``x`` is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> avg_pool2d(np.ones((1, 2, 2)), 2, 1, 1)
    array([[[0.25, 0.5 , 0.25],
            [0.5 , 1.  , 0.5 ],
            [0.25, 0.5 , 0.25]]])
    """
    return mean(2, x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def avg_pool3d(
    x: Array,
    kernel_size: Numbers,
    stride: Numbers | None = None,
    padding: Numbers = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Array:
    """The mean of every window of volumes ``(N, C, D, H, W)`` or without ``N``; see ``avg_pool2d``.

    Examples
    --------
    >>> import numpy as np
    >>> avg_pool3d(np.arange(16.0).reshape(1, 2, 2, 4), 2)
    array([[[[6.5, 8.5]]]])
    """
    return mean(3, x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def _power_mean(
    axes: int, x: Array, norm_type: float, kernel_size: Numbers, stride: Numbers | None, ceil_mode: bool
) -> Array:
    where = f"lp_pool{axes}d"
    check_arrays(where, input=x)
    norm_type = number(where, "norm_type", norm_type)
    if norm_type == 0:
        raise complaint(where, f"expected a norm_type other than 0, got {norm_type!r}")
    if abs(norm_type) == math.inf:
        sign, xp = math.copysign(1, norm_type), array_namespace(x)
        return sign * largest(axes, sign * xp.abs(x), kernel_size, stride, 0, 1, ceil_mode, False)
    means = mean(axes, x**norm_type, kernel_size, stride, 0, ceil_mode, True, None, "lp_pool")
    sums = means * math.prod(spread("a kernel_size", where, kernel_size, axes, 1))
    xp = array_namespace(sums)
    nothing = sums == 0  # where the root has no derivative, PyTorch's is 0
    root = xp.where(nothing, 1, sums) ** (1 / norm_type)
    return xp.where(nothing, 0 if norm_type > 0 else math.inf, root)


def lp_pool1d(
    x: Array,
    norm_type: float,
    kernel_size: Numbers,
    stride: Numbers | None = None,
    ceil_mode: bool = False,
) -> Array:
    """The p-norm of every window of sequences ``(N, C, L)`` or ``(C, L)``; see ``lp_pool2d``.

    Examples
    --------
    >>> import numpy as np
    >>> lp_pool1d(np.asarray([[3.0, 4.0, 5.0, 12.0]]), 2, 2)
    array([[ 5., 13.]])
    """
    return _power_mean(1, x, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(
    x: Array,
    norm_type: float,
    kernel_size: Numbers,
    stride: Numbers | None = None,
    ceil_mode: bool = False,
) -> Array:
    r"""The p-norm of every window, :math:`(\sum x^p)^{1/p}`, as ``torch.nn.functional.lp_pool2d``.

    As there the power is of :math:`x`, not of its absolute value, a window that the end cuts off counts as if it
    had as many elements more with the same mean, and where the sum is 0 so is the derivative.

    Parameters
    ----------
    x
        Shape ``(N, C, H, W)``, or ``(C, H, W)`` without a batch.
    norm_type
        The power p; infinite for the largest absolute value.
    kernel_size, stride, ceil_mode
        As ``max_pool2d``'s.

    Returns
    -------
    Shape ``(N, C, *out)``, as ``max_pool2d``'s.

    Raises
    ------
    ValueError, TypeError
        As ``avg_pool2d``.

    Examples
    --------
    >>> import numpy as np
    >>> lp_pool2d(np.asarray([[[1.0, 1.0], [1.0, 1.0]]]), 2, 2)
    array([[[2.]]])
    """
    return _power_mean(2, x, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d(
    x: Array,
    norm_type: float,
    kernel_size: Numbers,
    stride: Numbers | None = None,
    ceil_mode: bool = False,
) -> Array:
    """The p-norm of every window of volumes ``(N, C, D, H, W)`` or without ``N``; see ``lp_pool2d``.

    Examples
    --------
    >>> import numpy as np
    >>> lp_pool3d(np.ones((1, 2, 2, 2)), 3, 2)
    array([[[[2.]]]])
    """
    return _power_mean(3, x, norm_type, kernel_size, stride, ceil_mode)
