"""What a layer declares its arrays with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..autodiff.cells import Cell, overrides
from ..backend import Array
from ..functional._errors import complaint

if TYPE_CHECKING:
    from ._layer import Layer

__all__ = ["Buffer", "Parameter", "ParametersOf", "two"]


class Parameter(Cell):
    """Declares an array that is differentiated and optimized: ``self.weight = Parameter(array)``.

    Reading ``self.weight`` then gives the plain array. One Parameter given to two layers ties them.

    Parameters
    ----------
    value
        The array.
    trainable
        False for one that is frozen from the start.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> class Scale(nnx.Layer):
    ...     def __init__(self):
    ...         self.factor = nnx.Parameter(np.asarray(2.0))
    ...     def forward(self, x):
    ...         return x * self.factor
    >>> Scale()(np.asarray([1.0, 2.0]))
    array([2., 4.])
    """

    __slots__ = ()

    def __init__(self, value: Array, trainable: bool = True) -> None:
        _check("Parameter", value)
        super().__init__(value, trainable)


class Buffer(Cell):
    """Declares an array that is state but is not trained, such as running statistics.

    Parameters
    ----------
    value
        The array.
    persistent
        False for one that has no place in ``state_dict``.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> class Counter(nnx.Layer):
    ...     def __init__(self):
    ...         self.count = nnx.Buffer(np.asarray(0))
    ...     def forward(self, x):
    ...         self.count = self.count + 1
    ...         return x
    >>> counter = Counter()
    >>> _ = counter(np.ones(2))
    >>> counter.buffers()
    {'count': array(1)}
    """

    __slots__ = ("persistent",)

    def __init__(self, value: Array, persistent: bool = True) -> None:
        _check("Buffer", value)
        super().__init__(value, buffer=True)
        self.persistent = persistent


class ParametersOf(dict[str, Array]):
    """A layer's parameters by path: a dict that still knows the layer, so that an optimizer trains that one.

    Copies, also by pickle, are plain dicts.
    """

    __slots__ = ("nnx_layer",)

    def __init__(self, arrays: dict[str, Array], layer: Any) -> None:
        super().__init__(arrays)
        self.nnx_layer = layer

    def __copy__(self) -> dict[str, Array]:
        return dict(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self),)


def _check(name: str, value: Array) -> None:
    if isinstance(value, Cell) or not (hasattr(value, "shape") and hasattr(value, "dtype")):
        raise complaint(name, f"expected an array, got {type(value).__name__}", TypeError)


def two(layer: Layer, first: str, second: str) -> tuple[Any, Any]:
    """Two attributes, arrays as a rule: for a quarter of what look-ups cost that end in ``__getattr__``."""
    cells = layer._nnx_cells
    one, other = cells.get(first), cells.get(second)
    if (
        one is None or other is None or layer._nnx_shadows
    ):  # there is no bias, or a property computes the weight
        return getattr(layer, first), getattr(layer, second)
    frame = overrides.get()
    return (one.value, other.value) if frame is None else (frame[one], frame[other])
