"""What all optimizers share: names and groups of parameters, checks, state, and when to rebuild their buckets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from .._torch_names import no_attribute, refuse_unknown
from ..autodiff.cells import Cell, read
from ..backend import Array, backend_of
from ..backend.effects import effect, not_captured
from ..functional._errors import complaint
from ._buckets import Bucket, FlatBucket, PlainBucket, writes_through
from ._fused import FusedBucket
from ._gradients import arranged
from ._places import matches, places_of
from ._state import checked, moved_with

__all__ = ["LearningRate", "Optimizer"]

LearningRate = float | Callable[[int], float]
Known = tuple[int, dict[str, Array]]  # how many updates a parameter has had, and its statistics


class Optimizer:
    """The base of the optimizers; a subclass gives its settings and its rule for one array.

    A subclass defines ``statistics`` (the names of the arrays it keeps for each parameter, zeros at first; where they
    are not of its shape, ``shapes``), ``coefficients`` (the numbers that its rule needs at a step) and ``rule``, in
    standard functions. A rule that treats all elements alike is given many parameters as one flat array; one that looks
    at a whole parameter says so with ``elementwise = False``. A backend may have the rule in place among its overrides,
    as ``"optim.<name>"``, or a way to apply any, as ``"optim.by_rule"``.

    Parameters
    ----------
    model_or_parameters
        A Layer, whose trainable parameters are updated, or its ``parameters()``; or another dict of arrays by name,
        which is copied.
    groups
        Settings that differ for some parameters, by pattern of their paths: ``{"*.bias": {"weight_decay": 0.0}}``.
        A pattern is a path, the path of a layer for all below it, or has wildcards; the first that matches counts.
    **settings
        What the rule is set with.

    Attributes
    ----------
    learning_rate
        A number, or a function of the step; may be assigned to.
    steps
        How many updates there have been.
    """

    name: str = ""
    elementwise = True
    takes_closure = False  # whether update takes a function that returns the loss and gradients
    rule: Callable[..., tuple[Array, Any]]
    """``(xp, p, g, statistics, *coefficients)`` to the new parameter and its new statistics."""

    def __init_subclass__(cls, **options: Any) -> None:
        """An update is an effect, a subclass's own too."""
        super().__init_subclass__(**options)
        if "update" in vars(cls):
            cls.update = effect(cls.update)

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Refuse arguments that it doesn't have, PyTorch's names for its own among them."""
        refuse_unknown(cls, args, kwargs)
        return super().__new__(cls)

    def __init__(
        self,
        model_or_parameters: Any,
        groups: Mapping[str, Mapping[str, Any]] | None = None,
        **settings: Any,
    ) -> None:
        self._places = places_of(model_or_parameters)
        self.steps = 0
        self.settings = settings
        self.groups = {pattern: dict(changes) for pattern, changes in (groups or {}).items()}
        for changes in ({}, *self.groups.values()):
            self._check(changes)
        self._cells: dict[str, Cell] | None = None
        self._buckets: list[Bucket] = []
        self._kept: dict[str, Known] = {}
        unused = [p for p in self.groups if not any(matches(p, path) for path in self._places.cells())]
        if unused:
            raise complaint(
                type(self).__name__,
                f'groups: no parameter matches "{unused[0]}"; there are {", ".join(self._places.cells()) or "none"}',
            )

    if not TYPE_CHECKING:  # a type checker is to know what isn't there

        def __getattr__(self, name: str) -> Any:
            raise no_attribute(self, name, "optimizer")

    # for subclasses ------------------------------------------------------------------------------------------

    def check(self, settings: Mapping[str, Any]) -> None:
        """Raise where settings make no sense."""

    def check_parameter(self, path: str, value: Array) -> None:
        """Raise where a parameter cannot be updated."""
        if not backend_of(value).xp.isdtype(value.dtype, "real floating"):
            raise complaint(
                type(self).__name__,
                f'expected real floating parameters, got "{path}" with dtype {value.dtype}; freeze it',
                TypeError,
            )

    def statistics(self, settings: Mapping[str, Any]) -> Sequence[str]:
        """The names of the arrays that are kept for each parameter."""
        return ()

    def shapes(self, settings: Mapping[str, Any], shape: tuple[int, ...]) -> Mapping[str, tuple[int, ...]]:
        """The shapes, by name, of the arrays that are kept for a parameter of this shape."""
        return dict.fromkeys(self.statistics(settings), shape)

    def coefficients(self, settings: Mapping[str, Any], learning_rate: float, step: int) -> tuple[Any, ...]:
        """The numbers that the rule takes at a step, counted from 1."""
        raise NotImplementedError

    def rate(self, settings: Mapping[str, Any], bucket: Bucket | None = None) -> float:
        """The learning rate of the step to come."""
        rate: LearningRate = settings["learning_rate"]
        return float(rate(self.steps) if callable(rate) else rate)

    # for users -----------------------------------------------------------------------------------------------

    @property
    def learning_rate(self) -> LearningRate:
        """A number, or a function of the 0-based step."""
        return self.settings["learning_rate"]

    @learning_rate.setter
    @effect
    def learning_rate(self, value: LearningRate) -> None:
        self._check({"learning_rate": value})
        self.settings["learning_rate"] = value

    @property
    def parameters(self) -> dict[str, Array]:
        """The parameters as they are now, by path: the arrays themselves, which the next update may change."""
        return {path: read(cell) for path, cell in self._places.cells().items()}

    @effect
    def update(self, grads: Mapping[str, Array]) -> None:
        """Move every parameter one step.

        Where the library has writable views, as NumPy and CuPy, most optimizers change the parameters in place: an
        array that was read from the model before shows the new values. Copy what has to stay, or take ``state_dict()``.

        Parameters
        ----------
        grads
            A gradient for each trainable parameter, by path, as ``nnx.grad`` gives them for a Layer.

        Raises
        ------
        ValueError
            Where names or shapes don't fit; no parameter has been changed then.
        TypeError
            Where a gradient is of another library than its parameter.
        """
        if not self._settled():
            self._rebuild()
        self._step(arranged(type(self).__name__, grads, self._buckets))

    update.__wrapped__.planned = lambda self, grads: self._planned_update(grads)  # type: ignore[attr-defined]

    def state_dict(self) -> dict[str, Any]:
        """A snapshot from which training goes on exactly: the step, and each parameter's own steps and statistics.

        Under ``"frozen"``, where there are any, those of parameters that were updated and may be again.
        """
        if self._places.cells() is not self._cells:
            self._rebuild()
        known = {path: (b.step, arrays) for b in self._buckets for path, arrays in b.states().items()}
        state = {
            "step": self.steps,
            "parameters": {path: _copied(*known[path]) for path in self._places.cells()},
        }
        frozen = {path: _copied(*entry) for path, entry in self._kept.items()}
        return {**state, "frozen": frozen} if frozen else state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a snapshot that an optimizer of the same kind took of a model with the same parameters.

        Raises
        ------
        ValueError
            With a list of everything that doesn't fit; nothing has been loaded then.
        """
        not_captured("the state of an optimizer is loaded in it")
        cells = self._places.cells()
        shapes = {path: self._shapes(path, cell) for path, cell in cells.items()}
        self._kept = checked(type(self).__name__, state, cells, shapes)
        self.steps = int(state["step"])
        self._buckets = []
        self._rebuild()

    def __getstate__(self) -> dict[str, Any]:
        """As ``copy.deepcopy`` and ``pickle`` take it: buckets, which share memory with the model, are made anew."""
        known = {path: (b.step, states) for b in self._buckets for path, states in b.states().items()}
        return {**vars(self), "_kept": {**self._kept, **known}, "_buckets": [], "_cells": None}

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={value!r}" for name, value in self.settings.items())
        return f"{type(self).__name__}({len(self._places.cells())} parameters, {settings})"

    # inside --------------------------------------------------------------------------------------------------

    def _settled(self) -> bool:
        """Whether the buckets hold the parameters that there are."""
        return self._places.cells() is self._cells and all(bucket.settled() for bucket in self._buckets)

    def _step(self, gradients: list[list[Array]]) -> None:
        """One step with gradients bucket by bucket."""
        plans = [self._coefficients(bucket) for bucket in self._buckets]
        for bucket, ours, coefficients in zip(self._buckets, gradients, plans, strict=True):
            bucket.update(ours, self.rule, coefficients)
            bucket.step += 1
        self.steps += 1

    def _planned_update(self, grads: Mapping[str, Any]) -> Callable[..., None]:
        """``update`` as a function of the gradients, in the order of ``grads``, that need not be looked at again."""
        paths, buckets = list(grads), self._buckets
        places = [[paths.index(path) for path in bucket.paths] for bucket in buckets]

        def update(*gradients: Array) -> None:
            if self._buckets is buckets and self._settled():
                self._step([[gradients[i] for i in ours] for ours in places])
            else:
                self.update(dict(zip(paths, gradients, strict=True)))

        return update

    def _check(self, changes: Mapping[str, Any]) -> None:
        """Raise unless these settings exist and make sense."""
        name = type(self).__name__
        for key in changes:
            if key not in self.settings:
                raise complaint(
                    name, f"unknown setting {key!r}; there are {', '.join(self.settings)}", TypeError
                )
        settings = {**self.settings, **changes}
        rate = settings["learning_rate"]
        try:
            possible = callable(rate) or rate >= 0.0
        except TypeError:
            possible = False
        if not possible:
            raise complaint(
                name, f"expected a learning_rate of at least 0 or a function of the step, got {rate!r}"
            )
        self.check(settings)

    def _owner(self, attribute: str) -> type | None:
        """The class that gives an attribute: a subclass with a rule of its own is not what its parent's name says."""
        return next((kind for kind in type(self).__mro__ if attribute in vars(kind)), None)

    def _group(self, path: str) -> int:
        """The index of the first pattern that matches; -1 for none."""
        return next((i for i, pattern in enumerate(self.groups) if matches(pattern, path)), -1)

    def _settings(self, group: int) -> dict[str, Any]:
        return self.settings if group < 0 else {**self.settings, **list(self.groups.values())[group]}

    def _shapes(self, path: str, cell: Cell) -> Mapping[str, tuple[int, ...]]:
        return self.shapes(self._settings(self._group(path)), tuple(cell.value.shape))

    def _coefficients(self, bucket: Bucket) -> tuple[Any, ...]:
        settings = self._settings(bucket.group)
        return self.coefficients(settings, self.rate(settings, bucket), bucket.step + 1)

    def _rebuild(self) -> None:
        """Sort the parameters into buckets anew; what is known of those that stay is kept."""
        known = dict(self._kept)
        known.update({path: (b.step, states) for b in self._buckets for path, states in b.states().items()})
        cells = self._places.cells()
        sorted_into: dict[Any, list[tuple[str, Cell]]] = {}
        for path, cell in cells.items():
            value, backend = cell.value, backend_of(cell.value)
            self.check_parameter(path, value)
            if path in known:
                shapes = self._shapes(path, cell)
                if any(tuple(x.shape) != shapes.get(name) for name, x in known[path][1].items()):
                    del known[path]
            key = (self._group(path), backend.name, value.device, value.dtype, known.get(path, (0,))[0])
            sorted_into.setdefault(key, []).append((path, cell))
        self._buckets = [
            self._bucket(group, step, members, known)
            for (group, _, _, _, step), members in sorted_into.items()
        ]
        self._kept = {
            path: entry for path, entry in known.items() if path not in cells
        }  # frozen ones may come back
        self._cells = cells

    def _bucket(
        self,
        group: int,
        step: int,
        members: list[tuple[str, Cell]],
        known: Mapping[str, Known],
    ) -> Bucket:
        backend = backend_of(members[0][1].value)
        states: dict[str, dict[str, Array]] = {}
        for path, cell in members:
            x, shapes = cell.value, self._shapes(path, cell)
            old = moved_with(x, known[path][1]) if path in known else {}
            states[path] = {
                name: old[name] if name in old else backend.xp.zeros(shape, dtype=x.dtype, device=x.device)
                for name, shape in shapes.items()
            }
        if not self.elementwise:
            return PlainBucket(backend, members, group, step, states)
        in_place, general = (backend.overrides.get(f"optim.{name}") for name in (self.name, "by_rule"))
        if in_place is not None and self._owner("rule") is self._owner("name"):
            return FusedBucket(backend, members, group, step, states, in_place[0])
        if general is not None:
            by_rule = general[0](backend.fast, self.rule)
            return FusedBucket(backend, members, group, step, states, by_rule)
        flat = writes_through(backend, members[0][1].value)
        return (FlatBucket if flat else PlainBucket)(backend, members, group, step, states)


def _copied(step: int, arrays: Mapping[str, Array]) -> dict[str, Any]:
    """A parameter's entry in a snapshot."""
    return {"step": step, **{name: backend_of(x).xp.asarray(x, copy=True) for name, x in arrays.items()}}
