"""``nnx.compile``: what cannot be compiled is run as it is, aloud, and nothing is silently wrong."""

import dataclasses
import gc
import threading
import weakref
from typing import Any

import numpy as np
import pytest

import nnx

from .steps import Box, X, Y, called, compiled, network, same


def test_numbers_that_change() -> None:
    numbers = iter(range(100))

    def f(x: Any) -> Any:
        return x * next(numbers)

    quick = nnx.compile(f)
    with pytest.warns(
        UserWarning, match=r"the value 3 one time, 4 another, given to mul \(at .*test_refusals"
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


def test_a_loss_is_an_array_whichever_way_it_is_made() -> None:
    model = nnx.Linear(4, 3, dtype="float64")
    f = nnx.value_and_grad(lambda m, x, y: nnx.losses.cross_entropy(m(x), y))
    quick, _ = compiled(f)
    for i in range(8):
        y = Y.copy()
        y[5] = -100 if i % 2 else 0
        same(quick(model, X, y), f(model, X, y))


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


def test_an_error_that_comes_later_is_the_functions_own() -> None:
    def f(a: Any) -> Any:
        x = nnx.functional.dropout(np.ones(3), 0.5)
        try:
            return np.linalg.cholesky(a), x
        except np.linalg.LinAlgError:
            return a * 0, x

    bad, good = -np.eye(3), 2 * np.eye(3)
    quick, counted = compiled(f)
    nnx.seed(4)
    expected = [f(a) for a in (good, good, good, bad, good)]
    nnx.seed(4)
    same([quick(a) for a in (good, good, good, bad, good)], expected)
    assert counted.calls == 3
    model = nnx.Sequential(nnx.Embedding(5, 2), nnx.Flatten(0))
    step, _ = compiled(lambda i: model(i))
    for _ in range(3):
        step(Y)
    with pytest.raises(IndexError, match=r'Embedding "0": expected indices from 0 to 4, got 9') as raised:
        step(Y + 7)
    assert raised.value.__context__ is None


def test_a_bias_that_is_taken_away_after_an_update() -> None:
    """What is looked at before anything is done must not be taken for what was done by the call before."""
    model = nnx.Linear(4, 3, dtype="float64")
    optimizer = nnx.optim.SGD({"w": np.ones(2)}, 0.1)

    def f(x: Any) -> Any:
        optimizer.update({"w": np.ones(2)})
        return model(x)

    quick = nnx.compile(f)
    for _ in range(3):
        quick(X)
    model.bias = None
    for _ in range(4):
        before = optimizer.parameters["w"].copy()
        same(quick(X), model(X))
        np.testing.assert_allclose(optimizer.parameters["w"], before - 0.1)


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


def test_an_error_of_the_functions_own_leaves_nothing_behind() -> None:
    def f(x: Any, i: Any) -> Any:
        if bool((i > 5).any()):
            raise TypeError("too large")
        return x * 2

    quick, counted = compiled(f)
    with pytest.raises(TypeError, match="too large"):
        quick(X, Y + 9)
    for _ in range(4):
        same(quick(X, Y), X * 2)
    assert counted.calls == 4  # the error came twice


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
