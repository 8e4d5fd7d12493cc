"""What losses share that compare an input with a target element by element.

A loss is a row of mathematics, a value and its two slopes; weighting and reduction are the same for all and are
fused with it, forwards and backwards, in one primitive a loss.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..autodiff import joint, primitive
from ..backend import Array
from ..functional._errors import complaint

__all__ = ["check_reduction", "elementwise_loss", "reduce"]

Term = Callable[..., Array]


def check_reduction(name: str, reduction: str) -> None:
    """Raise unless ``reduction`` is one that PyTorch knows."""
    if reduction not in ("mean", "sum", "none"):
        raise complaint(name, f'expected a reduction of "mean", "sum" or "none", got {reduction!r}')


def reduce(xp: Any, loss: Array, reduction: str) -> Array:
    """The mean, the sum or all of the elements; the mean of nothing is NaN."""
    if reduction == "none":
        return loss
    if reduction == "sum":
        return xp.sum(loss)
    return xp.mean(loss) if loss.size else xp.sum(loss) * float("nan")


def elementwise_loss(name: str, value: Term, slope: Term, target_slope: Term) -> Any:
    """The fused primitive ``(x, target, weight, constant, reduction)`` of a loss given as a term and its slopes.

    Each term is called as ``(xp, x, target, constant)``; the constant is what ``pos_weight`` needs.
    """

    @primitive(name, params=("reduction",))
    def loss(
        xp: Any, x: Array, target: Array, weight: Array | None, constant: Array | None, *, reduction: str
    ) -> Array:
        each = value(xp, x, target, constant)
        return reduce(xp, each if weight is None else each * weight, reduction)

    def pullback(
        xp: Any,
        g: Array,
        _out: Any,
        x: Array,
        target: Array,
        weight: Array | None,
        constant: Array | None,
        *,
        needed: tuple[bool, ...],
        reduction: str,
    ) -> tuple[Array | None, ...]:
        if reduction == "mean":
            g = g / max(x.size, 1)
        scaled = g if weight is None else g * weight
        return (
            scaled * slope(xp, x, target, constant) if needed[0] else None,
            scaled * target_slope(xp, x, target, constant) if needed[1] else None,
            g * value(xp, x, target, constant) if needed[2] else None,
            None,
        )

    return loss.defpullback(joint(pullback))
