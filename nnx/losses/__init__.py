"""Losses, under ``torch.nn.functional``'s names: functions that end in a scalar."""

from ._binary import binary_cross_entropy, binary_cross_entropy_with_logits
from ._cross_entropy import cross_entropy, nll_loss
from ._differences import half_squared_error, l1_loss, mse_loss
from ._linear_cross_entropy import linear_cross_entropy

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "half_squared_error",
    "l1_loss",
    "linear_cross_entropy",
    "mse_loss",
    "nll_loss",
]
