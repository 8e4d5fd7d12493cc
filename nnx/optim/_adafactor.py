"""Adafactor: the mean square of a matrix's gradient, kept as a row and a column."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ..backend import Array
from ..functional._errors import complaint
from ._optimizer import LearningRate, Optimizer
from ._rules import check_at_least, check_two, part_way

__all__ = ["Adafactor"]


class Adafactor(Optimizer):
    r"""Steps of the size of the gradient over its root mean square, with little memory.

    For a matrix of R rows and C columns (of any parameter with two or more axes, the last two), with
    :math:`b = t^{d_2}` and :math:`\rho = \min(\gamma, 1 / \sqrt t)`,

    .. math::

        r &\leftarrow (1 - b)\, r + b\, \overline{g^2}^{\,\text{columns}}, \qquad
        c \leftarrow (1 - b)\, c + b\, \overline{g^2}^{\,\text{rows}}, \qquad
        v = r c / \max(\overline r, \epsilon_1) \\
        u &= g / \sqrt{\max(v, \epsilon_1^2)}, \qquad
        p \leftarrow (1 - \gamma\lambda)\, p
        - \max(\epsilon_2, \operatorname{rms} p)\, \rho\, u / \max(1, \operatorname{rms}(u) / d)

    Vectors keep :math:`v` whole. Shazeer and Stern, https://arxiv.org/abs/1804.04235. The numbers are PyTorch's.

    Parameters
    ----------
    model_or_parameters, learning_rate, maximize, groups
        As for :class:`Adam`; the learning rate is the largest relative step.
    beta2_decay
        :math:`d_2`, at most 0.
    eps
        :math:`\epsilon_1`, where None that of the dtype, and :math:`\epsilon_2`.
    d
        :math:`d`, the largest root mean square of :math:`u`, at least 1.
    weight_decay
        :math:`\lambda`.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> optimizer = nnx.optim.Adafactor({"w": np.asarray([1.0, -1.0])}, learning_rate=0.5)
    >>> optimizer.update({"w": np.asarray([2.0, -3.0])})
    >>> optimizer.parameters["w"].round(6)
    array([ 0.5, -0.5])
    """

    name = "adafactor"
    elementwise = False

    def __init__(
        self,
        model_or_parameters: Any,
        learning_rate: LearningRate = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
        groups: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        super().__init__(
            model_or_parameters,
            groups,
            learning_rate=learning_rate,
            beta2_decay=beta2_decay,
            eps=eps,
            d=d,
            weight_decay=weight_decay,
            maximize=maximize,
        )

    def check(self, settings: Mapping[str, Any]) -> None:
        """Raise where settings make no sense."""
        if not settings["beta2_decay"] <= 0.0:
            raise complaint(
                "Adafactor", f"expected beta2_decay of at most 0, got {settings['beta2_decay']!r}"
            )
        check_two("Adafactor", settings, "eps")
        eps1, eps2 = settings["eps"]
        if not ((eps1 is None or eps1 >= 0.0) and eps2 >= 0.0):
            raise complaint("Adafactor", f"expected two eps of at least 0, got {settings['eps']!r}")
        check_at_least("Adafactor", settings, "d", low=1.0)
        check_at_least("Adafactor", settings, "weight_decay")

    def shapes(self, settings: Mapping[str, Any], shape: tuple[int, ...]) -> Mapping[str, tuple[int, ...]]:
        """The mean squares of rows and columns; of a vector's elements."""
        if len(shape) < 2:
            return {"square_average": shape}
        return {"row_average": (*shape[:-1], 1), "column_average": (*shape[:-2], 1, shape[-1])}

    def coefficients(self, settings: Mapping[str, Any], learning_rate: float, step: int) -> tuple[Any, ...]:
        """As the rule takes them."""
        share = step ** settings["beta2_decay"]
        size = min(learning_rate, 1.0 / math.sqrt(step))
        shrink = 1.0 - learning_rate * settings["weight_decay"] if settings["weight_decay"] else 1.0
        return size, share, *settings["eps"], settings["d"], shrink, settings["maximize"]

    @staticmethod
    def rule(
        xp: Any,
        p: Array,
        g: Array,
        state: tuple[Array, ...],
        size: float,
        share: float,
        eps1: float | None,
        eps2: float,
        d: float,
        shrink: float,
        maximize: bool,
    ) -> tuple[Array, Any]:
        """One step of one parameter."""
        if not p.size:
            return p, state
        if maximize:
            g = -g
        if eps1 is None:
            eps1 = float(xp.finfo(p.dtype).eps)
        squares = g * g
        if p.ndim > 1:
            row = part_way(state[0], xp.mean(squares, axis=-1, keepdims=True), share)
            column = part_way(state[1], xp.mean(squares, axis=-2, keepdims=True), share)
            v = row * column / xp.clip(xp.mean(row, axis=-2, keepdims=True), eps1)
            new = (row, column)
        else:
            v = part_way(state[0], squares, share)
            new = (v,)
        u = g / xp.sqrt(xp.clip(v, eps1 * eps1))
        norm, root = xp.linalg.vector_norm, math.sqrt(p.size)
        size = size * _at_least(xp, norm(p) / root, eps2) / _at_least(xp, norm(u) / (root * d), 1.0)
        return p * shrink - size * u, new


def _at_least(xp: Any, x: Array, low: float) -> Array:
    """The larger of the two; for NaN the other, so that one NaN doesn't reach the whole of a parameter."""
    return xp.where(x > low, x, low)
