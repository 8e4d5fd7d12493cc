"""Losses, under ``torch.nn.functional``'s names: functions that end in a scalar."""

from .._torch_names import help_with as _help_with
from ._binary import binary_cross_entropy, binary_cross_entropy_with_logits
from ._classes import multi_margin_loss, multilabel_margin_loss, multilabel_soft_margin_loss
from ._cross_entropy import cross_entropy, nll_loss
from ._ctc import ctc_loss
from ._differences import half_squared_error, huber_loss, l1_loss, mse_loss, smooth_l1_loss
from ._embeddings import cosine_embedding_loss, triplet_margin_loss, triplet_margin_with_distance_loss
from ._likelihoods import gaussian_nll_loss, kl_div, poisson_nll_loss
from ._linear_cross_entropy import linear_cross_entropy
from ._margins import hinge_embedding_loss, margin_ranking_loss, soft_margin_loss

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cosine_embedding_loss",
    "cross_entropy",
    "ctc_loss",
    "gaussian_nll_loss",
    "half_squared_error",
    "hinge_embedding_loss",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "linear_cross_entropy",
    "margin_ranking_loss",
    "mse_loss",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "nll_loss",
    "poisson_nll_loss",
    "smooth_l1_loss",
    "soft_margin_loss",
    "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
]

_help_with(__name__)
