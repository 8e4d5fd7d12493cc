"""Softmax, its logarithm and its normaliser: shifted by the maximum, so that nothing overflows."""

from __future__ import annotations

from typing import Any

from ..autodiff import array_namespace, primitive
from ..backend import Array

__all__ = ["log_softmax", "logsumexp", "softmax", "softmin"]

Axes = int | tuple[int, ...]


@primitive("softmax", params=("axis",))
def _softmax(xp: Any, x: Array, *, axis: int) -> Array:
    e = xp.exp(x - xp.max(x, axis=axis, keepdims=True))
    return e / xp.sum(e, axis=axis, keepdims=True)


def _softmax_pullback(xp: Any, g: Array, out: Array, _x: Any, *, axis: int) -> Array:
    g = g * out
    return g - out * xp.sum(g, axis=axis, keepdims=True)


_softmax.defpullback(_softmax_pullback)


@primitive("log_softmax", params=("axis",))
def _log_softmax(xp: Any, x: Array, *, axis: int) -> Array:
    z = x - xp.max(x, axis=axis, keepdims=True)
    return z - xp.log(xp.sum(xp.exp(z), axis=axis, keepdims=True))


_log_softmax.defpullback(
    lambda xp, g, out, _x, *, axis: g - xp.exp(out) * xp.sum(g, axis=axis, keepdims=True)
)


@primitive("logsumexp", params=("axis",))
def _logsumexp(xp: Any, x: Array, *, axis: Axes) -> Array:
    """Keeps its axes, so that the pullback can use ``out`` as it is."""
    top = xp.max(x, axis=axis, keepdims=True)
    top = xp.where(xp.isfinite(top), top, 0.0)
    return xp.log(xp.sum(xp.exp(x - top), axis=axis, keepdims=True)) + top


_logsumexp.defpullback(lambda xp, g, out, x, *, axis: g * xp.exp(x - xp.where(xp.isfinite(out), out, 0.0)))


def softmax(x: Array, axis: int = -1, dtype: Any = None) -> Array:
    r"""Positive numbers that sum to one along ``axis``: :math:`e^{x_i} / \sum_j e^{x_j}`.

    Parameters
    ----------
    x
        Floating-point array of any shape.
    axis
        Along which the results sum to one.
    dtype
        Computed and returned in this dtype; that of ``x`` by default.

    Examples
    --------
    >>> import numpy as np
    >>> softmax(np.asarray([1000.0, 1000.0]))
    array([0.5, 0.5])
    """
    return _softmax(x if dtype is None else _cast(x, dtype), axis=axis)


def softmin(x: Array, axis: int = -1, dtype: Any = None) -> Array:
    """The softmax of ``-x``.

    Examples
    --------
    >>> import numpy as np
    >>> softmin(np.asarray([0.0, 1000.0]))
    array([1., 0.])
    """
    return softmax(-x, axis, dtype)


def log_softmax(x: Array, axis: int = -1, dtype: Any = None) -> Array:
    r"""The logarithm of the softmax, :math:`x_i - \log \sum_j e^{x_j}`, exact where the softmax rounds to 0.

    Parameters
    ----------
    x
        Floating-point array of any shape.
    axis
        Along which the exponentials of the results sum to one.
    dtype
        Computed and returned in this dtype; that of ``x`` by default.

    Examples
    --------
    >>> import numpy as np
    >>> log_softmax(np.asarray([0.0, 1000.0]))
    array([-1000.,     0.])
    """
    return _log_softmax(x if dtype is None else _cast(x, dtype), axis=axis)


def logsumexp(x: Array, axis: Axes, keepdims: bool = False) -> Array:
    r"""The smooth maximum :math:`\log \sum_i e^{x_i}` along ``axis``, as ``torch.logsumexp``.

    Examples
    --------
    >>> import numpy as np
    >>> float(logsumexp(np.asarray([1000.0, 1000.0]), 0) - np.log(2.0))
    1000.0
    """
    out = _logsumexp(x, axis=axis)
    return out if keepdims else array_namespace(out).squeeze(out, axis=axis)


def _cast(x: Array, dtype: Any) -> Array:
    return array_namespace(x).astype(x, dtype)
