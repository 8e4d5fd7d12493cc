"""The way back through max pooling in NumPy: by bits, a few planes at a time, so that they stay in the cache.

Where a largest element is, is said by comparing, and as NumPy's ``where`` branches at every element, cotangents are
masked by their bits. What hasn't found its place at one goes on to the next, and the last place takes what is left.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

Array = Any

CACHE = 2**19  # bytes of the input at a time


def max_unpicked(g: Array, x: Array, *, windows: Any) -> Array:
    """Windows at even distances; those that hold NaN, or nothing finite, go to the version in standard functions."""
    from .overrides import MASKS, reference

    even = all(hasattr(along, "stride") for along in windows)
    if x.dtype not in MASKS or g.dtype != x.dtype or not even or not x.size:
        return reference("max_unpicked")(g, x, windows=windows)
    axes = len(windows)
    planes, plane = math.prod(x.shape[:-axes]), x.shape[-axes:]
    flat, moved = x.reshape(planes, *plane), g.reshape(planes, *g.shape[-axes:])
    out = np.empty(flat.shape, x.dtype)
    count = max(CACHE // (math.prod(plane) * x.dtype.itemsize), 1)
    for i in range(0, planes, count):
        part = slice(i, i + count)
        if not _put(moved[part], flat[part], windows, out[part], MASKS[x.dtype]):
            out[part] = reference("max_unpicked")(moved[part], flat[part], windows=windows)
    return out.reshape(x.shape)


def _put(g: Array, x: Array, windows: Any, out: Array, bits: Any) -> bool:
    """Write ``g`` to where the largest elements of ``x`` are in ``out``; False where it takes a closer look."""
    stages: list[Any] = []
    for axis, along in reversed(list(enumerate(windows, 1))):
        x, keys = _padded(x, axis, along), _keys(axis, along)
        best, *others = (x[key] for key in keys)
        for i, value in enumerate(others):
            best = np.maximum(best, value, out=best if i else None)
        stages.append((axis, along, x, keys, best))
        x = best
    if not np.minimum.reduce(x, axis=None) > -math.inf:
        return False
    g, direct = g.view(bits), False
    while stages:
        axis, along, x, keys, best = stages.pop()
        apart = along.dilation == 1 and along.kernel <= along.stride
        whole = apart and along.kernel * along.out == x.shape[axis]
        direct = not stages and whole and x.shape == out.shape
        to = out.view(bits) if direct else (np.empty if whole else np.zeros)(x.shape, bits)
        _stage(g, x, keys, best, to, apart)
        g = to[(slice(None),) * axis + (slice(along.before, along.before + along.size),)]
    if not direct:
        out[...] = g.view(out.dtype)
    return True


def _stage(g: Array, x: Array, keys: Any, best: Array, to: Array, apart: bool) -> None:
    """Along one axis, add ``g`` in ``to`` where ``x`` is the best; it's written where windows lie apart."""
    *others, last = keys
    for i, key in enumerate(others):
        mask = np.negative(np.equal(x[key], best).view(np.int8)).astype(to.dtype)
        found = np.bitwise_and(g, mask, to[key] if apart else mask)
        if not apart:
            sums = to[key].view(x.dtype)
            sums += found.view(x.dtype)
        g = np.bitwise_xor(g, found, g if i else None)
    if apart:
        to[last] = g
    else:
        sums = to[last].view(x.dtype)
        sums += g.view(x.dtype)


def _padded(x: Array, axis: int, along: Any) -> Array:
    """As long as the windows reach."""
    reach = (along.out - 1) * along.stride + along.dilation * (along.kernel - 1) + 1
    length = max(along.before + along.size, reach)
    if length == along.size:
        return x
    out = np.full((*x.shape[:axis], length, *x.shape[axis + 1 :]), -math.inf, x.dtype)
    out[(slice(None),) * axis + (slice(along.before, along.before + along.size),)] = x
    return out


def _keys(axis: int, along: Any) -> list[tuple[slice, ...]]:
    """For each place within the kernel, what takes its element of every window."""
    span, lead = (along.out - 1) * along.stride + 1, (slice(None),) * axis
    starts = range(0, along.kernel * along.dilation, along.dilation)
    return [(*lead, slice(start, start + span, along.stride)) for start in starts]


OVERRIDES: dict[str, Any] = {"max_unpicked": (max_unpicked, ())}
