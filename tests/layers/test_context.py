"""Errors name the layer that they came from, by its path."""

from typing import Any

import numpy as np
import pytest

import nnx


class Fails(nnx.Layer):
    def forward(self, x: Any) -> Any:
        raise RuntimeError("no message of nnx")


class Model(nnx.Layer):
    def __init__(self) -> None:
        self.encoder = nnx.Sequential(nnx.Linear(64, 32), nnx.ReLU(), nnx.Linear(128, 10))
        self.heads = [Fails()]

    def forward(self, x: Any, which: int = 0) -> Any:
        return self.encoder(x) if which == 0 else self.heads[0](x)


def test_a_wrong_shape_names_the_path_of_the_layer(lib: Any) -> None:
    x = lib.asarray(np.ones((32, 64), "f4"))
    message = r'^Linear "encoder.2": expected a last axis of 128, got 32 \(input shape \(32, 32\)\)$'
    with pytest.raises(ValueError, match=message):
        Model()(x)
    with pytest.raises(ValueError, match=message):
        nnx.grad(lambda model, x: model(x))(Model(), x)


def test_a_wrong_shape_is_told_with_all_its_axes(lib: Any) -> None:
    with pytest.raises(
        ValueError, match=r"^Linear: expected a last axis of 4, got 5 \(input shape \(2, 3, 5\)\)$"
    ):
        nnx.Linear(4, 1)(lib.asarray(np.ones((2, 3, 5), "f4")))


def test_a_layer_alone_has_no_path(lib: Any) -> None:
    with pytest.raises(ValueError, match="^Linear: expected a last axis of 3, got 2"):
        nnx.Linear(3, 1)(lib.asarray(np.ones((1, 2), "f4")))


def test_a_wrong_dtype_names_both_and_what_to_do(lib: Any) -> None:
    with pytest.raises(
        TypeError, match=r'^Linear "0": expected an input of the weight.s dtype .*float32, got .*float64'
    ):
        nnx.Sequential(nnx.Linear(3, 1))(lib.asarray(np.ones((1, 3))))


@pytest.mark.filterwarnings("ignore:You are comparing")  # array-api-strict, of dtypes
def test_an_input_of_another_library_names_both() -> None:
    model = nnx.Sequential(nnx.Linear(3, 1))
    x = nnx.backend("array_api_strict").from_host(np.ones((1, 3), "f4"))
    with pytest.raises(
        TypeError, match='^Linear "0": arrays of two libraries met: array_api_strict and numpy; convert'
    ):
        model(x)
    with pytest.raises(TypeError, match="arrays of two libraries met"):
        nnx.grad(lambda model: model(x))(model)


@pytest.mark.parametrize("x", [[1.0, 2.0, 3.0], "text", 1.0, None])
def test_an_input_that_is_no_array_is_named(x: Any) -> None:
    model = nnx.Sequential(nnx.Linear(3, 1))
    with pytest.raises(
        TypeError, match=f'^Linear "0": expected arrays, got {type(x).__name__}, array, array$'
    ):
        model(x)


def test_errors_of_others_get_a_note_with_the_path(lib: Any) -> None:
    with pytest.raises(RuntimeError) as caught:
        Model()(lib.asarray(np.ones((2, 2), "f4")), 1)
    assert caught.value.__notes__ == ['nnx: in Fails "heads.0"']


def test_a_layer_that_is_not_part_of_the_model_is_named_by_its_type(lib: Any) -> None:
    class Outer(nnx.Layer):
        def forward(self, x: Any) -> Any:
            return nnx.Linear(3, 1)(x)

    with pytest.raises(ValueError, match="^Linear: expected a last axis of 3"):
        Outer()(lib.asarray(np.ones((1, 2), "f4")))
