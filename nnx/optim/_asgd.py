"""ASGD: gradient descent that also keeps the average of its parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..backend import Array
from ._buckets import Bucket
from ._optimizer import LearningRate, Optimizer
from ._rules import check_at_least, part_way, prepared

__all__ = ["ASGD"]


class ASGD(Optimizer):
    r"""Averaged stochastic gradient descent.

    .. math::

        \eta_t &= \gamma / (1 + \lambda \gamma (t - 1))^\alpha, \qquad
        p \leftarrow (1 - \lambda \eta_t)\, p - \eta_t g \\
        a &\leftarrow a + (p - a) / \max(1, t - 1 - t_0)

    Polyak and Juditsky, SIAM Journal on Control and Optimization 30, 1992. The numbers are PyTorch's;
    :math:`\gamma` is, as there, the learning rate of the step before.

    Parameters
    ----------
    model_or_parameters, learning_rate, weight_decay, maximize, groups
        As for :class:`Adam`.
    lambd
        :math:`\lambda`.
    alpha
        :math:`\alpha`.
    t0
        :math:`t_0`, the step from which on :math:`a` is an average.

    Attributes
    ----------
    averages
        :math:`a` by path, copied.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> optimizer = nnx.optim.ASGD({"w": np.asarray([1.0])}, learning_rate=0.5, lambd=0.0, t0=0.0)
    >>> for _ in range(3):
    ...     optimizer.update({"w": np.asarray([1.0])})
    >>> optimizer.parameters["w"], optimizer.averages["w"]
    (array([-0.5]), array([-0.25]))
    """

    name = "asgd"

    def __init__(
        self,
        model_or_parameters: Any,
        learning_rate: LearningRate = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
        groups: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        super().__init__(
            model_or_parameters,
            groups,
            learning_rate=learning_rate,
            lambd=lambd,
            alpha=alpha,
            t0=t0,
            weight_decay=weight_decay,
            maximize=maximize,
        )
        self._before: dict[int, LearningRate] = {}  # by group, at the update before

    @property
    def averages(self) -> dict[str, Array]:
        """The averaged parameters by path, copied."""
        return {path: entry["average"] for path, entry in self.state_dict()["parameters"].items()}

    def check(self, settings: Mapping[str, Any]) -> None:
        """Raise where settings make no sense."""
        check_at_least("ASGD", settings, "weight_decay")

    def statistics(self, settings: Mapping[str, Any]) -> Sequence[str]:
        """The average."""
        return ("average",)

    def rate(self, settings: Mapping[str, Any], bucket: Bucket | None = None) -> float:
        """The learning rate of the step before; at the first step that of the step itself."""
        rate: LearningRate = settings["learning_rate"]
        later = bucket is not None and bucket.step > 0
        if callable(rate):
            return float(rate(self.steps - 1 if later else self.steps))
        before = self._before.get(bucket.group, rate) if bucket is not None and later else rate
        return float(rate if callable(before) else before)

    def update(self, grads: Mapping[str, Array]) -> None:
        """As :meth:`Optimizer.update`; a learning rate that was assigned counts from the second update after that."""
        super().update(grads)
        self._before = {i: self._settings(i)["learning_rate"] for i in range(-1, len(self.groups))}

    def coefficients(self, settings: Mapping[str, Any], learning_rate: float, step: int) -> tuple[Any, ...]:
        """As the rule takes them."""
        lambd = settings["lambd"]
        size = learning_rate / (1.0 + lambd * learning_rate * (step - 1)) ** settings["alpha"]
        share = 1.0 / max(1.0, step - 1 - settings["t0"])
        return size, 1.0 - lambd * size, share, settings["weight_decay"], settings["maximize"]

    @staticmethod
    def rule(
        xp: Any,
        p: Array,
        g: Array,
        state: tuple[Array, ...],
        size: float,
        shrink: float,
        share: float,
        weight_decay: float,
        maximize: bool,
    ) -> tuple[Array, Any]:
        """One step of one parameter."""
        p = p * shrink - size * prepared(p, g, weight_decay, maximize)
        return p, (part_way(state[0], p, share),)
