"""Where the windows of max pooling lie along each axis, as keys."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

__all__ = ["Layout", "layouts", "longer"]

Array = Any


class Layout(NamedTuple):
    """Where windows lie along one axis."""

    axis: int
    """Counted from the end."""
    length: int
    """Of the axis, with what the windows reach beyond it."""
    inside: tuple[Any, ...]
    """The key that takes the array from that."""
    keys: tuple[tuple[Any, ...], ...]
    """For each place within the kernel, what takes its element of every window."""
    apart: bool
    """Whether no element is in two windows."""
    whole: bool
    """Whether, then, each is in one."""


@lru_cache(maxsize=256)
def layouts(windows: Any, behind: int = 0) -> tuple[Layout, ...]:
    """From the last axis to the first."""
    return tuple(_layout(along, i) for i, along in enumerate(reversed(windows), behind))


def _layout(along: Any, behind: int) -> Layout:
    """With so many axes behind it."""
    rest = (slice(None),) * behind
    if not hasattr(along, "stride"):
        from nnx.functional._pool_windows import elements

        keys = tuple((..., np.asarray(numbers), *rest) for numbers, _ in elements(along))
        return Layout(-behind - 1, along.size, (..., slice(None), *rest), keys, False, False)
    span = (along.out - 1) * along.stride + 1
    starts = range(0, along.kernel * along.dilation, along.dilation)
    length = max(along.before + along.size, starts[-1] + span)
    apart = along.dilation == 1 and along.kernel <= along.stride
    return Layout(
        -behind - 1,
        length,
        (..., slice(along.before, along.before + along.size), *rest),
        tuple((..., slice(start, start + span, along.stride), *rest) for start in starts),
        apart,
        apart and along.kernel * along.out == length,
    )


def longer(x: Array, layout: Layout, fill: Any) -> Array:
    """``x`` as long as the windows reach."""
    shape = list(x.shape)
    if shape[layout.axis] == layout.length:
        return x
    shape[layout.axis] = layout.length
    out = np.full(shape, fill, x.dtype)
    out[layout.inside] = x
    return out
