"""The fully connected layer, and the bilinear one."""

from __future__ import annotations

import math
from operator import index
from typing import TYPE_CHECKING, Any

from .. import init
from ..backend import Array
from ..functional._errors import complaint
from ..functional._linear import bilinear, linear_primitive
from ._cells import Parameter, two
from ._layer import Layer

if TYPE_CHECKING:
    from ..random import Generator

__all__ = ["Bilinear", "Identity", "Linear"]


class Identity(Layer):
    """Gives back what it is given; takes any arguments, as in torch.nn.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.Identity()(np.asarray([1.0]))
    array([1.])
    """

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        pass

    def forward(self, x: Any) -> Any:
        """``x``."""
        return x


class Linear(Layer):
    r"""The affine map :math:`y = x W^\mathsf{T} + b`.

    Weight and bias start uniform in :math:`\pm 1/\sqrt{\mathrm{in\_features}}`, as PyTorch's.

    Parameters
    ----------
    in_features, out_features
        Lengths of the last axis of input and output; the other axes are kept.
    bias
        Whether to add :math:`b`.
    device, dtype
        Of the weights; where ``nnx.use`` says, and float32, by default.
    generator
        Where they are drawn from; nnx's own stream (``nnx.seed``) by default.

    Attributes
    ----------
    weight
        Shape ``(out_features, in_features)``.
    bias
        Shape ``(out_features,)``, or None.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> layer = nnx.Linear(3, 2, dtype="float64")
    >>> layer(np.ones((5, 3))).shape
    (5, 2)
    """

    weight: Array
    bias: Array | None

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        generator: Generator | None = None,
    ) -> None:
        self.in_features = in_features = _length("in_features", in_features)
        self.out_features = out_features = _length("out_features", out_features)
        bound = 1.0 / math.sqrt(in_features) if in_features else 0.0
        where: dict[str, Any] = {"generator": generator, "dtype": dtype, "device": device}
        self.weight = Parameter(init.uniform((out_features, in_features), -bound, bound, **where))
        self.bias = Parameter(init.uniform((out_features,), -bound, bound, **where)) if bias else None

    def forward(self, x: Array) -> Array:
        """Shape ``(*, in_features)`` to ``(*, out_features)``."""
        weight, bias = two(self, "weight", "bias")
        return linear_primitive(x, weight, bias)

    def extra_repr(self) -> str:
        """The sizes."""
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"
        )


class Bilinear(Layer):
    r"""The bilinear map :math:`y_o = x_1^\mathsf{T} W_o x_2 + b_o`.

    Weight and bias start uniform in :math:`\pm 1/\sqrt{\mathrm{in1\_features}}`, as PyTorch's.

    Parameters
    ----------
    in1_features, in2_features, out_features
        Lengths of the last axes of the two inputs and of the output; the other axes are kept.
    bias
        Whether to add :math:`b`.
    device, dtype, generator
        As in ``Linear``.

    Attributes
    ----------
    weight
        Shape ``(out_features, in1_features, in2_features)``.
    bias
        Shape ``(out_features,)``, or None.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.Bilinear(3, 4, 2, dtype="float64")(np.ones((5, 3)), np.ones((5, 4))).shape
    (5, 2)
    """

    weight: Array
    bias: Array | None

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        generator: Generator | None = None,
    ) -> None:
        self.in1_features = in1_features = _length("in1_features", in1_features, "Bilinear", 1)
        self.in2_features = in2_features = _length("in2_features", in2_features, "Bilinear")
        self.out_features = out_features = _length("out_features", out_features, "Bilinear")
        bound = 1.0 / math.sqrt(in1_features)
        where: dict[str, Any] = {"generator": generator, "dtype": dtype, "device": device}
        shape = (out_features, in1_features, in2_features)
        self.weight = Parameter(init.uniform(shape, -bound, bound, **where))
        self.bias = Parameter(init.uniform((out_features,), -bound, bound, **where)) if bias else None

    def forward(self, x1: Array, x2: Array) -> Array:
        """Shapes ``(*, in1_features)`` and ``(*, in2_features)`` to ``(*, out_features)``."""
        return bilinear(x1, x2, self.weight, self.bias)

    def extra_repr(self) -> str:
        """The sizes."""
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
            f"out_features={self.out_features}, bias={self.bias is not None}"
        )


def _length(name: str, n: Any, where: str = "Linear", least: int = 0) -> int:
    """A length as a Python integer."""
    try:
        length = index(n)
    except TypeError:
        length = -1
    if length < least:
        raise complaint(where, f"expected {name} to be a whole number of at least {least}, got {n!r}")
    return length
