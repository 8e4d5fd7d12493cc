"""Attention with several heads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import init
from ..backend import Array
from ..functional._dropout import check_probability
from ..functional._errors import complaint
from ..functional._multi_head import multi_head_attention_forward
from ._cells import Parameter
from ._layer import Layer
from ._linear import Linear

if TYPE_CHECKING:
    from ..random import Generator

__all__ = ["MultiheadAttention"]


class NonDynamicallyQuantizableLinear(Linear):
    """A linear layer under the name that PyTorch prints for the one in attention."""


class MultiheadAttention(Layer):
    """Queries look at keys with several heads, each in a projection of its own, and take what the values hold.

    Vaswani et al., "Attention is all you need", NeurIPS 2017, arXiv:1706.03762. The function is
    ``nnx.functional.multi_head_attention_forward``.

    Parameters
    ----------
    embed_dim
        The length of a query, and of a result.
    num_heads
        Divides ``embed_dim``.
    dropout
        The probability of a weight to be set to zero, in training.
    bias
        Whether the projections have one.
    add_bias_kv
        Whether to add a key and a value that are learned.
    add_zero_attn
        Whether to add a key and a value of zeros.
    kdim, vdim
        The lengths of a key and of a value; ``embed_dim`` by default.
    batch_first
        Whether arrays are ``(batch, sequence, feature)`` and not ``(sequence, batch, feature)``.
    device, dtype
        Of the parameters.
    generator
        Where they are drawn from, and dropout; nnx's own stream (``nnx.seed``) by default.

    Attributes
    ----------
    in_proj_weight
        Shape ``(3 embed_dim, embed_dim)``; None where ``kdim`` or ``vdim`` differs. Xavier-uniform at first.
    q_proj_weight, k_proj_weight, v_proj_weight
        In its place there, ``(embed_dim, embed_dim)``, ``(embed_dim, kdim)`` and ``(embed_dim, vdim)``.
    in_proj_bias
        Shape ``(3 embed_dim,)``, zeros at first, or None.
    bias_k, bias_v
        Shape ``(1, 1, embed_dim)``, or None. Xavier-normal at first.
    out_proj
        The last projection, with a bias of zeros at first.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> layer = nnx.MultiheadAttention(8, 2, batch_first=True)
    >>> x = np.ones((4, 5, 8), dtype=np.float32)
    >>> out, weights = layer(x, x, x)
    >>> out.shape, weights.shape
    ((4, 5, 8), (4, 5, 5))
    """

    in_proj_weight: Array | None
    in_proj_bias: Array | None
    q_proj_weight: Array | None
    k_proj_weight: Array | None
    v_proj_weight: Array | None
    bias_k: Array | None
    bias_v: Array | None

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        generator: Generator | None = None,
    ) -> None:
        if embed_dim < 1 or num_heads < 1 or embed_dim % num_heads:
            raise complaint(
                "MultiheadAttention",
                f"expected num_heads of at least 1 that divides embed_dim, got {num_heads} and {embed_dim}",
            )
        dropout = check_probability("MultiheadAttention", dropout)
        self.embed_dim, self.num_heads, self.dropout = embed_dim, num_heads, dropout
        self.kdim, self.vdim = embed_dim if kdim is None else kdim, embed_dim if vdim is None else vdim
        self.batch_first, self.add_zero_attn, self.generator = batch_first, add_zero_attn, generator
        self.head_dim = embed_dim // num_heads
        where: dict[str, Any] = {"dtype": dtype, "device": device}
        drawn: dict[str, Any] = {"generator": generator, **where}
        self._qkv_same_embed_dim = self.kdim == self.vdim == embed_dim
        if self._qkv_same_embed_dim:
            self.in_proj_weight = Parameter(init.xavier_uniform((3 * embed_dim, embed_dim), **drawn))
            self.q_proj_weight = self.k_proj_weight = self.v_proj_weight = None
        else:
            self.q_proj_weight = Parameter(init.xavier_uniform((embed_dim, embed_dim), **drawn))
            self.k_proj_weight = Parameter(init.xavier_uniform((embed_dim, self.kdim), **drawn))
            self.v_proj_weight = Parameter(init.xavier_uniform((embed_dim, self.vdim), **drawn))
            self.in_proj_weight = None
        self.in_proj_bias = Parameter(init.zeros((3 * embed_dim,), **where)) if bias else None
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias, **drawn)
        if bias:
            self.out_proj.bias = init.zeros((embed_dim,), **where)
        self.bias_k = Parameter(init.xavier_normal((1, 1, embed_dim), **drawn)) if add_bias_kv else None
        self.bias_v = Parameter(init.xavier_normal((1, 1, embed_dim), **drawn)) if add_bias_kv else None

    def forward(
        self,
        query: Array,
        key: Array,
        value: Array,
        key_padding_mask: Array | None = None,
        need_weights: bool = True,
        attn_mask: Array | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Array, Array | None]:
        """The result, of the shape of the query, and the weights, ``(N, L, S)`` or of all heads, or None.

        Parameters
        ----------
        query, key, value
            Shapes ``(L, N, embed_dim)``, ``(S, N, kdim)``, ``(S, N, vdim)``, N first with ``batch_first``, or none.
        key_padding_mask
            Shape ``(N, S)``, or ``(S,)``: True for keys not to be looked at, or numbers to be added to the scores.
        need_weights
            Whether to give the weights, too; without them less memory is needed.
        attn_mask
            Shape ``(L, S)`` or ``(N num_heads, L, S)``, likewise: True where a query may *not* look.
        average_attn_weights
            Whether the weights given are means over the heads.
        is_causal
            A promise that ``attn_mask`` is the causal one, so that it need not be read.
        """
        return multi_head_attention_forward(
            query, key, value, self.embed_dim, self.num_heads, self.in_proj_weight, self.in_proj_bias,
            self.bias_k, self.bias_v, self.add_zero_attn, self.dropout, self.out_proj.weight,
            self.out_proj.bias, self.training, key_padding_mask, need_weights, attn_mask,
            not self._qkv_same_embed_dim, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight,
            None, None, average_attn_weights, is_causal,
            batch_first=self.batch_first, generator=self.generator,
        )  # fmt: skip
