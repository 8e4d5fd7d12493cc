"""``numpy.fft``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ._tools import as_array, complexed, floating, is_complex

__all__ = ["FUNCTIONS"]

_REAL_IN = ("rfft", "ihfft", "rfftn")


def _prepared(xp: Any, name: str, a: Any) -> Any:
    """Complex input for the transforms that take it, as NumPy converts it."""
    if name not in _REAL_IN:
        return complexed(xp, a)
    a = floating(xp, a)
    if is_complex(xp, a):
        raise TypeError(f"np.fft.{name} takes real arrays, got {a.dtype}")
    return a


def _one(name: str) -> Callable[..., Any]:
    """A transform along one axis."""

    def transform(xp: Any, a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None) -> Any:
        return getattr(xp.fft, name)(_prepared(xp, name, a), n=n, axis=axis, norm=norm or "backward")

    return transform


def _many(name: str, default: tuple[int, ...] | None) -> Callable[..., Any]:
    """A transform along several axes."""

    def transform(
        xp: Any, a: Any, s: Any = None, axes: Any = default, norm: Any = None, out: Any = None
    ) -> Any:
        x = _prepared(xp, name, a)
        if axes is None:
            axes = range(x.ndim) if s is None else range(-len(s), 0)
        axes = tuple(axes)
        if not axes:
            return as_array(xp, a)
        if s is not None:  # -1 stands for the length that the axis has
            s = tuple(x.shape[a] if n == -1 else int(n) for n, a in zip(s, axes, strict=True))
        return getattr(xp.fft, name)(x, s=s, axes=axes, norm=norm or "backward")

    return transform


def _shift(name: str) -> Callable[..., Any]:
    return lambda xp, x, axes=None: getattr(xp.fft, name)(as_array(xp, x), axes=axes)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{f"fft.{name}": _one(name) for name in ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft")},
    **{f"fft.{name}": _many(name, None) for name in ("fftn", "ifftn", "rfftn", "irfftn")},
    **{f"fft.{name}2": _many(f"{name}n", (-2, -1)) for name in ("fft", "ifft", "rfft", "irfft")},
    **{f"fft.{name}": _shift(name) for name in ("fftshift", "ifftshift")},
}
