"""Piecewise activations as layers; the functions of ``nnx.functional`` say what they compute."""

from __future__ import annotations

from ..backend import Array
from ..functional import _piecewise as piecewise
from ..functional._errors import complaint
from ._layer import Layer

__all__ = [
    "CELU",
    "ELU",
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "LeakyReLU",
    "ReLU",
    "ReLU6",
    "SELU",
    "Softshrink",
    "Step",
    "Threshold",
]


class CELU(Layer):
    """The continuously differentiable exponential linear unit: :func:`nnx.functional.celu`.

    Parameters
    ----------
    alpha
        The scale of the negative side.
    """

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha

    def forward(self, x: Array) -> Array:
        """Any shape, kept."""
        return piecewise.celu(x, self.alpha)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"alpha={self.alpha}"


class ELU(Layer):
    """The exponential linear unit: :func:`nnx.functional.elu`.

    Parameters
    ----------
    alpha
        Minus the limit on the negative side.
    """

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha

    def forward(self, x: Array) -> Array:
        """Any shape, kept."""
        return piecewise.elu(x, self.alpha)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"alpha={self.alpha}"


class Hardshrink(Layer):
    """The hard shrinkage: :func:`nnx.functional.hardshrink`.

    Parameters
    ----------
    lambd
        How far from 0 an element becomes 0.
    """

    def __init__(self, lambd: float = 0.5) -> None:
        self.lambd = lambd

    def forward(self, x: Array) -> Array:
        """Any shape, kept."""
        return piecewise.hardshrink(x, self.lambd)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"{self.lambd}"


class Hardsigmoid(Layer):
    """The piecewise linear sigmoid: :func:`nnx.functional.hardsigmoid`."""

    def forward(self, x: Array) -> Array:
        """Any shape, kept."""
        return piecewise.hardsigmoid(x)


class Hardswish(Layer):
    """The piecewise quadratic swish: :func:`nnx.functional.hardswish`."""

    def forward(self, x: Array) -> Array:
        """Any shape, kept."""
        return piecewise.hardswish(x)


class Hardtanh(Layer):
    """The clipping: :func:`nnx.functional.hardtanh`.

    Parameters
    ----------
    min_val, max_val
        The bounds.
    """

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0) -> None:
        if not min_val < max_val:
            raise complaint("Hardtanh", f"expected min_val < max_val, got {min_val} and {max_val}")
        self.min_val = min_val
        self.max_val = max_val

    def forward(self, x: Array) -> Array:
        """Any shape, kept."""
        return piecewise.hardtanh(x, self.min_val, self.max_val)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"min_val={self.min_val}, max_val={self.max_val}"


class LeakyReLU(Layer):
    """The leaky rectifier: :func:`nnx.functional.leaky_relu`.

    Parameters
    ----------
    negative_slope
        The slope on the negative side.
    """

    def __init__(self, negative_slope: float = 0.01) -> None:
        self.negative_slope = negative_slope

    def forward(self, x: Array) -> Array:
        """Any shape, kept."""
        return piecewise.leaky_relu(x, self.negative_slope)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"negative_slope={self.negative_slope}"


class ReLU(Layer):
    """The rectified linear unit: :func:`nnx.functional.relu`."""

    def forward(self, x: Array) -> Array:
        """Any shape, kept."""
        return piecewise.relu(x)


class ReLU6(Layer):
    """The rectifier with a ceiling of 6: :func:`nnx.functional.relu6`."""

    def forward(self, x: Array) -> Array:
        """Any shape, kept."""
        return piecewise.relu6(x)


class SELU(Layer):
    """The self-normalising exponential linear unit: :func:`nnx.functional.selu`."""

    def forward(self, x: Array) -> Array:
        """Any shape, kept."""
        return piecewise.selu(x)


class Softshrink(Layer):
    """The soft shrinkage: :func:`nnx.functional.softshrink`.

    Parameters
    ----------
    lambd
        How far elements move towards 0.
    """

    def __init__(self, lambd: float = 0.5) -> None:
        self.lambd = lambd

    def forward(self, x: Array) -> Array:
        """Any shape, kept."""
        return piecewise.softshrink(x, self.lambd)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"{self.lambd}"


class Step(Layer):
    """The perceptron's threshold: :func:`nnx.functional.step`.

    Parameters
    ----------
    threshold
        What an element has to exceed to become 1.
    """

    def __init__(self, threshold: float = 0.0) -> None:
        self.threshold = threshold

    def forward(self, x: Array) -> Array:
        """Any shape, kept."""
        return piecewise.step(x, self.threshold)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"threshold={self.threshold}"


class Threshold(Layer):
    """The replacement of small elements: :func:`nnx.functional.threshold`.

    Parameters
    ----------
    threshold
        What an element has to exceed to stay.
    value
        What the others become.
    """

    def __init__(self, threshold: float, value: float) -> None:
        self.threshold = threshold
        self.value = value

    def forward(self, x: Array) -> Array:
        """Any shape, kept."""
        return piecewise.threshold(x, self.threshold, self.value)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"threshold={self.threshold}, value={self.value}"
