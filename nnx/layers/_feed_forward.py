"""Feed-forward networks of transformers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..backend import Array
from ..functional._smooth import silu
from ._layer import Layer
from ._linear import Linear

if TYPE_CHECKING:
    from ..random import Generator

__all__ = ["SwiGLU"]


class SwiGLU(Layer):
    r"""A hidden layer whose features a second one lets pass: :math:`W_2\,(\mathrm{silu}(W_1 x) \odot W_3 x)`.

    Shazeer, "GLU variants improve transformer", 2020, arXiv:2002.05202; the names are those of LLaMA's files.

    Parameters
    ----------
    in_features, hidden_features
        The lengths of an input and of what is between.
    out_features
        The length of a result; ``in_features`` by default.
    bias
        Whether the three maps have one.
    device, dtype
        Of the weights.
    generator
        Where they are drawn from; nnx's own stream (``nnx.seed``) by default.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> layer = nnx.SwiGLU(8, 16)
    >>> layer(np.ones((4, 8), dtype=np.float32)).shape
    (4, 8)
    >>> list(layer.parameters())
    ['w1.weight', 'w2.weight', 'w3.weight']
    """

    def __init__(
        self,
        in_features: int,
        hidden_features: int,
        out_features: int | None = None,
        bias: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        generator: Generator | None = None,
    ) -> None:
        last = in_features if out_features is None else out_features
        where: dict[str, Any] = {"device": device, "dtype": dtype, "generator": generator}
        self.w1 = Linear(in_features, hidden_features, bias, **where)
        self.w2 = Linear(hidden_features, last, bias, **where)
        self.w3 = Linear(in_features, hidden_features, bias, **where)

    def forward(self, x: Array) -> Array:
        """Shape ``(*, in_features)`` to ``(*, out_features)``."""
        return self.w2(silu(self.w1(x)) * self.w3(x))
