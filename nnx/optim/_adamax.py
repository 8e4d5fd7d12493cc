"""Adamax: Adam with the largest gradient in place of the mean square."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..backend import Array
from ._optimizer import LearningRate, Optimizer
from ._rules import check_at_least, check_betas, prepared

__all__ = ["Adamax"]


class Adamax(Optimizer):
    r"""Steps of the size of the gradient's mean over its largest size, which decays.

    .. math::

        m \leftarrow \beta_1 m + (1 - \beta_1) g, \qquad
        u \leftarrow \max(\beta_2 u, |g| + \epsilon), \qquad
        p \leftarrow p - \frac{\gamma}{1 - \beta_1^t} \frac{m}{u}

    Kingma and Ba, https://arxiv.org/abs/1412.6980, section 7. The numbers are PyTorch's.

    Parameters
    ----------
    model_or_parameters, learning_rate, betas, eps, weight_decay, maximize, groups
        As for :class:`Adam`.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> optimizer = nnx.optim.Adamax({"w": np.asarray([1.0, 2.0])}, learning_rate=0.5)
    >>> optimizer.update({"w": np.asarray([2.0, -3.0])})
    >>> optimizer.parameters["w"].round(6)
    array([0.5, 2.5])
    """

    name = "adamax"

    def __init__(
        self,
        model_or_parameters: Any,
        learning_rate: LearningRate = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
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
            eps=eps,
            weight_decay=weight_decay,
            maximize=maximize,
        )

    def check(self, settings: Mapping[str, Any]) -> None:
        """Raise where settings make no sense."""
        check_betas("Adamax", settings)
        check_at_least("Adamax", settings, "eps", "weight_decay")

    def statistics(self, settings: Mapping[str, Any]) -> Sequence[str]:
        """The average and the largest size."""
        return ("average", "largest")

    def coefficients(self, settings: Mapping[str, Any], learning_rate: float, step: int) -> tuple[Any, ...]:
        """As the rule takes them."""
        beta1, beta2 = settings["betas"]
        size = learning_rate / (1.0 - beta1**step)
        return beta1, beta2, size, settings["eps"], settings["weight_decay"], settings["maximize"]

    @staticmethod
    def rule(
        xp: Any,
        p: Array,
        g: Array,
        state: tuple[Array, ...],
        beta1: float,
        beta2: float,
        size: float,
        eps: float,
        weight_decay: float,
        maximize: bool,
    ) -> tuple[Array, Any]:
        """One step of one parameter."""
        g = prepared(p, g, weight_decay, maximize)
        m = state[0] * beta1 + g * (1.0 - beta1)
        u = xp.maximum(state[1] * beta2, xp.abs(g) + eps)
        return p - size * m / u, (m, u)
