"""RAdam: Adam whose first steps are not divided by a mean square of too few gradients."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ..backend import Array
from ._optimizer import LearningRate, Optimizer
from ._rules import check_at_least, check_betas, prepared

__all__ = ["RAdam"]


class RAdam(Optimizer):
    r"""Adam, rectified: plain momentum until the mean square is known well enough.

    With :math:`m, v` as for :class:`Adam`, :math:`\rho_\infty = 2 / (1 - \beta_2) - 1` and
    :math:`\rho = \rho_\infty - 2 t \beta_2^t / (1 - \beta_2^t)`,

    .. math::

        p \leftarrow p - \gamma \frac{m}{1 - \beta_1^t} \cdot
        \sqrt{\frac{(\rho - 4)(\rho - 2) \rho_\infty}{(\rho_\infty - 4)(\rho_\infty - 2) \rho}} \,
        \frac{\sqrt{1 - \beta_2^t}}{\sqrt v + \epsilon}

    where :math:`\rho > 5`, else without the last two factors. Liu et al., https://arxiv.org/abs/1908.03265. The
    numbers are PyTorch's.

    Parameters
    ----------
    model_or_parameters, learning_rate, betas, eps, weight_decay, maximize, groups
        As for :class:`Adam`.
    decoupled_weight_decay
        Whether to shrink the parameter, as :class:`AdamW` does, instead of adding to the gradient.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> optimizer = nnx.optim.RAdam({"w": np.asarray([1.0, 2.0])}, learning_rate=0.5)
    >>> optimizer.update({"w": np.asarray([2.0, -3.0])})
    >>> optimizer.parameters["w"].round(6)
    array([0. , 3.5])
    """

    name = "radam"

    def __init__(
        self,
        model_or_parameters: Any,
        learning_rate: LearningRate = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
        groups: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        super().__init__(
            model_or_parameters,
            groups,
            learning_rate=learning_rate,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            decoupled_weight_decay=decoupled_weight_decay,
            maximize=maximize,
        )

    def check(self, settings: Mapping[str, Any]) -> None:
        """Raise where settings make no sense."""
        check_betas("RAdam", settings)
        check_at_least("RAdam", settings, "eps", "weight_decay")

    def statistics(self, settings: Mapping[str, Any]) -> Sequence[str]:
        """The two averages."""
        return ("average", "square_average")

    def coefficients(self, settings: Mapping[str, Any], learning_rate: float, step: int) -> tuple[Any, ...]:
        """As the rule takes them."""
        (beta1, beta2), decay = settings["betas"], settings["weight_decay"]
        decoupled = settings["decoupled_weight_decay"]
        size = learning_rate / (1.0 - beta1**step)
        largest, left = 2.0 / (1.0 - beta2) - 1.0, 1.0 - beta2**step
        rho = largest - 2.0 * step * beta2**step / left
        rectified = rho > 5.0
        if rectified:
            variance = (rho - 4.0) * (rho - 2.0) * largest / ((largest - 4.0) * (largest - 2.0) * rho)
            size *= math.sqrt(variance * left)
        return (
            beta1,
            beta2,
            size,
            rectified,
            settings["eps"],
            0.0 if decoupled else decay,
            1.0 - learning_rate * decay if decoupled else 1.0,
            settings["maximize"],
        )

    @staticmethod
    def rule(
        xp: Any,
        p: Array,
        g: Array,
        state: tuple[Array, ...],
        beta1: float,
        beta2: float,
        size: float,
        rectified: bool,
        eps: float,
        weight_decay: float,
        shrink: float,
        maximize: bool,
    ) -> tuple[Array, Any]:
        """One step of one parameter."""
        g = prepared(p, g, weight_decay, maximize)
        m = state[0] * beta1 + g * (1.0 - beta1)
        v = state[1] * beta2 + g * g * (1.0 - beta2)
        direction = m / (xp.sqrt(v) + eps) if rectified else m
        return p * shrink - size * direction, (m, v)
