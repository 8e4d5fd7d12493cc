"""Losses of embeddings: pairs and triplets that should be near each other, or apart."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ..autodiff import array_namespace
from ..backend import Array
from ..functional._distance import pairwise_distance
from ..functional._errors import complaint
from ._elementwise import check_arrays, check_reduction, check_shapes, clamped, reduce

__all__ = ["cosine_embedding_loss", "triplet_margin_loss", "triplet_margin_with_distance_loss"]

Distance = Callable[[Array, Array], Array]
EPS = 1e-12  # added to squared lengths, as in PyTorch


def cosine_embedding_loss(
    input1: Array, input2: Array, target: Array, margin: float = 0.0, reduction: str = "mean"
) -> Array:
    r"""One less the cosine of the angle where the target is 1, its excess :math:`\max(0, \cos - m)` where -1.

    Parameters
    ----------
    input1, input2
        Vectors, shape ``(N, D)`` or ``(D,)``.
    target
        1 or -1 for each pair, shape ``(N,)`` or ``()``.
    margin
        The cosine :math:`m`, between -1 and 1, that dissimilar pairs may have.
    reduction
        ``"mean"``, ``"sum"`` or ``"none"``.

    Examples
    --------
    >>> import numpy as np
    >>> x, y = np.asarray([[1.0, 0.0], [3.0, 4.0]]), np.asarray([[0.0, 2.0], [3.0, 4.0]])
    >>> cosine_embedding_loss(x, y, np.asarray([1, -1]), reduction="none")
    array([1., 1.])
    """
    name = "cosine_embedding_loss"
    check_reduction(name, reduction)
    check_arrays(name, input1=input1, input2=input2, target=target)
    if not input1.ndim == input2.ndim == target.ndim + 1 <= 2:
        shapes = ", ".join(str(tuple(a.shape)) for a in (input1, input2, target))
        raise complaint(name, f"expected shapes (N, D), (N, D) and (N,), or (D,), (D,) and (), got {shapes}")
    check_shapes(name, input1=input1, input2=input2)
    xp = array_namespace(input1, input2, target)
    dot, a, b = (xp.sum(x * y, axis=-1) for x, y in ((input1, input2), (input1, input1), (input2, input2)))
    check_shapes(name, pairs=dot, target=target)
    cosine = dot / xp.sqrt((a + EPS) * (b + EPS))
    loss = xp.where(target == 1, 1.0 - cosine, 0.0)
    return reduce(xp, loss + xp.where(target == -1, clamped(xp, cosine - margin), 0.0), reduction)


def triplet_margin_loss(
    anchor: Array,
    positive: Array,
    negative: Array,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: str = "mean",
) -> Array:
    r"""By how much the positive is not nearer than the negative: :math:`\max(0, m + d(a, p) - d(a, n))`.

    The distance is the p-norm of :math:`x - y + \epsilon`. Balntas et al., BMVC 2016.

    Parameters
    ----------
    anchor, positive, negative
        Vectors, shape ``(*, D)``, as many axes each.
    margin
        By how much :math:`m` it should be nearer; more than 0.
    p
        Of the norm; any number, or infinity.
    eps
        Keeps the norm from zero, where it has no slope.
    swap
        Whether to take the positive's distance to the negative where it is less than the anchor's.
    reduction
        ``"mean"``, ``"sum"`` or ``"none"``.

    Examples
    --------
    >>> import numpy as np
    >>> a, p, n = np.asarray([0.0, 0.0]), np.asarray([3.0, 4.0]), np.asarray([0.0, 2.0])
    >>> float(triplet_margin_loss(a, p, n).round(4))
    4.0
    """
    distance = partial(pairwise_distance, p=p, eps=eps)
    return _triplet("triplet_margin_loss", anchor, positive, negative, distance, margin, swap, reduction)


def triplet_margin_with_distance_loss(
    anchor: Array,
    positive: Array,
    negative: Array,
    *,
    distance_function: Distance | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Array:
    """:func:`triplet_margin_loss` under any distance, a function of two arrays; by default the Euclidean one.

    Examples
    --------
    >>> import numpy as np
    >>> a, p, n = np.asarray([0.0]), np.asarray([3.0]), np.asarray([1.0])
    >>> float(triplet_margin_with_distance_loss(a, p, n, distance_function=lambda x, y: abs(x - y)[0]))
    3.0
    """
    name, distance = "triplet_margin_with_distance_loss", distance_function or pairwise_distance
    return _triplet(name, anchor, positive, negative, distance, margin, swap, reduction)


def _triplet(
    name: str,
    anchor: Array,
    positive: Array,
    negative: Array,
    distance: Distance,
    margin: float,
    swap: bool,
    reduction: str,
) -> Array:
    check_reduction(name, reduction)
    check_arrays(name, anchor=anchor, positive=positive, negative=negative)
    if not margin > 0:
        raise complaint(name, f"expected margin to be more than 0, got {margin}")
    if not anchor.ndim == positive.ndim == negative.ndim:
        shapes = ", ".join(str(tuple(a.shape)) for a in (anchor, positive, negative))
        raise complaint(name, f"expected anchor, positive and negative with as many axes each, got {shapes}")
    near, far = distance(anchor, positive), distance(anchor, negative)
    xp = array_namespace(near, far)
    if swap:
        far = xp.minimum(far, distance(positive, negative))
    return reduce(xp, clamped(xp, margin + near - far), reduction)
