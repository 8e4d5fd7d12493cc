"""Several optimizers for the parts of a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..autodiff.cells import Cell
from ..backend import Array
from ..functional._errors import complaint
from ._gradients import fitted
from ._optimizer import Optimizer
from ._places import Places, matches, places_of

__all__ = ["Split"]

Make = Callable[[Any], Optimizer]


class Split(Optimizer):
    """Updates each part of a model with an optimizer of its own.

    Parameters
    ----------
    model_or_parameters
        A Layer, or a dict of arrays by name.
    makers
        By pattern of the path, as in an optimizer's ``groups``, what makes the optimizer: a function of the part of the
        model. The first pattern that matches counts.
    rest
        What makes the optimizer of all that no pattern matches.

    Attributes
    ----------
    optimizers
        The optimizers, in the order of the patterns, that of the rest last. Their learning rates are set there.

    Raises
    ------
    ValueError
        Where a pattern matches nothing, or something is left over.

    Examples
    --------
    Muon is for the matrices inside of a network; AdamW takes the rest:

    >>> import nnx
    >>> model = nnx.Sequential(nnx.Linear(8, 16), nnx.ReLU(), nnx.Linear(16, 16), nnx.ReLU(), nnx.Linear(16, 2))
    >>> optimizer = nnx.optim.Split(
    ...     model,
    ...     {"2.weight": lambda part: nnx.optim.Muon(part, learning_rate=0.02)},
    ...     rest=lambda part: nnx.optim.AdamW(part, learning_rate=3e-4),
    ... )
    >>> [list(each.parameters) for each in optimizer.optimizers]
    [['2.weight'], ['0.weight', '0.bias', '2.bias', '4.weight', '4.bias']]
    """

    def __init__(
        self, model_or_parameters: Any, makers: Mapping[str, Make], rest: Make | None = None
    ) -> None:
        self._places = places_of(model_or_parameters)
        self.settings, self.groups = {}, {}
        patterns = list(makers)
        parts = [_Part(self._places, patterns, i) for i in range(len(patterns) + (rest is not None))]
        for pattern, part in zip(patterns, parts, strict=False):
            if not part.cells():
                paths = ", ".join(self._places.cells())
                raise complaint("Split", f'no parameter is left for "{pattern}"; there are {paths}')
        left = list(_Part(self._places, patterns, len(patterns)).cells())
        if left and rest is None:
            raise complaint("Split", f"no pattern matches {', '.join(left)}; give their optimizer as rest")
        makes = [*makers.values()] if rest is None else [*makers.values(), rest]
        self.optimizers = [make(part) for make, part in zip(makes, parts, strict=True) if part.cells()]
        for each in self.optimizers:
            if not isinstance(each, Optimizer) or each.takes_closure:
                name = type(each).__name__
                raise complaint(
                    "Split", f"expected optimizers that update with gradients, got {name}", TypeError
                )
        self.steps = 0

    @property
    def learning_rate(self) -> Any:
        """Those of the optimizers, as a list."""
        return [each.learning_rate for each in self.optimizers]

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        raise complaint(
            "Split", "there are several learning rates; assign to those of its optimizers", TypeError
        )

    def update(self, grads: Mapping[str, Array]) -> None:
        """One step of each."""
        given = fitted("Split", grads, self._places.cells())
        parts = [list(each._places.cells()) for each in self.optimizers]
        if sum(map(len, parts)) != len(given):
            raise complaint(
                "Split", "the model has parameters that no optimizer was made for; give one as rest"
            )
        for each, paths in zip(self.optimizers, parts, strict=True):
            each.update({path: given[path] for path in paths})
        self.steps += 1

    def state_dict(self) -> dict[str, Any]:
        """A snapshot from which training goes on exactly."""
        return {
            "step": self.steps,
            "optimizers": {str(i): o.state_dict() for i, o in enumerate(self.optimizers)},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a snapshot of a model that was split alike."""
        states = state.get("optimizers") if isinstance(state, Mapping) else None
        if not isinstance(states, Mapping) or "step" not in state or len(states) != len(self.optimizers):
            detail = f'expected what state_dict() gives, a dict with "step" and {len(self.optimizers)} "optimizers"'
            raise complaint("Split", detail)
        before = [each.state_dict() for each in self.optimizers]
        try:
            for i, each in enumerate(self.optimizers):
                each.load_state_dict(states.get(str(i), {}))
            self.steps = int(state["step"])
        except BaseException:
            for each, snapshot in zip(self.optimizers, before, strict=True):
                each.load_state_dict(snapshot)
            raise

    def __getstate__(self) -> dict[str, Any]:
        return vars(self)

    def __repr__(self) -> str:
        return f"Split({', '.join(map(repr, self.optimizers))})"


class _Part:
    """The parameters that a pattern matches first; behind the last pattern, those that none matches."""

    def __init__(self, places: Places, patterns: list[str], index: int) -> None:
        self.places, self.patterns, self.index = places, patterns, index
        self._of: Any = None
        self._cells: dict[str, Cell] = {}

    def cells(self) -> dict[str, Cell]:
        """By path; the same dict as long as nothing changes."""
        cells = self.places.cells()
        if cells is not self._of:
            ours = {path: cell for path, cell in cells.items() if self._first(path) == self.index}
            if ours != self._cells:
                self._cells = ours
            self._of = cells
        return self._cells

    def _first(self, path: str) -> int:
        n = len(self.patterns)
        return next((i for i, pattern in enumerate(self.patterns) if matches(pattern, path)), n)
