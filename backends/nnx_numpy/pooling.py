"""Max pooling in NumPy, its ways back by bits, a few planes at a time, so that they stay in the cache.

Where a largest element is, is said by comparing, and as NumPy's ``where`` branches at every element, others are
masked by their bits. A window in which nothing is finite, or NaN is, takes the version in standard functions.
"""

from __future__ import annotations

import math
from functools import cache, lru_cache
from typing import Any, NamedTuple

import numpy as np

from .batch_last import first, in_order, laid_last, last, lies_last
from .cores import share
from .halving import compiled_halves, halving, unhalved, unpooled
from .pooling_layouts import Layout, layouts, longer
from .reference import MASKS, reference

Array = Any

CACHE = 2**19  # bytes of the input at a time
LARGE = 2**20  # where less memory is worked in
STREAM = 2**22  # where next to none is, and memory is the limit


class Stage(NamedTuple):
    """What pooling along one axis found."""

    layout: Layout
    shape: tuple[int, ...]
    """Of the array, with what the windows reach beyond it."""
    hits: list[Array]
    """For each place, in which windows the largest element is there."""


def max_pool(x: Array, *, windows: Any) -> Array:
    """Without asking again where the windows lie."""
    if _bits(x.dtype) is None or not x.size or not _even(windows):
        return reference("max_pool")(x, windows=windows)
    side_by_side = len(windows) == x.ndim - 2 and lies_last(x)
    if (side_by_side or x.flags.c_contiguous) and (fast := compiled_halves(x, windows)) is not None:
        flat = last(x) if side_by_side else _planes(x, windows)
        out = np.empty((len(flat), *(along.out for along in windows), *flat.shape[3:]), x.dtype)
        pool = fast.pool_runs if side_by_side else fast.pool_pairs
        share(lambda part: pool(flat[part], out[part]), _parts(flat, STREAM))
        return first(out) if side_by_side else out.reshape(*x.shape[:-2], *out.shape[1:])
    return first(_pooled(last(x), windows, 1)) if side_by_side else _pooled(x, windows, 0)


def _pooled(x: Array, windows: Any, behind: int) -> Array:
    """With so many axes behind those of the windows; whole rows first: the rest is then half as much."""
    for layout in reversed(layouts(windows, behind)):
        x = _best(longer(x, layout, -math.inf), layout)
    return x


def max_unpicked(g: Array, x: Array, *, windows: Any) -> Array:
    """Cotangents, from the first axis to the last."""
    if g.dtype != x.dtype or not _simple(x, windows):
        return reference("max_unpicked")(g, x, windows=windows)
    halves = halving(windows)
    side_by_side = halves and len(windows) == x.ndim - 2 and lies_last(x)
    if side_by_side:
        flat, moved = last(x), laid_last(g)
    else:
        flat, moved = _planes(x, windows), _planes(g, windows)
    out, bits = np.empty(flat.shape, x.dtype), _bits(x.dtype)
    fast = compiled_halves(x, windows) if halves else None

    def work(part: slice) -> None:
        if fast is not None and unpooled(fast, moved[part], flat[part], out[part]):
            return
        if halves and unhalved(moved[part], flat[part], out[part], bits, len(x) if side_by_side else 1):
            return
        if side_by_side:
            back = reference("max_unpicked")(first(moved[part]), first(flat[part]), windows=windows)
            out[part] = last(back)
            return
        stages = _stages(flat[part], windows)
        if stages is None:
            out[part] = reference("max_unpicked")(moved[part], flat[part], windows=windows)
        else:
            _put(moved[part], stages, out[part])

    share(work, _parts(flat, STREAM if fast is not None else LARGE if halves else CACHE))
    return first(out) if side_by_side else out.reshape(x.shape)


def max_picked(t: Array, x: Array, *, windows: Any) -> Array:
    """Elements, from the last axis to the first."""
    if t.dtype != x.dtype or not _simple(x, windows):
        return reference("max_picked")(t, x, windows=windows)
    flat, others = _planes(x, windows), _planes(t, windows)
    out = np.empty((len(flat), *(along.out for along in windows)), x.dtype)

    def work(part: slice) -> None:
        stages = _stages(flat[part], windows)
        if stages is None:
            out[part] = reference("max_picked")(others[part], flat[part], windows=windows)
        else:
            out[part] = _pick(others[part].view(_bits(x.dtype)), stages).view(x.dtype)

    share(work, _parts(flat, CACHE))
    return out.reshape(*x.shape[: -len(windows)], *out.shape[1:])


