"""Distances and similarities of vectors. The slope of a distance of zero is taken to be zero, as in PyTorch."""

from __future__ import annotations

from typing import Any

from ..autodiff import array_namespace, stop_gradient
from ..backend import Array
from ._arguments import axis_of, check_floating, number
from ._errors import check_arrays, complaint

__all__ = ["cosine_similarity", "pairwise_distance", "pdist"]


def _together(where: str, x1: Array, x2: Array) -> tuple[Any, Array, Array]:
    """The namespace of two floating-point arrays and both of one shape, with at least one axis."""
    check_arrays(where, x1=x1, x2=x2)
    xp = array_namespace(x1, x2)
    for name, x in (("x1", x1), ("x2", x2)):
        if not xp.isdtype(x.dtype, "real floating"):
            raise complaint(where, f"expected {name} of floating-point numbers, got {x.dtype}", TypeError)
    sizes = zip(reversed(x1.shape), reversed(x2.shape), strict=False)
    if any(n != m and 1 not in (n, m) for n, m in sizes):
        raise complaint(where, f"expected shapes that broadcast, got {tuple(x1.shape)} and {tuple(x2.shape)}")
    x1, x2 = xp.broadcast_arrays(x1, x2)
    return (xp, x1, x2) if x1.ndim else (xp, xp.reshape(x1, (1,)), xp.reshape(x2, (1,)))


def cosine_similarity(x1: Array, x2: Array, axis: int = 1, eps: float = 1e-8) -> Array:
    r"""The cosine of the angle between vectors.

    :math:`\frac{x_1 \cdot x_2}{\max(|x_1|, \epsilon) \max(|x_2|, \epsilon)}`

    Parameters
    ----------
    x1, x2
        Floating-point arrays whose shapes broadcast.
    axis
        Of the broadcast shape, along which the vectors lie.
    eps
        What a norm is at least. As in PyTorch the derivative is that of the norm itself there too.

    Returns
    -------
    The broadcast shape without ``axis``.

    Raises
    ------
    IndexError
        Where there is no such axis.
    TypeError
        For other than floating-point numbers.
    ValueError
        For shapes that don't broadcast.

    Examples
    --------
    >>> import numpy as np
    >>> cosine_similarity(np.asarray([[1.0, 0.0]]), np.asarray([[3.0, 4.0]]))
    array([0.6])
    """
    xp, x1, x2 = _together("cosine_similarity", x1, x2)
    axis, eps = axis_of("cosine_similarity", axis, x1.ndim), number("cosine_similarity", "eps", eps)

    def unit(x: Array) -> Array:
        norm = xp.linalg.vector_norm(x, axis=axis, keepdims=True)
        return x / xp.where(norm < eps, norm - stop_gradient(norm) + eps, norm)

    return xp.sum(unit(x1) * unit(x2), axis=axis)


def pairwise_distance(
    x1: Array, x2: Array, p: float = 2.0, eps: float = 1e-6, keepdims: bool = False
) -> Array:
    r"""The distance between vectors along the last axis, :math:`\lVert x_1 - x_2 + \epsilon \rVert_p`.

    Parameters
    ----------
    x1, x2
        Floating-point arrays whose shapes broadcast, ``(N, D)`` or ``(D,)`` as a rule.
    p
        The order of the norm.
    eps
        Added to every difference.
    keepdims
        Whether the last axis stays, with length one.

    Examples
    --------
    >>> import numpy as np
    >>> pairwise_distance(np.asarray([[1.0, 0.0]]), np.asarray([[4.0, 4.0]]), eps=0.0)
    array([5.])
    """
    where = "pairwise_distance"
    xp, x1, x2 = _together(where, x1, x2)
    p, eps = number(where, "p", p), number(where, "eps", eps)
    return xp.linalg.vector_norm(x1 - x2 + eps, ord=p, axis=-1, keepdims=keepdims)


def pdist(x: Array, p: float = 2.0) -> Array:
    """The distance between each row and every later one, as ``torch.nn.functional.pdist``.

    Parameters
    ----------
    x
        Shape ``(N, D)``.
    p
        The order of the norm, not negative.

    Returns
    -------
    Shape ``(N (N - 1) / 2,)``, in the order (0, 1), (0, 2) … (1, 2) ….

    Examples
    --------
    >>> import numpy as np
    >>> pdist(np.asarray([[0.0, 0.0], [3.0, 4.0], [0.0, 4.0]]))
    array([5., 4., 3.])
    """
    check_floating("pdist", x)
    xp = array_namespace(x)
    if x.ndim != 2:
        raise complaint("pdist", f"expected an input with 2 axes, got shape {tuple(x.shape)}")
    p = number("pdist", "p", p)
    if not p >= 0:
        raise complaint("pdist", f"expected p to be at least 0, got {p}")
    n = x.shape[0]
    rows = xp.arange(n, device=x.device)
    first, second = xp.nonzero(rows[:, None] < rows[None, :])
    if n < 2:
        return xp.zeros((0,), dtype=x.dtype, device=x.device)
    difference = xp.take(x, first, axis=0) - xp.take(x, second, axis=0)
    return xp.linalg.vector_norm(difference, ord=p, axis=1)
