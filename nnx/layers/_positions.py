"""Positions in a sequence, for attention, which by itself sees none."""

from __future__ import annotations

from ..autodiff import array_namespace
from ..backend import Array
from ..functional._errors import complaint
from ..functional._positions import rotary_embedding, sinusoids
from ._layer import Layer

__all__ = ["RotaryEmbedding", "SinusoidalPositions"]


class RotaryEmbedding(Layer):
    """Turns pairs of features of queries and keys by angles that grow with the position.

    Su et al., "RoFormer", 2021, arXiv:2104.09864: see ``nnx.functional.rotary_embedding``.

    Parameters
    ----------
    dim
        How many features turn, an even number; those after them pass.
    base
        What the slowest pair's wavelength is nearly 2 pi times of.
    interleaved
        Whether features 2i and 2i + 1 are a pair, or else i and i + dim / 2.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> query = np.ones((4, 2, 10, 8), dtype=np.float32)
    >>> nnx.RotaryEmbedding(8)(query, offset=3).shape
    (4, 2, 10, 8)
    """

    def __init__(self, dim: int, base: float = 10000.0, interleaved: bool = True) -> None:
        if dim < 0 or dim % 2:
            raise complaint("RotaryEmbedding", f"expected dim to be an even number, got {dim}")
        if not base > 0.0:
            raise complaint("RotaryEmbedding", f"expected a positive base, got {base}")
        self.dim, self.base, self.interleaved = dim, base, interleaved

    def forward(self, x: Array, offset: int = 0) -> Array:
        """Shape ``(*, length, features)``, kept; ``offset`` is the position of the first row."""
        return rotary_embedding(x, offset, self.base, self.interleaved, self.dim)

    def extra_repr(self) -> str:
        """The configuration."""
        return f"{self.dim}, base={self.base}, interleaved={self.interleaved}"


class SinusoidalPositions(Layer):
    """Adds sines and cosines of the position: see ``nnx.functional.sinusoidal_positions``.

    Vaswani et al., "Attention is all you need", NeurIPS 2017, arXiv:1706.03762.

    Parameters
    ----------
    d_model
        The number of features.
    max_len
        How many positions there are.
    base
        The longest wavelength is nearly ``base`` times the shortest.
    batch_first
        Whether inputs are ``(*, length, d_model)``, or else ``(length, *, d_model)``.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.SinusoidalPositions(2, 100)(np.zeros((2, 2), dtype=np.float32)).round(3)
    array([[0.   , 1.   ],
           [0.841, 0.54 ]], dtype=float32)
    """

    def __init__(
        self, d_model: int, max_len: int = 5000, base: float = 10000.0, batch_first: bool = True
    ) -> None:
        if d_model < 1 or max_len < 1:
            raise complaint(
                "SinusoidalPositions",
                f"expected d_model and max_len of at least 1, got {d_model} and {max_len}",
            )
        self.d_model, self.max_len, self.base, self.batch_first = d_model, max_len, base, batch_first

    def forward(self, x: Array, offset: int = 0) -> Array:
        """The shape of ``x``; ``offset`` is the position of the first."""
        shape, axis = tuple(x.shape), -2 if self.batch_first else 0
        if len(shape) < 2 or shape[-1] != self.d_model:
            raise complaint(
                "SinusoidalPositions",
                f"expected at least 2 axes, the last of {self.d_model}, got shape {shape}",
            )
        length = shape[axis]
        if offset + length > self.max_len:
            raise complaint(
                "SinusoidalPositions",
                f"expected at most {self.max_len} positions, got {length} from {offset} on (shape {shape})",
            )
        xp = array_namespace(x)
        table = sinusoids(
            xp, "SinusoidalPositions", length, self.d_model, self.base, offset, x.dtype, x.device
        )
        if not self.batch_first:
            table = xp.reshape(table, (length, *(1,) * (len(shape) - 2), self.d_model))
        return x + table

    def extra_repr(self) -> str:
        """The configuration."""
        return f"{self.d_model}, max_len={self.max_len}"
