"""Gradients of several small batches for one update."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..backend import Array, backend_of
from ..backend.effects import effect
from ..functional._errors import complaint
from ._gradients import fitted
from ._optimizer import Optimizer
from ._wrapper import Wrapper

__all__ = ["Accumulate"]


class Accumulate(Wrapper):
    """Collects gradients and updates with their mean, or sum, every so many.

    With losses that are means over batches of one size, the mean is the gradient of the whole batch.

    Parameters
    ----------
    optimizer
        That takes the steps; ``steps``, and so a schedule, counts these.
    every
        How many gradients an update takes.
    reduction
        ``"mean"`` or ``"sum"``.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> optimizer = nnx.optim.Accumulate(nnx.optim.SGD({"w": np.asarray([1.0])}, 0.5), every=2)
    >>> [optimizer.update({"w": np.asarray([g])}) for g in (1.0, 3.0)]
    [False, True]
    >>> optimizer.parameters["w"]
    array([0.])
    """

    def __init__(self, optimizer: Optimizer, every: int, reduction: str = "mean") -> None:
        super().__init__(optimizer)
        self.refuse_closures()
        if not every >= 1:
            raise complaint("Accumulate", f"expected every to be at least 1, got {every!r}")
        if reduction not in ("mean", "sum"):
            raise complaint("Accumulate", f"expected reduction to be 'mean' or 'sum', got {reduction!r}")
        self.every, self.reduction = every, reduction
        self.count = 0
        self._sums: dict[str, Array] = {}

    def update(self, grads: Mapping[str, Array]) -> bool:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Take in gradients, which are not kept; returns whether the optimizer has updated."""
        given = fitted("Accumulate", grads, self._places.cells())
        if self.count and set(given) != set(self._sums):
            raise complaint(
                "Accumulate", "the parameters have changed since the first gradients; call flush before"
            )
        if self.count:
            self._sums = {path: x + given[path] for path, x in self._sums.items()}
        else:
            self._sums = {path: backend_of(g).xp.asarray(g, copy=True) for path, g in given.items()}
        self.count += 1
        return self.flush() if self.count >= self.every else False

    @effect
    def flush(self) -> bool:
        """Update with what has been collected, if there is something; after the last batches of an epoch, say."""
        if not self.count:
            return False
        share = 1.0 / self.count if self.reduction == "mean" else 1.0
        self.optimizer.update({path: x * share for path, x in self._sums.items()})
        self.count, self._sums = 0, {}
        return True

    def extra_state(self) -> dict[str, Any]:
        """How many gradients were collected, and their sums."""
        copies = {path: backend_of(x).xp.asarray(x, copy=True) for path, x in self._sums.items()}
        return {"count": self.count, "sums": copies}

    def load_extra_state(self, state: Mapping[str, Any]) -> None:
        """Take them in."""
        sums = {path: backend_of(x).xp.asarray(x, copy=True) for path, x in state["sums"].items()}
        self.count, self._sums = (
            int(state["count"]),
            fitted("Accumulate", sums, self._places.cells()) if sums else {},
        )
