"""The public names: all there, all documented, listed whole, with the arguments that were promised."""

import importlib
import inspect
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import nnx
from nnx import Layer

PARTS = ("backend", "files", "functional", "init", "layers", "losses", "optim", "random", "testing")

# What users type, by part, with the names and defaults of the arguments; "" where they are tested elsewhere.
PROMISED: dict[str, dict[str, str]] = {
    "": {
        "use": "name, device=None",
        "using": "name, device=None",
        "backend": "name=None",
        "backend_of": "x",
        "available_backends": "",
        "backends_report": "",
        "to_numpy": "x",
        "array_namespace": "*arrays",
        "seed": "n",
        "grad": "f=None, argnums=0, has_aux=False",
        "value_and_grad": "f=None, argnums=0, has_aux=False",
        "vjp": "f, *primals",
        "jvp": "f, primals, tangents, argnums=None",
        "jacobian": "f, argnums=0",
        "hessian": "f, argnums=0",
        "hvp": "f, primals, tangents, argnums=None",
        "checkpoint": "f",
        "stop_gradient": "x",
        "lift": "x",
        "custom_vjp": "f, nondiff_argnums=()",
        "traced_namespace": "xp, record=False",
        "load_torch_state": "path, key=None, device=None",
        "profile": "*layers",
        "Parameter": "value, trainable=True",
        "Buffer": "value, persistent=True",
        "Sequential": "*layers",
        "LayerList": "layers=()",
        "LayerDict": "layers=()",
        "Residual": "layer, shortcut=None",
        "Identity": "",
        "Linear": "in_features, out_features, bias=True, device=None, dtype=None, *, generator=None",
        "Flatten": "start_dim=1, end_dim=-1",
        "Unflatten": "axis, sizes",
        "Dropout": "p=0.5, *, generator=None",
        "Sigmoid": "",
        "Tanh": "",
        "ReLU": "",
        "LeakyReLU": "negative_slope=0.01",
        "Softmax": "axis=-1",
        "LogSoftmax": "axis=-1",
        "Step": "threshold=0.0",
        "weight_norm": "layer, name='weight', axis=0",
        "spectral_norm": "layer, name='weight', n_power_iterations=1, eps=1e-12, axis=None, *, generator=None",
        "orthogonal": "layer, name='weight', orthogonal_map=None, *, use_trivialization=True, generator=None",
        "register_parametrization": "layer, name, parametrization, *, unsafe=False",
        "remove_parametrizations": "layer, name, leave_parametrized=True",
    },
    "losses": {
        "mse_loss": "input, target, reduction='mean', weight=None",
        "half_squared_error": "input, target, reduction='sum'",
        "binary_cross_entropy": "input, target, weight=None, reduction='mean'",
        "binary_cross_entropy_with_logits": "input, target, weight=None, reduction='mean', pos_weight=None",
        "cross_entropy": "input, target, weight=None, ignore_index=-100, reduction='mean', label_smoothing=0.0",
    },
    "functional": {
        "relu": "x",
        "leaky_relu": "x, negative_slope=0.01",
        "sigmoid": "x",
        "tanh": "x",
        "softmax": "x, axis=-1, dtype=None",
        "log_softmax": "x, axis=-1, dtype=None",
        "linear": "x, weight, bias=None",
        "dropout": "x, p=0.5, training=True, generator=None",
        "logsumexp": "x, axis, keepdims=False",
        "one_hot": "x, num_classes=-1",
    },
    "optim": {
        "SGD": "model_or_parameters, learning_rate=0.001, momentum=0.0, dampening=0.0, weight_decay=0.0, "
        "nesterov=False, *, maximize=False, groups=None",
        "Adam": "model_or_parameters, learning_rate=0.001, betas=(0.9, 0.999), eps=1e-08, weight_decay=0.0, "
        "amsgrad=False, *, maximize=False, decoupled_weight_decay=False, groups=None",
        "AdamW": "model_or_parameters, learning_rate=0.001, betas=(0.9, 0.999), eps=1e-08, weight_decay=0.01, "
        "amsgrad=False, *, maximize=False, groups=None",
        "clip_by_norm": "grads, max_norm, norm_type=2.0, error_if_nonfinite=False",
        "clip_by_value": "grads, clip_value",
    },
    "init": {
        "uniform": "shape, a=0.0, b=1.0, generator=None, dtype=None, device=None",
        "normal": "shape, mean=0.0, std=1.0, generator=None, dtype=None, device=None",
        "zeros": "shape, dtype=None, device=None",
        "kaiming_uniform": "shape, a=0.0, mode='fan_in', nonlinearity='leaky_relu', generator=None, dtype=None, "
        "device=None",
        "xavier_normal": "shape, gain=1.0, generator=None, dtype=None, device=None",
    },
    "testing": {"check_gradients": ""},
    "random": {"Generator": "seed=None"},
}
MEMBERS = {
    Layer: "parameters buffers layers state_dict load_state_dict train eval training freeze unfreeze to astype apply "
    "summary forward",
    nnx.random.Generator: "uniform normal bernoulli permutation integers bits state spawn",
    nnx.optim.Optimizer: "update state_dict load_state_dict learning_rate",
    type(nnx.backend("numpy")): "name xp device to_host from_host synchronize devices default_device",
    nnx.custom_vjp: "defvjp",
}


