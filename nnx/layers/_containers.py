"""Layers that hold other layers, under PyTorch's paths."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, overload

from ..autodiff import array_namespace
from ..functional._errors import complaint
from ._layer import Layer
from ._report import representation
from ._steps import steps
from ._tree import changed, is_layer, version

__all__ = ["LayerDict", "LayerList", "Residual", "Sequential"]


class _Numbered(Layer):
    """Layers under the paths "0", "1", ...; what Sequential and LayerList share."""

    def __init__(self, layers: Iterable[Layer]) -> None:
        self.extend(layers)

    def append(self, layer: Layer) -> _Numbered:
        """Add a layer at the end, and return the container."""
        self._nnx_items[str(len(self._nnx_items))] = _checked(type(self).__name__, layer)
        changed()
        return self

    def extend(self, layers: Iterable[Layer]) -> _Numbered:
        """Add several layers at the end, and return the container."""
        for layer in layers:
            self.append(layer)
        return self

    def insert(self, index: int, layer: Layer) -> None:
        """Put a layer before the one at ``index``."""
        layers = list(self._nnx_items.values())
        layers.insert(index, _checked(type(self).__name__, layer))
        self._renumber(layers)

    def pop(self, index: int = -1) -> Layer:
        """Take a layer out and return it."""
        layer = self._nnx_items[self._key(index)]
        del self[index]
        return layer

    def _renumber(self, layers: list[Layer]) -> None:
        self._nnx_items.clear()
        self._nnx_items.update({str(i): layer for i, layer in enumerate(layers)})
        changed()

    def __len__(self) -> int:
        return len(self._nnx_items)

    def __iter__(self) -> Iterator[Layer]:
        return iter(self._nnx_items.values())

    @overload
    def __getitem__(self, index: int) -> Layer: ...
    @overload
    def __getitem__(self, index: slice) -> _Numbered: ...
    def __getitem__(self, index: int | slice) -> Layer | _Numbered:
        if isinstance(index, slice):
            part = type(self).__new__(type(self))
            part._nnx_items.update(self._part(index))
            return part
        return self._nnx_items[self._key(index)]

    def _part(self, index: slice) -> dict[str, Layer]:
        return {str(i): layer for i, layer in enumerate(list(self._nnx_items.values())[index])}

    def _key(self, index: int) -> str:
        keys = list(self._nnx_items)
        if isinstance(index, str):
            raise complaint(
                type(self).__name__,
                f"expected the number of a layer, got {index!r}; by name it is an attribute",
                TypeError,
            )
        if not -len(keys) <= index < len(keys):
            raise complaint(type(self).__name__, f"has {len(keys)} layers, got index {index}", IndexError)
        return keys[index]

    def __setitem__(self, index: int, layer: Layer) -> None:
        self._nnx_items[self._key(index)] = _checked(type(self).__name__, layer)
        changed()

    def __delitem__(self, index: int | slice) -> None:
        layers = list(self._nnx_items.values())
        del layers[index]
        self._renumber(layers)


class Sequential(_Numbered):
    """Layers applied one after the other.

    Parameters
    ----------
    *layers
        The layers in order, or one dict of them by name.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> model = nnx.Sequential(nnx.Linear(4, 3), nnx.ReLU(), nnx.Linear(3, 2))
    >>> model
    Sequential(
      (0): Linear(in_features=4, out_features=3, bias=True)
      (1): ReLU()
      (2): Linear(in_features=3, out_features=2, bias=True)
    )
    >>> model(np.ones((5, 4), dtype=np.float32)).shape
    (5, 2)
    >>> len(model), model[-1]
    (3, Linear(in_features=3, out_features=2, bias=True))
    """

    def __init__(self, *layers: Layer | Mapping[str, Layer]) -> None:
        if len(layers) == 1 and isinstance(layers[0], Mapping):
            for name, layer in layers[0].items():
                self._nnx_items[_checked_name(name)] = _checked("Sequential", layer)
            changed()
        else:
            super().__init__(layers)  # pyright: ignore[reportArgumentType]

    def forward(self, x: Any) -> Any:
        """The last layer's result."""
        known, found = self._nnx_steps
        if known != version():
            known, found = version(), steps(self._nnx_items.values())
            object.__setattr__(self, "_nnx_steps", (known, found))  # which is no change
        for step in found:
            x = step(x)
        return x

    def _part(self, index: slice) -> dict[str, Layer]:
        items = list(self._nnx_items.items())[index]
        named = any(not name.isdecimal() for name in self._nnx_items)
        return {name if named else str(i): layer for i, (name, layer) in enumerate(items)}

    def __getattr__(self, name: str) -> Any:
        items = self._nnx_items
        return items[name] if name in items else super().__getattr__(name)

    def __add__(self, other: Sequential) -> Sequential:
        return Sequential(*self, *other)


