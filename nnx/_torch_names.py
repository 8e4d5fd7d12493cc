"""What PyTorch's names are called here: read only where a name or an argument was not found, for the message."""

from __future__ import annotations

import importlib
import sys
from typing import Any

__all__ = ["help_with", "no_attribute", "no_such_name", "of_arrays", "refuse_unknown"]

_MOVED = "move arrays with .to(backend), convert them with .astype(dtype)"
_NAMED = {
    "Module": "nnx.Layer",
    "ModuleList": "nnx.LayerList",
    "ModuleDict": "nnx.LayerDict",
    "nn": "nnx itself, as in nnx.Linear",
    "load": "nnx.load_torch_state(path)",
    "manual_seed": "nnx.seed",
    "no_grad": "not needed, plain arrays record nothing",
    "inference_mode": "not needed, plain arrays record nothing",
    "tensor": "the array library's, as in numpy.asarray",
    "Tensor": "the array library's, as in numpy.ndarray",
    "save": "the array library's: numpy.savez(path, **model.state_dict())",
    "ParameterList": "not needed, setattr(self, f'w{i}', nnx.Parameter(array)), or layers in a list",
    "ParameterDict": "not needed, setattr(self, name, nnx.Parameter(array)), or layers in a dict",
    "lr_scheduler": "nnx.optim.schedules: functions of the step, given as learning_rate",
    "clip_grad_norm_": "nnx.optim.clip_by_norm(grads, max_norm), which returns new gradients",
    "clip_grad_value_": "nnx.optim.clip_by_value(grads, clip_value), which returns new gradients",
    "concat": "concat of nnx.array_namespace(x)",
    "cat": "concat of nnx.array_namespace(x)",
}
_OF_LAYERS = {
    **dict.fromkeys(("named_parameters", "get_parameter"), "parameters(), a dict by path"),
    **dict.fromkeys(("named_buffers", "get_buffer"), "buffers(), a dict by path"),
    **dict.fromkeys(("modules", "named_modules", "children", "named_children"), "layers(), a dict by path"),
    **dict.fromkeys(("cuda", "cpu", "float", "double", "half", "bfloat16", "type"), _MOVED),
    "get_submodule": "layers()[path]",
    "register_buffer": "self.name = nnx.Buffer(array)",
    "register_parameter": "self.name = nnx.Parameter(array)",
    "register_module": "self.name = layer",
    "add_module": "self.name = layer",
    "requires_grad_": "freeze(*patterns) and unfreeze(*patterns)",
    "zero_grad": "not needed, gradients are new at every call",
    **dict.fromkeys(
        ("register_forward_hook", "register_forward_pre_hook", "register_full_backward_hook"),
        "no hooks; a Layer around it sees what comes and goes",
    ),
}
_OF_ARRAYS = {
    "detach": "nnx.stop_gradient(x)",
    "data": "nnx.stop_gradient(x)",
    **dict.fromkeys(
        ("view", "contiguous", "unsqueeze", "expand", "permute"),
        "reshape, permute_dims, expand_dims and broadcast_to of nnx.array_namespace(x)",
    ),
    **dict.fromkeys(("float", "double", "half", "long", "type"), "astype of nnx.array_namespace(x)"),
    **dict.fromkeys(
        ("backward", "grad", "requires_grad", "requires_grad_"),
        "gradients are what nnx.value_and_grad(f)(model, ...) returns",
    ),
}
_OF_OPTIMIZERS = {
    "step": "update(grads)",
    "zero_grad": "not needed, gradients are new at every call",
    "param_groups": "groups={pattern: settings} when it is made, and optimizer.learning_rate",
    "add_param_group": "groups={pattern: settings} when it is made",
}
_ARGUMENTS = {
    "dim": "axis",
    "keepdim": "keepdims",
    "lr": "learning_rate",
    "max_lr": "max_learning_rate",
    "inplace": "not needed, nothing is changed in place",
}


def help_with(module: str) -> None:
    """Let a module say what a name of PyTorch's that it lacks is called here; not seen by type checkers."""

    def __getattr__(name: str) -> Any:
        raise no_such_name(module, name)

    vars(sys.modules[module])["__getattr__"] = __getattr__


def no_such_name(module: str, name: str) -> AttributeError:
    """For a module that lacks a name."""
    hint = None
    if not name.startswith("_"):
        hint = _NAMED.get(name) or _elsewhere(name)
    return AttributeError(f"module {module!r} has no attribute {name!r}" + _told(hint))


def no_attribute(owner: Any, name: str, kind: str) -> AttributeError:
    """For a layer or an optimizer that lacks an attribute."""
    hint = (_OF_LAYERS if kind == "layer" else _OF_OPTIMIZERS).get(name)
    return AttributeError(f"{type(owner).__name__!r} object has no attribute {name!r}" + _told(hint))


def of_arrays(name: str) -> str:
    """What to add where a traced array lacks a tensor's attribute."""
    return _told(_OF_ARRAYS.get(name))


def refuse_unknown(kind: type, given: tuple[Any, ...], named: dict[str, Any]) -> None:
    """Raise where arguments that a class is made with are none of its ``__init__``."""
    init: Any = kind.__init__
    code = getattr(init, "__code__", None)
    if init is object.__init__:
        known: tuple[str, ...] = ()
    elif code is None or code.co_flags & 0x08 or hasattr(init, "__wrapped__"):  # it has **arguments
        return
    else:
        known = code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]
    unknown = next((name for name in named if name not in known), None)
    if unknown is not None:
        hint = _ARGUMENTS.get(unknown)
        there = f"; there are {', '.join(known)}" if known else ""
        raise TypeError(f"{kind.__name__}: unknown argument {unknown!r}{_told(hint) or there}")
    if given and init is object.__init__:
        raise TypeError(f"{kind.__name__}: expected no arguments, got {len(given)}")


def _elsewhere(name: str) -> str | None:
    """The part of nnx that has the name, or the like of it."""
    if name.endswith("Loss"):
        return "a function, nnx.losses.cross_entropy, mse_loss ..."
    if name.endswith("LR"):
        return "functions of the step, cosine, one_cycle, warmup ... of nnx.optim.schedules"
    for part in ("functional", "losses", "layers", "optim", "optim.schedules", "init"):
        found = importlib.import_module(f"nnx.{part}")
        bare = name.removesuffix("_")
        if bare in found.__all__:
            place = "nnx" if part == "layers" else f"nnx.{part}"
            return f"{place}.{bare}" + (", which returns a new array" if bare != name else "")
    return None


def _told(hint: str | None) -> str:
    return f"; here: {hint}" if hint else ""
