"""Embedding: rows of a table, and sums, means and maxima of bags of them."""

from __future__ import annotations

from typing import Any

from ..autodiff import array_namespace, primitive, stop_gradient
from ..autodiff.scatter import sum_rows
from ..backend import Array
from ._arguments import number
from ._errors import check_arrays, complaint
from ._indices import check_range, integers
from ._segment import segment_max, segment_mean, segment_min, segment_sum

__all__ = ["MODES", "check_table", "embedding", "embedding_bag", "padding_row", "renormalized"]

MODES = ("sum", "mean", "max")


@primitive("embedding", params=("padding_idx", "scale_grad_by_freq"))
def _rows(
    xp: Any, weight: Array, index: Array, *, padding_idx: int | None, scale_grad_by_freq: bool
) -> Array:
    del padding_idx, scale_grad_by_freq
    return xp.take(weight, index, axis=0)


def _rows_pullback(
    xp: Any,
    g: Array,
    _out: Any,
    weight_like: Any,
    index: Array,
    *,
    padding_idx: int | None,
    scale_grad_by_freq: bool,
) -> Array:
    count = weight_like.shape[0]
    if padding_idx is not None:
        g = xp.where((index == padding_idx)[:, None], 0, g)
    if scale_grad_by_freq:
        ones = xp.ones(index.shape, dtype=g.dtype, device=g.device)
        g = g / xp.take(sum_rows(ones, index, rows=count), index, axis=0)[:, None]
    return sum_rows(g, index, rows=count)


_rows.defpullback(_rows_pullback, None)


@primitive("renormalized_rows")
def _scaled_rows(xp: Any, weight: Array, factor: Array) -> Array:
    """Rows scaled as if they had been so before: the derivative passes unchanged, as in PyTorch."""
    return weight * factor[:, None]


_scaled_rows.defpullback(lambda xp, g, _out, _weight, _factor: g, None)


def renormalized(weight: Array, index: Array, max_norm: float, norm_type: float) -> Array:
    """``weight`` with those of its rows that ``index`` names brought down to ``max_norm``; itself where none is above.

    Which rows are scaled, and by how much, is no part of the derivative.
    """
    xp = array_namespace(weight, index)
    index, fixed = xp.reshape(index, (-1,)), stop_gradient(weight)
    if not index.size:
        return weight
    max_norm, norm_type = (
        number("embedding", name, n) for name, n in (("max_norm", max_norm), ("norm_type", norm_type))
    )
    norms = xp.linalg.vector_norm(fixed, ord=norm_type, axis=1)
    used = sum_rows(xp.ones(index.shape, dtype=xp.int32, device=index.device), index, rows=weight.shape[0])
    above = (used > 0) & (norms > max_norm)
    if not bool(xp.any(above)):
        return weight
    return _scaled_rows(weight, xp.where(above, max_norm / (norms + 1e-7), 1))


def padding_row(where: str, padding_idx: int | None, count: int) -> int | None:
    """The padding index, counted from the first row."""
    if padding_idx is None:
        return None
    if not -count <= padding_idx < count:
        raise complaint(where, f"expected padding_idx from {-count} to {count - 1}, got {padding_idx}")
    return padding_idx % count


def check_table(where: str, x: Array, weight: Array) -> Array:
    """The indices; raises where they are none, or the weight is no table of rows for them."""
    check_arrays(where, weight=weight)
    x = integers(where, "x", x)
    if weight.ndim != 2:
        raise complaint(where, f"expected a weight with 2 axes, got shape {tuple(weight.shape)}")
    check_range(where, "indices", x, weight.shape[0])
    return x


