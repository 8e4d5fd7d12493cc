"""L-BFGS against torch.optim.LBFGS, update by update."""

import copy
import math
import pickle
from typing import Any

import numpy as np
import pytest

import nnx

START = {"a": np.asarray([-1.2, 1.0, 0.5]), "b": np.asarray([[2.0], [-1.0]]), "c": np.asarray(0.3)}


def loss_of(a: Any, b: Any, c: Any, xp: Any) -> Any:
    """Rosenbrock's valley in a, a bowl with ripples in b, both coupled through c."""
    valley = xp.sum(100.0 * (a[1:] - a[:-1] ** 2) ** 2 + (1.0 - a[:-1]) ** 2)
    return (
        valley + xp.sum(xp.exp(0.3 * b) + b**2 * (1.5 + xp.sin(b))) + (c - xp.sum(b)) ** 2 + c**2 * a[2] ** 2
    )


SETTINGS: list[dict[str, Any]] = [
    {"learning_rate": 1e-3},
    {"learning_rate": 0.01, "max_iter": 7, "history_size": 3},
    {"line_search_fn": "strong_wolfe"},
    {"line_search_fn": "strong_wolfe", "history_size": 2, "max_iter": 5},
    {"line_search_fn": "strong_wolfe", "learning_rate": 0.1, "max_eval": 9},
    {"line_search_fn": "strong_wolfe", "learning_rate": 20.0, "max_iter": 4},
    {"line_search_fn": "strong_wolfe", "max_iter": 1},
    {"line_search_fn": "strong_wolfe", "tolerance_grad": 1e-2, "tolerance_change": 1e-4},
]