def max_positions(x: Array, *, windows: Any) -> Array:
    """The numbers of the elements picked."""
    flat = _planes(x, windows)
    volume = math.prod(flat.shape[1:])
    if not _simple(x, windows) or volume >= 2**31:
        return reference("max_positions")(x, windows=windows)
    numbers = np.arange(volume, dtype=np.int32).reshape(1, *flat.shape[1:])
    out = np.empty((len(flat), *(along.out for along in windows)), np.int64)

    def work(part: slice) -> None:
        stages = _stages(flat[part], windows)
        if stages is None:
            out[part] = reference("max_positions")(flat[part], windows=windows)
        else:
            out[part] = _pick(numbers, stages)

    share(work, _parts(flat, CACHE))
    return out.reshape(*x.shape[: -len(windows)], *out.shape[1:])


def max_unpool(x: Array, indices: Array, *, size: tuple[int, ...]) -> Array:
    """Written where they belong."""
    flat, where = _planes(x, size), _planes(indices, size)
    out = np.zeros((len(flat), math.prod(size)), x.dtype)
    rows = np.arange(len(flat)).reshape(-1, *(1,) * len(size))
    out[rows, where] = flat
    return out.reshape(*x.shape[: -len(size)], *size)


def _simple(x: Array, windows: Any) -> bool:
    """Whether there are bits to mask, and no window has an element twice at one place."""
    return _bits(x.dtype) is not None and x.size > 0 and all(along.out <= along.size for along in windows)


@cache
def _bits(dtype: Any) -> Any:
    """The integers of that size, if it is floating."""
    return MASKS.get(dtype)


@lru_cache(maxsize=256)
def _even(windows: Any) -> bool:
    """Whether windows lie at even distances, and not each is one element, nor the only one everything."""
    return (
        all(hasattr(along, "stride") for along in windows)
        and any(along.kernel > 1 for along in windows)
        and any(along.out > 1 for along in windows)
    )


def _planes(x: Array, windows: Any) -> Array:
    """The leading axes as one."""
    x, axes = in_order(x), len(windows)
    return x.reshape(math.prod(x.shape[:-axes]), *x.shape[-axes:])


def _parts(x: Array, size: int) -> list[slice]:
    """Planes of about so many bytes; as even a number of parts as there can be."""
    parts = 2 * -(-x.nbytes // (2 * size)) if x.nbytes > size else 1
    count = -(-len(x) // parts)
    return [slice(i, i + count) for i in range(0, len(x), count)]


def _best(x: Array, layout: Layout) -> Array:
    """The largest elements."""
    best, *others = (x[key] for key in layout.keys)
    for i, value in enumerate(others):
        best = np.maximum(best, value, out=best if i else None)
    return best


def _stages(x: Array, windows: Any) -> list[Stage] | None:
    """What pooling along each axis finds, from the last one on; None where it takes a closer look."""
    stages: list[Stage] = []
    for layout in layouts(windows):
        x = longer(x, layout, -math.inf)
        best = _best(x, layout)
        stages.append(Stage(layout, x.shape, _hits(x, layout.keys, best)))
        x = best
    return stages if np.minimum.reduce(x, axis=None) > -math.inf else None


def _hits(x: Array, keys: Any, best: Array) -> list[Array]:
    """For each place, in which windows it is the first with the best element; what is left is the last one's."""
    hits: list[Array] = []
    left = np.ones(best.shape, bool) if len(keys) == 1 else None
    for key in keys[:-1]:
        hit = np.equal(x[key], best)
        if left is None:
            left = np.logical_not(hit)
        else:
            hit &= left
            left ^= hit
        hits.append(hit)
    return [*hits, left]


def _mask(hit: Array, bits: Any) -> Array:
    """All bits where it is True."""
    return np.negative(hit.view(np.int8)).astype(bits)


def _put(g: Array, stages: list[Stage], out: Array) -> None:
    """Write cotangents to where they belong in ``out``."""
    bits, last = _bits(out.dtype), False
    g = g.view(bits)
    for stage in reversed(stages):
        layout = stage.layout
        last = stage is stages[0] and layout.whole and stage.shape == out.shape
        to = out.view(bits) if last else (np.empty if layout.whole else np.zeros)(stage.shape, bits)
        sums = to.view(out.dtype)
        for key, hit in zip(layout.keys, stage.hits, strict=True):
            mask = _mask(hit, bits)
            if layout.apart:
                np.bitwise_and(g, mask, to[key])
            else:
                sums[key] += np.bitwise_and(g, mask, mask).view(out.dtype)
        g = to[layout.inside]
    if not last:
        out[...] = g.view(out.dtype)


def _pick(t: Array, stages: list[Stage]) -> Array:
    """Take numbers, as bits, from where those elements are."""
    for stage in stages:
        t = longer(t, stage.layout, 0)
        picked: Any = None
        for key, hit in zip(stage.layout.keys, stage.hits, strict=True):
            mask = _mask(hit, t.dtype)
            np.bitwise_and(t[key], mask, mask)
            picked = mask if picked is None else np.bitwise_or(picked, mask, picked)
        t = picked
    return t


OVERRIDES: dict[str, Any] = {
    function.__name__: (function, ())
    for function in (max_pool, max_unpicked, max_picked, max_positions, max_unpool)
}
