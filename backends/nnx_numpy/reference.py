"""What every family of overrides falls back on: the primitive in standard functions, on NumPy."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from nnx.backend import named

__all__ = ["MASKS", "QUIET", "reference", "reference_pullback"]

MASKS = {np.dtype(f"f{n}"): np.dtype(f"i{n}") for n in (2, 4, 8)}
"""The integers of a floating dtype's width, whose bits can mask it."""

QUIET = np.errstate(all="ignore")
"""For functions that give NaN and infinity where PyTorch does, and as silently."""


@cache
def reference(name: str) -> Callable[..., Any]:
    """A primitive in standard functions."""
    from nnx.autodiff.primitive import Primitive

    forward, xp = Primitive.registry[name].forward, named("numpy").fast
    return lambda *args, **params: forward(xp, *args, **params)


@cache
def reference_pullback(name: str) -> Callable[..., Any]:
    """Its pullback, of the first argument or of all at once."""
    from nnx.autodiff.primitive import Primitive

    rule = Primitive.registry[name].rule
    pullback = next(p for p in (rule.joint, *rule.pullbacks) if p is not None)
    assert callable(pullback)
    return pullback
