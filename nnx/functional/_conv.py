"""Convolution and transposed convolution in one to three dimensions, as PyTorch's.

Here arguments are checked and windows laid out; the arithmetic is in ``_convolution``.
"""

from __future__ import annotations

from typing import Any

from ..autodiff import array_namespace
from ..backend import Array
from ._convolution import convolution, transposed_convolution
from ._errors import complaint
from ._windows import Geometry, Pairs, spread

__all__ = ["conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"]

Numbers = int | tuple[int, ...]


def same_padding(kernel: tuple[int, ...], dilation: tuple[int, ...]) -> Pairs:
    """Zeros before and after that leave the size as it is; an odd one goes behind."""
    totals = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
    return tuple((total // 2, total - total // 2) for total in totals)


def _pairs(name: str, padding: Any, kernel: tuple[int, ...], stride: Any, dilation: Any) -> Pairs:
    if isinstance(padding, str):
        if padding not in ("same", "valid"):
            raise complaint(name, f'expected a padding of "same", "valid" or numbers, got {padding!r}')
        if padding == "same" and any(s != 1 for s in stride):
            raise complaint(name, f'expected a stride of 1 for the padding "same", got {stride}')
        return same_padding(kernel, dilation if padding == "same" else (0,) * len(kernel))
    return tuple((p, p) for p in spread("a padding", name, padding, len(kernel)))


def _check(name: str, x: Array, weight: Array, bias: Array | None, axes: int, groups: int) -> None:
    """Raise where these cannot be convolved, whatever the windows."""
    if weight.ndim != axes + 2:
        raise complaint(name, f"expected a weight with {axes + 2} axes, got shape {weight.shape}")
    if x.ndim not in (axes + 1, axes + 2):
        raise complaint(
            name, f"expected an input with {axes + 2} axes, or {axes + 1} for one image, got shape {x.shape}"
        )
    if x.dtype != weight.dtype:
        raise complaint(
            name,
            f"expected an input of the weight's dtype {weight.dtype}, got {x.dtype}; convert the input, or the "
            "model with .astype",
            TypeError,
        )
    if isinstance(groups, bool) or not isinstance(groups, int) or groups < 1:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise complaint(name, f"expected a number of groups of at least 1, got {groups!r}")
    if weight.shape[0] < 1 or weight.shape[0] % groups:
        raise complaint(
            name, f"expected a first axis of the weight that {groups} groups divide, got shape {weight.shape}"
        )
    if 0 in weight.shape[2:]:
        raise complaint(name, f"expected a kernel of at least 1 along every axis, got {weight.shape[2:]}")
    if bias is not None and bias.dtype != weight.dtype:
        raise complaint(name, f"expected a bias of dtype {weight.dtype}, got {bias.dtype}", TypeError)


def _check_channels(name: str, x: Array, axes: int, wanted: int) -> None:
    if x.shape[-axes - 1] != wanted:
        raise complaint(name, f"expected {wanted} channels, got {x.shape[-axes - 1]} (input shape {x.shape})")


def _check_bias(name: str, bias: Array | None, channels: int) -> None:
    if bias is not None and bias.shape != (channels,):
        raise complaint(name, f"expected a bias of shape {(channels,)}, got {bias.shape}")


def _apply(primitive: Any, x: Array, weight: Array, bias: Array | None, geometry: Geometry) -> Array:
    """The primitive, also for one image without the batch's axis."""
    if x.ndim == weight.ndim:
        return primitive(x, weight, bias, geometry=geometry)
    xp = array_namespace(x)
    out = primitive(xp.expand_dims(x, axis=0), weight, bias, geometry=geometry)
    return xp.squeeze(out, axis=0)


def convolve(
    axes: int,
    x: Array,
    weight: Array,
    bias: Array | None,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: int,
) -> Array:
    """A convolution over the last ``axes`` axes."""
    name = f"conv{axes}d"
    _check(name, x, weight, bias, axes, groups)
    _check_channels(name, x, axes, weight.shape[1] * groups)
    _check_bias(name, bias, weight.shape[0])
    kernel, size = tuple(weight.shape[2:]), tuple(x.shape[-axes:])
    stride = spread("a stride", name, stride, axes, 1)
    dilation = spread("a dilation", name, dilation, axes, 1)
    pairs = _pairs(name, padding, kernel, stride, dilation)
    room = [n + sum(pair) for n, pair in zip(size, pairs, strict=True)]
    reach = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    if any(n < r for n, r in zip(room, reach, strict=True)):
        raise complaint(
            name,
            f"expected an input, padded, of at least {tuple(reach)}, got {tuple(room)} (input shape {x.shape})",
        )
    out = tuple((n - r) // s + 1 for n, r, s in zip(room, reach, stride, strict=True))
    return _apply(convolution, x, weight, bias, Geometry(size, kernel, out, stride, dilation, pairs, groups))


def convolve_transposed(
    axes: int, x: Array, weight: Array, bias: Array | None, stride: Any, padding: Any, output_padding: Any,
    groups: int, dilation: Any,
) -> Array:  # fmt: skip
    """A transposed convolution over the last ``axes`` axes."""
    name = f"conv_transpose{axes}d"
    _check(name, x, weight, bias, axes, groups)
    _check_channels(name, x, axes, weight.shape[0])
    _check_bias(name, bias, weight.shape[1] * groups)
    kernel, out = tuple(weight.shape[2:]), tuple(x.shape[-axes:])
    stride = spread("a stride", name, stride, axes, 1)
    dilation = spread("a dilation", name, dilation, axes, 1)
    padding = spread("a padding", name, padding, axes)
    extra = spread("an output_padding", name, output_padding, axes)
    if any(e >= max(s, d) for e, s, d in zip(extra, stride, dilation, strict=True)):
        raise complaint(
            name,
            f"expected an output_padding below the stride {stride} or the dilation {dilation}, got {extra}",
        )
    size = tuple(
        (n - 1) * s - 2 * p + d * (k - 1) + 1 + e
        for n, s, p, d, k, e in zip(out, stride, padding, dilation, kernel, extra, strict=True)
    )
    if 0 in out or min(size) < 1:
        raise complaint(
            name, f"expected an output of at least 1 along every axis, got {size} (input shape {x.shape})"
        )
    pairs = tuple((p, p) for p in padding)
    geometry = Geometry(size, kernel, out, stride, dilation, pairs, groups)
    return _apply(transposed_convolution, x, weight, bias, geometry)


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
