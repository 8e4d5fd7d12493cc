"""What those who come from PyTorch write by habit, and what they are told."""

import re
from typing import Any

import numpy as np
import pytest

import nnx
import nnx.functional
import nnx.init
import nnx.losses
import nnx.optim

torch = pytest.importorskip("torch", reason="PyTorch, whose arrays are among the mistakes, is not installed")


class Holder(nnx.Layer):
    """Two embeddings' worth of weights."""

    def __init__(self) -> None:
        self.encoder, self.decoder = nnx.Linear(3, 3, bias=False), nnx.Linear(3, 3, bias=False)

    def forward(self, x: Any) -> Any:
        return self.decoder(self.encoder(x))


class Listed(nnx.Layer):
    """Parameters in a list."""

    def __init__(self) -> None:
        self.weights = [nnx.Parameter(np.ones(2))]


def holder() -> Holder:
    return Holder()


def adam() -> Any:
    return nnx.optim.Adam(holder())


NAMES: list[tuple[Any, str, str]] = [
    (nnx, "Module", "module 'nnx' has no attribute 'Module'; here: nnx.LayerX"),
    (nnx, "CrossEntropyLoss", "here: a function, nnx.losses.cross_entropy"),
    (nnx, "relu", "here: nnx.functional.relu"),
    (nnx, "no_grad", "here: not needed, plain arrays record nothing"),
    (
        nnx.functional,
        "mse_loss",
        "module 'nnx.functional' has no attribute 'mse_loss'; here: nnx.losses.mse_loss",
    ),
    (nnx.losses, "softmax", "here: nnx.functional.softmax"),
    (nnx.init, "xavier_uniform_", "here: nnx.init.xavier_uniform, which returns a new array"),
    (nnx.optim, "lr_scheduler", "here: nnx.optim.schedules"),
    (nnx.optim, "cosine", "here: nnx.optim.schedules.cosine"),
    (nnx.optim.schedules, "CosineAnnealingLR", "here: functions of the step, cosine, one_cycle, warmup"),
    (
        holder(),
        "named_parameters",
        r"'Holder' object has no attribute .*; here: parameters\(\), a dict by path",
    ),
    (holder(), "register_buffer", "here: self.name = nnx.Buffer"),
    (holder(), "register_forward_hook", "here: no hooks"),
    (adam(), "zero_grad", "'Adam' object has no attribute 'zero_grad'; here: not needed, gradients are new"),
    (adam(), "step", r"'Adam' object has no attribute 'step'; here: update\(grads\)"),
]


@pytest.mark.parametrize(("owner", "name", "message"), NAMES, ids=[name for _, name, _ in NAMES])
def test_a_name_of_pytorch_is_told_what_it_is_here(owner: Any, name: str, message: str) -> None:
    with pytest.raises(
        AttributeError, match=message.removesuffix("X") + ("$" if message.endswith("X") else "")
    ):
        getattr(owner, name)
    assert not hasattr(owner, "nothing_of_the_kind")
    with pytest.raises(AttributeError, match="has no attribute 'nothing_of_the_kind'$"):
        _ = owner.nothing_of_the_kind


def conv(x: Any) -> Any:
    return nnx.Sequential(nnx.Identity(), nnx.Conv2d(1, 2, 3))(x)


