"""nnx: neural networks on any array library that speaks the Python Array API standard.

Arrays in, arrays out: a model's parameters are plain arrays, and inside ``nnx.grad`` arrays are themselves standard
arrays, so that code which was never written for nnx is differentiated as it is.

Layers (``nnx.Linear``) and the parts ``files``, ``functional``, ``losses``, ``optim``, ``init``, ``random`` and
``testing`` are loaded when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .autodiff import DerivativeLostError as DerivativeLostError
from .autodiff import LeakedArrayError as LeakedArrayError
from .autodiff import MixedLibrariesError as MixedLibrariesError
from .autodiff import NotDifferentiableError as NotDifferentiableError
from .autodiff import array_namespace as array_namespace
from .autodiff import checkpoint as checkpoint
from .autodiff import custom_vjp as custom_vjp
from .autodiff import grad as grad
from .autodiff import hessian as hessian
from .autodiff import hvp as hvp
from .autodiff import jacobian as jacobian
from .autodiff import jvp as jvp
from .autodiff import lift as lift
from .autodiff import stop_gradient as stop_gradient
from .autodiff import traced_namespace as traced_namespace
from .autodiff import value_and_grad as value_and_grad
from .autodiff import vjp as vjp
from .backend import available_backends as available_backends
from .backend import backend as backend
from .backend import backend_of as backend_of
from .backend import backends_report as backends_report
from .backend import to_numpy as to_numpy
from .backend import use as use
from .backend import using as using

if TYPE_CHECKING:
    from . import files as files
    from . import functional as functional
    from . import init as init
    from . import losses as losses
    from . import optim as optim
    from . import random as random
    from . import testing as testing
    from .capture import compile as compile
    from .files import load_torch_state as load_torch_state
    from .layers import *  # noqa: F403
    from .profiling import profile as profile
    from .random import seed as seed

__version__ = "0.1.0"

_PARTS = ("files", "functional", "init", "layers", "losses", "optim", "random", "testing")
_ELSEWHERE = {"compile": "capture", "load_torch_state": "files", "profile": "profiling", "seed": "random"}
_EAGER = tuple(
    name for name in globals() if not name.startswith("_") and name not in ("annotations", "importlib")
)


def _all() -> list[str]:
    names = {*_EAGER, *_PARTS, *_ELSEWHERE, *importlib.import_module(".layers", __name__).__all__}
    return sorted(names - {"Any", "TYPE_CHECKING", "autodiff"})


def __getattr__(name: str) -> Any:
    if name in _PARTS:
        return importlib.import_module(f".{name}", __name__)
    if name in _ELSEWHERE:
        value = getattr(importlib.import_module(f".{_ELSEWHERE[name]}", __name__), name)
    elif name == "__all__":
        return _all()
    elif name.startswith("_"):
        raise AttributeError(f"module 'nnx' has no attribute {name!r}")
    else:
        try:
            value = getattr(importlib.import_module(".layers", __name__), name)
        except AttributeError:
            from ._torch_names import no_such_name

            raise no_such_name("nnx", name) from None
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return _all()
