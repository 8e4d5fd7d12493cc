"""Dropout: random masks, of elements, channels or examples, that are the same on every library.

What a mask takes out is untouched by infinities and NaN.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..autodiff import primitive
from ..backend import Array, backend_of
from ._arguments import check_floating, number
from ._errors import check_arrays, complaint

if TYPE_CHECKING:
    from ..random import Generator

__all__ = [
    "alpha_dropout",
    "drop_path",
    "dropout",
    "dropout1d",
    "dropout2d",
    "dropout3d",
    "feature_alpha_dropout",
]

_SATURATION = 1.7580993408473766  # minus what selu gives far on the negative side


@primitive("masked_scale", params=("scale",))
def _masked_scale(xp: Any, x: Array, mask: Array, *, scale: float) -> Array:
    return xp.where(mask, x * scale, 0)


_masked_scale.defpullback(lambda xp, g, _out, _x, mask, *, scale: xp.where(mask, g * scale, 0), None)


@primitive("masked_affine", params=("scale", "shift", "replacement"))
def _masked_affine(
    xp: Any, x: Array, mask: Array, *, scale: float, shift: float, replacement: float
) -> Array:
    return xp.where(mask, x * scale + shift, replacement)


_masked_affine.defpullback(
    lambda xp, g, _out, _x, mask, *, scale, shift, replacement: _masked_scale(g, mask, scale=scale), None
)


def check_probability(where: str, p: Any) -> float:
    """``p`` as a Python number; raise unless it is from 0 to 1."""
    if not hasattr(type(p), "__float__"):
        raise complaint(where, f"expected a probability between 0 and 1, got {p!r}", TypeError)
    p = number(where, "p", p)
    if not 0.0 <= p <= 1.0:
        raise complaint(where, f"expected a probability between 0 and 1, got {p}")
    return p


def stream(generator: Generator | None) -> Generator:
    """The generator, nnx's own by default."""
    if generator is None:
        from ..random import default_generator

        return default_generator()
    return generator


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
    return _dropped("dropout", x, p, training, -1, generator)


def _scaled(x: Array, mask: Array, p: float) -> Array:
    return _masked_scale(x, mask, scale=1.0 / (1.0 - p))


def _dropped(
    where: str, x: Array, p: float, training: bool, axes: int, generator: Any, formula: Any = _scaled
) -> Array:
    """``formula(x, mask, p)`` with one draw for each place along the first ``axes``, -1 for all of them."""
    p = check_probability(where, p)
    if not training or p == 0.0:
        return x
    check_floating(where, x)
    if axes > x.ndim:
        raise complaint(where, f"expected an input with at least {axes} axes, got shape {tuple(x.shape)}")
    if p == 1.0:
        return x * 0
    axes = x.ndim if axes < 0 else axes
    shape = tuple(x.shape[:axes]) + (1,) * (x.ndim - axes)
    mask = stream(generator).bernoulli(1.0 - p, shape, backend=backend_of(x), device=x.device)
    return formula(x, mask, p)


def dropout1d(
    x: Array, p: float = 0.5, training: bool = True, *, generator: Generator | None = None
) -> Array:
    """Set whole channels of ``(N, C, L)`` or ``(C, L)`` to zero: see :func:`dropout2d`.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> dropout1d(np.ones((3, 2)), 0.5, generator=nnx.random.Generator(7))
    array([[2., 2.],
           [0., 0.],
           [0., 0.]])
    """
    check_arrays("dropout1d", x=x)
    if x.ndim not in (2, 3):
        raise complaint("dropout1d", f"expected an input with 2 or 3 axes, got shape {tuple(x.shape)}")
    return _dropped("dropout1d", x, p, training, x.ndim - 1, generator)


def dropout2d(
    x: Array, p: float = 0.5, training: bool = True, *, generator: Generator | None = None
) -> Array:
    """Set whole channels to zero with probability ``p`` and multiply the others by ``1 / (1 - p)``.

    Neighbouring elements of a feature map are alike, so dropping single ones takes little information away.
    Tompson et al., CVPR 2015, arXiv:1411.4280.

    Parameters
    ----------
    x
        Shape ``(N, C, H, W)``. As in PyTorch, the first two axes are those of batch and channels whatever follows
        them, so that three axes are ``(N, C, L)``; :func:`dropout1d` and :func:`dropout3d` also take an input
        without batch.
    p
        The probability of a channel to be set to zero.
    training
        Where False, ``x`` is returned as it is.
    generator
        Where the mask is drawn from; nnx's own stream (``nnx.seed``) by default.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> dropout2d(np.ones((1, 3, 1, 2)), 0.5, generator=nnx.random.Generator(7))[0, :, 0]
    array([[2., 2.],
           [0., 0.],
           [0., 0.]])
    """
    return _dropped("dropout2d", x, p, training, 2, generator)


