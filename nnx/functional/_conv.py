"""Convolution and transposed convolution in one to three dimensions, as PyTorch's.

Arguments are checked and windows laid out in ``_conv_arguments``; the arithmetic is in ``_convolution``.
"""

from __future__ import annotations

from ..backend import Array
from ._conv_arguments import Numbers, convolve, convolve_transposed

__all__ = ["conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"]


def conv1d(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Numbers = 1,
    padding: Numbers | str = 0,
    dilation: Numbers = 1,
    groups: int = 1,
) -> Array:
    r"""Convolution over sequences ``(N, C, L)`` or ``(C, L)``, with ``conv2d``'s arguments of one number each.

    Examples
    --------
    >>> import numpy as np
    >>> conv1d(np.asarray([[1.0, 2.0, 4.0, 8.0]]), np.asarray([[[-1.0, 1.0]]]))
    array([[1., 2., 4.]])
    """
    return convolve(1, x, weight, bias, stride, padding, dilation, groups)


def conv2d(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Numbers = 1,
    padding: Numbers | str = 0,
    dilation: Numbers = 1,
    groups: int = 1,
) -> Array:
    r"""Convolution over images, as ``torch.nn.functional.conv2d``.

    .. math:: y_{o,i} = b_o + \sum_{c,k} W_{o,c,k}\; x_{c,\; s i + d k - p}

    with stride :math:`s`, dilation :math:`d` and :math:`p` zeros before the start. As everywhere in the field it
    is a cross-correlation: the window isn't turned round.

    Parameters
    ----------
    x
        Shape ``(N, C, H, W)``, or ``(C, H, W)`` for one image.
    weight
        Shape ``(O, C / groups, kernel height, kernel width)``, of the dtype of ``x``.
    bias
        Shape ``(O,)``, or None.
    stride, dilation
        How far apart windows lie, and the elements within one: a number, or one for each axis.
    padding
        Zeros on either side: a number, one for each axis, ``"valid"`` for none, or ``"same"`` for as many as keep
        the size.
    groups
        Into how many parts the channels are divided, each convolved by itself.

    Returns
    -------
    Shape ``(N, O, *out)``, with ``out = (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1``.

    Raises
    ------
    ValueError
        Where shapes or numbers don't fit.
    TypeError
        Where the dtypes differ.

    Examples
    --------
    >>> import numpy as np
    >>> conv2d(np.arange(9.0).reshape(1, 3, 3), np.ones((1, 1, 2, 2)))
    array([[[ 8., 12.],
            [20., 24.]]])
    """
    return convolve(2, x, weight, bias, stride, padding, dilation, groups)


def conv3d(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Numbers = 1,
    padding: Numbers | str = 0,
    dilation: Numbers = 1,
    groups: int = 1,
) -> Array:
    r"""Convolution over volumes ``(N, C, D, H, W)`` or ``(C, D, H, W)``, with ``conv2d``'s arguments.

    Examples
    --------
    >>> import numpy as np
    >>> conv3d(np.ones((1, 1, 4, 4, 4)), np.ones((2, 1, 3, 3, 3)), stride=2, padding=1).shape
    (1, 2, 2, 2, 2)
    """
    return convolve(3, x, weight, bias, stride, padding, dilation, groups)


def conv_transpose1d(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Numbers = 1,
    padding: Numbers = 0,
    output_padding: Numbers = 0,
    groups: int = 1,
    dilation: Numbers = 1,
) -> Array:
    r"""Transposed convolution over sequences, with ``conv_transpose2d``'s arguments of one number each.

    Examples
    --------
    >>> import numpy as np
    >>> conv_transpose1d(np.asarray([[1.0, 2.0]]), np.asarray([[[1.0, 10.0]]]), stride=2)
    array([[ 1., 10.,  2., 20.]])
    """
    return convolve_transposed(1, x, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Numbers = 1,
    padding: Numbers = 0,
    output_padding: Numbers = 0,
    groups: int = 1,
    dilation: Numbers = 1,
) -> Array:
    r"""The transpose of ``conv2d``: every element of the input lays a multiple of the window over the output.

    As ``torch.nn.functional.conv_transpose2d``. Zeiler et al., "Deconvolutional networks", 2010.

    Parameters
    ----------
    x
        Shape ``(N, C, H, W)``, or ``(C, H, W)`` for one image.
    weight
        Shape ``(C, O / groups, kernel height, kernel width)``, of the dtype of ``x``.
    bias
        Shape ``(O,)``, or None.
    stride, dilation
        How far apart the windows are laid, and the elements within one: a number, or one for each axis.
    padding
        How much is cut off on either side.
    output_padding
        How much longer the output is behind: a strided convolution maps several sizes to one.
    groups
        Into how many parts the channels are divided.

    Returns
    -------
    Shape ``(N, O, *out)``, with
    ``out = (size - 1) * stride - 2 * padding + dilation * (kernel - 1) + output_padding + 1``.

    Raises
    ------
    ValueError
        Where shapes or numbers don't fit.
    TypeError
        Where the dtypes differ.

    Examples
    --------
    >>> import numpy as np
    >>> conv_transpose2d(np.asarray([[[1.0, 2.0]]]), np.ones((1, 1, 2, 2)))
    array([[[1., 3., 2.],
            [1., 3., 2.]]])
    """
    return convolve_transposed(2, x, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose3d(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Numbers = 1,
    padding: Numbers = 0,
    output_padding: Numbers = 0,
    groups: int = 1,
    dilation: Numbers = 1,
) -> Array:
    r"""Transposed convolution over volumes, with ``conv_transpose2d``'s arguments.

    Examples
    --------
    >>> import numpy as np
    >>> conv_transpose3d(np.ones((1, 2, 2, 2, 2)), np.ones((2, 1, 3, 3, 3)), stride=2).shape
    (1, 1, 5, 5, 5)
    """
    return convolve_transposed(3, x, weight, bias, stride, padding, output_padding, groups, dilation)
