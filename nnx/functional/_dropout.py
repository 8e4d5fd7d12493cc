"""Dropout: random masks that are the same on every library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..autodiff import primitive
from ..backend import Array, backend_of
from ._errors import complaint

if TYPE_CHECKING:
    from ..random import Generator

__all__ = ["dropout"]


@primitive("masked_scale", params=("scale",))
def _masked_scale(xp: Any, x: Array, mask: Array, *, scale: float) -> Array:
    return xp.where(mask, x * scale, 0)


_masked_scale.defpullback(lambda xp, g, _out, _x, mask, *, scale: xp.where(mask, g * scale, 0), None)


def dropout(x: Array, p: float = 0.5, training: bool = True, generator: Generator | None = None) -> Array:
    """Set each element to zero with probability ``p`` and multiply the others by ``1 / (1 - p)``.

    Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 15 (2014).

    Parameters
    ----------
    x
        Array of any shape.
    p
        The probability of an element to be set to zero.
    training
        Where False, ``x`` is returned as it is.
    generator
        Where the mask is drawn from; nnx's own stream (``nnx.seed``) by default.

    Examples
    --------
    >>> import numpy as np
    >>> dropout(np.ones(3), 0.5, training=False)
    array([1., 1., 1.])
    """
    if not 0.0 <= p <= 1.0:
        raise complaint("dropout", f"expected a probability between 0 and 1, got {p}")
    if not training or p == 0.0:
        return x
    if p == 1.0:
        return x * 0
    if generator is None:
        from ..random import default_generator

        generator = default_generator()
    mask = generator.bernoulli(1.0 - p, x.shape, backend=backend_of(x), device=x.device)
    return _masked_scale(x, mask, scale=1.0 / (1.0 - p))
