"""Layers inside derivatives: what is passed is differentiated, what is closed over is constant, buffers are kept."""

from typing import Any

import numpy as np
import pytest

import nnx


class Counted(nnx.Layer):
    """Counts its calls, and keeps a running mean of what it is given."""

    def __init__(self) -> None:
        self.linear = nnx.Linear(3, 2)
        self.calls = nnx.Buffer(nnx.init.zeros(()))
        self.mean = nnx.Buffer(nnx.init.zeros((3,)))

    def forward(self, x: Any) -> Any:
        xp = nnx.array_namespace(x)
        self.calls = self.calls + 1
        self.mean = 0.5 * self.mean + 0.5 * xp.mean(x, axis=0)
        return self.linear(x)


def total(layer: Any, x: Any) -> Any:
    out = layer(x)
    return nnx.array_namespace(out).sum(out * out)


def inputs(lib: Any) -> Any:
    return lib.asarray(np.arange(12.0).reshape(4, 3), "float32")


def test_a_layer_from_outside_is_constant_and_keeps_its_buffers(lib: Any) -> None:
    model, x = Counted(), inputs(lib)
    inside = nnx.grad(total, argnums=1)(model, x)
    outside = nnx.grad(lambda x: total(model, x))(x)
    lib.assert_equal(outside, lib.to_numpy(inside))
    lib.assert_equal(model.calls, 2.0)
    lib.assert_close(model.mean, 0.75 * np.mean(np.arange(12.0).reshape(4, 3), axis=0))
    model(x)
    lib.assert_equal(model.calls, 3.0)


def test_gradients_are_those_of_what_is_passed(lib: Any) -> None:
    first, second, x = Counted(), nnx.Linear(2, 2), inputs(lib)
    both = nnx.grad(total)(nnx.Sequential(first, second), x)
    last = nnx.grad(lambda layer, x: total(layer, first(x)))(second, x)
    assert list(last) == ["weight", "bias"]
    for name, gradient in last.items():
        lib.assert_equal(gradient, lib.to_numpy(both[f"1.{name}"]))
    nothing = nnx.grad(lambda layer, x: total(first, x))(second, x)
    lib.assert_equal(nothing["weight"], np.zeros((2, 2)))
    lib.assert_equal(first.calls, 3.0)


@pytest.mark.parametrize("closed", [False, True])
def test_nothing_is_kept_of_a_call_that_fails(closed: bool, lib: Any) -> None:
    model, x = Counted(), inputs(lib)
    weight, mean = model.linear.weight, model.mean

    def fails(layer: Any, x: Any) -> Any:
        model(x)
        model.linear.weight = model.linear.weight * 0
        raise RuntimeError("on the way")

    with pytest.raises(RuntimeError, match="on the way"):
        nnx.grad(lambda x: fails(None, x))(x) if closed else nnx.grad(fails)(model, x)
    assert model.linear.weight is weight
    assert model.mean is mean
    lib.assert_equal(model.calls, 0.0)


def test_parameters_that_are_assigned_inside_come_back(lib: Any) -> None:
    model, x = nnx.Linear(3, 2), inputs(lib)
    weight = model.weight

    def doubled(model: Any, x: Any) -> Any:
        model.weight = 2.0 * model.weight
        return total(model, x)

    gradients = nnx.grad(doubled)(model, x)
    assert model.weight is weight
    model.weight = 2.0 * weight
    expected = nnx.grad(total)(model, x)
    lib.assert_close(gradients["weight"], 2.0 * lib.to_numpy(expected["weight"]), rtol=1e-6)


class Running(nnx.Layer):
    """Writes to its buffers in place."""

    def __init__(self, how: str) -> None:
        self.how = how
        self.calls = nnx.Buffer(nnx.init.zeros(()))
        self.total = nnx.Buffer(nnx.init.zeros((3,)))

    def forward(self, x: Any) -> Any:
        sums = nnx.array_namespace(x).sum(x, axis=0)
        if self.how == "operator":
            self.calls += 1
            self.total += sums
        else:
            self.calls[...] = self.calls + 1
            part = self.total[1:]
            part += sums[1:]
            self.total[0] = self.total[0] + sums[0]
        return x * self.total