REFUSED: dict[str, tuple[Any, type[Exception], str]] = {
    "lr": (
        lambda: nnx.optim.Adam(holder(), lr=1.0),
        TypeError,
        "^Adam: unknown argument 'lr'; here: learning_rate$",
    ),
    "dim": (lambda: nnx.Softmax(dim=1), TypeError, "^Softmax: unknown argument 'dim'; here: axis$"),
    "inplace": (
        lambda: nnx.ReLU(inplace=True),
        TypeError,
        "^ReLU: unknown argument 'inplace'; here: not needed",
    ),
    "typo": (
        lambda: nnx.Conv2d(1, 2, kernel=3),
        TypeError,
        "^Conv2d: unknown argument 'kernel'; there are in_ch",
    ),
    "none": (lambda: nnx.ReLU(3), TypeError, "^ReLU: expected no arguments, got 1$"),
    "list": (
        lambda: conv([[[1.0]]]),
        TypeError,
        '^Conv2d "1": expected x to be an array, got list; numpy.asarray makes an array of numbers',
    ),
    "torch": (
        lambda: conv(torch.ones(1, 1, 3, 3)),
        nnx.MixedLibrariesError,
        '^Conv2d "1": arrays of two libraries met: torch and numpy; convert one of them first',
    ),
    "torch attribute": (
        lambda: nnx.BatchNorm2d(3)(torch.ones(1, 3, 2, 2)),
        nnx.MixedLibrariesError,
        "^BatchNorm2d: arrays of two libraries met",
    ),
    "listed": (
        Listed,
        TypeError,
        '^Listed: "weights" has a Parameter or Buffer inside a list; assign each to',
    ),
    "clip": (
        lambda: nnx.optim.clip_by_norm(holder(), 1.0),
        TypeError,
        "expected an array, or dicts.* got Holder",
    ),
    "init": (
        lambda: nnx.init.xavier_uniform(np.ones((2, 2))),
        TypeError,
        "xavier_uniform: expected a shape.* ndarray",
    ),
    "warmup": (
        lambda: nnx.optim.schedules.warmup(0.1, 5),
        TypeError,
        "^warmup: expected schedules, .* got 0.1",
    ),
    "steps": (
        lambda: nnx.optim.schedules.warmup(abs, -1),
        ValueError,
        "^warmup: expected steps of at least 0, got -1",
    ),
    "optimizer": (
        lambda: nnx.optim.schedules.cosine(adam(), 10),
        TypeError,
        "^cosine: expected a number as learning rate, got Adam; a schedule is what an optimizer is given",
    ),
    "chain": (lambda: nnx.optim.schedules.chain([0.1]), TypeError, "^chain: expected schedules"),
    "join": (lambda: nnx.optim.schedules.join([0.1, abs], [2]), TypeError, "^join: expected schedules"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_habits_are_refused_with_what_to_do(name: str) -> None:
    call, kind, message = REFUSED[name]
    with pytest.raises(kind, match=message):
        call()


def test_a_list_of_numbers_takes_no_declaration_away() -> None:
    layer = nnx.Linear(2, 2)
    with pytest.raises(TypeError, match='^Linear: "bias" was declared as an array, expected one, got list$'):
        layer.bias = [0.0, 0.0]
    assert list(layer.parameters()) == ["weight", "bias"]


def test_errors_of_other_layers_are_left_alone() -> None:
    class Own(nnx.Layer):
        def forward(self, parts: Any) -> Any:
            return parts.nothing

    with pytest.raises(AttributeError, match="^'list' object has no attribute 'nothing'$"):
        Own()([1.0])


def test_an_array_given_to_two_parameters_does_not_tie_them_silently() -> None:
    model = Holder()
    model.decoder.weight = model.encoder.weight
    message = (
        '"decoder.weight" holds the same array as "encoder.weight" but is trained apart from it; to tie them'
    )
    with pytest.warns(UserWarning, match=re.escape(message)) as told:
        model.parameters()
    assert told[0].filename == __file__
    model = Holder()
    model.parameters()
    model.decoder.weight = model.encoder.weight
    with pytest.warns(UserWarning, match=re.escape(message)):
        nnx.optim.SGD(model, 0.1)
    model.encoder.weight = table = nnx.Parameter(model.encoder.weight)
    model.decoder.weight = table
    nnx.optim.SGD(model, 0.1)
    assert list(model.parameters()) == ["encoder.weight"]


DTYPES = ["BatchNorm1d", "InstanceNorm1d", "GroupNorm", "LayerNorm", "PReLU"]


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", DTYPES)
def test_doubles_and_integers_into_floats_are_refused(name: str, training: bool, lib: Any) -> None:
    """As in PyTorch; otherwise all that follows would be done in double precision, or refused there."""
    arguments: tuple[Any, ...] = {
        "GroupNorm": (2, 4),
        "PReLU": (),
        "InstanceNorm1d": (4, 1e-5, 0.1, True),
    }.get(name, (4,))
    layer = getattr(nnx, name)(*arguments).train(training)
    for dtype in ("float64", "int64"):
        message = rf"^{name}: expected an input of the weight.s dtype .*float32, got .*{dtype}; convert the input, or"
        with pytest.raises(TypeError, match=message):
            layer(lib.asarray(np.ones((2, 4, 4)), dtype))
    x = np.linspace(-1, 1, 32).reshape((2, 4, 4))
    assert str(layer(lib.asarray(x, "float32")).dtype).endswith("float32")
    assert str(layer.astype("float64")(lib.asarray(x, "float64")).dtype).endswith("float64")


def test_bounds_in_the_wrong_order_are_refused_when_built() -> None:
    with pytest.raises(ValueError, match=r"^Hardtanh: expected min_val < max_val, got 1.0 and 1.0$"):
        nnx.Hardtanh(1.0, 1.0)


def test_batch_norm_that_keeps_nothing_takes_any_channels() -> None:
    layer = nnx.BatchNorm1d(3, affine=False, track_running_stats=False)
    np.testing.assert_allclose(layer(np.asarray([[1.0], [3.0]], "f4")), [[-1.0], [1.0]], rtol=1e-4)


def test_rms_norm_of_integers_is_refused() -> None:
    with pytest.raises(TypeError, match="^RMSNorm: expected floating-point numbers, got int64$"):
        nnx.RMSNorm(4)(np.ones((2, 4), np.int64))


def test_a_tensors_methods_on_a_traced_array() -> None:
    message = r"a traced array of numpy has no attribute 'detach': .*; here: nnx.stop_gradient\(x\)$"
    with pytest.raises(AttributeError, match=message):
        nnx.grad(lambda x: x.detach().sum())(np.ones(2))
    with pytest.raises(AttributeError, match=r"here: gradients are what nnx.value_and_grad"):
        nnx.grad(lambda x: x.sum().backward())(np.ones(2))


def test_a_model_that_is_no_argument() -> None:
    model = holder()
    with pytest.raises(
        ValueError, match="called with 0 arguments; what is differentiated, a model or arrays, has to"
    ):
        nnx.grad(lambda: model(np.ones((1, 3), "f4")).sum())()


def test_an_average_of_a_models_parameters_is_the_models() -> None:
    model = holder()
    ema = nnx.optim.EMA(model.parameters(), 0.5)
    assert list(ema.averages) == ["encoder.weight", "decoder.weight"]
    with pytest.raises(TypeError, match="EMA: expected a Layer or an optimizer, got dict"):
        nnx.optim.EMA(dict(model.parameters()), 0.5)
