"""RMSprop: steps divided by the root mean square of the gradient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..backend import Array
from ._optimizer import LearningRate, Optimizer
from ._rules import check_at_least, prepared

__all__ = ["RMSprop"]


class RMSprop(Optimizer):
    r"""Steps of the size of the gradient over its root mean square.

    .. math::

        v &\leftarrow \alpha v + (1 - \alpha) g^2 \qquad (\text{centered: less the square of } g\text{'s average}) \\
        b &\leftarrow \mu b + g / (\sqrt v + \epsilon), \qquad p \leftarrow p - \gamma b

    Tieleman and Hinton, lecture 6.5 of Neural Networks for Machine Learning; centered, Graves,
    https://arxiv.org/abs/1308.0850. The numbers are PyTorch's: :math:`\epsilon` is outside of the root.

    Parameters
    ----------
    model_or_parameters, learning_rate, eps, weight_decay, maximize, groups
        As for :class:`Adam`.
    alpha
        :math:`\alpha`.
    momentum
        :math:`\mu`.
    centered
        Whether to divide by the standard deviation instead.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> optimizer = nnx.optim.RMSprop({"w": np.asarray([1.0, 2.0])}, learning_rate=0.5, alpha=0.75)
    >>> optimizer.update({"w": np.asarray([2.0, -3.0])})
    >>> optimizer.parameters["w"].round(6)
    array([0., 3.])
    """

    name = "rmsprop"

    def __init__(
        self,
        model_or_parameters: Any,
        learning_rate: LearningRate = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        *,
        maximize: bool = False,
        groups: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        super().__init__(
            model_or_parameters,
            groups,
            learning_rate=learning_rate,
            alpha=alpha,
            eps=eps,
            weight_decay=weight_decay,
            momentum=momentum,
            centered=centered,
            maximize=maximize,
        )

    def check(self, settings: Mapping[str, Any]) -> None:
        """Raise where settings make no sense."""
        check_at_least("RMSprop", settings, "alpha", "eps", "weight_decay", "momentum")

    def statistics(self, settings: Mapping[str, Any]) -> Sequence[str]:
        """The mean square; the average where centered; the buffer where there is momentum."""
        names = ["square_average"]
        if settings["centered"]:
            names.append("average")
        if settings["momentum"]:
            names.append("momentum_buffer")
        return names

    def coefficients(self, settings: Mapping[str, Any], learning_rate: float, step: int) -> tuple[Any, ...]:
        """As the rule takes them."""
        keys = ("alpha", "eps", "weight_decay", "momentum", "centered", "maximize")
        return learning_rate, *(settings[key] for key in keys)

    @staticmethod
    def rule(
        xp: Any,
        p: Array,
        g: Array,
        state: tuple[Array, ...],
        learning_rate: float,
        alpha: float,
        eps: float,
        weight_decay: float,
        momentum: float,
        centered: bool,
        maximize: bool,
    ) -> tuple[Array, Any]:
        """One step of one parameter."""
        g = prepared(p, g, weight_decay, maximize)
        v = state[0] * alpha + g * g * (1.0 - alpha)
        new, variance = [v], v
        if centered:
            m = state[1] * alpha + g * (1.0 - alpha)
            new.append(m)
            variance = v - m * m
        direction = g / (xp.sqrt(variance) + eps)
        if momentum:
            direction = state[-1] * momentum + direction
            new.append(direction)
        return p - learning_rate * direction, new
