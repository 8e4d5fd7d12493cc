"""Learning rates as functions of the 0-based step: ``Adam(model, learning_rate=schedules.cosine(1e-3, 500))``.

Names, defaults and numbers are those of ``torch.optim.lr_scheduler``, in closed form.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence

from .._torch_names import help_with as _help_with
from ..functional._errors import complaint
from ._cycles import Schedule, cosine_warm_restarts, cyclic, fraction, number, one_cycle, swa, whole

__all__ = [
    "chain",
    "constant",
    "cosine",
    "cosine_warm_restarts",
    "cyclic",
    "exponential",
    "join",
    "lambda_",
    "linear",
    "multi_step",
    "multiplicative",
    "one_cycle",
    "polynomial",
    "step",
    "swa",
    "warmup",
]


def constant(learning_rate: float, factor: float = 1.0 / 3.0, total_iters: int = 5) -> Schedule:
    """``factor`` times the learning rate for ``total_iters`` steps, then the learning rate.

    >>> schedule = constant(1.0, 0.5, 2)
    >>> [schedule(i) for i in range(4)]
    [0.5, 0.5, 1.0, 1.0]
    """
    number("constant", learning_rate)
    fraction("constant", "factor", factor)
    return lambda i: learning_rate * (factor if i < total_iters else 1.0)


def step(learning_rate: float, step_size: int, gamma: float = 0.1) -> Schedule:
    """Multiplied by ``gamma`` every ``step_size`` steps.

    >>> schedule = step(1.0, 2, 0.5)
    >>> [schedule(i) for i in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    number("step", learning_rate)
    whole("step", "step_size", step_size)
    return lambda i: learning_rate * gamma ** (i // step_size)


def multi_step(learning_rate: float, milestones: Sequence[int], gamma: float = 0.1) -> Schedule:
    """Multiplied by ``gamma`` at each milestone.

    >>> schedule = multi_step(1.0, [1, 3], 0.5)
    >>> [schedule(i) for i in range(5)]
    [1.0, 0.5, 0.5, 0.25, 0.25]
    """
    number("multi_step", learning_rate)
    milestones = sorted(milestones)
    return lambda i: learning_rate * gamma ** bisect_right(milestones, i)


def exponential(learning_rate: float, gamma: float) -> Schedule:
    """Multiplied by ``gamma`` at every step.

    >>> schedule = exponential(1.0, 0.5)
    >>> [schedule(i) for i in range(3)]
    [1.0, 0.5, 0.25]
    """
    number("exponential", learning_rate)
    return lambda i: learning_rate * gamma**i


def linear(
    learning_rate: float, start_factor: float = 1.0 / 3.0, end_factor: float = 1.0, total_iters: int = 5
) -> Schedule:
    """From ``start_factor`` to ``end_factor`` times the learning rate in ``total_iters`` steps.

    >>> schedule = linear(1.0, 0.5, 1.0, 2)
    >>> [schedule(i) for i in range(4)]
    [0.5, 0.75, 1.0, 1.0]
    """
    number("linear", learning_rate)
    fraction("linear", "start_factor", start_factor)
    fraction("linear", "end_factor", end_factor)
    if start_factor == 0.0:
        raise complaint("linear", "expected start_factor above 0")
    return lambda i: (
        learning_rate
        * (
            start_factor
            + (end_factor - start_factor) * (min(i, total_iters) / total_iters if total_iters else 0.0)
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
    number("cosine", learning_rate)
    if not T_max > 0:
        raise complaint("cosine", f"expected T_max above 0, got {T_max!r}")
    return lambda i: eta_min + (learning_rate - eta_min) * (1.0 + math.cos(math.pi * i / T_max)) / 2.0


def polynomial(learning_rate: float, total_iters: int = 5, power: float = 1.0) -> Schedule:
    r"""Down to 0 in ``total_iters`` steps, as :math:`(1 - i / \text{total})^\text{power}`.

    >>> schedule = polynomial(1.0, 4)
    >>> [schedule(i) for i in range(6)]
    [1.0, 0.75, 0.5, 0.25, 0.0, 0.0]
    """
    number("polynomial", learning_rate)
    whole("polynomial", "total_iters", total_iters)
    return lambda i: learning_rate * (1.0 - min(i, total_iters) / total_iters) ** power


def lambda_(learning_rate: float, lr_lambda: Callable[[int], float]) -> Schedule:
    """The learning rate times a function of the step.

    >>> schedule = lambda_(2.0, lambda i: 0.5**i)
    >>> [schedule(i) for i in range(3)]
    [2.0, 1.0, 0.5]
    """
    number("lambda_", learning_rate)
    return lambda i: learning_rate * lr_lambda(i)


def multiplicative(learning_rate: float, lr_lambda: Callable[[int], float]) -> Schedule:
    """Multiplied at every step but the first by a function of the step.

    >>> schedule = multiplicative(1.0, lambda i: 1.0 / i)
    >>> [schedule(i) for i in range(4)]
    [1.0, 1.0, 0.5, 0.16666666666666666]
    """
    number("multiplicative", learning_rate)
    rates = [learning_rate]

    def multiplied(i: int) -> float:
        while len(rates) <= i:
            rates.append(rates[-1] * lr_lambda(len(rates)))
        return rates[i]

    return multiplied


def warmup(schedule: Schedule, steps: int) -> Schedule:
    """A straight line up to the schedule's first value in ``steps`` steps, then the schedule from its start.

    >>> schedule = warmup(cosine(1.0, 4), 2)
    >>> [round(schedule(i), 4) for i in range(5)]
    [0.5, 1.0, 1.0, 0.8536, 0.5]
    """
    _functions("warmup", [schedule])
    if not steps >= 0:
        raise complaint("warmup", f"expected steps of at least 0, got {steps!r}")
    return lambda i: schedule(0) * (i + 1) / steps if i < steps else schedule(i - steps)


def chain(schedules: Sequence[Schedule]) -> Schedule:
    """The product of schedules; all but one start from a learning rate of 1.

    >>> schedule = chain([constant(1.0, 0.5, 2), exponential(0.1, 0.5)])
    >>> [schedule(i) for i in range(4)]
    [0.05, 0.025, 0.025, 0.0125]
    """
    _functions("chain", schedules)
    return lambda i: math.prod(schedule(i) for schedule in schedules)


def join(schedules: Sequence[Schedule], boundaries: Sequence[int]) -> Schedule:
    """One schedule after the other, each from its own start; the next begins at each boundary.

    >>> schedule = join([step(1.0, 10), step(0.5, 10)], [2])
    >>> [schedule(i) for i in range(4)]
    [1.0, 1.0, 0.5, 0.5]
    """
    if len(schedules) != len(boundaries) + 1:
        raise complaint("join", f"expected {len(schedules) - 1} boundaries, got {len(boundaries)}")
    _functions("join", schedules)
    starts = [0, *boundaries]

    def joined(i: int) -> float:
        part = bisect_right(boundaries, i)
        return schedules[part](i - starts[part])

    return joined


def _functions(where: str, schedules: Sequence[Schedule]) -> None:
    """Raise unless all are functions of the step."""
    for given in schedules:
        if not callable(given):  # pyright: ignore[reportUnnecessaryComparison]
            detail = f"expected schedules, functions of the step, got {given!r:.40}; step(0.1, 10) makes one"
            raise complaint(where, detail, TypeError)


_help_with(__name__)
