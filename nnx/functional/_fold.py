"""Images to columns of windows and back: each the other's transpose, and so its derivative."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, cast

from ..autodiff import array_namespace, primitive
from ..backend import Array
from ._errors import check_arrays, complaint
from ._windows import Geometry, gather, put_back, spread

__all__ = ["fold", "pair", "unfold"]

Numbers = int | tuple[int, ...]


@primitive("unfold", params=("geometry",))
def _unfold(xp: Any, x: Array, *, geometry: Geometry) -> Array:
    rows, places = x.shape[1] * math.prod(geometry.kernel), math.prod(geometry.out)
    return xp.reshape(gather(xp, x, geometry, 2), (x.shape[0], rows, places))


@primitive("fold", params=("geometry",))
def _fold(xp: Any, x: Array, *, geometry: Geometry) -> Array:
    places = math.prod(geometry.kernel)
    windows = xp.reshape(x, (x.shape[0], x.shape[1] // places, places, *geometry.out))
    return put_back(xp, windows, geometry, 2)


_unfold.defpullback(lambda _xp, g, _out, _x, *, geometry: _fold(g, geometry=geometry))
_fold.defpullback(lambda _xp, g, _out, _x, *, geometry: _unfold(g, geometry=geometry))


def pair(what: str, name: str, value: Any, least: int = 0) -> tuple[int, ...]:
    """A number for both axes or two of them; one in a sequence is neither, in PyTorch."""
    if isinstance(value, Sequence) and len(cast("Sequence[int]", value)) == 1:
        raise complaint(name, f"expected {what} of a number or two, got {value!r}")
    return spread(what, name, value, 2, least)


def _geometry(
    name: str, size: tuple[int, ...], kernel_size: Any, dilation: Any, padding: Any, stride: Any
) -> Geometry:
    kernel = pair("a kernel_size", name, kernel_size, 1)
    dilation = pair("a dilation", name, dilation, 1)
    padding = pair("a padding", name, padding)
    stride = pair("a stride", name, stride, 1)
    out = tuple(
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, p, d, k, s in zip(size, padding, dilation, kernel, stride, strict=True)
    )
    if min(out) < 1:
        raise complaint(
            name, f"expected images as large as a window, got {size} for a kernel_size of {kernel}"
        )
    return Geometry(size, kernel, out, stride, dilation, tuple((p, p) for p in padding))


def unfold(
    x: Array, kernel_size: Numbers, dilation: Numbers = 1, padding: Numbers = 0, stride: Numbers = 1
) -> Array:
    """Every window of an image as a column, as ``torch.nn.functional.unfold``.

    Parameters
    ----------
    x
        Shape ``(N, C, H, W)`` or ``(C, H, W)``.
    kernel_size, dilation, padding, stride
        As ``conv2d``'s: a number, or one for each axis.

    Returns
    -------
    Shape ``(N, C * window size, number of windows)``, or without the ``N``.

    Raises
    ------
    ValueError
        Where shapes or numbers don't fit.

    Examples
    --------
    >>> import numpy as np
    >>> unfold(np.arange(6.0).reshape(1, 2, 3), (2, 2))
    array([[0., 1.],
           [1., 2.],
           [3., 4.],
           [4., 5.]])
    """
    check_arrays("unfold", x=x)
    if x.ndim not in (3, 4) or 0 in x.shape[-3:]:
        raise complaint("unfold", f"expected images (N, C, H, W) or (C, H, W), got shape {x.shape}")
    geometry = _geometry("unfold", tuple(x.shape[-2:]), kernel_size, dilation, padding, stride)
    if x.ndim == 4:
        return _unfold(x, geometry=geometry)
    xp = array_namespace(x)
    return xp.squeeze(_unfold(xp.expand_dims(x, axis=0), geometry=geometry), axis=0)


def fold(
    x: Array,
    output_size: Numbers,
    kernel_size: Numbers,
    dilation: Numbers = 1,
    padding: Numbers = 0,
    stride: Numbers = 1,
) -> Array:
    """Columns of windows put back and added where they overlap, as ``torch.nn.functional.fold``.

    Parameters
    ----------
    x
        Shape ``(N, C * window size, number of windows)`` or without the ``N``: what ``unfold`` gives.
    output_size
        Height and width of the images, or one number for both.
    kernel_size, dilation, padding, stride
        As ``unfold``'s.

    Returns
    -------
    Shape ``(N, C, H, W)`` or ``(C, H, W)``.

    Raises
    ------
    ValueError
        Where shapes or numbers don't fit.

    Examples
    --------
    >>> import numpy as np
    >>> fold(np.ones((4, 2)), (2, 3), (2, 2))
    array([[[1., 2., 1.],
            [1., 2., 1.]]])
    """
    check_arrays("fold", x=x)
    size = pair("an output_size", "fold", output_size, 1)
    geometry = _geometry("fold", size, kernel_size, dilation, padding, stride)
    window, windows = math.prod(geometry.kernel), math.prod(geometry.out)
    if x.ndim not in (2, 3) or x.shape[-2] % window or x.shape[-1] != windows or not x.shape[-2]:
        raise complaint(
            "fold", f"expected columns of shape (N, C * {window}, {windows}) or without the N, got {x.shape}"
        )
    if x.ndim == 3:
        return _fold(x, geometry=geometry)
    xp = array_namespace(x)
    return xp.squeeze(_fold(xp.expand_dims(x, axis=0), geometry=geometry), axis=0)
