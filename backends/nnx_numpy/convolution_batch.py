"""Convolution of a batch that lies side by side, see nnx_numpy.batch_last: one matrix for the windows of all images.

Its columns are windows, by place and then by image, so that a part is a range of columns, copied in runs as long as
a row of the image times the batch. Compiled loops do a part in one call, without the interpreter's lock.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from .batch_last import first, laid_last, last
from .compiled import loops
from .convolution_batch_plan import BatchPlan, Columns, batch_plan
from .convolution_plan import WORTH
from .cores import scratch
from .windows import carve

__all__ = ["BatchPlan", "batch_plan", "convolve", "cotangents", "put_back", "weight_slopes"]

Array = Any
Tasks = list[Callable[[], Any]]

TURNED = 64  # columns


def _loops(plan: BatchPlan) -> Any:
    """The compiled loops, where they can do this convolution and it is time for them."""
    fast = loops(plan.numbers * plan.count) if plan.in_loops else None
    return fast if fast is not None and fast.usable else None


# windows ---------------------------------------------------------------------------------------------------------


def _windows(x: Array, plan: BatchPlan) -> Array:
    """All windows ``(C, *kernel, *out, n)`` of ``x (n, C, *size)``, as a view of it or of a copy with padding."""
    geometry = plan.geometry
    if plan.plain:
        x = laid_last(x)
    else:
        padded = np.empty((plan.channels, *plan.room, plan.images), x.dtype)
        before: tuple[slice, ...] = (slice(None),)
        for n, (a, b) in zip(geometry.size, geometry.padding, strict=True):
            padded[(*before, slice(a))] = 0
            padded[(*before, slice(a + n, a + n + b))] = 0
            before += (slice(a, a + n),)
        padded[before] = last(x)
        x = padded
    steps = x.strides[1:-1]
    within = (s * d for s, d in zip(steps, geometry.dilation, strict=True))
    between = (s * d for s, d in zip(steps, geometry.stride, strict=True))
    shape = (plan.channels, *geometry.kernel, *geometry.out, plan.images)
    return np.ndarray(shape, x.dtype, x, 0, (x.strides[0], *within, *between, x.strides[-1]))


def _columns(
    windows: Array, plan: BatchPlan, part: Columns, ones: bool, more: int = 0
) -> tuple[Array, Array]:
    """The windows of a part as a matrix in this thread's memory, with a row of ones if asked, and more memory."""
    key = (slice(None),) * (1 + len(plan.geometry.kernel)) + part.key
    if plan.pointwise and not ones:
        flat = windows.reshape(plan.channels, -1)[:, part.span]
        return flat, scratch((more,), windows.dtype)
    source, count = windows[key], part.span.stop - part.span.start
    columns, rest = carve(windows.dtype, (plan.numbers + ones, count), (more,))
    np.copyto((columns[:-1] if ones else columns).reshape(source.shape), source)
    if ones:
        columns[-1] = 1
    return columns, rest


# the three maps --------------------------------------------------------------------------------------------------


def convolve(x: Array, weight: Array, bias: Array | None, plan: BatchPlan) -> Array:
    """C."""
    y = np.empty((plan.filters, *plan.geometry.out, plan.images), x.dtype)
    flat, filters = y.reshape(plan.filters, -1), weight.reshape(plan.filters, -1)
    ones = bias is not None and not plan.pointwise
    if bias is not None and ones:  # the bias is one more product: a pass over the results less
        filters = np.concatenate((filters, bias[:, None]), axis=1)
    if (fast := _loops(plan)) is not None:
        x, filters = laid_last(x), np.ascontiguousarray(filters)
        size = (plan.numbers + ones) * plan.widest

        def loop(chunk: slice) -> None:
            memory = scratch((size,), x.dtype)
            fast.convolve_parts(x, filters, ones, plan.numbered[chunk], plan.layout, memory, flat)

        plan.run([partial(loop, chunk) for chunk in plan.chunks])
        return first(y)
    windows = _windows(x, plan)

    def work(part: Columns) -> None:
        target = flat[:, part.span]
        np.matmul(filters, _columns(windows, plan, part, ones)[0], target)
        if bias is not None and not ones:
            target += bias[:, None]

    plan.run([partial(work, part) for part in plan.parts])
    return first(y)


