"""A learning rate that is reduced when a metric stops improving."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ..backend.effects import effect
from ..functional._errors import complaint
from ._optimizer import LearningRate, Optimizer
from ._split import Split
from ._wrapper import Wrapper

__all__ = ["ReduceLROnPlateau"]


class ReduceLROnPlateau:
    """Multiplies an optimizer's learning rates by ``factor`` after more than ``patience`` steps without improvement.

    Those of its groups are reduced too. A learning rate that is a schedule is multiplied as a whole, and stays above
    ``min_lr``.

    Parameters
    ----------
    optimizer
        Whose ``learning_rate`` is set.
    mode
        Whether the metric should get smaller, ``"min"``, or larger, ``"max"``.
    factor
        Below 1.
    patience
        How many steps without improvement are let pass.
    threshold, threshold_mode
        What is an improvement: better than the best by this much, relative to it (``"rel"``) or not (``"abs"``).
    cooldown
        How many steps after a reduction are not counted.
    min_lr
        The smallest learning rate, one for all or one for each: the optimizer's, then its groups' that have one.
    eps
        Smaller changes of a learning rate are not made.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> optimizer = nnx.optim.SGD({"w": np.ones(1)}, learning_rate=0.5)
    >>> plateau = nnx.optim.ReduceLROnPlateau(optimizer, patience=1)
    >>> for loss in (1.0, 1.0, 1.0):
    ...     plateau.step(loss)
    >>> optimizer.learning_rate
    0.05
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | Sequence[float] = 0.0,
        eps: float = 1e-8,
    ) -> None:
        if not isinstance(optimizer, Optimizer):
            raise _complaint(f"expected an optimizer, got {type(optimizer).__name__}", TypeError)
        if not factor < 1.0:
            raise _complaint(f"expected factor below 1, got {factor!r}")
        for name, value, known in (
            ("mode", mode, ("min", "max")),
            ("threshold_mode", threshold_mode, ("rel", "abs")),
        ):
            if value not in known:
                raise _complaint(f"expected {name} to be {known[0]!r} or {known[1]!r}, got {value!r}")
        count = len(_rates(optimizer))
        self.min_lrs = list(min_lr) if isinstance(min_lr, Sequence) else [min_lr] * count
        if len(self.min_lrs) != count:
            raise _complaint(f"expected {count} min_lr, got {len(self.min_lrs)}")
        self.optimizer, self.factor, self.patience, self.cooldown, self.eps = (
            optimizer, factor, patience, cooldown, eps,
        )  # fmt: skip
        self.mode, self.threshold, self.threshold_mode = mode, threshold, threshold_mode
        self.best = math.inf if mode == "min" else -math.inf
        self.last_epoch = self.num_bad_epochs = self.cooldown_counter = 0

    @effect
    def step(self, metrics: Any) -> None:
        """Take in the metric of another epoch: a number, or an array of one."""
        current = float(metrics)
        self.last_epoch += 1
        if self._better(current):
            self.best, self.num_bad_epochs = current, 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0

    def _better(self, current: float) -> bool:
        sign = 1.0 if self.mode == "min" else -1.0
        if self.threshold_mode == "rel":
            bound = self.best * (1.0 - sign * self.threshold)
        else:
            bound = self.best - sign * self.threshold
        return sign * current < sign * bound

    def _reduce(self) -> None:
        for settings, least in zip(_rates(self.optimizer), self.min_lrs, strict=True):
            rate: LearningRate = settings["learning_rate"]
            if isinstance(rate, _Reduced):
                settings["learning_rate"] = _Reduced(rate.schedule, rate.factor * self.factor, least)
            elif callable(rate):
                settings["learning_rate"] = _Reduced(rate, self.factor, least)
            elif rate - max(rate * self.factor, least) > self.eps:
                settings["learning_rate"] = max(rate * self.factor, least)

    def state_dict(self) -> dict[str, Any]:
        """A snapshot of numbers, the learning rates among them (of schedules the factor)."""
        counts = {
            key: getattr(self, key) for key in ("best", "last_epoch", "num_bad_epochs", "cooldown_counter")
        }
        rates: list[float] = []
        for settings in _rates(self.optimizer):
            rate = settings["learning_rate"]
            rates.append(rate.factor if isinstance(rate, _Reduced) else 1.0 if callable(rate) else rate)
        return {**counts, "learning_rates": rates}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a snapshot; the optimizer's learning rates are set too."""
        found, wanted = _rates(self.optimizer), self.state_dict()
        if set(state) != set(wanted) or len(state["learning_rates"]) != len(found):
            raise _complaint(f"expected {', '.join(wanted)}, with {len(found)} learning rates")
        for key in ("best", "last_epoch", "num_bad_epochs", "cooldown_counter"):
            setattr(self, key, state[key])
        for settings, rate, least in zip(found, state["learning_rates"], self.min_lrs, strict=True):
            old: LearningRate = settings["learning_rate"]
            schedule: Any = old.schedule if isinstance(old, _Reduced) else old
            settings["learning_rate"] = _Reduced(schedule, rate, least) if callable(schedule) else rate


class _Reduced:
    """A schedule times a factor, at least so much."""

    def __init__(self, schedule: Any, factor: float, least: float) -> None:
        self.schedule, self.factor, self.least = schedule, factor, least

    def __call__(self, step: int) -> float:
        rate = self.schedule(step)
        return max(rate * self.factor, min(rate, self.least))


def _rates(optimizer: Any) -> list[dict[str, Any]]:
    """Every dict of settings that has a learning rate."""
    if isinstance(optimizer, Wrapper):
        return _rates(optimizer.optimizer)
    if isinstance(optimizer, Split):
        return [settings for each in optimizer.optimizers for settings in _rates(each)]
    return [optimizer.settings, *(g for g in optimizer.groups.values() if "learning_rate" in g)]


def _complaint(detail: str, kind: type[Exception] = ValueError) -> Exception:
    return complaint("ReduceLROnPlateau", detail, kind)
