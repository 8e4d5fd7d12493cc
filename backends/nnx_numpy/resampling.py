"""Resampling in NumPy: what comes of each tap is added in place, in blocks that stay in the cache."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from nnx.functional._resample_plan import AxisMap

Array = Any

BLOCK = 2**18  # bytes
FEW = 8  # taps
SMALL = 2**12  # results up to so many are left to the version in standard functions


def resample_axis(x: Array, *, axis: int, plan: AxisMap) -> Array:
    """Floating-point arrays along an axis of which few elements count for each result."""
    taps, old, after = plan.there, x.shape[axis], math.prod(x.shape[axis + 1 :])
    before, new = math.prod(x.shape[:axis]), taps.size
    if before * new * after < SMALL or taps.count > FEW or taps.idle or x.dtype.kind != "f":
        from .overrides import reference

        return reference("resample_axis")(x, axis=axis, plan=plan)
    rows = x.reshape((before, old, after) if after > 1 else (before, old))
    out = np.empty((before, new, *rows.shape[2:]), x.dtype)
    places, weights, _ = taps.on(x)
    weights = weights.reshape((taps.count, new) + (1,) * (rows.ndim - 2))
    step = max(BLOCK // (new * after * x.itemsize), 1)
    space = np.empty((step, *out.shape[1:]), x.dtype)
    for start in range(0, before, step):
        block, source = out[start : start + step], rows[start : start + step]
        for k in range(taps.count):
            room, even = space[: len(block)] if k else block, taps.even[k]
            if even is None:
                part = source.take(places[k], 1, room, "clip")
                if not taps.unit[k]:
                    part *= weights[k]
            elif taps.unit[k]:
                part = source[:, even]
            else:
                part = np.multiply(source[:, even], weights[k], room)
            if k:
                block += part
            elif part is not block:
                block[...] = part
    return out.reshape(*x.shape[:axis], new, *x.shape[axis + 1 :])


OVERRIDES: dict[str, Any] = {"resample_axis": (resample_axis, ())}
