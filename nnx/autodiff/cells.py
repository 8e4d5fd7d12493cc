"""Where parameters live, and how a derivative sees them without changing them.

A cell holds one array of a layer. During a traced call a context variable maps cells to traced arrays; reading
a cell looks there first. Nothing is mutated by tracing, so an exception has nothing to restore, and threads and
async tasks that share a model do not see each other's derivatives.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

__all__ = ["Cell", "overrides", "read", "write"]


class Cell:
    """A mutable place for one array.

    ``trainable`` cells are differentiated and optimized; ``buffer`` cells hold state that is neither.
    """

    __slots__ = ("__weakref__", "buffer", "trainable", "value")

    def __init__(self, value: Any, trainable: bool = True, buffer: bool = False) -> None:
        self.value = value
        self.trainable = trainable and not buffer
        self.buffer = buffer


overrides: ContextVar[dict[Cell, Any] | None] = ContextVar("nnx_cells", default=None)


def read(cell: Cell) -> Any:
    """The array that this context sees in a cell: inside a derivative the traced one."""
    frame = overrides.get()
    return cell.value if frame is None else frame.get(cell, cell.value)


def write(cell: Cell, value: Any) -> None:
    """Set a cell; inside a derivative only for the length of the traced call."""
    frame = overrides.get()
    if frame is None:
        cell.value = value
    else:
        frame[cell] = value
