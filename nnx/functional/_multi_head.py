"""Attention with several heads: projections in, attention of each head, projection out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..autodiff import array_namespace, primitive
from ..backend import Array
from ._attention import scaled_dot_product_attention
from ._dropout import dropout
from ._errors import complaint, not_arrays
from ._linear import linear
from ._pad import pad
from ._softmax import softmax

if TYPE_CHECKING:
    from ..random import Generator

__all__ = ["multi_head_attention_forward"]

WHERE = "multi_head_attention_forward"


def multi_head_attention_forward(
    query: Array,
    key: Array,
    value: Array,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Array | None,
    in_proj_bias: Array | None,
    bias_k: Array | None,
    bias_v: Array | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Array,
    out_proj_bias: Array | None,
    training: bool = True,
    key_padding_mask: Array | None = None,
    need_weights: bool = True,
    attn_mask: Array | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Array | None = None,
    k_proj_weight: Array | None = None,
    v_proj_weight: Array | None = None,
    static_k: Array | None = None,
    static_v: Array | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
    *,
    batch_first: bool = False,
    generator: Generator | None = None,
) -> tuple[Array, Array | None]:
    """What ``nnx.MultiheadAttention`` computes, given its parameters, as ``torch.nn.functional`` has it.

    Vaswani et al., "Attention is all you need", NeurIPS 2017, arXiv:1706.03762.

    Parameters
    ----------
    query, key, value
        Shapes ``(L, N, E)``, ``(S, N, Ek)``, ``(S, N, Ev)``, or without N; with ``batch_first`` N is first.
    embed_dim_to_check
        ``E``.
    num_heads
        Divides ``E``.
    in_proj_weight, in_proj_bias
        Shapes ``(3 E, E)`` and ``(3 E,)``: projections of query, key and value in this order.
    bias_k, bias_v
        Shape ``(1, 1, E)``: one key and one value more, or None.
    add_zero_attn
        Whether to add a key and a value of zeros.
    dropout_p, training
        The probability of a weight to be set to zero, in training.
    out_proj_weight, out_proj_bias
        Shapes ``(E, E)`` and ``(E,)``.
    key_padding_mask
        Shape ``(N, S)``, or ``(S,)``: True for keys not to be looked at, or numbers to be added to the scores.
    need_weights
        Whether to give the weights, too; without them less memory is needed.
    attn_mask
        Shape ``(L, S)`` or ``(N num_heads, L, S)``, likewise: True where a query may *not* look.
    use_separate_proj_weight, q_proj_weight, k_proj_weight, v_proj_weight
        Weights ``(E, E)``, ``(E, Ek)`` and ``(E, Ev)`` in place of ``in_proj_weight``.
    static_k, static_v
        Shape ``(N num_heads, S, E / num_heads)``: in place of projected keys and values.
    average_attn_weights
        Whether the weights given are means over the heads.
    is_causal
        A promise that ``attn_mask`` is the causal one, so that it need not be read.
    generator
        Where dropout is drawn from; nnx's own stream by default.

    Returns
    -------
    The result, of the shape of the query, and the weights, ``(N, L, S)`` or ``(N, num_heads, L, S)``, or None. A
    query that may look nowhere gives NaN with ``need_weights``, and without them the bias of the last projection.

    Raises
    ------
    ValueError, TypeError
        Where shapes or dtypes don't fit, and where ``is_causal`` comes without ``attn_mask``.
    """
    if not all(hasattr(x, "dtype") for x in (query, key, value)):
        raise not_arrays(WHERE, query=query, key=key, value=value)
    xp = array_namespace(query, key, value, in_proj_weight, out_proj_weight)
    _check(query, key, value, embed_dim_to_check, num_heads, use_separate_proj_weight)
    batched = query.ndim == 3
    if not batched:
        same = key is query, value is query, value is key
        axis = 0 if batch_first else 1
        query, key, value = (xp.expand_dims(x, axis=axis) for x in (query, key, value))
        key, value = query if same[0] else key, query if same[1] else key if same[2] else value
        if key_padding_mask is not None:
            key_padding_mask = xp.expand_dims(key_padding_mask, axis=0)
    q, k, v = _projected(
        xp, (query, key, value), in_proj_weight, in_proj_bias, num_heads, batch_first,
        (q_proj_weight, k_proj_weight, v_proj_weight) if use_separate_proj_weight else None,
    )  # fmt: skip
    count, heads, length, size = q.shape
    mask = _in_heads(xp, attn_mask, count, heads, (length, k.shape[2]), is_causal)
    before = k.shape[2]
    k, v = _fixed(xp, k, static_k, "static_k"), _fixed(xp, v, static_v, "static_v")
    if k.shape[2] != v.shape[2]:
        raise complaint(WHERE, f"expected keys and values of one length, got {k.shape[2]} and {v.shape[2]}")
    k, v = _with_biases(xp, k, v, bias_k, bias_v, static_k is not None or static_v is not None)
    if add_zero_attn:
        zero = xp.zeros((count, heads, 1, size), dtype=k.dtype, device=k.device)
        k, v = (xp.concat([x, zero], axis=2) for x in (k, v))
    if is_causal and key_padding_mask is None and not need_weights:
        mask = None
    else:
        is_causal = False
    more = k.shape[2] - (before if static_k is None else static_k.shape[1])
    padding = _padding(xp, key_padding_mask, count, k.shape[2] - more)
    mask = _merged(xp, q, *(x if x is None or not more else _longer(xp, x, more) for x in (mask, padding)))
    drop = dropout_p if training else 0.0
    weights = None
    if need_weights:
        out, weights = _with_weights(xp, q, k, v, mask, drop, generator)
        weights = xp.mean(weights, axis=1) if average_attn_weights else weights
    else:
        if mask is not None and xp.isdtype(mask.dtype, "bool"):
            mask = xp.logical_not(mask)
        out = scaled_dot_product_attention(q, k, v, mask, drop, is_causal, generator=generator)
    out = xp.permute_dims(out, _order(batch_first))
    out = linear(xp.reshape(out, (*out.shape[:2], heads * size)), out_proj_weight, out_proj_bias)
    if batched:
        return out, weights
    out = xp.squeeze(out, axis=0 if batch_first else 1)
    return out, None if weights is None else xp.squeeze(weights, axis=0)


def _check(query: Array, key: Array, value: Array, embed_dim: int, num_heads: int, separate: bool) -> None:
    shapes = f"{tuple(query.shape)}, {tuple(key.shape)} and {tuple(value.shape)}"
    if query.ndim not in (2, 3) or not query.ndim == key.ndim == value.ndim:
        raise complaint(WHERE, f"expected query, key and value with 2 axes, or 3, got shapes {shapes}")
    if query.shape[-1] != embed_dim:
        raise complaint(WHERE, f"expected a last axis of {embed_dim}, got {query.shape[-1]} (query {shapes})")
    if num_heads < 1 or embed_dim % num_heads:
        raise complaint(WHERE, f"expected num_heads to divide {embed_dim}, got {num_heads}")
    if key.shape[:-1] != value.shape[:-1] or (not separate and key.shape != value.shape):
        raise complaint(WHERE, f"expected key and value of one shape, got {shapes[shapes.index(')') + 3 :]}")


@primitive("heads", params=("parts", "heads", "batch_first"), outputs=True)
def _heads(xp: Any, x: Array, *, parts: int, heads: int, batch_first: bool) -> tuple[Array, ...]:
    """What lies side by side for each place of a sequence, as so many arrays ``(N, heads, length, size)``: views."""
    x = xp.reshape(x, (*x.shape[:2], parts, heads, x.shape[2] // (parts * heads)))
    x = xp.permute_dims(x, (2, 0, 3, 1, 4) if batch_first else (2, 1, 3, 0, 4))
    return tuple(x[i, ...] for i in range(parts))


def _side_by_side(xp: Any, g: Any, _out: Any, _x: Any, *, parts: int, heads: int, batch_first: bool) -> Array:
    del parts, heads
    zero = xp.zeros_like(next(x for x in g if x is not None)) if any(x is None for x in g) else None
    rows = [xp.permute_dims(zero if x is None else x, _order(batch_first)) for x in g]
    rows = [xp.reshape(x, (*x.shape[:2], x.shape[2] * x.shape[3])) for x in rows]
    return xp.concat(rows, axis=2) if len(rows) > 1 else rows[0]


_heads.defpullback(_side_by_side)


def _order(batch_first: bool) -> tuple[int, ...]:
    """The axes of all heads' arrays as those of a sequence."""
    return (0, 2, 1, 3) if batch_first else (2, 0, 1, 3)


