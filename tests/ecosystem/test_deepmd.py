"""Networks of deepmd-kit's `deepmd.dpmodel`, written in the Array API by others, give forces and train.

Nothing in deepmd-kit knows of nnx: the energy of its models is differentiated as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import array_api_compat.numpy as np_xp
import array_api_strict
import numpy as np
import pytest

pytest.importorskip("deepmd.dpmodel", reason="deepmd-kit is not installed (pip install deepmd-kit)")

from deepmd.dpmodel.descriptor import DescrptDPA1, DescrptSeA, DescrptSeR
from deepmd.dpmodel.fitting import EnergyFittingNet
from deepmd.dpmodel.model.ener_model import EnergyModel
from deepmd.dpmodel.utils.network import FittingNet
from deepmd.dpmodel.utils.nlist import extend_input_and_build_neighbor_list

import nnx

Array = Any
LIBRARIES = {"numpy": np_xp, "strict": array_api_strict}
COORDINATES = np.random.default_rng(0).uniform(0.0, 3.0, (1, 5, 3))
TYPES = np.asarray([[0, 1, 0, 1, 1]])
DESCRIPTORS = {
    "se_e2_a": lambda: DescrptSeA(4.0, 0.5, [6, 6], neuron=[4, 8], axis_neuron=4, seed=1),
    "se_e2_r": lambda: DescrptSeR(4.0, 0.5, [6, 6], neuron=[4, 8], seed=1),
    "dpa1": lambda: DescrptDPA1(4.0, 0.5, 10, 2, neuron=[4, 8], axis_neuron=4, attn_layer=1, attn=8, seed=1),
}


def energy_model(descriptor: str) -> EnergyModel:
    """A small model of two kinds of atom."""
    part = DESCRIPTORS[descriptor]()
    fitting = EnergyFittingNet(2, part.get_dim_out(), neuron=[8, 8], mixed_types=part.mixed_types(), seed=2)
    return EnergyModel(part, fitting, type_map=["O", "H"])


def energy(model: EnergyModel, coordinates: Array, types: Array, box: Array | None = None) -> Array:
    """The energy of one configuration, a zero-dimensional array."""
    return model.call(coordinates, types, box=box)["energy"][0, 0]


def differences(f: Callable[[np.ndarray], float], x: np.ndarray, step: float = 1e-4) -> np.ndarray:
    """Central differences of a function of one NumPy array."""
    result = np.empty_like(x)
    for index in np.ndindex(x.shape):
        moved = np.zeros_like(x)
        moved[index] = step
        result[index] = (f(x + moved) - f(x - moved)) / (2 * step)
    return result


@pytest.mark.parametrize("descriptor", DESCRIPTORS)
@pytest.mark.parametrize("periodic", [False, True], ids=["cluster", "box"])
def test_forces_agree_with_finite_differences(descriptor: str, periodic: bool) -> None:
    """The whole model, neighbour list and periodic images included."""
    model = energy_model(descriptor)
    box = np.eye(3).reshape(1, 9) * 6.0 if periodic else None
    value, gradient = nnx.value_and_grad(lambda c, t, b: energy(model, c, t, b))(COORDINATES, TYPES, box)
    assert np.isclose(value, energy(model, COORDINATES, TYPES, box), rtol=1e-12)
    expected = differences(lambda c: energy(model, c, TYPES, box), COORDINATES)
    assert np.abs(expected).max() > 1e-3
    np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(gradient.sum(axis=1), 0.0, atol=1e-12)


def move(part: Any, xp: Any, seen: set[int]) -> None:
    """Put the constants and weights of deepmd's objects on a library, as its own tests do."""
    if id(part) in seen:
        return
    seen.add(id(part))
    inside = part if isinstance(part, (dict, list)) else vars(part)
    for key, value in list(inside.items() if isinstance(inside, dict) else enumerate(inside)):
        if isinstance(value, np.ndarray) and value.dtype.kind in "fib":
            inside[key] = xp.asarray(value)
        elif isinstance(value, (dict, list)) or type(value).__module__.startswith("deepmd"):
            move(value, xp, seen)


