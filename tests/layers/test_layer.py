"""How layers hold, find, move, save and load their arrays."""

import copy
import gc
import pickle
from typing import Any

import numpy as np
import pytest

import nnx


class Net(nnx.Layer):
    def __init__(self) -> None:
        self.scale = nnx.Parameter(nnx.init.ones((2,)))
        self.calls = nnx.Buffer(nnx.init.zeros(()))
        self.first = nnx.Linear(3, 2)
        self.more = [nnx.Linear(2, 2, bias=False), {"a": nnx.Linear(2, 1)}]
        self.pair = (nnx.Sigmoid(), nnx.Linear(2, 2))

    def forward(self, x: Any) -> Any:
        self.calls = self.calls + 1
        return self.more[0](self.first(x) * self.scale)


PATHS = ["scale", "first.weight", "first.bias", "more.0.weight", "more.1.a.weight", "more.1.a.bias"]
PATHS += ["pair.1.weight", "pair.1.bias"]


def total(layer: Any, x: Any) -> Any:
    out = layer(x)
    return nnx.array_namespace(out).sum(out)


def test_arrays_and_layers_are_found_in_attributes_lists_tuples_and_dicts() -> None:
    net = Net()
    assert list(net.parameters()) == PATHS
    assert list(net.buffers()) == ["calls"]
    assert list(net.state_dict()) == ["scale", "calls", *PATHS[1:]]
    assert list(net.layers()) == ["", "first", "more.0", "more.1.a", "pair.0", "pair.1"]


def test_a_list_may_grow_later() -> None:
    net = Net()
    before = list(net.parameters())
    net.more.append(nnx.Linear(1, 1, bias=False))
    assert list(net.parameters()) == [*before[:-2], "more.2.weight", *before[-2:]]
    del net.more[0]
    assert "more.0.a.weight" in net.parameters()


def test_changes_deep_inside_lists_and_dicts_are_seen() -> None:
    net = Net()
    net.parts = ({"heads": [nnx.Linear(1, 1), 3]}, "text")
    assert "parts.0.heads.0.weight" in net.parameters()
    net.parts[0]["heads"][1] = nnx.Linear(1, 2, bias=False)
    assert net.parameters()["parts.0.heads.1.weight"].shape == (2, 1)
    net.parts[0]["heads"][0] = nnx.Linear(1, 3)
    assert net.parameters()["parts.0.heads.0.weight"].shape == (3, 1)
    net.parts[0]["tails"] = net.parts[0].pop("heads")
    assert next(path for path in net.parameters() if "parts" in path) == "parts.0.tails.0.weight"
    assert net.__nnx_cells__() is net.__nnx_cells__()


def test_reading_gives_the_plain_array_and_assigning_puts_one_in_its_place(lib: Any) -> None:
    layer = nnx.Linear(3, 2)
    assert type(layer.weight) is type(lib.asarray([1.0]))
    new = lib.asarray(np.ones((2, 3), "f4"))
    layer.weight = new
    assert layer.weight is new
    assert layer.parameters()["weight"] is new
    with pytest.raises(ValueError, match=r'Linear: "weight" has shape \(2, 3\), got \(3, 2\)'):
        layer.weight = lib.asarray(np.ones((3, 2)))
    with pytest.raises(TypeError, match='"weight" was declared as an array, expected one, got float'):
        layer.weight = 1.0
    layer.bias = None
    assert list(layer.parameters()) == ["weight"]
    assert layer.bias is None
    assert "weight" in dir(layer)
    del layer.weight
    with pytest.raises(AttributeError, match="'Linear' object has no attribute 'weight'"):
        _ = layer.weight


