"""Rprop: steps by the sign of the gradient, each element with a step size of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..backend import Array
from ..functional._errors import complaint
from ._optimizer import LearningRate, Optimizer
from ._rules import check_two

__all__ = ["Rprop"]


class Rprop(Optimizer):
    r"""Steps that grow while the gradient keeps its sign and shrink where it changes; for whole-batch gradients.

    .. math::

        s \leftarrow \operatorname{clip}(s \cdot (\eta^+ \text{ if } g g' > 0,\ \eta^- \text{ if } g g' < 0),
        s_{\min}, s_{\max}), \qquad
        g \leftarrow 0 \text{ if } g g' < 0, \qquad
        p \leftarrow p - s \operatorname{sign} g

    where :math:`g'` is the gradient of the step before. Riedmiller and Braun, ICNN 1993, the variant without
    backtracking. The numbers are PyTorch's.

    Parameters
    ----------
    model_or_parameters, maximize, groups
        As for :class:`Adam`.
    learning_rate
        The first step size; later values of a schedule don't count.
    etas
        :math:`\eta^-` and :math:`\eta^+`.
    step_sizes
        :math:`s_{\min}` and :math:`s_{\max}`.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> optimizer = nnx.optim.Rprop({"w": np.asarray([1.0, 2.0])}, learning_rate=0.5)
    >>> optimizer.update({"w": np.asarray([2.0, -3.0])})
    >>> optimizer.parameters["w"].round(6)
    array([0.5, 2.5])
    """

    name = "rprop"

    def __init__(
        self,
        model_or_parameters: Any,
        learning_rate: LearningRate = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50.0),
        *,
        maximize: bool = False,
        groups: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        super().__init__(
            model_or_parameters,
            groups,
            learning_rate=learning_rate,
            etas=etas,
            step_sizes=step_sizes,
            maximize=maximize,
        )

    def check(self, settings: Mapping[str, Any]) -> None:
        """Raise where settings make no sense."""
        check_two("Rprop", settings, "etas")
        check_two("Rprop", settings, "step_sizes")
        minus, plus = settings["etas"]
        if not 0.0 < minus < 1.0 < plus:
            raise complaint("Rprop", f"expected etas below and above 1, got {settings['etas']!r}")

    def statistics(self, settings: Mapping[str, Any]) -> Sequence[str]:
        """The gradient before and the step sizes."""
        return ("previous", "step_size")

    def coefficients(self, settings: Mapping[str, Any], learning_rate: float, step: int) -> tuple[Any, ...]:
        """As the rule takes them; the first step size at the first step, 0 later."""
        first = learning_rate if step == 1 else 0.0
        smallest, largest = settings["step_sizes"]
        return first, *settings["etas"], min(smallest, largest), largest, settings["maximize"]

    @staticmethod
    def rule(
        xp: Any,
        p: Array,
        g: Array,
        state: tuple[Array, ...],
        first: float,
        minus: float,
        plus: float,
        smallest: float,
        largest: float,
        maximize: bool,
    ) -> tuple[Array, Any]:
        """One step of one parameter."""
        if maximize:
            g = -g
        agreement = g * state[0]
        turned = agreement < 0.0
        size = state[1] + first
        size = xp.where(agreement > 0.0, size * plus, xp.where(turned, size * minus, size))
        size = xp.clip(size, smallest, largest)
        g = xp.where(turned, xp.zeros_like(g), g)
        sign = xp.where(xp.isnan(g), xp.zeros_like(g), xp.sign(g))  # as PyTorch's
        return p - sign * size, (g, size)
