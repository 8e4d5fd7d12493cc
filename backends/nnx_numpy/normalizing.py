"""Normalisation in NumPy: a part of the channels or rows at a time, from its moments to the result.

An array to be normalised is seen as ``(outer, groups, inner)``, each group having a mean and a variance of its own:
a batch's channels lie apart, in as many runs as there are examples, while the groups of layer, instance and group
norm have one run each. A part is gathered into one row for each of its groups, which stay in the cache from then on.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nnx.autodiff import joint

from .batch_last import first, in_order, last, lies_last
from .cores import share
from .normalizing_back import standardize_back
from .normalizing_plans import WORTHWHILE, Plan, Shape, moved_axes, moved_weight, planned, shape_of, within
from .normalizing_rows import compiled_loops, dots, gathered, laid, memory
from .reference import reference

Array = Any


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
    count, out = plan.outer * plan.inner, _out_by_place if plan.each is None else _out_by_group

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
    fast = compiled_loops(rows) if plan.period == plan.run == 1 else None
    if fast is not None and weight is not None and bias is not None:
        fast.normalized_by_place(rows, inverse[:, 0], weight[:, 0], bias[:, 0], to[0, part])
        return
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
    y = x * scale
    y += shift
    return y


OVERRIDES: dict[str, Any] = {
    "standardize": (standardize, (joint(standardize_back),)),
    "scale_shift": (scale_shift, ()),
}