def dropout3d(
    x: Array, p: float = 0.5, training: bool = True, *, generator: Generator | None = None
) -> Array:
    """Set whole channels of ``(N, C, D, H, W)`` or ``(C, D, H, W)`` to zero: see :func:`dropout2d`.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> dropout3d(np.ones((3, 1, 1, 2)), 0.5, generator=nnx.random.Generator(7))[:, 0, 0]
    array([[2., 2.],
           [0., 0.],
           [0., 0.]])
    """
    check_arrays("dropout3d", x=x)
    return _dropped("dropout3d", x, p, training, 2 if x.ndim == 5 else 1, generator)


def alpha_dropout(
    x: Array, p: float = 0.5, training: bool = False, *, generator: Generator | None = None
) -> Array:
    r"""Set elements to the limit of ``selu`` with probability ``p``, such that mean 0 and variance 1 stay.

    :math:`a x + b` for what is kept and :math:`-a \alpha + b` for the others, with
    :math:`a = ((1 - p)(1 + p \alpha^2))^{-1/2}`, :math:`b = a p \alpha` and :math:`\alpha = 1.7581`. Klambauer et
    al., NeurIPS 2017, arXiv:1706.02515.

    Parameters
    ----------
    x
        Array of any shape.
    p
        The probability of an element to be replaced. Where it is 1, the result is zeros.
    training
        Where False, ``x`` is returned as it is.
    generator
        Where the mask is drawn from; nnx's own stream (``nnx.seed``) by default.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> alpha_dropout(np.ones(4), 0.5, True, generator=nnx.random.Generator(7)).round(4)
    array([ 1.6656, -0.7792, -0.7792,  1.6656])
    """
    return _dropped("alpha_dropout", x, p, training, -1, generator, _replaced)


def feature_alpha_dropout(
    x: Array, p: float = 0.5, training: bool = False, *, generator: Generator | None = None
) -> Array:
    """:func:`alpha_dropout` of whole channels: one draw for each place along the first two axes of ``x``.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> feature_alpha_dropout(np.ones((1, 2, 2)), 0.5, True, generator=nnx.random.Generator(7)).round(4)
    array([[[ 1.6656,  1.6656],
            [-0.7792, -0.7792]]])
    """
    return _dropped("feature_alpha_dropout", x, p, training, 2, generator, _replaced)


def _replaced(x: Array, mask: Array, p: float) -> Array:
    scale = 1.0 / math.sqrt((_SATURATION * _SATURATION * p + 1.0) * (1.0 - p))
    shift = scale * _SATURATION * p
    return _masked_affine(x, mask, scale=scale, shift=shift, replacement=shift - scale * _SATURATION)


def drop_path(
    x: Array,
    drop_prob: float = 0.0,
    training: bool = False,
    scale_by_keep: bool = True,
    *,
    generator: Generator | None = None,
) -> Array:
    """Set whole examples to zero: before it is added to a shortcut, a layer is skipped for them.

    Huang et al., "Deep networks with stochastic depth", ECCV 2016, arXiv:1603.09382.

    Parameters
    ----------
    x
        Shape ``(N, *)``.
    drop_prob
        The probability of an example to be set to zero.
    training
        Where False, ``x`` is returned as it is.
    scale_by_keep
        Whether to multiply the others by ``1 / (1 - drop_prob)``.
    generator
        Where the mask is drawn from; nnx's own stream (``nnx.seed``) by default.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> drop_path(np.ones((3, 2)), 0.5, True, generator=nnx.random.Generator(7))
    array([[2., 2.],
           [0., 0.],
           [0., 0.]])
    """
    formula = _scaled if scale_by_keep else _unscaled
    return _dropped("drop_path", x, drop_prob, training, 1, generator, formula)


def _unscaled(x: Array, mask: Array, _p: float) -> Array:
    return _masked_scale(x, mask, scale=1.0)
