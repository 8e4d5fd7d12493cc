"""Optimizers that use other optimizers, against what they stand for."""

import inspect
from typing import Any

import numpy as np
import pytest

import nnx
from nnx.optim import SAM, SGD, Accumulate, Adam, AdamW, Lookahead, Muon, Split, schedules

START = {"w": np.asarray([[1.0, -2.0], [0.5, 3.0]]), "s": np.asarray(2.0), "e": np.zeros((0, 2))}
rng = np.random.default_rng(0)
GRADIENTS = [{name: np.asarray(rng.standard_normal(x.shape)) for name, x in START.items()} for _ in range(8)]


def given(lib: Any, arrays: Any) -> Any:
    return {name: lib.asarray(x) for name, x in arrays.items()}


def test_lookahead_goes_back_part_of_the_way(lib: Any) -> None:
    optimizer, fast = Lookahead(SGD(given(lib, START), 0.1, 0.9), k=3, alpha=0.3), dict(START)
    slow, momentum = dict(START), dict.fromkeys(START, 0.0)
    for i, gradients in enumerate(GRADIENTS, start=1):
        optimizer.update(given(lib, gradients))
        for name, g in gradients.items():
            momentum[name] = 0.9 * momentum[name] + g
            fast[name] = fast[name] - 0.1 * momentum[name]
            if i % 3 == 0:
                fast[name] = slow[name] = slow[name] + 0.3 * (fast[name] - slow[name])
            lib.assert_close(optimizer.parameters[name], fast[name], rtol=1e-12)
    assert optimizer.steps == 8
    optimizer.learning_rate = 0.0
    assert optimizer.optimizer.learning_rate == 0.0


def test_lookahead_follows_a_model_that_changes(lib: Any) -> None:
    model = nnx.Sequential(nnx.Linear(2, 2))
    optimizer = Lookahead(SGD(model, 0.1), k=1, alpha=0.0)
    start = {path: lib.to_numpy(x) for path, x in model.parameters().items()}
    model.astype("float64")
    model.append(nnx.Linear(2, 1, dtype="float64"))
    start |= {path: lib.to_numpy(x) for path, x in model.parameters().items()}
    optimizer.update({path: x + 1.0 for path, x in model.parameters().items()})
    for path, x in model.parameters().items():
        lib.assert_equal(x, start[path])


@pytest.mark.parametrize("adaptive", [False, True])
@pytest.mark.parametrize("way", ["closure", "two steps", "maximize"])
def test_sam_takes_the_gradient_from_where_the_loss_is_larger(adaptive: bool, way: str, lib: Any) -> None:
    sign = -1.0 if way == "maximize" else 1.0
    optimizer = SAM(SGD(given(lib, START), 0.1, 0.9, maximize=way == "maximize"), 0.3, adaptive)

    @nnx.value_and_grad
    def loss_and_grad(p: Any) -> Any:
        xp = nnx.array_namespace(p["w"])
        return sign * (xp.sum(p["w"] ** 4) + p["s"] ** 2 * xp.sum(p["w"]) + xp.sum(p["e"]))

    def gradient(p: Any) -> Any:
        return {"w": 4 * p["w"] ** 3 + p["s"] ** 2, "s": 2 * p["s"] * p["w"].sum(), "e": 1.0 + 0.0 * p["e"]}

    p, momentum = dict(START), dict.fromkeys(START, 0.0)
    for _ in range(3):
        if way == "two steps":
            optimizer.first_step(loss_and_grad(optimizer.parameters)[1])
            optimizer.second_step(loss_and_grad(optimizer.parameters)[1])
        else:
            loss = optimizer.update(lambda: loss_and_grad(optimizer.parameters))
            assert np.isclose(
                sign * float(loss), (p["w"] ** 4).sum() + p["s"] ** 2 * p["w"].sum(), rtol=1e-12
            )
        g = gradient(p)
        scale = {k: np.abs(x) if adaptive else 1.0 for k, x in p.items()}
        norm = np.sqrt(sum(((scale[k] * g[k]) ** 2).sum() for k in g))
        g = gradient({k: p[k] + 0.3 * scale[k] ** 2 * g[k] / norm for k in g})
        momentum = {k: 0.9 * momentum[k] + g[k] for k in g}
        p = {k: p[k] - 0.1 * momentum[k] for k in p}
        for k, x in optimizer.parameters.items():
            lib.assert_close(x, p[k], rtol=1e-9)


