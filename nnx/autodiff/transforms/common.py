"""What the transforms share."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from .. import tree
from ..library import library_of
from ..traced import TracedArray

__all__ = ["Argnums", "is_inexact", "like", "named", "numbers_of", "zeros_like"]

Argnums: TypeAlias = int | Sequence[int]


def numbers_of(what: str, argnums: Argnums) -> tuple[int, ...]:
    """The argument numbers as a tuple."""
    if isinstance(argnums, int):
        return (argnums,)
    numbers = tuple(argnums)
    if not numbers or not all(isinstance(n, int) for n in numbers):
        raise TypeError(f"{what}: argnums has to be an int or a non-empty sequence of ints, got {argnums!r}")
    return numbers


def named(function: Callable[..., Any], f: Callable[..., Any]) -> Callable[..., Any]:
    """``function`` under the name and with the docstring of ``f``."""
    try:
        return functools.update_wrapper(function, f)
    except (AttributeError, TypeError):  # pragma: no cover - objects that refuse attributes
        return function


def zeros_like(x: Any) -> Any:
    """Zeros of the shape, dtype, device and namespace of an array; anything else as it is."""
    library = library_of(x)
    if library is None:
        return x
    xp = library.namespace if isinstance(x, TracedArray) else library.xp
    return xp.zeros(x.shape, dtype=x.dtype, device=x.device)


def is_inexact(x: Any) -> bool:
    """Whether ``x`` is an array that can carry a derivative."""
    library = library_of(x)
    return library is not None and library.is_inexact(x)


def like(structure: Any, values: Any) -> Any:
    """Values one by one in place of the leaves of a structure."""
    return tree.map_tree(lambda _x, _path: next(values), structure)
