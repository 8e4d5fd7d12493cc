"""Differentiation of any code that speaks the Array API standard."""

from .cells import Cell
from .custom import custom_vjp
from .errors import DerivativeLostError, LeakedArrayError, MixedLibrariesError, NotDifferentiableError
from .primitive import Refused, Rule, joint, primitive
from .rerun import checkpoint
from .spaces import array_namespace, traced_namespace
from .transforms import grad, hessian, hvp, jacobian, jvp, lift, stop_gradient, value_and_grad, vjp

__all__ = [
    "Cell",
    "DerivativeLostError",
    "LeakedArrayError",
    "MixedLibrariesError",
    "NotDifferentiableError",
    "Refused",
    "Rule",
    "array_namespace",
    "checkpoint",
    "custom_vjp",
    "grad",
    "hessian",
    "hvp",
    "jacobian",
    "joint",
    "jvp",
    "lift",
    "primitive",
    "stop_gradient",
    "traced_namespace",
    "value_and_grad",
    "vjp",
]
