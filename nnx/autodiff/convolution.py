"""The convolution of two vectors: linear in each, so that it is its own derivative."""

from __future__ import annotations

from typing import Any

from .primitive import primitive

__all__ = ["convolve1d"]


@primitive("convolve1d")
def convolve1d(xp: Any, a: Any, v: Any) -> Any:
    """``out[k]`` is the sum of ``a[i] * v[k - i]``: all ``a.size + v.size - 1`` of them, for one dtype."""
    own = getattr(xp, "convolve", None)
    if own is not None:
        return own(a, v)
    if v.shape[0] > a.shape[0]:
        a, v = v, a
    n, taps = a.shape[0], v.shape[0]
    edge = xp.zeros((taps - 1,), dtype=a.dtype, device=a.device)
    padded = xp.concat([edge, a, edge])
    out = padded[taps - 1 :] * v[0]
    for i in range(1, taps):
        out = out + padded[taps - 1 - i : n + 2 * (taps - 1) - i] * v[i]
    return out


convolve1d.defpullback(
    lambda xp, g, _out, a_like, v: _overlap(xp, g, v, a_like),
    lambda xp, g, _out, a, v_like: _overlap(xp, g, a, v_like),
)


def _overlap(xp: Any, g: Any, other: Any, like: Any) -> Any:
    """The transpose of convolving something of the length of ``like`` with ``other``."""
    start = other.shape[0] - 1
    return convolve1d(g, xp.flip(other))[start : start + like.shape[0]]
