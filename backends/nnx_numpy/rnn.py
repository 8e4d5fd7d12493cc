"""The simplest recurrence in NumPy, ``h = tanh(z + W h)`` or relu: without gates nothing need be transposed."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnx.autodiff import joint

from .recurrent import calmly, order, ready, together, usual, weight_slope
from .reference import reference, reference_pullback

Array = Any


def rnn(z: Array, h: Array, weight: Array, idle: Array | None, *, relu: bool, reverse: bool) -> Array:
    """One product and two passes a step; all steps in one call where they are compiled."""
    if idle is not None or not usual(z, h, weight) or not _fit(z, h, weight):
        return reference("rnn")(z, h, weight, idle, relu=relu, reverse=reverse)
    hs, transposed = np.empty(z.shape, z.dtype), weight.T.copy()
    fast = together(2 * z.size, min(h.shape)) if not relu else None
    if fast is not None:
        args = ready(z), ready(h), transposed, hs, int(reverse)
        calmly(lambda args: fast.rnn_steps(*args), args, weight.size * len(h))
        return hs
    for t in order(len(z), reverse):
        now = hs[t]
        np.dot(h, transposed, now)
        now += z[t]
        if relu:
            np.maximum(now, 0, out=now)
        else:
            np.tanh(now, now)
        h = now
    return hs


def _fit(z: Array, h: Array, weight: Array) -> bool:
    """Whether there is a state for each sequence, and all have one size."""
    return h.shape == z.shape[1:] and weight.shape == 2 * z.shape[2:]


def rnn_back(
    xp: Any, g: Array, out: Array, z: Array, h: Array, weight: Array, idle: Array | None, *, needed: Any,
    relu: bool, reverse: bool,
) -> tuple[Array | None, ...]:  # fmt: skip
    """One product and two passes a step."""
    arrays = g, out, z, h, weight
    plain = idle is None and all(type(a) is np.ndarray for a in arrays)
    if not plain or not usual(*arrays) or not _fit(z, h, weight):
        return reference_pullback("rnn")(
            xp, g, out, z, h, weight, idle, needed=needed, relu=relu, reverse=reverse
        )
    of_h, weight = np.zeros(h.shape, h.dtype), ready(weight)
    fast = together(2 * z.size, min(h.shape), (g, z.shape)) if not relu else None
    if fast is not None:
        d = np.empty(z.shape, z.dtype)
        args = ready(g), ready(out), weight, d, of_h, int(reverse)
        calmly(lambda args: fast.rnn_steps_back(*args), args, weight.size * len(h))
    else:
        d = (out > 0).astype(z.dtype) if relu else 1 - out * out
        for t in order(len(z), not reverse):
            of_h += g[t]
            now = d[t]
            now *= of_h
            np.dot(now, weight, of_h)
    return d, of_h, weight_slope(d, out, h, reverse) if needed[2] else None, None


OVERRIDES: dict[str, Any] = {"rnn": (rnn, (joint(rnn_back),))}
