"""Taking and adding at the places that an array of integers names along one axis."""

from __future__ import annotations

from typing import Any

from ..autodiff import array_namespace
from ..autodiff.scatter import places_along, scatter_rows
from ..backend import Array
from ._arguments import axis_of
from ._errors import check_arrays, complaint, not_arrays
from ._indices import check_range, integers
from ._segment import segment_max

__all__ = ["gather", "scatter", "scatter_add"]


def _with_axes(x: Array) -> Array:
    """PyTorch takes a number for a vector of length one."""
    return x if x.ndim else array_namespace(x).reshape(x, (1,))


def _checked(where: str, x: Array, axis: int, index: Array, source: Array | None = None) -> int:
    """The axis, counted from the first; raises where the shapes don't fit."""
    axis = axis_of(where, axis, x.ndim)
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
    check_arrays("gather", x=x)
    index = integers("gather", "index", index)
    xp = array_namespace(x, index)
    if not index.size:
        axis_of("gather", axis, x.ndim)
        return xp.zeros(index.shape, dtype=x.dtype, device=x.device)
    shape, x, index = index.shape, _with_axes(x), _with_axes(index)
    axis = _checked("gather", x, axis, index)
    places = places_along(xp, x.shape, index.shape, axis, index)
    return xp.reshape(xp.take(xp.reshape(x, (-1,)), places, axis=0), shape)


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
    if not hasattr(source, "dtype"):
        raise not_arrays("scatter_add", source=source)
    xp, flat, places, given = _aligned("scatter_add", x, axis, index, source)
    return xp.reshape(scatter_rows(flat, places, given), x.shape)


def scatter(x: Array, axis: int, index: Array, source: Array | float) -> Array:
    """``x`` with ``source`` written: ``out[index[i, j], j] = source[i, j]`` for axis 0, as ``torch.scatter``.

    Of repeated places the last write counts (PyTorch leaves that open), and has the derivative.

    Parameters
    ----------
    x, axis, index
        As in ``scatter_add``.
    source
        As there, or a number.

    Examples
    --------
    >>> import numpy as np
    >>> scatter(np.zeros((1, 3)), 1, np.asarray([[0, 2, 0]]), np.asarray([[1.0, 2.0, 3.0]]))
    array([[3., 0., 2.]])
    """
    xp, flat, places, given = _aligned("scatter", x, axis, index, source)
    if not places.shape[0]:
        return xp.asarray(x, copy=True)
    last = segment_max(xp.arange(places.shape[0], dtype=xp.int64, device=x.device), places, flat.shape[0])
    written = last >= 0
    if hasattr(given, "dtype"):
        given = xp.take(given, xp.where(written, last, 0), axis=0)
    return xp.reshape(xp.where(written, given, flat), x.shape)


def _aligned(where: str, x: Array, axis: int, index: Array, source: Any) -> tuple[Any, Array, Array, Any]:
    """The namespace; ``x`` in one axis; the places in it that ``index`` names; what of ``source`` goes there."""
    check_arrays(where, x=x)
    index = integers(where, "index", index)
    if isinstance(source, float):  # a scalar of NumPy's may be one, and would widen what it goes into
        source = float(source)
    if isinstance(source, (int, float, complex)):
        xp, given = array_namespace(x, index), None
    else:
        check_arrays(where, source=source)
        xp, given = array_namespace(x, index, source), _with_axes(source)
        if x.dtype != source.dtype:
            raise complaint(where, f"expected source of dtype {x.dtype}, got {source.dtype}", TypeError)
    flat = xp.reshape(x, (-1,))
    if not index.size:
        axis_of(where, axis, x.ndim)
        return xp, flat, xp.zeros((0,), dtype=index.dtype, device=index.device), flat[:0]
    target, index = _with_axes(x), _with_axes(index)
    axis = _checked(where, target, axis, index, given)
    places = places_along(xp, target.shape, index.shape, axis, index)
    if given is None:
        return xp, flat, places, source
    if given.shape != index.shape:
        given = given[tuple(slice(0, n) for n in index.shape)]
    return xp, flat, places, xp.reshape(given, (-1,))
