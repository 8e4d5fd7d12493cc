"""Lookahead: slow weights that follow an optimizer's fast ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..backend import Array, backend_of
from ..functional._errors import complaint
from ._optimizer import Optimizer
from ._state import following
from ._wrapper import Wrapper

__all__ = ["Lookahead"]


class Lookahead(Wrapper):
    r"""Goes back part of the way every ``k`` updates: :math:`s \leftarrow s + \alpha (p - s)`, :math:`p \leftarrow s`.

    The optimizer's own statistics stay. Zhang, Lucas, Hinton and Ba, https://arxiv.org/abs/1907.08610.

    Parameters
    ----------
    optimizer
        That takes the steps.
    k
        After how many updates to go back.
    alpha
        :math:`\alpha`, how much of the way is kept.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> optimizer = nnx.optim.Lookahead(nnx.optim.SGD({"w": np.asarray([1.0])}, 0.1), k=2)
    >>> for _ in range(2):
    ...     optimizer.update({"w": np.asarray([1.0])})
    >>> optimizer.parameters["w"]
    array([0.9])
    """

    def __init__(self, optimizer: Optimizer, k: int = 5, alpha: float = 0.5) -> None:
        super().__init__(optimizer)
        if not k >= 1:
            raise complaint("Lookahead", f"expected k of at least 1, got {k!r}")
        if not 0.0 <= alpha <= 1.0:
            raise complaint("Lookahead", f"expected alpha from 0 to 1, got {alpha!r}")
        self.k, self.alpha = k, alpha
        self._since = 0
        self._slow: dict[str, Array] = {}
        self._follow()

    def _follow(self) -> None:
        """Slow weights for parameters that are new; the others where their parameters are."""
        slow: dict[str, Array] = {}
        for path, cell in self._places.cells().items():
            old, x = self._slow.get(path), cell.value
            if old is None or old.shape != x.shape:
                slow[path] = _copy(x)
            else:
                slow[path] = following(old, x)
        self._slow = slow

    def update(self, grads: Any) -> Any:
        """One step of the optimizer; every ``k`` of them, back to the slow weights."""
        self._follow()
        result = self.optimizer.update(grads)
        self._since += 1
        if self._since == self.k:
            self._since = 0
            for path, cell in self._places.cells().items():
                slow = self._slow[path]
                self._slow[path] = slow = slow + self.alpha * (cell.value - slow)
                cell.value = _copy(slow)
        return result

    def extra_state(self) -> dict[str, Any]:
        """The slow weights, and how many updates ago they were reached."""
        self._follow()
        return {"since": self._since, "slow": {path: _copy(x) for path, x in self._slow.items()}}

    def load_extra_state(self, state: Mapping[str, Any]) -> None:
        """Take them in."""
        self._since = int(state["since"])
        self._slow = {path: _copy(x) for path, x in state["slow"].items()}


def _copy(x: Array) -> Array:
    return backend_of(x).xp.asarray(x, copy=True)