def _projected(
    xp: Any,
    inputs: tuple[Array, Array, Array],
    weight: Array | None,
    bias: Array | None,
    heads: int,
    batch_first: bool,
    weights: tuple[Array | None, ...] | None,
) -> list[Array]:
    """Queries, keys and values of all heads, ``(N, heads, length, size)``; inputs that are the same go together."""
    query, key, value = inputs
    size = query.shape[-1]

    if weights is not None:
        runs = [(x, (i, i + 1), w) for i, (x, w) in enumerate(zip(inputs, weights, strict=True))]
    elif query is key is value:
        runs = [(query, (0, 3), weight)]
    elif key is value:
        runs = [(query, (0, 1), weight), (key, (1, 3), weight)]
    else:
        runs = [(x, (i, i + 1), weight) for i, x in enumerate(inputs)]
    found: list[Array] = []
    for x, (a, b), w in runs:
        if w is None:
            raise complaint(WHERE, "expected the weights of the projections, got None", TypeError)
        w = w if weights is not None or b - a == 3 else w[a * size : b * size, :]
        some = bias if bias is None or b - a == 3 else bias[a * size : b * size]
        found += _heads(linear(x, w, some), parts=b - a, heads=heads, batch_first=batch_first)
    if any(x.shape[0] != found[0].shape[0] for x in found):
        raise complaint(
            WHERE, f"expected one batch of query, key and value, got {[tuple(x.shape) for x in inputs]}"
        )
    return found


