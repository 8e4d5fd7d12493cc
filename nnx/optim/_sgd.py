"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..backend import Array
from ..functional._errors import complaint
from ._optimizer import LearningRate, Optimizer
from ._rules import check_at_least, prepared

__all__ = ["SGD"]


class SGD(Optimizer):
    r"""Gradient descent, with momentum as PyTorch has it.

    .. math::

        g &\leftarrow g + \lambda p \\
        b &\leftarrow \mu b + (1 - \tau) g \qquad (b \leftarrow g \text{ at the first step}) \\
        p &\leftarrow p - \gamma\,(g + \mu b \text{ with Nesterov, else } b)

    Parameters
    ----------
    model_or_parameters
        A Layer, or a dict of arrays by name.
    learning_rate
        :math:`\gamma`, a number or a function of the step.
    momentum, dampening
        :math:`\mu` and :math:`\tau`.
    weight_decay
        :math:`\lambda`.
    nesterov
        Whether to look ahead; needs a momentum and no dampening. Sutskever et al., ICML 2013.
    maximize
        Whether to go up instead of down.
    groups
        Settings that differ by pattern of the path, as ``{"*.bias": {"weight_decay": 0.0}}``.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> optimizer = nnx.optim.SGD({"w": np.asarray([1.0, 2.0])}, learning_rate=0.5)
    >>> optimizer.update({"w": np.asarray([2.0, 2.0])})
    >>> optimizer.parameters
    {'w': array([0., 1.])}
    """

    name = "sgd"

    def __init__(
        self,
        model_or_parameters: Any,
        learning_rate: LearningRate = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        groups: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        super().__init__(
            model_or_parameters,
            groups,
            learning_rate=learning_rate,
            momentum=momentum,
            dampening=dampening,
            weight_decay=weight_decay,
            nesterov=nesterov,
            maximize=maximize,
        )

    def check(self, settings: Mapping[str, Any]) -> None:
        """Raise where settings make no sense."""
        check_at_least("SGD", settings, "momentum", "weight_decay")
        if settings["nesterov"] and (settings["momentum"] == 0.0 or settings["dampening"] != 0.0):
            raise complaint("SGD", "expected a momentum and no dampening with nesterov")

    def statistics(self, settings: Mapping[str, Any]) -> Sequence[str]:
        """The momentum buffer, where there is momentum."""
        return ("momentum_buffer",) if settings["momentum"] else ()

    def coefficients(self, settings: Mapping[str, Any], learning_rate: float, step: int) -> tuple[Any, ...]:
        """As the rule takes them; the first gradient is not dampened."""
        dampening = settings["dampening"] if step > 1 else 0.0
        return (
            learning_rate, settings["momentum"], 1.0 - dampening, settings["weight_decay"], settings["nesterov"],
            settings["maximize"],
        )  # fmt: skip

    @staticmethod
    def rule(
        xp: Any,
        p: Array,
        g: Array,
        state: tuple[Array, ...],
        learning_rate: float,
        momentum: float,
        keep: float,
        weight_decay: float,
        nesterov: bool,
        maximize: bool,
    ) -> tuple[Array, Any]:
        """One step of one parameter."""
        g = prepared(p, g, weight_decay, maximize)
        if not state:
            return p - learning_rate * g, ()
        b = momentum * state[0] + (g if keep == 1.0 else keep * g)
        return p - learning_rate * (g + momentum * b if nesterov else b), (b,)
