"""Muon: momentum, orthogonalised."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ..backend import Array
from ..functional._errors import complaint
from ._optimizer import LearningRate, Optimizer
from ._rules import check_at_least

__all__ = ["Muon"]

ADJUSTMENTS = (None, "original", "match_rms_adamw")


class Muon(Optimizer):
    r"""For matrices: steps whose singular values are all about 1.

    .. math::

        b \leftarrow \mu b + (1 - \mu) g, \qquad
        u = \mu b + (1 - \mu) g \text{ with Nesterov, else } b, \qquad
        p \leftarrow (1 - \gamma\lambda)\, p - \gamma\, \kappa\, O(u)

    where :math:`O` takes :math:`x = u / \|u\|`, lying if :math:`u` stands, through ``ns_steps`` iterations of Newton
    and Schulz, :math:`x \leftarrow a x + (b\, x x^\top + c\, (x x^\top)^2)\, x`. Jordan et al.,
    https://kellerjordan.github.io/posts/muon. The numbers are PyTorch's, but for the iteration's precision: here it is
    the parameter's, there bfloat16.

    Vectors, and by custom a model's first and last matrices, are for another optimizer; see :class:`Split`.

    Parameters
    ----------
    model_or_parameters, learning_rate, maximize, groups
        As for :class:`Adam`; every parameter has two axes.
    weight_decay
        :math:`\lambda`.
    momentum
        :math:`\mu`.
    nesterov
        Whether to look ahead.
    ns_coefficients
        :math:`a, b, c` of the iteration.
    eps
        The least norm that is divided by.
    ns_steps
        How many iterations, fewer than 100.
    adjust_lr_fn
        The factor :math:`\kappa` for a matrix of shape (m, n): ``"original"``, as None, :math:`\sqrt{\max(1, m / n)}`;
        ``"match_rms_adamw"`` :math:`0.2 \sqrt{\max(m, n)}`, with which AdamW's learning rate and weight decay serve
        (Liu et al., https://arxiv.org/abs/2502.16982).

    Raises
    ------
    ValueError
        Where a parameter is no matrix.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> optimizer = nnx.optim.Muon({"w": np.zeros((2, 2))}, learning_rate=1.0)
    >>> optimizer.update({"w": np.asarray([[3.0, 0.0], [0.0, -0.1]])})
    >>> optimizer.parameters["w"].round(1)
    array([[-0.7,  0. ],
           [ 0. ,  1.1]])
    """

    name = "muon"
    elementwise = False

    def __init__(
        self,
        model_or_parameters: Any,
        learning_rate: LearningRate = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.775, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
        *,
        maximize: bool = False,
        groups: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        super().__init__(
            model_or_parameters,
            groups,
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            momentum=momentum,
            nesterov=nesterov,
            ns_coefficients=ns_coefficients,
            eps=eps,
            ns_steps=ns_steps,
            adjust_lr_fn=adjust_lr_fn,
            maximize=maximize,
        )
        for path, cell in self._places.cells().items():
            self.check_parameter(path, cell.value)

    def check(self, settings: Mapping[str, Any]) -> None:
        """Raise where settings make no sense."""
        check_at_least("Muon", settings, "weight_decay", "momentum", "eps")
        if len(settings["ns_coefficients"]) != 3:
            raise complaint("Muon", f"expected three ns_coefficients, got {settings['ns_coefficients']!r}")
        if not 0 <= settings["ns_steps"] < 100:
            raise complaint("Muon", f"expected ns_steps from 0 to 99, got {settings['ns_steps']!r}")
        if settings["adjust_lr_fn"] not in ADJUSTMENTS:
            names = ", ".join(map(repr, ADJUSTMENTS))
            raise complaint("Muon", f"expected adjust_lr_fn among {names}, got {settings['adjust_lr_fn']!r}")

    def check_parameter(self, path: str, value: Array) -> None:
        """Raise where a parameter cannot be updated."""
        super().check_parameter(path, value)
        if value.ndim != 2:
            shape = tuple(value.shape)
            raise complaint(
                "Muon",
                f'expected matrices, got "{path}" of shape {shape}; nnx.optim.Split gives it to another optimizer',
            )

    def statistics(self, settings: Mapping[str, Any]) -> Sequence[str]:
        """The momentum buffer."""
        return ("momentum_buffer",)

    def coefficients(self, settings: Mapping[str, Any], learning_rate: float, step: int) -> tuple[Any, ...]:
        """As the rule takes them."""
        keys = ("momentum", "nesterov", "ns_coefficients", "eps", "ns_steps", "adjust_lr_fn", "maximize")
        shrink = 1.0 - learning_rate * settings["weight_decay"]
        return learning_rate, shrink, *(settings[key] for key in keys)

    @staticmethod
    def rule(
        xp: Any,
        p: Array,
        g: Array,
        state: tuple[Array, ...],
        learning_rate: float,
        shrink: float,
        momentum: float,
        nesterov: bool,
        ns_coefficients: tuple[float, float, float],
        eps: float,
        ns_steps: int,
        adjust_lr_fn: str | None,
        maximize: bool,
    ) -> tuple[Array, Any]:
        """One step of one matrix."""
        if maximize:
            g = -g
        b = momentum * state[0] + (1.0 - momentum) * g
        u = momentum * b + (1.0 - momentum) * g if nesterov else b
        m, n = p.shape
        size = learning_rate
        if m and n:
            size *= (
                0.2 * math.sqrt(max(m, n)) if adjust_lr_fn == ADJUSTMENTS[2] else math.sqrt(max(1.0, m / n))
            )
        return p * shrink - size * orthogonalised(xp, u, ns_coefficients, ns_steps, eps), (b,)


def orthogonalised(
    xp: Any, x: Array, coefficients: tuple[float, float, float], steps: int, eps: float
) -> Array:
    """The matrix with its singular values brought near 1, by Newton–Schulz iterations."""
    a, b, c = coefficients
    standing = x.shape[0] > x.shape[1]
    if standing:
        x = xp.matrix_transpose(x)
    x = x / xp.clip(xp.linalg.vector_norm(x), eps)
    for _ in range(steps):
        gram = x @ xp.matrix_transpose(x)
        x = a * x + (b * gram + c * (gram @ gram)) @ x
    return xp.matrix_transpose(x) if standing else x
