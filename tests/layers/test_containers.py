"""Layers that hold layers."""

from typing import Any

import numpy as np
import pytest

import nnx


def test_sequential_applies_its_layers_in_order(lib: Any) -> None:
    first, last = nnx.Linear(3, 2), nnx.Linear(2, 1)
    model = nnx.Sequential(first, nnx.Tanh(), last)
    x = lib.asarray(np.ones((4, 3), "f4"))
    lib.assert_equal(model(x), lib.to_numpy(last(nnx.functional.tanh(first(x)))))
    assert (model[0], model[-1], len(model), list(model)[2]) == (first, last, 3, last)
    assert list(model[1:].parameters()) == ["1.weight", "1.bias"]
    assert isinstance(model[:2], nnx.Sequential)
    model[1] = nnx.ReLU()
    assert repr(model[1]) == "ReLU()"
    model.append(nnx.Sigmoid())
    model.insert(0, nnx.Identity())
    del model[1]
    assert [type(layer).__name__ for layer in model] == ["Identity", "ReLU", "Linear", "Sigmoid"]
    assert list(model.parameters()) == ["2.weight", "2.bias"]
    assert len(model + model) == 8


def test_sequential_with_names() -> None:
    model = nnx.Sequential({"hidden": nnx.Linear(2, 2), "act": nnx.ReLU()})
    assert list(model.parameters()) == ["hidden.weight", "hidden.bias"]
    assert model.hidden is model[0]
    assert list(model[:1].parameters()) == ["hidden.weight", "hidden.bias"]


def test_layer_list_and_dict() -> None:
    net = nnx.Layer()
    net.blocks = nnx.LayerList([nnx.Linear(1, 1)])
    net.blocks.append(nnx.Linear(1, 1, bias=False)).extend([nnx.ReLU()])
    net.heads = nnx.LayerDict({"a": nnx.Linear(1, 1, bias=False)})
    net.heads["b"] = nnx.Linear(1, 1, bias=False)
    assert list(net.parameters()) == [
        "blocks.0.weight", "blocks.0.bias", "blocks.1.weight", "heads.a.weight", "heads.b.weight",
    ]  # fmt: skip
    assert ("b" in net.heads, len(net.heads), list(net.heads.keys())) == (True, 2, ["a", "b"])
    del net.heads["a"]
    assert [name for name, _ in net.heads.items()] == ["b"]
    assert len(list(net.heads.values())) == 1


def test_layers_are_taken_out() -> None:
    model = nnx.Sequential(nnx.Linear(2, 2), nnx.ReLU(), nnx.Linear(2, 1))
    first = model[0]
    assert model.pop(0) is first
    assert list(model.parameters()) == ["1.weight", "1.bias"]
    assert model.pop().out_features == 1
    assert len(model) == 1
    named = nnx.LayerDict({"a": nnx.Linear(2, 2)})
    named.clear()
    assert len(named) == len(named.parameters()) == 0


def test_residual_adds_its_input(lib: Any) -> None:
    inner, shortcut = nnx.Linear(3, 2), nnx.Linear(3, 2, bias=False)
    x = lib.asarray(np.ones((4, 3), "f4"))
    expected = lib.to_numpy(inner(x)) + lib.to_numpy(shortcut(x))
    lib.assert_equal(nnx.Residual(inner, shortcut)(x), expected)
    with pytest.raises(
        ValueError, match=r"Residual: expected the layer to keep the shape \(4, 3\), got \(4, 2\)"
    ):
        nnx.Residual(inner)(x)


BAD = [
    (
        lambda: nnx.Sequential(nnx.ReLU),
        TypeError,
        "Sequential: expected layers, got ReLU; give an instance of it",
    ),
    (
        lambda: nnx.Sequential([nnx.ReLU()]),
        TypeError,
        r"Sequential: expected layers, got list; give them one by one",
    ),
    (lambda: nnx.Sequential({"a": nnx.ReLU()})["a"], TypeError, "expected the number of a layer, got 'a'"),
    (lambda: nnx.LayerList([1]), TypeError, "LayerList: expected layers, got int"),
    (
        lambda: nnx.LayerDict({"a.b": nnx.ReLU()}),
        ValueError,
        "expected a name, a string without dots, got 'a.b'",
    ),
    (lambda: nnx.Sequential({1: nnx.ReLU()}), ValueError, "expected a name, a string without dots, got 1"),
    (lambda: nnx.Sequential(nnx.ReLU())[1], IndexError, "Sequential: has 1 layers, got index 1"),
    (lambda: nnx.Residual(None), TypeError, "Residual: expected layers, got NoneType"),
    (
        lambda: nnx.Linear(2.5, 1),
        ValueError,
        "Linear: expected in_features to be a whole number of at least 0",
    ),
    (
        lambda: nnx.Linear(2, -1),
        ValueError,
        "Linear: expected out_features to be a whole number of at least 0, got -1",
    ),
    (lambda: nnx.Dropout(1.5), ValueError, "Dropout: expected a probability between 0 and 1, got 1.5"),
]


@pytest.mark.parametrize(("call", "kind", "message"), BAD, ids=range(len(BAD)))
def test_bad_configurations_are_refused(call: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        call()
