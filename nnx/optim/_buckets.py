"""Parameters that are updated together: those of one library, device, dtype, age and group of settings.

Where a library's arrays can be written to through views (its backend has updates of its own among its
overrides, as ``"optim.adam"``), all parameters of a bucket lie in one flat array, and so does each of the
optimizer's statistics; the layers' arrays are views of it. An update is then a few passes over one array,
however many layers there are, in pieces that stay in the processor's cache. Small gradients are collected in a
flat array too; large ones are read where they are.

Elsewhere each parameter is updated by itself with the rule in standard functions. Both give the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..autodiff.cells import Cell
from ..backend import Array, Backend

__all__ = ["Bucket", "FlatBucket", "PlainBucket", "Rule"]

Rule = Callable[..., Any]
Members = Sequence[tuple[str, Cell]]
States = Mapping[str, Mapping[str, Array]]

LARGE = 65_536  # elements from which a gradient is not worth copying


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

    def fits(self, value: Array, i: int) -> bool:
        """Whether a value can be updated in the place of member ``i``."""
        return (
            type(value) is self.kind
            and value.dtype == self.dtype
            and tuple(value.shape) == self.shapes[i]
            and value.device == self.device
        )


class PlainBucket(Bucket):
    """Each parameter by itself, in standard functions."""

    def __init__(
        self, backend: Backend, members: Members, group: int, step: int, names: Sequence[str], states: States
    ) -> None:
        super().__init__(backend, members, group, step)
        self.names = names
        self._states = [_initial(backend, names, cell.value, states.get(path)) for path, cell in members]

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
            self.cells[i].value = value
            self._states[i] = state

    def states(self) -> dict[str, dict[str, Array]]:
        """As they are."""
        pairs = zip(self.paths, self._states, strict=True)
        return {path: dict(zip(self.names, state, strict=True)) for path, state in pairs}


class FlatBucket(Bucket):
    """All parameters in one array that the cells' values are views of."""

    def __init__(
        self,
        backend: Backend,
        members: Members,
        group: int,
        step: int,
        names: Sequence[str],
        states: States,
        fused: Rule | None,
        piece: int,
    ) -> None:
        super().__init__(backend, members, group, step)
        self.names, self.fused = names, fused
        initial = [_initial(backend, names, cell.value, states.get(path)) for path, cell in members]
        self.flat = self._joined([cell.value for cell in self.cells])
        self.flat_states = (
            tuple(self._joined(column) for column in zip(*initial, strict=True)) if names else ()
        )
        self.views = self._views(self.flat)
        for cell, view in zip(self.cells, self.views, strict=True):
            cell.value = view
        self._plan(piece)

    def _joined(self, arrays: Sequence[Array]) -> Array:
        xp = self.backend.xp
        return xp.concat([xp.reshape(x, (-1,)) for x in arrays])

    def _views(self, flat: Array) -> list[Array]:
        views, start = [], 0
        for shape in self.shapes:
            stop = start + _product(shape)
            views.append(flat[start:stop].reshape(shape))
            start = stop
        return views

    def _plan(self, piece: int) -> None:
        """Cut the flat arrays into runs of small parameters and single large ones, and those into pieces."""
        xp = self.backend.xp
        sizes = [_product(shape) for shape in self.shapes]
        small = sum(n for n in sizes if n < LARGE)
        self.gradient = xp.empty((small,), dtype=self.dtype, device=self.device)
        self.small: list[tuple[int, Array]] = []
        self.pieces: list[tuple[Array, Array, tuple[Array, ...]]] = []
        self.large: list[tuple[int, list[tuple[int, int, Array, tuple[Array, ...]]]]] = []
        start = taken = run_start = run_taken = 0
        for i, n in enumerate(sizes):
            if n >= LARGE:
                self._cut_run(run_start, run_taken, taken - run_taken, piece)
                cuts = [(a, min(a + piece, n)) for a in range(0, n, piece)]
                self.large.append((i, [(a, b, *self._at(start + a, start + b)) for a, b in cuts]))
                run_start, run_taken = start + n, taken
            else:
                self.small.append((i, self.gradient[taken : taken + n].reshape(self.shapes[i])))
                taken += n
            start += n
        self._cut_run(run_start, run_taken, taken - run_taken, piece)
        longest = max(
            [b - a for _, cuts in self.large for a, b, *_ in cuts] + [len(p) for p, *_ in self.pieces] + [0]
        )
        self.scratch = tuple(xp.empty((longest,), dtype=self.dtype, device=self.device) for _ in range(2))

    def _cut_run(self, start: int, taken: int, length: int, piece: int) -> None:
        for a in range(0, length, piece):
            b = min(a + piece, length)
            p, states = self._at(start + a, start + b)
            self.pieces.append((p, self.gradient[taken + a : taken + b], states))

    def _at(self, start: int, stop: int) -> tuple[Array, tuple[Array, ...]]:
        return self.flat[start:stop], tuple(s[start:stop] for s in self.flat_states)

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
        """One pass over the flat arrays."""
        fused = self.fused
        for i, view in self.small:
            view[...] = gradients[i]
        if fused is None:
            self._update_by(rule, gradients, coefficients)
            return
        scratch = self.scratch
        for p, g, states in self.pieces:
            fused(p, g, states, scratch, *coefficients)
        for i, cuts in self.large:
            g = gradients[i].reshape(-1)
            for a, b, p, states in cuts:
                fused(p, g[a:b], states, scratch, *coefficients)

    def _update_by(self, rule: Rule, gradients: list[Array], coefficients: tuple[Any, ...]) -> None:
        """The rule in standard functions, piece by piece, written back."""
        work = list(self.pieces)
        for i, cuts in self.large:
            g = gradients[i].reshape(-1)
            work += [(p, g[a:b], states) for a, b, p, states in cuts]
        for p, g, states in work:
            value, new = rule(self.backend.fast, p, g, states, *coefficients)
            p[...] = value
            for old, state in zip(states, new, strict=True):
                old[...] = state

    def states(self) -> dict[str, dict[str, Array]]:
        """Views of the flat statistics."""
        columns = [self._views(flat) for flat in self.flat_states]
        return {
            path: {n: c[i] for n, c in zip(self.names, columns, strict=True)}
            for i, path in enumerate(self.paths)
        }


def _initial(
    backend: Backend, names: Sequence[str], like: Array, known: Mapping[str, Array] | None
) -> tuple[Array, ...]:
    """The statistics of one parameter: those it has, zeros for the others."""
    known = known or {}
    return tuple(known[name] if name in known else backend.xp.zeros_like(like) for name in names)


def _product(shape: tuple[int, ...]) -> int:
    product = 1
    for n in shape:
        product *= n
    return product
