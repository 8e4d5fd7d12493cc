"""Convolution in NumPy: the windows of a few images at a time as one matrix, the images shared out over the cores.

A part of the work is as many images, or rows of one, as have at most 2 MiB of windows, or the limit of
``set_convolution_memory`` where that is smaller, and one row at least. Where there are few windows in an image, the
images' columns lie side by side, for one large product instead of many small ones.
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from nnx.autodiff import joint

from . import convolution_batch as batch
from . import depthwise
from .batch_last import in_order
from .convolution_batch import batch_plan
from .convolution_plan import Plan, Space, planned
from .convolution_single import convolve_one
from .reference import reference, reference_pullback
from .windows import Part, carve, gather, put_back, room

if TYPE_CHECKING:
    from nnx.functional._windows import Geometry

Array = Any


def _same_dtype(x: Array, y: Array, z: Array | None = None) -> bool:
    dtype = x.dtype
    return dtype.kind in "fc" and y.dtype == dtype and (z is None or z.dtype == dtype)


def convolution(x: Array, weight: Array, bias: Array | None, *, geometry: Geometry) -> Array:
    """C."""
    if not _same_dtype(x, weight, bias):
        return reference("convolution")(x, weight, bias, geometry=geometry)
    if (side_by_side := batch_plan(x, weight.shape, geometry)) is not None:
        return batch.convolve(x, weight, bias, side_by_side)
    x = in_order(x)
    plan = planned(x.shape[0], weight.shape, x, geometry)
    if plan.alone:
        return convolve_one(x, weight, bias, plan, geometry)
    y = np.empty((x.shape[0], weight.shape[0], *geometry.out), x.dtype)
    filters, ones, rest = plan.filters(weight), False, bias
    if bias is not None:
        rest = bias.reshape(plan.groups, plan.rows, 1)
        ones = plan.ones
        if ones:  # the bias is one more product: a pass over the results less
            filters, rest = np.concatenate((filters, rest), axis=2), None

    def work(part: Part) -> None:
        source, target = x[part.images, :, part.size], plan.results(y, part)
        n, _, _, places = target.shape
        if plan.depthwise:
            depthwise.convolve(source, weight, y[part.images, :, part.out], part)
        elif plan.pointwise and not plan.few:
            np.matmul(filters, source.reshape(n, plan.groups, plan.columns, places), target)
        else:
            side = (plan.groups, plan.rows, n * places) if plan.few else (0,)
            space = Space(plan, part, x.dtype, plan.few, ones, side)
            gather(source, space.rows, space.windows, part.geometry)
            if plan.few:
                np.matmul(filters, space.matrices, space.more)
                target[...] = space.more.reshape(plan.groups, plan.rows, n, places).transpose(2, 0, 1, 3)
            else:
                np.matmul(filters, space.matrices, target)
        if rest is not None:
            target += rest

    plan.run(work, plan.parts, plan.parts)
    return y


def convolution_back(
    xp: Any, g: Array, _out: Any, x: Array, weight: Array, bias: Any, *, needed: Any, geometry: Geometry
) -> tuple[Array | None, ...]:
    """For a batch that lies side by side, all at once, the sums for the bias within those for the weight."""
    plain = type(g) is type(x) is type(weight) is np.ndarray and needed[1]
    side_by_side = batch_plan(x, weight.shape, geometry) if plain and _same_dtype(x, g, weight) else None
    if side_by_side is None:
        return reference_pullback("convolution")(
            xp, g, _out, x, weight, bias, needed=needed, geometry=geometry
        )
    if needed[0]:
        return batch.cotangents(x, g, weight, side_by_side, needed[2])
    return None, *batch.weight_slopes(x, g, side_by_side, needed[2])


def transposed_convolution(y: Array, weight: Array, bias: Array | None, *, geometry: Geometry) -> Array:
    """T."""
    if not _same_dtype(y, weight, bias):
        return reference("transposed_convolution")(y, weight, bias, geometry=geometry)
    if (side_by_side := batch_plan(y, weight.shape, geometry)) is not None:
        return batch.put_back(y, weight, bias, side_by_side)
    plan = planned(y.shape[0], weight.shape, y, geometry)
    x, y = np.empty((y.shape[0], plan.channels, *geometry.size), y.dtype), np.ascontiguousarray(y)
    filters = plan.filters(weight).swapaxes(1, 2)

    def work(part: Part) -> None:
        target = x[part.images]
        if plan.depthwise:
            depthwise.put_back(y[part.images], weight, target, part)
        elif plan.pointwise and not plan.few:
            shape = (part.length, plan.groups, plan.columns, plan.places)
            np.matmul(filters, plan.results(y, part), target.reshape(shape))
        else:
            back = _back_in_runs if len(geometry.size) > 2 and _runs_pay(geometry) else _back
            back(y[part.images], filters, target, plan, geometry)
        if bias is not None:
            target += bias.reshape(-1, *(1,) * len(geometry.size))

    plan.run(work, plan.images, plan.images)
    return x


def _back(y: Array, filters: Array, x: Array, plan: Plan, geometry: Geometry) -> None:
    """For these images, which lie before the last axis where they are small, so that NumPy adds in longer runs."""
    n = len(y)
    beside = n > 1 and plan.beside
    width, geometry, shapes = geometry.out[-1], *_back_shapes(n, plan.channels, y.shape[1], geometry, beside)
    rows, windows, results, total = carve(y.dtype, *shapes)
    axes = (*range(1, y.ndim - 1), 0, y.ndim - 1) if beside else range(y.ndim)
    if results.size:
        results[..., :width] = y.transpose(axes)
        results[..., width:] = 0
    else:
        results = y
    count, places = ((), n * math.prod(geometry.out)) if beside else ((n,), math.prod(geometry.out))
    np.matmul(
        filters,
        results.reshape(*count, plan.groups, plan.rows, places),
        windows.reshape(*count, plan.groups, plan.columns, places),
    )
    put_back(windows, rows, total if beside else x, geometry, beside)
    if beside:
        x.transpose(axes)[...] = total


@lru_cache(512)
def _back_shapes(
    n: int, channels: int, filters: int, geometry: Geometry, beside: bool
) -> tuple[Geometry, list[Any]]:
    """Where windows are laid, and the shapes of what is worked in: rows, windows, results and their sum.

    As many windows as elements along the last axis, if that is not many more: then rows are added in one run.
    """

    def shape(*rest: int) -> tuple[int, ...]:
        return (*rest[:-1], n, rest[-1]) if beside else (n, *rest)

    (*height, width), size, last = geometry.out, geometry.size, geometry.kernel[-1]
    wide = geometry.stride[-1] == 1 and width < size[-1] and 2 * size[-1] <= 3 * width
    if wide and (height or beside):
        geometry = geometry._replace(out=(*height, size[-1]))
    out = geometry.out
    return geometry, [
        shape(channels, last, *room(geometry), out[-1]) if height else (0,),
        shape(channels, *geometry.kernel, *out),
        shape(filters, *out) if beside or width < out[-1] else (0,),
        shape(channels, *size) if beside else (0,),
    ]


def _wide(geometry: Geometry) -> tuple[int, ...]:
    """Sizes with padding."""
    return tuple(n + a + b for n, (a, b) in zip(geometry.size, geometry.padding, strict=True))


def _runs_pay(geometry: Geometry) -> bool:
    """Whether windows lie side by side, and in rows as wide as the padded image are not much more."""
    wide = geometry.out[0] * math.prod(_wide(geometry)[1:])
    return set(geometry.stride) == {1} and 2 * wide <= 3 * math.prod(geometry.out)


def _back_in_runs(y: Array, filters: Array, x: Array, plan: Plan, geometry: Geometry) -> None:
    """For volumes: zeros make rows as wide as the padded image, and all of a channel are added in one run."""
    n, (first, *rest) = len(y), _wide(geometry)
    steps = [math.prod(rest[i:]) * d for i, d in enumerate(geometry.dilation)]
    length, places = geometry.out[0] * math.prod(rest), math.prod(geometry.kernel)
    results, windows, total = carve(
        y.dtype,
        (n, y.shape[1], geometry.out[0], *rest),
        (n, plan.channels, places, length),
        (n, plan.channels, first + 1, *rest),  # the last run goes a little beyond
    )
    results[...], total[...] = 0, 0
    results[(..., *map(slice, geometry.out))] = y
    np.matmul(
        filters,
        results.reshape(n, plan.groups, plan.rows, length),
        windows.reshape(n, plan.groups, plan.columns, length),
    )
    flat = total.reshape(n, plan.channels, -1)
    for i, place in enumerate(product(*map(range, geometry.kernel))):
        at = sum(j * step for j, step in zip(place, steps, strict=True))
        flat[..., at : at + length] += windows[:, :, i]
    x[...] = total[
        (..., *(slice(a, a + m) for m, (a, _) in zip(geometry.size, geometry.padding, strict=True)))
    ]


def weight_convolution(x: Array, y: Array, *, geometry: Geometry) -> Array:
    """W."""
    if not _same_dtype(x, y):
        return reference("weight_convolution")(x, y, geometry=geometry)
    shape = (y.shape[1], x.shape[1] // geometry.groups, *geometry.kernel)
    if (side_by_side := batch_plan(x, shape, geometry)) is not None:
        return batch.weight_slopes(x, y, side_by_side, False)[0]
    x = in_order(x)
    plan = planned(x.shape[0], shape, x, geometry)
    matrix = (plan.columns, plan.rows) if plan.turned else (plan.rows, plan.columns)
    if not plan.lanes:
        return np.zeros(shape, x.dtype)
    sums, y = np.empty((len(plan.lanes), plan.groups, *matrix), x.dtype), np.ascontiguousarray(y)

    def work(lane: int) -> None:
        for i, part in enumerate(plan.lanes[lane]):
            _products(x[part.images, :, part.size], plan.results(y, part), sums[lane], plan, part, i == 0)

    plan.run(work, range(len(plan.lanes)), plan.parts)
    total = sums[0] if len(sums) == 1 else np.add.reduce(sums, axis=0)
    return (np.ascontiguousarray(total.swapaxes(1, 2)) if plan.turned else total).reshape(shape)


def _products(x: Array, results: Array, total: Array, plan: Plan, part: Part, first: bool) -> None:
    """Columns times results, or the other way round, added to ``total`` unless they are the ``first``."""
    n, _, _, places = results.shape
    beside = (plan.groups, plan.rows, n, places) if plan.few_sums else (0,)
    product = (
        (0,) if first and (plan.few_sums or n == 1) else total.shape if plan.few_sums else (n, *total.shape)
    )
    space = Space(plan, part, x.dtype, plan.few_sums, False, (math.prod(beside) + math.prod(product),))
    columns, out = space.matrices, space.more[math.prod(beside) :].reshape(product)
    if plan.pointwise and not plan.few_sums:
        columns = x.reshape(columns.shape)
    else:
        gather(x, space.rows, space.windows, part.geometry)
    if plan.few_sums:
        side = space.more[: math.prod(beside)].reshape(beside)
        side[...] = results.transpose(1, 2, 0, 3)
        results = side.reshape(plan.groups, plan.rows, n * places)
    left, right = (columns, results) if plan.turned else (results, columns)
    if not out.size:
        np.matmul(left, right.swapaxes(-1, -2), total if plan.few_sums else total[None])
        return
    np.matmul(left, right.swapaxes(-1, -2), out)
    if first:
        np.add.reduce(out, axis=0, out=total)
        return
    for some in (out,) if plan.few_sums else out:
        total += some


def pad_constant(x: Array, *, pairs: tuple[tuple[int, int], ...], value: Any = 0) -> Array:
    """One array of the constant, and the rest written into it."""
    first = x.ndim - len(pairs)
    sizes = x.shape[first:]
    shape = tuple(n + a + b for n, (a, b) in zip(sizes, pairs, strict=True))
    out = np.full((*x.shape[:first], *shape), value, x.dtype)
    to = (slice(max(a, 0), n - max(b, 0)) for n, (a, b) in zip(shape, pairs, strict=True))
    kept = (slice(max(-a, 0), n - max(-b, 0)) for n, (a, b) in zip(sizes, pairs, strict=True))
    out[(..., *to)] = x[(..., *kept)]
    return out


OVERRIDES: dict[str, Any] = {
    function.__name__: (function, ())
    for function in (transposed_convolution, weight_convolution, pad_constant)
}
OVERRIDES["convolution"] = (convolution, (joint(convolution_back),))
