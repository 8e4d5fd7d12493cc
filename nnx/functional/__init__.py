"""What neural networks need and the standard lacks, under ``torch.nn.functional``'s names.

Every function takes plain or traced arrays of any library and gives arrays of the same kind.
"""

from ._dropout import dropout
from ._linear import linear
from ._norm import (
    batch_norm,
    group_norm,
    instance_norm,
    layer_norm,
    local_response_norm,
    normalize,
    rms_norm,
)
from ._piecewise import (
    celu,
    elu,
    hardshrink,
    hardsigmoid,
    hardswish,
    hardtanh,
    leaky_relu,
    prelu,
    relu,
    relu6,
    selu,
    softshrink,
    step,
    threshold,
)
from ._shape import flatten, one_hot, unflatten
from ._smooth import gelu, logsigmoid, mish, sigmoid, silu, softplus, softsign, tanh, tanhshrink
from ._softmax import log_softmax, logsumexp, softmax, softmin

__all__ = [
    "batch_norm",
    "celu",
    "dropout",
    "elu",
    "flatten",
    "gelu",
    "group_norm",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "instance_norm",
    "layer_norm",
    "leaky_relu",
    "linear",
    "local_response_norm",
    "log_softmax",
    "logsigmoid",
    "logsumexp",
    "mish",
    "normalize",
    "one_hot",
    "prelu",
    "relu",
    "relu6",
    "rms_norm",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softmin",
    "softplus",
    "softshrink",
    "softsign",
    "step",
    "tanh",
    "tanhshrink",
    "threshold",
    "unflatten",
]
