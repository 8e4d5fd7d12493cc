"""The library's own functions on plain arrays, for what carries no derivative."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .errors import NotDifferentiableError

if TYPE_CHECKING:
    from .library import Library

__all__ = ["carries", "has_traced", "plain", "refuse", "speaks"]


def refuse(name: str) -> NotDifferentiableError:
    """The error for a function that has no traced version."""
    return NotDifferentiableError(
        f"{name} is not available on traced arrays: nnx has no derivative for it, and will not convert silently; "
        "write it with functions of nnx.array_namespace(x), or read the value with nnx.stop_gradient(x)"
    )


def speaks(library: Library) -> bool:
    """Whether NumPy's functions take the library's own arrays."""
    return bool(library.backend.array_methods)


def carries(base: type, tree: Any) -> bool:
    """Whether a traced array in tuples, lists and dicts is on a tape, at whatever level."""
    if isinstance(tree, base):
        x: Any = tree
        while isinstance(x, base):
            if x.tape is not None:
                return True
            x = x.value
        return False
    if isinstance(tree, dict):
        tree = tuple(tree.values())
    return isinstance(tree, (tuple, list)) and any(carries(base, item) for item in tree)


def has_traced(base: type, tree: Any) -> bool:
    """Whether there is a traced array in tuples and lists."""
    return any(isinstance(leaf, base) for leaf in _leaves(tree))


def plain(library: Library, function: Callable[..., Any], args: Any, kwargs: Any) -> tuple[bool, Any]:
    """Whether the library's own function served, and what it returned: not where the result is a view."""
    raw, named = library.strip_all(tuple(args)), library.strip_all(dict(kwargs))
    result = function(*raw, **named)
    inputs = [x for x in _leaves((raw, list(named.values()))) if library.owns(x)]
    shares = library.backend.is_view
    if any(library.owns(r) and any(shares(r, x) for x in inputs) for r in _leaves(result)):
        return False, None
    return True, library.wrap_all(result)


def _leaves(tree: Any) -> list[Any]:
    if isinstance(tree, (tuple, list)):
        return [leaf for item in tree for leaf in _leaves(item)]
    return [tree]
