"""Updates in place, for libraries whose backend has the optimizer's rule among its overrides (``"optim.adam"``).

Parameters and statistics are worked on in pieces that stay in the processor's cache between the passes, and that the
backend may share out over the processor's cores. Small gradients are collected in a flat array, large ones are read
where they are.
"""

from __future__ import annotations

import math
from typing import Any

from ..backend import Array, Backend
from ._buckets import FlatBucket, Members, Rule, States

__all__ = ["FusedBucket"]

LARGE = 65_536  # elements from which a gradient is not worth copying
PIECE = 131_072  # elements: fewer, and calls cost more than they save; more, and they leave the cache

Piece = tuple[Array, Array, tuple[Array, ...]]  # of the parameters, the gradients and the statistics


class FusedBucket(FlatBucket):
    """One flat array, updated by ``step(p, g, statistics, *coefficients)`` piece by piece."""

    def __init__(
        self,
        backend: Backend,
        members: Members,
        group: int,
        step: int,
        states: States,
        in_place: Rule,
    ) -> None:
        super().__init__(backend, members, group, step, states)
        self.in_place = in_place
        self.small: list[tuple[int, Array]] = []
        self.pieces: list[Piece] = []
        self.large: list[tuple[int, int, int, Array, tuple[Array, ...]]] = []
        sizes = [math.prod(shape) for shape in self.shapes]
        self.elements = sum(sizes)
        n = sum(n for n in sizes if n < LARGE)
        self.gradient = backend.xp.empty((n,), dtype=self.dtype, device=self.device)
        self._plan(sizes)

    def _plan(self, sizes: list[int]) -> None:
        """Cut the flat arrays into large parameters and runs of small ones between them, and those into pieces."""
        start = taken = run = (
            0  # places in the flat array and among the small ones; elements of the run so far
        )
        for i, n in enumerate(sizes):
            if n >= LARGE:
                self._end_run(start, taken, run)
                self.large += [(i, a, b, *self._piece(start + a, start + b)) for a, b in _cuts(n)]
                run = 0
            else:
                self.small.append((i, self.gradient[taken : taken + n].reshape(self.shapes[i])))
                taken += n
                run += n
            start += n
        self._end_run(start, taken, run)

    def _end_run(self, stop: int, taken: int, length: int) -> None:
        start, first = stop - length, taken - length
        for a, b in _cuts(length):
            p, states = self._piece(start + a, start + b)
            self.pieces.append((p, self.gradient[first + a : first + b], states))

    def _piece(self, start: int, stop: int) -> tuple[Array, tuple[Array, ...]]:
        return self.flat[start:stop], tuple(state[start:stop] for state in self.flat_states)

    def update(self, gradients: list[Array], rule: Rule, coefficients: tuple[Any, ...]) -> None:
        """The step in place, piece by piece."""
        step, pieces = self.in_place, self.pieces
        for i, view in self.small:
            view[...] = gradients[i]
        if self.large:
            flat = {i: gradients[i].reshape(-1) for i, *_ in self.large}
            pieces = [*((p, flat[i][a:b], states) for i, a, b, p, states in self.large), *pieces]
        if len(pieces) > 1:
            self.backend.share(lambda piece: step(*piece, *coefficients), pieces, self.elements)
        else:
            for p, g, states in pieces:
                step(p, g, states, *coefficients)


def _cuts(n: int) -> list[tuple[int, int]]:
    """Where pieces of about the same size begin and end."""
    size = -(-n // -(-n // PIECE)) if n else 1
    return [(a, min(a + size, n)) for a in range(0, n, size)]
