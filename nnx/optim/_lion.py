"""Lion: steps by the sign of an average of gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..backend import Array
from ._optimizer import LearningRate, Optimizer
from ._rules import check_at_least, check_betas

__all__ = ["Lion"]


class Lion(Optimizer):
    r"""Every element moves by the learning rate, up or down.

    .. math::

        p \leftarrow (1 - \gamma\lambda)\, p - \gamma \operatorname{sign}(\beta_1 m + (1 - \beta_1) g), \qquad
        m \leftarrow \beta_2 m + (1 - \beta_2) g

    Chen et al., https://arxiv.org/abs/2302.06675, algorithm 2. The learning rate should be 3 to 10 times smaller, and
    the weight decay as much larger, than AdamW's.

    Parameters
    ----------
    model_or_parameters, learning_rate, maximize, groups
        As for :class:`Adam`.
    betas
        :math:`\beta_1` and :math:`\beta_2`.
    weight_decay
        :math:`\lambda`.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> optimizer = nnx.optim.Lion({"w": np.asarray([1.0, 2.0])}, learning_rate=0.5)
    >>> optimizer.update({"w": np.asarray([2.0, -3.0])})
    >>> optimizer.parameters["w"]
    array([0.5, 2.5])
    """

    name = "lion"

    def __init__(
        self,
        model_or_parameters: Any,
        learning_rate: LearningRate = 1e-4,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
        groups: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        super().__init__(
            model_or_parameters,
            groups,
            learning_rate=learning_rate,
            betas=betas,
            weight_decay=weight_decay,
            maximize=maximize,
        )

    def check(self, settings: Mapping[str, Any]) -> None:
        """Raise where settings make no sense."""
        check_betas("Lion", settings)
        check_at_least("Lion", settings, "weight_decay")

    def statistics(self, settings: Mapping[str, Any]) -> Sequence[str]:
        """The average."""
        return ("average",)

    def coefficients(self, settings: Mapping[str, Any], learning_rate: float, step: int) -> tuple[Any, ...]:
        """As the rule takes them."""
        shrink = 1.0 - learning_rate * settings["weight_decay"]
        return *settings["betas"], learning_rate, shrink, settings["maximize"]

    @staticmethod
    def rule(
        xp: Any,
        p: Array,
        g: Array,
        state: tuple[Array, ...],
        beta1: float,
        beta2: float,
        learning_rate: float,
        shrink: float,
        maximize: bool,
    ) -> tuple[Array, Any]:
        """One step of one parameter."""
        if maximize:
            g = -g
        m = state[0]
        direction = xp.sign(m * beta1 + g * (1.0 - beta1))
        return p * shrink - learning_rate * direction, (m * beta2 + g * (1.0 - beta2),)
