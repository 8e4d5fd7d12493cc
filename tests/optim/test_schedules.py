"""Schedules against torch.optim.lr_scheduler: one row each."""

import inspect
import math
from typing import Any

import pytest

from nnx.optim import schedules

ROWS: list[tuple[str, dict[str, Any], str]] = [
    ("constant", {}, "ConstantLR"),
    ("constant", {"factor": 0.25, "total_iters": 3}, "ConstantLR"),
    ("step", {"step_size": 4}, "StepLR"),
    ("step", {"step_size": 3, "gamma": 0.5}, "StepLR"),
    ("multi_step", {"milestones": [7, 2, 7]}, "MultiStepLR"),
    ("exponential", {"gamma": 0.7}, "ExponentialLR"),
    ("linear", {}, "LinearLR"),
    ("linear", {"start_factor": 1.0, "end_factor": 0.1, "total_iters": 7}, "LinearLR"),
    ("linear", {"start_factor": 0.5, "total_iters": 0}, "LinearLR"),
    ("cosine", {"T_max": 12}, "CosineAnnealingLR"),
    ("cosine", {"T_max": 5, "eta_min": 0.01}, "CosineAnnealingLR"),
    ("cosine_warm_restarts", {"T_0": 5}, "CosineAnnealingWarmRestarts"),
    ("cosine_warm_restarts", {"T_0": 3, "T_mult": 2, "eta_min": 0.01}, "CosineAnnealingWarmRestarts"),
    ("polynomial", {}, "PolynomialLR"),
    ("polynomial", {"total_iters": 9, "power": 2.5}, "PolynomialLR"),
    ("lambda_", {"lr_lambda": lambda i: 0.95**i + i}, "LambdaLR"),
    ("multiplicative", {"lr_lambda": lambda i: 1.0 - 1.0 / (i + 1) ** 2}, "MultiplicativeLR"),
    ("one_cycle", {"total_steps": 40}, "OneCycleLR"),
    ("one_cycle", {"total_steps": 45, "pct_start": 0.25, "anneal_strategy": "linear"}, "OneCycleLR"),
    (
        "one_cycle",
        {"total_steps": 43, "three_phase": True, "div_factor": 5.0, "final_div_factor": 7.0},
        "OneCycleLR",
    ),
    ("one_cycle", {"total_steps": 41, "pct_start": 0.0}, "OneCycleLR"),
    ("cyclic", {"step_size_up": 7}, "CyclicLR"),
    ("cyclic", {"step_size_up": 3, "step_size_down": 8, "mode": "triangular2"}, "CyclicLR"),
    ("cyclic", {"step_size_up": 5, "mode": "exp_range", "gamma": 0.97}, "CyclicLR"),
    ("cyclic", {"step_size_up": 5, "scale_fn": lambda x: 1 / x}, "CyclicLR"),
    ("cyclic", {"step_size_up": 5, "scale_fn": lambda x: x + 1, "scale_mode": "iterations"}, "CyclicLR"),
    ("swa", {}, "SWALR"),
    ("swa", {"anneal_epochs": 7, "anneal_strategy": "linear"}, "SWALR"),
    ("swa", {"anneal_epochs": 0}, "SWALR"),
]


@pytest.mark.parametrize(
    ("name", "arguments", "theirs"), ROWS, ids=lambda x: x if isinstance(x, str) else "-".join(x)
)
def test_rates_are_those_of_torch(name: str, arguments: dict[str, Any], theirs: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.3, momentum=0.1)
    ours, more = (0.3,), {}
    if theirs == "CyclicLR":
        ours, more = (0.1, 0.3), {"base_lr": 0.1, "max_lr": 0.3}
    elif theirs == "OneCycleLR":
        more = {"max_lr": 0.3}
    elif theirs == "SWALR":
        ours, more = (0.3, 0.05), {"swa_lr": 0.05}
    module = torch.optim.swa_utils if theirs == "SWALR" else torch.optim.lr_scheduler
    scheduler = getattr(module, theirs)(optimizer, **more, **arguments)
    schedule = getattr(schedules, name)(*ours, **arguments)
    for i in range(40):
        assert math.isclose(schedule(i), optimizer.param_groups[0]["lr"], rel_tol=1e-9, abs_tol=1e-12), i
        optimizer.step()
        scheduler.step()
    assert schedule(3) == schedule(3)  # any step, in any order


