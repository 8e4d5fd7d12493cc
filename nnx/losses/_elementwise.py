"""What losses share that compare an input with a target element by element.

A loss is a row of mathematics, a value and its two slopes; weighting and reduction are the same for all and are
fused with it, forwards and backwards, in one primitive a loss.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..autodiff import array_namespace, joint, primitive
from ..backend import Array
from ..functional._errors import complaint, not_arrays

__all__ = [
    "check_arrays",
    "check_reduction",
    "check_shapes",
    "clamped",
    "elementwise_loss",
    "reduce",
    "softplus_of_minus",
    "together",
]

Term = Callable[..., Array]


def check_reduction(name: str, reduction: str) -> None:
    """Raise unless ``reduction`` is one that PyTorch knows."""
    if reduction not in ("mean", "sum", "none"):
        raise complaint(name, f'expected a reduction of "mean", "sum" or "none", got {reduction!r}')


def check_arrays(name: str, **arrays: Any) -> None:
    """Raise unless all of these are arrays, and the first is of floating point."""
    first, x = next(iter(arrays.items()))
    for array in arrays.values():
        if not hasattr(array, "dtype"):
            raise not_arrays(name, **arrays)
    known = getattr(x.dtype, "kind", "") == "f"  # of NumPy's dtypes; isdtype costs more than a small loss
    if not known and not array_namespace(x).isdtype(x.dtype, "real floating"):
        raise complaint(name, f"expected {first} of a real floating-point dtype, got {x.dtype}", TypeError)


def together(name: str, reduction: str, **arrays: Any) -> list[Array]:
    """The arrays in one shape, whole numbers in the dtype of the first; raises where they don't go together."""
    check_reduction(name, reduction)
    check_arrays(name, **arrays)
    xs = list(arrays.values())
    shape, dtype = xs[0].shape, xs[0].dtype
    for x in xs:
        if x.shape != shape or x.dtype != dtype:
            break
    else:
        return xs
    check_shapes(name, **arrays)
    xp, whole = array_namespace(*xs), ("integral", "bool")
    return list(xp.broadcast_arrays(*(xp.astype(x, dtype) if xp.isdtype(x.dtype, whole) else x for x in xs)))


def check_shapes(name: str, **arrays: Any) -> None:
    """Raise unless the shapes of these broadcast."""
    shapes = [tuple(x.shape) for x in arrays.values()]
    ndim = max(map(len, shapes))
    lengths = zip(*((1,) * (ndim - len(shape)) + shape for shape in shapes), strict=True)
    if any(len(set(n) - {1}) > 1 for n in lengths):
        named = ", ".join(f"{n} {shape}" for n, shape in zip(arrays, shapes, strict=True))
        raise complaint(name, f"expected shapes that broadcast, got {named}")


def clamped(xp: Any, z: Array) -> Array:
    """``max(z, 0)`` whose slope at 0 is 1, as that of PyTorch's clamp is; NaN stays."""
    return xp.where(z < 0, 0.0, z)


def softplus_of_minus(xp: Any, x: Array) -> Array:
    """``log(1 + exp(-x))``, which never overflows."""
    return xp.maximum(-x, 0.0) + xp.log1p(xp.exp(-xp.abs(x)))


def reduce(xp: Any, loss: Array, reduction: str) -> Array:
    """The mean, the sum or all of the elements; the mean of nothing is NaN."""
    if reduction == "none":
        return loss
    if reduction == "sum":
        return xp.sum(loss)
    return xp.mean(loss) if loss.size else xp.sum(loss) * float("nan")


def elementwise_loss(
    name: str, value: Term, slope: Term, target_slope: Term, constant_slope: Term | None = None
) -> Any:
    """The fused primitive ``(x, target, weight, constant, reduction)`` of a loss given as a term and its slopes.

    Each term is called as ``(xp, x, target, constant)``; the constant is a number of the loss, or ``pos_weight``,
    the one that has a slope.
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
            scaled * constant_slope(xp, x, target, constant) if needed[3] and constant_slope else None,
        )

    return loss.defpullback(joint(pullback))