def test_one_parameter_given_to_two_layers_ties_them(lib: Any) -> None:
    class Tied(nnx.Layer):
        def __init__(self) -> None:
            self.encoder, self.decoder = nnx.Linear(3, 3, bias=False), nnx.Linear(3, 3, bias=False)
            table = nnx.Parameter(nnx.init.eye((3, 3)))
            self.encoder.weight = table
            self.decoder.weight = table

        def forward(self, x: Any) -> Any:
            return self.decoder(self.encoder(x))

    net = Tied()
    assert list(net.parameters()) == ["encoder.weight"]
    assert list(net.state_dict()) == ["encoder.weight", "decoder.weight"]
    x = lib.asarray(np.ones((1, 3), "f4"))
    ((name, gradient),) = nnx.grad(total)(net, x).items()
    assert name == "encoder.weight"
    lib.assert_equal(gradient, np.full((3, 3), 2.0))
    net.decoder.weight = lib.asarray(np.zeros((3, 3), "f4"))
    lib.assert_equal(net.encoder.weight, np.zeros((3, 3)))
    again = copy.deepcopy(net)
    assert list(again.parameters()) == ["encoder.weight"]


def test_a_layer_used_twice_is_one(lib: Any) -> None:
    layer = nnx.Linear(2, 2)
    model = nnx.Sequential(layer, layer)
    assert list(model.parameters()) == ["0.weight", "0.bias"]
    assert list(model.layers()) == ["", "0"]
    assert list(model.state_dict()) == ["0.weight", "0.bias", "1.weight", "1.bias"]


def test_a_layer_that_contains_itself_is_refused() -> None:
    net = Net()
    net.more.append(net)
    with pytest.raises(ValueError, match='Net: contains itself as "more.2"'):
        net.parameters()


def test_derivatives_leave_parameters_alone_and_keep_buffers(lib: Any) -> None:
    net = Net()
    weight, x = net.first.weight, lib.asarray(np.ones((4, 3), "f4"))
    gradients = nnx.grad(total)(net, x)
    assert list(gradients) == PATHS
    assert net.first.weight is weight
    lib.assert_equal(net.calls, 1.0)
    lib.assert_equal(gradients["pair.1.bias"], np.zeros(2))
    net(x)
    lib.assert_equal(net.calls, 2.0)

    def fails(net: Any, x: Any) -> Any:
        net(x)
        raise RuntimeError("on the way")

    with pytest.raises(RuntimeError, match="on the way"):
        nnx.grad(fails)(net, x)
    assert net.first.weight is weight
    lib.assert_equal(net.calls, 2.0)


def test_freezing_takes_parameters_out_of_gradients(lib: Any) -> None:
    net = Net().freeze("first", "more.*.bias")
    assert list(net.parameters(trainable=False)) == ["first.weight", "first.bias", "more.1.a.bias"]
    assert list(nnx.grad(total)(net, lib.asarray(np.ones((4, 3), "f4")))) == list(
        net.parameters(trainable=True)
    )
    assert list(net.unfreeze("first.weight").parameters(trainable=False)) == ["first.bias", "more.1.a.bias"]
    assert net.freeze().parameters(trainable=True) == {}
    assert list(net.unfreeze().parameters(trainable=True)) == PATHS
    with pytest.raises(ValueError, match='Net: no parameter matches "frist"; there are scale, first.weight'):
        net.freeze("frist")
    assert nnx.Parameter(lib.asarray(1.0), trainable=False).trainable is False


def test_a_state_dict_is_a_snapshot_that_loads_again(lib: Any) -> None:
    net, other = Net(), Net()
    state = net.state_dict()
    assert other.load_state_dict(state) == ([], [])
    for path, x in other.state_dict().items():
        lib.assert_equal(x, lib.to_numpy(state[path]))
    weight = lib.to_numpy(state["first.weight"]).copy()
    optimizer = nnx.optim.SGD(net, learning_rate=1.0)
    optimizer.update({path: lib.xp.ones_like(x) for path, x in net.parameters().items()})
    lib.assert_equal(state["first.weight"], weight)
    lib.assert_equal(other.first.weight, weight)