def test_sam_leaves_the_parameters_as_they_were_where_the_closure_fails(lib: Any) -> None:
    optimizer = SAM(Adam(given(lib, START)))
    results = iter([(0.0, given(lib, GRADIENTS[0]))])
    with pytest.raises(StopIteration):
        optimizer.update(lambda: next(results))
    for name, x in optimizer.parameters.items():
        lib.assert_equal(x, START[name])
    with pytest.raises(RuntimeError, match="SAM: expected first_step before second_step"):
        optimizer.second_step(GRADIENTS[0])
    with pytest.raises(
        TypeError, match="SAM: expected a closure .* got dict; with gradients there are first_step"
    ):
        optimizer.update(GRADIENTS[0])
    optimizer.first_step(given(lib, GRADIENTS[0]))
    with pytest.raises(RuntimeError, match="SAM: expected second_step after first_step"):
        optimizer.first_step(given(lib, GRADIENTS[0]))


def test_accumulated_gradients_are_those_of_the_whole_batch(lib: Any) -> None:
    models = [
        nnx.Sequential(nnx.Linear(3, 4), nnx.Tanh(), nnx.Linear(4, 2)).astype("float64") for _ in range(2)
    ]
    models[1].load_state_dict(models[0].state_dict())
    whole = Adam(models[0], schedules.exponential(0.1, 0.5))
    parts = Accumulate(Adam(models[1], schedules.exponential(0.1, 0.5)), every=4)
    x, y = lib.asarray(rng.standard_normal((12, 3))), lib.asarray(rng.integers(0, 2, 12))
    gradient = nnx.grad(lambda model, x, y: nnx.losses.cross_entropy(model(x), y))
    for _ in range(3):
        whole.update(gradient(models[0], x, y))
        moved = [parts.update(gradient(models[1], x[i : i + 3, :], y[i : i + 3])) for i in range(0, 12, 3)]
        assert moved == [False, False, False, True]
    assert parts.steps == whole.steps == 3
    for path, p in models[0].parameters().items():
        lib.assert_close(models[1].parameters()[path], lib.to_numpy(p), rtol=1e-9)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_what_is_left_is_flushed(reduction: str, lib: Any) -> None:
    optimizer = Accumulate(SGD({"w": lib.asarray([0.0])}, 1.0), 5, reduction)
    assert not optimizer.flush()
    gradient = lib.asarray([1.0])
    for _ in range(2):
        assert not optimizer.update({"w": gradient})
    assert optimizer.flush()
    lib.assert_equal(optimizer.parameters["w"], [-1.0 if reduction == "mean" else -2.0])
    lib.assert_equal(gradient, [1.0])
    assert optimizer.count == 0


def test_split_is_each_optimizer_on_its_part(lib: Any) -> None:
    names = [f"{i}.{n}" for i in (0, 2) for n in ("weight", "bias")]
    model, other = (nnx.Sequential(nnx.Linear(3, 4), nnx.Tanh(), nnx.Linear(4, 2)) for _ in range(2))
    other.load_state_dict(model.state_dict())
    start = other.parameters()
    optimizer = Split(
        model,
        {"2.bias": lambda part: SGD(part, 0.5), "*.weight": lambda part: Muon(part, 0.02)},
        rest=lambda part: AdamW(part, 0.1, groups={"0.bias": {"weight_decay": 0.3}}),
    )
    alone = [
        SGD({"2.bias": start["2.bias"]}, 0.5), Muon({name: start[name] for name in names[::2]}, 0.02),
        AdamW({"0.bias": start["0.bias"]}, 0.1, weight_decay=0.3),
    ]  # fmt: skip
    for i in range(3):
        gradients = {path: x * 0.1 + (i - 0.5) for path, x in model.parameters().items()}
        optimizer.update(gradients)
        for each in alone:
            each.update({path: gradients[path] for path in each.parameters})
    for each in alone:
        for path, x in each.parameters.items():
            lib.assert_equal(model.parameters()[path], lib.to_numpy(x))
    assert optimizer.steps == 3
    assert optimizer.learning_rate == [0.5, 0.02, 0.1]
    model.freeze("2")
    optimizer.update({path: gradients[path] for path in names[:2]})
    with pytest.raises(
        ValueError, match='Split: the gradients don.t fit, .*\n.*"2.weight": belongs to no trainable'
    ):
        optimizer.update(gradients)


