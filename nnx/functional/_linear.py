"""The affine map, fused: one matrix product each way, however many leading axes there are; the bilinear map."""

from __future__ import annotations

from typing import Any

from ..autodiff import array_namespace, joint, primitive
from ..autodiff.einsum import einsum
from ..backend import Array
from ._errors import check_arrays, complaint, other_dtype

__all__ = ["bilinear", "linear"]


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
        raise other_dtype("linear", x, weight.dtype)
    if bias is not None and bias.shape not in ((weight.shape[0],), (1,), ()):
        raise complaint("linear", f"expected a bias of shape {(weight.shape[0],)}, got {bias.shape}")


def linear(x: Array, weight: Array, bias: Array | None = None) -> Array:
    r"""The affine map :math:`y = x W^\mathsf{T} + b`, as ``torch.nn.functional.linear``.

    Parameters
    ----------
    x
        Shape ``(*, in_features)``, any number of leading axes.
    weight
        Shape ``(out_features, in_features)``, of the dtype of ``x``; or ``(in_features,)``.
    bias
        Shape ``(out_features,)``, or None.

    Returns
    -------
    Shape ``(*, out_features)``; ``(*)`` for a weight of one axis.

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
    if getattr(weight, "ndim", 2) == 1:
        xp = array_namespace(x, weight, bias)
        return xp.squeeze(linear(x, xp.expand_dims(weight, axis=0), bias), axis=-1)
    return linear_primitive(x, weight, bias)


def bilinear(input1: Array, input2: Array, weight: Array, bias: Array | None = None) -> Array:
    r"""The bilinear map :math:`y_o = x_1^\mathsf{T} W_o x_2 + b_o`, as ``torch.nn.functional.bilinear``.

    Parameters
    ----------
    input1, input2
        Shapes ``(*, in1_features)`` and ``(*, in2_features)``, of the same leading axes.
    weight
        Shape ``(out_features, in1_features, in2_features)``, of the inputs' dtype.
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
    >>> bilinear(np.asarray([1.0, 2.0]), np.asarray([3.0]), np.asarray([[[1.0], [1.0]]]))
    array([9.])
    """
    _check_bilinear(input1, input2, weight, bias)
    xp, count = array_namespace(input1, input2, weight, bias), _leading(input1)
    first, second = (
        xp.reshape(input1, (count, input1.shape[-1])),
        xp.reshape(input2, (count, input2.shape[-1])),
    )
    out = xp.reshape(
        einsum(xp, "ni,oij,nj->no", first, weight, second), (*input1.shape[:-1], weight.shape[0])
    )
    return out if bias is None else out + bias


def _check_bilinear(input1: Array, input2: Array, weight: Array, bias: Array | None) -> None:
    check_arrays("bilinear", input1=input1, input2=input2, weight=weight)
    if bias is not None:
        check_arrays("bilinear", bias=bias)
    if weight.ndim != 3:
        raise complaint("bilinear", f"expected a weight with 3 axes, got shape {tuple(weight.shape)}")
    for name, x, n in (("input1", input1, weight.shape[1]), ("input2", input2, weight.shape[2])):
        if x.ndim == 0 or x.shape[-1] != n:
            raise complaint(
                "bilinear", f"expected {name} with a last axis of {n}, got shape {tuple(x.shape)}"
            )
    if input1.shape[:-1] != input2.shape[:-1]:
        raise complaint(
            "bilinear",
            f"expected the same leading axes, got shapes {tuple(input1.shape)} and {tuple(input2.shape)}",
        )
    if bias is not None and tuple(bias.shape) != (weight.shape[0],):
        raise complaint("bilinear", f"expected a bias of shape {(weight.shape[0],)}, got {tuple(bias.shape)}")
    if input1.dtype != weight.dtype or input2.dtype != weight.dtype:
        raise complaint(
            "bilinear",
            f"expected inputs of the weight's dtype {weight.dtype}, got {input1.dtype} and "
            f"{input2.dtype}; convert them, or the model with .astype",
            TypeError,
        )
