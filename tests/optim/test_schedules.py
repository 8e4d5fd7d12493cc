"""Schedules against torch.optim.lr_scheduler: one row each."""

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
    ("cosine", {"T_max": 12}, "CosineAnnealingLR"),
    ("cosine", {"T_max": 5, "eta_min": 0.01}, "CosineAnnealingLR"),
]


@pytest.mark.parametrize(("name", "arguments", "theirs"), ROWS, ids=lambda x: str(x))
def test_rates_are_those_of_torch(name: str, arguments: dict[str, Any], theirs: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.3)
    scheduler = getattr(torch.optim.lr_scheduler, theirs)(optimizer, **arguments)
    schedule = getattr(schedules, name)(0.3, **arguments)
    for i in range(12):
        assert math.isclose(schedule(i), optimizer.param_groups[0]["lr"], rel_tol=1e-9, abs_tol=1e-12)
        optimizer.step()
        scheduler.step()


def test_every_schedule_has_a_row() -> None:
    assert {name for name, _, _ in ROWS} | {"warmup", "join"} == set(schedules.__all__)


def test_joined_schedules_and_warm_up() -> None:
    joined = schedules.join([schedules.warmup(schedules.cosine(1.0, 4), 2), schedules.step(0.5, 1, 0.5)], [4])
    assert [round(joined(i), 4) for i in range(7)] == [0.5, 1.0, 1.0, 0.8536, 0.5, 0.25, 0.125]
    with pytest.raises(ValueError, match="join: expected 1 boundaries, got 0"):
        schedules.join([schedules.step(1.0, 1), schedules.step(1.0, 1)], [])
    with pytest.raises(ValueError, match="constant: expected factor from 0 to 1, got 2.0"):
        schedules.constant(1.0, 2.0)