def test_loading_lists_all_that_is_wrong_and_loads_nothing(lib: Any) -> None:
    net = Net()
    before = net.state_dict()
    state = {path: lib.xp.ones_like(x) for path, x in before.items() if path != "first.bias"}
    state["scale"] = lib.asarray(np.ones(3, "f4"))
    state["more.0.weight"] = "weights"
    state["extra"] = lib.asarray([1.0])
    with pytest.raises(ValueError, match="Net: the state dict does not fit, nothing was loaded") as caught:
        net.load_state_dict(state)
    for line in (
        '"scale": expected shape (2,), got (3,)', '"more.0.weight": expected an array, got str',
        '"first.bias": missing', '"extra": unexpected',
    ):  # fmt: skip
        assert line in str(caught.value)
    for path, x in net.state_dict().items():
        lib.assert_equal(x, lib.to_numpy(before[path]))
    with pytest.raises(ValueError, match=r"scale.*expected shape"):
        net.load_state_dict({"scale": state["scale"]}, strict=False)
    with pytest.raises(ValueError, match="would lose its imaginary part"):
        net.load_state_dict({"scale": lib.asarray(np.ones(2, "c16"))}, strict=False)
    result = net.load_state_dict({"scale": lib.asarray([5, 6]), "extra": state["extra"]}, strict=False)
    assert result.unexpected_keys == ["extra"]
    assert result.missing_keys == ["calls", *PATHS[1:]]
    lib.assert_equal(net.scale, [5.0, 6.0])
    assert net.scale.dtype == lib.xp.float32


def test_results_of_loading_print_as_in_torch() -> None:
    layer = nnx.Linear(2, 1)
    assert repr(layer.load_state_dict(layer.state_dict())) == "<All keys matched successfully>"
    assert repr(layer.load_state_dict({}, strict=False)).endswith(
        "(missing_keys=['weight', 'bias'], unexpected_keys=[])"
    )


def test_states_without_a_count_of_batches_load() -> None:
    layer, state = nnx.BatchNorm1d(2), nnx.BatchNorm1d(2).state_dict()
    del state["num_batches_tracked"]
    assert layer.load_state_dict(state) == ([], [])
    del state["running_mean"]
    with pytest.raises(ValueError, match='"running_mean": missing$'):
        layer.load_state_dict(state)


def test_states_under_a_common_beginning_are_recognised() -> None:
    layer = nnx.Linear(2, 1)
    state = {f"module.{path}": x for path, x in layer.state_dict().items()}
    with pytest.raises(
        ValueError, match='all that is missing is there under "module.": take that off the keys'
    ):
        layer.load_state_dict(state)
    with pytest.raises(ValueError, match='"weight": missing$'):
        layer.load_state_dict({"bias": layer.bias})


def test_arrays_of_what_is_no_number_are_refused() -> None:
    layer = nnx.Linear(2, 1)
    for dtype in ("object", "<U3", "datetime64[s]"):
        with pytest.raises(ValueError, match='"bias": expected numbers, got dtype'):
            layer.load_state_dict({"bias": np.zeros(1, dtype)}, strict=False)


