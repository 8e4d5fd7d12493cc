"""Activations in which something else decides what passes: the other half of the input, or chance."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..autodiff import array_namespace, primitive
from ..backend import Array, backend_of
from ._arguments import axis_of, check_floating, number
from ._dropout import stream
from ._errors import complaint
from ._piecewise import leaky_relu
from ._smooth import sigmoid
from ._softmax import softmax

if TYPE_CHECKING:
    from ..random import Generator

__all__ = ["glu", "gumbel_softmax", "rrelu"]


def _halves(x: Array, axis: int) -> tuple[Array, Array]:
    before, half = (slice(None),) * axis, x.shape[axis] // 2
    return x[(*before, slice(0, half), ...)], x[(*before, slice(half, None), ...)]


@primitive("glu", params=("axis",))
def _glu(xp: Any, x: Array, *, axis: int) -> Array:
    passed, gate = _halves(x, axis)
    return passed * sigmoid(gate)


def _glu_pullback(xp: Any, g: Array, _out: Any, x: Array, *, axis: int) -> Array:
    passed, gate = _halves(x, axis)
    gate = sigmoid(gate)
    of_passed = g * gate
    return xp.concat([of_passed, of_passed * (1.0 - gate) * passed], axis=axis)


_glu.defpullback(_glu_pullback)


def glu(x: Array, axis: int = -1) -> Array:
    r"""The gated linear unit :math:`a\,\sigma(b)`, where :math:`a` and :math:`b` are the halves of ``x``.

    Dauphin et al., ICML 2017, arXiv:1612.08083.

    Parameters
    ----------
    x
        An even length along ``axis``.
    axis
        Which is cut in half.

    Examples
    --------
    >>> import numpy as np
    >>> glu(np.asarray([1.0, 2.0, 800.0, -800.0]))
    array([1., 0.])
    """
    check_floating("glu", x)
    if not x.ndim:
        raise complaint("glu", "expected an input with at least 1 axis, got shape ()")
    axis = axis_of("glu", axis, x.ndim)
    if x.shape[axis] % 2:
        raise complaint("glu", f"expected an even length along axis {axis}, got shape {tuple(x.shape)}")
    return _glu(x, axis=axis)


@primitive("rrelu")
def _rrelu(xp: Any, x: Array, slope: Array) -> Array:
    return xp.where(x > 0, x, x * slope)


_rrelu.defpullback(lambda xp, g, _out, x, slope: xp.where(x > 0, g, g * slope), None)


def check_slopes(where: str, lower: Any, upper: Any) -> tuple[float, float]:
    """Both as numbers; raise unless they are, in this order."""
    lower, upper = number(where, "lower", lower), number(where, "upper", upper)
    if not (math.isfinite(lower) and math.isfinite(upper) and lower <= upper):
        raise complaint(where, f"expected finite lower <= upper, got {lower} and {upper}")
    return lower, upper


def rrelu(
    x: Array,
    lower: float = 1.0 / 8,
    upper: float = 1.0 / 3,
    training: bool = False,
    *,
    generator: Generator | None = None,
) -> Array:
    """The leaky rectifier with a slope drawn for each element. Xu et al., 2015, arXiv:1505.00853.

    Parameters
    ----------
    x
        Floating-point array of any shape.
    lower, upper
        The slopes of elements that are not positive are evenly distributed between them.
    training
        Where False, all of them are ``(lower + upper) / 2``.
    generator
        Where slopes are drawn from; nnx's own stream (``nnx.seed``) by default.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> rrelu(np.asarray([-1.0, -1.0, 2.0]), 0.0, 0.5, training=True, generator=nnx.random.Generator(7)).round(2)
    array([-0.44, -0.15,  2.  ])
    """
    lower, upper = check_slopes("rrelu", lower, upper)
    if not training:
        return leaky_relu(x, (lower + upper) / 2)
    check_floating("rrelu", x)
    slope = stream(generator).uniform(
        tuple(x.shape), lower, upper, dtype=x.dtype, device=x.device, backend=backend_of(x)
    )
    return _rrelu(x, slope)


@primitive("winner", params=("axis",))
def _winner(xp: Any, x: Array, *, axis: int) -> Array:
    """1 where the largest along an axis is (the first of equals), 0 elsewhere, with the slope of ``x`` itself."""
    places = xp.reshape(
        xp.arange(x.shape[axis], device=x.device), (-1,) + (1,) * (x.ndim - 1 - axis % x.ndim)
    )
    return xp.astype(places == xp.argmax(x, axis=axis, keepdims=True), x.dtype)


_winner.defpullback(lambda xp, g, _out, _x, *, axis: g)


def gumbel_softmax(
    logits: Array,
    tau: float = 1.0,
    hard: bool = False,
    eps: float = 1e-10,
    axis: int = -1,
    *,
    generator: Generator | None = None,
) -> Array:
    r"""A random choice that can be differentiated: :math:`\mathrm{softmax}((l + G) / \tau)`, :math:`G` Gumbel noise.

    Jang, Gu and Poole, arXiv:1611.01144; Maddison, Mnih and Teh, arXiv:1611.00712, both ICLR 2017.

    Parameters
    ----------
    logits
        Logarithms of the classes' probabilities, up to a constant.
    tau
        The temperature: small for almost one-hot results.
    hard
        Whether the results are exactly one-hot; their gradient is that of the soft ones (straight-through).
    eps
        Without effect, as in PyTorch.
    axis
        Along which the classes are.
    generator
        Where the noise is drawn from; nnx's own stream (``nnx.seed``) by default.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> gumbel_softmax(np.zeros(3), hard=True, generator=nnx.random.Generator(7))
    array([0., 1., 0.])
    """
    del eps
    tau = number("gumbel_softmax", "tau", tau)
    check_floating("gumbel_softmax", logits)
    xp: Any = array_namespace(logits)
    wide = logits.dtype == getattr(xp, "float64", None)
    u = stream(generator).uniform(
        tuple(logits.shape),
        dtype="float64" if wide else "float32",
        device=logits.device,
        backend=backend_of(logits),
    )
    own: Any = array_namespace(u)
    u = own.clip(
        u, 2.0**-54 if wide else 2.0**-25, None
    )  # u is 0 at times, of which the noise would be infinite
    noise = own.astype(-own.log(-own.log1p(-u)), logits.dtype)
    soft = softmax(_noisy(logits, noise) / tau, axis)
    return _winner(soft, axis=axis) if hard else soft


@primitive("noisy")
def _noisy(xp: Any, x: Array, noise: Array) -> Array:
    return x + noise


_noisy.defpullback(lambda xp, g, _out, _x, _noise: g, None)