@pytest.mark.parametrize("way", ["passed", "closed over", "in a nested derivative", "failing"])
@pytest.mark.parametrize("how", ["operator", "item"])
def test_what_is_written_to_a_buffer_in_place_is_kept(how: str, way: str, lib: Any) -> None:
    model, x = Running(how), inputs(lib)
    calls, before = model.calls, model.total
    if way == "passed":
        nnx.grad(total, argnums=1)(model, x)
    elif way == "closed over":
        nnx.grad(lambda x: total(model, x))(x)
    elif way == "in a nested derivative":
        nnx.grad(lambda x: nnx.array_namespace(x).sum(nnx.grad(total, argnums=1)(model, x)))(x)
    else:

        def fails(model: Any, x: Any) -> Any:
            model(x)
            raise RuntimeError("on the way")

        with pytest.raises(RuntimeError, match="on the way"):
            nnx.grad(fails, argnums=1)(model, x)
        assert model.calls is calls
    lib.assert_equal(before, np.zeros(3))
    lib.assert_equal(model.calls, 0.0 if way == "failing" else 1.0)
    lib.assert_close(model.total, np.zeros(3) if way == "failing" else [18.0, 22.0, 26.0], rtol=1e-6)


def test_a_checkpointed_layer_finds_its_buffers_as_they_were(lib: Any) -> None:
    class Scaled(nnx.Layer):
        def __init__(self) -> None:
            self.scale = nnx.Buffer(nnx.init.ones(()))

        def forward(self, x: Any) -> Any:
            self.scale += 1
            return x * x * self.scale

    x = inputs(lib)
    model = Scaled()
    passed = nnx.grad(lambda model, x: total(nnx.checkpoint(model), x), argnums=1)(model, x)
    lib.assert_close(passed, 16.0 * lib.to_numpy(x) ** 3, rtol=1e-6)
    model.scale = model.scale - 1
    closed = nnx.grad(lambda x: total(nnx.checkpoint(model), x))(x)
    lib.assert_equal(closed, lib.to_numpy(passed))
    lib.assert_equal(model.scale, 2.0)


def test_integer_parameters_are_refused(lib: Any) -> None:
    class Table(nnx.Layer):
        def __init__(self) -> None:
            self.entries = nnx.Parameter(nnx.init.ones((3,), dtype="int64"))

        def forward(self, x: Any) -> Any:
            return x * x

    model, x = nnx.Sequential(Table()), inputs(lib)
    with pytest.raises(
        TypeError, match='nnx.grad: parameter "0.entries" of Sequential has dtype .*int64; .* freeze it'
    ):
        nnx.grad(total)(model, x)
    assert nnx.grad(total)(model.freeze(), x) == {}


def test_buffers_are_kept_once_through_derivatives_of_derivatives(lib: Any) -> None:
    model, x = Counted(), inputs(lib)
    nnx.grad(lambda x: nnx.array_namespace(x).sum(nnx.grad(lambda x: total(model, x))(x)))(x)
    lib.assert_equal(model.calls, 1.0)
    nnx.grad(lambda model: nnx.value_and_grad(total)(model, x)[0])(model)
    lib.assert_equal(model.calls, 2.0)
    nnx.hvp(lambda x: total(model, x), (x,), (x,))
    lib.assert_equal(model.calls, 3.0)
    nnx.vjp(lambda x: model(x), x)[1](lib.asarray(np.ones((4, 2)), "float32"))
    lib.assert_equal(model.calls, 4.0)
    nnx.grad(lambda x: total(nnx.checkpoint(model), x))(x)
    lib.assert_equal(model.calls, 5.0)
