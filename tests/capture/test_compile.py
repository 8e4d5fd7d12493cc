"""``nnx.compile``: the same results without the function's Python; what cannot be compiled is run as it is, aloud."""

import dataclasses
import gc
import re
import threading
import warnings
import weakref
from typing import Any, NamedTuple

import numpy as np
import pytest

import nnx
from nnx.autodiff import primitive

rng = np.random.default_rng(3)
X, Y = rng.standard_normal((6, 4)), rng.integers(0, 3, 6)


class Counted:
    """A function that knows how often it was called."""

    def __init__(self, f: Any) -> None:
        self.f, self.calls = f, 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        return self.f(*args, **kwargs)


def compiled(f: Any) -> tuple[Any, Counted]:
    counted = Counted(f)
    return nnx.compile(counted), counted


def same(x: Any, y: Any) -> None:
    """Equal to the bit, containers and types too."""
    assert type(x) is type(y)
    if isinstance(x, dict):
        assert list(x) == list(y)
        x, y = list(x.values()), list(y.values())
    if isinstance(x, (tuple, list)):
        assert len(x) == len(y)
        for a, b in zip(x, y, strict=True):
            same(a, b)
    elif hasattr(x, "dtype"):
        assert x.dtype == y.dtype
        np.testing.assert_array_equal(nnx.to_numpy(x), nnx.to_numpy(y), strict=True)
    else:
        assert x == y


