"""Layers: objects that own parameters, under ``torch.nn``'s names."""

from ._batch_norm import (
    BatchNorm1d,
    BatchNorm2d,
    BatchNorm3d,
    InstanceNorm1d,
    InstanceNorm2d,
    InstanceNorm3d,
)
from ._cells import Buffer, Parameter
from ._containers import LayerDict, LayerList, Residual, Sequential
from ._dropout import Dropout
from ._layer import Layer
from ._linear import Identity, Linear
from ._norm import GroupNorm, LayerNorm, LocalResponseNorm, RMSNorm
from ._piecewise import (
    CELU,
    ELU,
    SELU,
    Hardshrink,
    Hardsigmoid,
    Hardswish,
    Hardtanh,
    LeakyReLU,
    ReLU,
    ReLU6,
    Softshrink,
    Step,
    Threshold,
)
from ._shape import Flatten, Unflatten
from ._smooth import (
    GELU,
    LogSigmoid,
    Mish,
    Sigmoid,
    SiLU,
    Softplus,
    Softsign,
    Tanh,
    Tanhshrink,
)
from ._softmax import (
    LogSoftmax,
    Softmax,
    Softmin,
)

__all__ = [
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "Buffer",
    "CELU",
    "Dropout",
    "ELU",
    "Flatten",
    "GELU",
    "GroupNorm",
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "Identity",
    "InstanceNorm1d",
    "InstanceNorm2d",
    "InstanceNorm3d",
    "Layer",
    "LayerDict",
    "LayerList",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "LocalResponseNorm",
    "LogSigmoid",
    "LogSoftmax",
    "Mish",
    "Parameter",
    "RMSNorm",
    "ReLU",
    "ReLU6",
    "Residual",
    "SELU",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softmin",
    "Softplus",
    "Softshrink",
    "Softsign",
    "Step",
    "Tanh",
    "Tanhshrink",
    "Threshold",
    "Unflatten",
]
