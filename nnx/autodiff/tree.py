"""Arguments as trees: arrays and Layers inside tuples, lists, dicts, named tuples and dataclasses."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from .library import library_of

__all__ = ["describe", "is_array", "is_layer", "is_leaf", "leaves", "map_tree", "paired"]

Path = tuple[Any, ...]


def is_array(x: Any) -> bool:
    """Whether ``x`` is an array of any library, traced or not."""
    return library_of(x) is not None


def is_layer(x: Any) -> bool:
    """Whether ``x`` owns cells."""
    return hasattr(type(x), "__nnx_cells__")


def is_leaf(x: Any) -> bool:
    """Whether ``x`` is an array or a layer."""
    return library_of(x) is not None or hasattr(type(x), "__nnx_cells__")


def map_tree(f: Callable[[Any, Path], Any], tree: Any, path: Path = ()) -> Any:
    """``tree`` with ``f(leaf, path)`` in place of each leaf; what is neither a container nor None is a leaf."""
    kind = type(tree)
    if tree is None or is_array(tree) or is_layer(tree):
        return None if tree is None else f(tree, path)
    if isinstance(tree, tuple):
        items = [map_tree(f, item, (*path, i)) for i, item in enumerate(tree)]
        return kind(*items) if hasattr(kind, "_fields") else kind(items)
    if isinstance(tree, list):
        return kind(map_tree(f, item, (*path, i)) for i, item in enumerate(tree))
    if isinstance(tree, dict):
        items_of = {k: map_tree(f, v, (*path, k)) for k, v in tree.items()}
        if kind is dict:
            return items_of
        new = copy.copy(tree)
        new.update(items_of)
        return new
    if hasattr(kind, "__dataclass_fields__"):  # the module dataclasses costs 8 ms to import
        new = copy.copy(tree)
        for name in kind.__dataclass_fields__:
            object.__setattr__(new, name, map_tree(f, getattr(tree, name), (*path, name)))
        return new
    return f(tree, path)


def leaves(tree: Any) -> list[Any]:
    """The leaves of a tree in order."""
    found: list[Any] = []

    def visit(x: Any, _path: Path) -> Any:
        found.append(x)
        return x

    map_tree(visit, tree)
    return found


def paired(tree: Any, other: Any, what: str, path: Path = ()) -> list[tuple[Any, Any]]:
    """Each leaf of a tree with what ``other`` has in its place: by key and name, not by order.

    None in place of a container stands for None in place of all its leaves.
    """
    items = _items(tree)
    if items is None:
        return [] if tree is None else [(tree, other)]
    others = dict.fromkeys(items) if other is None else _items(other)
    if others is None or set(items) != set(others):
        raise ValueError(
            f"{what}{describe(path)}: expected the structure {_kind(tree, items)}, got {_kind(other, others)}"
        )
    return [pair for key, item in items.items() for pair in paired(item, others[key], what, (*path, key))]


def _items(x: Any) -> dict[Any, Any] | None:
    """What a container holds, by key, field or position; None for what is no container."""
    if x is None or is_array(x) or is_layer(x):
        return None
    if isinstance(x, (tuple, list)):
        return dict(enumerate(x))
    if isinstance(x, dict):
        return x
    names = getattr(type(x), "__dataclass_fields__", None)
    return None if names is None else {name: getattr(x, name) for name in names}


def _kind(x: Any, items: dict[Any, Any] | None) -> str:
    kind = type(x).__name__
    if items is None:
        return kind
    return (
        f"{kind} of {len(items)}"
        if isinstance(x, (tuple, list))
        else f"{kind} with {', '.join(map(str, items))}"
    )


def describe(path: Path) -> str:
    """``[0]['weights']`` for messages."""
    return "".join(f"[{p!r}]" for p in path)
