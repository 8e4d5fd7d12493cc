"""Channels moved to pixels, back, and among each other."""

from __future__ import annotations

import operator
from typing import Any

from ..autodiff import array_namespace
from ..backend import Array
from ._errors import check_arrays, complaint

__all__ = ["channel_shuffle", "pixel_shuffle", "pixel_unshuffle"]


def check_count(where: str, name: str, n: Any) -> int:
    """``n``, a whole number of at least 1."""
    if isinstance(n, bool) or not hasattr(type(n), "__index__"):
        raise complaint(where, f"expected {name} to be a whole number, got {n!r}", TypeError)
    if n < 1:
        raise complaint(where, f"expected {name} to be at least 1, got {n}")
    return operator.index(n)


def _image(where: str, x: Array) -> tuple[tuple[int, ...], int, int, int]:
    check_arrays(where, x=x)
    if x.ndim < 3:
        raise complaint(where, f"expected an input with at least 3 axes, got shape {tuple(x.shape)}")
    *before, channels, height, width = x.shape
    return tuple(before), channels, height, width


def pixel_shuffle(x: Array, upscale_factor: int) -> Array:
    """The channels of each place as the pixels of a square: an image that is larger by a factor of r.

    What a convolution in front of it makes of an image is upsampled with learned filters. Shi et al., CVPR 2016,
    arXiv:1609.05158.

    Parameters
    ----------
    x
        Shape ``(*, C r², H, W)``.
    upscale_factor
        r.

    Returns
    -------
    Shape ``(*, C, H r, W r)``.

    Examples
    --------
    >>> import numpy as np
    >>> pixel_shuffle(np.asarray([[[1]], [[2]], [[3]], [[4]]]), 2)
    array([[[1, 2],
            [3, 4]]])
    """
    r = check_count("pixel_shuffle", "upscale_factor", upscale_factor)
    before, channels, height, width = _image("pixel_shuffle", x)
    if channels % (r * r):
        raise complaint(
            "pixel_shuffle", f"expected a number of channels divisible by {r * r}, got shape {tuple(x.shape)}"
        )
    xp, n = array_namespace(x), len(before)
    x = xp.reshape(x, (*before, channels // (r * r), r, r, height, width))
    x = xp.permute_dims(x, (*range(n + 1), n + 3, n + 1, n + 4, n + 2))
    return xp.reshape(x, (*before, channels // (r * r), height * r, width * r))


def pixel_unshuffle(x: Array, downscale_factor: int) -> Array:
    """The pixels of each square of r by r as channels: the inverse of :func:`pixel_shuffle`.

    Parameters
    ----------
    x
        Shape ``(*, C, H r, W r)``.
    downscale_factor
        r.

    Returns
    -------
    Shape ``(*, C r², H, W)``.

    Examples
    --------
    >>> import numpy as np
    >>> pixel_unshuffle(np.asarray([[[1, 2], [3, 4]]]), 2).shape
    (4, 1, 1)
    """
    r = check_count("pixel_unshuffle", "downscale_factor", downscale_factor)
    before, channels, height, width = _image("pixel_unshuffle", x)
    if height % r or width % r:
        raise complaint(
            "pixel_unshuffle", f"expected a height and width divisible by {r}, got shape {tuple(x.shape)}"
        )
    xp, n = array_namespace(x), len(before)
    x = xp.reshape(x, (*before, channels, height // r, r, width // r, r))
    x = xp.permute_dims(x, (*range(n + 1), n + 2, n + 4, n + 1, n + 3))
    return xp.reshape(x, (*before, channels * r * r, height // r, width // r))


def channel_shuffle(x: Array, groups: int) -> Array:
    """The first channel of each group, then the second of each, and so on, so that the next layer mixes groups.

    Zhang et al., "ShuffleNet", CVPR 2018, arXiv:1707.01083.

    Parameters
    ----------
    x
        Shape ``(N, C, *)``, with at least one axis of positions.
    groups
        Divides ``C``.

    Examples
    --------
    >>> import numpy as np
    >>> channel_shuffle(np.arange(6).reshape(1, 6, 1), 2).ravel()
    array([0, 3, 1, 4, 2, 5])
    """
    groups = check_count("channel_shuffle", "groups", groups)
    check_arrays("channel_shuffle", x=x)
    shape = tuple(x.shape)
    if x.ndim < 3:
        raise complaint("channel_shuffle", f"expected an input with at least 3 axes, got shape {shape}")
    if shape[1] % groups:
        raise complaint("channel_shuffle", f"expected groups to divide {shape[1]} channels, got {groups}")
    xp = array_namespace(x)
    x = xp.reshape(x, (shape[0], groups, shape[1] // groups, *shape[2:]))
    return xp.reshape(xp.permute_dims(x, (0, 2, 1, *range(3, x.ndim))), shape)
