"""NAdam: Adam with Nesterov's momentum."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ..backend import Array
from ._optimizer import LearningRate, Optimizer
from ._rules import check_at_least, check_betas, prepared

__all__ = ["NAdam"]


class NAdam(Optimizer):
    r"""Adam that looks one step of its momentum ahead.

    .. math::

        \mu_t &= \beta_1 (1 - \tfrac12\, 0.96^{t \psi}), \qquad
        m \leftarrow \beta_1 m + (1 - \beta_1) g, \qquad v \leftarrow \beta_2 v + (1 - \beta_2) g^2 \\
        p &\leftarrow p - \gamma \Bigl( \frac{\mu_{t+1} m}{1 - \prod_{i \le t+1} \mu_i}
        + \frac{(1 - \mu_t) g}{1 - \prod_{i \le t} \mu_i} \Bigr) \Big/ (\sqrt{v / (1 - \beta_2^t)} + \epsilon)

    Dozat, https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ. The numbers are PyTorch's.

    Parameters
    ----------
    model_or_parameters, learning_rate, betas, eps, weight_decay, maximize, groups
        As for :class:`Adam`.
    momentum_decay
        :math:`\psi`.
    decoupled_weight_decay
        Whether to shrink the parameter, as :class:`AdamW` does, instead of adding to the gradient.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> optimizer = nnx.optim.NAdam({"w": np.asarray([1.0, 2.0])}, learning_rate=0.5)
    >>> optimizer.update({"w": np.asarray([2.0, -3.0])})
    >>> optimizer.parameters["w"].round(4)
    array([0.4718, 2.5282])
    """

    name = "nadam"

    def __init__(
        self,
        model_or_parameters: Any,
        learning_rate: LearningRate = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum_decay: float = 4e-3,
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
            momentum_decay=momentum_decay,
            decoupled_weight_decay=decoupled_weight_decay,
            maximize=maximize,
        )
        self._products: dict[tuple[float, float], list[float]] = {}

    def check(self, settings: Mapping[str, Any]) -> None:
        """Raise where settings make no sense."""
        check_betas("NAdam", settings)
        check_at_least("NAdam", settings, "eps", "weight_decay", "momentum_decay")

    def statistics(self, settings: Mapping[str, Any]) -> Sequence[str]:
        """The two averages."""
        return ("average", "square_average")

    def coefficients(self, settings: Mapping[str, Any], learning_rate: float, step: int) -> tuple[Any, ...]:
        """As the rule takes them."""
        (beta1, beta2), decay = settings["betas"], settings["weight_decay"]
        decoupled = settings["decoupled_weight_decay"]
        psi = settings["momentum_decay"]
        mu, following = _momentum(beta1, psi, step), _momentum(beta1, psi, step + 1)
        product = self._product(beta1, psi, step)
        return (
            beta1,
            beta2,
            learning_rate * (1.0 - mu) / (1.0 - product),
            learning_rate * following / (1.0 - product * following),
            math.sqrt(1.0 - beta2**step),
            settings["eps"],
            0.0 if decoupled else decay,
            1.0 - learning_rate * decay if decoupled else 1.0,
            settings["maximize"],
        )

    def _product(self, beta1: float, decay: float, step: int) -> float:
        """The product of all momenta up to a step; 0 as soon as one minus it is 1."""
        products = self._products.setdefault((beta1, decay), [1.0])
        while len(products) <= step and products[-1] > 1e-20:
            products.append(products[-1] * _momentum(beta1, decay, len(products)))
        return products[step] if step < len(products) else 0.0

    @staticmethod
    def rule(
        xp: Any,
        p: Array,
        g: Array,
        state: tuple[Array, ...],
        beta1: float,
        beta2: float,
        of_gradient: float,
        of_average: float,
        correction: float,
        eps: float,
        weight_decay: float,
        shrink: float,
        maximize: bool,
    ) -> tuple[Array, Any]:
        """One step of one parameter."""
        g = prepared(p, g, weight_decay, maximize)
        m = state[0] * beta1 + g * (1.0 - beta1)
        v = state[1] * beta2 + g * g * (1.0 - beta2)
        size = xp.sqrt(v) / correction + eps
        return p * shrink - (of_gradient * g + of_average * m) / size, (m, v)


def _momentum(beta1: float, decay: float, step: int) -> float:
    return beta1 * (1.0 - 0.5 * 0.96 ** (step * decay))
