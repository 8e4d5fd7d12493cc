"""The way back of normalisation, a part of the channels or rows at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .batch_last import first, in_order, laid_last, last, lies_last
from .constants import ones
from .cores import scratch, share
from .normalizing_plans import WORTHWHILE, Plan, Shape, moved_axes, moved_weight, planned, shape_of, within
from .normalizing_rows import LONG, ROWS, compiled_loops, dots, flat, gathered, laid, memory
from .reference import reference_pullback

__all__ = ["standardize_back"]

Array = Any


def standardize_back(
    xp: Any,
    g: Any,
    out: Any,
    x: Array,
    weight: Array | None,
    bias_like: Any,
    *,
    needed: tuple[bool, ...],
    axes: Shape,
    eps: float,
) -> tuple[Array | None, Array | None, Array | None]:
    """Each part from the differences to the mean to its cotangents."""
    along, *others = g
    shapes = shape_of(weight, x), shape_of(bias_like, x)
    if (
        type(along) is not np.ndarray
        or along.dtype != x.dtype
        or x.dtype.char not in "fd"
        or (0,) in shapes
        or any(other is not None for other in others)
    ):
        return reference_pullback("standardize")(
            xp, g, out, x, weight, bias_like, needed=needed, axes=axes, eps=eps
        )
    _, inverse, mean, _ = out
    if not lies_last(x) or 0 not in axes:
        x, along = in_order(x), in_order(along)
    elif x.size >= WORTHWHILE:
        return _back_batch(xp, along, inverse, mean, x, weight, bias_like, needed=needed, axes=axes, eps=eps)
    plan = planned(x, axes, *shapes)
    if plan is None:
        return _back_at_once(along, inverse, mean, x, weight, bias_like, axes, needed[0])
    g_x = np.empty(x.shape, x.dtype) if needed[0] else None
    of, along = (a.reshape(plan.outer, plan.groups, plan.inner) for a in (x, along))
    to = None if g_x is None else g_x.reshape(of.shape)
    inverse, mean, weight = inverse.reshape(-1, 1), mean.reshape(-1, 1), laid(weight, plan)
    back = _back_by_place if plan.each is None else _back_by_group
    sums = np.empty((2, *plan.sums), x.dtype)
    fast = compiled_loops(x, plan) if along.flags.c_contiguous else None

    def work(part: slice) -> None:
        rooms = memory(2, part, plan, x.dtype)
        np.subtract(gathered(of, part, rooms[0]), mean[part], rooms[0])
        back(rooms, inverse[part], along, weight, to, sums, part, plan, needed)

    share(
        work if fast is None else _compiled(fast, of, along, inverse, mean, weight, to, sums, plan),
        plan.parts,
    )
    g_weight, g_bias = (
        _summed(total, shape, plan) if wanted else None
        for total, shape, wanted in zip(sums, shapes, needed[1:], strict=True)
    )
    return g_x, g_weight, g_bias


def _compiled(
    fast: Any, x: Array, g: Array, inverse: Array, mean: Array, weight: Array | None, to: Array | None,
    sums: Array, plan: Plan,
) -> Callable[[slice], None]:  # fmt: skip
    """What does a part in one compiled call."""
    by_place, count, dtype = plan.each is None, plan.outer * plan.inner, x.dtype
    one_call = fast.standardized_by_place_back if by_place else fast.standardized_back
    moments, some = (mean[:, 0], inverse[:, 0]), ones(min(count, LONG), dtype)
    weight = flat(weight, dtype)
    if to is None:
        to = np.empty((0, plan.groups, plan.inner), dtype)
    rows = 2 * ROWS if by_place else 2
    if by_place:
        x, g, to = x[0], g[0], to.reshape(-1, plan.inner)

    def work(part: slice) -> None:
        by_weight, by_bias = sums[:, part.start // plan.step] if by_place else sums[..., 0]
        rooms = scratch((rows, count), dtype)
        one_call(x, g, part.start, part.stop, *moments, weight, some, rooms, to, by_weight, by_bias)

    return work


def _back_batch(
    xp: Any, g: Array, inverse: Array, mean: Array, x: Array, weight: Array | None, bias_like: Any, *,
    needed: Any, axes: Shape, eps: float,
) -> tuple[Array | None, Array | None, Array | None]:  # fmt: skip
    """For a batch that lies side by side."""
    like = None if bias_like is None else np.empty(bias_like.shape, bias_like.dtype)
    moved = (moved_weight(v, x.ndim) for v in (weight, like))
    g_x, *others = standardize_back(
        xp, (laid_last(g), None, None, None), (None, last(inverse), last(mean), None), last(x), *moved,
        needed=needed, axes=moved_axes(axes, x.ndim), eps=eps,
    )  # fmt: skip
    g_weight, g_bias = (
        None if v is None or to is None else _moved_back(v, to)
        for v, to in zip(others, (weight, like), strict=True)
    )
    return None if g_x is None else first(g_x), g_weight, g_bias


def _moved_back(v: Array, like: Array) -> Array:
    """The cotangent of a parameter, or what is yet to be summed to it."""
    return first(v).reshape(like.shape) if v.size == like.size else first(v)


def _back_at_once(
    g: Array,
    inverse: Array,
    mean: Array,
    x: Array,
    weight: Array | None,
    bias_like: Any,
    axes: Shape,
    to_x: bool,
) -> tuple[Array | None, Array, Array]:
    """The whole array in as few calls as there can be; what is summed over groups anyway is summed once."""
    y = x - mean
    y *= inverse
    g_weight, g_bias, d, factor = g * y, g, g, inverse
    if all(v is None or _by_group(v.shape, axes, x.ndim) for v in (weight, bias_like)):
        along = g_weight = np.add.reduce(g_weight, axis=axes, keepdims=True)
        total = g_bias = np.add.reduce(g, axis=axes, keepdims=True)
        factor = inverse if weight is None else inverse * weight
    else:
        d = g if weight is None else g * weight
        along = np.add.reduce(d * y, axis=axes, keepdims=True)
        total = np.add.reduce(d, axis=axes, keepdims=True)
    if not to_x:
        return None, g_weight, g_bias
    count = x.size // inverse.size
    y *= along / count
    g_x = d - total / count
    g_x -= y
    g_x *= factor
    return g_x, g_weight, g_bias


def _by_group(shape: Shape, axes: Shape, count: int) -> bool:
    """Whether a parameter, broadcast to so many axes, is one number for each group."""
    shape = (1,) * (count - len(shape)) + shape
    return all(shape[axis] == 1 for axis in axes)


def _back_by_group(
    rooms: Array,
    inverse: Array,
    along: Array,
    weight: Array | None,
    to: Array | None,
    sums: Array,
    part: slice,
    plan: Plan,
    needed: tuple[bool, ...],
) -> None:
    """With one weight for each group, it is that of the sums too."""
    centred, g, count = rooms[0], gathered(along, part, rooms[1]), plan.outer * plan.inner
    by_weight, by_bias = sums[:, part]
    dots(g, centred, by_weight[:, 0])
    by_weight *= inverse
    dots(g, None, by_bias[:, 0])
    factor = inverse if weight is None else inverse * weight[part]
    if to is not None:
        centred *= by_weight * inverse / -count
        centred += g
        centred -= by_bias / count
        target = to[:, part].swapaxes(0, 1)
        np.multiply(centred.reshape(target.shape), factor[..., None], target)


def _back_by_place(
    rooms: Array,
    inverse: Array,
    along: Array,
    weight: Array | None,
    to: Array | None,
    sums: Array,
    part: slice,
    plan: Plan,
    needed: tuple[bool, ...],
) -> None:
    """With a weight for each place within a group, or within several."""
    some = within(part, plan)
    y, g = rooms[0], along[0, part]
    y *= inverse
    shape = (-1, some.stop - some.start, plan.run)
    by_weight, by_bias = sums[:, part.start // plan.step, some]
    if needed[1]:
        np.einsum("nwr,nwr->w", g.reshape(shape), y.reshape(shape), out=by_weight)
    if needed[2]:
        np.add.reduce(g.reshape(shape), axis=(0, 2), out=by_bias)
    if to is not None:
        if weight is not None:
            np.multiply(g.reshape(shape), weight[some], rooms[1].reshape(shape))
            g = rooms[1]
        total, product = np.empty((2, len(g), 1), g.dtype)
        dots(g, y, product[:, 0])
        dots(g, None, total[:, 0])
        y *= product / -plan.inner
        y += g
        y -= total / plan.inner
        np.multiply(y, inverse, to[0, part])


def _summed(total: Array, shape: Shape | None, plan: Plan) -> Array:
    """Cotangents of a parameter from those for each group, or each part's."""
    if plan.each is None:
        return np.add.reduce(total, axis=0).reshape(shape)
    axes = tuple(i for i, (n, m) in enumerate(zip(plan.each, plan.moments, strict=True)) if n == 1 < m)
    return np.add.reduce(total.reshape(plan.moments), axis=axes).reshape(shape)
