"""Normalisation in NumPy: a part of the channels or rows at a time, from its moments to the result.

An array to be normalised is seen as ``(outer, groups, inner)``, each group having a mean and a variance of its own:
a batch's channels lie apart, in as many runs as there are examples, while the groups of layer, instance and group
norm have one run each. A part is gathered into one row for each of its groups, which stay in the cache from then on.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from nnx.autodiff import joint

from .batch_last import first, in_order, last, lies_last
from .constants import ones
from .cores import scratch, share
from .dense import zero
from .normalizing_back import standardize_back
from .normalizing_plans import WORTHWHILE, Plan, Shape, moved_axes, moved_weight, planned, shape_of, within
from .normalizing_rows import LONG, ROWS, compiled_loops, dots, flat, gathered, laid, memory
from .reference import reference

Array = Any

# NumPy copies what it broadcasts into buffers of several rows, where they have room for that; for rows of so many
# elements it is a third faster to go row by row, which takes half as long again for short ones
LARGE, RUN = 2**16, 256

TILE, SHARED = 2**18, 2**22  # bytes at a time, and of all from which on several cores share them


def standardize(
    x: Array, weight: Array | None = None, bias: Array | None = None, *, axes: Shape, eps: float
) -> tuple[Array, Array, Array, Array]:
    """Each part from its moments to the result."""
    if lies_last(x) and 0 not in axes:
        x = in_order(x)
    elif lies_last(x) and x.size >= WORTHWHILE:
        weight, bias = (moved_weight(v, x.ndim) for v in (weight, bias))
        results = standardize(last(x), weight, bias, axes=moved_axes(axes, x.ndim), eps=eps)
        return first(results[0]), first(results[1]), first(results[2]), first(results[3])
    plan = planned(x, axes, shape_of(weight, x), shape_of(bias, x))
    if plan is None:
        return reference("standardize")(x, weight, bias, axes=axes, eps=eps)
    y = np.empty(x.shape, x.dtype)
    of, to = (a.reshape(plan.outer, plan.groups, plan.inner) for a in (x, y))
    inverse, mean, var = (np.empty((plan.groups, 1), x.dtype) for _ in range(3))
    weight, bias = laid(weight, plan), laid(bias, plan)
    count = plan.outer * plan.inner
    if (fast := compiled_loops(x, plan)) is not None:
        share(_compiled(fast, of, weight, bias, eps, to, inverse, mean, var, plan), plan.parts)
        return y, inverse.reshape(plan.moments), mean.reshape(plan.moments), var.reshape(plan.moments)
    out = _out_by_place if plan.each is None else _out_by_group

    def work(part: slice) -> None:
        (room,) = memory(1, part, plan, x.dtype)
        rows = gathered(of, part, room)
        dots(rows, None, mean[part, 0])
        mean[part] /= count
        np.subtract(rows, mean[part], room)
        dots(room, room, var[part, 0])
        var[part] /= count
        np.divide(1, np.sqrt(var[part] + eps), inverse[part])
        out(room, inverse[part], weight, bias, to, part, plan)

    share(work, plan.parts)
    return y, inverse.reshape(plan.moments), mean.reshape(plan.moments), var.reshape(plan.moments)


def _compiled(
    fast: Any, x: Array, weight: Array | None, bias: Array | None, eps: float, y: Array, inverse: Array,
    mean: Array, var: Array, plan: Plan,
) -> Callable[[slice], None]:  # fmt: skip
    """What does a part in one compiled call."""
    count, dtype, by_place = plan.outer * plan.inner, x.dtype, plan.each is None
    one_call = fast.standardized_by_place if by_place else fast.standardized
    x, y = (x[0], y[0]) if by_place else (x, y)
    given = flat(weight, dtype), flat(bias, dtype), dtype.type(eps), ones(min(count, LONG), dtype)
    rows = ROWS if by_place else 1

    def work(part: slice) -> None:
        room = scratch((rows, count), dtype)
        one_call(x, part.start, part.stop, *given, room, y, inverse[:, 0], mean[:, 0], var[:, 0])

    return work


def _out_by_group(
    rows: Array, inverse: Array, weight: Array | None, bias: Array | None, to: Array, part: slice, plan: Plan
) -> None:
    """Rows scaled and shifted, each by one number."""
    target = to[:, part].swapaxes(0, 1)
    factor = inverse if weight is None else inverse * weight[part]
    if bias is None:
        np.multiply(rows.reshape(target.shape), factor[..., None], target)
    else:
        rows *= factor
        np.add(rows.reshape(target.shape), bias[part][..., None], target)


def _out_by_place(
    rows: Array, inverse: Array, weight: Array | None, bias: Array | None, to: Array, part: slice, plan: Plan
) -> None:
    """Rows scaled and shifted by the place within them."""
    some = within(part, plan)
    rows *= inverse
    rows, target = (a.reshape(-1, some.stop - some.start, plan.run) for a in (rows, to[0, part]))
    if weight is not None:
        np.multiply(rows, weight[some], target if bias is None else rows)
    if bias is not None:
        np.add(rows, bias[some], target)


def scale_shift(x: Array, scale: Array | None, shift: Array | None) -> Array:
    """The sum in the memory of the product."""
    if scale is None or shift is None or x.dtype != scale.dtype or x.dtype != shift.dtype or not x.ndim:
        return reference("scale_shift")(x, scale, shift)
    return _scaled(x, scale, shift)


def scale_shift_in_place(y: Array, scale: Array, shift: Array, *, rectified: bool) -> Array:
    """A few images or channels at a time, whichever lie together: they stay in the cache from pass to pass."""
    if y.dtype != scale.dtype or y.dtype != shift.dtype or not y.flags.writeable:
        return reference("scale_shift_in_place")(y, scale, shift, rectified=rectified)
    if y.nbytes <= TILE:
        return _in_place(y, scale, shift, rectified)
    by_channel = y.strides[1] > y.strides[0]

    def work(part: slice) -> None:
        if by_channel:
            _in_place(y[:, part], scale[part], shift[part], rectified)
        else:
            _in_place(y[part], scale, shift, rectified)

    length = y.shape[by_channel]
    count = max(TILE * length // y.nbytes, 1)
    parts = [slice(i, i + count) for i in range(0, length, count)]
    if y.nbytes > SHARED:
        share(work, parts)
    else:
        for part in parts:
            work(part)
    return y


def _in_place(y: Array, scale: Array, shift: Array, rectified: bool) -> Array:
    _scaled(y, scale, shift, y)
    return np.maximum(y, zero(y.dtype), out=y) if rectified else y


def _scaled(x: Array, scale: Array, shift: Array, out: Array | None = None) -> Array:
    unbuffered = x.size >= LARGE and _run(x.shape, scale.shape) >= RUN
    before = np.setbufsize(16) if unbuffered else 0
    try:
        y = np.multiply(x, scale, out=out)
        y += shift
    finally:
        if unbuffered:
            np.setbufsize(before)
    return y


@lru_cache(256)
def _run(shape: Shape, other: Shape) -> int:
    """How many elements in a row have the same factor."""
    count = 1
    for n, m in zip(reversed(shape), reversed(other), strict=False):
        if m != 1:
            break
        count *= n
    return count


OVERRIDES: dict[str, Any] = {
    "standardize": (standardize, (joint(standardize_back),)),
    "scale_shift": (scale_shift, ()),
    "scale_shift_in_place": (scale_shift_in_place, ()),
}
