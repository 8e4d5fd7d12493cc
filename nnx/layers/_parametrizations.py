"""Weight norm and spectral norm: parametrisations of the weight of any layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import init
from ..autodiff import array_namespace, stop_gradient
from ..backend import Array
from ..functional import _norm as functional
from ..functional._errors import complaint
from ._cells import Buffer
from ._conv_transpose import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from ._layer import Layer
from ._parametrize import is_parametrized, register_parametrization
from ._state import converted

if TYPE_CHECKING:
    from ..random import Generator

__all__ = ["spectral_norm", "weight_norm"]

_SETTLING = 15  # steps of the power method before the first use, as in PyTorch


class _WeightNorm(Layer):
    """From lengths and directions to weights."""

    def __init__(self, axis: int | None) -> None:
        self.axis = axis

    def forward(self, length: Array, direction: Array) -> Array:
        """``direction`` with norms ``length``."""
        return direction * (length / self._norm(direction))

    def right_inverse(self, weight: Array) -> tuple[Array, Array]:
        """Lengths and directions of weights."""
        return self._norm(weight), weight

    def _norm(self, x: Array) -> Array:
        if self.axis is None:
            return array_namespace(x).linalg.vector_norm(x)
        axes = tuple(axis for axis in range(x.ndim) if axis != self.axis % x.ndim)
        xp = array_namespace(x)
        return xp.linalg.vector_norm(x, axis=axes, keepdims=True) if axes else xp.abs(x)


class _SpectralNorm(Layer):
    """From weights to those divided by their largest singular value."""

    _u: Array
    _v: Array

    def __init__(
        self, weight: Array, n_power_iterations: int, axis: int, eps: float, generator: Generator | None
    ) -> None:
        if not -weight.ndim <= axis < weight.ndim:
            raise complaint(
                "spectral_norm",
                f"expected an axis of an array with {weight.ndim} axes, got {axis}",
                IndexError,
            )
        if n_power_iterations <= 0:
            raise complaint(
                "spectral_norm", f"expected n_power_iterations to be positive, got {n_power_iterations}"
            )
        self.n_power_iterations, self.axis, self.eps = n_power_iterations, axis % weight.ndim, eps
        if weight.ndim > 1:
            matrix = self._matrix(weight)
            for name, length in zip(("_u", "_v"), matrix.shape, strict=True):
                vector = converted(init.normal((length,), generator=generator), weight)
                setattr(self, name, Buffer(functional.normalize(vector, axis=0, eps=eps)))
            self._improve(matrix, _SETTLING)

    def forward(self, weight: Array) -> Array:
        """``weight / σ``; in training after a better estimate of σ."""
        if weight.ndim == 1:
            return functional.normalize(weight, axis=0, eps=self.eps)
        xp, matrix = array_namespace(weight), self._matrix(weight)
        if self.training:
            self._improve(matrix, self.n_power_iterations)
        return weight / xp.vecdot(self._u, xp.matmul(matrix, self._v))

    def right_inverse(self, weight: Array) -> Array:
        """The weight itself, as in PyTorch: it is not known what it was divided by."""
        return weight

    def _matrix(self, weight: Array) -> Array:
        """``axis`` against all others."""
        xp = array_namespace(weight)
        if self.axis:
            weight = xp.moveaxis(weight, self.axis, 0)
        return xp.reshape(weight, (weight.shape[0], -1 if weight.size else 0))

    def _improve(self, matrix: Array, steps: int) -> None:
        """Steps of the power method, which no derivative passes through."""
        matrix = stop_gradient(matrix)
        xp, u, v = array_namespace(matrix), self._u, self._v
        for _ in range(steps):
            u = functional.normalize(xp.matmul(matrix, v), axis=0, eps=self.eps)
            v = xp.matmul(_conj(u), matrix)
            v = functional.normalize(_conj(v), axis=0, eps=self.eps)
        self._u, self._v = u, v


def _conj(x: Array) -> Array:
    xp = array_namespace(x)
    return xp.conj(x) if xp.isdtype(x.dtype, "complex floating") else x


def weight_norm(layer: Layer, name: str = "weight", axis: int | None = 0) -> Layer:
    r"""Train the norms of weights apart from their directions: :math:`w = g \, v / \lVert v \rVert`.

    Salimans and Kingma, 2016, arXiv:1602.07868; ``torch.nn.utils.parametrizations.weight_norm``. The layer then has
    the parameters ``parametrizations.<name>.original0``, :math:`g`, and ``.original1``, :math:`v`.

    Parameters
    ----------
    layer
        Changed, and returned.
    name
        Of the parameter.
    axis
        Every index on it has a norm of its own, so for 0 every output feature; None for one norm of all, and so, as
        in PyTorch, is -1.

    Raises
    ------
    ValueError
        Where the layer has no such parameter, or it is parametrized already.
    IndexError
        Where the parameter has no such axis.

    Examples
    --------
    >>> import nnx
    >>> layer = nnx.weight_norm(nnx.Linear(20, 40))
    >>> [(path, x.shape) for path, x in layer.parameters().items()][1]
    ('parametrizations.weight.original0', (40, 1))
    >>> layer.weight.shape
    (40, 20)
    """
    weight: Any = getattr(layer, name, None)
    if is_parametrized(layer, name):
        raise complaint(
            type(layer).__name__, f'"{name}" is parametrized already; weight_norm has to come first'
        )
    if axis is not None and hasattr(weight, "ndim") and not -weight.ndim <= axis < weight.ndim:
        raise complaint(
            "weight_norm", f"expected an axis of an array with {weight.ndim} axes, got {axis}", IndexError
        )
    return register_parametrization(layer, name, _WeightNorm(None if axis == -1 else axis), unsafe=True)


def spectral_norm(
    layer: Layer,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    axis: int | None = None,
    *,
    generator: Generator | None = None,
) -> Layer:
    r"""Divide weights by their largest singular value, which bounds how much a layer can stretch its input.

    Miyato et al., 2018, arXiv:1802.05957; ``torch.nn.utils.parametrizations.spectral_norm``. The singular value is
    :math:`u^\mathsf{T} W v` with estimates of its vectors, buffers that are improved by the power method whenever the
    weight is read in training. The layer then trains ``parametrizations.<name>.original``. A parameter with one axis is
    divided by its norm.

    Parameters
    ----------
    layer
        Changed, and returned.
    name
        Of the parameter.
    n_power_iterations
        Steps of the power method for each reading.
    eps
        The least norm that is divided by.
    axis
        The one of the outputs, against which all others are taken as one; by default 0, for transposed convolutions 1.
    generator
        Where the first estimates are drawn from; nnx's own stream by default.

    Raises
    ------
    ValueError
        Where the layer has no such parameter, or ``n_power_iterations`` is not positive.
    IndexError
        Where the parameter has no such axis.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> layer = nnx.spectral_norm(nnx.Linear(20, 40)).eval()
    >>> bool(0.9 < np.linalg.svd(layer.weight)[1].max() < 1.1)
    True
    """
    weight = getattr(layer, name, None)
    if not hasattr(weight, "ndim"):
        raise complaint(type(layer).__name__, f'has no parameter or buffer "{name}"')
    if axis is None:
        axis = int(isinstance(layer, (ConvTranspose1d, ConvTranspose2d, ConvTranspose3d)))
    estimate = _SpectralNorm(weight, n_power_iterations, axis, eps, generator)
    return register_parametrization(layer, name, estimate)
