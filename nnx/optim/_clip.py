"""Keeping gradients from growing too large."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ..autodiff.tree import is_array, map_tree
from ..backend import Array, backend_of
from ..backend.effects import whole
from ..functional._errors import complaint

__all__ = ["clip_adaptive", "clip_by_norm", "clip_by_value", "global_norm"]


@whole
def global_norm(grads: Any, norm_type: float | str = 2.0) -> float:
    """The norm of all gradients taken as one vector.

    Parameters
    ----------
    grads
        Arrays in any nesting of dicts, lists and tuples.
    norm_type
        2 for the Euclidean norm, ``inf`` or ``"inf"`` for the largest element, and so on.

    Examples
    --------
    >>> import numpy as np
    >>> global_norm({"w": np.asarray([3.0]), "b": np.asarray([4.0])})
    5.0
    """
    norm_type = float(norm_type)
    if not norm_type > 0.0:
        raise complaint("global_norm", f"expected norm_type above 0, got {norm_type!r}")
    norms: list[float] = []

    def measure(g: Array, _path: Any) -> Array:
        if not is_array(g):
            detail = f"expected an array, or dicts, lists or tuples of them, got {type(g).__name__}"
            raise complaint("global_norm", detail, TypeError)
        xp = backend_of(g).xp
        if g.size:
            norms.append(float(xp.linalg.vector_norm(g, ord=norm_type)))
        return g

    map_tree(measure, grads)
    if norm_type == math.inf:
        return max(norms, default=0.0)
    largest = max(norms, default=0.0)
    if not 0.0 < largest < math.inf:
        return math.nan if any(math.isnan(n) for n in norms) else largest
    return largest * sum((n / largest) ** norm_type for n in norms) ** (1.0 / norm_type)


@whole
def clip_by_norm(
    grads: Any, max_norm: float, norm_type: float | str = 2.0, error_if_nonfinite: bool = False
) -> Any:
    """The gradients, scaled down together where their norm is larger than ``max_norm``.

    As PyTorch's ``clip_grad_norm_``: the factor is ``max_norm / (norm + 1e-6)``, at most 1.

    Parameters
    ----------
    grads
        Arrays in any nesting of dicts, lists and tuples; they are not changed.
    max_norm
        The largest norm that is left alone.
    norm_type
        Which norm; see :func:`global_norm`.
    error_if_nonfinite
        Whether a norm of infinity or NaN is an error.

    Returns
    -------
    New gradients in the same nesting.

    Examples
    --------
    >>> import numpy as np
    >>> clip_by_norm({"w": np.asarray([3.0]), "b": np.asarray([4.0])}, 1.0)["b"].round(4)
    array([0.8])
    """
    if not max_norm >= 0.0:
        raise complaint("clip_by_norm", f"expected a max_norm of at least 0, got {max_norm!r}")
    norm = global_norm(grads, norm_type)
    if error_if_nonfinite and not math.isfinite(norm):
        raise complaint("clip_by_norm", f"the norm of the gradients is {norm}")
    factor = max_norm / (norm + 1e-6)
    factor = 1.0 if factor > 1.0 else factor  # a NaN stays one
    return map_tree(lambda g, _path: g * factor, grads)


def clip_by_value(grads: Any, clip_value: float) -> Any:
    """The gradients with every element brought into ``[-clip_value, clip_value]``.

    Examples
    --------
    >>> import numpy as np
    >>> clip_by_value({"w": np.asarray([3.0, -0.5])}, 1.0)
    {'w': array([ 1. , -0.5])}
    """
    if not clip_value >= 0.0:
        raise complaint("clip_by_value", f"expected a clip_value of at least 0, got {clip_value!r}")
    return map_tree(lambda g, _path: backend_of(g).xp.clip(g, -clip_value, clip_value), grads)


@whole
def clip_adaptive(
    grads: Mapping[str, Array], parameters: Any, clip_factor: float = 0.01, eps: float = 1e-3
) -> Any:
    r"""The gradients, scaled down where they are large beside their parameters, output by output.

    .. math::

        g_i \leftarrow \lambda \frac{\max(\|p_i\|, \epsilon)}{\|g_i\|}\, g_i
        \quad\text{where } \|g_i\| > \lambda \max(\|p_i\|, \epsilon)

    with norms over all axes but the first, so one for each row of a matrix and each filter of a convolution; over the
    whole of a vector. Brock et al., https://arxiv.org/abs/2102.06171, who leave out the last layer.

    Parameters
    ----------
    grads
        Gradients by path; they are not changed.
    parameters
        The Layer, or a dict that has their parameters by path.
    clip_factor
        :math:`\lambda`.
    eps
        :math:`\epsilon`.

    Returns
    -------
    New gradients by path.

    Examples
    --------
    >>> import numpy as np
    >>> p, g = np.asarray([[3.0, 4.0], [0.0, 0.1]]), np.asarray([[0.3, 0.4], [0.0, 0.5]])
    >>> clip_adaptive({"w": g}, {"w": p}, 0.1)["w"].round(4)
    array([[0.3 , 0.4 ],
           [0.  , 0.01]])
    """
    for name, value in (("clip_factor", clip_factor), ("eps", eps)):
        if not value >= 0.0:
            raise complaint("clip_adaptive", f"expected {name} of at least 0, got {value!r}")
    values = parameters if isinstance(parameters, Mapping) else parameters.parameters()
    missing = [path for path in grads if path not in values]
    if missing:
        raise complaint("clip_adaptive", f"no parameters for the gradients {', '.join(missing)}")
    return {path: _clipped(g, values[path], clip_factor, eps) for path, g in grads.items()}


def _clipped(g: Array, p: Array, clip_factor: float, eps: float) -> Array:
    if g.shape != p.shape:
        detail = f"expected gradients of their parameters' shapes, got {tuple(g.shape)} for {tuple(p.shape)}"
        raise complaint("clip_adaptive", detail)
    if not g.size:
        return g
    xp = backend_of(g).xp
    axes = tuple(range(1, g.ndim)) if g.ndim > 1 else None
    of_g, of_p = (xp.linalg.vector_norm(x, axis=axes, keepdims=True) for x in (g, p))
    largest = xp.clip(of_p, eps) * clip_factor
    large = of_g > largest
    return g * xp.where(large, largest / xp.where(large, of_g, xp.ones_like(of_g)), xp.ones_like(of_g))
