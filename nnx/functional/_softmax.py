"""Softmax, its logarithm and its normaliser: shifted by the maximum, so that nothing overflows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..autodiff import array_namespace, primitive
from ..backend import Array
from ._arguments import axis_of, check_floating, floating
from ._errors import complaint

__all__ = ["log_softmax", "logsumexp", "softmax", "softmin"]

Axes = int | Sequence[int]


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
    total = xp.sum(xp.exp(x - top), axis=axis, keepdims=True)
    nothing = total == 0
    return xp.where(nothing, -xp.inf, xp.log(xp.where(nothing, 1.0, total)) + top)


_logsumexp.defpullback(lambda xp, g, out, x, *, axis: g * xp.exp(x - xp.where(out == -xp.inf, 0.0, out)))


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
    return _along("softmax", _softmax, x, axis, dtype)


def softmin(x: Array, axis: int = -1, dtype: Any = None) -> Array:
    """The softmax of ``-x``.

    Examples
    --------
    >>> import numpy as np
    >>> softmin(np.asarray([0.0, 1000.0]))
    array([1., 0.])
    """
    return _along("softmin", lambda x, axis: _softmax(-x, axis=axis), x, axis, dtype)


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
    return _along("log_softmax", _log_softmax, x, axis, dtype)


def logsumexp(x: Array, axis: Axes, keepdims: bool = False) -> Array:
    r"""The smooth maximum :math:`\log \sum_i e^{x_i}` along ``axis``, as ``torch.logsumexp``.

    Examples
    --------
    >>> import numpy as np
    >>> float(logsumexp(np.asarray([1000.0, 1000.0]), 0) - np.log(2.0))
    1000.0
    """
    where, x = "logsumexp", floating("logsumexp", x)
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    axes = tuple(axis_of(where, a, x.ndim) for a in axes)
    if len(set(axes)) < len(axes):
        raise complaint(where, f"expected each axis once, got {axis}")
    xp: Any = array_namespace(x)
    if not x.ndim:
        return xp.reshape(_logsumexp(xp.reshape(x, (1,)), axis=axes), ())
    if x.size:
        out = _logsumexp(x, axis=axes)
    else:
        shape = tuple(1 if i in axes else n for i, n in enumerate(x.shape))
        out = xp.full(shape, -xp.inf, dtype=x.dtype, device=x.device)
    return out if keepdims else xp.squeeze(out, axis=axes)


def _along(where: str, f: Any, x: Array, axis: int, dtype: Any) -> Array:
    """One of the above, in a dtype, along an axis; of no elements it is none, of a 0-d array that of a vector."""
    if dtype is not None and hasattr(x, "dtype"):
        x = array_namespace(x).astype(x, dtype)
    check_floating(where, x)
    axis = axis_of(where, axis, x.ndim)
    if x.ndim and x.size:
        return f(x, axis=axis)
    xp = array_namespace(x)
    return xp.reshape(f(xp.reshape(x, (1,)), axis=0), ()) if x.size else xp.zeros_like(x)
