"""nnx: neural networks on any array library that speaks the Python Array API standard.

Arrays in, arrays out: a model's parameters are plain arrays, and inside ``nnx.grad`` arrays are themselves standard
arrays, so that code which was never written for nnx is differentiated as it is.
"""

from __future__ import annotations

from typing import Any

from .autodiff import (
    DerivativeLostError,
    LeakedArrayError,
    MixedLibrariesError,
    NotDifferentiableError,
    array_namespace,
    checkpoint,
    custom_vjp,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    lift,
    stop_gradient,
    traced_namespace,
    value_and_grad,
    vjp,
)
from .backend import available_backends, backend, backend_of, backends_report, to_numpy, use, using

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    import importlib

    if name in ("functional", "init", "losses", "optim", "random", "testing", "layers"):
        return importlib.import_module(f"{__name__}.{name}")
    if name == "seed":
        return importlib.import_module(f"{__name__}.random").seed
    if not name.startswith("_"):
        layers = importlib.import_module(f"{__name__}.layers")
        if name in layers.__all__:
            return getattr(layers, name)
    raise AttributeError(f"module 'nnx' has no attribute {name!r}")


__all__ = [
    "DerivativeLostError",
    "LeakedArrayError",
    "MixedLibrariesError",
    "NotDifferentiableError",
    "array_namespace",
    "available_backends",
    "backend",
    "backend_of",
    "backends_report",
    "checkpoint",
    "custom_vjp",
    "grad",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "lift",
    "stop_gradient",
    "to_numpy",
    "traced_namespace",
    "use",
    "using",
    "value_and_grad",
    "vjp",
]
