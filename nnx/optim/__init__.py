"""Optimizers, schedules of the learning rate, and clipping."""

from .._torch_names import help_with as _help_with
from . import schedules
from ._accumulate import Accumulate
from ._adafactor import Adafactor
from ._adagrad import Adadelta, Adagrad
from ._adam import Adam, AdamW
from ._adamax import Adamax
from ._asgd import ASGD
from ._averages import EMA, SWA, update_batch_norm
from ._clip import clip_adaptive, clip_by_norm, clip_by_value, global_norm
from ._lamb import LAMB
from ._lbfgs import LBFGS
from ._lion import Lion
from ._lookahead import Lookahead
from ._muon import Muon
from ._nadam import NAdam
from ._optimizer import Optimizer
from ._plateau import ReduceLROnPlateau
from ._radam import RAdam
from ._rmsprop import RMSprop
from ._rprop import Rprop
from ._sam import SAM
from ._sgd import SGD
from ._split import Split

__all__ = [
    "ASGD",
    "Accumulate",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "EMA",
    "LAMB",
    "LBFGS",
    "Lion",
    "Lookahead",
    "Muon",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "ReduceLROnPlateau",
    "Rprop",
    "SAM",
    "SGD",
    "SWA",
    "Split",
    "clip_adaptive",
    "clip_by_norm",
    "clip_by_value",
    "global_norm",
    "schedules",
    "update_batch_norm",
]

_help_with(__name__)
