"""Einstein summation."""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import Any

from ..autodiff import array_namespace
from ..autodiff.einsum import einsum as contract
from ..backend import Array
from ._errors import check_arrays, complaint

__all__ = ["einsum"]


def einsum(equation: Any, *arrays: Any) -> Array:
    """The sum of products that an equation names, as ``torch.einsum``.

    Parameters
    ----------
    equation
        Such as ``"ij,jk->ik"``: a letter for each axis of each array, ``...`` for axes that broadcast, a letter
        repeated within an array for its diagonal; axes of length 1 broadcast. Letters that the result doesn't name,
        and ``...`` if it has none, are summed over. Without ``->`` the result has ``...`` and the letters that occur
        once, in alphabetical order, capital ones first.
    *arrays
        One for each part between commas, of one dtype.

    Returns
    -------
    The axes in the order of the result. In place of the equation each array may be followed by a list of numbers (or
    ``...``) for its axes, and the last of these by that of the result: ``einsum(x, [0, 1], y, [1, 2], [0, 2])``.

    Raises
    ------
    TypeError
        Where the dtypes differ.
    ValueError
        Where the equation doesn't fit the arrays.

    Examples
    --------
    >>> import numpy as np
    >>> einsum("ij,j->i", np.eye(2), np.asarray([3.0, 4.0]))
    array([3., 4.])
    """
    if not isinstance(equation, str):
        equation, arrays = _from_lists((equation, *arrays))
    elif len(arrays) == 1 and isinstance(arrays[0], (list, tuple)):
        arrays = tuple(arrays[0])
    if not arrays:
        raise complaint("einsum", "expected at least one array")
    for x in arrays:
        check_arrays("einsum", operand=x)
    dtypes = {x.dtype: None for x in arrays}
    if len(dtypes) > 1:
        raise complaint("einsum", f"expected one dtype, got {', '.join(map(str, dtypes))}", TypeError)
    return contract(array_namespace(*arrays), equation, *arrays)


def _from_lists(arguments: Sequence[Any]) -> tuple[str, tuple[Array, ...]]:
    """Equation and arrays of ``x, [0, 1], y, [1, 2], [0, 2]``."""
    pairs = len(arguments) // 2
    arrays, lists = arguments[0 : 2 * pairs : 2], arguments[1 : 2 * pairs : 2]
    equation = ",".join(map(_letters, lists))
    if len(arguments) % 2:
        equation += "->" + _letters(arguments[-1])
    return equation, tuple(arrays)


def _letters(axes: Any) -> str:
    """Numbers as letters, in PyTorch's order: capital ones first."""
    letters = string.ascii_uppercase + string.ascii_lowercase
    if not isinstance(axes, (list, tuple)) or not all(
        i is Ellipsis or (isinstance(i, int) and 0 <= i < len(letters)) for i in axes
    ):
        raise complaint("einsum", f"expected an equation, or lists of numbers from 0 to 51, got {axes!r}")
    return "".join("..." if i is Ellipsis else letters[i] for i in axes)
