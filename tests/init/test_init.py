"""Initialisers: PyTorch's distributions, the same numbers on every library."""

import math
from typing import Any

import numpy as np
import pytest

import nnx
from nnx import init

SHAPE = (60, 50)
DRAWN: list[tuple[str, dict[str, Any]]] = [
    ("uniform", {}),
    ("uniform", {"a": -2.0, "b": 3.0}),
    ("normal", {}),
    ("normal", {"mean": 1.0, "std": 0.3}),
    ("trunc_normal", {}),
    ("trunc_normal", {"mean": 0.5, "std": 0.3, "a": 0.6, "b": 0.7}),
    ("xavier_uniform", {}),
    ("xavier_uniform", {"gain": 2.0}),
    ("xavier_normal", {}),
    ("kaiming_uniform", {}),
    ("kaiming_uniform", {"a": math.sqrt(5.0)}),
    ("kaiming_uniform", {"mode": "FAN_out", "nonlinearity": "relu"}),
    ("kaiming_normal", {"nonlinearity": "tanh"}),
    ("orthogonal", {}),
    ("orthogonal", {"gain": 2.0}),
    ("sparse", {"sparsity": 0.3}),
]
FIXED: list[tuple[str, tuple[int, ...], dict[str, Any]]] = [
    ("zeros", (2, 3), {}), ("ones", (2, 3), {}), ("constant", (2, 3), {"val": 4.0}), ("eye", (2, 3), {}),
    ("trunc_normal", (2, 3), {"a": 1.0, "b": 1.0}),
    ("dirac", (4, 2, 3), {}), ("dirac", (4, 2, 3, 4), {"groups": 2}), ("dirac", (2, 3, 1, 2, 3), {}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "arguments"), DRAWN, ids=str)
def test_distributions_are_those_of_torch(name: str, arguments: dict[str, Any], lib: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    scipy_stats = pytest.importorskip("scipy.stats")
    ours = getattr(init, name)(SHAPE, **arguments)
    assert lib.owns(ours)
    assert (tuple(ours.shape), ours.dtype) == (SHAPE, lib.xp.float32)
    torch.manual_seed(0)
    theirs = getattr(torch.nn.init, name + "_")(torch.empty(SHAPE), **arguments).numpy()
    assert scipy_stats.ks_2samp(lib.to_numpy(ours).ravel(), theirs.ravel()).pvalue > 1e-3


@pytest.mark.parametrize(("name", "arguments"), DRAWN, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_same_seed_gives_the_same_weights_everywhere(
    name: str, arguments: dict[str, Any], dtype: str, lib: Any
) -> None:
    ours = getattr(init, name)(SHAPE, **arguments, generator=nnx.random.Generator(5), dtype=dtype)
    with nnx.using("numpy"):
        host = getattr(init, name)(SHAPE, **arguments, generator=nnx.random.Generator(5), dtype=dtype)
    assert str(host.dtype) == dtype
    lib.assert_equal(ours, host)


@pytest.mark.parametrize(("name", "shape", "arguments"), FIXED, ids=str)
def test_fixed_values_are_those_of_torch(
    name: str, shape: tuple[int, ...], arguments: dict[str, Any], lib: Any
) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    expected = getattr(torch.nn.init, name + "_")(torch.empty(shape), **arguments).numpy()
    out = getattr(init, name)(shape, **arguments)
    lib.assert_equal(out, expected)
    assert out.dtype == lib.xp.float32
    assert getattr(init, name)(shape, **arguments, dtype="float64").dtype == lib.xp.float64


def test_orthogonal_rows_or_columns(lib: Any) -> None:
    for shape in ((5, 3), (3, 5), (4, 3, 2)):
        q = lib.to_numpy(init.orthogonal(shape, dtype="float64")).reshape(shape[0], -1)
        product = q @ q.T if q.shape[0] <= q.shape[1] else q.T @ q
        np.testing.assert_allclose(product, np.eye(min(q.shape)), atol=1e-12)


def test_truncated_far_out_in_the_tail(lib: Any) -> None:
    for a, b in ((5.0, 6.0), (-6.0, -5.0)):
        x = lib.to_numpy(init.trunc_normal((1000,), a=a, b=b))
        assert x.min() >= a
        assert x.max() <= b
        assert abs(np.abs(x).mean() - 5.18) < 0.03


@pytest.mark.parametrize(
    "nonlinearity", ["linear", "conv2d", "conv_transpose3d", "sigmoid", "tanh", "relu", "selu"]
)
def test_gains_are_those_of_torch(nonlinearity: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    assert init.calculate_gain(nonlinearity) == torch.nn.init.calculate_gain(nonlinearity)
    for slope in (None, 0.2, 0):
        expected = torch.nn.init.calculate_gain("leaky_relu", slope)
        assert init.calculate_gain("leaky_relu", slope) == expected


def test_devices_by_name() -> None:
    with nnx.using("array_api_strict"):
        for x in (init.zeros((2,), device="device2"), init.orthogonal((2, 2), device="device2")):
            assert str(x.device) == "array_api_strict.Device('device2')"


BAD: list[tuple[Any, str]] = [
    (lambda: init.xavier_uniform((3,)), "xavier_uniform: expected a shape with at least 2 axes"),
    (lambda: init.kaiming_normal((3, 3), mode="in"), 'expected a mode of "fan_in" or "fan_out", got \'in\''),
    (lambda: init.kaiming_normal((3, 3), nonlinearity="swish"), "calculate_gain: expected one of sigmoid"),
    (lambda: init.calculate_gain("leaky_relu", True), "expected a number for the negative slope, got True"),
    (lambda: init.trunc_normal((3,), a=2.0, b=1.0), "trunc_normal: expected a <= b and std > 0"),
    (lambda: init.uniform((3,), 2.0, 1.0), "uniform: expected a of at most b, got a=2.0 and b=1.0"),
    (lambda: init.normal((3,), std=-1.0), "normal: expected std of at least 0, got -1.0"),
    (lambda: init.xavier_normal((3, 3), -1.0), "xavier_normal: expected gain of at least 0, got -1.0"),
    (lambda: init.dirac((3, 3, 3), 0), "dirac: expected 0 groups to divide the first axis"),
    (lambda: init.eye((3,)), "eye: expected a shape with 2 axes"),
    (lambda: init.sparse((3,), 0.1), "sparse: expected a shape with 2 axes"),
    (lambda: init.orthogonal((3,)), "orthogonal: expected a shape with at least 2 axes"),
    (lambda: init.dirac((3, 3)), "dirac: expected a shape with 3, 4 or 5 axes"),
    (lambda: init.dirac((3, 3, 3), 2), "dirac: expected 2 groups to divide the first axis"),
]


@pytest.mark.parametrize(("call", "message"), BAD, ids=range(len(BAD)))
def test_bad_input_is_refused(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
