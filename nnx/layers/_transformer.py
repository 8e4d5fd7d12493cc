"""The transformer: stacks of layers, of an encoder and of a decoder that looks at what the encoder gives.

Vaswani et al., "Attention is all you need", NeurIPS 2017, arXiv:1706.03762.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .. import init
from ..autodiff import array_namespace
from ..backend import Array
from ..functional._errors import complaint
from ..functional._piecewise import relu
from ._containers import LayerList
from ._layer import Layer
from ._norm import LayerNorm
from ._transformer_layers import Activation, Mask, TransformerDecoderLayer, TransformerEncoderLayer
from ._tree import changed, is_layer

if TYPE_CHECKING:
    from ..random import Generator

__all__ = ["Transformer", "TransformerDecoder", "TransformerEncoder"]


class _Stack(Layer):
    """Copies of a layer, and a normalisation after them or none."""

    norm: Layer | None

    def __init__(self, layer: Layer, num_layers: int, norm: Layer | None = None) -> None:
        parts = Layer.layers(layer).values() if is_layer(layer) else ()
        generators = [x for part in parts if (x := getattr(part, "generator", None)) is not None]
        shared = {id(x): x for x in generators}  # copies of one would drop the same in every layer
        copies = [copy.deepcopy(layer, dict(shared)) for _ in range(num_layers)]
        self.layers = copies  # pyright: ignore[reportIncompatibleMethodOverride]
        self.num_layers = num_layers
        self.norm = norm

    @property
    def layers(self) -> _Layers:
        """The layers in order; called, every layer of the tree by path, as any layer's ``layers()``."""
        return _Layers(self)

    @layers.setter
    def layers(self, layers: Iterable[Layer]) -> None:
        self.__dict__["layers"] = LayerList(layers)
        changed()

    def _normalised(self, x: Array) -> Array:
        return x if self.norm is None else self.norm(x)


class _Layers(LayerList):
    """The list of a stack's layers, that can be called."""

    def __init__(self, stack: _Stack) -> None:
        object.__setattr__(self, "_nnx_items", vars(stack)["layers"]._nnx_items)
        self.__dict__["forward"] = super(_Stack, stack).layers


