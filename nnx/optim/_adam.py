"""Adam and AdamW."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ..backend import Array
from ._optimizer import LearningRate, Optimizer
from ._rules import check_at_least, check_betas, prepared

__all__ = ["Adam", "AdamW"]


class Adam(Optimizer):
    r"""Adam: steps of the size of the gradient's mean over its root mean square.

    .. math::

        g &\leftarrow g + \lambda p \\
        m &\leftarrow \beta_1 m + (1 - \beta_1) g, \qquad v \leftarrow \beta_2 v + (1 - \beta_2) g^2 \\
        p &\leftarrow p - \gamma \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \epsilon}

    Kingma and Ba, https://arxiv.org/abs/1412.6980; with ``amsgrad`` the largest :math:`v` so far takes the place of
    :math:`v`, Reddi, Kale and Kumar, https://openreview.net/forum?id=ryQu7f-RZ. The numbers are PyTorch's.

    What is kept are the decaying sums :math:`m / (1 - \beta_1)` and :math:`v / (1 - \beta_2)`, under the names
    ``gradient_sum`` and ``square_sum`` (and ``largest_square_sum``): that saves two passes over the parameters.

    Parameters
    ----------
    model_or_parameters
        A Layer, or a dict of arrays by name.
    learning_rate
        :math:`\gamma`, a number or a function of the step.
    betas
        :math:`\beta_1` and :math:`\beta_2`.
    eps
        :math:`\epsilon`.
    weight_decay
        :math:`\lambda`, added to the gradient.
    amsgrad
        Whether to divide by the largest mean square so far.
    maximize
        Whether to go up instead of down.
    decoupled_weight_decay
        Whether the decay is :class:`AdamW`'s instead: the gradient stays as it is.
    groups
        Settings that differ by pattern of the path, as ``{"*.bias": {"weight_decay": 0.0}}``.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> optimizer = nnx.optim.Adam({"w": np.asarray([1.0, 2.0])}, learning_rate=0.5)
    >>> optimizer.update({"w": np.asarray([2.0, -3.0])})
    >>> optimizer.parameters["w"].round(6)
    array([0.5, 2.5])
    """

    name = "adam"

    def __init__(
        self,
        model_or_parameters: Any,
        learning_rate: LearningRate = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        decoupled_weight_decay: bool = False,
        groups: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        super().__init__(
            model_or_parameters,
            groups,
            learning_rate=learning_rate,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            amsgrad=amsgrad,
            maximize=maximize,
            decoupled_weight_decay=decoupled_weight_decay,
        )

    def check(self, settings: Mapping[str, Any]) -> None:
        """Raise where settings make no sense."""
        check_betas(type(self).__name__, settings)
        check_at_least(type(self).__name__, settings, "eps", "weight_decay")

    def statistics(self, settings: Mapping[str, Any]) -> Sequence[str]:
        """The two decaying sums, and the largest of the second for amsgrad."""
        sums = ("gradient_sum", "square_sum")
        return (*sums, "largest_square_sum") if settings["amsgrad"] else sums

    def coefficients(self, settings: Mapping[str, Any], learning_rate: float, step: int) -> tuple[Any, ...]:
        r"""As the rule takes them.

        With the sums M and V, the step is :math:`s M / (\sqrt V + e)`, where
        :math:`c = \sqrt{(1 - \beta_2) / (1 - \beta_2^t)}`, :math:`e = \epsilon / c` and
        :math:`s = \gamma (1 - \beta_1) / (1 - \beta_1^t) / c`.
        """
        beta1, beta2 = settings["betas"]
        c = math.sqrt((1.0 - beta2) / (1.0 - beta2**step))
        size = learning_rate * (1.0 - beta1) / (1.0 - beta1**step) / c
        decay, decoupled = settings["weight_decay"], settings["decoupled_weight_decay"]
        shrink = 1.0 - learning_rate * decay if decoupled else 1.0
        return (
            beta1,
            beta2,
            size,
            settings["eps"] / c,
            0.0 if decoupled else decay,
            shrink,
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
        eps: float,
        weight_decay: float,
        shrink: float,
        maximize: bool,
    ) -> tuple[Array, Any]:
        """One step of one parameter."""
        g = prepared(p, g, weight_decay, maximize)
        if shrink != 1.0:
            p = p * shrink
        first = state[0] * beta1 + g
        second = state[1] * beta2 + g * g
        if len(state) == 2:
            return p - first / (xp.sqrt(second) + eps) * size, (first, second)
        largest = xp.maximum(state[2], second)
        return p - first / (xp.sqrt(largest) + eps) * size, (first, second, largest)


class AdamW(Adam):
    r"""Adam with decoupled weight decay: :math:`p \leftarrow (1 - \gamma\lambda)\, p` before each step.

    Loshchilov and Hutter, https://arxiv.org/abs/1711.05101. The numbers are PyTorch's.

    Parameters
    ----------
    model_or_parameters, learning_rate, betas, eps, amsgrad, maximize, groups
        As for :class:`Adam`.
    weight_decay
        :math:`\lambda`.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> optimizer = nnx.optim.AdamW({"w": np.asarray([1.0])}, learning_rate=0.5, weight_decay=0.1)
    >>> optimizer.update({"w": np.asarray([2.0])})
    >>> optimizer.parameters["w"].round(6)
    array([0.45])
    """

    def __init__(
        self,
        model_or_parameters: Any,
        learning_rate: LearningRate = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        groups: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        super().__init__(
            model_or_parameters,
            learning_rate,
            betas,
            eps,
            weight_decay,
            amsgrad,
            maximize=maximize,
            decoupled_weight_decay=True,
            groups=groups,
        )
