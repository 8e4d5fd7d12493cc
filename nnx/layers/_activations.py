"""Activations as layers; the functions of ``nnx.functional`` say what they compute."""

from __future__ import annotations

from ..backend import Array
from ..functional import _piecewise as piecewise
from ..functional import _smooth as smooth
from ..functional import _softmax as normalised
from ._layer import Layer

__all__ = [
    "CELU",
    "ELU",
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "LeakyReLU",
    "LogSigmoid",
    "LogSoftmax",
    "Mish",
    "ReLU",
    "ReLU6",
    "SELU",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softmin",
    "Softplus",
    "Softshrink",
    "Softsign",
    "Step",
    "Tanh",
    "Tanhshrink",
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
        return f"lambd={self.lambd}"


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


class LogSigmoid(Layer):
    """The logarithm of the logistic function: :func:`nnx.functional.logsigmoid`."""

    def forward(self, x: Array) -> Array:
        """Any shape, kept."""
        return smooth.logsigmoid(x)


class LogSoftmax(Layer):
    """The logarithm of the softmax: :func:`nnx.functional.log_softmax`.

    Parameters
    ----------
    axis
        Along which the exponentials of the results sum to one.
    """

    def __init__(self, axis: int = -1) -> None:
        self.axis = axis

    def forward(self, x: Array) -> Array:
        """Any shape, kept."""
        return normalised.log_softmax(x, self.axis)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"axis={self.axis}"


class Mish(Layer):
    """The mish activation: :func:`nnx.functional.mish`."""

    def forward(self, x: Array) -> Array:
        """Any shape, kept."""
        return smooth.mish(x)


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


class Softmax(Layer):
    """The softmax: :func:`nnx.functional.softmax`.

    Parameters
    ----------
    axis
        Along which the results sum to one.
    """

    def __init__(self, axis: int = -1) -> None:
        self.axis = axis

    def forward(self, x: Array) -> Array:
        """Any shape, kept."""
        return normalised.softmax(x, self.axis)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"axis={self.axis}"


class Softmin(Layer):
    """The softmin: :func:`nnx.functional.softmin`.

    Parameters
    ----------
    axis
        Along which the results sum to one.
    """

    def __init__(self, axis: int = -1) -> None:
        self.axis = axis

    def forward(self, x: Array) -> Array:
        """Any shape, kept."""
        return normalised.softmin(x, self.axis)

    def extra_repr(self) -> str:
        """The arguments."""
        return f"axis={self.axis}"


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
        return f"lambd={self.lambd}"


class Softsign(Layer):
    """The rational squashing function: :func:`nnx.functional.softsign`."""

    def forward(self, x: Array) -> Array:
        """Any shape, kept."""
        return smooth.softsign(x)


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
