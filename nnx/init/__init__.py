"""Initial values for weights: ``torch.nn.init``'s functions, returning new arrays.

Every function takes the shape, then PyTorch's arguments, then ``generator`` (nnx's own stream by default),
``dtype`` (or its name; float32 by default) and ``device`` (where ``nnx.use`` says by default). The same seed
gives the same weights on every library: what needs more than the generator is computed on the host in float64.
"""

from .._torch_names import help_with as _help_with
from ._drawn import normal, orthogonal, sparse, trunc_normal, uniform
from ._fixed import constant, dirac, eye, ones, zeros
from ._scaled import calculate_gain, kaiming_normal, kaiming_uniform, xavier_normal, xavier_uniform

__all__ = [
    "calculate_gain",
    "constant",
    "dirac",
    "eye",
    "kaiming_normal",
    "kaiming_uniform",
    "normal",
    "ones",
    "orthogonal",
    "sparse",
    "trunc_normal",
    "uniform",
    "xavier_normal",
    "xavier_uniform",
    "zeros",
]

_help_with(__name__)
