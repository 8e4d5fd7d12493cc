"""Medians, quantiles and percentiles."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ._tools import as_array, axes_of, floating, is_complex, unavailable, weak_arrays

__all__ = ["FUNCTIONS"]

# Hyndman and Fan's families: position = n q + alpha + q (1 - alpha - beta) - 1.
_CONTINUOUS = {
    "hazen": (0.5, 0.5),
    "interpolated_inverted_cdf": (0.0, 1.0),
    "linear": (1.0, 1.0),
    "median_unbiased": (1 / 3, 1 / 3),
    "normal_unbiased": (3 / 8, 3 / 8),
    "weibull": (0.0, 0.0),
}
_DISCRETE: dict[str, Callable[..., Any]] = {
    "higher": lambda xp, n, q: xp.ceil((n - 1) * q),
    "inverted_cdf": lambda xp, n, q: xp.ceil(n * q - 1),
    "lower": lambda xp, n, q: xp.floor((n - 1) * q),
    "nearest": lambda xp, n, q: xp.round((n - 1) * q),
}


def _gathered(
    xp: Any, a: Any, axis: Any, keepdims: bool, ignore_nan: bool
) -> tuple[Any, Any, tuple[int, ...]]:
    """The reduced axes sorted as one last axis, how many elements count there, and the shape of the result."""
    axes = axes_of(axis, a.ndim)
    rest = tuple(i for i in range(a.ndim) if i not in axes)
    shape = (
        tuple(1 if i in axes else n for i, n in enumerate(a.shape))
        if keepdims
        else tuple(a.shape[i] for i in rest)
    )
    n = math.prod(a.shape[i] for i in axes)
    if not n:  # the median of nothing is NaN
        rows = tuple(a.shape[i] for i in rest)
        return xp.full((*rows, 1), xp.nan, dtype=a.dtype, device=a.device), 1, shape
    rows = xp.reshape(xp.permute_dims(a, rest + axes), tuple(a.shape[i] for i in rest) + (n,))
    rows = xp.sort(rows, axis=-1)
    missing = xp.isnan(rows)
    if ignore_nan:
        count: Any = xp.sum(xp.astype(xp.logical_not(missing), rows.dtype), axis=-1, keepdims=True)
    else:
        count = n
        rows = xp.where(xp.any(missing, axis=-1, keepdims=True), xp.nan, rows)
    return rows, count, shape


def _pick(xp: Any, rows: Any, position: Any, count: Any) -> Any:
    """Elements at whole positions along the last axis, those beyond an end being the ends."""
    last = count - 1
    top = (
        xp.where(position > last, last, position)
        if hasattr(last, "dtype")
        else xp.clip(position, max=float(last))
    )
    index = xp.astype(xp.where(top < 0, 0, top), xp.int64)
    if index.ndim == 1:
        return xp.take(rows, index, axis=-1)
    return xp.take_along_axis(rows, index, axis=-1)


def _quantile(scale: float, ignore_nan: bool) -> Callable[..., Any]:
    """``quantile``, ``percentile`` and the two that pass NaN over."""

    def quantile(
        xp: Any, a: Any, q: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False,
        method: str = "linear", keepdims: bool = False, *, weights: Any = None,
    ) -> Any:  # fmt: skip
        if weights is not None:
            raise unavailable("np.quantile with weights=")
        a = floating(xp, a)
        if is_complex(xp, a):
            raise TypeError("a must be an array of real numbers")
        q = weak_arrays(xp, (a, q))[1] if isinstance(q, (int, float)) else floating(xp, as_array(xp, q, a))
        if bool(xp.any(xp.logical_or(q < 0, q > scale))):
            raise ValueError(f"Quantiles must be in the range [0, {scale:g}]")
        flat = xp.reshape(q, (-1,)) / scale
        rows, n, shape = _gathered(xp, a, axis, bool(keepdims), ignore_nan)
        if method in _DISCRETE:
            result = _pick(xp, rows, _DISCRETE[method](xp, n, flat), n)
        elif method == "midpoint":
            low, high = (_pick(xp, rows, r((n - 1) * flat), n) for r in (xp.floor, xp.ceil))
            result = (low + high) * (1 - 0.5 * xp.ones_like(flat))
        elif method in _CONTINUOUS:
            alpha, beta = _CONTINUOUS[method]
            position = n * flat + (alpha + flat * (1 - alpha - beta)) - 1
            below = xp.floor(position)
            low, high = _pick(xp, rows, below, n), _pick(xp, rows, below + 1, n)
            result = low + (high - low) * (position - below)
        else:
            raise unavailable(f"np.quantile with method={method!r}")
        return xp.reshape(xp.moveaxis(result, -1, 0), q.shape + shape)

    return quantile


def _median(ignore_nan: bool) -> Callable[..., Any]:
    """``median`` and ``nanmedian``."""

    def median(
        xp: Any,
        a: Any,
        axis: Any = None,
        out: Any = None,
        overwrite_input: bool = False,
        keepdims: bool = False,
    ) -> Any:
        a = floating(xp, a)
        if is_complex(xp, a):
            raise unavailable("np.median of complex numbers")
        rows, n, shape = _gathered(xp, a, axis, bool(keepdims), ignore_nan)
        middle = (n - 1) / 2
        if not hasattr(middle, "dtype"):
            middle = xp.full((1,), middle, dtype=rows.dtype, device=rows.device)
        low, high = (_pick(xp, rows, r(middle), n) for r in (xp.floor, xp.ceil))
        return xp.reshape((low + high) / 2, shape)

    return median


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "median": _median(False),
    "nanmedian": _median(True),
    "nanpercentile": _quantile(100.0, True),
    "nanquantile": _quantile(1.0, True),
    "percentile": _quantile(100.0, False),
    "quantile": _quantile(1.0, False),
}
