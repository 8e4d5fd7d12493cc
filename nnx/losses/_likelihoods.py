"""Losses that are negative log-likelihoods of counts and measurements, and the divergence of distributions."""

from __future__ import annotations

import math
from typing import Any

from ..autodiff import array_namespace, stop_gradient
from ..backend import Array
from ..functional._errors import complaint
from ._elementwise import check_arrays, elementwise_loss, reduce, together

__all__ = ["gaussian_nll_loss", "kl_div", "poisson_nll_loss"]


def _log(xp: Any, p: Array) -> Array:
    """The logarithm; of 0 it is minus infinity, without a warning."""
    return xp.where(p == 0, -float("inf"), xp.log(xp.where(p == 0, 1.0, p)))


_kl_div = elementwise_loss(
    "kl_div",
    lambda xp, x, target, _: target * (xp.log(xp.where(target == 0, 1.0, target)) - x),
    lambda xp, x, target, _: -target,
    lambda xp, x, target, _: _log(xp, target) + (1.0 - x),
)
_kl_div_of_logs = elementwise_loss(
    "kl_div_of_logs",
    lambda xp, x, target, _: xp.exp(target) * (target - x),
    lambda xp, x, target, _: -xp.exp(target),
    lambda xp, x, target, _: xp.exp(target) * (target - x + 1.0),
)
_poisson_of_log = elementwise_loss(
    "poisson_nll_loss_of_log",
    lambda xp, x, target, _: xp.exp(x) - target * x,
    lambda xp, x, target, _: xp.exp(x) - target,
    lambda xp, x, target, _: -x,
)
_poisson = elementwise_loss(
    "poisson_nll_loss",
    lambda xp, x, target, eps: x - target * xp.log(x + eps),
    lambda xp, x, target, eps: 1.0 - target / (x + eps),
    lambda xp, x, target, eps: -xp.log(x + eps),
)


def kl_div(input: Array, target: Array, reduction: str = "mean", log_target: bool = False) -> Array:
    r"""The Kullback-Leibler divergence :math:`t\,(\log t - x)` from a distribution given by its logarithm.

    Parameters
    ----------
    input
        Log-probabilities :math:`x`.
    target
        Probabilities :math:`t`, where 0 counts 0; of a shape that broadcasts with the input's.
    reduction
        ``"batchmean"``, the sum divided by the length of the first axis, is the divergence of the distributions;
        ``"mean"`` divides by the number of elements; ``"sum"`` or ``"none"``.
    log_target
        Whether the target is given by its logarithm too.

    Examples
    --------
    >>> import numpy as np
    >>> p = np.asarray([[0.5, 0.5]])
    >>> float(kl_div(np.log(np.asarray([[0.25, 0.75]])), p, reduction="batchmean").round(4))
    0.1438
    """
    name, batchmean = "kl_div", reduction == "batchmean"
    check_arrays(name, target=target)
    x, t = together(name, "sum" if batchmean else reduction, input=input, target=target)
    loss = _kl_div_of_logs if log_target else _kl_div
    if not batchmean:
        return loss(x, t, None, None, reduction=reduction)
    total = loss(x, t, None, None, reduction="sum")
    return total / (input.shape[0] or float("nan")) if input.ndim else total


def poisson_nll_loss(
    input: Array,
    target: Array,
    log_input: bool = True,
    full: bool = False,
    eps: float = 1e-8,
    reduction: str = "mean",
) -> Array:
    r"""The negative log-likelihood :math:`e^x - t x` of counts, Poisson-distributed with mean :math:`e^x`.

    Parameters
    ----------
    input
        The logarithm :math:`x` of the mean, or the mean itself.
    target
        The counts :math:`t`, of a shape that broadcasts with the input's.
    log_input
        Whether the input is the logarithm; if not, the loss is :math:`x - t \log(x + \epsilon)`.
    full
        Whether to add Stirling's approximation :math:`t \log t - t + \tfrac12 \log(2 \pi t)` of
        :math:`\log t!`, which the loss otherwise leaves out, where :math:`t > 1`.
    eps
        Keeps the logarithm finite.
    reduction
        ``"mean"``, ``"sum"`` or ``"none"``.

    Examples
    --------
    >>> import numpy as np
    >>> float(poisson_nll_loss(np.log(np.asarray([2.0])), np.asarray([3])).round(4))
    -0.0794
    """
    x, t = together("poisson_nll_loss", reduction, input=input, target=target)
    if log_input:
        loss = _poisson_of_log(x, t, None, None, reduction=reduction)
    else:
        loss = _poisson(x, t, None, float(eps), reduction=reduction)
    if not full:
        return loss
    xp = array_namespace(x, t)
    several = t > 1
    n = xp.where(several, t, 1.0)
    stirling = xp.where(several, n * xp.log(n) - n + 0.5 * xp.log(2.0 * math.pi * n), 0.0)
    return loss + reduce(xp, stirling, reduction)


def gaussian_nll_loss(
    input: Array,
    target: Array,
    var: Array | float,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Array:
    r"""The negative log-likelihood :math:`\tfrac12 [\log v + (x - t)^2 / v]` of normally distributed values.

    Nix and Weigend, ICNN 1994.

    Parameters
    ----------
    input
        The means :math:`x`, shape ``(*, D)``.
    target
        The values :math:`t`, of a shape that broadcasts with the input's.
    var
        The variances :math:`v`, none negative: of the input's shape, of that without its last axis or with one
        axis of length 1 instead, or one number for all.
    full
        Whether to add the constant :math:`\tfrac12 \log 2 \pi`.
    eps
        Smaller variances are taken to be this; the slope is that of the variance all the same.
    reduction
        ``"mean"``, ``"sum"`` or ``"none"``.

    Examples
    --------
    >>> import numpy as np
    >>> gaussian_nll_loss(np.asarray([0.0, 1.0]), np.asarray([2.0, 1.0]), 1.0, reduction="none")
    array([2., 0.])
    """
    name = "gaussian_nll_loss"
    x, t = together(name, reduction, input=input, target=target)
    xp: Any = array_namespace(x)
    negative = var < 0
    if not hasattr(var, "dtype"):
        var = xp.full(input.shape, float(var), dtype=x.dtype, device=x.device)
    xp, var = array_namespace(x, var), _variances(name, var, tuple(input.shape))
    if bool(negative if isinstance(negative, bool) else xp.any(negative)):
        raise complaint(name, "expected var without negative elements")
    v = var + stop_gradient(xp.where(var < eps, eps - var, 0.0))
    loss = 0.5 * (xp.log(v) + xp.square(x - t) / v)
    return reduce(xp, loss + 0.5 * math.log(2.0 * math.pi) if full else loss, reduction)


def _variances(name: str, var: Any, shape: tuple[int, ...]) -> Array:
    """The variances in a shape that broadcasts with ``shape``; raises where PyTorch's rule has none."""
    given = tuple(var.shape)
    if given == shape:
        return var
    if given == shape[:-1]:
        return array_namespace(var).expand_dims(var, axis=-1)
    odd = [n for m, n in zip(shape, given, strict=False) if m != n]
    if len(given) != len(shape) or sum(odd) != 1:
        raise complaint(
            name, f"expected var of the input's shape {shape}, or with one axis of 1, got {given}"
        )
    return var
