"""Smooth activations: each a stable forward and its slope.

Saturated values are exact: no exponential of a positive number is ever taken, so nothing overflows and small
results keep their relative precision.
"""

from __future__ import annotations

import math
from typing import Any

from ..autodiff import array_namespace, primitive
from ..autodiff.special import functions as special
from ..backend import Array
from ._arguments import check_floating, floating, number
from ._errors import complaint

__all__ = ["gelu", "logsigmoid", "mish", "sigmoid", "silu", "softplus", "softsign", "tanh", "tanhshrink"]


@primitive("sigmoid", elementwise=True)
def _sigmoid(xp: Any, x: Array) -> Array:
    e = xp.exp(-xp.abs(x))
    return xp.where(x >= 0, 1.0, e) / (1.0 + e)


@primitive("sigmoid_back", elementwise=True)
def _sigmoid_back(xp: Any, g: Array, out: Array) -> Array:
    return g * (out * (1.0 - out))


_sigmoid.defpullback(lambda xp, g, out, _x: _sigmoid_back(g, out))
_sigmoid_back.defpullback(
    lambda xp, c, _out, _g, out: _sigmoid_back(c, out), lambda xp, c, _out, g, out: c * g * (1.0 - 2.0 * out)
)


def sigmoid(x: Array) -> Array:
    r"""The logistic function :math:`\sigma(x) = 1 / (1 + e^{-x})`, as ``torch.nn.functional.sigmoid``.

    Its slope is :math:`\sigma(x)(1 - \sigma(x))`.

    Examples
    --------
    >>> import numpy as np
    >>> sigmoid(np.asarray([-800.0, 0.0, 800.0]))
    array([0. , 0.5, 1. ])
    """
    return _sigmoid(floating("sigmoid", x))


def tanh(x: Array) -> Array:
    r"""The hyperbolic tangent, with slope :math:`1 - \tanh^2 x`; the standard's own function.

    Examples
    --------
    >>> import numpy as np
    >>> tanh(np.asarray([0.0, 100.0]))
    array([0., 1.])
    """
    x = floating("tanh", x)
    return array_namespace(x).tanh(x)


@primitive("logsigmoid", elementwise=True)
def _logsigmoid(xp: Any, x: Array) -> Array:
    return xp.minimum(x, 0.0) - xp.log1p(xp.exp(-xp.abs(x)))


_logsigmoid.defpullback(lambda xp, g, _out, x: g * sigmoid(-x))


def logsigmoid(x: Array) -> Array:
    r"""The logarithm of the logistic function, :math:`\log \sigma(x) = -\log(1 + e^{-x})`.

    Examples
    --------
    >>> import numpy as np
    >>> logsigmoid(np.asarray([-800.0, 800.0]))
    array([-800.,    0.])
    """
    check_floating("logsigmoid", x)
    return _logsigmoid(x)


@primitive("silu", elementwise=True)
def _silu(xp: Any, x: Array) -> Array:
    return x * sigmoid(x)


def _silu_pullback(xp: Any, g: Array, _out: Any, x: Array) -> Array:
    s = sigmoid(x)
    return g * (s * (1.0 + x * (1.0 - s)))


_silu.defpullback(_silu_pullback)


def silu(x: Array) -> Array:
    r"""The sigmoid-weighted linear unit :math:`x\,\sigma(x)`, also called swish.

    Elfwing, Uchibe and Doya, https://arxiv.org/abs/1702.03118.

    Examples
    --------
    >>> import numpy as np
    >>> silu(np.asarray([0.0, 100.0]))
    array([  0., 100.])
    """
    check_floating("silu", x)
    return _silu(x)


def _normal(xp: Any, x: Array) -> Array:
    """The normal distribution function with the dtype of ``x``: of half precision, SciPy's gives a double."""
    return xp.astype(special.ndtr(x), x.dtype, copy=False)


@primitive("gelu", elementwise=True)
def _gelu(xp: Any, x: Array) -> Array:
    return x * _normal(xp, x)


def _gelu_pullback(xp: Any, g: Array, _out: Any, x: Array) -> Array:
    density = xp.exp(-0.5 * (x * x)) * (1.0 / math.sqrt(2.0 * math.pi))
    return g * (_normal(xp, x) + x * density)


_gelu.defpullback(_gelu_pullback)


def gelu(x: Array, *, approximate: str = "none") -> Array:
    r"""The Gaussian error linear unit :math:`x\,\Phi(x)`, with the normal distribution function :math:`\Phi`.

    Hendrycks and Gimpel, https://arxiv.org/abs/1606.08415.

    Parameters
    ----------
    x
        Floating-point array of any shape.
    approximate
        ``"tanh"`` for :math:`x (1 + \tanh(\sqrt{2/\pi}\,(x + 0.044715 x^3))) / 2` instead.

    Examples
    --------
    >>> import numpy as np
    >>> gelu(np.asarray([-800.0, 0.0, 800.0]))
    array([ -0.,   0., 800.])
    """
    check_floating("gelu", x)
    if approximate == "none":
        return _gelu(x)
    if approximate != "tanh":
        raise complaint("gelu", f'expected approximate to be "none" or "tanh", got {approximate!r}')
    return 0.5 * x * (1.0 + tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * (x * x * x))))


@primitive("softplus", params=("beta", "threshold"), elementwise=True)
def _softplus(xp: Any, x: Array, *, beta: float = 1.0, threshold: float = 20.0) -> Array:
    z = x * beta
    return xp.where(z > threshold, x, (xp.maximum(z, 0.0) + xp.log1p(xp.exp(-xp.abs(z)))) / beta)


def _softplus_pullback(
    xp: Any, g: Array, _out: Any, x: Array, *, beta: float = 1.0, threshold: float = 20.0
) -> Array:
    z = x * beta
    return xp.where(z > threshold, g, g * sigmoid(z))


_softplus.defpullback(_softplus_pullback)


def softplus(x: Array, beta: float = 1.0, threshold: float = 20.0) -> Array:
    r"""A smooth ramp, :math:`\log(1 + e^{\beta x}) / \beta`; the identity where :math:`\beta x` > ``threshold``.

    Examples
    --------
    >>> import numpy as np
    >>> softplus(np.asarray([-800.0, 800.0]))
    array([  0., 800.])
    """
    check_floating("softplus", x)
    where = "softplus"
    return _softplus(x, beta=number(where, "beta", beta), threshold=number(where, "threshold", threshold))


def mish(x: Array) -> Array:
    r"""The activation :math:`x \tanh(\mathrm{softplus}(x))` of Misra, https://arxiv.org/abs/1908.08681.

    Examples
    --------
    >>> import numpy as np
    >>> mish(np.asarray([0.0, 100.0]))
    array([  0., 100.])
    """
    check_floating("mish", x)
    return x * tanh(softplus(x))


def softsign(x: Array) -> Array:
    r"""The rational squashing function :math:`x / (1 + |x|)`.

    Examples
    --------
    >>> import numpy as np
    >>> softsign(np.asarray([-1.0, 3.0]))
    array([-0.5 ,  0.75])
    """
    x = floating("softsign", x)
    return x / (1.0 + abs(x))


def tanhshrink(x: Array) -> Array:
    r"""What the hyperbolic tangent takes away, :math:`x - \tanh x`.

    Examples
    --------
    >>> import numpy as np
    >>> tanhshrink(np.asarray([0.0, 100.0]))
    array([ 0., 99.])
    """
    x = floating("tanhshrink", x)
    return x - tanh(x)
