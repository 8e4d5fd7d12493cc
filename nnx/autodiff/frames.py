"""What a traced call sees in the cells of layers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .cells import Cell, Frame
from .library import library_of
from .traced import TracedArray

__all__ = ["TracedFrame", "alias"]

Place = tuple[Any, Any, int]


def alias(x: Any) -> Any:
    """An array as a traced one under a name of its own, so that writing to it in place reaches no other."""
    library = library_of(x)
    if library is None:
        return x
    if not isinstance(x, TracedArray):
        return library.constant(x)
    x = library.coerce(x, "nnx")
    return library.constant(x.value) if x.tape is None else library.on_tape(x.value, x.tape, x.index)


class TracedFrame(Frame):
    """Traced arrays only: a closed world.

    The arrays of a layer that the function closes over become constants when they are first read. Of buffers it
    remembers what was found in them, to tell later what was written, in place or not.
    """

    __slots__ = ("found", "outer")

    def __init__(self, outer: Frame | None) -> None:
        self.outer = outer
        self.found: dict[Cell, tuple[Any, Place] | None] = {}

    def __missing__(self, cell: Cell) -> Any:
        return self.show(cell, cell.value if self.outer is None else self.outer[cell])

    def show(self, cell: Cell, value: Any) -> Any:
        """Show a constant in a cell, or an array of an enclosing derivative."""
        array = self[cell] = alias(value)
        if cell.buffer:
            self.found[cell] = (array, _place(array))
        return array

    def put(self, cell: Cell, value: Any) -> None:
        """Show another array in a cell, for the length of the call."""
        if cell.buffer:
            self.found.setdefault(cell, None)
        self[cell] = value

    def keep(self, cell: Cell, value: Any) -> None:
        """Show another array in a cell, and write it there if the call succeeds."""
        self.found[cell] = None
        self[cell] = value

    def written(self) -> Iterator[tuple[Cell, Any]]:
        """The buffers that no longer hold what was found in them, and what is to be kept of parameters."""
        for cell, found in self.found.items():
            now = self[cell]
            if found is None or now is not found[0]:
                yield cell, now
                continue
            value, tape, index = _place(now)
            if value is not found[1][0] or tape is not found[1][1] or index != found[1][2]:
                yield cell, now

    def tapes(self) -> Iterator[Any]:
        """The tapes of the arrays that are shown here and in the enclosing calls."""
        yield from (x.tape for x in self.values() if isinstance(x, TracedArray) and x.tape is not None)
        if isinstance(self.outer, TracedFrame):
            yield from self.outer.tapes()

    def branch(self) -> TracedFrame:
        """A frame that shows the same now; what is written to the one is not seen in the other."""
        new = TracedFrame(self.outer)
        for cell, array in self.items():
            if cell.buffer:
                new.show(cell, array)
            else:
                new[cell] = array
        return new

    def recall(self, later: TracedFrame) -> None:
        """Show what was found in buffers that ``later``, which went on from here, was the first to read."""
        for cell, found in later.found.items():
            if found is not None and cell not in self:
                value, tape, index = found[1]
                library = found[0]._library
                self.show(
                    cell, library.constant(value) if tape is None else library.on_tape(value, tape, index)
                )


def _place(x: Any) -> Place:
    """What a traced array stands for at the moment."""
    if not isinstance(x, TracedArray):
        return x, None, -1
    x = x._library.coerce(x, "nnx")
    return x.value, x.tape, -1 if x.tape is None else x.index
