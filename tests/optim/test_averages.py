"""Averages of weights, against torch.optim.swa_utils."""

from typing import Any

import numpy as np
import pytest

import nnx

rng = np.random.default_rng(0)
BATCHES = [rng.standard_normal((8, 3)) for _ in range(4)]


def network() -> Any:
    model = nnx.Sequential(nnx.Linear(3, 4), nnx.BatchNorm1d(4), nnx.Dropout(0.5), nnx.Linear(4, 2))
    return model.astype("float64")


def pair(lib: Any) -> tuple[Any, Any, Any]:
    """The same network here and in PyTorch."""
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    theirs = torch.nn.Sequential(
        torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Dropout(0.5), torch.nn.Linear(4, 2)
    ).double()
    ours = network()
    load(ours, theirs, lib)
    return torch, ours, theirs


def load(ours: Any, theirs: Any, lib: Any) -> None:
    ours.load_state_dict({k: lib.asarray(t.detach().numpy()) for k, t in theirs.state_dict().items()})


@pytest.mark.parametrize("buffers", [False, True])
@pytest.mark.parametrize("name", ["EMA", "SWA"])
def test_averages_are_those_of_torch(name: str, buffers: bool, lib: Any) -> None:
    torch, ours, theirs = pair(lib)
    utils = torch.optim.swa_utils
    if name == "EMA":
        expected = utils.AveragedModel(
            theirs, multi_avg_fn=utils.get_ema_multi_avg_fn(0.7), use_buffers=buffers
        )
        average = nnx.optim.EMA(ours, 0.7, buffers)
    else:  # PyTorch's default cannot average integer buffers
        expected = utils.AveragedModel(
            theirs, avg_fn=lambda a, p, n: a + (p - a) / (n + 1), use_buffers=buffers
        )
        average = nnx.optim.SWA(ours, buffers)
    for i, batch in enumerate(BATCHES):
        with torch.no_grad():
            for t in theirs.parameters():
                t.add_(torch.tensor(rng.standard_normal(t.shape)))
            theirs(torch.tensor(batch))
        load(ours, theirs, lib)
        expected.update_parameters(theirs)
        average.update()
        if i == 1:  # a snapshot goes on
            state, average = average.state_dict(), type(average)(ours, use_buffers=buffers)
            average.load_state_dict(state)
            average.__dict__.update(decay=0.7)
    wanted = {
        k.removeprefix("module."): t.numpy() for k, t in expected.state_dict().items() if k != "n_averaged"
    }
    live = {k: lib.to_numpy(x) for k, x in ours.state_dict().items()}
    with average.swapped() as model:
        assert model is ours
        for path, x in ours.state_dict().items():
            if "num_batches" not in path:  # a count is no average: it is the model's
                lib.assert_close(x, wanted[path], rtol=1e-12, atol=1e-14)
    for path, x in ours.state_dict().items():
        lib.assert_equal(x, live[path])
    other = network()
    average.copy_to(other)
    again = nnx.optim.SWA(network(), buffers)
    again.update(other)
    lib.assert_equal(again.averages["0.weight"], lib.to_numpy(other[0].weight))
    lib.assert_close(other[0].weight, wanted["0.weight"], rtol=1e-12)
    assert average.n_averaged == 4
    assert ("1.running_mean" in average.averages) == buffers


def test_an_average_is_not_changed_by_updates_in_place(lib: Any) -> None:
    optimizer = nnx.optim.SGD({"w": lib.asarray([1.0]), "s": lib.asarray(2.0)}, 0.5)
    ema = nnx.optim.EMA(optimizer, 0.5)
    gradients = {"w": lib.asarray([1.0]), "s": lib.asarray(1.0)}
    for _ in range(3):
        optimizer.update(gradients)
        ema.update()
    lib.assert_close(ema.averages["w"], [(0.5 * 0.5 + 0.0 * 0.5) * 0.5 - 0.5 * 0.5])
    with ema.swapped():
        lib.assert_close(optimizer.parameters["s"], 1.0 + 1.0 / 8 - 0.25)
    lib.assert_close(optimizer.parameters["s"], 0.5)
    optimizer.update(gradients)
    lib.assert_close(optimizer.parameters["s"], 0.0)


def test_update_batch_norm_is_that_of_torch(lib: Any) -> None:
    torch, ours, theirs = pair(lib)
    theirs[1].momentum = ours[1].momentum = 0.3
    theirs.eval()
    ours.eval()
    ours[3].train()
    torch.optim.swa_utils.update_bn([(torch.tensor(x), 0) for x in BATCHES], theirs)
    nnx.optim.update_batch_norm(ours, [(lib.asarray(x), 0) for x in BATCHES])
    for path, t in theirs.state_dict().items():
        lib.assert_close(ours.state_dict()[path], t.numpy(), rtol=1e-12, atol=1e-15)
    assert (ours[1].momentum, ours.training, ours[1].training, ours[3].training) == (0.3, False, False, True)
    with pytest.raises(ValueError, match="expected an input with 2 or 3 axes"):
        nnx.optim.update_batch_norm(ours, [lib.asarray(np.ones((2, 2, 2, 3)))])
    assert (ours[1].momentum, ours[1].training) == (0.3, False)
    nnx.optim.update_batch_norm(nnx.Linear(1, 1), iter([1]))  # nothing to do, nothing is read


def test_update_batch_norm_of_a_model_that_calls_a_list_layers(lib: Any) -> None:
    class Model(nnx.Layer):
        def __init__(self) -> None:
            self.layers = nnx.LayerList([nnx.BatchNorm1d(1)])

        def forward(self, x: Any) -> Any:
            return self.layers[0](x)

    model = Model()
    nnx.optim.update_batch_norm(model, [lib.asarray([[1.0], [3.0]], "float32")])
    lib.assert_close(model.layers[0].running_mean, [2.0])


BAD: list[tuple[Any, type[Exception], str]] = [
    (lambda m: nnx.optim.EMA(m, 1.5), ValueError, "EMA: expected decay from 0 to 1, got 1.5"),
    (lambda m: nnx.optim.SWA({}), TypeError, "SWA: expected a Layer or an optimizer, got dict"),
    (lambda m: nnx.optim.EMA(m).copy_to(nnx.Linear(1, 1)), ValueError, "EMA: the model has no 0.weight"),
    (lambda m: nnx.optim.EMA(m).load_state_dict({}), ValueError, r"EMA: expected what state_dict\(\) gives"),
    (
        lambda m: nnx.optim.EMA(m).load_state_dict({"n_averaged": 1, "averages": {"x": np.ones(1)}}),
        ValueError,
        "nothing was loaded: 0.weight, .*, x",
    ),
    (
        lambda m: nnx.optim.EMA(m).load_state_dict(
            {"n_averaged": 1, "averages": {**m.parameters(), "2.bias": [0.0]}}
        ),
        ValueError,
        "nothing was loaded: 2.bias$",
    ),
]


@pytest.mark.parametrize(("call", "kind", "message"), BAD, ids=range(len(BAD)))
def test_bad_input_is_refused(call: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        call(network())
