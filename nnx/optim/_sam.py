"""SAM: gradients from where the loss nearby is largest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..backend import Array, backend_of
from ..backend.effects import effect
from ..functional._errors import complaint
from ._clip import global_norm
from ._gradients import fitted
from ._optimizer import Optimizer
from ._wrapper import Wrapper

__all__ = ["SAM"]


class SAM(Wrapper):
    r"""Sharpness-aware minimisation: the optimizer's step, with the gradient at :math:`p + e` instead of at :math:`p`.

    .. math::

        e = \rho\, g / \|g\|, \qquad \text{adaptive: } e = \rho\, p^2 g / \||p|\, g\|

    with the norm over all parameters. Foret et al., https://arxiv.org/abs/2010.01412; adaptive, Kwon et al.,
    https://arxiv.org/abs/2102.11600.

    An update needs gradients twice: ``update(closure)``, or ``first_step(grads)`` and ``second_step(grads)`` with those
    found in between. Layers with running statistics see both passes.

    Parameters
    ----------
    optimizer
        That takes the steps.
    rho
        :math:`\rho`, how far away to look.
    adaptive
        Whether to look farther where parameters are larger.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> optimizer = nnx.optim.SAM(nnx.optim.SGD({"w": np.asarray([3.0])}, 0.1), rho=1.0)
    >>> loss_and_grad = nnx.value_and_grad(lambda p: p["w"][0] ** 2)
    >>> float(optimizer.update(lambda: loss_and_grad(optimizer.parameters)))
    9.0
    >>> optimizer.parameters["w"].round(6)
    array([2.2])
    """

    def __init__(self, optimizer: Optimizer, rho: float = 0.05, adaptive: bool = False) -> None:
        super().__init__(optimizer)
        self.refuse_closures()
        self.takes_closure = True
        if not rho >= 0.0:
            raise complaint("SAM", f"expected rho of at least 0, got {rho!r}")
        self.rho, self.adaptive = rho, adaptive
        self._before: dict[str, Array] | None = None

    @effect
    def first_step(self, grads: Mapping[str, Array]) -> None:
        """Move the parameters to where the loss is larger."""
        cells = self._places.cells()
        given = fitted("SAM", grads, cells)
        if self._before is not None:
            raise complaint("SAM", "expected second_step after first_step", RuntimeError)
        weights = {
            path: backend_of(c.value).xp.abs(c.value) if self.adaptive else 1.0 for path, c in cells.items()
        }
        rho = -self.rho if self.optimizer.settings.get("maximize") else self.rho
        size = rho / (global_norm({path: weights[path] * g for path, g in given.items()}) + 1e-12)
        self._before = {path: cell.value for path, cell in cells.items()}
        for path, cell in cells.items():
            cell.value = cell.value + size * weights[path] * weights[path] * given[path]

    @effect
    def second_step(self, grads: Mapping[str, Array]) -> None:
        """Take the parameters back, and the optimizer's step with these gradients."""
        if self._before is None:
            raise complaint("SAM", "expected first_step before second_step", RuntimeError)
        self._back()
        self.optimizer.update(grads)

    def _back(self) -> None:
        before, self._before = self._before, None
        for path, cell in self._places.cells().items():
            if before and path in before:
                cell.value = before[path]

    def update(self, grads: Callable[[], tuple[Any, Mapping[str, Array]]]) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Both steps.

        Parameters
        ----------
        grads
            The closure: called without arguments, it returns the loss and its gradients by path, as
            ``nnx.value_and_grad`` does, for the parameters as they are then.

        Returns
        -------
        The loss at the parameters, as the closure gave it.
        """
        if not callable(grads):
            detail = f"expected a closure that returns loss and gradients, got {type(grads).__name__}"
            raise complaint(
                "SAM", f"{detail}; with gradients there are first_step and second_step", TypeError
            )
        loss, first = grads()
        self.first_step(first)
        try:
            _, second = grads()
        except BaseException:
            self._back()
            raise
        self.second_step(second)
        return loss
