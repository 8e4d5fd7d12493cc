"""LAMB: Adam's steps, scaled to the size of each parameter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..backend import Array
from ._optimizer import LearningRate, Optimizer
from ._rules import check_at_least, check_betas

__all__ = ["LAMB"]


class LAMB(Optimizer):
    r"""Adam for large batches: every parameter moves in proportion to its norm.

    With :math:`m, v` as for :class:`Adam`,

    .. math::

        r = \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \epsilon} + \lambda p, \qquad
        p \leftarrow p - \gamma \frac{\|p\|}{\|r\|}\, r

    where the ratio is 1 if one of the norms is 0. You et al., https://arxiv.org/abs/1904.00962, algorithm 2, with bias
    correction and :math:`\phi(z) = z`.

    Parameters
    ----------
    model_or_parameters, learning_rate, betas, eps, maximize, groups
        As for :class:`Adam`.
    weight_decay
        :math:`\lambda`.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> optimizer = nnx.optim.LAMB({"w": np.asarray([3.0, 4.0])}, learning_rate=0.5, weight_decay=0.0)
    >>> optimizer.update({"w": np.asarray([2.0, 2.0])})
    >>> optimizer.parameters["w"].round(4)
    array([1.2322, 2.2322])
    """

    name = "lamb"
    elementwise = False

    def __init__(
        self,
        model_or_parameters: Any,
        learning_rate: LearningRate = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-6,
        weight_decay: float = 1e-2,
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
        check_betas("LAMB", settings)
        check_at_least("LAMB", settings, "eps", "weight_decay")

    def statistics(self, settings: Mapping[str, Any]) -> Sequence[str]:
        """The two averages."""
        return ("average", "square_average")

    def coefficients(self, settings: Mapping[str, Any], learning_rate: float, step: int) -> tuple[Any, ...]:
        """As the rule takes them."""
        beta1, beta2 = settings["betas"]
        rest = (settings["eps"], settings["weight_decay"], settings["maximize"])
        return learning_rate, beta1, beta2, 1.0 - beta1**step, 1.0 - beta2**step, *rest

    @staticmethod
    def rule(
        xp: Any,
        p: Array,
        g: Array,
        state: tuple[Array, ...],
        learning_rate: float,
        beta1: float,
        beta2: float,
        correction1: float,
        correction2: float,
        eps: float,
        weight_decay: float,
        maximize: bool,
    ) -> tuple[Array, Any]:
        """One step of one parameter."""
        if maximize:
            g = -g
        m = state[0] * beta1 + g * (1.0 - beta1)
        v = state[1] * beta2 + g * g * (1.0 - beta2)
        r = m / correction1 / (xp.sqrt(v / correction2) + eps)
        if weight_decay:
            r = r + weight_decay * p
        of_p, of_r = xp.linalg.vector_norm(p), xp.linalg.vector_norm(r)
        one = xp.ones_like(of_p)
        moves = (of_p > 0.0) & (of_r > 0.0)
        ratio = xp.where(moves, of_p / xp.where(moves, of_r, one), one)
        return p - learning_rate * ratio * r, (m, v)
