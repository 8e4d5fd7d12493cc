"""Whether PyTorch's users find what they know: every public name of torch.nn and torch.optim, with its arguments.

What is not there is named below, with the reason. Arguments are compared by name, order and default; the rules of
translation are at the top. Numbers are compared in the families' own tables.
"""

import inspect
import re
from collections.abc import Callable
from typing import Any

import pytest

import nnx
import nnx.functional
import nnx.init
import nnx.layers
import nnx.losses
import nnx.optim

torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")

RENAMED = {"dim": "axis", "keepdim": "keepdims", "lr": "learning_rate", "max_lr": "max_learning_rate"}
"""Arguments that the standard, or nnx, calls otherwise."""
RENAMED_LAYERS = {"ModuleList": "LayerList", "ModuleDict": "LayerDict", "Module": "Layer"}
DROPPED = {
    *("min_value", "max_value"),
    *("inplace", "size_average", "reduce", "sparse", "_stacklevel", "out"),
    *("foreach", "fused", "capturable", "differentiable", "generator", "mode_"),
}
"""Arguments that have no meaning here."""

NO_LAYERS = {
    "a loss, which is a function here": re.compile(".*Loss(2d)?$"),
    "lazy: shapes are given when a layer is built": re.compile("Lazy.*"),
    "a container of parameters: any attribute, list or dict of layers is searched": re.compile(
        "Parameter(List|Dict)"
    ),
    "about processes and GPUs": re.compile("DataParallel|SyncBatchNorm"),
    "a base class": re.compile("Container|RNNBase|RNNCellBase"),
    "LocalResponseNorm, of old": re.compile("CrossMapLRN2d"),
}
NO_FUNCTIONS = {
    "not a public function": re.compile(
        ".*_with_indices|has_torch_function.*|handle_torch_function|boolean_dispatch"
    ),
    "not a function of this module": re.compile("Optional|assert_int_or_pair"),
    "in place": re.compile(".*_$"),
    "deprecated": re.compile("upsample.*"),
    "another name for channel_shuffle": re.compile("native_channel_shuffle"),
    "low-precision products of a GPU": re.compile("grouped_mm|scaled_.*mm"),
    "another order of conv1d's axes": re.compile("conv_tbc"),
}
NO_OPTIMIZERS = {
    "sparse gradients don't exist here": re.compile("SparseAdam"),
    "not public": re.compile("_.*"),
}
OTHER_ARGUMENTS = {
    **{key: {"axis"} for key in ("Softmax", "Softmin", "LogSoftmax", "softmax", "softmin", "log_softmax")},
    "linear_cross_entropy": {"options"},  # of its chunked version
    "Unflatten": {"unflattened_size"},  # which torch.unflatten calls sizes
}
"""Where nnx's public names say otherwise."""


SCHEDULES = {
    "ConstantLR": "constant",
    "CosineAnnealingLR": "cosine",
    "CosineAnnealingWarmRestarts": "cosine_warm_restarts",
    "CyclicLR": "cyclic",
    "ExponentialLR": "exponential",
    "LambdaLR": "lambda_",
    "LinearLR": "linear",
    "MultiStepLR": "multi_step",
    "MultiplicativeLR": "multiplicative",
    "OneCycleLR": "one_cycle",
    "PolynomialLR": "polynomial",
    "StepLR": "step",
}
"""What makes the function of the step that a scheduler of PyTorch's is."""
NO_SCHEDULES = {
    "schedules.chain and schedules.join, of functions": re.compile("ChainedScheduler|SequentialLR"),
    "not a schedule: nnx.optim.ReduceLROnPlateau looks at a metric": re.compile("ReduceLROnPlateau"),
    "a base class": re.compile("LRScheduler"),
}
NO_MEANING = {
    "optimizer",
    "last_epoch",
    "cycle_momentum",
    "base_momentum",
    "max_momentum",
    "epochs",
    "steps_per_epoch",
}
"""Of schedules here: they know no optimizer, cycle no momentum, and count steps."""


def absent(name: str, reasons: dict[str, re.Pattern[str]]) -> bool:
    return any(pattern.fullmatch(name) for pattern in reasons.values())


def names(module: Any, kind: Callable[[Any], bool]) -> list[str]:
    return [name for name in dir(module) if not name.startswith("_") and kind(getattr(module, name))]


def is_layer(x: Any) -> bool:
    return isinstance(x, type) and issubclass(x, torch.nn.Module)


def is_optimizer(x: Any) -> bool:
    return isinstance(x, type) and issubclass(x, torch.optim.Optimizer)


def is_function(x: Any) -> bool:
    return callable(x) and not isinstance(x, type)


LAYERS = [name for name in names(torch.nn, is_layer) if not absent(name, NO_LAYERS)]
FUNCTIONS = [name for name in names(torch.nn.functional, is_function) if not absent(name, NO_FUNCTIONS)]
OPTIMIZERS = [name for name in names(torch.optim, is_optimizer) if not absent(name, NO_OPTIMIZERS)]
INITIALISERS = [name for name in names(torch.nn.init, is_function) if name.endswith("_")]


