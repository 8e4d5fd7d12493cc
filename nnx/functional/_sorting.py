"""The largest or smallest elements."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..autodiff import array_namespace, primitive
from ..backend import Array
from ._arguments import axis_of, whole
from ._errors import check_arrays, complaint

__all__ = ["TopK", "top_k"]


class TopK(NamedTuple):
    """What ``top_k`` returns."""

    values: Array
    indices: Array


@primitive("top_k_indices", params=("k", "axis", "largest"))
def _top_k_indices(xp: Any, x: Array, *, k: int, axis: int, largest: bool) -> Array:
    order = xp.argsort(x, axis=axis, descending=largest)
    return order[(slice(None),) * axis + (slice(0, k), ...)]


_top_k_indices.defpullback(None)


def top_k(x: Array, k: int, axis: int = -1, largest: bool = True, sorted: bool = True) -> TopK:
    """The ``k`` largest (or smallest) elements along an axis, as ``torch.topk``.

    Parameters
    ----------
    x
        Real array of any shape.
    k
        How many, at most the length of the axis.
    axis
        Along which to choose.
    largest
        False for the smallest.
    sorted
        Whether they have to come in order; they do in any case.

    Returns
    -------
    A named tuple of ``values`` and ``indices``, of length ``k`` along ``axis``. Of equal elements those that come
    first are chosen (PyTorch leaves that open); NaN counts as larger than any number.

    Raises
    ------
    IndexError
        Where there is no such axis.
    TypeError
        For other than real numbers.
    ValueError
        Where there aren't ``k`` elements.

    Examples
    --------
    >>> import numpy as np
    >>> top_k(np.asarray([3.0, 1.0, 5.0]), 2)
    TopK(values=array([5., 3.]), indices=array([2, 0]))
    """
    del sorted
    check_arrays("top_k", x=x)
    xp: Any = array_namespace(x)
    if not xp.isdtype(x.dtype, ("real floating", "integral")):
        raise complaint("top_k", f"expected real numbers, got {x.dtype}", TypeError)
    axis, k = axis_of("top_k", axis, x.ndim), whole("top_k", "k", k, 0)
    rows = x if x.ndim else xp.reshape(x, (1,))
    if not 0 <= k <= rows.shape[axis]:
        raise complaint("top_k", f"expected k from 0 to {rows.shape[axis]}, got {k} (shape {tuple(x.shape)})")
    indices = _top_k_indices(rows, k=k, axis=axis, largest=largest)
    values = xp.take_along_axis(rows, indices, axis=axis)
    if x.ndim:
        return TopK(values, indices)
    return TopK(x, xp.zeros((), dtype=indices.dtype, device=x.device))
