"""The parameters that an optimizer updates: where they live, and by which settings each is updated."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any, Protocol, runtime_checkable

from ..autodiff.cells import Cell, warn_of_copies
from ..backend import Array, backend_of
from ..functional._errors import complaint

__all__ = ["FromLayer", "FromMapping", "Places", "layer_of", "matches", "places_of"]


@runtime_checkable
class Places(Protocol):
    """Where an optimizer's parameters live."""

    def cells(self) -> dict[str, Cell]:
        """By path; the same dict as long as nothing was added, taken away, frozen or unfrozen."""
        ...


class FromLayer:
    """The trainable parameters of a layer, as they are at the moment."""

    def __init__(self, layer: Any) -> None:
        self.layer = layer
        self._cells: Any = None
        self._trainable: dict[str, Cell] = {}

    def cells(self) -> dict[str, Cell]:
        """By path; the same dict as long as nothing was added, taken away, frozen or unfrozen."""
        cells = self.layer.__nnx_cells__()
        if cells is not self._cells:
            trainable = {path: cell for path, cell in cells.items() if cell.trainable}
            if trainable != self._trainable:
                self._trainable = trainable
            self._cells = cells
        return self._trainable


class FromMapping:
    """Arrays by name; they are copied, so the caller's own are never written to."""

    def __init__(self, arrays: Mapping[str, Array]) -> None:
        self._cells: dict[str, Cell] = {}
        for name, value in arrays.items():
            if not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise complaint(
                    "optimizer", f"expected strings as names of parameters, got {name!r}", TypeError
                )
            try:
                backend = backend_of(value)
            except TypeError:
                raise complaint(
                    "optimizer", f'parameter "{name}" is no array but {value!r:.60}', TypeError
                ) from None
            self._cells[name] = Cell(backend.xp.asarray(value, copy=True))

    def cells(self) -> dict[str, Cell]:
        """By name."""
        return self._cells


def places_of(model_or_parameters: Any) -> Places:
    """What an optimizer was given, as cells by path."""
    if hasattr(type(model_or_parameters), "__nnx_cells__"):
        cells = model_or_parameters.__nnx_cells__()
        if not all(cell.buffer for cell in cells.values()):
            warn_of_copies(cells)
            return FromLayer(model_or_parameters)
        raise complaint("optimizer", f"{type(model_or_parameters).__name__} has no parameters to update")
    layer = layer_of(model_or_parameters)
    if layer is not None:
        return FromLayer(layer)
    if isinstance(model_or_parameters, Mapping):
        if model_or_parameters:
            return FromMapping(model_or_parameters)
        raise complaint("optimizer", "the dict has no parameters to update")
    if isinstance(model_or_parameters, Places):
        return model_or_parameters
    raise complaint(
        "optimizer",
        f"expected a Layer or a dict of arrays by name, got {type(model_or_parameters).__name__}",
        TypeError,
    )


def layer_of(given: Any) -> Any:
    """The layer whose ``parameters()`` were given: PyTorch's way to say which model to train."""
    layer = getattr(given, "nnx_layer", None)
    if layer is None:
        return None
    own = [layer.parameters(), layer.parameters(trainable=True)]
    same = any(given.keys() == arrays.keys() and all(given[p] is arrays[p] for p in arrays) for arrays in own)
    return layer if same and own[1] else None


def matches(pattern: str, path: str) -> bool:
    """Whether a pattern means a path, itself or as the path of a layer above."""
    return fnmatchcase(path, pattern) or fnmatchcase(path, pattern + ".*")