@pytest.mark.parametrize("name", ["cosine_warm_restarts", "one_cycle", "polynomial", "swa", "cyclic"])
def test_defaults_are_those_of_torch(name: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    theirs = next(row[2] for row in ROWS if row[0] == name)
    module = torch.optim.swa_utils if theirs == "SWALR" else torch.optim.lr_scheduler
    wanted = inspect.signature(getattr(module, theirs)).parameters
    for key, parameter in inspect.signature(getattr(schedules, name)).parameters.items():
        if parameter.default is not parameter.empty:
            assert parameter.default == wanted[key].default


def test_every_schedule_has_a_row() -> None:
    assert {name for name, _, _ in ROWS} | {"warmup", "join", "chain"} == set(schedules.__all__)


def test_compositions_are_those_of_torch() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    optimizers = [torch.optim.SGD([torch.zeros(1)], lr=0.3) for _ in range(2)]
    module = torch.optim.lr_scheduler
    sequential = module.SequentialLR(
        optimizers[0],
        [
            module.LinearLR(optimizers[0], 0.1, 1.0, 3),
            module.CosineAnnealingLR(optimizers[0], 9),
            module.ExponentialLR(optimizers[0], 0.9),
        ],
        [4, 9],
    )
    chained = module.ChainedScheduler(
        [module.ConstantLR(optimizers[1], 0.5, 4), module.StepLR(optimizers[1], 3)]
    )
    joined = schedules.join(
        [schedules.linear(0.3, 0.1, 1.0, 3), schedules.cosine(0.3, 9), schedules.exponential(0.3, 0.9)],
        [4, 9],
    )
    product = schedules.chain([schedules.constant(1.0, 0.5, 4), schedules.step(0.3, 3)])
    for i in range(15):
        rates = [optimizer.param_groups[0]["lr"] for optimizer in optimizers]
        assert (joined(i), product(i)) == pytest.approx(rates, rel=1e-9), i
        for optimizer, scheduler in zip(optimizers, (sequential, chained), strict=True):
            optimizer.step()
            scheduler.step()


def test_a_cycle_may_start_at_its_top() -> None:
    assert schedules.one_cycle(2.0, 4, 0.25)(0) == 2.0  # where PyTorch divides by zero


def test_joined_schedules_and_warm_up() -> None:
    joined = schedules.join([schedules.warmup(schedules.cosine(1.0, 4), 2), schedules.step(0.5, 1, 0.5)], [4])
    assert [round(joined(i), 4) for i in range(7)] == [0.5, 1.0, 1.0, 0.8536, 0.5, 0.25, 0.125]
    with pytest.raises(ValueError, match="join: expected 1 boundaries, got 0"):
        schedules.join([schedules.step(1.0, 1), schedules.step(1.0, 1)], [])
    with pytest.raises(ValueError, match="constant: expected factor from 0 to 1, got 2.0"):
        schedules.constant(1.0, 2.0)


BAD: list[tuple[Any, str]] = [
    (
        lambda: schedules.cosine_warm_restarts(1.0, 0),
        "cosine_warm_restarts: expected T_0 to be a positive integer",
    ),
    (
        lambda: schedules.cosine_warm_restarts(1.0, 2, 1.5),
        "expected T_mult to be a positive integer, got 1.5",
    ),
    (lambda: schedules.linear(1.0, 0.0), "linear: expected start_factor above 0"),
    (lambda: schedules.linear(1.0, 0.5, 2.0), "linear: expected end_factor from 0 to 1, got 2.0"),
    (lambda: schedules.cosine(1.0, 0), "cosine: expected T_max above 0, got 0"),
    (lambda: schedules.step(1.0, 0), "step: expected step_size to be a positive integer, got 0"),
    (
        lambda: schedules.polynomial(1.0, 0),
        "polynomial: expected total_iters to be a positive integer, got 0",
    ),
    (lambda: schedules.one_cycle(1.0, 0), "one_cycle: expected total_steps to be a positive integer, got 0"),
    (lambda: schedules.one_cycle(1.0, 5, 1.5), "one_cycle: expected pct_start from 0 to 1, got 1.5"),
    (
        lambda: schedules.one_cycle(1.0, 5, 0.3, "exp"),
        "expected anneal_strategy to be 'cos' or 'linear', got 'exp'",
    ),
    (lambda: schedules.one_cycle(1.0, 5)(6), "one_cycle: expected a step up to 5, got 6"),
    (
        lambda: schedules.cyclic(0.1, 1.0, mode="square"),
        "cyclic: expected mode among 'triangular', .*, got 'square'",
    ),
    (lambda: schedules.swa(0.1, 1.0, -1), "swa: expected anneal_epochs of at least 0, got -1"),
]


@pytest.mark.parametrize(("call", "message"), BAD, ids=range(len(BAD)))
def test_bad_arguments_are_refused(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
