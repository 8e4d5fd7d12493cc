"""Updates in place, for libraries whose backend has the optimizer's rule among its overrides (``"optim.adam"``).

Parameters and statistics are worked on in pieces that stay in the processor's cache between the passes. Small
gradients are collected in a flat array, large ones are read where they are.
"""

from __future__ import annotations

import math
from typing import Any

from ..backend import Array, Backend
from ._buckets import FlatBucket, Members, Rule, States

__all__ = ["FusedBucket"]

LARGE = 65_536  # elements from which a gradient is not worth copying
PIECE = 65_536  # elements: fewer, and calls cost more than they save; more, and they leave the cache

Piece = tuple[Array, tuple[Array, ...]]  # of the parameters and of the statistics


class FusedBucket(FlatBucket):
    """One flat array, updated by ``step(p, g, statistics, scratch, *coefficients)`` piece by piece."""

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
        self.pieces: list[tuple[Array, Piece]] = []
        self.large: list[tuple[int, list[tuple[int, int, Piece]]]] = []
        sizes = [math.prod(shape) for shape in self.shapes]
        self.gradient = self._empty(sum(n for n in sizes if n < LARGE))
        self._plan(sizes)
        lengths = [len(g) for g, _ in self.pieces] + [b - a for _, cuts in self.large for a, b, _ in cuts]
        self.scratch = tuple(self._empty(max(lengths, default=0)) for _ in range(2))

    def _empty(self, n: int) -> Array:
        return self.backend.xp.empty((n,), dtype=self.dtype, device=self.device)

    def _plan(self, sizes: list[int]) -> None:
        """Cut the flat arrays into large parameters and runs of small ones between them, and those into pieces."""
        start = taken = run = (
            0  # places in the flat array and among the small ones; elements of the run so far
        )
        for i, n in enumerate(sizes):
            if n >= LARGE:
                self._end_run(start, taken, run)
                cuts = [(a, min(a + PIECE, n)) for a in range(0, n, PIECE)]
                self.large.append((i, [(a, b, self._piece(start + a, start + b)) for a, b in cuts]))
                run = 0
            else:
                self.small.append((i, self.gradient[taken : taken + n].reshape(self.shapes[i])))
                taken += n
                run += n
            start += n
        self._end_run(start, taken, run)

    def _end_run(self, stop: int, taken: int, length: int) -> None:
        start, first = stop - length, taken - length
        for a in range(0, length, PIECE):
            b = min(a + PIECE, length)
            self.pieces.append((self.gradient[first + a : first + b], self._piece(start + a, start + b)))

    def _piece(self, start: int, stop: int) -> Piece:
        return self.flat[start:stop], tuple(state[start:stop] for state in self.flat_states)

    def update(self, gradients: list[Array], rule: Rule, coefficients: tuple[Any, ...]) -> None:
        """The step in place, piece by piece."""
        step, scratch = self.in_place, self.scratch
        for i, view in self.small:
            view[...] = gradients[i]
        for g, (p, states) in self.pieces:
            step(p, g, states, scratch, *coefficients)
        for i, cuts in self.large:
            flat = gradients[i].reshape(-1)
            for a, b, (p, states) in cuts:
                step(p, flat[a:b], states, scratch, *coefficients)
