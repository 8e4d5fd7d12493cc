"""The affine map, fused: one matrix product each way, however many leading axes there are."""

from __future__ import annotations

from typing import Any

from ..autodiff import joint, primitive
from ..backend import Array
from ._errors import complaint

__all__ = ["linear"]


@primitive("linear")
def linear_primitive(xp: Any, x: Array, weight: Array, bias: Array | None) -> Array:
    check_linear(x, weight, bias)
    rows = x if x.ndim == 2 else xp.reshape(x, (_leading(x), x.shape[-1]))
    out = xp.matmul(rows, weight.T)
    if bias is not None:
        out += bias
    return out if x.ndim == 2 else xp.reshape(out, (*x.shape[:-1], weight.shape[0]))


def _linear_pullback(
    xp: Any, g: Array, _out: Any, x: Array, weight: Array, _bias: Any, *, needed: tuple[bool, ...]
) -> tuple[Array | None, ...]:
    if x.ndim != 2:
        count = _leading(x)
        grads = _linear_pullback(
            xp, xp.reshape(g, (count, weight.shape[0])), None, xp.reshape(x, (count, weight.shape[1])), weight,
            None, needed=needed,
        )  # fmt: skip
        return None if grads[0] is None else xp.reshape(grads[0], x.shape), *grads[1:]
    return (
        xp.matmul(g, weight) if needed[0] else None,
        xp.matmul(g.T, x) if needed[1] else None,
        xp.sum(g, axis=0) if needed[2] else None,
    )


linear_primitive.defpullback(joint(_linear_pullback))


def _leading(x: Array) -> int:
    count = 1
    for n in x.shape[:-1]:
        count *= n
    return count


def check_linear(x: Array, weight: Array, bias: Array | None) -> None:
    """Raise where these cannot be multiplied, saying why."""
    if weight.ndim != 2:
        raise complaint("linear", f"expected a weight with 2 axes, got shape {weight.shape}")
    if x.ndim == 0 or x.shape[-1] != weight.shape[1]:
        got = x.shape[-1] if x.ndim else "none"
        raise complaint(
            "linear", f"expected a last axis of {weight.shape[1]}, got {got} (input shape {x.shape})"
        )
    if x.dtype != weight.dtype:
        raise complaint(
            "linear",
            f"expected an input of the weight's dtype {weight.dtype}, got {x.dtype}; convert the input, or the "
            "model with .astype",
            TypeError,
        )
    if bias is not None and bias.shape not in ((weight.shape[0],), (1,), ()):
        raise complaint("linear", f"expected a bias of shape {(weight.shape[0],)}, got {bias.shape}")


def linear(x: Array, weight: Array, bias: Array | None = None) -> Array:
    r"""The affine map :math:`y = x W^\mathsf{T} + b`, as ``torch.nn.functional.linear``.

    Parameters
    ----------
    x
        Shape ``(*, in_features)``, any number of leading axes.
    weight
        Shape ``(out_features, in_features)``, of the dtype of ``x``.
    bias
        Shape ``(out_features,)``, or None.

    Returns
    -------
    Shape ``(*, out_features)``.

    Raises
    ------
    ValueError
        Where the shapes don't fit.
    TypeError
        Where the dtypes differ.

    Examples
    --------
    >>> import numpy as np
    >>> linear(np.asarray([[1.0, 2.0]]), np.asarray([[3.0, 4.0]]), np.asarray([0.5]))
    array([[11.5]])
    """
    return linear_primitive(x, weight, bias)
