"""Where something stands in a sequence: sines and cosines that are added, or by whose angles features turn."""

from __future__ import annotations

from operator import index
from typing import Any

from ..autodiff import array_namespace, joint, primitive
from ..backend import Array
from ..backend.selector import backend
from ._errors import complaint

__all__ = ["apply_rotary", "rotary_embedding", "sinusoidal_positions"]


def _angles(
    xp: Any, where: str, length: int, dim: int, base: float, offset: Any, device: Any
) -> tuple[Array, Array]:
    """Cosines and sines of position times frequency, ``(length, dim / 2)``, in double precision."""
    if isinstance(offset, bool) or not hasattr(type(offset), "__index__") or index(offset) < 0:
        raise complaint(where, f"expected offset to be a whole number of at least 0, got {offset!r}")
    first = float(index(offset))
    places = xp.arange(first, first + length, dtype=xp.float64, device=device)
    exponents = xp.arange(0.0, -float(dim), -2.0, dtype=xp.float64, device=device) / max(dim, 1)
    angles = (
        xp.expand_dims(places, axis=1) * xp.asarray(float(base), dtype=xp.float64, device=device) ** exponents
    )
    return xp.cos(angles), xp.sin(angles)


def sinusoidal_positions(
    length: int, d_model: int, base: float = 10000.0, offset: int = 0, dtype: Any = None, device: Any = None
) -> Array:
    r"""Sines and cosines of geometrically spaced frequencies, one row for each position.

    Features 2i and 2i + 1 of position p are the sine and the cosine of :math:`p / \mathrm{base}^{2i / d}`. Vaswani et
    al., "Attention is all you need", NeurIPS 2017, arXiv:1706.03762, section 3.5.

    Parameters
    ----------
    length
        The number of positions.
    d_model
        The number of features.
    base
        The longest wavelength is nearly ``base`` times the shortest.
    offset
        The first position.
    dtype, device
        Of the result; float32, and where ``nnx.use`` says, by default.

    Returns
    -------
    Shape ``(length, d_model)``.

    Examples
    --------
    >>> sinusoidal_positions(2, 4).round(3)
    array([[0.   , 1.   , 0.   , 1.   ],
           [0.841, 0.54 , 0.01 , 1.   ]], dtype=float32)
    """
    if d_model < 0 or length < 0:
        raise complaint("sinusoidal_positions", f"expected lengths of at least 0, got {length} and {d_model}")
    place = backend()
    device = place.device if device is None else place.device_named(device)
    if dtype is None or isinstance(dtype, str):
        dtype = getattr(place.xp, dtype or "float32")
    return sinusoids(place.xp, "sinusoidal_positions", length, d_model, base, offset, dtype, device)


def sinusoids(
    xp: Any, where: str, length: int, d_model: int, base: float, offset: int, dtype: Any, device: Any
) -> Array:
    """The same, for a namespace."""
    cosines, sines = _angles(xp, where, length, d_model, base, offset, device)
    both = xp.reshape(xp.stack([sines, cosines], axis=2), (length, d_model + d_model % 2))
    return xp.astype(both[:, :d_model], dtype)


def _pairs(xp: Any, x: Array, interleaved: bool) -> tuple[Array, Array]:
    if interleaved:
        return x[..., 0::2], x[..., 1::2]
    half = x.shape[-1] // 2
    return x[..., :half], x[..., half:]


@primitive("rotate_pairs", params=("interleaved",))
def _rotate(xp: Any, x: Array, cos: Array, sin: Array, *, interleaved: bool) -> Array:
    """Each pair of features as a point in the plane, turned."""
    a, b = _pairs(xp, x, interleaved)
    a, b = a * cos - b * sin, b * cos + a * sin
    if not interleaved:
        return xp.concat([a, b], axis=-1)
    return xp.reshape(xp.stack([a, b], axis=-1), (*a.shape[:-1], 2 * a.shape[-1]))


