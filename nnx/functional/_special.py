"""Special functions under PyTorch's names: those of ``nnx.autodiff.special``, for real arrays.

Integers are taken as numbers of the library's default floating-point dtype.
"""

from __future__ import annotations

from typing import Any

from ..autodiff import array_namespace
from ..autodiff.special import functions as special
from ..autodiff.special import promoted
from ..backend import Array
from ._arguments import number, whole
from ._errors import check_arrays, complaint, not_arrays
from ._smooth import sigmoid

__all__ = [
    "digamma", "erf", "erfc", "erfinv", "expit", "lgamma", "log_ndtr", "logit", "ndtr", "ndtri", "polygamma", "xlogy",
]  # fmt: skip


def _real(where: str, *args: Any) -> list[Any]:
    """The arguments as real floating-point arrays of one dtype; raises for complex ones."""
    if not any(hasattr(x, "dtype") for x in args):
        raise not_arrays(where, x=args[0])
    for x in args:
        if not isinstance(x, (int, float, complex)):
            check_arrays(where, x=x)
    xp = array_namespace(*args)
    for x in args:
        if isinstance(x, complex) or (hasattr(x, "dtype") and xp.isdtype(x.dtype, "complex floating")):
            raise complaint(where, f"expected real numbers, got {getattr(x, 'dtype', 'complex')}", TypeError)
    return promoted(xp, args)


def erf(x: Array) -> Array:
    r"""The error function :math:`\frac{2}{\sqrt\pi} \int_0^x e^{-t^2} \mathrm{d}t`, as ``torch.erf``.

    Raises
    ------
    TypeError
        For complex numbers, as do the others of this family.

    Examples
    --------
    >>> import numpy as np
    >>> erf(np.asarray([0.0, 1.0]))
    array([0.        , 0.84270079])
    """
    return special.erf(*_real("erf", x))


def erfc(x: Array) -> Array:
    """``1 - erf(x)``, exact where it is small.

    Examples
    --------
    >>> import numpy as np
    >>> erfc(np.asarray([0.0, 10.0]))
    array([1.00000000e+00, 2.08848758e-45])
    """
    return special.erfc(*_real("erfc", x))


def erfinv(x: Array) -> Array:
    """The inverse of ``erf``: infinite at -1 and 1, NaN beyond.

    Examples
    --------
    >>> import numpy as np
    >>> erfinv(np.asarray([0.0, 1.0]))
    array([ 0., inf])
    """
    return special.erfinv(*_real("erfinv", x))


def ndtr(x: Array) -> Array:
    r"""The normal distribution function :math:`\Phi`, as ``torch.special.ndtr``.

    Examples
    --------
    >>> import numpy as np
    >>> ndtr(np.asarray([0.0, 40.0]))
    array([0.5, 1. ])
    """
    return special.ndtr(*_real("ndtr", x))


def ndtri(x: Array) -> Array:
    """The inverse of ``ndtr``.

    Examples
    --------
    >>> import numpy as np
    >>> ndtri(np.asarray([0.5, 1.0]))
    array([ 0., inf])
    """
    return special.ndtri(*_real("ndtri", x))


def log_ndtr(x: Array) -> Array:
    """The logarithm of ``ndtr``, far into the tail.

    Examples
    --------
    >>> import numpy as np
    >>> log_ndtr(np.asarray([-100.0]))
    array([-5005.52420869])
    """
    return special.log_ndtr(*_real("log_ndtr", x))


def lgamma(x: Array) -> Array:
    r"""The logarithm of the gamma function's size, :math:`\log |\Gamma(x)|`, as ``torch.lgamma``.

    Examples
    --------
    >>> import numpy as np
    >>> np.exp(lgamma(np.asarray([4.0, 0.5])))
    array([6.        , 1.77245385])
    """
    return special.gammaln(*_real("lgamma", x))


def digamma(x: Array) -> Array:
    """The derivative of ``lgamma``.

    Examples
    --------
    >>> import numpy as np
    >>> digamma(np.asarray([1.0]))
    array([-0.57721566])
    """
    return special.digamma(*_real("digamma", x))


def polygamma(n: int, x: Array) -> Array:
    """The n-th derivative of ``digamma``, as ``torch.polygamma``.

    Raises
    ------
    TypeError, ValueError
        For other than a whole number of at least 0.

    Examples
    --------
    >>> import numpy as np
    >>> polygamma(1, np.asarray([1.0]))
    array([1.64493407])
    """
    n = whole("polygamma", "n", n, 0)
    (x,) = _real("polygamma", x)
    return array_namespace(x).astype(special.polygamma(n, x), x.dtype, copy=False) if n else digamma(x)


def expit(x: Array) -> Array:
    """``sigmoid`` under its name in ``torch.special``.

    Examples
    --------
    >>> import numpy as np
    >>> expit(np.asarray([0.0]))
    array([0.5])
    """
    return sigmoid(*_real("expit", x))


def logit(x: Array, eps: float | None = None) -> Array:
    r"""The inverse of ``expit``, :math:`\log \frac{x}{1 - x}`, as ``torch.logit``.

    Parameters
    ----------
    x
        Probabilities; outside of 0 to 1 the result is NaN.
    eps
        First clips ``x`` to between ``eps`` and ``1 - eps``.

    Examples
    --------
    >>> import numpy as np
    >>> logit(np.asarray([0.5, 1.0]))
    array([ 0., inf])
    """
    (x,) = _real("logit", x)
    if eps is not None:
        eps = number("logit", "eps", eps)
        x = array_namespace(x).clip(x, eps, 1.0 - eps)
    return special.logit(x)


def xlogy(x: Array | float, y: Array | float) -> Array:
    r"""The product :math:`x \log y`, zero where ``x`` is zero, as ``torch.xlogy``.

    One of the two may be a number.

    Examples
    --------
    >>> import numpy as np
    >>> xlogy(np.asarray([0.0, 2.0]), np.asarray([0.0, 1.0]))
    array([0., 0.])
    """
    return special.xlogy(*_real("xlogy", x, y))
