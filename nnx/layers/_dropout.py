"""Dropout: what is on only in training, and draws a mask at every call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..backend import Array
from ..functional import _dropout as functional
from ._layer import Layer

if TYPE_CHECKING:
    from ..random import Generator

__all__ = [
    "AlphaDropout",
    "DropPath",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
    "FeatureAlphaDropout",
]


class Dropout(Layer):
    """In training, sets each element to zero with probability ``p`` and multiplies the others by ``1 / (1 - p)``.

    Masks are equal to the bit on every library. Srivastava et al., JMLR 15 (2014).

    Parameters
    ----------
    p
        The probability of an element to be set to zero.
    generator
        Where masks are drawn from; nnx's own stream (``nnx.seed``) by default.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> layer = nnx.Dropout(0.5, generator=nnx.random.Generator(7))
    >>> layer(np.ones(4))
    array([2., 0., 0., 2.])
    >>> layer.eval()(np.ones(4))
    array([1., 1., 1., 1.])
    """

    function: Any = staticmethod(functional.dropout)

    def __init__(self, p: float = 0.5, *, generator: Generator | None = None) -> None:
        self.p = functional.check_probability(type(self).__name__, p)
        self.generator = generator

    def forward(self, x: Array) -> Array:
        """The shape is kept."""
        return self.function(x, self.p, self.training, generator=self.generator)

    def extra_repr(self) -> str:
        """The probability."""
        return f"p={self.p}"


class Dropout1d(Dropout):
    """In training, sets whole channels of ``(N, C, L)`` or ``(C, L)`` to zero; arguments as for ``Dropout``."""

    function = staticmethod(functional.dropout1d)


class Dropout2d(Dropout):
    """In training, sets whole channels of ``(N, C, H, W)`` to zero; arguments as for ``Dropout``.

    Tompson et al., CVPR 2015, arXiv:1411.4280. An input of three axes is ``(N, C, L)``, as in PyTorch.
    """

    function = staticmethod(functional.dropout2d)


class Dropout3d(Dropout):
    """In training, sets whole channels of ``(N, C, D, H, W)`` or ``(C, D, H, W)`` to zero; see ``Dropout``."""

    function = staticmethod(functional.dropout3d)


class AlphaDropout(Dropout):
    """The dropout that goes with ``SELU``: :func:`nnx.functional.alpha_dropout`; arguments as for ``Dropout``."""

    function = staticmethod(functional.alpha_dropout)


class FeatureAlphaDropout(Dropout):
    """``AlphaDropout`` of whole channels of ``(N, C, *)``: :func:`nnx.functional.feature_alpha_dropout`."""

    function = staticmethod(functional.feature_alpha_dropout)


class DropPath(Layer):
    """In training, sets whole examples to zero, in front of a shortcut: :func:`nnx.functional.drop_path`.

    Stochastic depth: Huang et al., ECCV 2016, arXiv:1603.09382. Arguments as in timm.

    Parameters
    ----------
    drop_prob
        The probability of an example to be set to zero.
    scale_by_keep
        Whether to multiply the others by ``1 / (1 - drop_prob)``.
    generator
        Where masks are drawn from; nnx's own stream (``nnx.seed``) by default.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> block = nnx.Residual(nnx.Sequential(nnx.Linear(4, 4), nnx.DropPath(0.1)))
    >>> block(np.ones((2, 4), dtype=np.float32)).shape
    (2, 4)
    """

    def __init__(
        self, drop_prob: float = 0.0, scale_by_keep: bool = True, *, generator: Generator | None = None
    ) -> None:
        drop_prob = functional.check_probability("DropPath", drop_prob)
        self.drop_prob, self.scale_by_keep, self.generator = drop_prob, scale_by_keep, generator

    def forward(self, x: Array) -> Array:
        """Shape ``(N, *)``, kept."""
        return functional.drop_path(
            x, self.drop_prob, self.training, self.scale_by_keep, generator=self.generator
        )

    def extra_repr(self) -> str:
        """The probability, rounded as timm prints it."""
        return f"drop_prob={self.drop_prob:0.3f}"