def embedding(
    x: Array,
    weight: Array,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
) -> Array:
    """The rows of ``weight`` that ``x`` names, as ``torch.nn.functional.embedding``.

    Parameters
    ----------
    x
        Integers from 0 to ``num_embeddings - 1``, of any shape.
    weight
        Shape ``(num_embeddings, embedding_dim)``.
    padding_idx
        A row to which no derivative goes; a negative one counts from the end.
    max_norm
        Rows of a larger norm are scaled down to it first. ``weight`` itself is not changed (PyTorch changes it,
        ``nnx.Embedding`` too), and the derivative is as if it had been.
    norm_type
        Of the norm.
    scale_grad_by_freq
        Whether the derivative by a row is divided by how often ``x`` names it.

    Returns
    -------
    Shape ``(*x.shape, embedding_dim)``.

    Raises
    ------
    IndexError
        For an index out of range, negative ones included.
    TypeError
        For indices of other than integers.
    ValueError
        For a weight of other than two axes, and a ``padding_idx`` out of range.

    Examples
    --------
    >>> import numpy as np
    >>> embedding(np.asarray([1, 0]), np.asarray([[1.0, 2.0], [3.0, 4.0]]))
    array([[3., 4.],
           [1., 2.]])
    """
    x = check_table("embedding", x, weight)
    padding = padding_row("embedding", padding_idx, weight.shape[0])
    if max_norm is not None:
        weight = renormalized(weight, x, max_norm, norm_type)
    xp = array_namespace(x, weight)
    rows = _rows(weight, xp.reshape(x, (-1,)), padding_idx=padding, scale_grad_by_freq=scale_grad_by_freq)
    return xp.reshape(rows, (*x.shape, weight.shape[1]))