def test_tensors_of_torch_load(lib: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    theirs, ours = torch.nn.Linear(3, 2), nnx.Linear(3, 2)
    ours.load_state_dict(theirs.state_dict())
    lib.assert_equal(ours.weight, theirs.weight.detach().numpy())
    with pytest.raises(RuntimeError, match="requires grad") as caught:
        ours.load_state_dict(dict(theirs.named_parameters()))
    assert 'in "weight" of the state dict; nothing was loaded' in caught.value.__notes__[0]


def test_arrays_of_another_library_load(lib: Any) -> None:
    layer = nnx.Linear(3, 2)
    layer.load_state_dict({"weight": np.ones((2, 3)), "bias": np.asarray([1, 2])})
    lib.assert_equal(layer.weight, np.ones((2, 3)))
    assert layer.bias.dtype == lib.xp.float32


def test_what_is_loaded_is_not_the_callers_array(lib: Any) -> None:
    layer, weight = nnx.Linear(3, 2, bias=False), np.ones((2, 3), "f4")
    layer.load_state_dict({"weight": weight})
    weight[...] = 7.0
    lib.assert_equal(layer.weight, np.ones((2, 3)))


def test_buffers_that_are_not_persistent_are_not_saved(lib: Any) -> None:
    layer = nnx.Layer()
    layer.table = nnx.Buffer(lib.asarray([1.0]), persistent=False)
    assert list(layer.buffers()) == ["table"]
    assert layer.state_dict() == {}


def test_train_and_eval_reach_every_layer() -> None:
    net = Net()
    assert net.eval() is net
    assert not any(layer.training for layer in net.layers().values())
    assert all(layer.training for layer in net.train().layers().values())


def test_astype_converts_floating_arrays_only(lib: Any) -> None:
    net = Net()
    net.index = nnx.Buffer(lib.asarray([1, 2]))
    assert net.astype("float64") is net
    assert {str(x.dtype).rpartition(".")[2] for x in net.parameters().values()} == {"float64"}
    assert net.index.dtype == lib.xp.int64
    assert net.astype(lib.xp.float32).first.weight.dtype == lib.xp.float32


def test_dtypes_that_are_not_floating_are_refused_and_nothing_is_converted(lib: Any) -> None:
    net = Net()
    for dtype in ("int32", "float65", "linalg", lib.xp.int64, None, 3):
        with pytest.raises(TypeError, match="Net: expected a floating-point dtype or its name, got "):
            net.astype(dtype)
    assert net.first.weight.dtype == lib.xp.float32
    assert net.astype("complex64").astype(lib.xp.float64).scale.dtype == lib.xp.complex64


def test_arguments_that_make_no_sense_are_refused() -> None:
    net = Net()
    with pytest.raises(TypeError, match="Net: expected a state dict, arrays by path, got list"):
        net.load_state_dict([1.0])
    with pytest.raises(ValueError, match="Net: expected a training mode of True or False, got 'no'"):
        net.train("no")
    with pytest.raises(TypeError, match="Net: expected the name of a backend, got NoneType"):
        net.to(None)
    assert nnx.Linear(np.int64(3), np.int32(2)).weight.shape == (2, 3)


def test_to_moves_between_libraries_and_devices() -> None:
    net = Net()
    host = {path: x.copy() for path, x in net.parameters().items()}
    assert net.to("array_api_strict", "device1") is net
    assert nnx.backend_of(net).name == "array_api_strict"
    assert {str(x.device) for x in net.parameters().values()} == {"array_api_strict.Device('device1')"}
    net.to("array_api_strict", "device2")
    assert {str(x.device) for x in net.buffers().values()} == {"array_api_strict.Device('device2')"}
    net.to("numpy")
    for path, x in net.parameters().items():
        np.testing.assert_array_equal(x, host[path])


@pytest.mark.parametrize("again", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_copies_are_independent(again: Any) -> None:
    net = Net()
    other = again(net)
    assert list(other.parameters()) == PATHS
    weight = net.first.weight.copy()
    other.first.weight[...] = 7.0
    other.more[0].weight = np.zeros((2, 2), "f4")
    np.testing.assert_array_equal(net.first.weight, weight)
    assert net.more[0].weight.any()
    assert other.eval().training is False
    assert net.training is True


def test_apply_visits_the_layers_below_first() -> None:
    seen: list[str] = []
    model = nnx.Sequential(nnx.Linear(1, 1), nnx.Sequential(nnx.ReLU()))
    assert model.apply(lambda layer: seen.append(type(layer).__name__)) is model
    assert seen == ["Linear", "ReLU", "Sequential", "Sequential"]


def test_parameters_in_lists_are_refused(lib: Any) -> None:
    layer = nnx.Layer()
    with pytest.raises(TypeError, match='"weights" has a Parameter or Buffer inside a list'):
        layer.weights = [nnx.Parameter(lib.asarray(1.0))]
    with pytest.raises(TypeError, match="Parameter: expected an array, got float"):
        layer.weight = nnx.Parameter(1.0)
    with pytest.raises(NotImplementedError, match="Layer defines no forward"):
        layer(1)


def test_layers_need_no_call_of_the_base_and_are_freed() -> None:
    import weakref

    gone = weakref.ref(Net())
    gc.collect()
    assert gone() is None
