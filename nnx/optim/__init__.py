"""Optimizers, schedules of the learning rate, and clipping."""

from . import schedules
from ._adam import Adam, AdamW
from ._clip import clip_by_norm, clip_by_value, global_norm
from ._optimizer import Optimizer
from ._sgd import SGD

__all__ = ["Adam", "AdamW", "Optimizer", "SGD", "clip_by_norm", "clip_by_value", "global_norm", "schedules"]