def embedding_bag(
    x: Array,
    weight: Array,
    offsets: Array | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    per_sample_weights: Array | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Array:
    """Sums, means or maxima of bags of rows, as ``torch.nn.functional.embedding_bag``; zeros for an empty bag.

    Parameters
    ----------
    x
        Integers, one bag a row; or one-dimensional with ``offsets``.
    weight
        Shape ``(num_embeddings, embedding_dim)``.
    offsets
        Where in a one-dimensional ``x`` each bag begins: from 0 on, nowhere falling.
    max_norm, norm_type, scale_grad_by_freq
        As in ``embedding``; the last not for maxima.
    mode
        ``"sum"``, ``"mean"`` or ``"max"``. The derivative of a maximum goes to the first of equal elements.
    per_sample_weights
        By what each row is multiplied before it is summed; of the shape of ``x``, for sums only.
    include_last_offset
        Whether ``offsets`` ends with where the last bag ends.
    padding_idx
        A row that counts for nothing, in means neither; a negative one counts from the end.

    Returns
    -------
    Shape ``(number of bags, embedding_dim)``.

    Raises
    ------
    IndexError
        For an index out of range, negative ones included.
    TypeError
        For indices or offsets of other than integers, and weights of another dtype.
    ValueError
        For anything else that doesn't fit.

    Examples
    --------
    >>> import numpy as np
    >>> weight = np.asarray([[1.0, 2.0], [3.0, 4.0]])
    >>> embedding_bag(np.asarray([0, 1, 1]), weight, np.asarray([0, 2]))
    array([[2., 3.],
           [3., 4.]])
    """
    where = "embedding_bag"
    if mode not in MODES:
        raise complaint(where, f'expected mode to be "sum", "mean" or "max", got {mode!r}')
    if mode == "max" and scale_grad_by_freq:
        raise complaint(where, 'expected scale_grad_by_freq with mode "sum" or "mean", got "max"')
    x = check_table(where, x, weight)
    _check_weights(x, weight, mode, per_sample_weights)
    padding = padding_row(where, padding_idx, weight.shape[0])
    bags, count = _bags(x, offsets, include_last_offset)
    if max_norm is not None:
        weight = renormalized(weight, x, max_norm, norm_type)
    xp = array_namespace(x, weight, per_sample_weights)
    index = xp.reshape(x, (-1,))
    rows = _rows(weight, index, padding_idx=None, scale_grad_by_freq=scale_grad_by_freq)
    if per_sample_weights is not None:
        rows = rows * xp.reshape(per_sample_weights, (-1, 1))
    if padding is not None:
        bags = xp.where(index == padding, -1, bags)
    elif x.ndim == 2 and x.size:
        return _of_one_length(xp, xp.reshape(rows, (*x.shape, weight.shape[1])), mode)
    if mode == "max":
        return _first_max(xp, rows, bags, count)
    return (segment_sum if mode == "sum" else segment_mean)(rows, bags, count)


def _of_one_length(xp: Any, rows: Array, mode: str) -> Array:
    """Bags that all have the same number of rows, none of them padding."""
    if mode == "max":
        first = xp.argmax(stop_gradient(rows), axis=1, keepdims=True)
        return xp.squeeze(xp.take_along_axis(rows, first, axis=1), axis=1)
    return (xp.sum if mode == "sum" else xp.mean)(rows, axis=1)


def _check_weights(x: Array, weight: Array, mode: str, per_sample_weights: Array | None) -> None:
    if per_sample_weights is None:
        return
    if mode != "sum":
        raise complaint("embedding_bag", f'expected per_sample_weights with mode "sum" only, got "{mode}"')
    check_arrays("embedding_bag", per_sample_weights=per_sample_weights)
    given, wanted = tuple(per_sample_weights.shape), tuple(x.shape)
    if given != wanted:
        raise complaint("embedding_bag", f"expected per_sample_weights of shape {wanted}, got {given}")
    if per_sample_weights.dtype != weight.dtype:
        raise complaint(
            "embedding_bag",
            f"expected per_sample_weights of the weight's dtype {weight.dtype}, got {per_sample_weights.dtype}",
            TypeError,
        )


def _bags(x: Array, offsets: Array | None, include_last_offset: bool) -> tuple[Array, int]:
    """The bag that each element of ``x`` is in, and how many bags there are."""
    where, xp = "embedding_bag", array_namespace(x)
    if x.ndim == 2:
        if offsets is not None:
            raise complaint(where, "expected no offsets with an input of 2 axes, whose rows are the bags")
        index = xp.arange(x.size, dtype=xp.int64, device=x.device)
        return index // max(x.shape[1], 1), x.shape[0]
    if x.ndim != 1:
        raise complaint(where, f"expected an input with 1 or 2 axes, got shape {tuple(x.shape)}")
    if offsets is None:
        raise complaint(where, "expected offsets with an input of 1 axis, got None")
    starts = integers(where, "offsets", offsets)
    if starts.ndim != 1 or (include_last_offset and not starts.size):
        shape = tuple(starts.shape)
        raise complaint(where, f"expected offsets with 1 axis, one for each bag, got shape {shape}")
    xp = array_namespace(x, starts)
    if starts.size:
        first, last = int(starts[0]), int(starts[-1])
        if first or last > x.shape[0] or bool(xp.any(starts[1:] < starts[:-1])):
            raise complaint(
                where,
                f"expected offsets that rise from 0 to at most {x.shape[0]}, got from {first} to {last}, or falling",
            )
    index = xp.arange(x.shape[0], dtype=starts.dtype, device=x.device)
    bags = xp.searchsorted(starts, index, side="right") - 1
    return bags, starts.shape[0] - include_last_offset


def _first_max(xp: Any, rows: Array, bags: Array, count: int) -> Array:
    """The largest element of each bag, taken from the first row that has it."""
    n = rows.shape[0]
    if not rows.size or not count:
        return xp.zeros((count, rows.shape[1]), dtype=rows.dtype, device=rows.device)
    fixed = stop_gradient(rows)
    inside = (bags >= 0) & (bags < count)
    top = xp.take(segment_max(fixed, bags, count), xp.where(inside, bags, 0), axis=0)
    position = xp.arange(n, dtype=xp.int64, device=rows.device)[:, None]
    first = segment_min(xp.where((fixed == top) | xp.isnan(fixed), position, n), bags, count)
    found = first < n
    return xp.where(found, xp.take_along_axis(rows, xp.where(found, first, 0), axis=0), 0)