def is_scheduler(x: Any) -> bool:
    return isinstance(x, type) and issubclass(x, torch.optim.lr_scheduler.LRScheduler)


SCHEDULERS = [n for n in names(torch.optim.lr_scheduler, is_scheduler) if not absent(n, NO_SCHEDULES)]


def arguments(function: Any, name: str = "") -> list[tuple[str, Any]]:
    """Names and defaults, by position first; those of a built-in function from its schema."""
    found = getattr(torch.nn.functional, f"{name}_with_indices", function)
    try:
        parameters = inspect.signature(found).parameters.values()
    except ValueError:
        schema = getattr(torch.ops.aten, {"logsigmoid": "log_sigmoid"}.get(name, name))
        first = schema.overloads()[0] if "default" not in schema.overloads() else "default"
        return [
            (a.name, a.default_value if a.has_default_value() else ...)
            for a in getattr(schema, first)._schema.arguments
        ]
    return [
        (p.name, ... if p.default is p.empty else p.default)
        for p in parameters
        if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    ]


def translated(theirs: list[tuple[str, Any]], ours: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """PyTorch's arguments, under the names that they have here."""
    there = {name for name, _ in ours}
    return [
        (RENAMED.get(name, name), default) for name, default in theirs if name not in DROPPED or name in there
    ]


def same_default(ours: Any, theirs: Any) -> bool:
    if callable(ours) and callable(theirs):
        return ours.__name__ == theirs.__name__
    if isinstance(theirs, (list, tuple)) and not isinstance(ours, (list, tuple)):
        return all(ours == x for x in theirs)
    return ours == theirs and (ours is None) == (theirs is None)


def compare(name: str, ours: Any, theirs: Any, skip: int = 0) -> None:
    other = OTHER_ARGUMENTS.get(name, set())
    mine, his = arguments(ours)[skip:], translated(arguments(theirs, name)[skip:], arguments(ours))
    assert [n for n, _ in mine if n in dict(his)] == [n for n, _ in his if n in dict(mine)], "order"
    missing = [n for n, _ in his if n not in dict(mine) and n not in other]
    assert not missing, f"no {missing} among {[n for n, _ in mine]}"
    for n, default in his:
        if n in dict(mine) and n not in other:
            assert same_default(dict(mine)[n], default), f"{n}={dict(mine)[n]!r}, PyTorch has {default!r}"


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_has_the_arguments_of_torch(name: str) -> None:
    own = RENAMED_LAYERS.get(name, name)
    assert own in set(nnx.layers.__all__), "missing"
    if name == own:
        compare(name, getattr(nnx, own).__init__, getattr(torch.nn, name).__init__, skip=1)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_has_the_arguments_of_torch(name: str) -> None:
    own = getattr(nnx.functional, name, None) or getattr(nnx.losses, name)
    compare(name, own, getattr(torch.nn.functional, name), skip=1)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_has_the_arguments_of_torch(name: str) -> None:
    own = getattr(nnx.optim, name)
    if name != "Optimizer":
        compare(name, own.__init__, getattr(torch.optim, name).__init__, skip=2)


@pytest.mark.parametrize("name", INITIALISERS)
def test_an_initialiser_has_the_arguments_of_torch(name: str) -> None:
    compare(name, getattr(nnx.init, name[:-1]), getattr(torch.nn.init, name), skip=1)


@pytest.mark.parametrize("name", SCHEDULERS)
def test_a_schedule_has_the_arguments_of_torch(name: str) -> None:
    ours = arguments(getattr(nnx.optim.schedules, SCHEDULES[name]))
    found = arguments(getattr(torch.optim.lr_scheduler, name).__init__)[1:]
    theirs = [(n.replace("_lr", "_learning_rate"), d) for n, d in found if n not in NO_MEANING]
    if name == "OneCycleLR":
        theirs[1] = ("total_steps", ...)  # not to be had from epochs here
    if ours[0][0] == "learning_rate":  # which PyTorch's has from the optimizer
        ours = ours[1:]
    assert ours == theirs


def test_a_plateau_has_the_arguments_of_torch() -> None:
    ours = arguments(nnx.optim.ReduceLROnPlateau.__init__)
    assert ours == arguments(torch.optim.lr_scheduler.ReduceLROnPlateau.__init__)


def test_a_missing_argument_and_another_default_are_noticed() -> None:
    def right(x: Any, p: float = 0.5, training: bool = True) -> None: ...
    def short(x: Any, training: bool = True) -> None: ...
    def other(x: Any, p: float = 0.4, training: bool = True) -> None: ...
    def turned(x: Any, training: bool = True, p: float = 0.5) -> None: ...

    compare("dropout", right, torch.nn.functional.dropout, skip=1)
    for wrong in (short, other, turned):
        with pytest.raises(AssertionError):
            compare("dropout", wrong, torch.nn.functional.dropout, skip=1)