def _in_heads(
    xp: Any, mask: Array | None, count: int, heads: int, shape: tuple[int, int], is_causal: bool
) -> Array | None:
    """The mask as ``(N or 1, heads or 1, L, S)``."""
    if mask is None:
        if is_causal:
            raise complaint(WHERE, "expected attn_mask where is_causal is given, got None")
        return None
    _check_kind(xp, "attn_mask", mask)
    if tuple(mask.shape) not in (shape, (count * heads, *shape)):
        raise complaint(
            WHERE,
            f"expected attn_mask of shape {shape} or {(count * heads, *shape)}, got {tuple(mask.shape)}",
        )
    return xp.reshape(mask, ((1, 1) if mask.ndim == 2 else (count, heads)) + shape)


def _padding(xp: Any, mask: Array | None, count: int, length: int) -> Array | None:
    """The mask as ``(N, 1, 1, S)``."""
    if mask is None:
        return None
    _check_kind(xp, "key_padding_mask", mask)
    if tuple(mask.shape) != (count, length):
        raise complaint(
            WHERE, f"expected key_padding_mask of shape {(count, length)}, got {tuple(mask.shape)}"
        )
    return xp.reshape(mask, (count, 1, 1, length))


def _check_kind(xp: Any, name: str, mask: Array) -> None:
    if not xp.isdtype(mask.dtype, ("bool", "real floating")):
        raise complaint(WHERE, f"expected {name} of booleans or floating point, got {mask.dtype}", TypeError)


def _longer(xp: Any, mask: Array, more: int) -> Array:
    return pad(mask, (0, more), value=False if xp.isdtype(mask.dtype, "bool") else 0.0)


def _merged(xp: Any, query: Array, mask: Array | None, padding: Array | None) -> Array | None:
    """Both masks in one: booleans, True where hidden, or numbers to be added."""
    given = [x for x in (mask, padding) if x is not None]
    if len(given) < 2:
        return given[0] if given else None
    if all(xp.isdtype(x.dtype, "bool") for x in given):
        return xp.logical_or(*given)
    return xp.add(*(_added(xp, x, query) for x in given))


def _added(xp: Any, mask: Array, like: Array) -> Array:
    if not xp.isdtype(mask.dtype, "bool"):
        return mask
    return xp.where(mask, -math.inf, xp.zeros((), dtype=like.dtype, device=like.device))


def _fixed(xp: Any, x: Array, given: Array | None, name: str) -> Array:
    if given is None:
        return x
    count, heads, _, size = x.shape
    if given.ndim != 3 or given.shape[0] != count * heads or given.shape[2] != size:
        raise complaint(
            WHERE, f"expected {name} of shape {(count * heads, 'S', size)}, got {tuple(given.shape)}"
        )
    return xp.reshape(given, (count, heads, given.shape[1], size))


def _with_biases(
    xp: Any, k: Array, v: Array, bias_k: Array | None, bias_v: Array | None, fixed: bool
) -> tuple[Array, Array]:
    """One key and one value more."""
    if bias_k is None and bias_v is None:
        return k, v
    if bias_k is None or bias_v is None or fixed:
        raise complaint(WHERE, "expected bias_k and bias_v together, and without static_k and static_v")
    count, heads, _, size = k.shape
    rows = (
        xp.broadcast_to(xp.reshape(b, (1, heads, 1, size)), (count, heads, 1, size)) for b in (bias_k, bias_v)
    )
    k, v = (xp.concat([x, row], axis=2) for x, row in zip((k, v), rows, strict=True))
    return k, v


def _with_weights(
    xp: Any, q: Array, k: Array, v: Array, mask: Array | None, drop: float, generator: Generator | None
) -> tuple[Array, Array]:
    scores = xp.matmul(q * (1.0 / math.sqrt(q.shape[-1])), xp.matrix_transpose(k))
    if mask is not None:
        scores = scores + _added(xp, mask, q)
    weights = dropout(softmax(scores), drop, generator=generator)
    return xp.matmul(weights, v), weights
