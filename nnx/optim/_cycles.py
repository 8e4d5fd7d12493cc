"""Schedules that go up and down, and those of averaging; see ``nnx.optim.schedules``."""

from __future__ import annotations

import math
from collections.abc import Callable

from ..functional._errors import complaint

__all__ = ["Schedule", "cosine_warm_restarts", "cyclic", "fraction", "number", "one_cycle", "swa", "whole"]

Schedule = Callable[[int], float]


def cosine_warm_restarts(learning_rate: float, T_0: int, T_mult: int = 1, eta_min: float = 0.0) -> Schedule:
    """Half a cosine down to ``eta_min`` in ``T_0`` steps, then again, each ``T_mult`` times as long as the one before.

    Loshchilov and Hutter, https://arxiv.org/abs/1608.03983.

    >>> schedule = cosine_warm_restarts(1.0, 2, 2)
    >>> [round(schedule(i), 4) for i in range(7)]
    [1.0, 0.5, 1.0, 0.8536, 0.5, 0.1464, 1.0]
    """
    number("cosine_warm_restarts", learning_rate)
    whole("cosine_warm_restarts", "T_0", T_0)
    whole("cosine_warm_restarts", "T_mult", T_mult)

    def restarted(i: int) -> float:
        length = T_0
        if T_mult == 1:
            i %= T_0
        while i >= length:
            i, length = i - length, length * T_mult
        return eta_min + (learning_rate - eta_min) * (1.0 + math.cos(math.pi * i / length)) / 2.0

    return restarted


def one_cycle(
    max_learning_rate: float,
    total_steps: int,
    pct_start: float = 0.3,
    anneal_strategy: str = "cos",
    div_factor: float = 25.0,
    final_div_factor: float = 1e4,
    three_phase: bool = False,
) -> Schedule:
    """Up from ``max / div_factor`` to the largest rate, then down to the first over ``final_div_factor``.

    Smith and Topin, https://arxiv.org/abs/1708.07120; with ``three_phase`` down to the first as fast as up, and only
    then to the last. ``"cos"`` or ``"linear"`` says by which curve. After ``total_steps`` steps there is no rate. The
    momentum, which PyTorch's cycles too, is left alone.

    >>> schedule = one_cycle(1.0, 6, 0.5, "linear", div_factor=4.0, final_div_factor=2.0)
    >>> [round(schedule(i), 4) for i in range(6)]
    [0.25, 0.625, 1.0, 0.7083, 0.4167, 0.125]
    """
    number("one_cycle", max_learning_rate)
    whole("one_cycle", "total_steps", total_steps)
    fraction("one_cycle", "pct_start", pct_start)
    anneal = _annealing("one_cycle", anneal_strategy)
    first, up = max_learning_rate / div_factor, pct_start * total_steps - 1.0
    ends = [0.0, up, *([2.0 * up] if three_phase else []), total_steps - 1.0]
    rates = [first, max_learning_rate, *([first] if three_phase else []), first / final_div_factor]

    def cycled(i: int) -> float:
        if i > total_steps:
            raise complaint("one_cycle", f"expected a step up to {total_steps}, got {i}")
        part = next((k for k in range(1, len(ends)) if i <= ends[k]), len(ends) - 1)
        length = ends[part] - ends[part - 1]
        share = anneal((i - ends[part - 1]) / length if length else 1.0)
        return rates[part - 1] + (rates[part] - rates[part - 1]) * share

    return cycled


