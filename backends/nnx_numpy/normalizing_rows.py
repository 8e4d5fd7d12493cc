"""The rows of a part that is normalised, one for each of its groups: how they are gathered and summed."""

from __future__ import annotations

from typing import Any

import numpy as np

from .compiled import FLOATS, loops
from .constants import ones
from .cores import scratch
from .normalizing_plans import Plan

__all__ = ["LONG", "ROWS", "compiled_loops", "dots", "flat", "gathered", "laid", "memory"]

Array = Any

# elements in one product: it rounds less, and OpenBLAS uses no threads, which would take cores from ours
LONG = 8192

ROWS = 16  # in one go of a compiled loop


def dots(x: Array, y: Array | None, out: Array) -> Array:
    """The product of each row with the other's, or its sum, by BLAS: NumPy's own sum takes three times as long."""
    count = x.shape[1]
    if count <= LONG:
        return np.vecdot(x, ones(count, x.dtype) if y is None else y, out)
    np.vecdot(x[:, :LONG], ones(LONG, x.dtype) if y is None else y[:, :LONG], out)
    for start in range(LONG, count, LONG):
        part = x[:, start : start + LONG]
        out += np.vecdot(part, ones(part.shape[1], x.dtype) if y is None else y[:, start : start + LONG])
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


def compiled_loops(x: Array, plan: Plan) -> Any:
    """The compiled loops, where they know the plan's kind of weights, and it is time for them."""
    known = plan.each is not None or plan.period == plan.run == plan.outer == 1
    fast = loops(x.size) if known and x.dtype in FLOATS and x.flags.c_contiguous else None
    return fast if fast is not None and fast.usable else None


def flat(v: Array | None, dtype: Any) -> Array:
    """A column of weights as the compiled loops have it: no numbers where there are none."""
    return np.empty(0, dtype) if v is None else np.ascontiguousarray(v).reshape(-1)