def called(f: Any, *arguments: Any, warned: str) -> list[Any]:
    """What it gives for these arguments, one after the other, and that it warns of one thing meanwhile."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        results = [f(*args) for args in arguments]
    (warning,) = [w for w in found if "nnx.compile" in str(w.message)]
    assert re.search(warned, str(warning.message)), warning.message
    assert warning.filename == __file__
    return results


# whole steps -----------------------------------------------------------------------------------------------------


def network() -> nnx.Sequential:
    return nnx.Sequential(
        nnx.Linear(4, 8), nnx.BatchNorm1d(8), nnx.ReLU(), nnx.Dropout(0.3), nnx.Residual(nnx.Linear(8, 8)),
        nnx.LayerNorm(8), nnx.GELU(), nnx.Linear(8, 3),
    )  # fmt: skip


def convolutional() -> nnx.Sequential:
    return nnx.Sequential(
        nnx.Unflatten(1, (1, 2, 2)), nnx.Conv2d(1, 4, 3, padding=1), nnx.BatchNorm2d(4), nnx.ReLU(),
        nnx.MaxPool2d(2), nnx.Flatten(), nnx.Dropout(0.2), nnx.Linear(4, 3),
    )  # fmt: skip


class Recurrent(nnx.Layer):
    def __init__(self) -> None:
        self.lstm, self.gru = nnx.LSTM(1, 5), nnx.GRU(5, 4, batch_first=True)
        self.attention, self.head = nnx.MultiheadAttention(4, 2, batch_first=True), nnx.Linear(4, 3)

    def forward(self, x: Any) -> Any:
        xp = nnx.array_namespace(x)
        out, _ = self.lstm(xp.expand_dims(xp.permute_dims(x, (1, 0)), axis=-1))
        out, _ = self.gru(xp.permute_dims(out, (1, 0, 2)))
        out, _ = self.attention(out, out, out)
        return self.head(xp.mean(out, axis=1))


OPTIMIZERS = {
    "SGD": lambda model: nnx.optim.SGD(model, 0.1, momentum=0.9, nesterov=True),
    "Adam": lambda model: nnx.optim.Adam(model, nnx.optim.schedules.cosine(1e-2, 10), amsgrad=True),
    "AdamW with groups": lambda model: nnx.optim.AdamW(
        model, 1e-2, groups={"*.bias": {"weight_decay": 0.0}}
    ),
    "RMSprop": lambda model: nnx.optim.RMSprop(model, 1e-3, centered=True),
    "Adagrad": lambda model: nnx.optim.Adagrad(model, 1e-2),
    "Adadelta": lambda model: nnx.optim.Adadelta(model, 1.0),
    "Adamax": lambda model: nnx.optim.Adamax(model, 1e-2),
    "NAdam": lambda model: nnx.optim.NAdam(model, 1e-2),
    "RAdam": lambda model: nnx.optim.RAdam(model, 1e-2),
    "Rprop": lambda model: nnx.optim.Rprop(model, 1e-2),
    "ASGD": lambda model: nnx.optim.ASGD(model, 1e-2),
    "Lion": lambda model: nnx.optim.Lion(model, 1e-3),
    "LAMB": lambda model: nnx.optim.LAMB(model, 1e-2),
    "Adafactor": lambda model: nnx.optim.Adafactor(model, 1e-2),
    "Lookahead": lambda model: nnx.optim.Lookahead(nnx.optim.SGD(model, 0.1), k=3),
}  # fmt: skip


def training(lib: Any, make: Any, optimizer: Any) -> tuple[Any, Any, Any]:
    """A step, its model and its average, from one seed."""
    nnx.seed(5)
    model = make()
    average, update = nnx.optim.EMA(model, 0.9), optimizer(model)

    @nnx.value_and_grad
    def loss_and_grads(model: Any, x: Any, y: Any) -> Any:
        return nnx.losses.cross_entropy(model(x), y, label_smoothing=0.1)

    def step(x: Any, y: Any) -> Any:
        loss, grads = loss_and_grads(model, x, y)
        grads = nnx.optim.clip_by_norm(grads, 1.0)
        update.update(grads)
        average.update()
        return loss, grads

    return step, model, average


@pytest.mark.parametrize("make", [network, convolutional, Recurrent], ids=lambda f: f.__name__)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_training_goes_the_same_way(lib: Any, make: Any, optimizer: str) -> None:
    if lib.name != "numpy" and optimizer not in ("SGD", "Adam"):
        pytest.skip("the way of other optimizers does not depend on the library")
    batches = [(lib.asarray(X[i:], "float32"), lib.asarray(Y[i:])) for i in (0, 0, 0, 1, 0, 1, 1, 0, 1)]
    step, model, average = training(lib, make, OPTIMIZERS[optimizer])
    expected = [step(*batch) for batch in batches]
    state = {**model.state_dict(), **average.averages}
    drawn = nnx.random.default_generator().state
    step, model, average = training(lib, make, OPTIMIZERS[optimizer])
    quick, counted = compiled(step)
    found = [quick(*batch) for batch in batches]
    assert counted.calls == 4  # twice for each shape
    same(found, expected)
    same({**model.state_dict(), **average.averages}, state)
    assert nnx.random.default_generator().state == drawn


def test_modes_shapes_dtypes_and_freezing_are_seen() -> None:
    model = network()
    quick, counted = compiled(lambda x: model(x))
    x = X.astype(np.float32)
    model.eval()
    evaluated = model(x)
    for _ in range(2):
        for _ in range(3):
            same(quick(x), evaluated)
        model.train()
        assert not np.array_equal(quick(x), evaluated)
        assert not np.array_equal(quick(x), quick(x))  # another mask each time
        model.eval()
        evaluated = model(x)
    assert counted.calls == 4  # both modes were known the second time
    same(quick(x[:2]), model(x[:2]))
    model.astype("float64")
    for _ in range(4):
        same(quick(X), model(X))
    model[3].p = 0.0
    model[7].weight = model[7].weight * 2
    for _ in range(4):
        same(quick(X), model(X))


def test_a_layer_is_compiled_for_inference() -> None:
    model = network().eval()
    quick = nnx.compile(model)
    for _ in range(4):
        same(quick(X.astype(np.float32)), model(X.astype(np.float32)))


def test_gradients_leave_out_what_is_frozen() -> None:
    model, x = network().eval(), X.astype(np.float32)
    grads, counted = compiled(nnx.grad(lambda model: (model(x) ** 2).sum()))
    for _ in range(3):
        assert len(grads(model)) == 10
    model.freeze("0")
    for _ in range(3):
        assert len(grads(model)) == 8
    assert counted.calls == 4


def test_loaded_and_assigned_weights_are_used() -> None:
    model, x = nnx.Linear(4, 3), X.astype(np.float32)
    quick, _ = compiled(lambda x: model(x))
    for scale in (1, 1, 1, 2, 3):
        model.load_state_dict({"weight": np.full((3, 4), scale), "bias": np.zeros(3)})
        same(quick(x), model(x))
        model.weight = model.weight + 1
        same(quick(x), model(x))


def test_weights_are_read_again_after_an_update() -> None:
    def make() -> tuple[Any, Any, Any]:
        nnx.seed(1)
        model = nnx.Linear(4, 3)
        optimizer = nnx.optim.SGD(model, 0.1)

        def step(grads: Any) -> Any:
            optimizer.update(grads)
            return model.weight + 1, model.bias

        return model, step, nnx.compile(step)

    grads = {"weight": np.ones((3, 4), np.float32), "bias": np.ones(3, np.float32)}
    one, step, _ = make()
    other, _, quick = make()
    for i in range(8):
        if i == 5:
            for model in (one, other):
                model.weight = np.full((3, 4), 7.0, np.float32)
        if i == 6:
            for model in (one, other):
                model.astype("float64")
        same(quick(grads), step(grads))
        same(other.state_dict(), one.state_dict())


def test_results_that_are_no_arrays_have_to_stay() -> None:
    count = iter(range(100))
    out = called(
        nnx.compile(lambda x: (x, next(count))),
        *[(X,)] * 6,
        warned="value 3 one time, 4 another, given to its",
    )
    assert [n for _, n in out] == list(range(6))


# what is asked of it ---------------------------------------------------------------------------------------------


class Pair(NamedTuple):
    first: Any
    second: Any


@dataclasses.dataclass
class Box:
    array: Any


def test_arguments_and_results_in_containers() -> None:
    def f(pair: Any, boxes: Any, *, scale: float, name: str = "z") -> Any:
        out = pair.first * scale + boxes["a"][0].array
        return {name: Pair(out, [out[0], 3, None]), "same": pair.second}

    quick, counted = compiled(f)
    for i in range(4):
        pair, boxes = Pair(X + i, Y), {"a": [Box(X * i)]}
        found = quick(pair, boxes, scale=0.5)
        same(found, f(pair, boxes, scale=0.5))
        assert found["same"] is Y
    assert counted.calls == 2
    for scale in (2.0, -0.0, 0.0):
        same(quick(pair, boxes, scale=scale, name="q"), f(pair, boxes, scale=scale, name="q"))
    assert counted.calls == 5


def test_the_name_and_the_docstring_stay() -> None:
    @nnx.compile
    def step(x: Any) -> Any:
        """Doubles."""
        return 2 * x

    assert (step.__name__, step.__doc__) == ("step", "Doubles.")
    with pytest.raises(TypeError, match=r"nnx.compile: expected a function, got int"):
        nnx.compile(3)  # type: ignore[type-var]

    def later(x: Any) -> Any:
        yield x

    with pytest.raises(TypeError, match=r"done when it returns, got a generator"):
        nnx.compile(later)


def test_a_method(lib: Any) -> None:
    class Doubler:
        factor = 2.0

        @nnx.compile
        def double(self, x: Any) -> Any:
            return self.factor * x

    one, other = Doubler(), Doubler()
    other.factor = 3.0
    x = lib.asarray(X)
    for _ in range(3):
        lib.assert_equal(one.double(x), 2 * X)
        lib.assert_equal(other.double(x), 3 * X)


def test_writing_in_place_reaches_what_it_reaches_without() -> None:
    total = np.zeros(4)

    def f(x: Any, y: Any) -> Any:
        row = x[0]
        row *= 2.0
        x[1:, 0] = y[1:, 0] + row[0]
        np.add(x, 1.0, out=y)
        total[...] += 0  # nothing captured is written here
        np.add(total, y[2], out=total)
        return x.T[0], y.sum()

    quick, counted = compiled(f)
    ours, theirs = (X.copy(), X * 3), (X.copy(), X * 3)
    for _ in range(5):
        before = total.copy()
        found = quick(*ours)
        after, total[...] = total.copy(), before
        same(found, f(*theirs))
        same(after, total)
        same(ours, theirs)
        assert found[0].base is not None
    assert counted.calls == 2


@primitive("doubled_in_place_of_compile")
def doubled_in_place(_xp: Any, y: Any) -> Any:
    y *= 2
    return y


def test_an_operation_that_gives_what_it_was_given_has_written_to_it() -> None:
    quick, counted = compiled(lambda x: doubled_in_place(np.abs(x) + 1.0))
    for i in range(4):
        same(quick(X + i), (np.abs(X + i) + 1.0) * 2)
    assert counted.calls == 2


def test_derivatives_of_every_kind() -> None:
    def f(x: Any) -> Any:
        return np.sum(np.sin(x) * x**2) + np.log(x[0, 0] ** 2 + 1)

    x, v = X, np.cos(X)
    for g in (
        lambda x: nnx.hvp(f, (x,), (v,)),
        lambda x: nnx.jvp(f, (x,), (v,)),
        lambda x: nnx.jacobian(lambda x: x[:, 0] * x[0, :].sum())(x),
        lambda x: nnx.hessian(lambda x: f(x[:2, :2]))(x),
        lambda x: nnx.vjp(f, x)[1](np.asarray(2.0)),
        lambda x: nnx.grad(lambda x: nnx.grad(f)(x).sum())(x),
        lambda x: nnx.grad(nnx.checkpoint(f))(x),
        lambda x: nnx.grad(lambda x, y: (x * nnx.stop_gradient(y)).sum(), (0, 1))(x, x),
    ):
        quick, counted = compiled(g)
        for i in range(3):
            same(quick(x + i), g(x + i))
        assert counted.calls == 2


def test_somebody_elses_code_is_captured_too() -> None:
    stats = pytest.importorskip("scipy.stats", reason="SciPy is not installed")
    special = pytest.importorskip("scipy.special", reason="SciPy is not installed")

    def f(x: Any) -> Any:
        return stats.skew(x[:, 0]) + special.logsumexp(x) + special.gammaln(x**2 + 1).sum()

    quick, counted = compiled(nnx.value_and_grad(f))
    for i in range(3):
        same(quick(X + i), nnx.value_and_grad(f)(X + i))
    assert counted.calls == 2


def test_custom_derivatives_are_captured() -> None:
    @nnx.custom_vjp
    def clipped(x: Any) -> Any:
        return x * 1.0

    clipped.defvjp(lambda x: (x * 1.0, x), lambda x, g: (np.clip(g, -1.0, 1.0) + 0 * x,))
    f = nnx.grad(lambda x: (5.0 * clipped(x)).sum())
    quick, counted = compiled(f)
    for _ in range(3):
        same(quick(X), f(X))
    assert counted.calls == 2


def test_a_branch_is_taken_as_long_as_its_condition_holds() -> None:
    def f(x: Any) -> Any:
        return x * 2 if x.sum() > 0 else x - 1

    quick, counted = compiled(f)
    for sign in (1, 1, 1, 1, -1, -1, -1, 1, 1):
        same(quick(sign * np.abs(X)), f(sign * np.abs(X)))
    assert counted.calls == 6
    warned = r"is run as it is, not compiled: what bool \(at .*\) depends on changes"
    found = called(quick, *[(sign * np.abs(X),) for sign in (-1, -1, -1, 1, 1, 1, -1)], warned=warned)
    same(found, [f(sign * np.abs(X)) for sign in (-1, -1, -1, 1, 1, 1, -1)])


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x[x > 0].sum() / 2,
        lambda x: nnx.grad(lambda x: (x[x > 0] ** 2).mean())(x),
        lambda x: np.repeat(x[0], np.nonzero(x[1] > 0)[0].shape[0]),
        lambda x: np.unique(x.round()),
        lambda x: (x.compress(x[0] > 0, axis=1) * 2).sum(axis=0),
    ],
)
def test_shapes_that_depend_on_elements(f: Any) -> None:
    quick, counted = compiled(f)
    for _ in range(4):
        same(quick(X), f(X))
    same(quick(X[::-1]), f(X[::-1]))
    assert counted.calls == 3
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*is run as it is.*(the shape of an array|depends on changes)")
        for i in range(8):  # another number of elements each time
            same(quick(X * (-1) ** i), f(X * (-1) ** i))


def test_inside_a_derivative_and_inside_another_it_is_the_function() -> None:
    square, counted = compiled(lambda x: x * x)
    same(nnx.grad(lambda x: square(x).sum())(X), 2 * X)
    outer = nnx.compile(lambda x: square(x) + 1)
    for _ in range(3):
        same(outer(X), X * X + 1)
    assert counted.calls == 3


def test_arrays_from_outside() -> None:
    table, shifts = np.cos(X), [1.0, 2.0]

    def f(x: Any) -> Any:
        steps = np.arange(4.0)  # made anew each time, always the same
        xp = nnx.array_namespace(x, table)
        return xp.asarray(table) * x + steps + nnx.functional.linear(table, x).sum() + shifts[0]

    quick, counted = compiled(f)
    g, _ = compiled(nnx.grad(lambda x: f(x).sum()))
    for i in range(4):
        same(quick(X), f(X))
        same(g(X), nnx.grad(lambda x: f(x).sum())(X))
        table *= 1.5  # written to, so it is seen
        assert counted.calls == min(i + 1, 2)


# what it cannot do -----------------------------------------------------------------------------------------------


def test_numbers_that_change() -> None:
    numbers = iter(range(100))

    def f(x: Any) -> Any:
        return x * next(numbers)

    quick = nnx.compile(f)
    with pytest.warns(
        UserWarning, match=r"the value 3 one time, 4 another, given to mul \(at .*test_compile"
    ):
        found = [float(quick(X)[0, 0] / X[0, 0]) for _ in range(8)]
    np.testing.assert_allclose(found, range(8))


def test_values_that_leave() -> None:
    x, seen = X.copy(), []

    def reads(x: Any) -> Any:
        x += 1.0
        seen.append(float(x[0, 0]))
        return x.sum()

    late = "float depends on an array's elements after something was changed for good"
    called(nnx.compile(reads), *[(x,)] * 4, warned=late)
    assert seen == [X[0, 0] + i + 1 for i in range(4)]
    out = called(
        nnx.compile(lambda x: np.asarray(x).sum() + x),
        (X,),
        (X,),
        warned="a conversion to NumPy takes an array out",
    )
    same(out, [X.sum() + X] * 2)
    losses: list[float] = []

    def logs(x: Any) -> Any:
        losses.append(float(x.sum()))
        return x

    reason = r"the value that float \(at .*\) reads: .* one time, .* another"
    called(nnx.compile(logs), *[(X + i,) for i in range(6)], warned=reason)
    same(losses, [float((X + i).sum()) for i in range(6)])


@pytest.mark.parametrize(
    ("f", "reason"),
    [
        (lambda x: x + nnx.random.Generator(3).uniform((4,), dtype="float64"), "a random generator is made"),
        (lambda x: nnx.Linear(4, 3, dtype="float64")(x), "it makes layers"),
        (lambda x: Box(x + 1), "it returns arrays in containers"),
        (lambda x: x.__array__() + 0, "a conversion to NumPy"),
        (lambda x: np.from_dlpack(x) + 0, "DLPack"),
        (lambda x: nnx.grad(nnx.checkpoint(lambda x: nnx.functional.dropout(x).sum()))(x), "nnx.checkpoint"),
    ],
)
def test_what_is_run_as_it_is(f: Any, reason: str) -> None:
    quick, counted = compiled(f)
    nnx.seed(2)
    found = called(quick, *[(X,)] * 4, warned="is run as it is, not compiled: .*" + reason)
    assert counted.calls == 4
    nnx.seed(2)
    expected = [f(X) for _ in range(4)]
    if not isinstance(found[0], Box):
        same(found, expected)


def test_attributes_that_are_set_inside() -> None:
    class Remembers(nnx.Layer):
        def forward(self, x: Any) -> Any:
            self.last = x.shape[0] + getattr(self, "last", 0)
            return x * self.last

    layer = Remembers()
    found = called(
        nnx.compile(lambda x: layer(x)), *[(np.ones((6, 1)),)] * 5, warned="sets attributes of layers"
    )
    same(found, [np.full((6, 1), 6.0 * i) for i in (1, 2, 3, 4, 5)])


def test_many_kinds_of_arguments_are_said() -> None:
    found = called(
        nnx.compile(lambda x, n: x * n),
        *[(X, float(i)) for i in range(100)],
        warned="watched 64 times, for as many kinds of",
    )
    same(found, [X * float(i) for i in range(100)])


def test_arrays_that_are_left_behind_are_plain_ones_afterwards() -> None:
    kept: list[Any] = []
    out = called(
        nnx.compile(lambda x: kept.append(x * 2) or x + 1),
        *[(X + i,) for i in range(5)],
        warned="leaves an array in",
    )
    same(out, [X + i + 1 for i in range(5)])
    assert len(kept) == 5
    assert "captured(" in repr(kept[0])
    for i, x in enumerate(kept):
        same(np.asarray(x + 1), (X + i) * 2 + 1)
        same(nnx.grad(lambda y, x=x: (y * x).sum())(X), (X + i) * 2)

    class Carries:
        h = np.zeros(4)

        def step(self, x: Any) -> Any:
            self.h = np.tanh(self.h + x[0])
            return self.h.sum()

    one, other = Carries(), Carries()
    quick = nnx.compile(one.step)
    same(called(quick, *[(X,)] * 6, warned="leaves an array in"), [other.step(X) for _ in range(6)])


def test_what_is_done_to_containers_that_are_given() -> None:
    @dataclasses.dataclass
    class State:
        h: Any
        seen: int = 0

    def f(params: Any, log: Any, state: Any, x: Any) -> Any:
        for k in params:
            params[k] = params[k] - x.sum()
        log.append(3)
        state.h, state.seen = state.h + x, state.seen + 1
        return params["w"] * 2

    def make() -> Any:
        return {"w": np.ones(3), "b": np.zeros(2)}, [], State(np.zeros((6, 4)))

    ours, theirs = make(), make()
    out = called(
        nnx.compile(f), *[(*ours, X + i) for i in range(5)], warned="changes a container or an object"
    )
    same(out, [f(*theirs, X + i) for i in range(5)])
    same((*ours[:2], vars(ours[2])), (*theirs[:2], vars(theirs[2])))
    same(called(nnx.compile(lambda b: b.append(1) or len(b)), ([0],), ([0],), warned="container"), [2, 2])


def test_gradients_without_the_loss() -> None:
    """The forward leaves something for the pullback, which a loss that nobody wants must leave, too."""
    model = nnx.Linear(4, 3, dtype="float64")
    for ignore in (-100, 1):
        f = nnx.grad(lambda m, x, y, i=ignore: nnx.losses.cross_entropy(m(x), y, ignore_index=i))
        quick, counted = compiled(f)
        for i in range(8):
            y = np.full(6, 0) if i == 4 else np.roll(Y, i)
            same(quick(model, X + i, y), f(model, X + i, y))
        assert counted.calls == 2
        with pytest.raises(IndexError):
            quick(model, X, Y + 7)


def test_settings_that_are_changed_inside() -> None:
    def make() -> Any:
        optimizer = nnx.optim.SGD({"w": np.ones(2)}, 0.1)

        def step(g: Any, lr: float) -> Any:
            optimizer.learning_rate = lr
            optimizer.update({"w": g})
            return sum((p**2).sum() for p in optimizer.parameters.values())

        return step, optimizer

    (ours, one), (theirs, other) = make(), make()
    quick, counted = compiled(ours)
    for lr in (0.1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.1):
        same(quick(np.ones(2), lr), theirs(np.ones(2), lr))
        same(one.parameters, other.parameters)
        assert one.learning_rate == lr
    assert counted.calls == 4


def test_attributes_that_are_functions_or_have_equal_hashes() -> None:
    class Acts(nnx.Layer):
        axis = -1

        def forward(self, x: Any) -> Any:
            return self.act(x).sum(axis=self.axis)

    layer = Acts()
    layer.act = lambda x: x
    quick = nnx.compile(lambda x: layer(x))
    for k in range(5):
        layer.act = lambda x, k=k: x * k
        for _ in range(3):
            same(quick(X), (X * k).sum(axis=layer.axis))
        layer.axis = -2 if k % 2 else -1
        same(quick(X), (X * k).sum(axis=layer.axis))


def test_lengths_from_elements() -> None:
    def f(x: Any, mask: Any) -> Any:
        n = mask.sum()
        y = x[:n]
        return y.sum() / len(y), nnx.grad(lambda x: (x[:n] ** 2).mean())(x)

    masks = [np.arange(6) < n for n in (3, 3, 3, 5, 5, 5, 2, 2, 2)]
    quick, _ = compiled(f)
    for mask in masks:
        same(quick(X, mask), f(X, mask))


def test_an_argument_that_is_also_an_array_from_outside() -> None:
    ref = X.copy()
    quick, _ = compiled(lambda x: ((x - ref) ** 2).sum())
    for x in (ref, ref, ref, X + 1, X + 2, ref):
        same(quick(x), ((x - ref) ** 2).sum())


def test_an_alternative_after_an_error() -> None:
    def f(a: Any) -> Any:
        try:
            return np.linalg.cholesky(a)
        except np.linalg.LinAlgError:
            return np.linalg.cholesky(a + 10 * np.eye(3))

    bad, good = -np.eye(3), 2 * np.eye(3)
    same(called(nnx.compile(f), (bad,), (bad,), (good,), warned="cholesky raised"), [f(bad), f(bad), f(good)])


def test_strings_of_elements_are_looked_at() -> None:
    quick, _ = compiled(lambda x: (x, f"{x[0, 0]:.2f}"))
    for i in range(6):
        assert quick(X + i // 2)[1] == f"{(X + i // 2)[0, 0]:.2f}"


def test_results_are_made_anew() -> None:
    quick, counted = compiled(lambda x: (x + 1, {"n": 0}, [1, 2]))
    for _ in range(4):
        _, info, numbers = quick(X)
        assert (info, numbers) == ({"n": 0}, [1, 2])
        info["n"] += 1
        numbers.append(3)
    assert counted.calls == 2
    out = called(nnx.compile(lambda x: np.zeros(2)), *[(X,)] * 6, warned="given to its caller")
    assert len({id(x) for x in out}) == 6


def test_objects_in_turns_are_told_apart() -> None:
    one, other = nnx.random.Generator(1), nnx.random.Generator(2)
    turns = iter([one, other] * 10)
    quick = nnx.compile(lambda x: x + next(turns).uniform((4,), dtype="float64"))
    found = called(quick, *[(X,)] * 6, warned="one Generator one time, another one another")
    one, other = nnx.random.Generator(1), nnx.random.Generator(2)
    same(found, [X + g.uniform((4,), dtype="float64") for g in [one, other] * 3])


def test_closures_that_an_optimizer_calls() -> None:
    def make() -> Any:
        model = nnx.Linear(4, 1, dtype="float64")
        model.load_state_dict({"weight": np.ones((1, 4)), "bias": np.zeros(1)})
        optimizer = nnx.optim.LBFGS(model, max_iter=3)
        loss_and_grads = nnx.value_and_grad(lambda m, x: (m(x) ** 2).mean())
        return model, lambda x: optimizer.update(lambda: loss_and_grads(model, x))

    (one, ours), (other, theirs) = make(), make()
    found = called(nnx.compile(ours), *[(X + i,) for i in range(5)], warned="update is given a function")
    same(found, [theirs(X + i) for i in range(5)])
    same(one.state_dict(), other.state_dict())


def test_functions_that_do_not_know_captured_arrays() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    x = torch.tensor(X)
    out = called(nnx.compile(lambda x: torch.sin(x)), (x,), (x,), (x,), warned="not compiled: TypeError")
    assert all(torch.equal(y, torch.sin(x)) for y in out)
    quick, counted = compiled(lambda x: nnx.functional.relu(x) * 2)
    for i in range(4):
        assert torch.equal(quick(x + i), torch.relu(x + i) * 2)
    assert counted.calls == 2


def test_embeddings_of_tokens_that_change() -> None:
    nnx.seed(3)
    model = nnx.Sequential(nnx.Embedding(50, 4), nnx.Linear(4, 3))
    f = nnx.value_and_grad(lambda m, x: m(x).sum())
    quick, counted = compiled(f)
    for i in range(6):
        tokens = np.random.default_rng(i).integers(0, 50, (2, 7))
        same(quick(model, tokens), f(model, tokens))
    assert counted.calls == 2
    with pytest.raises(IndexError, match="from 0 to 49"):
        quick(model, tokens + 50)


def test_a_mode_that_is_set_in_the_step() -> None:
    def make() -> Any:
        nnx.seed(8)
        model = network()
        return model, lambda x: model.train()(x)

    (model, ours), (other, theirs) = make(), make()
    quick, counted = compiled(ours)
    state = nnx.random.default_generator().state
    for i in range(8):
        if i == 4:
            model.eval(), other.eval()
        nnx.random.default_generator().state = state
        found = quick(X.astype(np.float32))
        nnx.random.default_generator().state = state
        same(found, theirs(X.astype(np.float32)))
    assert counted.calls < 8


def test_models_that_are_gone_are_let_go() -> None:
    predict, gone = nnx.compile(lambda model, x: model(x)), []
    for _ in range(5):
        model = nnx.Linear(4, 3, dtype="float64")
        for _ in range(3):
            predict(model, X)
        gone.append(weakref.ref(model))
    del model
    gc.collect()
    assert [r() for r in gone] == [None] * 5


def test_errors_are_those_of_the_function() -> None:
    model = nnx.Sequential(nnx.Linear(4, 3))
    quick, counted = compiled(lambda x, y: nnx.losses.cross_entropy(model(x), y))
    with pytest.raises(ValueError, match=r'Linear "0": expected a last axis of 4, got 3'):
        quick(X[:, :3].astype(np.float32), Y)
    x = X.astype(np.float32)
    for _ in range(3):
        quick(x, Y)
    assert counted.calls == 3
    with pytest.raises(IndexError):
        quick(x, Y + 10)
    same(quick(x, Y), nnx.losses.cross_entropy(model(x), Y))


def test_several_threads() -> None:
    model, x = network().eval(), X.astype(np.float32)
    quick = nnx.compile(nnx.value_and_grad(lambda model, x: model(x).sum()))
    expected = [nnx.value_and_grad(lambda model, x: model(x).sum())(model, x + i) for i in range(4)]
    wrong = []

    def work(i: int) -> None:
        for _ in range(50):
            try:
                same(quick(model, x + i), expected[i])
            except Exception as error:
                wrong.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_no_array_of_a_run_is_kept() -> None:
    class Array(np.ndarray):  # which can be referred to weakly
        pass

    quick = nnx.compile(lambda x: (x * 2).sum())
    refs = []
    for _ in range(4):
        x = X.copy()
        refs.append(weakref.ref(x))
        quick(x)
        del x
    gc.collect()
    assert [r() for r in refs] == [None] * 4


def test_the_checks_see_a_planted_fault() -> None:
    with pytest.raises(AssertionError):
        same(np.ones(3), np.ones(3, np.float32))
    with pytest.raises(AssertionError):
        same({"a": np.ones(2)}, {"a": np.asarray([1.0, 1.0 + 2**-52])})
