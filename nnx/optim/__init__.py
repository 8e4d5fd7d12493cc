"""Optimizers, schedules of the learning rate, and clipping."""

from . import schedules
from ._adafactor import Adafactor
from ._adagrad import Adadelta, Adagrad
from ._adam import Adam, AdamW
from ._adamax import Adamax
from ._asgd import ASGD
from ._clip import clip_by_norm, clip_by_value, global_norm
from ._lamb import LAMB
from ._lbfgs import LBFGS
from ._lion import Lion
from ._muon import Muon
from ._nadam import NAdam
from ._optimizer import Optimizer
from ._radam import RAdam
from ._rmsprop import RMSprop
from ._rprop import Rprop
from ._sgd import SGD

__all__ = [
    "ASGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "LAMB",
    "LBFGS",
    "Lion",
    "Muon",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "Rprop",
    "SGD",
    "clip_by_norm",
    "clip_by_value",
    "global_norm",
    "schedules",
]
