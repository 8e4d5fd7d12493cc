"""Reducing the learning rate on a plateau, against torch.optim.lr_scheduler.ReduceLROnPlateau."""

from typing import Any

import numpy as np
import pytest

import nnx
from nnx.optim import ReduceLROnPlateau, schedules

METRICS = [
    30.0,
    29.5,
    27.0,
    29.0,
    26.0,
    3.0,
    2.0,
    2.0,
    1.9999,
    2.5,
    2.4,
    2.6,
    1.0,
    1.0,
    1.0,
    1.0,
    1.0,
    1.0,
    0.9,
    0.6,
    0.55,
    0.42,
    *[1.0] * 30,
]

SETTINGS: list[dict[str, Any]] = [
    {},
    {"patience": 2, "factor": 0.5},
    {"patience": 1, "cooldown": 2, "factor": 0.3, "min_lr": 0.01},
    {"patience": 0, "mode": "max"},
    {"patience": 2, "threshold": 0.2, "factor": 0.7},
    {"patience": 2, "threshold": 0.2, "threshold_mode": "abs"},
    {"patience": 1, "threshold": 0.1, "mode": "max", "threshold_mode": "abs", "factor": 0.9},
    {"patience": 0, "factor": 0.9, "eps": 0.02},
    {"patience": 1, "threshold": 0.3, "mode": "max", "factor": 0.9},
    {"patience": 0, "min_lr": [0.05, 0.001]},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_rates_are_those_of_torch(settings: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    first, second = torch.zeros(1), torch.zeros(1)
    theirs = torch.optim.SGD([{"params": [first]}, {"params": [second], "lr": 0.7}], lr=0.3)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(theirs, **settings)
    ours = nnx.optim.SGD({"a": np.ones(1), "b": np.ones(1)}, 0.3, groups={"b": {"learning_rate": 0.7}})
    plateau = ReduceLROnPlateau(ours, **settings)
    for i, metric in enumerate(METRICS):
        if i == 17:  # a snapshot goes on
            state = plateau.state_dict()
            ours = nnx.optim.SGD(
                {"a": np.ones(1), "b": np.ones(1)}, 0.3, groups={"b": {"learning_rate": 0.7}}
            )
            plateau = ReduceLROnPlateau(ours, **settings)
            plateau.load_state_dict(state)
        plateau.step(np.asarray(metric))
        scheduler.step(metric)
        rates = [ours.learning_rate, ours.groups["b"]["learning_rate"]]
        np.testing.assert_allclose(rates, [group["lr"] for group in theirs.param_groups], rtol=1e-12)
    for name in ("best", "num_bad_epochs", "last_epoch"):
        assert getattr(plateau, name) == getattr(scheduler, name)


def test_a_schedule_is_reduced_as_a_whole_and_stays_above_the_least() -> None:
    optimizer = nnx.optim.SGD({"w": np.zeros(1)}, schedules.exponential(1.0, 0.5))
    plateau = ReduceLROnPlateau(optimizer, patience=0, factor=0.1, min_lr=0.02)
    for _ in range(3):
        plateau.step(1.0)
    np.testing.assert_allclose([optimizer.learning_rate(i) for i in range(7)], [0.02] * 6 + [1 / 64])
    again = nnx.optim.SGD({"w": np.zeros(1)}, schedules.exponential(1.0, 0.5))
    other = ReduceLROnPlateau(again, patience=0, factor=0.1)
    other.load_state_dict(plateau.state_dict())
    np.testing.assert_allclose(again.learning_rate(2), 0.25 * 0.01)
    again.update({"w": np.ones(1)})
    np.testing.assert_allclose(again.parameters["w"], [-0.01])


def test_optimizers_inside_others_are_reached() -> None:
    parameters = {"a": np.ones(1), "b": np.ones(1)}
    split = nnx.optim.Split(
        parameters,
        {"a": lambda p: nnx.optim.Lookahead(nnx.optim.SGD(p, 0.5))},
        rest=lambda p: nnx.optim.Adam(p, 0.25),
    )
    plateau = ReduceLROnPlateau(split, patience=0)
    for _ in range(2):
        plateau.step(1.0)
    assert split.learning_rate == [0.05, 0.025]


BAD: list[tuple[Any, type[Exception], str]] = [
    (lambda o: ReduceLROnPlateau("o"), TypeError, "ReduceLROnPlateau: expected an optimizer, got str"),
    (lambda o: ReduceLROnPlateau(o, factor=1.0), ValueError, "expected factor below 1, got 1.0"),
    (lambda o: ReduceLROnPlateau(o, "least"), ValueError, "expected mode to be 'min' or 'max', got 'least'"),
    (
        lambda o: ReduceLROnPlateau(o, threshold_mode="x"),
        ValueError,
        "threshold_mode to be 'rel' or 'abs', got 'x'",
    ),
    (lambda o: ReduceLROnPlateau(o, min_lr=[1.0, 2.0]), ValueError, "expected 1 min_lr, got 2"),
    (
        lambda o: ReduceLROnPlateau(o).load_state_dict({}),
        ValueError,
        "expected best, .*, with 1 learning rates",
    ),
]


@pytest.mark.parametrize(("call", "kind", "message"), BAD, ids=range(len(BAD)))
def test_bad_arguments_are_refused(call: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        call(nnx.optim.SGD({"w": np.ones(1)}))
