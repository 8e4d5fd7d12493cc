"""``nnx.compile`` of whole steps: training goes the same way, and models may change in between."""

from typing import Any

import numpy as np
import pytest

import nnx

from .steps import X, Y, called, compiled, network, same


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
