"""Where parameters live, and how a derivative sees them without changing them.

A cell holds one array of a layer. During a traced call a context variable holds a frame, which shows traced arrays
in cells; reading a cell looks there first. Nothing is mutated by tracing, so an exception has nothing to restore,
and threads and async tasks that share a model do not see each other's derivatives.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

__all__ = ["Cell", "Frame", "keep", "overrides", "read", "warn_of_copies", "write"]


class Cell:
    """A mutable place for one array.

    ``trainable`` cells are differentiated and optimized; ``buffer`` cells hold state that is neither.
    """

    __slots__ = ("__weakref__", "buffer", "trainable", "value")

    def __init__(self, value: Any, trainable: bool = True, buffer: bool = False) -> None:
        self.value = value
        self.trainable = trainable and not buffer
        self.buffer = buffer


class Frame(dict[Cell, Any]):
    """What a context sees in cells; one that is not among the keys shows its own array."""

    __slots__ = ()
    looks_at_layers = True
    """Whether layers are to be called one by one here: they record, or somebody looks at what they do."""

    def __missing__(self, cell: Cell) -> Any:
        return cell.value

    def put(self, cell: Cell, value: Any) -> None:
        """Show another array in a cell."""
        self[cell] = value

    def keep(self, cell: Cell, value: Any) -> None:
        """Show another array in a cell, and leave it there afterwards."""
        self.put(cell, value)

    def lifted(self, x: Any) -> Any:
        """Arguments as a derivative in this context takes them."""
        return x


overrides: ContextVar[Frame | None] = ContextVar("nnx_cells", default=None)


def read(cell: Cell) -> Any:
    """The array that this context sees in a cell: inside a derivative a traced one."""
    frame = overrides.get()
    return cell.value if frame is None else frame[cell]


def write(cell: Cell, value: Any) -> None:
    """Set a cell; inside a derivative for the length of the traced call, which keeps buffers if it succeeds."""
    frame = overrides.get()
    if frame is None:
        cell.value = value
    else:
        frame.put(cell, value)


def keep(cell: Cell, value: Any) -> None:
    """Set a cell for good; inside a derivative once the traced call succeeds, also where it holds a parameter."""
    frame = overrides.get()
    if frame is None:
        cell.value = value
    else:
        frame.keep(cell, value)


def warn_of_copies(cells: Mapping[str, Cell]) -> None:
    """Say where two parameters hold one array, as after ``decoder.weight = encoder.weight``: they are not tied."""
    paths: dict[int, str] = {}
    for path, cell in cells.items():
        other = path if cell.buffer else paths.setdefault(id(cell.value), path)
        if other is not path:
            warnings.warn(
                f'"{path}" holds the same array as "{other}" but is trained apart from it; to tie them, give both one '
                "Parameter: table = nnx.Parameter(array); a.weight = table; b.weight = table. To part them, copy",
                stacklevel=_outside(),
            )


def _outside() -> int:
    """How many frames up the code of users is that led here."""
    level, frame = 0, sys._getframe()
    while frame is not None and frame.f_globals.get("__name__", "").startswith("nnx."):
        level, frame = level + 1, frame.f_back
    return level
