"""Parameters that are updated together: those of one library, device, dtype, age and group of settings.

Where a library's arrays can be written to through views, all parameters of a bucket lie in one flat array, and so
does each of the optimizer's statistics; the layers' arrays are views of it. An update is then a few passes over
one array, however many layers there are. A backend may do it in place (``nnx.optim._fused``).

Elsewhere each parameter is updated by itself. Both ways use the optimizer's rule and give the same numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..autodiff.cells import Cell
from ..backend import Array, Backend

__all__ = ["Bucket", "FlatBucket", "Members", "PlainBucket", "Rule", "States", "writes_through"]

Rule = Callable[..., Any]
Members = Sequence[tuple[str, Cell]]
States = Mapping[str, Mapping[str, Array]]


class Bucket:
    """What both kinds share: whose parameters these are, and how many updates they have had."""

    def __init__(self, backend: Backend, members: Members, group: int, step: int) -> None:
        self.backend = backend
        self.group = group
        self.step = step
        self.paths = [path for path, _ in members]
        self.cells = [cell for _, cell in members]
        first = members[0][1].value
        self.dtype, self.device, self.kind = first.dtype, first.device, type(first)
        self.shapes = [tuple(cell.value.shape) for cell in self.cells]

    def settled(self) -> bool:
        """Whether the cells still hold what this bucket can update; takes in new values of the same kind."""
        raise NotImplementedError

    def update(self, gradients: list[Array], rule: Rule, coefficients: tuple[Any, ...]) -> None:
        """One step with the gradients in the order of ``paths``."""
        raise NotImplementedError

    def states(self) -> dict[str, dict[str, Array]]:
        """The statistics by path and name, not copied."""
        raise NotImplementedError

    def kept(self, x: Array) -> Array:
        """A rule's result: an array again where NumPy made a number of it, in the dtype of the parameters."""
        return self.backend.xp.asarray(x, dtype=self.dtype)

    def fits(self, value: Array, i: int) -> bool:
        """Whether a value can be updated in the place of member ``i``."""
        return (
            type(value) is self.kind
            and value.dtype == self.dtype
            and tuple(value.shape) == self.shapes[i]
            and value.device == self.device
        )


class PlainBucket(Bucket):
    """Each parameter by itself, in standard functions; statistics may have shapes of their own."""

    def __init__(self, backend: Backend, members: Members, group: int, step: int, states: States) -> None:
        super().__init__(backend, members, group, step)
        self.names = [tuple(states[path]) for path in self.paths]
        self._states = [tuple(states[path].values()) for path in self.paths]

    def settled(self) -> bool:
        """Whether every value is still of the same kind."""
        return all(self.fits(cell.value, i) for i, cell in enumerate(self.cells))

    def update(self, gradients: list[Array], rule: Rule, coefficients: tuple[Any, ...]) -> None:
        """The rule, once for each parameter; nothing is changed unless it succeeds for all."""
        xp = self.backend.fast
        new = [
            rule(xp, cell.value, g, state, *coefficients)
            for cell, g, state in zip(self.cells, gradients, self._states, strict=True)
        ]
        for i, (value, state) in enumerate(new):
            self.cells[i].value = self.kept(value)
            self._states[i] = tuple(self.kept(x) for x in state)

    def states(self) -> dict[str, dict[str, Array]]:
        """As they are."""
        members = zip(self.paths, self.names, self._states, strict=True)
        return {path: dict(zip(names, state, strict=True)) for path, names, state in members}


class FlatBucket(Bucket):
    """All parameters in one array that the cells' values are views of."""

    def __init__(self, backend: Backend, members: Members, group: int, step: int, states: States) -> None:
        super().__init__(backend, members, group, step)
        self.names = tuple(states[self.paths[0]])
        self.flat = self.joined([cell.value for cell in self.cells])
        self.flat_states = tuple(self.joined([states[path][n] for path in self.paths]) for n in self.names)
        self.views = self.split(self.flat)
        for cell, view in zip(self.cells, self.views, strict=True):
            cell.value = view

    def joined(self, arrays: Sequence[Array]) -> Array:
        """A new flat array of arrays in the order of ``paths``."""
        xp = self.backend.xp
        return xp.concat([xp.reshape(x, (-1,)) for x in arrays])

    def split(self, flat: Array) -> list[Array]:
        """Views of a flat array in the shapes of the parameters."""
        views, start = [], 0
        for shape in self.shapes:
            stop = start + math.prod(shape)
            views.append(self.backend.xp.reshape(flat[start:stop], shape))
            start = stop
        return views

    def settled(self) -> bool:
        """Whether the cells hold the views, or values that could be copied into them."""
        for cell, view in zip(self.cells, self.views, strict=True):
            if cell.value is not view:
                return self._take_in()
        return True

    def _take_in(self) -> bool:
        if not all(self.fits(cell.value, i) for i, cell in enumerate(self.cells)):
            return False
        for cell, view in zip(self.cells, self.views, strict=True):
            if cell.value is not view:
                view[...] = self.backend.xp.asarray(cell.value, copy=True)  # it may overlap its own place
                cell.value = view
        return True

    def update(self, gradients: list[Array], rule: Rule, coefficients: tuple[Any, ...]) -> None:
        """The rule, once for all parameters."""
        g = self.joined(gradients)
        value, new = rule(self.backend.fast, self.flat, g, self.flat_states, *coefficients)
        self.flat[...] = value
        self.flat_states = tuple(self.kept(x) for x in new)

    def states(self) -> dict[str, dict[str, Array]]:
        """Views of the flat statistics."""
        columns = [self.split(flat) for flat in self.flat_states]
        return {
            path: {n: c[i] for n, c in zip(self.names, columns, strict=True)}
            for i, path in enumerate(self.paths)
        }


def writes_through(backend: Backend, like: Array) -> bool:
    """Whether what is written into a reshaped part of an array shows in the array."""
    xp = backend.xp
    flat = xp.zeros((4,), dtype=like.dtype, device=like.device)
    return backend.is_view(xp.reshape(flat[1:3], (2, 1)), flat)
