"""The base of every layer: a plain Python object that knows the arrays and the layers it holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self

from .._torch_names import no_attribute, refuse_unknown
from ..autodiff.cells import Cell, overrides, read, write
from ..backend import Array, Backend, Device, backend, backend_of
from ..backend.effects import not_captured
from ..functional._errors import complaint
from ._cells import ParametersOf
from ._context import add_context, refused_input
from ._report import Summary, representation, summarize
from ._state import LoadResult, copy_of, in_dtype, load, moved, persistent
from ._tree import attribute_set, changed, children, has_layers, matching, refuse_cells, structural, tree_of

__all__ = ["Layer"]


class Layer:
    """What layers and models are made of: a subclass declares its arrays and defines ``forward``.

    ``self.weight = Parameter(array)`` declares an array that is trained, ``self.mean = Buffer(array)`` one that
    is not; reading ``self.weight`` gives the plain array, and assigning an array to it puts that in its place.
    Layers among the attributes, also inside lists, tuples and dicts, are found by themselves. Calling the layer
    calls ``forward``.

    Attributes
    ----------
    training
        Whether layers that behave differently in training, such as Dropout, do so; set with ``train`` and
        ``eval``.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> class Net(nnx.Layer):
    ...     def __init__(self):
    ...         self.hidden = nnx.Linear(2, 8)
    ...         self.heads = [nnx.Linear(8, 1), nnx.Linear(8, 3)]
    ...     def forward(self, x):
    ...         return [head(nnx.functional.relu(self.hidden(x))) for head in self.heads]
    >>> net = Net()
    >>> list(net.parameters())
    ['hidden.weight', 'hidden.bias', 'heads.0.weight', 'heads.0.bias', 'heads.1.weight', 'heads.1.bias']
    >>> [out.shape for out in net(np.ones((5, 2), dtype=np.float32))]
    [(5, 1), (5, 3)]
    """

    __slots__ = ("__dict__", "__weakref__", "_nnx_cells", "_nnx_items", "_nnx_steps", "_nnx_tree")

    _nnx_cells: dict[str, Cell]
    _nnx_items: dict[str, Layer]
    _nnx_steps: tuple[int, tuple[Callable[[Any], Any], ...]]
    _nnx_tree: Any
    _nnx_shadows = False
    training: bool

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Make the layer ready for declarations, so that subclasses need not call ``super().__init__``."""
        if args or kwargs:
            refuse_unknown(cls, args, kwargs)
        self = super().__new__(cls)
        object.__setattr__(self, "_nnx_cells", {})
        object.__setattr__(self, "_nnx_items", {})
        object.__setattr__(self, "_nnx_steps", (-1, ()))
        object.__setattr__(self, "_nnx_tree", None)
        self.__dict__["training"] = True
        return self

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What calling the layer does; for subclasses to define."""
        raise NotImplementedError(f"{type(self).__name__} defines no forward")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """``forward``; errors say which layer they came from."""
        try:
            if len(args) == 1 and not kwargs:  # the usual case, for half of what the other costs
                return self.forward(args[0])
            return self.forward(*args, **kwargs)
        except Exception as error:
            better = refused_input(error, self, args)
            add_context(better or error, self)
            if better is None:
                raise
            raise better from error

    # attributes ----------------------------------------------------------------------------------------------

    def __getattr__(self, name: str) -> Any:
        try:
            cell = self._nnx_cells[name]
        except KeyError:
            raise no_attribute(self, name, "layer") from None
        frame = overrides.get()
        return cell.value if frame is None else frame[cell]

    def __setattr__(self, name: str, value: Any) -> None:
        cells = self._nnx_cells
        if isinstance(value, Cell):
            if hasattr(type(self), name):  # a property, say, which is what reading gives
                type(self)._nnx_shadows = True
            self.__dict__.pop(name, None)
            cells[name] = value
            changed()
        elif name in cells:
            self._assign(name, value)
        else:
            old = self.__dict__.get(name)
            if structural(value) or structural(old):
                refuse_cells(type(self).__name__, name, value)
                changed()
            elif value is not old:
                attribute_set(self, name, old, value)
            object.__setattr__(self, name, value)

    def _assign(self, name: str, value: Any) -> None:
        """Put an array where one was declared; None and layers take the declaration away."""
        cell = self._nnx_cells[name]
        if value is None or has_layers(value):
            del self._nnx_cells[name]
            setattr(self, name, value)
            changed()
            return
        kind, old = type(self).__name__, read(cell)
        if not hasattr(value, "shape") or not hasattr(value, "dtype"):
            raise complaint(
                kind,
                f'"{name}" was declared as an array, expected one, got {type(value).__name__}',
                TypeError,
            )
        if tuple(value.shape) != tuple(old.shape):
            raise complaint(kind, f'"{name}" has shape {tuple(old.shape)}, got {tuple(value.shape)}')
        write(cell, value if hasattr(value, "__setitem__") else backend_of(value).xp.asarray(value))

    def __delattr__(self, name: str) -> None:
        if name in self._nnx_cells:
            del self._nnx_cells[name]
        else:
            object.__delattr__(self, name)
        changed()

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._nnx_cells})

    def __getstate__(self) -> dict[str, Any]:
        return {
            "attributes": dict(vars(self)),
            "cells": dict(self._nnx_cells),
            "items": dict(self._nnx_items),
        }

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self.__dict__.update(state["attributes"])
        self._nnx_cells.update(state["cells"])
        self._nnx_items.update(state["items"])
        changed()

    # what it holds -------------------------------------------------------------------------------------------

    def __nnx_cells__(self) -> dict[str, Cell]:
        """Every cell of the tree once, by dotted path."""
        return tree_of(self).cells

    def parameters(self, trainable: bool | None = None) -> dict[str, Array]:
        """The parameters by dotted path, a tied one once; these are the arrays themselves, not copies.

        An optimizer that is given this dict, unchanged, trains the layer.

        Parameters
        ----------
        trainable
            True for those that are not frozen only, False for the frozen ones, None for all.
        """
        arrays = {
            path: read(cell)
            for path, cell in tree_of(self).cells.items()
            if not cell.buffer and (trainable is None or cell.trainable is trainable)
        }
        return ParametersOf(arrays, self)

    def buffers(self) -> dict[str, Array]:
        """The buffers by dotted path."""
        return {path: read(cell) for path, cell in tree_of(self).cells.items() if cell.buffer}

    def layers(self) -> dict[str, Layer]:
        """Every layer of the tree once by dotted path, this one as ``""``, as PyTorch's ``named_modules``."""
        return dict(tree_of(self).layers)

    def state_dict(self) -> dict[str, Array]:
        """Copies of all parameters and persistent buffers by dotted path: a snapshot that training won't change."""
        return {path: copy_of(read(cell)) for path, cell in persistent(self)}

    def load_state_dict(self, state: Mapping[str, Array], strict: bool = True) -> LoadResult:
        """Copy arrays of any library into their places, cast to the dtype and device that the layer has.

        Parameters
        ----------
        state
            Arrays by dotted path, as ``state_dict`` gives them.
        strict
            Whether a key too few or too many is an error. ``num_batches_tracked`` may be missing, as in PyTorch.

        Returns
        -------
        A named tuple of ``missing_keys`` and ``unexpected_keys``.

        Raises
        ------
        ValueError
            With a list of all keys and shapes that don't fit; nothing has been loaded then.
        """
        not_captured("weights are loaded in it")
        return load(self, state, strict)

    # modes ---------------------------------------------------------------------------------------------------

    def train(self, mode: bool = True) -> Self:
        """Set ``training`` on this layer and all below it, and return the layer."""
        if not isinstance(mode, bool):
            raise complaint(type(self).__name__, f"expected a training mode of True or False, got {mode!r}")
        for layer in tree_of(self).layers.values():
            layer.training = mode
        return self

    def eval(self) -> Self:
        """``train(False)``."""
        return self.train(False)

    def freeze(self, *patterns: str) -> Self:
        """Leave parameters out of gradients and updates: all, or those whose path matches a pattern.

        A pattern is a path, the path of a layer for all below it, or has wildcards: ``"encoder"``, ``"*.bias"``.

        Examples
        --------
        >>> import nnx
        >>> model = nnx.Sequential(nnx.Linear(2, 3), nnx.Linear(3, 1)).freeze("0")
        >>> list(model.parameters(trainable=True))
        ['1.weight', '1.bias']
        """
        return self._set_trainable(patterns, False)

    def unfreeze(self, *patterns: str) -> Self:
        """Take parameters back into gradients and updates: all, or those whose path matches a pattern."""
        return self._set_trainable(patterns, True)

    def _set_trainable(self, patterns: tuple[str, ...], trainable: bool) -> Self:
        cells = {path: cell for path, cell in tree_of(self).every if not cell.buffer}
        chosen = (
            [matching(pattern, cells, type(self).__name__) for pattern in patterns]
            if patterns
            else [list(cells)]
        )
        for paths in chosen:
            for path in paths:
                cells[path].trainable = trainable
        changed()
        return self

    # conversions ---------------------------------------------------------------------------------------------

    def to(self, backend_or_name: str | Backend, device: Device = None) -> Self:
        """Move every array to another library or device, and return the layer."""
        not_captured("a model is moved in it")
        target = backend(backend_or_name) if isinstance(backend_or_name, str) else backend_or_name
        if not isinstance(target, Backend):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise complaint(
                type(self).__name__, f"expected the name of a backend, got {type(target).__name__}", TypeError
            )
        new = [(cell, moved(cell.value, target, device)) for cell in tree_of(self).cells.values()]
        for cell, value in new:
            cell.value = value
        return self

    def astype(self, dtype: Any) -> Self:
        """Convert the floating-point parameters and buffers to ``dtype`` or its name, and return the layer."""
        not_captured("a model is converted in it")
        cells = [
            cell
            for cell in tree_of(self).cells.values()
            if backend_of(cell.value).is_inexact(cell.value.dtype)
        ]
        new = [in_dtype(type(self).__name__, cell.value, dtype) for cell in cells]
        for cell, value in zip(cells, new, strict=True):
            cell.value = value
        return self

    def apply(self, f: Callable[[Layer], Any]) -> Self:
        """Call ``f`` on every layer below this one and then on this one, and return the layer."""
        for _, child in children(self):
            child.apply(f)
        f(self)
        return self

    # for reading ---------------------------------------------------------------------------------------------

    def extra_repr(self) -> str:
        """What ``repr`` prints between the parentheses; for subclasses to define."""
        return ""

    def __repr__(self) -> str:
        return representation(self)

    def summary(self, *input_shapes: tuple[int, ...], dtype: Any = None) -> Summary:
        """A table of the layers with the shapes they give and the parameters they hold; a string to print.

        Parameters
        ----------
        *input_shapes
            The shape of each input, the batch axis included.
        dtype
            Of the inputs; that of the parameters by default.
        """
        return summarize(self, input_shapes, dtype)
