"""Learning rates as functions of the 0-based step: ``Adam(model, learning_rate=schedules.cosine(1e-3, 500))``.

Names, defaults and numbers are those of ``torch.optim.lr_scheduler``, in closed form.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence

from ..functional._errors import complaint

__all__ = ["constant", "cosine", "exponential", "join", "linear", "multi_step", "step", "warmup"]

Schedule = Callable[[int], float]


def constant(learning_rate: float, factor: float = 1.0 / 3.0, total_iters: int = 5) -> Schedule:
    """``factor`` times the learning rate for ``total_iters`` steps, then the learning rate.

    >>> schedule = constant(1.0, 0.5, 2)
    >>> [schedule(i) for i in range(4)]
    [0.5, 0.5, 1.0, 1.0]
    """
    _fraction("constant", "factor", factor)
    return lambda i: learning_rate * (factor if i < total_iters else 1.0)


def step(learning_rate: float, step_size: int, gamma: float = 0.1) -> Schedule:
    """Multiplied by ``gamma`` every ``step_size`` steps.

    >>> schedule = step(1.0, 2, 0.5)
    >>> [schedule(i) for i in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    return lambda i: learning_rate * gamma ** (i // step_size)


def multi_step(learning_rate: float, milestones: Sequence[int], gamma: float = 0.1) -> Schedule:
    """Multiplied by ``gamma`` at each milestone.

    >>> schedule = multi_step(1.0, [1, 3], 0.5)
    >>> [schedule(i) for i in range(5)]
    [1.0, 0.5, 0.5, 0.25, 0.25]
    """
    milestones = sorted(milestones)
    return lambda i: learning_rate * gamma ** bisect_right(milestones, i)


def exponential(learning_rate: float, gamma: float) -> Schedule:
    """Multiplied by ``gamma`` at every step.

    >>> schedule = exponential(1.0, 0.5)
    >>> [schedule(i) for i in range(3)]
    [1.0, 0.5, 0.25]
    """
    return lambda i: learning_rate * gamma**i


def linear(
    learning_rate: float, start_factor: float = 1.0 / 3.0, end_factor: float = 1.0, total_iters: int = 5
) -> Schedule:
    """From ``start_factor`` to ``end_factor`` times the learning rate in ``total_iters`` steps.

    >>> schedule = linear(1.0, 0.5, 1.0, 2)
    >>> [schedule(i) for i in range(4)]
    [0.5, 0.75, 1.0, 1.0]
    """
    _fraction("linear", "start_factor", start_factor)
    return lambda i: (
        learning_rate
        * (
            start_factor
            + (end_factor - start_factor) * (min(i, total_iters) / total_iters if total_iters else 1.0)
        )
    )


def cosine(learning_rate: float, T_max: int, eta_min: float = 0.0) -> Schedule:
    r"""Half a cosine from the learning rate to ``eta_min`` in ``T_max`` steps.

    :math:`\eta_{\min} + (\eta - \eta_{\min}) (1 + \cos(\pi i / T_{\max})) / 2`; Loshchilov and Hutter,
    https://arxiv.org/abs/1608.03983.

    >>> schedule = cosine(1.0, 4)
    >>> [round(schedule(i), 4) for i in range(5)]
    [1.0, 0.8536, 0.5, 0.1464, 0.0]
    """
    return lambda i: eta_min + (learning_rate - eta_min) * (1.0 + math.cos(math.pi * i / T_max)) / 2.0


def warmup(schedule: Schedule, steps: int) -> Schedule:
    """A straight line up to the schedule's first value in ``steps`` steps, then the schedule from its start.

    >>> schedule = warmup(cosine(1.0, 4), 2)
    >>> [round(schedule(i), 4) for i in range(5)]
    [0.5, 1.0, 1.0, 0.8536, 0.5]
    """
    return lambda i: schedule(0) * (i + 1) / steps if i < steps else schedule(i - steps)


def join(schedules: Sequence[Schedule], boundaries: Sequence[int]) -> Schedule:
    """One schedule after the other, each from its own start; the next begins at each boundary.

    >>> schedule = join([step(1.0, 10), step(0.5, 10)], [2])
    >>> [schedule(i) for i in range(4)]
    [1.0, 1.0, 0.5, 0.5]
    """
    if len(schedules) != len(boundaries) + 1:
        raise complaint("join", f"expected {len(schedules) - 1} boundaries, got {len(boundaries)}")
    starts = [0, *boundaries]

    def joined(i: int) -> float:
        part = bisect_right(boundaries, i)
        return schedules[part](i - starts[part])

    return joined


def _fraction(where: str, name: str, value: float) -> None:
    if not 0.0 <= value <= 1.0:
        raise complaint(where, f"expected {name} from 0 to 1, got {value!r}")
