"""Activations in which something else decides what passes: the other half, a parameter, or chance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import init as initial
from ..backend import Array
from ..functional import _gated as gated
from ..functional._arguments import whole
from ..functional._piecewise import prelu
from ._cells import Parameter
from ._layer import Layer

if TYPE_CHECKING:
    from ..random import Generator

__all__ = ["GLU", "PReLU", "RReLU"]


class GLU(Layer):
    """The gated linear unit: :func:`nnx.functional.glu`.

    Parameters
    ----------
    axis
        Which is cut in half.
    """

    def __init__(self, axis: int = -1) -> None:
        self.axis = axis

    def forward(self, x: Array) -> Array:
        """Any shape; half as long along the axis."""
        return gated.glu(x, self.axis)

    def extra_repr(self) -> str:
        """The argument."""
        return f"axis={self.axis}"


class PReLU(Layer):
    """The leaky rectifier whose slope is learned: :func:`nnx.functional.prelu`.

    Parameters
    ----------
    num_parameters
        1, or the length of axis 1 of the input for a slope each.
    init
        The slope at first.
    device, dtype
        Of the parameter.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.PReLU()(np.asarray([-1.0, 2.0], dtype=np.float32))
    array([-0.25,  2.  ], dtype=float32)
    """

    weight: Array

    def __init__(
        self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None
    ) -> None:
        num_parameters = whole("PReLU", "num_parameters", num_parameters, 0)
        self.num_parameters, self.init = num_parameters, init
        self.weight = Parameter(initial.constant((num_parameters,), init, dtype=dtype, device=device))

    def forward(self, x: Array) -> Array:
        """Any shape, kept."""
        return prelu(x, self.weight)

    def extra_repr(self) -> str:
        """How many slopes."""
        return f"num_parameters={self.num_parameters}"


class RReLU(Layer):
    """The leaky rectifier with random slopes in training: :func:`nnx.functional.rrelu`.

    Parameters
    ----------
    lower, upper
        The slopes are evenly distributed between them.
    generator
        Where slopes are drawn from; nnx's own stream (``nnx.seed``) by default.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.RReLU(0.0, 0.5).eval()(np.asarray([-1.0, 2.0]))
    array([-0.25,  2.  ])
    """

    def __init__(
        self, lower: float = 1.0 / 8, upper: float = 1.0 / 3, *, generator: Generator | None = None
    ) -> None:
        self.lower, self.upper = gated.check_slopes("RReLU", lower, upper)
        self.generator = generator

    def forward(self, x: Array) -> Array:
        """Any shape, kept."""
        return gated.rrelu(x, self.lower, self.upper, self.training, generator=self.generator)

    def extra_repr(self) -> str:
        """The bounds."""
        return f"lower={self.lower}, upper={self.upper}"