def part(name: str) -> Any:
    return importlib.import_module(f"nnx.{name}") if name else nnx


@pytest.mark.parametrize("name", nnx.__all__)
def test_every_name_resolves_and_is_documented(name: str) -> None:
    assert len(inspect.getdoc(getattr(nnx, name)) or "") > 20


@pytest.mark.parametrize("name", PARTS)
def test_every_part_lists_all_it_has_in_order(name: str) -> None:
    module = part(name)
    public = {
        key for key, value in vars(module).items() if not key.startswith("_") and not inspect.ismodule(value)
    }
    assert sorted(set(module.__all__) | public - {"annotations"}) == module.__all__
    for key in module.__all__:
        assert inspect.getdoc(getattr(module, key)), key


def test_layers_are_at_the_top() -> None:
    assert set(nnx.layers.__all__) <= set(nnx.__all__)
    assert nnx.__all__ == sorted(nnx.__all__) == dir(nnx)
    code = "from nnx import *; Linear, functional.relu, grad, optim.Adam, seed"
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


@pytest.mark.parametrize(
    ("where", "name", "arguments"), [(w, n, a) for w, names in PROMISED.items() for n, a in names.items()]
)
def test_promised_names_have_the_promised_arguments(where: str, name: str, arguments: str) -> None:
    module = part(where)
    assert name in module.__all__
    if arguments:
        signature = inspect.signature(getattr(module, name))
        plain = [p.replace(annotation=inspect.Parameter.empty) for p in signature.parameters.values()]
        assert str(inspect.Signature(plain)) == f"({arguments})"


@pytest.mark.parametrize("owner", MEMBERS, ids=lambda owner: owner.__name__)
def test_members_are_there(owner: type) -> None:
    example = {Layer: nnx.ReLU, nnx.random.Generator: lambda: nnx.random.Generator(0)}.get(
        owner, lambda: owner
    )()
    for name in MEMBERS[owner].split():
        assert hasattr(example, name), name


def test_backends_have_their_members() -> None:
    backend = nnx.backend()
    x = backend.from_host(np.ones(2))
    assert nnx.backend_of(x) is backend
    assert (backend.to_host(x) == 1).all()
    assert backend.synchronize() is None
    assert set(nnx.available_backends()) <= set(nnx.backends_report())


@pytest.mark.parametrize("name", ["Lineer", "tensor", "no_grad", "_hidden"])
def test_what_is_not_there_is_said_plainly(name: str) -> None:
    with pytest.raises(AttributeError, match=f"module 'nnx' has no attribute '{name}'"):
        getattr(nnx, name)
