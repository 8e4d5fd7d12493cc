"""Functions that only move elements about."""

from __future__ import annotations

import math
from typing import Any

from ..autodiff import array_namespace
from ..backend import Array
from ._arguments import axis_of
from ._errors import check_arrays, complaint

__all__ = ["flatten", "one_hot", "unflatten"]


def flatten(x: Array, start_dim: int = 0, end_dim: int = -1) -> Array:
    """Join the axes from ``start_dim`` to ``end_dim``, both included, into one, as ``torch.flatten``.

    Examples
    --------
    >>> import numpy as np
    >>> flatten(np.ones((2, 3, 4)), 1).shape
    (2, 12)
    """
    check_arrays("flatten", x=x)
    ndim = max(x.ndim, 1)
    start, end = axis_of("flatten", start_dim, ndim), axis_of("flatten", end_dim, ndim)
    if start > end:
        raise complaint("flatten", f"expected start_dim <= end_dim, got {start_dim} and {end_dim}")
    shape = x.shape
    return array_namespace(x).reshape(
        x, (*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :])
    )


def unflatten(x: Array, axis: int, sizes: tuple[int, ...]) -> Array:
    """Split one axis into several of the given sizes, one of which may be -1, as ``torch.unflatten``.

    Examples
    --------
    >>> import numpy as np
    >>> unflatten(np.ones((2, 12)), 1, (3, -1)).shape
    (2, 3, 4)
    """
    check_arrays("unflatten", x=x)
    axis = axis_of("unflatten", axis, x.ndim)
    sizes = tuple(sizes)
    size, known = x.shape[axis], math.prod(n for n in sizes if n != -1)
    if sizes.count(-1) == 1 and known and size % known == 0:
        sizes = tuple(size // known if n == -1 else n for n in sizes)
    if not sizes or min(sizes) < 0 or math.prod(sizes) != size:
        raise complaint(
            "unflatten", f"expected sizes whose product is {size}, got {sizes} (input shape {x.shape})"
        )
    return array_namespace(x).reshape(x, (*x.shape[:axis], *sizes, *x.shape[axis + 1 :]))


def one_hot(x: Array, num_classes: int = -1) -> Array:
    """Integers of class indices as rows of zeros with a single one, along a new last axis.

    Parameters
    ----------
    x
        Integer array of any shape, each element in ``[0, num_classes)``.
    num_classes
        The length of the new axis; -1 for one more than the largest element.

    Returns
    -------
    Shape ``(*x.shape, num_classes)``, of the dtype of ``x``.

    Examples
    --------
    >>> import numpy as np
    >>> one_hot(np.asarray([2, 0]))
    array([[0, 0, 1],
           [1, 0, 0]])
    """
    check_arrays("one_hot", x=x)
    xp: Any = array_namespace(x)
    if not xp.isdtype(x.dtype, "integral"):
        raise complaint("one_hot", f"expected integers, got {x.dtype}", TypeError)
    if x.size:
        low, high = int(xp.min(x)), int(xp.max(x))
        if low < 0:
            raise complaint("one_hot", f"expected class indices of at least 0, got {low}")
        if num_classes == -1:
            num_classes = high + 1
        if high >= num_classes:
            raise complaint("one_hot", f"expected class indices below {num_classes}, got {high}")
    if num_classes <= 0:
        raise complaint(
            "one_hot", f"expected a positive number of classes for empty input, got {num_classes}"
        )
    classes = xp.arange(num_classes, dtype=x.dtype, device=x.device)
    return xp.astype(xp.expand_dims(x, axis=-1) == classes, x.dtype)
