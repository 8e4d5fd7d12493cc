"""Layers that make their input longer at the ends of its last axes."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from ..backend import Array
from ..functional._errors import complaint
from ..functional._pad import pad
from ._layer import Layer

__all__ = [
    "CircularPad1d",
    "CircularPad2d",
    "CircularPad3d",
    "ConstantPad1d",
    "ConstantPad2d",
    "ConstantPad3d",
    "ReflectionPad1d",
    "ReflectionPad2d",
    "ReflectionPad3d",
    "ReplicationPad1d",
    "ReplicationPad2d",
    "ReplicationPad3d",
    "ZeroPad1d",
    "ZeroPad2d",
    "ZeroPad3d",
]

Numbers = int | Sequence[int]


class _Padding(Layer):
    """A number for all ends, or one for each, from the last axis on: ``(left, right, top, bottom, front, back)``."""

    _axes = 0
    _mode = "constant"

    def __init__(self, padding: Numbers) -> None:
        name, count = type(self).__name__, 2 * self._axes
        pads: Any = padding if isinstance(padding, Sequence) else (padding,) * count
        if any(isinstance(n, bool) or not hasattr(type(n), "__index__") for n in pads):
            raise complaint(name, f"expected a padding of whole numbers, got {padding!r}", TypeError)
        if len(pads) != count:
            raise complaint(name, f"expected a padding of 1 or {count} numbers, got {padding!r}")
        self.padding = tuple(map(operator.index, pads))

    def forward(self, x: Array) -> Array:
        """Any shape that ``nnx.functional.pad`` takes in this mode."""
        return pad(x, self.padding, self._mode)

    def extra_repr(self) -> str:
        """How many."""
        return str(self.padding)


class _ConstantPad(_Padding):
    def __init__(self, padding: Numbers, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, x: Array) -> Array:
        """Any shape with as many axes."""
        return pad(x, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        """How many, and of what."""
        return f"padding={self.padding}, value={self.value}"


class _CircularPad(_Padding):
    _mode = "circular"

    def forward(self, x: Array) -> Array:
        """The padded axes after one or two others."""
        if x.ndim - self._axes not in (1, 2):
            raise complaint(
                type(self).__name__,
                f"expected an input with {self._axes + 1} or {self._axes + 2} axes, got shape {x.shape}",
            )
        return super().forward(x)


class ConstantPad1d(_ConstantPad):
    """Adds a constant, on either side of the last axis.

    ``padding``: a number for all ends, or 2 in the order of ``nnx.functional.pad``.
    ``value``: the constant.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.ConstantPad1d((2, 1), 9.0)(np.asarray([[1.0, 2.0, 3.0]]))
    array([[9., 9., 1., 2., 3., 9.]])
    """

    _axes = 1


class ConstantPad2d(_ConstantPad):
    """Adds a constant, on either side of the last two axes.

    ``padding``: a number for all ends, or 4 in the order of ``nnx.functional.pad``.
    ``value``: the constant.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.ConstantPad2d(1, 9.0)(np.ones((1, 3, 3))).shape
    (1, 5, 5)
    """

    _axes = 2


class ConstantPad3d(_ConstantPad):
    """Adds a constant, on either side of the last three axes.

    ``padding``: a number for all ends, or 6 in the order of ``nnx.functional.pad``.
    ``value``: the constant.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.ConstantPad3d(1, 9.0)(np.ones((1, 3, 3, 3))).shape
    (1, 5, 5, 5)
    """

    _axes = 3


class ReflectionPad1d(_Padding):
    """Adds the elements mirrored at the edge, which is not repeated, on either side of the last axis.

    ``padding``: a number for all ends, or 2 in the order of ``nnx.functional.pad``.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.ReflectionPad1d((2, 1))(np.asarray([[1.0, 2.0, 3.0]]))
    array([[3., 2., 1., 2., 3., 2.]])
    """

    _axes = 1
    _mode = "reflect"


class ReflectionPad2d(_Padding):
    """Adds the elements mirrored at the edge, which is not repeated, on either side of the last two axes.

    ``padding``: a number for all ends, or 4 in the order of ``nnx.functional.pad``.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.ReflectionPad2d(1)(np.ones((1, 3, 3))).shape
    (1, 5, 5)
    """

    _axes = 2
    _mode = "reflect"


class ReflectionPad3d(_Padding):
    """Adds the elements mirrored at the edge, which is not repeated, on either side of the last three axes.

    ``padding``: a number for all ends, or 6 in the order of ``nnx.functional.pad``.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.ReflectionPad3d(1)(np.ones((1, 3, 3, 3))).shape
    (1, 5, 5, 5)
    """

    _axes = 3
    _mode = "reflect"


class ReplicationPad1d(_Padding):
    """Adds the edge, on either side of the last axis.

    ``padding``: a number for all ends, or 2 in the order of ``nnx.functional.pad``.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.ReplicationPad1d((2, 1))(np.asarray([[1.0, 2.0, 3.0]]))
    array([[1., 1., 1., 2., 3., 3.]])
    """

    _axes = 1
    _mode = "replicate"


class ReplicationPad2d(_Padding):
    """Adds the edge, on either side of the last two axes.

    ``padding``: a number for all ends, or 4 in the order of ``nnx.functional.pad``.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.ReplicationPad2d(1)(np.ones((1, 3, 3))).shape
    (1, 5, 5)
    """

    _axes = 2
    _mode = "replicate"


class ReplicationPad3d(_Padding):
    """Adds the edge, on either side of the last three axes.

    ``padding``: a number for all ends, or 6 in the order of ``nnx.functional.pad``.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.ReplicationPad3d(1)(np.ones((1, 3, 3, 3))).shape
    (1, 5, 5, 5)
    """

    _axes = 3
    _mode = "replicate"


class ZeroPad1d(_Padding):
    """Adds zeros, on either side of the last axis.

    ``padding``: a number for all ends, or 2 in the order of ``nnx.functional.pad``.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.ZeroPad1d((2, 1))(np.asarray([[1.0, 2.0, 3.0]]))
    array([[0., 0., 1., 2., 3., 0.]])
    """

    _axes = 1


class ZeroPad2d(_Padding):
    """Adds zeros, on either side of the last two axes.

    ``padding``: a number for all ends, or 4 in the order of ``nnx.functional.pad``.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.ZeroPad2d(1)(np.ones((1, 3, 3))).shape
    (1, 5, 5)
    """

    _axes = 2


class ZeroPad3d(_Padding):
    """Adds zeros, on either side of the last three axes.

    ``padding``: a number for all ends, or 6 in the order of ``nnx.functional.pad``.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.ZeroPad3d(1)(np.ones((1, 3, 3, 3))).shape
    (1, 5, 5, 5)
    """

    _axes = 3


class CircularPad1d(_CircularPad):
    """Adds the elements of the other end, on either side of the last axis.

    ``padding``: a number for all ends, or 2 in the order of ``nnx.functional.pad``.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.CircularPad1d((2, 1))(np.asarray([[1.0, 2.0, 3.0]]))
    array([[2., 3., 1., 2., 3., 1.]])
    """

    _axes = 1


class CircularPad2d(_CircularPad):
    """Adds the elements of the other end, on either side of the last two axes.

    ``padding``: a number for all ends, or 4 in the order of ``nnx.functional.pad``.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.CircularPad2d(1)(np.ones((1, 3, 3))).shape
    (1, 5, 5)
    """

    _axes = 2


class CircularPad3d(_CircularPad):
    """Adds the elements of the other end, on either side of the last three axes.

    ``padding``: a number for all ends, or 6 in the order of ``nnx.functional.pad``.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.CircularPad3d(1)(np.ones((1, 3, 3, 3))).shape
    (1, 5, 5, 5)
    """

    _axes = 3
