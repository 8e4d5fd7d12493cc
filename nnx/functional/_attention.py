"""Attention: values averaged by how well queries match keys."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..autodiff import array_namespace
from ..backend import Array, backend_of
from ._attention_blocks import Options, attention, attention_limit
from ._dropout import check_probability, stream
from ._errors import complaint, not_arrays

if TYPE_CHECKING:
    from ..random import Generator

__all__ = ["scaled_dot_product_attention"]

WHERE = "scaled_dot_product_attention"


def scaled_dot_product_attention(
    query: Array,
    key: Array,
    value: Array,
    attn_mask: Array | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
    *,
    generator: Generator | None = None,
) -> Array:
    r"""Values averaged by how well queries match keys: :math:`\mathrm{softmax}(s\, Q K^\mathsf{T} + M)\, V`.

    Vaswani et al., "Attention is all you need", NeurIPS 2017, arXiv:1706.03762. Where the score matrix would be
    large it is never held whole (``nnx.functional.set_attention_memory``).

    Parameters
    ----------
    query, key, value
        Shapes ``(*, L, E)``, ``(*, S, E)`` and ``(*, S, Ev)``; leading axes, any number, broadcast.
    attn_mask
        Broadcasts to ``(*, L, S)``: booleans, True where a query may look, or numbers that are added to the scores.
    dropout_p
        The probability of a weight to be set to zero; the others are multiplied by ``1 / (1 - dropout_p)``.
    is_causal
        Whether query i may look only at keys 0 to i; with ``attn_mask``, both hold.
    scale
        The factor :math:`s`; :math:`1/\sqrt{E}` by default.
    enable_gqa
        Whether neighbouring heads of queries, axis -3, may share a head of keys and values. Ainslie et al., "GQA",
        EMNLP 2023.
    generator
        Where dropout is drawn from; nnx's own stream (``nnx.seed``) by default.

    Returns
    -------
    Shape ``(*, L, Ev)``; zeros for a query that may look nowhere.

    Raises
    ------
    ValueError, TypeError
        Where shapes don't fit, or dtypes.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.asarray([[1.0, 0.0], [0.0, 1.0]])
    >>> scaled_dot_product_attention(x, x, x, is_causal=True).round(3)
    array([[1.  , 0.  ],
           [0.33, 0.67]])
    """
    if not all(hasattr(x, "dtype") for x in (query, key, value)):
        raise not_arrays(WHERE, query=query, key=key, value=value)
    xp = array_namespace(query, key, value, attn_mask)
    _check(xp, query, key, value, dropout_p)
    dropout_p = float(dropout_p)
    groups = 1
    if enable_gqa:
        key, value, groups = _grouped(xp, query, key, value)
    batch = _batch(query, key, value, groups)
    shape = (*batch, query.shape[-2], key.shape[-2])
    if attn_mask is not None:
        _check_mask(xp, attn_mask, query, shape)
    kept = _drawn(query, 1.0 - dropout_p, shape, generator) if dropout_p else None
    options = Options(
        scale=1.0 / math.sqrt(query.shape[-1] or 1) if scale is None else float(scale),
        causal=bool(is_causal),
        factor=1.0 / (1.0 - dropout_p) if dropout_p < 1.0 else 0.0,
    )
    arrays = [
        None if x is None else _aligned(xp, x, len(shape), groups, i)
        for i, x in enumerate((query, key, value, attn_mask, kept))
    ]
    out = attention(*arrays, options=options)[0]
    return out if groups == 1 else xp.reshape(out, (*batch, *out.shape[-2:]))


def _refuse(detail: str, kind: type[Exception] = ValueError) -> Exception:
    return complaint(WHERE, detail, kind)


def _check(xp: Any, query: Array, key: Array, value: Array, dropout_p: float) -> None:
    if min(query.ndim, key.ndim, value.ndim) < 2:
        raise _refuse(
            f"expected query, key and value with at least 2 axes, got shapes {tuple(query.shape)}, "
            f"{tuple(key.shape)} and {tuple(value.shape)}"
        )
    if not (query.dtype == key.dtype == value.dtype and xp.isdtype(query.dtype, "real floating")):
        raise _refuse(
            "expected query, key and value of one floating-point dtype, got "
            f"{query.dtype}, {key.dtype} and {value.dtype}",
            TypeError,
        )
    for axis, other, name in ((-1, query, "query"), (-2, value, "value")):
        if key.shape[axis] != other.shape[axis]:
            raise _refuse(
                f"expected key and {name} of one length along axis {axis}, got shapes {tuple(key.shape)} and "
                f"{tuple(other.shape)}"
            )
    check_probability(WHERE, dropout_p)


def _grouped(xp: Any, query: Array, key: Array, value: Array) -> tuple[Array, Array, int]:
    """Keys and values, and how many heads of queries share a head of them: 1 where broadcasting does that."""
    if min(query.ndim, key.ndim, value.ndim) < 3:
        raise _refuse("expected query, key and value with an axis of heads, -3, for enable_gqa")
    heads, fewer = query.shape[-3], (key.shape[-3], value.shape[-3])
    if any(not n or heads % n for n in fewer):
        raise _refuse(f"expected the heads of key and value to divide {heads}, got {fewer[0]} and {fewer[1]}")
    if all(n in (1, heads) for n in fewer):
        return key, value, 1
    if fewer[0] == fewer[1]:
        return key, value, heads // fewer[0]
    key, value = (xp.repeat(x, heads // x.shape[-3], axis=-3) for x in (key, value))
    return key, value, 1


def _batch(query: Array, key: Array, value: Array, groups: int) -> tuple[int, ...]:
    """The leading axes of the result."""
    shapes = [list(x.shape[:-2]) for x in (query, key, value)]
    if groups > 1:
        shapes[1][-1] = shapes[2][-1] = shapes[0][-1]
    longest = max(map(len, shapes))
    padded = [[1] * (longest - len(shape)) + shape for shape in shapes]
    batch = tuple(next((n for n in lengths if n != 1), 1) for lengths in zip(*padded, strict=True))
    if any(n not in (1, m) for shape in padded for n, m in zip(shape, batch, strict=True)):
        raise _refuse(
            f"expected leading axes that broadcast, got shapes {tuple(query.shape)}, {tuple(key.shape)} and "
            f"{tuple(value.shape)}"
        )
    return batch


def _check_mask(xp: Any, mask: Array, query: Array, shape: tuple[int, ...]) -> None:
    if not (
        xp.isdtype(mask.dtype, "bool")
        or (xp.isdtype(mask.dtype, "real floating") and xp.result_type(mask, query) == query.dtype)
    ):
        raise _refuse(f"expected attn_mask of booleans or of {query.dtype}, got {mask.dtype}", TypeError)
    last = shape[len(shape) - mask.ndim :]
    if not 2 <= mask.ndim <= len(shape) or any(
        n not in (1, m) for n, m in zip(mask.shape, last, strict=True)
    ):
        raise _refuse(f"expected attn_mask that broadcasts to {shape}, got shape {tuple(mask.shape)}")


def _drawn(x: Array, p: float, shape: tuple[int, ...], generator: Generator | None) -> Array:
    """Which probabilities are kept: the same for any limit, as words come in blocks of 8 halves."""
    generator = stream(generator)
    count, most = math.prod(shape), max(min(attention_limit(), 2**24) // 32 * 8, 8)
    parts = [
        generator.bernoulli(p, (min(most, count - i),), backend=backend_of(x), device=x.device)
        for i in range(0, count, most)
    ] or [generator.bernoulli(p, (0,), backend=backend_of(x), device=x.device)]
    xp = array_namespace(*parts)
    return xp.reshape(parts[0] if len(parts) == 1 else xp.concat(parts), shape)


def _aligned(xp: Any, x: Array, ndim: int, groups: int, place: int) -> Array:
    """``x`` with leading axes of 1, and where heads share, those that share one as an axis of their own."""
    shape = (*(1,) * (ndim - x.ndim), *x.shape)
    if groups > 1:
        heads = shape[-3]
        apart = (heads, 1) if place in (1, 2) or heads == 1 else (heads // groups, groups)
        shape = (*shape[:-3], *apart, *shape[-2:])
    return x if len(shape) == x.ndim else xp.reshape(x, shape)