def _rotate_pullback(
    xp: Any, g: Array, _out: Any, x: Array, cos: Array, sin: Array, *, needed: Any, interleaved: bool
) -> tuple[Array | None, ...]:
    of_x = _rotate(g, cos, -sin, interleaved=interleaved) if needed[0] else None
    if not (needed[1] or needed[2]):
        return of_x, None, None
    (p, q), (a, b) = _pairs(xp, g, interleaved), _pairs(xp, x, interleaved)
    return of_x, p * a + q * b, q * a - p * b


_rotate.defpullback(joint(_rotate_pullback))


def apply_rotary(x: Array, cos: Array, sin: Array, interleaved: bool = True) -> Array:
    r"""Turn pairs of features by angles: :math:`(a, b) \mapsto (a \cos - b \sin,\; b \cos + a \sin)`.

    Parameters
    ----------
    x
        Shape ``(*, dim)``, ``dim`` even.
    cos, sin
        Of the angles, broadcasting to ``(*, dim / 2)``.
    interleaved
        Whether neighbours are a pair, features 2i and 2i + 1 (as in the paper, GPT-J and LLaMA's own files), or else
        features i and i + dim / 2 (as in GPT-NeoX, and in LLaMA's files at Hugging Face).

    Examples
    --------
    >>> import numpy as np
    >>> apply_rotary(np.asarray([1.0, 2.0]), np.asarray([0.0]), np.asarray([1.0]))
    array([-2.,  1.])
    """
    if not x.ndim or x.shape[-1] % 2:
        raise complaint("apply_rotary", f"expected a last axis of even length, got shape {tuple(x.shape)}")
    shape = (*x.shape[:-1], x.shape[-1] // 2)
    for name, array in (("cos", cos), ("sin", sin)):
        last = shape[max(len(shape) - array.ndim, 0) :]
        if len(last) != array.ndim or any(n not in (1, m) for n, m in zip(array.shape, last, strict=True)):
            raise complaint(
                "apply_rotary", f"expected {name} to broadcast to {shape}, got {tuple(array.shape)}"
            )
    return _rotate(x, cos, sin, interleaved=bool(interleaved))


def rotary_embedding(
    x: Array, offset: int = 0, base: float = 10000.0, interleaved: bool = True, dim: int | None = None
) -> Array:
    r"""Turn pairs of features by angles that grow with the position, so that products see distances only.

    The i-th pair at position p turns by :math:`p\, \mathrm{base}^{-2i / \mathrm{dim}}`. Su et al., "RoFormer", 2021,
    arXiv:2104.09864. For queries and keys, heads apart.

    Parameters
    ----------
    x
        Shape ``(*, length, features)``.
    offset
        The position of the first row.
    base
        What the slowest pair's wavelength is nearly 2 pi times of.
    interleaved
        Which features are a pair: see ``apply_rotary``.
    dim
        How many features turn, an even number of the first; all by default.

    Examples
    --------
    >>> import numpy as np
    >>> rotary_embedding(np.asarray([[1.0, 0.0], [1.0, 0.0]])).round(3)
    array([[1.   , 0.   ],
           [0.54 , 0.841]])
    """
    features = x.shape[-1] if x.ndim > 1 else 0
    turning = features if dim is None else dim
    if x.ndim < 2 or turning % 2 or not 0 <= turning <= features:
        raise complaint(
            "rotary_embedding",
            f"expected at least 2 axes, and an even number of features of which {dim or 'all'} turn, got shape "
            f"{tuple(x.shape)}",
        )
    xp = array_namespace(x)
    cos, sin = _angles(xp, "rotary_embedding", x.shape[-2], turning, base, offset, x.device)
    first = x if turning == features else x[..., :turning]
    out = _rotate(first, xp.astype(cos, x.dtype), xp.astype(sin, x.dtype), interleaved=bool(interleaved))
    return out if turning == features else xp.concat([out, x[..., turning:]], axis=-1)
