"""The mean squared error in half the passes: the sum of squares is BLAS's, and slopes are made in one array."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnx.autodiff import joint

from .compiled import FLOATS
from .constants import reciprocal, unit
from .normalizing_rows import dots
from .reference import reference, reference_pullback

Array = Any


def _plain(x: Array, target: Array, weight: Array | None, reduction: str) -> bool:
    """Whether these are arrays of the usual kind, to be summed."""
    return (
        weight is None
        and type(x) is type(target) is np.ndarray
        and x.dtype in FLOATS
        and x.dtype == target.dtype
        and x.shape == target.shape
        and x.size > 0
        and reduction != "none"
    )


def mse_loss(x: Array, target: Array, weight: Array | None, constant: Any, *, reduction: str) -> Array:
    """The sum of the squares as a product."""
    if not _plain(x, target, weight, reduction):
        return reference("mse_loss")(x, target, weight, constant, reduction=reduction)
    d = np.subtract(x, target, order="C").reshape(1, -1)
    return (dots(d, d, np.empty(1, d.dtype)) * _scale(x, reduction)).reshape(())


def mse_loss_back(
    xp: Any, g: Any, _out: Any, x: Array, target: Array, weight: Any, constant: Any, *,
    needed: tuple[bool, ...], reduction: str,
) -> tuple[Array | None, ...]:  # fmt: skip
    """The difference times a number, in its own memory."""
    if type(g) is not np.ndarray or not _plain(x, target, weight, reduction):
        return reference_pullback("mse_loss")(
            xp, g, _out, x, target, weight, constant, needed=needed, reduction=reduction
        )
    slope = x - target
    slope *= (2 * g) * _scale(x, reduction)
    return slope if needed[0] else None, -slope if needed[1] else None, None, None


def _scale(x: Array, reduction: str) -> Array:
    return reciprocal(x.size, x.dtype) if reduction == "mean" else unit(x.dtype)


OVERRIDES: dict[str, Any] = {"mse_loss": (mse_loss, (joint(mse_loss_back),))}
