"""What every optimizer does with models, groups, schedules, snapshots and bad input."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import nnx
from nnx.optim import schedules
from nnx.optim._fused import FusedBucket


def network() -> Any:
    return nnx.Sequential(nnx.Linear(3, 4), nnx.Tanh(), nnx.Linear(4, 2))


def ones(model: Any, value: float = 1.0) -> dict[str, Any]:
    return {path: x * 0 + value for path, x in model.parameters(trainable=True).items()}


def host(lib: Any, arrays: dict[str, Any]) -> dict[str, np.ndarray]:
    return {path: lib.to_numpy(x).copy() for path, x in arrays.items()}


SETTINGS: dict[str, dict[str, Any]] = {
    "SGD": {"momentum": 0.9},
    "AdamW": {"amsgrad": True},
    "RMSprop": {"centered": True, "momentum": 0.5},
    "Adadelta": {"learning_rate": 30.0},
    "Adafactor": {"learning_rate": 0.5},
    "LAMB": {"learning_rate": 0.2},
    "ASGD": {"learning_rate": 1.0, "t0": 2.0},
    "RAdam": {"learning_rate": 0.5},
}
NAMES = sorted(
    n for n in nnx.optim.__all__ if isinstance(cls := getattr(nnx.optim, n), type) and hasattr(cls, "rule")
)


def maker(name: str) -> Any:
    """The optimizer of that name, with settings that give it all its statistics."""
    return lambda p, **k: getattr(nnx.optim, name)(p, **{"learning_rate": 0.1, **SETTINGS.get(name, {}), **k})


MAKERS = [pytest.param(maker(name), id=name) for name in NAMES if name != "Muon"]


def split(p: Any, **k: Any) -> Any:
    """Muon for the matrices, AdamW for the vectors."""
    return nnx.optim.Split(p, {"*.weight": maker("Muon")}, rest=lambda part: maker("AdamW")(part, **k))


COMPOSED = [
    pytest.param(split, id="Split"),
    pytest.param(lambda p, **k: nnx.optim.Lookahead(maker("SGD")(p, **k), k=2), id="Lookahead"),
    pytest.param(lambda p, **k: nnx.optim.Accumulate(maker("Adam")(p, **k), every=2), id="Accumulate"),
    pytest.param(lambda p, **k: nnx.optim.Lookahead(split(p, **k), k=3, alpha=0.8), id="Lookahead-Split"),
]


@pytest.mark.parametrize("make", MAKERS + COMPOSED)
def test_training_lowers_the_loss(make: Any, lib: Any) -> None:
    model, rng = network(), np.random.default_rng(0)
    x, y = lib.asarray(rng.standard_normal((16, 3)), "float32"), lib.asarray(rng.integers(0, 2, 16))
    optimizer = make(model)

    @nnx.value_and_grad
    def loss_and_grad(model: Any, x: Any, y: Any) -> Any:
        return nnx.losses.cross_entropy(model(x), y)

    losses = []
    for _ in range(12):
        loss, gradients = loss_and_grad(model, x, y)
        optimizer.update(gradients)
        losses.append(float(loss))
    assert losses[-1] < 0.95 * losses[0]
    assert optimizer.steps == (6 if isinstance(optimizer, nnx.optim.Accumulate) else 12)
    assert list(optimizer.parameters) == list(model.parameters())


def test_on_numpy_all_parameters_are_views_of_one_array() -> None:
    model = network()
    nnx.optim.Adam(model).update(ones(model))
    arrays = list(model.parameters().values())
    assert len({id(x.base) for x in arrays}) == 1
    assert arrays[0].base.size == sum(x.size for x in arrays)
    assert type(nnx.optim.Adam(model)._bucket(-1, 0, list(model.__nnx_cells__().items()), {})) is FusedBucket


def test_a_subclass_with_a_rule_of_its_own_is_not_updated_by_its_parents(lib: Any) -> None:
    class Backwards(nnx.optim.SGD):
        @staticmethod
        def rule(xp: Any, p: Any, g: Any, state: Any, learning_rate: float, *rest: Any) -> Any:
            return p + learning_rate * g, state

    optimizer = Backwards({"w": lib.asarray([1.0])}, 0.5)
    optimizer.update({"w": lib.asarray([1.0])})
    lib.assert_equal(optimizer.parameters["w"], [1.5])


def test_what_was_read_from_the_model_shows_the_update_on_numpy_and_a_snapshot_does_not() -> None:
    model = network()
    optimizer = nnx.optim.SGD(model, learning_rate=1.0)
    optimizer.update(ones(model, 0.0))
    live, snapshot = model.parameters(), model.state_dict()
    optimizer.update(ones(model))
    np.testing.assert_allclose(live["0.weight"], snapshot["0.weight"] - 1.0, atol=1e-6)
    assert model[0].weight is live["0.weight"]


@pytest.mark.parametrize("make", MAKERS)
def test_assigned_and_loaded_parameters_are_taken_over(make: Any, lib: Any) -> None:
    model = network()
    optimizer = make(model)
    optimizer.update(ones(model))
    model[0].weight = lib.asarray(np.full((4, 3), 5.0, "f4"))
    model.load_state_dict({"2.bias": lib.asarray([7.0, 8.0])}, strict=False)
    before = host(lib, model.parameters())
    optimizer.update(ones(model))
    after = host(lib, model.parameters())
    assert float(after["0.weight"].max()) < 5.0
    assert (after["2.bias"] < before["2.bias"]).all()
    if optimizer.elementwise:
        moved = after["2.bias"] - before["2.bias"]
        np.testing.assert_allclose(moved, after["0.weight"][0, :2] - 5.0, atol=0.01)
    assert optimizer.steps == 2


@pytest.mark.parametrize("make", MAKERS)
def test_frozen_parameters_are_skipped_and_come_back_as_they_were(make: Any, lib: Any) -> None:
    model, reference = network(), network()
    reference.load_state_dict(model.state_dict())
    optimizer, other = make(model), make(reference)
    optimizer.update(ones(model))
    other.update(ones(reference))
    model.freeze("0")
    frozen = host(lib, model[0].parameters())
    optimizer.update(ones(model))
    for path, x in model[0].parameters().items():
        lib.assert_equal(x, frozen[path])
    with pytest.raises(ValueError, match='"0.weight": belongs to no trainable parameter'):
        optimizer.update(ones(reference))
    model.unfreeze()
    optimizer.update(ones(model))  # the second update of layer 0, the third of layer 2
    other.update(ones(reference))
    for path, x in reference[0].parameters().items():
        lib.assert_close(model[0].parameters()[path], lib.to_numpy(x), rtol=1e-6)
    assert {path: entry["step"] for path, entry in optimizer.state_dict()["parameters"].items()} == {
        "0.weight": 2, "0.bias": 2, "2.weight": 3, "2.bias": 3,
    }  # fmt: skip


@pytest.mark.parametrize("make", MAKERS)
def test_a_snapshot_knows_what_was_frozen(make: Any, lib: Any) -> None:
    model, other = network(), network()
    optimizer = make(model)
    optimizer.update(ones(model))
    model.freeze("0")
    optimizer.update(ones(model))
    state = optimizer.state_dict()
    assert set(state["frozen"]) == {"0.weight", "0.bias"}
    other.load_state_dict(model.state_dict())
    copied = make(other)
    copied.load_state_dict({**state, "parameters": {**state["frozen"], **state["parameters"]}, "frozen": {}})
    other.freeze("0")
    copied.load_state_dict(state)
    assert set(copied.state_dict()["frozen"]) == {"0.weight", "0.bias"}
    for each, trained in ((optimizer, model), (copied, other)):
        trained.unfreeze()
        each.update(ones(trained, 0.5))
        assert "frozen" not in each.state_dict()
    for path, x in model.parameters().items():
        lib.assert_equal(other.parameters()[path], lib.to_numpy(x))
    for frozen in (1, {"0.bias": 1}, {"0.bias": {"step": 1, "square_sum": [0.0]}}):
        with pytest.raises(ValueError, match='expected entries of parameters under "frozen"'):
            copied.load_state_dict({**copied.state_dict(), "frozen": frozen})


def test_a_model_may_change_its_dtype_device_and_layers(lib: Any) -> None:
    model = network()
    optimizer = nnx.optim.Adam(model, learning_rate=0.1)
    optimizer.update(ones(model))
    model.astype("float64")
    optimizer.update(ones(model))
    assert model[0].weight.dtype == lib.xp.float64
    model.append(nnx.Linear(2, 1, dtype="float64"))
    optimizer.update(ones(model))
    model[0] = nnx.Linear(5, 4, dtype="float64")
    optimizer.update(ones(model))
    steps = {path: entry["step"] for path, entry in optimizer.state_dict()["parameters"].items()}
    assert steps == {"0.weight": 1, "0.bias": 4, "2.weight": 4, "2.bias": 4, "3.weight": 2, "3.bias": 2}
    model.to("array_api_strict", "device2")
    optimizer.update(ones(model))
    assert optimizer.state_dict()["parameters"]["0.bias"]["gradient_sum"].device == model[0].bias.device


def test_two_optimizers_of_one_model_take_turns() -> None:
    model = network()
    first, second = nnx.optim.SGD(model, learning_rate=1.0), nnx.optim.Adam(model, learning_rate=0.0)
    start = model.state_dict()
    for _ in range(3):
        first.update(ones(model))
        second.update(ones(model))
    np.testing.assert_allclose(model[0].weight, start["0.weight"] - 3.0, atol=1e-5)


@pytest.mark.parametrize("make", MAKERS + COMPOSED)
def test_a_snapshot_goes_on_to_the_bit(make: Any, lib: Any) -> None:
    model = network()
    optimizer = make(model, learning_rate=schedules.cosine(0.1, 10))
    for i in range(3):
        optimizer.update(ones(model, i + 0.5))
    weights, state, step = model.state_dict(), optimizer.state_dict(), optimizer.steps
    kept = copy.deepcopy(state)
    for i in range(3):
        optimizer.update(ones(model, i - 0.5))
    assert_same(lib, state, kept)
    other = network()
    other.load_state_dict(weights)
    again = make(other, learning_rate=schedules.cosine(0.1, 10))
    again.load_state_dict(state)
    assert again.steps == step
    for i in range(3):
        again.update(ones(other, i - 0.5))
    for path, x in other.parameters().items():
        lib.assert_equal(x, lib.to_numpy(model.parameters()[path]))


def assert_same(lib: Any, one: Any, other: Any) -> None:
    """Two snapshots are equal to the bit."""
    if isinstance(one, dict):
        assert list(one) == list(other)
        for key, value in one.items():
            assert_same(lib, value, other[key])
    elif isinstance(one, int):
        assert one == other
    else:
        lib.assert_equal(one, lib.to_numpy(other))


@pytest.mark.parametrize("again", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
@pytest.mark.parametrize("make", MAKERS + COMPOSED)
def test_copies_with_their_model_go_on_alone_to_the_bit(make: Any, again: Any, lib: Any) -> None:
    model = network()
    optimizer = make(model)
    optimizer.update(ones(model, 0.5))
    other, copied = again((model, optimizer))
    before = host(lib, model.parameters())
    copied.update(ones(other, -1.5))
    copied.update(ones(other, 2.0))
    for path, x in model.parameters().items():
        lib.assert_equal(x, before[path])
    optimizer.update(ones(model, -1.5))
    optimizer.update(ones(model, 2.0))
    assert copied.steps == optimizer.steps
    for path, x in other.parameters().items():
        lib.assert_equal(x, lib.to_numpy(model.parameters()[path]))


def test_a_snapshot_that_does_not_fit_is_refused_whole() -> None:
    model = network()
    optimizer = nnx.optim.Adam(model)
    optimizer.update(ones(model))
    state = optimizer.state_dict()
    entries = state["parameters"]
    entries["0.bias"]["square_sum"] = np.ones(9)
    del entries["2.bias"]
    entries["2.weight"] = {"step": 3, "momentum_buffer": np.ones((2, 4))}
    entries["extra"] = {"step": 1}
    entries["0.weight"] = {"step": -1, "gradient_sum": [0.0], "square_sum": np.ones((4, 3), complex)}
    with pytest.raises(ValueError, match="Adam: the state does not fit, nothing was loaded") as caught:
        optimizer.load_state_dict(state)
    for line in (
        '"2.bias": missing', '"extra": unexpected', '"0.bias": expected square_sum of shape (4,), got (9,)',
        '"2.weight": expected step, gradient_sum, square_sum, got step, momentum_buffer',
        '"0.weight": expected step to be a count, got -1',
        '"0.weight": expected gradient_sum of shape (4, 3), got list',
        '"0.weight": expected square_sum of shape (4, 3), got complex128',
    ):  # fmt: skip
        assert line in str(caught.value)
    assert optimizer.steps == 1
    with pytest.raises(ValueError, match=r"Adam: expected what state_dict\(\) gives"):
        optimizer.load_state_dict({})
    with pytest.raises(ValueError, match="expected step to be a count, got 1.5"):
        optimizer.load_state_dict({**optimizer.state_dict(), "step": 1.5})


def test_groups_change_settings_by_pattern(lib: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    model = network().astype("float64")
    tensors = {p: torch.tensor(lib.to_numpy(x), requires_grad=True) for p, x in model.parameters().items()}
    biases = [t for path, t in tensors.items() if path.endswith("bias")]
    weights = {path: t for path, t in tensors.items() if path.endswith("weight")}
    theirs = torch.optim.AdamW(
        [{"params": biases, "weight_decay": 0.0}, {"params": [weights["2.weight"]], "lr": 0.01, "betas": (0.5, 0.6)},
         {"params": [weights["0.weight"]]}], lr=0.1, weight_decay=0.2,
    )  # fmt: skip
    groups = {"*.bias": {"weight_decay": 0.0}, "2": {"learning_rate": lambda _: 0.01, "betas": (0.5, 0.6)}}
    ours = nnx.optim.AdamW(model, 0.1, weight_decay=0.2, groups=groups)
    for i in range(5):
        for t in tensors.values():
            t.grad = torch.full_like(t, i + 0.5)
        theirs.step()
        ours.update(ones(model, i + 0.5))
    for path, x in model.parameters().items():
        lib.assert_close(x, tensors[path].detach().numpy(), rtol=1e-9)


@pytest.mark.parametrize("make", [*MAKERS, *COMPOSED[1:3]])
def test_groups_are_for_every_optimizer(make: Any, lib: Any) -> None:
    model = network()
    before = host(lib, model.parameters())
    optimizer = make(model, groups={"*.bias": {"learning_rate": lambda _: 0.0}})
    for _ in range(2):
        optimizer.update(ones(model))
    for path, x in model.parameters().items():
        if path.endswith("bias") and not isinstance(optimizer, nnx.optim.Rprop):  # whose least step is not 0
            lib.assert_equal(x, before[path])
        else:
            assert (lib.to_numpy(x) != before[path]).all()


@pytest.mark.parametrize("make", [*MAKERS, *COMPOSED[1:3]])
def test_scalars_and_empty_arrays_are_parameters_too(make: Any, lib: Any) -> None:
    start = {"s": lib.asarray(2.0, "float32"), "e": lib.asarray(np.zeros((0, 2)), "float32")}
    optimizer = make({**start, "v": lib.asarray([2.0], "float32")})
    for i in range(4):
        optimizer.update({name: x * 0 + (i + 1.0) for name, x in optimizer.parameters.items()})
    end = optimizer.parameters
    for x in end.values():
        assert lib.owns(x)
        assert x.dtype == lib.xp.float32
    assert tuple(end["e"].shape) == (0, 2)
    assert float(end["s"]) < 2.0
    lib.assert_close(end["v"], [float(end["s"])], rtol=1e-6)


def test_the_learning_rate_may_be_a_schedule_or_assigned(lib: Any) -> None:
    seen: list[int] = []

    def schedule(step: int) -> float:
        seen.append(step)
        return 2.0**-step

    optimizer = nnx.optim.SGD({"w": lib.asarray([0.0])}, learning_rate=schedule)
    for _ in range(3):
        optimizer.update({"w": lib.asarray([1.0])})
    assert seen == [0, 1, 2]
    lib.assert_equal(optimizer.parameters["w"], [-1.75])
    optimizer.learning_rate = 1.0
    optimizer.update({"w": lib.asarray([1.0])})
    lib.assert_equal(optimizer.parameters["w"], [-2.75])
    assert optimizer.learning_rate == 1.0
    with pytest.raises(ValueError, match="SGD: expected a learning_rate of at least 0"):
        optimizer.learning_rate = -1.0


@pytest.mark.parametrize("plain", [False, True])
def test_settings_may_be_numpy_numbers(plain: bool, monkeypatch: Any) -> None:
    if plain:
        monkeypatch.setattr(nnx.backend("numpy"), "overrides", {})
    for name in ("SGD", "AdamW", "LAMB"):
        rate, decay = np.float64(0.1), np.float64(0.01)
        optimizer = maker(name)(network(), learning_rate=lambda _, rate=rate: rate, weight_decay=decay)
        optimizer.update(ones(optimizer._places.layer))
        state = optimizer.state_dict()["parameters"]["0.weight"]
        arrays = [optimizer.parameters["0.weight"], *(x for key, x in state.items() if key != "step")]
        assert {x.dtype for x in arrays} == {np.dtype("float32")}


def test_gradients_that_do_not_fit_change_nothing(lib: Any) -> None:
    model = network()
    optimizer = nnx.optim.SGD(model, learning_rate=1.0)
    before, good = host(lib, model.parameters()), ones(model)
    renamed = {path.replace("2.", "1."): g for path, g in good.items()}
    cases: list[tuple[Any, type[Exception], str]] = [
        (renamed, ValueError, '"2.weight": missing'),
        (renamed, ValueError, '"1.bias": belongs to no trainable parameter'),
        ({**good, "extra": good["2.bias"]}, ValueError, '"extra": belongs to no trainable parameter'),
        (
            {**good, "2.bias": good["0.bias"]},
            ValueError,
            r'gradient "2.bias": expected shape \(2,\), got \(4,\)',
        ),
        ({**good, "2.bias": "none"}, TypeError, 'gradient "2.bias": expected an array, got str'),
        ([good], TypeError, "expected a dict of gradients by path, got list"),
    ]
    for gradients, kind, message in cases:
        with pytest.raises(kind, match=message):
            optimizer.update(gradients)
        for path, x in model.parameters().items():
            lib.assert_equal(x, before[path])
    assert optimizer.steps == 0


def test_gradients_of_no_numbers_are_refused() -> None:
    optimizer = nnx.optim.SGD({"w": np.ones(2)})
    for g in (np.full(2, None), np.full(2, "1")):
        with pytest.raises(TypeError, match='SGD: gradient "w": expected real numbers, got'):
            optimizer.update({"w": g})


def test_gradients_of_another_library_or_inside_a_derivative_are_refused() -> None:
    optimizer = nnx.optim.SGD({"w": np.ones(2)})
    strict = nnx.backend("array_api_strict").xp.ones(2)
    with pytest.raises(
        TypeError, match='gradient "w" is an array of array_api_strict, its parameter one of numpy'
    ):
        optimizer.update({"w": strict})

    def f(x: Any) -> Any:
        optimizer.update({"w": x})
        return nnx.array_namespace(x).sum(x)

    with pytest.raises(TypeError, match="update was called inside a derivative"):
        nnx.grad(f)(np.ones(2))


def test_gradients_are_taken_in_the_dtype_of_their_parameter(lib: Any) -> None:
    optimizer = nnx.optim.SGD({"w": lib.asarray([1.0, 2.0], "float32")}, learning_rate=1.0)
    optimizer.update({"w": lib.asarray([0.5, 0.5])})
    assert optimizer.parameters["w"].dtype == lib.xp.float32
    lib.assert_equal(optimizer.parameters["w"], [0.5, 1.5])
    with pytest.raises(TypeError, match='gradient "w": expected real numbers, got'):
        optimizer.update({"w": lib.asarray([1j, 1.0])})


def test_a_models_parameters_mean_the_model() -> None:
    """As in PyTorch: ``Adam(model.parameters())`` trains the model, less what is frozen."""
    model, other = network().freeze("0"), network()
    for trained, given in ((model, model.parameters()), (other, other.parameters(trainable=True))):
        kept = {path: x.copy() for path, x in trained.parameters().items()}
        nnx.optim.SGD(given, 0.5).update(ones(trained))
        for path, x in trained.parameters().items():
            expected = kept[path] - (0.5 if path in ones(trained) else 0.0)
            np.testing.assert_allclose(x, expected, rtol=1e-6)


def test_other_dicts_of_a_models_parameters_are_copied() -> None:
    """One that was changed, or copied, is the caller's own."""
    model = network()
    kept = model.state_dict()
    changed = model.parameters()
    changed["0.weight"] = changed["0.weight"] + 1.0
    copies = (
        changed,
        dict(model.parameters()),
        copy.copy(model.parameters()),
        copy.deepcopy(model.parameters()),
    )
    for given in (*copies, pickle.loads(pickle.dumps(model.parameters()))):
        optimizer = nnx.optim.SGD(given, 0.5)
        optimizer.update(ones(model))
        np.testing.assert_allclose(optimizer.parameters["0.bias"], kept["0.bias"] - 0.5, rtol=1e-6)
    assert all(np.array_equal(x, kept[path]) for path, x in model.parameters().items())
    assert type(nnx.grad(lambda p: (p["0.bias"] ** 2).sum())(model.parameters())) is dict
