"""The layers of a transformer: attention and feed-forward, each added to its input.

Vaswani et al., "Attention is all you need", NeurIPS 2017, arXiv:1706.03762; with ``norm_first`` as in Xiong et al.,
"On layer normalization in the transformer architecture", ICML 2020. Arrays are ``(length, batch, d_model)``, with
``batch_first`` ``(batch, length, d_model)``, or without a batch ``(length, d_model)``. Masks are those of
``nnx.MultiheadAttention``: True, or minus infinity, where a query may *not* look.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..backend import Array
from ..functional._errors import complaint
from ..functional._piecewise import relu
from ..functional._smooth import gelu
from ._attention import MultiheadAttention
from ._dropout import Dropout
from ._layer import Layer
from ._linear import Linear
from ._norm import LayerNorm

if TYPE_CHECKING:
    from ..random import Generator

__all__ = ["Activation", "Mask", "TransformerDecoderLayer", "TransformerEncoderLayer"]

Activation = str | Callable[[Array], Array]
Mask = Array | None


class _TransformerLayer(Layer):
    """What the layers of encoders and decoders share."""

    _attentions: tuple[str, ...] = ("self_attn",)

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        generator: Generator | None = None,
    ) -> None:
        where: dict[str, Any] = {"device": device, "dtype": dtype}
        drawn: dict[str, Any] = {"generator": generator, **where}
        for name in self._attentions:
            attention = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, **drawn)
            setattr(self, name, attention)
        self.linear1 = Linear(d_model, dim_feedforward, bias, **drawn)
        self.dropout = Dropout(dropout, generator=generator)
        self.linear2 = Linear(dim_feedforward, d_model, bias, **drawn)
        self.norm_first = norm_first
        numbers = range(1, len(self._attentions) + 2)
        for i in numbers:
            setattr(self, f"norm{i}", LayerNorm(d_model, layer_norm_eps, bias=bias, **where))
        for i in numbers:
            setattr(self, f"dropout{i}", Dropout(dropout, generator=generator))
        self.activation = _activation(activation)

    def _added(self, x: Array, i: int, part: Callable[[Array], Array]) -> Array:
        """``x`` and what the i-th part makes of it, normalised before or after."""
        norm, dropout = getattr(self, f"norm{i}"), getattr(self, f"dropout{i}")
        return x + dropout(part(norm(x))) if self.norm_first else norm(x + dropout(part(x)))

    def _attend(
        self, name: str, x: Array, memory: Array | None, mask: Mask, padding: Mask, causal: bool
    ) -> Array:
        memory = x if memory is None else memory
        return getattr(self, name)(x, memory, memory, padding, False, mask, True, causal)[0]

    def _feed_forward(self, x: Array) -> Array:
        return self.linear2(self.dropout(self.activation(self.linear1(x))))


def _activation(activation: Any) -> Callable[[Array], Array]:
    if isinstance(activation, str):
        if activation not in ("relu", "gelu"):
            raise complaint(
                "Transformer", f'expected an activation "relu", "gelu" or a function, got {activation!r}'
            )
        return relu if activation == "relu" else gelu
    if not callable(activation):
        raise complaint(
            "Transformer", f"expected activation to be a name or a function, got {activation!r}", TypeError
        )
    return activation


class TransformerEncoderLayer(_TransformerLayer):
    """A sequence that looks at itself, and a feed-forward network for each place.

    Parameters
    ----------
    d_model
        The length of each place's features.
    nhead
        How many heads; divides ``d_model``.
    dim_feedforward
        The width of the feed-forward network.
    dropout
        The probability with which weights of attention, hidden features and what is added are set to zero.
    activation
        ``"relu"``, ``"gelu"``, a function or a layer.
    layer_norm_eps
        Added to the variance.
    batch_first
        Whether arrays are ``(batch, length, d_model)`` and not ``(length, batch, d_model)``.
    norm_first
        Whether to normalise what goes into attention and feed-forward, and not what comes out.
    bias
        Whether there are biases.
    device, dtype
        Of the parameters.
    generator
        Where they are drawn from, and dropout; nnx's own stream (``nnx.seed``) by default.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> layer = nnx.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    >>> layer(np.ones((4, 5, 8), dtype=np.float32)).shape
    (4, 5, 8)
    """

    def forward(
        self, src: Array, src_mask: Mask = None, src_key_padding_mask: Mask = None, is_causal: bool = False
    ) -> Array:
        """The shape of ``src``; the masks are ``(S, S)`` or ``(N nhead, S, S)``, and ``(N, S)``."""
        x = self._added(
            src, 1, lambda x: self._attend("self_attn", x, None, src_mask, src_key_padding_mask, is_causal)
        )
        return self._added(x, 2, self._feed_forward)


class TransformerDecoderLayer(_TransformerLayer):
    """A sequence that looks at itself and at a memory, and a feed-forward network for each place.

    The arguments are those of ``nnx.TransformerEncoderLayer``.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> layer, x = nnx.TransformerDecoderLayer(8, 2, 16), np.ones((5, 4, 8), dtype=np.float32)
    >>> layer(x[:3], x).shape
    (3, 4, 8)
    """

    _attentions = ("self_attn", "multihead_attn")

    def forward(
        self,
        tgt: Array,
        memory: Array,
        tgt_mask: Mask = None,
        memory_mask: Mask = None,
        tgt_key_padding_mask: Mask = None,
        memory_key_padding_mask: Mask = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Array:
        """The shape of ``tgt``; masks ``(T, T)``, ``(T, S)``, ``(N, T)`` and ``(N, S)``."""
        x = self._added(
            tgt,
            1,
            lambda x: self._attend("self_attn", x, None, tgt_mask, tgt_key_padding_mask, tgt_is_causal),
        )
        x = self._added(
            x,
            2,
            lambda x: self._attend(
                "multihead_attn", x, memory, memory_mask, memory_key_padding_mask, memory_is_causal
            ),
        )
        return self._added(x, 3, self._feed_forward)
