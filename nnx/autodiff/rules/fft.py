"""Rules of the discrete Fourier transforms.

A DFT matrix is symmetric, so each transform is its own transpose, with the same ``norm``. The transforms of
real signals hold only half of a Hermitian spectrum: its interior (all but the zero and the Nyquist frequency)
stands for two frequencies each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..primitive import Rule

__all__ = ["NO_DERIVATIVE", "RULES"]

Ints = Sequence[int] | None

NO_DERIVATIVE = frozenset({"fft.fftfreq", "fft.rfftfreq"})


def _complex(xp: Any, g: Any) -> Any:
    """A cotangent of a complex result, which may have come without an imaginary part."""
    if xp.isdtype(g.dtype, "complex floating"):
        return g
    return xp.astype(g, xp.complex64 if g.dtype == xp.float32 else xp.complex128)


def _resized(xp: Any, g: Any, axis: int, length: int) -> Any:
    """Cut or zero-padded at the end of an axis: the transpose of what a length argument does."""
    axis %= g.ndim
    missing = length - g.shape[axis]
    if missing < 0:
        return g[(slice(None),) * axis + (slice(0, length), ...)]
    if missing == 0:
        return g
    shape = (*g.shape[:axis], missing, *g.shape[axis + 1 :])
    return xp.concat([g, xp.zeros(shape, dtype=g.dtype, device=g.device)], axis=axis)


def _fitted(xp: Any, g: Any, axes: tuple[int, ...], like: Any) -> Any:
    for axis in axes:
        g = _resized(xp, g, axis, like.shape[axis])
    return g


def _interior(xp: Any, g: Any, axis: int, n: int, factor: float) -> Any:
    """Half a spectrum of a signal of length ``n`` with its interior frequencies multiplied by ``factor``."""
    k = xp.arange(g.shape[axis], device=g.device)
    edge = (k == 0) | (2 * k == n)
    edge = xp.reshape(edge, (-1,) + (1,) * (g.ndim - 1 - axis % g.ndim))
    return xp.where(edge, g, g * factor)


def _axes(like: Any, s: Ints, axes: Ints) -> tuple[int, ...]:
    """The axes of a transform of several, in order."""
    if axes is not None:
        return tuple(axes)
    return tuple(range(like.ndim) if s is None else range(like.ndim - len(s), like.ndim))


def _one(name: str) -> Any:
    def pullback(
        xp: Any, g: Any, _out: Any, x_like: Any, *, axis: int = -1, norm: Any = "backward", **_: Any
    ) -> Any:
        g = getattr(xp.fft, name)(_complex(xp, g), axis=axis, norm=norm)
        return _resized(xp, g, axis, x_like.shape[axis])

    return pullback


def _several(name: str) -> Any:
    def pullback(
        xp: Any, g: Any, _out: Any, x_like: Any, *, s: Ints = None, axes: Ints = None, norm: Any = "backward"
    ) -> Any:
        over = _axes(x_like, s, axes)
        return _fitted(xp, getattr(xp.fft, name)(_complex(xp, g), axes=over, norm=norm), over, x_like)

    return pullback


def _from_half(xp: Any, g: Any, name: str, n: int, axis: int, norm: str) -> Any:
    """The transpose of ``rfft`` (by ``hfft``) or of ``ihfft`` (by ``irfft``) of a signal of length ``n``."""
    return getattr(xp.fft, name)(_interior(xp, g, axis, n, 0.5), n=n, axis=axis, norm=norm)


def _to_half(xp: Any, g: Any, name: str, axis: int, norm: str) -> Any:
    """The transpose of ``hfft`` (by ``rfft``) or of ``irfft`` (by ``ihfft``)."""
    return _interior(xp, getattr(xp.fft, name)(g, axis=axis, norm=norm), axis, g.shape[axis], 2.0)


def _real_in(name: str) -> Any:
    def pullback(
        xp: Any, g: Any, _out: Any, x_like: Any, *, n: Any = None, axis: int = -1, norm: Any = "backward"
    ) -> Any:
        length = x_like.shape[axis]
        return _resized(xp, _from_half(xp, _complex(xp, g), name, n or length, axis, norm), axis, length)

    return pullback


def _real_out(name: str) -> Any:
    def pullback(
        xp: Any, g: Any, _out: Any, x_like: Any, *, axis: int = -1, norm: Any = "backward", **_: Any
    ) -> Any:
        return _resized(xp, _to_half(xp, g, name, axis, norm), axis, x_like.shape[axis])

    return pullback


def _rfftn(
    xp: Any, g: Any, _out: Any, x_like: Any, *, s: Ints = None, axes: Ints = None, norm: Any = "backward"
) -> Any:
    over = _axes(x_like, s, axes)
    others, last = over[:-1], over[-1]
    n = x_like.shape[last] if s is None else s[-1]
    g = _complex(xp, g)
    if others:
        g = xp.fft.fftn(g, axes=others, norm=norm)
    return _fitted(xp, _from_half(xp, g, "hfft", n, last, norm), over, x_like)


def _irfftn(
    xp: Any, g: Any, _out: Any, x_like: Any, *, s: Ints = None, axes: Ints = None, norm: Any = "backward"
) -> Any:
    over = _axes(x_like, s, axes)
    others, last = over[:-1], over[-1]
    g = _to_half(xp, g, "ihfft", last, norm)
    if others:
        g = xp.fft.ifftn(g, axes=others, norm=norm)
    return _fitted(xp, g, over, x_like)


RULES: dict[str, Rule] = {
    "fft.fft": Rule(_one("fft")),
    "fft.fftn": Rule(_several("fftn")),
    "fft.fftshift": Rule(lambda xp, g, _out, _x, **axes: xp.fft.ifftshift(g, **axes)),
    "fft.hfft": Rule(_real_out("rfft")),
    "fft.ifft": Rule(_one("ifft")),
    "fft.ifftn": Rule(_several("ifftn")),
    "fft.ifftshift": Rule(lambda xp, g, _out, _x, **axes: xp.fft.fftshift(g, **axes)),
    "fft.ihfft": Rule(_real_in("irfft")),
    "fft.irfft": Rule(_real_out("ihfft")),
    "fft.irfftn": Rule(_irfftn),
    "fft.rfft": Rule(_real_in("hfft")),
    "fft.rfftn": Rule(_rfftn),
}
