"""Layers: objects that own parameters, under ``torch.nn``'s names."""

from ._cells import Buffer, Parameter
from ._containers import LayerDict, LayerList, Residual, Sequential
from ._dropout import Dropout
from ._layer import Layer
from ._linear import Identity, Linear
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
    "Buffer",
    "CELU",
    "Dropout",
    "ELU",
    "GELU",
    "Flatten",
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "Identity",
    "Layer",
    "LayerDict",
    "LayerList",
    "LeakyReLU",
    "Linear",
    "LogSigmoid",
    "LogSoftmax",
    "Mish",
    "Parameter",
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