def ours(lib: Any, start: Any = None, **settings: Any) -> tuple[Any, Any]:
    optimizer = nnx.optim.LBFGS({k: lib.asarray(x) for k, x in (start or START).items()}, **settings)

    @nnx.value_and_grad
    def loss_and_grad(p: Any) -> Any:
        return loss_of(**p, xp=nnx.array_namespace(p["a"]))

    return optimizer, lambda: optimizer.update(lambda: loss_and_grad(optimizer.parameters))


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_updates_are_those_of_torch(settings: dict[str, Any], lib: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    tensors = {k: torch.tensor(x, requires_grad=True) for k, x in START.items()}
    changed = {"lr" if k == "learning_rate" else k: v for k, v in settings.items()}
    theirs = torch.optim.LBFGS(tensors.values(), **changed)

    def closure() -> Any:
        theirs.zero_grad()
        loss = loss_of(**tensors, xp=torch)
        loss.backward()
        return loss.detach()

    optimizer, update = ours(lib, **settings)
    for _ in range(4):
        assert math.isclose(float(update()), float(theirs.step(closure)), rel_tol=1e-9, abs_tol=1e-12)
        for name, t in tensors.items():
            lib.assert_close(optimizer.parameters[name], t.detach().numpy(), rtol=1e-7, atol=1e-9)
        state = theirs.state[tensors["a"]]
        assert (optimizer.n_iter, optimizer.func_evals) == (state["n_iter"], state["func_evals"])
    assert optimizer.steps == 4


@pytest.mark.parametrize("seed", range(16))
def test_line_searches_over_ripples_are_those_of_torch(seed: int, lib: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    rng = np.random.default_rng(seed)
    start, frequency, rate = (
        3.0 * rng.standard_normal(1 + seed % 3),
        2.0 + seed % 5,
        [0.3, 1.0, 6.0][seed % 3],
    )

    def ripples(x: Any, xp: Any) -> Any:
        return xp.sum(x**2) / 2.0 + 2.0 * xp.sum(xp.sin(frequency * x)) + xp.sum(x[:1] * x[-1:])

    settings = {"max_iter": 6, "line_search_fn": "strong_wolfe"}
    x = torch.tensor(start, requires_grad=True)
    theirs = torch.optim.LBFGS([x], lr=rate, **settings)

    def closure() -> Any:
        theirs.zero_grad()
        loss = ripples(x, torch)
        loss.backward()
        return loss.detach()

    optimizer = nnx.optim.LBFGS({"x": lib.asarray(start)}, rate, **settings)
    loss_and_grad = nnx.value_and_grad(lambda p: ripples(p["x"], nnx.array_namespace(p["x"])))
    for _ in range(3):
        theirs.step(closure)
        optimizer.update(lambda: loss_and_grad(optimizer.parameters))
        lib.assert_close(optimizer.parameters["x"], x.detach().numpy(), rtol=1e-6, atol=1e-7)
        assert optimizer.func_evals == theirs.state[x]["func_evals"]


def test_defaults_are_those_of_torch() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    theirs = torch.optim.LBFGS([torch.zeros(1)]).param_groups[0]
    settings = nnx.optim.LBFGS({"w": np.zeros(1)}).settings
    assert settings.pop("learning_rate") == theirs["lr"]
    assert settings == {key: theirs[key] for key in settings}


@pytest.mark.parametrize("again", ["state_dict", copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
@pytest.mark.parametrize("updates", [0, 2])
def test_a_snapshot_goes_on_to_the_bit(again: Any, updates: int, lib: Any) -> None:
    settings = {"max_iter": 3, "line_search_fn": "strong_wolfe"}
    optimizer, update = ours(lib, **settings)
    for _ in range(updates):
        update()
    start = {k: lib.to_numpy(x) for k, x in optimizer.parameters.items()}
    other, other_update = ours(lib, start, **settings)
    state = optimizer.state_dict() if again == "state_dict" else again(optimizer).state_dict()
    update()
    other.load_state_dict(state)
    other_update()
    for name, x in optimizer.parameters.items():
        lib.assert_equal(other.parameters[name], lib.to_numpy(x))
    assert other.n_iter == optimizer.n_iter > updates


def test_it_trains_a_model_and_leaves_it_as_it_was_where_the_closure_fails(lib: Any) -> None:
    model = nnx.Sequential(nnx.Linear(3, 4), nnx.Tanh(), nnx.Linear(4, 2))
    rng = np.random.default_rng(0)
    x, y = lib.asarray(rng.standard_normal((16, 3)), "float32"), lib.asarray(rng.integers(0, 2, 16))
    optimizer = nnx.optim.LBFGS(model, line_search_fn="strong_wolfe")
    loss_and_grad = nnx.value_and_grad(lambda model: nnx.losses.cross_entropy(model(x), y))
    first = float(optimizer.update(lambda: loss_and_grad(model)))
    assert float(loss_and_grad(model)[0]) < 0.5 * first
    before, calls = {k: lib.to_numpy(p) for k, p in model.parameters().items()}, []

    def failing() -> Any:
        calls.append(loss_and_grad(model))
        if len(calls) == 3:
            raise RuntimeError("out of data")
        return calls[-1]

    with pytest.raises(RuntimeError, match="out of data"):
        optimizer.update(failing)
    for path, value in model.parameters().items():
        lib.assert_equal(value, before[path])
    model.astype("float64")  # the memory follows the parameters
    optimizer.update(
        lambda: nnx.value_and_grad(
            lambda m: nnx.losses.cross_entropy(m(nnx.array_namespace(x).astype(x, lib.xp.float64)), y)
        )(model)
    )
    assert model[0].weight.dtype == lib.xp.float64


def test_a_loss_that_is_least_changes_nothing(lib: Any) -> None:
    optimizer = nnx.optim.LBFGS({"w": lib.asarray([1.0]), "e": lib.asarray(np.zeros((0, 2)))})
    optimizer.update(lambda: (0.0, {"w": lib.asarray([0.0]), "e": lib.asarray(np.zeros((0, 2)))}))
    lib.assert_equal(optimizer.parameters["w"], [1.0])
    assert (optimizer.n_iter, optimizer.func_evals) == (0, 1)


def test_bad_input_is_refused() -> None:
    parameters = {"w": np.ones(2)}
    with pytest.raises(
        ValueError, match="LBFGS: expected line_search_fn to be None or 'strong_wolfe', got 'armijo'"
    ):
        nnx.optim.LBFGS(parameters, line_search_fn="armijo")
    with pytest.raises(ValueError, match="LBFGS: expected history_size of at least 1, got 0"):
        nnx.optim.LBFGS(parameters, history_size=0)
    optimizer = nnx.optim.LBFGS(parameters)
    with pytest.raises(
        TypeError, match="LBFGS: expected a closure that returns loss and gradients, got dict"
    ):
        optimizer.update(parameters)
    with pytest.raises(ValueError, match='"w": missing'):
        optimizer.update(lambda: (1.0, {}))
    with pytest.raises(TypeError, match='one library, device and dtype, "v" differs'):
        nnx.optim.LBFGS({**parameters, "v": np.ones(1, "f4")}).update(lambda: (1.0, {}))
    with pytest.raises(ValueError, match=r"LBFGS: expected what state_dict\(\) gives"):
        optimizer.load_state_dict({})
    counts: dict[str, Any] = {"step": 1, "n_iter": 1, "func_evals": 1}
    vectors = {"d": np.ones(2), "g": np.ones(2)}
    for state, message in (
        ({"d": np.ones(3)}, r"expected d of shape \(2,\), got \(3,\)"),
        ({"d": np.ones(2)}, r"expected g of shape \(2,\), got nothing"),
        ({"step": None}, "expected step to be a count, got None"),
        ({**vectors, "t": 1.0}, "expected scale to be a number, got None"),
        ({**vectors, "steps": np.ones((3, 2))}, r"expected changes of shape \(3, 2\), got nothing"),
    ):
        with pytest.raises(ValueError, match=message):
            optimizer.load_state_dict({**counts, **state})
    assert (optimizer.steps, optimizer.state_dict()) == (0, {"step": 0, "n_iter": 0, "func_evals": 0})