@pytest.mark.parametrize("descriptor", DESCRIPTORS)
def test_forces_on_a_strict_library(descriptor: str) -> None:
    """Descriptor and fitting network on array-api-strict (the model around them uses methods of NumPy's)."""
    part = DESCRIPTORS[descriptor]()
    mixed = part.mixed_types()
    fitting = EnergyFittingNet(2, part.get_dim_out(), neuron=[8, 8], mixed_types=mixed, seed=2)
    coordinates, _, mapping, neighbours = extend_input_and_build_neighbor_list(
        COORDINATES, TYPES, 4.0, [10] if mixed else [6, 6], mixed_types=mixed, box=None
    )

    def total(coordinates: Array, types: Array, neighbours: Array, mapping: Array) -> Array:
        features = part.call(coordinates, types, neighbours, mapping=mapping)[0]
        return nnx.array_namespace(features).sum(fitting.call(features, types)["energy"])

    expected = differences(lambda c: total(c, TYPES, neighbours, mapping), coordinates)
    move([part, fitting], array_api_strict, set())
    arguments = [array_api_strict.asarray(a) for a in (coordinates, TYPES, neighbours, mapping)]
    gradient = nnx.to_numpy(nnx.grad(total)(*arguments))
    np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-8)


def weights(layers: list[Any]) -> dict[str, Array]:
    """The trainable arrays of deepmd's layers by name."""
    return {f"{i}.{key}": layer[key] for i, layer in enumerate(layers) for key in ("w", "b")}


def install(layers: list[Any], values: dict[str, Array]) -> None:
    """Put arrays, traced or not, where the layers look for them."""
    for i, layer in enumerate(layers):
        for key in ("w", "b"):
            layer[key] = values[f"{i}.{key}"]


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_network_trains(library: str) -> None:
    xp = LIBRARIES[library]
    network = FittingNet(2, 1, neuron=[8, 8], activation_function="tanh", seed=1)
    rng = np.random.default_rng(0)
    inputs = rng.uniform(-1.0, 1.0, (32, 2))
    x, y = xp.asarray(inputs), xp.asarray(np.sin(2.0 * inputs[:, :1]) * inputs[:, 1:])

    @nnx.value_and_grad
    def loss_and_grad(values: dict[str, Array], x: Array, y: Array) -> Array:
        install(network.layers, values)
        return nnx.array_namespace(x).mean((network.call(x) - y) ** 2)

    values = {name: xp.asarray(value) for name, value in weights(network.layers).items()}
    losses: list[float] = []
    for _ in range(60):
        loss, gradients = loss_and_grad(values, x, y)
        losses.append(float(loss))
        values = {name: value - 0.1 * gradients[name] for name, value in values.items()}
    assert losses[-1] < 0.2 * losses[0]


def test_a_potential_trains_on_energies_and_forces() -> None:
    """The loss holds forces, themselves a derivative: second order through code that knows of neither."""
    model = energy_model("se_e2_a")
    layers = [
        layer
        for networks in (model.atomic_model.descriptor.embeddings, model.atomic_model.fitting_net.nets)
        for i in range(networks.ntypes**networks.ndim)
        for layer in networks[i].layers
    ]
    target = np.random.default_rng(1).normal(size=COORDINATES.shape) * 0.1
    target -= target.mean(axis=1, keepdims=True)

    def loss(values: dict[str, Array], coordinates: Array, types: Array, target: Array) -> Array:
        install(layers, values)
        value, gradient = nnx.value_and_grad(lambda c, t: energy(model, c, t))(coordinates, types)
        xp = nnx.array_namespace(gradient)
        return (value - 1.0) ** 2 + xp.sum((gradient + target) ** 2)

    values = weights(layers)
    first, gradients = nnx.value_and_grad(loss)(values, COORDINATES, TYPES, target)
    direction = {name: np.random.default_rng(2).normal(size=v.shape) for name, v in values.items()}
    slope = sum(float(np.sum(gradients[name] * direction[name])) for name in values)
    step = 1e-5
    ends = [
        float(loss({n: v + s * step * direction[n] for n, v in values.items()}, COORDINATES, TYPES, target))
        for s in (1, -1)
    ]
    assert np.isclose(slope, (ends[0] - ends[1]) / (2 * step), rtol=1e-5)
    for _ in range(30):
        last, gradients = nnx.value_and_grad(loss)(values, COORDINATES, TYPES, target)
        values = {name: value - 1e-2 * gradients[name] for name, value in values.items()}
    assert float(last) < 0.5 * float(first)