def test_a_snapshot_that_does_not_fit_is_refused() -> None:
    lookahead = Lookahead(SGD({"w": np.ones(1)}))
    with pytest.raises(
        ValueError, match=r"Lookahead: expected what state_dict\(\) gives, a dict with optimizer, since"
    ):
        lookahead.load_state_dict(lookahead.optimizer.state_dict())
    split = Split({"w": np.ones(1), "b": np.ones(1)}, {"w": SGD}, rest=SGD)
    with pytest.raises(ValueError, match='Split: expected .*, a dict with "step" and 2 "optimizers"'):
        split.load_state_dict({"step": 1, "optimizers": {}})
    before, other = split.state_dict(), Split({"w": np.ones(1), "b": np.ones(1)}, {"w": SGD}, rest=SGD)
    other.update({"w": np.ones(1), "b": np.ones(1)})
    for state in (
        {**other.state_dict(), "optimizers": {**other.state_dict()["optimizers"], "1": {}}},
        {**other.state_dict(), "step": None},
    ):
        with pytest.raises((ValueError, TypeError)):
            split.load_state_dict(state)
        assert split.state_dict() == before


def test_defaults() -> None:
    """Those of the papers."""
    wanted = {
        Lookahead: {"k": 5, "alpha": 0.5}, SAM: {"rho": 0.05, "adaptive": False}, Accumulate: {"reduction": "mean"},
        nnx.optim.EMA: {"decay": 0.999, "use_buffers": False}, nnx.optim.SWA: {"use_buffers": False},
        nnx.optim.clip_adaptive: {"clip_factor": 0.01, "eps": 1e-3},
    }  # fmt: skip
    for made, defaults in wanted.items():
        parameters = inspect.signature(made).parameters.items()
        assert {name: p.default for name, p in parameters if p.default is not p.empty} == defaults


TWO = {"w": np.ones((1, 1)), "b": np.ones(1)}
BAD: list[tuple[Any, type[Exception], str]] = [
    (lambda: Lookahead(TWO), TypeError, "Lookahead: expected an optimizer, got dict"),
    (lambda: Lookahead(SGD(TWO), 0), ValueError, "Lookahead: expected k of at least 1, got 0"),
    (lambda: Lookahead(SGD(TWO), alpha=2.0), ValueError, "Lookahead: expected alpha from 0 to 1, got 2.0"),
    (lambda: SAM(SGD(TWO), rho=-1.0), ValueError, "SAM: expected rho of at least 0, got -1.0"),
    (lambda: SAM(nnx.optim.LBFGS(TWO)), TypeError, "SAM: expected an optimizer whose update takes gradients"),
    (lambda: SAM(SGD(TWO)).first_step({}), ValueError, 'SAM: the gradients don.t fit, .*\n.*"w": missing'),
    (
        lambda: Accumulate(nnx.optim.LBFGS(TWO), 2),
        TypeError,
        "Accumulate: expected an optimizer whose update takes",
    ),
    (lambda: Split(TWO, {}, lambda p: SAM(SGD(p))), TypeError, "that update with gradients, got SAM"),
    (lambda: Accumulate(Lookahead(SAM(SGD(TWO))), 2), TypeError, "update takes gradients, got Lookahead"),
    (lambda: Accumulate(SGD(TWO), 0), ValueError, "Accumulate: expected every to be at least 1, got 0"),
    (
        lambda: Accumulate(SGD(TWO), 2, "max"),
        ValueError,
        "expected reduction to be 'mean' or 'sum', got 'max'",
    ),
    (lambda: Split(TWO, {"x": SGD}, SGD), ValueError, 'Split: no parameter is left for "x"; there are w, b'),
    (lambda: Split(TWO, {"w": SGD}), ValueError, "Split: no pattern matches b; give their optimizer as rest"),
    (lambda: Split(TWO, {"w": SGD}, nnx.optim.LBFGS), TypeError, "that update with gradients, got LBFGS"),
    (
        lambda: setattr(Split(TWO, {}, SGD), "learning_rate", 1.0),
        TypeError,
        "Split: there are several learning rates",
    ),
]


@pytest.mark.parametrize(("call", "kind", "message"), BAD, ids=range(len(BAD)))
def test_bad_arguments_are_refused(call: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        call()
