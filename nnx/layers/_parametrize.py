"""Parameters that are computed from others whenever they are read.

A parametrised layer gets a class of its own, as in torch.nn.utils.parametrize, on which the name of the parameter
is a property. So other layers pay nothing, and every reader of ``layer.weight`` gets the computed array. What it is
computed from are parameters of ``layer.parametrizations``, and so are found as those of any sub-layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from ..autodiff.cells import Cell
from ..backend import Array
from ..functional._errors import complaint
from ._cells import Buffer, Parameter
from ._containers import LayerDict, LayerList
from ._layer import Layer

__all__ = ["is_parametrized", "register_parametrization", "remove_parametrizations"]


class ParametrizationList(LayerList):
    """The parametrisations of one parameter, in the order of their application, and what they start from.

    ``original``, or ``original0``, ``original1`` … where the first takes several arrays.
    """

    def __init__(self, first: Layer, cell: Cell, start: Array | Sequence[Array]) -> None:
        super().__init__([first])
        if isinstance(start, Sequence):
            for i, value in enumerate(start):
                setattr(self, f"original{i}", _like(cell, value))
        else:
            cell.value = start
            self.original = cell

    def forward(self) -> Array:
        """The computed array."""
        first, *others = self._nnx_items.values()
        x = first(*(getattr(self, name) for name in self._nnx_cells))
        for parametrization in others:
            x = parametrization(x)
        return x

    def right_inverse(self, value: Array) -> None:
        """Let the originals be such that about ``value`` comes out."""
        for parametrization in reversed(self._nnx_items.values()):
            if not hasattr(parametrization, "right_inverse"):
                raise complaint(
                    type(parametrization).__name__,
                    "has no right_inverse, so what it computes cannot be assigned to",
                    TypeError,
                )
            value = parametrization.right_inverse(value)
        values = value if isinstance(value, Sequence) else [value]
        for name, part in zip(tuple(self._nnx_cells), values, strict=True):
            setattr(self, name, part)


def register_parametrization(
    layer: Layer, name: str, parametrization: Layer, *, unsafe: bool = False
) -> Layer:
    """Compute a parameter or buffer of a layer by another layer from now on; torch.nn.utils.parametrize's.

    Reading ``layer.<name>`` calls ``parametrization`` on the original array, in training and inside derivatives too;
    what is trained, saved and counted is the original, as ``parametrizations.<name>.original``. Assigning to
    ``layer.<name>`` works where the parametrisation has a method ``right_inverse``. If that returns a tuple of arrays,
    these are the originals (``original0`` …) and the arguments of the call. Several parametrisations of one parameter
    are applied one after the other.

    Parameters
    ----------
    layer
        Changed, and returned.
    name
        Of the parameter or buffer.
    parametrization
        A layer from an array to one of the same shape and dtype.
    unsafe
        Whether another shape or dtype is fine.

    Raises
    ------
    ValueError
        Where the layer has no such parameter, or shape or dtype would change.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> class Symmetric(nnx.Layer):
    ...     def forward(self, x):
    ...         return x + x.T
    >>> layer = nnx.register_parametrization(nnx.Linear(3, 3, bias=False), "weight", Symmetric())
    >>> bool((layer.weight == layer.weight.T).all())
    True
    >>> list(layer.parameters())
    ['parametrizations.weight.original']
    """
    _check(layer, name)
    parametrization.train(layer.training)
    before = getattr(layer, name)
    if is_parametrized(layer, name):
        part: Any = layer.parametrizations[name]
        _check_result(layer, name, before, None if unsafe else parametrization(before))
        part.append(parametrization)
        return layer
    start = _start(parametrization, before)
    if not unsafe:
        after = parametrization(*start) if isinstance(start, Sequence) else parametrization(start)
        _check_result(layer, name, before, after)
    part = ParametrizationList(parametrization, layer._nnx_cells[name], start)
    delattr(layer, name)
    if not is_parametrized(layer):
        layer.parametrizations = LayerDict()
    layer.parametrizations[name] = part
    _take_class(layer)
    return layer


def is_parametrized(layer: Layer, name: str | None = None) -> bool:
    """Whether a layer computes the parameter of this name, or any, by a parametrisation.

    >>> import nnx
    >>> is_parametrized(nnx.weight_norm(nnx.Linear(2, 3)), "bias")
    False
    """
    parts = vars(layer).get("parametrizations")
    return isinstance(parts, LayerDict) and (len(parts) > 0 if name is None else name in parts)


def remove_parametrizations(layer: Layer, name: str, leave_parametrized: bool = True) -> Layer:
    """Make a parametrised parameter a plain one again; torch.nn.utils.parametrize's.

    Parameters
    ----------
    layer
        Changed, and returned.
    name
        Of the parameter.
    leave_parametrized
        Whether it keeps the value that is computed now; otherwise it takes that of the original.

    Raises
    ------
    ValueError
        Where the parameter is not parametrised, or has several originals to choose from.

    Examples
    --------
    >>> import nnx
    >>> layer = nnx.remove_parametrizations(nnx.weight_norm(nnx.Linear(2, 3)), "weight")
    >>> list(layer.parameters())
    ['bias', 'weight']
    """
    if not is_parametrized(layer, name):
        raise complaint(type(layer).__name__, f'has no parametrization on "{name}"')
    cells = layer.parametrizations[name]._nnx_cells
    cell = next(iter(cells.values()))
    if leave_parametrized:
        value = getattr(layer, name)
        if "original" in cells:
            cell.value = value
        else:
            cell = _like(cell, value)
    elif "original" not in cells:
        raise complaint(
            type(layer).__name__,
            f'"{name}" is computed from {len(cells)} arrays; only with leave_parametrized=True can it be left',
        )
    del layer.parametrizations[name]
    if not is_parametrized(layer):
        del layer.parametrizations
    _take_class(layer)
    setattr(layer, name, cell)
    return layer


def _check(layer: Any, name: str) -> None:
    if not isinstance(layer, Layer):
        raise complaint(
            "register_parametrization", f"expected a Layer, got {type(layer).__name__}", TypeError
        )
    if name not in layer._nnx_cells and not is_parametrized(layer, name):
        raise complaint(type(layer).__name__, f'has no parameter or buffer "{name}"')


def _start(parametrization: Any, value: Array) -> Array | Sequence[Array]:
    """What a parametrisation starts from, where it can tell, to give about this value."""
    try:
        return parametrization.right_inverse(value) if hasattr(parametrization, "right_inverse") else value
    except NotImplementedError:  # one that cannot go backwards with its present settings
        return value


def _check_result(layer: Layer, name: str, before: Array, after: Array | None) -> None:
    if after is None:
        return
    if tuple(after.shape) != tuple(before.shape) or after.dtype != before.dtype:
        raise complaint(
            type(layer).__name__,
            f'a parametrization of "{name}" may not change its shape {tuple(before.shape)} and dtype {before.dtype} '
            f"unless unsafe, got {tuple(after.shape)} and {after.dtype}",
        )


def _like(cell: Cell, value: Array) -> Cell:
    """A cell of the same kind with another array."""
    return (
        Buffer(value, getattr(cell, "persistent", True)) if cell.buffer else Parameter(value, cell.trainable)
    )


def _take_class(layer: Layer) -> None:
    """Give a layer the class that its parametrisations ask for."""
    plain: Any = getattr(type(layer), "_nnx_plain", type(layer))
    names = tuple(layer.parametrizations) if is_parametrized(layer) else ()
    object.__setattr__(layer, "__class__", _class_of(plain, names) if names else plain)


@cache
def _class_of(plain: type[Layer], names: tuple[str, ...]) -> type[Layer]:
    """A subclass that computes these names."""

    def assign(self: Layer, name: str, value: Any) -> None:
        plain.__setattr__(self, name, value.value if name in names and isinstance(value, Cell) else value)

    def reduce(self: Layer, _protocol: Any) -> Any:
        return _fresh, (plain, names), self.__getstate__()

    return type(
        f"Parametrized{plain.__name__}",
        (plain,),
        {
            "__slots__": (),
            "__doc__": plain.__doc__,
            "__module__": plain.__module__,
            "__setattr__": assign,
            "__reduce_ex__": reduce,
            "_nnx_plain": plain,
            **{name: _computed(name) for name in names},
        },
    )


def _computed(name: str) -> property:
    def get(self: Layer) -> Array:
        return self.parametrizations[name]()

    def assign(self: Layer, value: Array) -> None:
        self.parametrizations[name].right_inverse(value)

    return property(get, assign)


def _fresh(plain: type[Layer], names: tuple[str, ...]) -> Layer:
    """A layer of a class that has no name to be found by, for copies and pickles to fill."""
    made = _class_of(plain, names)
    return made.__new__(made)