class TransformerEncoder(_Stack):
    """Several encoder layers, one after the other.

    Parameters
    ----------
    encoder_layer
        Copied: the layers start with the same values.
    num_layers
        How many.
    norm
        What the result goes through, or None.
    enable_nested_tensor, mask_check
        Without effect here; in PyTorch's place. Places that ``src_key_padding_mask`` hides are computed, not zeroed.

    Attributes
    ----------
    layers
        The layers in order.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> encoder = nnx.TransformerEncoder(nnx.TransformerEncoderLayer(8, 2, 16), 3, nnx.LayerNorm(8))
    >>> encoder(np.ones((5, 4, 8), dtype=np.float32)).shape
    (5, 4, 8)
    """

    def __init__(
        self,
        encoder_layer: Layer,
        num_layers: int,
        norm: Layer | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        del enable_nested_tensor, mask_check
        super().__init__(encoder_layer, num_layers, norm)

    def forward(
        self,
        src: Array,
        mask: Mask = None,
        src_key_padding_mask: Mask = None,
        is_causal: bool | None = None,
    ) -> Array:
        """The shape of ``src``; masks as for a layer."""
        for layer in self.layers:
            src = layer(
                src, src_mask=mask, is_causal=bool(is_causal), src_key_padding_mask=src_key_padding_mask
            )
        return self._normalised(src)


class TransformerDecoder(_Stack):
    """Several decoder layers, one after the other, that all look at one memory.

    Parameters
    ----------
    decoder_layer
        Copied: the layers start with the same values.
    num_layers
        How many.
    norm
        What the result goes through, or None.

    Attributes
    ----------
    layers
        The layers in order.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> decoder = nnx.TransformerDecoder(nnx.TransformerDecoderLayer(8, 2, 16), 2)
    >>> x = np.ones((5, 4, 8), dtype=np.float32)
    >>> decoder(x[:3], x).shape
    (3, 4, 8)
    """

    def __init__(self, decoder_layer: Layer, num_layers: int, norm: Layer | None = None) -> None:
        super().__init__(decoder_layer, num_layers, norm)

    def forward(
        self,
        tgt: Array,
        memory: Array,
        tgt_mask: Mask = None,
        memory_mask: Mask = None,
        tgt_key_padding_mask: Mask = None,
        memory_key_padding_mask: Mask = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Array:
        """The shape of ``tgt``; masks as for a layer."""
        for layer in self.layers:
            tgt = layer(
                tgt,
                memory,
                tgt_mask=tgt_mask,
                memory_mask=memory_mask,
                tgt_key_padding_mask=tgt_key_padding_mask,
                memory_key_padding_mask=memory_key_padding_mask,
                tgt_is_causal=bool(tgt_is_causal),
                memory_is_causal=memory_is_causal,
            )
        return self._normalised(tgt)


class Transformer(Layer):
    """An encoder, and a decoder that looks at what it gives.

    Parameters
    ----------
    d_model
        The length of each place's features.
    nhead
        How many heads; divides ``d_model``.
    num_encoder_layers, num_decoder_layers
        How many layers.
    dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias, device, dtype, generator
        Of each layer, as for ``nnx.TransformerEncoderLayer``.
    custom_encoder, custom_decoder
        In the place of the encoder or the decoder.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> model = nnx.Transformer(8, 2, 1, 1, 16)
    >>> x = np.ones((5, 4, 8), dtype=np.float32)
    >>> model(x, x[:3], tgt_mask=model.generate_square_subsequent_mask(3)).shape
    (3, 4, 8)
    """

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = relu,
        custom_encoder: Layer | None = None,
        custom_decoder: Layer | None = None,
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
        args: Any = (
            d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias,
        )  # fmt: skip

        def norm() -> LayerNorm:
            return LayerNorm(d_model, layer_norm_eps, bias=bias, **where)

        if custom_encoder is None:
            layer = TransformerEncoderLayer(*args, **where, generator=generator)
            custom_encoder = TransformerEncoder(layer, num_encoder_layers, norm())
        if custom_decoder is None:
            layer = TransformerDecoderLayer(*args, **where, generator=generator)
            custom_decoder = TransformerDecoder(layer, num_decoder_layers, norm())
        self.encoder, self.decoder = custom_encoder, custom_decoder
        self.d_model, self.nhead, self.batch_first = d_model, nhead, batch_first
        fresh = {
            path: init.xavier_uniform(x.shape, generator=generator, dtype=dtype, device=device)
            for path, x in self.parameters().items()
            if x.ndim > 1
        }
        self.load_state_dict(fresh, strict=False)

    def forward(
        self,
        src: Array,
        tgt: Array,
        src_mask: Mask = None,
        tgt_mask: Mask = None,
        memory_mask: Mask = None,
        src_key_padding_mask: Mask = None,
        tgt_key_padding_mask: Mask = None,
        memory_key_padding_mask: Mask = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Array:
        """``src (S, N, d_model)`` and ``tgt (T, N, d_model)`` to the shape of ``tgt``; masks as for the layers."""
        batch = 0 if self.batch_first else 1
        shapes = f"src {tuple(src.shape)}, tgt {tuple(tgt.shape)}"
        if src.shape[-1] != self.d_model or tgt.shape[-1] != self.d_model:
            raise complaint("Transformer", f"expected last axes of {self.d_model}, got {shapes}")
        if src.ndim != tgt.ndim or (src.ndim == 3 and src.shape[batch] != tgt.shape[batch]):
            raise complaint("Transformer", f"expected one batch, got {shapes}")
        memory = self.encoder(src, src_mask, src_key_padding_mask, src_is_causal)
        return self.decoder(
            tgt, memory, tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask,
            tgt_is_causal, memory_is_causal,
        )  # fmt: skip

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Any = None, dtype: Any = None) -> Array:
        """Minus infinity where a query would see what comes after it, zero elsewhere: ``(sz, sz)``.

        >>> import nnx
        >>> nnx.Transformer.generate_square_subsequent_mask(2)
        array([[  0., -inf],
               [  0.,   0.]], dtype=float32)
        """
        mask = init.constant((sz, sz), -math.inf, dtype, device)
        return array_namespace(mask).triu(mask, k=1)
