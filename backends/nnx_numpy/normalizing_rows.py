"""The rows of a part that is normalised, one for each of its groups: how they are gathered and summed."""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiled import FLOATS, loops
from .constants import ones
from .cores import scratch
from .normalizing_plans import Plan

__all__ = ["by_outer", "compiled_loops", "dots", "gathered", "laid", "memory"]

Array = Any

# elements in one product: it rounds less, and OpenBLAS uses no threads, which would take cores from ours
LONG = 8192


def dots(x: Array, y: Array | None, out: Array) -> Array:
    """The product of each row with the other's, or its sum, by BLAS: NumPy's own sum takes three times as long."""
    count = x.shape[1]
    if count <= LONG:
        return np.vecdot(x, ones(count, x.dtype) if y is None else y, out)
    whole = count - count % LONG
    shape = (len(x), -1, LONG)
    others = ones(LONG, x.dtype) if y is None else y[:, :whole].reshape(shape)
    np.add.reduce(np.vecdot(x[:, :whole].reshape(shape), others), axis=1, out=out)
    if whole < count:
        out += dots(x[:, whole:], None if y is None else y[:, whole:], np.empty(len(x), x.dtype))
    return out


def laid(v: Array | None, plan: Plan) -> Array | None:
    """A parameter as a column: a number for each group, or for each run of a period."""
    if v is None:
        return None
    if plan.each is not None:
        v = np.broadcast_to(v.reshape(plan.each), plan.moments)
    return v.reshape(-1, 1)


def memory(count: int, part: slice, plan: Plan, dtype: Any) -> Array:
    """Memory for so many times the part's rows."""
    return scratch((count, part.stop - part.start, plan.outer * plan.inner), dtype)


def gathered(x: Array, part: slice, room: Array) -> Array:
    """A row for each group of the part; gathered in ``room`` if they lie apart."""
    if len(x) == 1:
        return x[0, part]
    some = x[:, part].swapaxes(0, 1)
    room.reshape(some.shape)[...] = some
    return room


def by_outer(rows: Array, plan: Plan) -> Array:
    """Rows with the runs that they were gathered from, in memory of one piece."""
    return np.ascontiguousarray(rows).reshape(-1, plan.outer, plan.inner)


def compiled_loops(x: Array) -> Any:
    """The compiled loops, where they can go through an array and it is time for them."""
    return loops(x.size) if x.dtype in FLOATS and x.flags.c_contiguous else None
