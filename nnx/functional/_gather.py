"""Taking and adding at the places that an array of integers names along one axis."""

from __future__ import annotations

from typing import Any

from ..autodiff import array_namespace
from ..autodiff.scatter import places_along, scatter_rows
from ..backend import Array
from ._errors import complaint

__all__ = ["check_range", "gather", "integers", "scatter_add"]


def integers(where: str, name: str, x: Array) -> Array:
    """An index as int32 or int64, other integers converted; raises for what is no array of integers."""
    xp: Any = array_namespace(x) if hasattr(x, "dtype") else None
    if xp is None or not xp.isdtype(x.dtype, "integral"):
        got = type(x).__name__ if xp is None else x.dtype
        raise complaint(where, f"expected {name} to be an array of integers, got {got}", TypeError)
    return x if x.dtype in (xp.int64, xp.int32) else xp.astype(x, xp.int64)


def check_range(where: str, name: str, index: Array, count: int) -> None:
    """Raise for integers outside ``[0, count)``."""
    if not index.size:
        return
    xp = array_namespace(index)
    low, high = int(xp.min(index)), int(xp.max(index))
    if low < 0 or high >= count:
        wanted = f"expected {name} from 0 to {count - 1}" if count else f"expected no {name} at all"
        raise complaint(where, f"{wanted}, got {low if low < 0 else high}", IndexError)


def _with_axes(x: Array) -> Array:
    """PyTorch takes a number for a vector of length one."""
    return x if x.ndim else array_namespace(x).reshape(x, (1,))


def _checked(where: str, x: Array, axis: int, index: Array, source: Array | None = None) -> int:
    """The axis, counted from the first; raises where the shapes don't fit."""
    if not -x.ndim <= axis < x.ndim:
        raise complaint(where, f"expected an axis from {-x.ndim} to {x.ndim - 1}, got {axis}", IndexError)
    axis %= x.ndim
    for name, other in (("x", x), ("source", source)):
        if other is None:
            continue
        shape, wanted = tuple(other.shape), tuple(index.shape)
        if len(shape) != len(wanted):
            raise complaint(where, f"expected an index with {len(shape)} axes, as {name}, got {wanted}")
        apart = (axis,) if name == "x" else ()
        if any(n > m for i, (n, m) in enumerate(zip(wanted, shape, strict=True)) if i not in apart):
            but = f" apart from axis {axis}" if apart else ""
            raise complaint(where, f"expected an index no longer than {name} {shape}{but}, got {wanted}")
    check_range(where, "indices", index, x.shape[axis])
    return axis


def gather(x: Array, axis: int, index: Array) -> Array:
    """Elements of ``x`` along an axis: ``out[i, j] = x[index[i, j], j]`` for axis 0, as ``torch.gather``.

    Parameters
    ----------
    x
        Array of any shape.
    axis
        Along which ``index`` counts.
    index
        Integers from 0 to ``x.shape[axis] - 1``, with as many axes as ``x`` and no longer than it but along ``axis``.

    Returns
    -------
    Shape of ``index``.

    Raises
    ------
    IndexError
        For an index out of range, negative ones included.
    TypeError
        For an index of other than integers.
    ValueError
        Where the shapes don't fit.

    Examples
    --------
    >>> import numpy as np
    >>> gather(np.asarray([[1.0, 2.0], [3.0, 4.0]]), 1, np.asarray([[0, 0], [1, 0]]))
    array([[1., 1.],
           [4., 3.]])
    """
    index = integers("gather", "index", index)
    xp = array_namespace(x, index)
    if not index.size:
        return xp.zeros(index.shape, dtype=x.dtype, device=x.device)
    shape, x, index = index.shape, _with_axes(x), _with_axes(index)
    axis = _checked("gather", x, axis, index)
    if any(n != m for i, (n, m) in enumerate(zip(index.shape, x.shape, strict=True)) if i != axis):
        x = x[tuple(slice(None) if i == axis else slice(0, n) for i, n in enumerate(index.shape))]
    return xp.reshape(xp.take_along_axis(x, index, axis=axis), shape)


def scatter_add(x: Array, axis: int, index: Array, source: Array) -> Array:
    """``x`` with ``source`` added: ``out[index[i, j], j] += source[i, j]`` for axis 0, as ``torch.scatter_add``.

    Repeated places accumulate. The transpose of ``gather``.

    Parameters
    ----------
    x
        Array of any shape.
    axis
        Along which ``index`` counts.
    index
        Integers from 0 to ``x.shape[axis] - 1``, with as many axes as ``x``, no longer than it but along ``axis``,
        and nowhere longer than ``source``.
    source
        Of the dtype of ``x``; what lies beyond the shape of ``index`` is not added.

    Returns
    -------
    A new array of the shape of ``x``.

    Raises
    ------
    IndexError
        For an index out of range, negative ones included.
    TypeError
        For an index of other than integers, or where the dtypes differ.
    ValueError
        Where the shapes don't fit.

    Examples
    --------
    >>> import numpy as np
    >>> scatter_add(np.zeros((1, 3)), 1, np.asarray([[0, 2, 0]]), np.asarray([[1.0, 2.0, 3.0]]))
    array([[4., 0., 2.]])
    """
    index = integers("scatter_add", "index", index)
    xp: Any = array_namespace(x, index, source)
    if x.dtype != source.dtype:
        raise complaint("scatter_add", f"expected source of dtype {x.dtype}, got {source.dtype}", TypeError)
    if not index.size:
        return xp.asarray(x, copy=True)
    target, index, source = _with_axes(x), _with_axes(index), _with_axes(source)
    axis = _checked("scatter_add", target, axis, index, source)
    if source.shape != index.shape:
        source = source[tuple(slice(0, n) for n in index.shape)]
    places = places_along(xp, target.shape, index.shape, axis, index)
    flat = scatter_rows(xp.reshape(target, (-1,)), places, xp.reshape(source, (-1,)))
    return xp.reshape(flat, x.shape)
