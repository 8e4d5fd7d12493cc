"""Adagrad and Adadelta: steps that shrink where gradients have been large."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..backend import Array
from ..functional._errors import complaint
from ._optimizer import LearningRate, Optimizer
from ._rules import check_at_least, prepared

__all__ = ["Adadelta", "Adagrad"]


class Adagrad(Optimizer):
    r"""Steps divided by the root of the sum of all squared gradients.

    .. math::

        s \leftarrow s + g^2, \qquad
        p \leftarrow p - \frac{\gamma}{1 + (t - 1) \eta} \frac{g}{\sqrt s + \epsilon}

    Duchi, Hazan and Singer, https://jmlr.org/papers/v12/duchi11a.html. The numbers are PyTorch's.

    Parameters
    ----------
    model_or_parameters, learning_rate, eps, weight_decay, maximize, groups
        As for :class:`Adam`.
    lr_decay
        :math:`\eta`.
    initial_accumulator_value
        What :math:`s` starts from.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> optimizer = nnx.optim.Adagrad({"w": np.asarray([1.0, 2.0])}, learning_rate=0.5)
    >>> optimizer.update({"w": np.asarray([2.0, -3.0])})
    >>> optimizer.parameters["w"].round(6)
    array([0.5, 2.5])
    """

    name = "adagrad"

    def __init__(
        self,
        model_or_parameters: Any,
        learning_rate: LearningRate = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        *,
        maximize: bool = False,
        groups: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        super().__init__(
            model_or_parameters,
            groups,
            learning_rate=learning_rate,
            lr_decay=lr_decay,
            weight_decay=weight_decay,
            initial_accumulator_value=initial_accumulator_value,
            eps=eps,
            maximize=maximize,
        )

    def check(self, settings: Mapping[str, Any]) -> None:
        """Raise where settings make no sense."""
        check_at_least("Adagrad", settings, "lr_decay", "weight_decay", "initial_accumulator_value", "eps")

    def statistics(self, settings: Mapping[str, Any]) -> Sequence[str]:
        """The sum of squares."""
        return ("square_sum",)

    def coefficients(self, settings: Mapping[str, Any], learning_rate: float, step: int) -> tuple[Any, ...]:
        """As the rule takes them; the first step adds what the sum starts from."""
        size = learning_rate / (1.0 + (step - 1) * settings["lr_decay"])
        start = settings["initial_accumulator_value"] if step == 1 else 0.0
        return size, start, settings["eps"], settings["weight_decay"], settings["maximize"]

    @staticmethod
    def rule(
        xp: Any,
        p: Array,
        g: Array,
        state: tuple[Array, ...],
        size: float,
        start: float,
        eps: float,
        weight_decay: float,
        maximize: bool,
    ) -> tuple[Array, Any]:
        """One step of one parameter."""
        g = prepared(p, g, weight_decay, maximize)
        s = state[0] + g * g
        if start:
            s = s + start
        return p - size * g / (xp.sqrt(s) + eps), (s,)


class Adadelta(Optimizer):
    r"""Steps in the unit of the parameter: the root mean square of past steps over that of the gradients.

    .. math::

        v \leftarrow \rho v + (1 - \rho) g^2, \qquad
        d = \frac{\sqrt{u + \epsilon}}{\sqrt{v + \epsilon}}\, g, \qquad
        u \leftarrow \rho u + (1 - \rho) d^2, \qquad
        p \leftarrow p - \gamma d

    Zeiler, https://arxiv.org/abs/1212.5701. The numbers are PyTorch's.

    Parameters
    ----------
    model_or_parameters, learning_rate, eps, weight_decay, maximize, groups
        As for :class:`Adam`.
    rho
        :math:`\rho`.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> optimizer = nnx.optim.Adadelta({"w": np.asarray([1.0, 2.0])}, learning_rate=100.0)
    >>> optimizer.update({"w": np.asarray([2.0, -3.0])})
    >>> optimizer.parameters["w"].round(4)
    array([0.6838, 2.3162])
    """

    name = "adadelta"

    def __init__(
        self,
        model_or_parameters: Any,
        learning_rate: LearningRate = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
        groups: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        super().__init__(
            model_or_parameters,
            groups,
            learning_rate=learning_rate,
            rho=rho,
            eps=eps,
            weight_decay=weight_decay,
            maximize=maximize,
        )

    def check(self, settings: Mapping[str, Any]) -> None:
        """Raise where settings make no sense."""
        if not 0.0 <= settings["rho"] <= 1.0:
            raise complaint("Adadelta", f"expected rho from 0 to 1, got {settings['rho']!r}")
        check_at_least("Adadelta", settings, "eps", "weight_decay")

    def statistics(self, settings: Mapping[str, Any]) -> Sequence[str]:
        """The mean squares of the gradients and of the steps."""
        return ("square_average", "step_square_average")

    def coefficients(self, settings: Mapping[str, Any], learning_rate: float, step: int) -> tuple[Any, ...]:
        """As the rule takes them."""
        return learning_rate, *(settings[key] for key in ("rho", "eps", "weight_decay", "maximize"))

    @staticmethod
    def rule(
        xp: Any,
        p: Array,
        g: Array,
        state: tuple[Array, ...],
        learning_rate: float,
        rho: float,
        eps: float,
        weight_decay: float,
        maximize: bool,
    ) -> tuple[Array, Any]:
        """One step of one parameter."""
        g = prepared(p, g, weight_decay, maximize)
        v = state[0] * rho + g * g * (1.0 - rho)
        d = xp.sqrt(state[1] + eps) / xp.sqrt(v + eps) * g
        return p - learning_rate * d, (v, state[1] * rho + d * d * (1.0 - rho))
