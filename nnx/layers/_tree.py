"""Walking a tree of layers: which arrays and which layers it holds, under which dotted paths.

A walk is remembered until the structure of any layer changes. Lists and dicts can change unseen, so a tree remembers
what those among its layers' attributes held, and looks whether they still do.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from ..autodiff.cells import Cell, warn_of_copies
from ..functional._errors import complaint

if TYPE_CHECKING:
    from ._layer import Layer

__all__ = [
    "Tree",
    "attribute_set",
    "changed",
    "children",
    "has_layers",
    "is_layer",
    "matching",
    "refuse_cells",
    "structural",
    "tree_of",
    "version",
]

_counter = itertools.count(1)
_version = 0
_state = 0


def changed() -> None:
    """Forget every walk: a layer gained or lost an array or a sub-layer, or one was frozen."""
    global _version
    _version = next(_counter)


def version() -> int:
    """A number that is another after each change."""
    return _version


def attribute_set(layer: Layer, name: str, old: Any, new: Any) -> None:
    """Note that a plain attribute of a layer is another one: `_state` tells what all of them have been set to.

    For plain values it comes back when they do, as with ``train`` and ``eval`` in turns; for other objects never.
    """
    global _state
    marks = [f"{id(layer)} {name} {type(x).__name__} {x!r}" for x in (old, new) if type(x) in _BY_VALUE]
    if len(marks) == 2:
        _state ^= hash(marks[0]) ^ hash(marks[1])
    else:
        _state = hash((_state, next(_counter)))


_BY_VALUE = frozenset((bool, int, float, str, type(None)))


class Tree:
    """What one walk found.

    Attributes
    ----------
    cells
        By path, each cell once, in the order of PyTorch's ``state_dict``.
    every
        Path and cell of every place, so a tied cell once for each.
    layers
        By path, each layer once, the root itself as ``""``.
    """

    __slots__ = ("__weakref__", "cells", "every", "layers", "version", "watched")

    def __init__(self, root: Layer) -> None:
        self.version = _version
        self.layers: dict[str, Layer] = {}
        self.every: list[tuple[str, Cell]] = []
        self.watched: list[tuple[Any, list[Any]]] = []
        self._visit(root, "", set(), ())
        seen: set[Cell] = set()
        self.cells: dict[str, Cell] = {}
        for path, cell in self.every:
            if cell not in seen:
                seen.add(cell)
                self.cells[path] = cell
        warn_of_copies(self.cells)

    def _visit(self, layer: Layer, path: str, seen: set[int], above: tuple[int, ...]) -> None:
        if id(layer) in above:
            raise complaint(type(layer).__name__, f'contains itself as "{path}"')
        if id(layer) not in seen:
            seen.add(id(layer))
            self.layers[path] = layer
        prefix = path + "." if path else ""
        own = layer._nnx_cells
        self.every.extend((prefix + name, cell) for name, cell in own.items() if not cell.buffer)
        self.every.extend((prefix + name, cell) for name, cell in own.items() if cell.buffer)
        for value in vars(layer).values():
            self._watch(value)
        for name, child in children(layer):
            self._visit(child, prefix + name, seen, (*above, id(layer)))

    def _watch(self, value: Any) -> None:
        """Remember what lists and dicts hold, also those inside others."""
        if isinstance(value, (list, dict)):
            items = _contents(value)
            self.watched.append((value, items))
        else:
            items = value if isinstance(value, tuple) else ()
        for item in items:
            if isinstance(item, (list, dict, tuple)):
                self._watch(item)

    def holds(self) -> bool:
        """Whether it is still what a walk would find."""
        if self.version != _version:
            return False
        for container, items in self.watched:
            now = _contents(container)
            if len(now) != len(items) or not all(map(operator.is_, now, items)):
                return False
        return True


def tree_of(layer: Layer) -> Tree:
    """The tree under a layer, walked again only if it may have changed."""
    tree = layer._nnx_tree
    if tree is None or not tree.holds():
        tree = Tree(layer)
        object.__setattr__(layer, "_nnx_tree", tree)  # which is no attribute that anybody sets
    return tree


def children(layer: Layer) -> Iterator[tuple[str, Layer]]:
    """Name and layer of each direct sub-layer, in the order in which they were given."""
    yield from layer._nnx_items.items()
    for name, value in vars(layer).items():
        if structural(value):
            yield from _layers_in(name, value)


def is_layer(value: Any) -> bool:
    """Whether a value owns cells."""
    return hasattr(type(value), "__nnx_cells__")


def structural(value: Any) -> bool:
    """Whether a value is a layer or may contain some."""
    return isinstance(value, (list, tuple, dict)) or is_layer(value)


def has_layers(value: Any) -> bool:
    """Whether a value is a layer or contains some."""
    return structural(value) and next(_layers_in("", value), None) is not None


def _layers_in(name: str, value: Any) -> Iterator[tuple[str, Layer]]:
    if isinstance(value, (list, tuple)):
        for i, item in enumerate(value):
            if structural(item):
                yield from _layers_in(f"{name}.{i}", item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if structural(item):
                yield from _layers_in(f"{name}.{key}", item)
    else:
        yield name, value


def _contents(container: list[Any] | dict[Any, Any]) -> list[Any]:
    return [*container, *container.values()] if isinstance(container, dict) else list(container)


def matching(pattern: str, paths: Iterable[str], where: str) -> list[str]:
    """The paths that a pattern matches, itself or as the path of a layer above."""
    found = [path for path in paths if fnmatchcase(path, pattern) or fnmatchcase(path, pattern + ".*")]
    if not found:
        raise complaint(where, f'no parameter matches "{pattern}"; there are {", ".join(paths) or "none"}')
    return found


def refuse_cells(where: str, name: str, value: Any) -> None:
    """A Parameter in a list could be neither read nor found: say so at once."""
    items = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    if any(isinstance(item, Cell) for item in items):
        raise complaint(
            where,
            f'"{name}" has a Parameter or Buffer inside a {type(value).__name__}; assign each to an attribute, '
            "in a loop with setattr, or put layers that hold them there",
            TypeError,
        )
