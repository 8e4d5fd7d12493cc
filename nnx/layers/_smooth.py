"""Smooth activations as layers; the functions of ``nnx.functional`` say what they compute."""

from __future__ import annotations

from ..backend import Array
from ..functional import _smooth as smooth
from ._layer import Layer

__all__ = [
    "GELU",
    "LogSigmoid",
    "Mish",
    "SiLU",
    "Sigmoid",
    "Softplus",
    "Softsign",
    "Tanh",
    "Tanhshrink",
]


class GELU(Layer):
    """The Gaussian error linear unit: :func:`nnx.functional.gelu`.

    Parameters
    ----------
    approximate
        ``"tanh"`` for the approximation by a hyperbolic tangent.
    """

    def __init__(self, approximate: str = "none") -> None:
        self.approximate = approximate

    def forward(self, x: Array) -> Array:
        """Any shape, kept."""
        return smooth.gelu(x, approximate=self.approximate)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"approximate={self.approximate!r}"


class LogSigmoid(Layer):
    """The logarithm of the logistic function: :func:`nnx.functional.logsigmoid`."""

    def forward(self, x: Array) -> Array:
        """Any shape, kept."""
        return smooth.logsigmoid(x)


class Mish(Layer):
    """The mish activation: :func:`nnx.functional.mish`."""

    def forward(self, x: Array) -> Array:
        """Any shape, kept."""
        return smooth.mish(x)


class SiLU(Layer):
    """The sigmoid-weighted linear unit: :func:`nnx.functional.silu`."""

    def forward(self, x: Array) -> Array:
        """Any shape, kept."""
        return smooth.silu(x)


class Sigmoid(Layer):
    """The logistic function: :func:`nnx.functional.sigmoid`."""

    def forward(self, x: Array) -> Array:
        """Any shape, kept."""
        return smooth.sigmoid(x)


class Softplus(Layer):
    """The smooth ramp: :func:`nnx.functional.softplus`.

    Parameters
    ----------
    beta
        How sharp the bend is.
    threshold
        Beyond which ``beta * x`` counts as straight.
    """

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        self.beta = beta
        self.threshold = threshold

    def forward(self, x: Array) -> Array:
        """Any shape, kept."""
        return smooth.softplus(x, self.beta, self.threshold)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"beta={self.beta}, threshold={self.threshold}"


class Softsign(Layer):
    """The rational squashing function: :func:`nnx.functional.softsign`."""

    def forward(self, x: Array) -> Array:
        """Any shape, kept."""
        return smooth.softsign(x)


class Tanh(Layer):
    """The hyperbolic tangent: :func:`nnx.functional.tanh`."""

    def forward(self, x: Array) -> Array:
        """Any shape, kept."""
        return smooth.tanh(x)


class Tanhshrink(Layer):
    """The difference to the hyperbolic tangent: :func:`nnx.functional.tanhshrink`."""

    def forward(self, x: Array) -> Array:
        """Any shape, kept."""
        return smooth.tanhshrink(x)
