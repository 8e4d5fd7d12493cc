"""Primitives that NumPy can do in fewer passes, or with less overhead, than the standard functions.

Each takes the common case and leaves the others, bad input among them, to the version in standard functions; the
tests hold the two against each other. One file a family; optimizers' steps are named ``optim.…``.
"""

from __future__ import annotations

from typing import Any

from . import (
    attention,
    class_scores,
    convolution,
    dense,
    gelu,
    gru,
    lstm,
    normalizing,
    pooling,
    resampling,
    rnn,
    scattering,
    squares,
)
from .updates import UPDATES

__all__ = ["OVERRIDES"]

OVERRIDES: dict[str, Any] = {f"optim.{name}": (update, ()) for name, update in UPDATES.items()}
FAMILIES = (
    attention, class_scores, convolution, dense, gelu, gru, lstm, normalizing, pooling, resampling, rnn, scattering,
    squares,
)  # fmt: skip
for family in FAMILIES:
    OVERRIDES |= family.OVERRIDES
