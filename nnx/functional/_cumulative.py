"""Running maxima, minima and logarithms of sums of exponentials, by doubling: log n passes over n elements."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from ..autodiff import array_namespace, primitive
from ..autodiff.rules.statistical import recurrence
from ..backend import Array
from ._arguments import axis_of
from ._errors import check_arrays, complaint

__all__ = ["Extremum", "cumulative_max", "cumulative_min", "logcumsumexp"]


class Extremum(NamedTuple):
    """What ``cumulative_max`` and ``cumulative_min`` return."""

    values: Array
    indices: Array


def _along(axis: int, part: slice) -> tuple[Any, ...]:
    return (slice(None),) * axis + (part, ...)


def _scan(xp: Any, axis: int, combine: Any, *arrays: Array) -> tuple[Array, ...]:
    """Every stretch from the start, combined by an associative function of two equally long runs of arrays."""
    step, n = 1, arrays[0].shape[axis]
    while step < n:
        head, before, after = (
            _along(axis, part) for part in (slice(0, step), slice(0, n - step), slice(step, n))
        )
        reached = combine([x[before] for x in arrays], [x[after] for x in arrays])
        arrays = tuple(xp.concat([x[head], y], axis=axis) for x, y in zip(arrays, reached, strict=True))
        step *= 2
    return arrays


@primitive("cumulative_extremum", params=("axis", "largest"))
def _where_reached(xp: Any, x: Array, *, axis: int, largest: bool) -> Array:
    """The index of the running extremum, the last of equal ones; once there is NaN, the last NaN."""
    n = x.shape[axis]
    line = tuple(n if i == axis else 1 for i in range(x.ndim))
    index = xp.broadcast_to(xp.reshape(xp.arange(n, dtype=xp.int64, device=x.device), line), x.shape)

    def later(a: list[Array], b: list[Array]) -> list[Array]:
        wins = (b[0] >= a[0] if largest else b[0] <= a[0]) | (b[0] != b[0])
        return [xp.where(wins, right, left) for left, right in zip(a, b, strict=True)]

    return _scan(xp, axis, later, x, index)[1]


_where_reached.defpullback(None)


def _extremum(where: str, x: Array, axis: int, largest: bool) -> Extremum:
    check_arrays(where, x=x)
    xp = array_namespace(x)
    if xp.isdtype(x.dtype, "complex floating"):
        raise complaint(where, f"expected real numbers, got {x.dtype}", TypeError)
    axis = axis_of(where, axis, x.ndim)
    rows = x if x.ndim else xp.reshape(x, (1,))
    keys = xp.astype(rows, xp.uint8) if xp.isdtype(x.dtype, "bool") else rows
    indices = _where_reached(keys, axis=axis, largest=largest)
    values = xp.take_along_axis(rows, indices, axis=axis)
    return Extremum(xp.reshape(values, x.shape), xp.reshape(indices, x.shape))


def cumulative_max(x: Array, axis: int) -> Extremum:
    """The largest element so far along an axis, and its index, as ``torch.cummax``.

    Of equal elements the last counts; from the first NaN on everything is NaN. The derivative goes to the element
    at the index.

    Raises
    ------
    IndexError
        Where there is no such axis.
    TypeError
        For complex numbers.

    Examples
    --------
    >>> import numpy as np
    >>> cumulative_max(np.asarray([1.0, 3.0, 2.0, 3.0]), 0)
    Extremum(values=array([1., 3., 3., 3.]), indices=array([0, 1, 1, 3]))
    """
    return _extremum("cumulative_max", x, axis, True)


def cumulative_min(x: Array, axis: int) -> Extremum:
    """The smallest element so far along an axis, and its index, as ``torch.cummin``; see ``cumulative_max``.

    Examples
    --------
    >>> import numpy as np
    >>> cumulative_min(np.asarray([2.0, 3.0, 1.0]), 0)
    Extremum(values=array([2., 2., 1.]), indices=array([0, 0, 2]))
    """
    return _extremum("cumulative_min", x, axis, False)


@primitive("logcumsumexp", params=("axis",))
def _logcumsumexp(xp: Any, x: Array, *, axis: int) -> Array:
    return _scan(xp, axis, lambda a, b: [xp.logaddexp(a[0], b[0])], x)[0]


def _logcumsumexp_pullback(xp: Any, g: Array, out: Array, x: Array, *, axis: int) -> Array:
    """``sum over i >= j of g[i] exp(x[j] - out[i])``, from the last to the first; no exponent is positive."""
    n = x.shape[axis]
    here, following = (out[_along(axis, part)] for part in (slice(0, n - 1), slice(1, n)))
    factors = xp.concat(
        [_exp_difference(xp, here, following), xp.ones_like(out[_along(axis, slice(0, 1))])], axis=axis
    )
    return _exp_difference(xp, x, out) * recurrence(xp, factors, g, axis)


def _exp_difference(xp: Any, a: Array, b: Array) -> Array:
    """``exp(a - b)``; infinities are equal, and what is minus infinity has no part in anything."""
    equal = a == b
    difference = xp.exp(xp.where(equal, 0, a) - xp.where(equal, 0, b))
    return xp.where(a == -math.inf, 0, xp.where(equal, 1, difference))


_logcumsumexp.defpullback(_logcumsumexp_pullback)


def logcumsumexp(x: Array, axis: int) -> Array:
    r"""Running :math:`\log \sum_{j \le i} e^{x_j}` along an axis, as ``torch.logcumsumexp``.

    Raises
    ------
    IndexError
        Where there is no such axis.
    TypeError
        For other than real floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> logcumsumexp(np.asarray([1000.0, 1000.0]), 0) - 1000.0
    array([0.        , 0.69314718])
    """
    check_arrays("logcumsumexp", x=x)
    xp = array_namespace(x)
    if not xp.isdtype(x.dtype, "real floating"):
        raise complaint("logcumsumexp", f"expected real floating-point numbers, got {x.dtype}", TypeError)
    axis = axis_of("logcumsumexp", axis, x.ndim)
    return _logcumsumexp(x, axis=axis) if x.size and x.ndim else x
