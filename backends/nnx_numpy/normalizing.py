"""Normalisation in NumPy: a part of the channels or rows at a time, from its moments to the result.

An array to be normalised is seen as ``(outer, groups, inner)``, each group having a mean and a variance of its own:
a batch's channels lie apart, in as many runs as there are examples, while the groups of layer, instance and group
norm have one run each. A part is gathered into one row for each of its groups, which stay in the cache from then on.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nnx.autodiff import joint

from .cores import scratch, share
from .dense import ones
from .normalizing_plans import Plan, Shape, planned, shape_of, within
from .reference import reference, reference_pullback

Array = Any

LONG = (
    8192  # elements in one product: it rounds less, and OpenBLAS uses no threads, that take cores from ours
)


def standardize(
    x: Array, weight: Array | None = None, bias: Array | None = None, *, axes: Shape, eps: float
) -> tuple[Array, Array, Array, Array]:
    """Each part from its moments to the result."""
    plan = planned(x, axes, shape_of(weight, x), shape_of(bias, x))
    if plan is None:
        return reference("standardize")(x, weight, bias, axes=axes, eps=eps)
    y = np.empty(x.shape, x.dtype)
    of, to = (a.reshape(plan.outer, plan.groups, plan.inner) for a in (x, y))
    inverse, mean, var = (np.empty((plan.groups, 1), x.dtype) for _ in range(3))
    weight, bias = _laid(weight, plan), _laid(bias, plan)
    count, out = plan.outer * plan.inner, _out_by_place if plan.each is None else _out_by_group

    def work(part: slice) -> None:
        (room,) = _rooms(1, part, plan, x.dtype)
        rows = _rows(of, part, room)
        _dots(rows, None, mean[part, 0])
        mean[part] /= count
        np.subtract(rows, mean[part], room)
        _dots(room, room, var[part, 0])
        var[part] /= count
        np.divide(1, np.sqrt(var[part] + eps), inverse[part])
        out(room, inverse[part], weight, bias, to, part, plan)

    share(work, plan.parts)
    return y, inverse.reshape(plan.moments), mean.reshape(plan.moments), var.reshape(plan.moments)


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
    plan = planned(x, axes, *shapes)
    if plan is None:
        return _back_at_once(along, inverse, mean, x, weight, bias_like, axes, needed[0])
    g_x = np.empty(x.shape, x.dtype) if needed[0] else None
    of, along = (a.reshape(plan.outer, plan.groups, plan.inner) for a in (x, along))
    to = None if g_x is None else g_x.reshape(of.shape)
    inverse, mean, weight = inverse.reshape(-1, 1), mean.reshape(-1, 1), _laid(weight, plan)
    back = _back_by_place if plan.each is None else _back_by_group
    sums = np.empty((2, *plan.sums), x.dtype)

    def work(part: slice) -> None:
        rooms = _rooms(2, part, plan, x.dtype)
        np.subtract(_rows(of, part, rooms[0]), mean[part], rooms[0])
        back(rooms, inverse[part], along, weight, to, sums, part, plan, needed)

    share(work, plan.parts)
    g_weight, g_bias = (
        _summed(total, shape, plan) if wanted else None
        for total, shape, wanted in zip(sums, shapes, needed[1:], strict=True)
    )
    return g_x, g_weight, g_bias


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
    centred, g, count = rooms[0], _rows(along, part, rooms[1]), plan.outer * plan.inner
    by_weight, by_bias = sums[:, part]
    _dots(g, centred, by_weight[:, 0])
    by_weight *= inverse
    _dots(g, None, by_bias[:, 0])
    if to is not None:
        centred *= by_weight * inverse / -count
        centred += g
        centred -= by_bias / count
        target = to[:, part].swapaxes(0, 1)
        factor = inverse if weight is None else inverse * weight[part]
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
        _dots(g, y, product[:, 0])
        _dots(g, None, total[:, 0])
        y *= product / -plan.inner
        y += g
        y -= total / plan.inner
        np.multiply(y, inverse, to[0, part])


def _dots(x: Array, y: Array | None, out: Array) -> Array:
    """The product of each row with the other's, or its sum, by BLAS: NumPy's own sum takes three times as long."""
    count = x.shape[1]
    if count <= LONG:
        return np.vecdot(x, ones(count, x.dtype) if y is None else y, out)
    whole = count - count % LONG
    shape = (len(x), -1, LONG)
    others = ones(LONG, x.dtype) if y is None else y[:, :whole].reshape(shape)
    np.add.reduce(np.vecdot(x[:, :whole].reshape(shape), others), axis=1, out=out)
    if whole < count:
        out += _dots(x[:, whole:], None if y is None else y[:, whole:], np.empty(len(x), x.dtype))
    return out


def _laid(v: Array | None, plan: Plan) -> Array | None:
    """A parameter as a column: a number for each group, or for each run of a period."""
    if v is None:
        return None
    if plan.each is not None:
        v = np.broadcast_to(v.reshape(plan.each), plan.moments)
    return v.reshape(-1, 1)


def _summed(total: Array, shape: Shape | None, plan: Plan) -> Array:
    """Cotangents of a parameter from those for each group, or each part's."""
    if plan.each is None:
        return np.add.reduce(total, axis=0).reshape(shape)
    axes = tuple(i for i, (n, m) in enumerate(zip(plan.each, plan.moments, strict=True)) if n == 1 < m)
    return np.add.reduce(total.reshape(plan.moments), axis=axes).reshape(shape)


def _rooms(count: int, part: slice, plan: Plan, dtype: Any) -> Array:
    """Memory for so many times the part's rows."""
    return scratch((count, part.stop - part.start, plan.outer * plan.inner), dtype)


def _rows(x: Array, part: slice, room: Array) -> Array:
    """A row for each group of the part; gathered in ``room`` if they lie apart."""
    if len(x) == 1:
        return x[0, part]
    some = x[:, part].swapaxes(0, 1)
    room.reshape(some.shape)[...] = some
    return room


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
    y = x * scale
    y += shift
    return y


OVERRIDES: dict[str, Any] = {
    "standardize": (standardize, (joint(standardize_back),)),
    "scale_shift": (scale_shift, ()),
}
