"""A point at which a function is differentiated, and small tools for arrays of any library."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..autodiff import tree
from ..autodiff.cells import Cell, Frame, overrides
from ..autodiff.library import library_of

__all__ = [
    "Function",
    "Place",
    "Point",
    "cast",
    "floating_arguments",
    "is_array",
    "is_complex",
    "is_inexact",
    "largest",
    "number",
    "paired",
    "typical",
    "xp_of",
]

Function = Callable[..., Any]


class Place(NamedTuple):
    """One array that is differentiated."""

    label: str
    number: int
    x: Any
    cell: Cell | None
    twin: bool  # a parameter that was met before: its gradient is returned again, but it moves only once


class Point:
    """The arguments of a function, and what the parameters of its layers are set to."""

    def __init__(self, args: tuple[Any, ...], numbers: tuple[int, ...], frame: dict[Cell, Any]) -> None:
        self.args, self.numbers, self.frame = args, numbers, frame
        self.places: list[Place] = []
        met: set[Cell] = set()
        for n in numbers:
            tree.map_tree(lambda x, path, n=n: self._visit(x, n, path, met), args[n])

    def _visit(self, x: Any, n: int, path: tree.Path, met: set[Cell]) -> Any:
        label = f"argument {n}{tree.describe(path)}"
        if tree.is_layer(x):
            for name, cell in x.__nnx_cells__().items():
                if cell.trainable:
                    value = self.frame.get(cell, cell.value)
                    self.places.append(Place(f"{label}, parameter {name!r}", n, value, cell, cell in met))
                    met.add(cell)
        elif is_inexact(x):
            self.places.append(Place(label, n, x, None, False))
        return x

    def call(self, f: Function) -> Any:
        """``f(*args)``; what it writes to layers is forgotten."""
        token = overrides.set(Frame(self.frame))
        try:
            return f(*self.args)
        finally:
            overrides.reset(token)

    def arranged(self, tangents: list[Any]) -> tuple[Any, ...]:
        """The tangents in the structure of the arguments that are differentiated, as gradients come."""
        rest = iter(tangents)

        def arrange(x: Any, _path: tree.Path) -> Any:
            if tree.is_layer(x):
                return {name: next(rest) for name, cell in x.__nnx_cells__().items() if cell.trainable}
            return next(rest) if is_inexact(x) else x

        return tuple(tree.map_tree(arrange, self.args[n]) for n in self.numbers)

    def moved(self, tangents: list[Any], h: float) -> Point:
        """The point a step further."""
        steps = iter(zip(self.places, tangents, strict=True))
        frame, args = dict(self.frame), list(self.args)

        def move(x: Any, _path: tree.Path) -> Any:
            if tree.is_layer(x):
                for cell in x.__nnx_cells__().values():
                    if cell.trainable:
                        place, t = next(steps)
                        if not place.twin:
                            frame[cell] = place.x + h * t
                return x
            if not is_inexact(x):
                return x
            place, t = next(steps)
            return place.x + h * t

        for n in self.numbers:
            args[n] = tree.map_tree(move, args[n])
        return Point(tuple(args), self.numbers, frame)

    def widened(self) -> Point:
        """The point in double precision; itself if it is so already."""
        frame = dict(self.frame)
        changed = False

        def wide(x: Any, _path: tree.Path = ()) -> Any:
            nonlocal changed
            if tree.is_layer(x):
                for cell in x.__nnx_cells__().values():
                    frame[cell] = wide(frame.get(cell, cell.value))
                return x
            if not is_inexact(x):
                return x
            xp = xp_of(x)
            dtype = xp.complex128 if is_complex(x) else xp.float64
            if x.dtype == dtype:
                return x
            changed = True
            return xp.astype(x, dtype)

        args = tuple(tree.map_tree(wide, a) for a in self.args)
        return Point(args, self.numbers, frame) if changed else self


def floating_arguments(args: tuple[Any, ...], argnums: int | Sequence[int] | None) -> tuple[int, ...]:
    """Which arguments to differentiate: ``argnums``, or those that hold floating arrays only."""
    if argnums is not None:
        return tuple(n % len(args) for n in ((argnums,) if isinstance(argnums, int) else argnums))

    def floating(a: Any) -> bool:
        arrays = [x for x in tree.leaves(a) if is_array(x) or tree.is_layer(x)]
        return bool(arrays) and all(tree.is_layer(x) or is_inexact(x) for x in arrays)

    return tuple(n for n, a in enumerate(args) if floating(a))


def is_array(x: Any) -> bool:
    """Whether ``x`` is an array of any library."""
    return library_of(x) is not None


def xp_of(x: Any) -> Any:
    """The standard namespace of a plain array."""
    library = library_of(x)
    assert library is not None
    return library.xp


def is_inexact(x: Any) -> bool:
    """Whether ``x`` is a real or complex floating array."""
    library = library_of(x)
    return library is not None and library.is_inexact(x)


def is_complex(x: Any) -> bool:
    """Whether a floating array is complex."""
    return bool(xp_of(x).isdtype(x.dtype, "complex floating"))


def cast(x: Any, like: Any) -> Any:
    """``x`` in the dtype of another array."""
    return xp_of(x).astype(x, like.dtype)


def number(x: Any) -> Any:
    """A 0-d array as a Python number."""
    return complex(x) if is_complex(x) else float(x)


def typical(x: Any) -> float:
    """A step that is small for ``x``: its root mean square, of which the square root above 1; 1 for zeros."""
    xp = xp_of(x)
    size = float(xp.mean(xp.abs(x) ** 2)) ** 0.5
    return min(size, size**0.5) or 1.0


def largest(x: Any) -> float:
    """The largest magnitude."""
    xp = xp_of(x)
    return float(xp.max(xp.abs(x))) if x.size else 0.0


def paired(x: Any, y: Any) -> tuple[float, float]:
    """Re sum(x * y), and the sum of the magnitudes in it."""
    xp = xp_of(x)
    product = x * y
    if is_complex(product):
        product = xp.real(product)
    return float(xp.sum(product)), float(xp.sum(xp.abs(product)))