class LayerList(_Numbered):
    """A list of layers that its owner calls as it likes; torch.nn's ModuleList.

    Examples
    --------
    >>> import nnx
    >>> nnx.LayerList(nnx.Linear(2, 2) for _ in range(3))
    LayerList(
      (0-2): 3 x Linear(in_features=2, out_features=2, bias=True)
    )
    """

    def __init__(self, layers: Iterable[Layer] = ()) -> None:
        super().__init__(layers)

    def __repr__(self) -> str:
        """Equal neighbours are printed once, with their number."""
        runs: list[list[Any]] = []
        for i, text in enumerate(map(representation, self)):
            if runs and runs[-1][2] == text:
                runs[-1][1] = i
            else:
                runs.append([i, i, text])
        lines = [f"({a}): {text}" if a == b else f"({a}-{b}): {b - a + 1} x {text}" for a, b, text in runs]
        name = type(self).__name__
        return f"{name}()" if not lines else _indented(name, lines)


class LayerDict(Layer):
    """Layers by name; torch.nn's ModuleDict.

    Examples
    --------
    >>> import nnx
    >>> heads = nnx.LayerDict({"digit": nnx.Linear(8, 10), "colour": nnx.Linear(8, 3)})
    >>> list(heads), heads["digit"].out_features
    (['digit', 'colour'], 10)
    """

    def __init__(self, layers: Mapping[str, Layer] | Iterable[tuple[str, Layer]] = ()) -> None:
        self.update(layers)

    def update(self, layers: Mapping[str, Layer] | Iterable[tuple[str, Layer]]) -> None:
        """Add or replace several layers."""
        for name, layer in dict(layers).items():
            self[name] = layer

    def keys(self) -> Iterable[str]:
        """The names."""
        return self._nnx_items.keys()

    def values(self) -> Iterable[Layer]:
        """The layers."""
        return self._nnx_items.values()

    def items(self) -> Iterable[tuple[str, Layer]]:
        """Names and layers."""
        return self._nnx_items.items()

    def pop(self, name: str) -> Layer:
        """Take a layer out and return it."""
        layer = self._nnx_items.pop(name)
        changed()
        return layer

    def clear(self) -> None:
        """Take all layers out."""
        self._nnx_items.clear()
        changed()

    def __getattr__(self, name: str) -> Any:
        items = self._nnx_items
        return items[name] if name in items else super().__getattr__(name)

    def __len__(self) -> int:
        return len(self._nnx_items)

    def __iter__(self) -> Iterator[str]:
        return iter(self._nnx_items)

    def __contains__(self, name: str) -> bool:
        return name in self._nnx_items

    def __getitem__(self, name: str) -> Layer:
        return self._nnx_items[name]

    def __setitem__(self, name: str, layer: Layer) -> None:
        self._nnx_items[_checked_name(name)] = _checked("LayerDict", layer)
        changed()

    def __delitem__(self, name: str) -> None:
        self.pop(name)


class Residual(Layer):
    """The input added to what a layer makes of it, :math:`x + f(x)`.

    He et al., "Deep residual learning for image recognition", https://arxiv.org/abs/1512.03385.

    Parameters
    ----------
    layer
        Gives the shape that it is given.
    shortcut
        What the input goes through before it is added; nothing by default.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.Residual(nnx.ReLU())(np.asarray([-1.0, 2.0]))
    array([-1.,  4.])
    """

    def __init__(self, layer: Layer, shortcut: Layer | None = None) -> None:
        self.layer = _checked("Residual", layer)
        self.shortcut = None if shortcut is None else _checked("Residual", shortcut)

    def forward(self, x: Any) -> Any:
        """:math:`x + f(x)`."""
        out = self.layer(x)
        x = x if self.shortcut is None else self.shortcut(x)
        if out.shape != x.shape:
            raise complaint("Residual", f"expected the layer to keep the shape {x.shape}, got {out.shape}")
        return array_namespace(x, out).add(x, out)


def _indented(name: str, lines: list[str]) -> str:
    return f"{name}(\n  " + "\n  ".join(line.replace("\n", "\n  ") for line in lines) + "\n)"


def _checked(where: str, layer: Any) -> Layer:
    if not is_layer(layer):
        got, hint = type(layer).__name__, ""
        if isinstance(layer, type):
            got, hint = layer.__name__, "; give an instance of it"
        elif isinstance(layer, (list, tuple)):
            hint = "; give them one by one, *layers" if where == "Sequential" else ""
        raise complaint(where, f"expected layers, got {got}{hint}", TypeError)
    return layer


def _checked_name(name: Any) -> str:
    if not isinstance(name, str) or not name or "." in name:
        raise complaint("Layer", f"expected a name, a string without dots, got {name!r}")
    return name
