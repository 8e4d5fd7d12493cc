"""Resampling in NumPy: what comes of each tap is added in place, in blocks that stay in the cache."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from nnx.functional._resample_plan import AxisMap

Array = Any

BLOCK = 2**18  # bytes
SMALL = 2**12  # results up to so many are left to the version in standard functions


@cache
def _reference() -> Any:
    from nnx.functional._resample import held, resample_axis

    return resample_axis.forward, held


def resample_axis(x: Array, *, axis: int, plan: AxisMap) -> Array:
    """Floating-point arrays along an axis of which few elements count for each result."""
    taps, after = plan.there, math.prod(x.shape[axis + 1 :])
    forward, held = _reference()
    before, new = math.prod(x.shape[:axis]), len(taps.places[0])
    if before * new * after < SMALL or len(taps.places) > 8 or taps.idle or x.dtype.kind != "f":
        return forward(np, x, axis=axis, plan=plan)
    shape = (-1,) if after == 1 else (-1, 1)
    out = np.empty((before, new, after)[: len(shape) + 1], x.dtype)
    rows = x.reshape(before, x.shape[axis], after)[(..., 0) if after == 1 else ...]
    parts = [
        (
            slice(places.start, places.stop, places.step)
            if isinstance(places, range)
            else held(np, "cpu", np.int64, places),
            None if weight is None else held(np, "cpu", x.dtype, weight).reshape(shape),
        )
        for places, weight in zip(taps.places, taps.weights, strict=True)
    ]
    step = max(BLOCK // (new * after * x.itemsize), 1)
    space = np.empty((step, *out.shape[1:]), x.dtype)
    for start in range(0, before, step):
        block, source = out[start : start + step], rows[start : start + step]
        for k, (places, weight) in enumerate(parts):
            room = space[: len(block)] if k else block
            if isinstance(places, slice):
                part = source[:, places]
                if weight is not None:
                    part = np.multiply(part, weight, room)
            else:
                part = source.take(places, 1, room, "clip")
                if weight is not None:
                    part *= weight
            if k:
                block += part
            elif part is not block:
                block[...] = part
    return out.reshape(*x.shape[:axis], new, *x.shape[axis + 1 :])


OVERRIDES: dict[str, Any] = {"resample_axis": (resample_axis, ())}