def weight_slopes(x: Array, y: Array, plan: BatchPlan, ones: bool) -> tuple[Array, Array | None]:
    """W, and the sum of ``y`` over all but channels, if asked."""
    tasks, result = _slopes(x, _flat(y, plan), plan, ones, _loops(plan))
    plan.run(tasks)
    return result()


def put_back(y: Array, weight: Array, bias: Array | None, plan: BatchPlan) -> Array:
    """T."""
    tasks, x = _back(_flat(y, plan), weight, bias, plan, _loops(plan))
    plan.run(tasks)
    return first(x)


def cotangents(
    x: Array, y: Array, weight: Array, plan: BatchPlan, ones: bool
) -> tuple[Array, Array, Array | None]:
    """T, W and the sum, if asked, at once, so that cores wait for each other once."""
    y, fast = _flat(y, plan), _loops(plan)
    tasks, back = _back(y, weight, None, plan, fast)
    more, result = _slopes(x, y, plan, ones, fast)
    plan.run(tasks + more, WORTH / 2 if fast is None else WORTH / 3)  # the loops don't wait for each other
    return first(back), *result()


def _flat(y: Array, plan: BatchPlan) -> Array:
    return laid_last(y).reshape(plan.filters, -1)


def _slopes(
    x: Array, y: Array, plan: BatchPlan, ones: bool, fast: Any
) -> tuple[Tasks, Callable[[], tuple[Array, Array | None]]]:
    """What is to be done for W and the sum, each lane of parts by itself, and then gives them."""
    rows = plan.numbers + ones
    sums = np.empty((len(plan.lanes), rows, plan.filters), x.dtype)
    windows = _windows(x, plan) if fast is None else laid_last(x)

    def work(lane: slice, total: Array) -> None:
        if fast is not None:
            memory = scratch((rows * plan.widest + total.size,), x.dtype)
            fast.weight_parts(windows, y, ones, plan.numbered[lane], plan.layout, memory, total)
            return
        for i, part in enumerate(plan.parts[lane]):
            columns, rest = _columns(windows, plan, part, ones, total.size if i else 0)
            target = rest.reshape(total.shape) if i else total
            np.matmul(columns, y[:, part.span].T, target)
            if i:
                total += target

    def result() -> tuple[Array, Array | None]:
        total = sums[0] if len(sums) == 1 else np.add.reduce(sums, axis=0)
        slopes = _turned(total[: plan.numbers]).reshape(plan.shape)
        return slopes, total[-1].copy() if ones else None

    return [partial(work, lane, total) for lane, total in zip(plan.lanes, sums, strict=True)], result


def _turned(x: Array) -> Array:
    """The columns as rows: some at a time, as the cache holds them, which is up to ten times as fast."""
    out = np.empty(x.shape[::-1], x.dtype)
    for i in range(0, len(x), TURNED):
        out[:, i : i + TURNED] = x[i : i + TURNED].T
    return out


def _back(y: Array, weight: Array, bias: Array | None, plan: BatchPlan, fast: Any) -> tuple[Tasks, Array]:
    """What is to be done for T, each group of channels by itself, and where it then is."""
    x = np.empty((plan.channels, *plan.geometry.size, plan.images), y.dtype)
    filters = np.ascontiguousarray(weight.reshape(plan.filters, -1))

    def work(group: slice) -> None:
        target, memory = x[group], scratch((plan.sums,), y.dtype)
        if fast is not None:
            fast.put_back_channels(y, filters, group.start, group.stop, plan.step, plan.layout, memory, x)
        else:
            factors = filters[:, group.start * plan.places : group.stop * plan.places].T
            _add_products(factors, y, memory, target, plan)
        if bias is not None:
            target += bias[group].reshape(-1, *(1,) * (x.ndim - 1))

    return [partial(work, group) for group in plan.groups], x


def _add_products(factors: Array, y: Array, memory: Array, x: Array, plan: BatchPlan) -> None:
    """``x (C, *size, n)`` becomes the sum of what windows have of each element, some rows of windows at a time."""
    if plan.pointwise:
        np.matmul(factors, y, x.reshape(len(x), -1))
        return
    x[...] = 0
    for rows in plan.back:
        of = y[:, rows.span]
        results = memory[: len(factors) * of.shape[1]].reshape(len(factors), -1)
        np.matmul(factors, of, results)
        results = results.reshape(len(x), *plan.geometry.kernel, *rows.shape)
        for to, key in rows.sums:
            total = x[to]
            np.add(total, results[key], total)