def cyclic(
    base_learning_rate: float,
    max_learning_rate: float,
    step_size_up: int = 2000,
    step_size_down: int | None = None,
    mode: str = "triangular",
    gamma: float = 1.0,
    scale_fn: Callable[[float], float] | None = None,
    scale_mode: str = "cycle",
) -> Schedule:
    """Up to the largest rate and down to the base, again and again, each cycle's height scaled.

    Smith, https://arxiv.org/abs/1506.01186. The height is constant (``"triangular"``), halved at every cycle
    (``"triangular2"``), times ``gamma**step`` (``"exp_range"``), or times ``scale_fn`` of the cycle, from 1, or with a
    ``scale_mode`` of ``"iterations"`` of the step. The momentum, which PyTorch's cycles too, is left alone.

    >>> schedule = cyclic(0.0, 1.0, 2, mode="triangular2")
    >>> [schedule(i) for i in range(8)]
    [0.0, 0.5, 1.0, 0.5, 0.0, 0.25, 0.5, 0.25]
    """
    number("cyclic", base_learning_rate)
    modes: dict[str, tuple[Callable[[float], float], str]] = {
        "triangular": (lambda _: 1.0, "cycle"),
        "triangular2": (lambda cycle: 0.5 ** (cycle - 1), "cycle"),
        "exp_range": (lambda i: gamma**i, "iterations"),
    }
    if scale_fn is None and mode not in modes:
        raise complaint("cyclic", f"expected mode among {', '.join(map(repr, modes))}, got {mode!r}")
    scale, per = modes[mode] if scale_fn is None else (scale_fn, scale_mode)
    total = float(step_size_up + (step_size_up if step_size_down is None else step_size_down))
    turn = step_size_up / total

    def cycled(i: int) -> float:
        cycle = math.floor(1 + i / total)
        x = 1.0 + i / total - cycle
        height = x / turn if x <= turn else (x - 1.0) / (turn - 1.0)
        height *= scale(cycle if per == "cycle" else i)
        return base_learning_rate + (max_learning_rate - base_learning_rate) * height

    return cycled


def swa(
    learning_rate: float, swa_learning_rate: float, anneal_epochs: int = 10, anneal_strategy: str = "cos"
) -> Schedule:
    """From one rate to the constant one of stochastic weight averaging, by ``"cos"`` or ``"linear"``.

    After another schedule: ``join([cosine(0.1, 300), swa(0.01, 0.05)], [160])``. Izmailov et al.,
    https://arxiv.org/abs/1803.05407.

    >>> schedule = swa(0.2, 1.0, 2)
    >>> [round(schedule(i), 4) for i in range(4)]
    [0.2, 0.6, 1.0, 1.0]
    """
    number("swa", learning_rate)
    if not anneal_epochs >= 0:
        raise complaint("swa", f"expected anneal_epochs of at least 0, got {anneal_epochs!r}")
    anneal = _annealing("swa", anneal_strategy)
    return lambda i: (
        learning_rate
        + (swa_learning_rate - learning_rate) * anneal(min(1.0, i / anneal_epochs) if anneal_epochs else 1.0)
    )


def fraction(where: str, name: str, value: float) -> None:
    """Raise unless a number is from 0 to 1."""
    if not 0.0 <= value <= 1.0:
        raise complaint(where, f"expected {name} from 0 to 1, got {value!r}")


def number(where: str, learning_rate: float) -> None:
    """Raise unless a learning rate is a number; PyTorch's schedules are given the optimizer."""
    if not hasattr(learning_rate, "__float__"):
        raise complaint(
            where,
            f"expected a number as learning rate, got {type(learning_rate).__name__}; a schedule is what an optimizer "
            "is given as learning_rate",
            TypeError,
        )


def whole(where: str, name: str, value: int) -> None:
    """Raise unless it is a positive integer."""
    if not isinstance(value, int) or value < 1:
        raise complaint(where, f"expected {name} to be a positive integer, got {value!r}")


def _annealing(where: str, strategy: str) -> Callable[[float], float]:
    """A curve from 0 to 1."""
    if strategy == "cos":
        return lambda x: (1.0 - math.cos(math.pi * x)) / 2.0
    if strategy == "linear":
        return lambda x: x
    raise complaint(where, f"expected anneal_strategy to be 'cos' or 'linear', got {strategy!r}")
