"""Derivatives of functions: the public transforms.

All of them run the function once on traced arrays and pull cotangents back through the tape; forward-mode
products come from pulling back twice, so there is one set of rules.
"""

from .crossing import lift, stop_gradient
from .matrices import hessian, jacobian
from .products import hvp, jvp, vjp
from .scalar import grad, value_and_grad

__all__ = ["grad", "hessian", "hvp", "jacobian", "jvp", "lift", "stop_gradient", "value_and_grad", "vjp"]
