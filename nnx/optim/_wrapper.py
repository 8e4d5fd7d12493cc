"""Optimizers that use another optimizer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..backend.effects import not_captured
from ..functional._errors import complaint
from ._optimizer import LearningRate, Optimizer

__all__ = ["Wrapper"]


class Wrapper(Optimizer):
    """The base of optimizers that use another, ``optimizer``, whose step, settings and learning rate are theirs.

    A subclass defines ``update``, and ``extra_state`` and ``load_extra_state`` where it has a state of its own.
    """

    def __init__(self, optimizer: Optimizer) -> None:
        if not isinstance(optimizer, Optimizer):
            detail = f"expected an optimizer, got {type(optimizer).__name__}"
            raise complaint(type(self).__name__, detail, TypeError)
        self.optimizer = optimizer
        self._places = optimizer._places
        self.takes_closure = optimizer.takes_closure

    def __getattr__(self, name: str) -> Any:
        if name == "optimizer" or name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.optimizer, name)

    def refuse_closures(self) -> None:
        """Raise where the optimizer doesn't take gradients."""
        if self.takes_closure:
            detail = (
                f"expected an optimizer whose update takes gradients, got {type(self.optimizer).__name__}"
            )
            raise complaint(type(self).__name__, detail, TypeError)

    @property
    def learning_rate(self) -> LearningRate:
        """That of the optimizer."""
        return self.optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: LearningRate) -> None:
        self.optimizer.learning_rate = value

    def extra_state(self) -> dict[str, Any]:
        """What a snapshot has beside that of the optimizer."""
        return {}

    def load_extra_state(self, state: Mapping[str, Any]) -> None:
        """Take in what ``extra_state`` gave."""

    def state_dict(self) -> dict[str, Any]:
        """A snapshot from which training goes on exactly, that of the optimizer within it."""
        inner = self.optimizer.state_dict()
        return {"step": inner["step"], "optimizer": inner, **self.extra_state()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a snapshot.

        Raises
        ------
        ValueError
            Where it doesn't fit; nothing has been loaded then.
        """
        not_captured("the state of an optimizer is loaded in it")
        wanted = {"step", "optimizer", *self.extra_state()}
        if not isinstance(state, Mapping) or not wanted <= set(state):
            detail = f"expected what state_dict() gives, a dict with {', '.join(sorted(wanted))}"
            raise complaint(type(self).__name__, detail)
        before = self.optimizer.state_dict()
        self.optimizer.load_state_dict(state["optimizer"])
        try:
            self.load_extra_state(state)
        except BaseException:
            self.optimizer.load_state_dict(before)
            raise

    def __getstate__(self) -> dict[str, Any]:
        return vars(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.optimizer!r})"
