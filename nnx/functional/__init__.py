"""What neural networks need and the standard lacks, under ``torch.nn.functional``'s names.

Every function takes plain or traced arrays of any library and gives arrays of the same kind.
"""

from .._torch_names import help_with as _help_with
from ._attention import scaled_dot_product_attention
from ._attention_blocks import set_attention_memory
from ._batch_norm import batch_norm, instance_norm
from ._conv import conv1d, conv2d, conv3d, conv_transpose1d, conv_transpose2d, conv_transpose3d
from ._cumulative import cumulative_max, cumulative_min, logcumsumexp
from ._distance import cosine_similarity, pairwise_distance, pdist
from ._dropout import (
    alpha_dropout,
    drop_path,
    dropout,
    dropout1d,
    dropout2d,
    dropout3d,
    feature_alpha_dropout,
)
from ._einsum import einsum
from ._embedding import embedding, embedding_bag
from ._fold import fold, unfold
from ._gated import (
    glu,
    gumbel_softmax,
    rrelu,
)
from ._gather import gather, scatter, scatter_add
from ._grid_sample import (
    affine_grid,
    grid_sample,
)
from ._linear import bilinear, linear
from ._multi_head import multi_head_attention_forward
from ._norm import group_norm, layer_norm, local_response_norm, normalize, rms_norm
from ._pad import pad
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
from ._pool import (
    avg_pool1d,
    avg_pool2d,
    avg_pool3d,
    lp_pool1d,
    lp_pool2d,
    lp_pool3d,
    max_pool1d,
    max_pool2d,
    max_pool3d,
)
from ._pool_adaptive import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_avg_pool3d,
    adaptive_max_pool1d,
    adaptive_max_pool2d,
    adaptive_max_pool3d,
)
from ._pool_fractional import (
    fractional_max_pool2d,
    fractional_max_pool3d,
)
from ._pool_inverse import (
    max_unpool1d,
    max_unpool2d,
    max_unpool3d,
)
from ._positions import apply_rotary, rotary_embedding, sinusoidal_positions
from ._resample import (
    interpolate,
)
from ._segment import segment_max, segment_mean, segment_min, segment_sum
from ._shape import flatten, one_hot, unflatten
from ._shuffle import (
    channel_shuffle,
    pixel_shuffle,
    pixel_unshuffle,
)
from ._smooth import gelu, logsigmoid, mish, sigmoid, silu, softplus, softsign, tanh, tanhshrink
from ._softmax import log_softmax, logsumexp, softmax, softmin
from ._sorting import top_k
from ._special import (
    digamma,
    erf,
    erfc,
    erfinv,
    expit,
    lgamma,
    log_ndtr,
    logit,
    ndtr,
    ndtri,
    polygamma,
    xlogy,
)
from ._windows import set_convolution_memory

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
    "adaptive_max_pool3d",
    "affine_grid",
    "alpha_dropout",
    "apply_rotary",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "batch_norm",
    "bilinear",
    "celu",
    "channel_shuffle",
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "cosine_similarity",
    "cumulative_max",
    "cumulative_min",
    "digamma",
    "drop_path",
    "dropout",
    "dropout1d",
    "dropout2d",
    "dropout3d",
    "einsum",
    "elu",
    "embedding",
    "embedding_bag",
    "erf",
    "erfc",
    "erfinv",
    "expit",
    "feature_alpha_dropout",
    "flatten",
    "fold",
    "fractional_max_pool2d",
    "fractional_max_pool3d",
    "gather",
    "gelu",
    "glu",
    "grid_sample",
    "group_norm",
    "gumbel_softmax",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "instance_norm",
    "interpolate",
    "layer_norm",
    "leaky_relu",
    "lgamma",
    "linear",
    "local_response_norm",
    "log_ndtr",
    "log_softmax",
    "logcumsumexp",
    "logit",
    "logsigmoid",
    "logsumexp",
    "lp_pool1d",
    "lp_pool2d",
    "lp_pool3d",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
    "max_unpool1d",
    "max_unpool2d",
    "max_unpool3d",
    "mish",
    "multi_head_attention_forward",
    "ndtr",
    "ndtri",
    "normalize",
    "one_hot",
    "pad",
    "pairwise_distance",
    "pdist",
    "pixel_shuffle",
    "pixel_unshuffle",
    "polygamma",
    "prelu",
    "relu",
    "relu6",
    "rms_norm",
    "rotary_embedding",
    "rrelu",
    "scaled_dot_product_attention",
    "scatter",
    "scatter_add",
    "segment_max",
    "segment_mean",
    "segment_min",
    "segment_sum",
    "selu",
    "set_attention_memory",
    "set_convolution_memory",
    "sigmoid",
    "silu",
    "sinusoidal_positions",
    "softmax",
    "softmin",
    "softplus",
    "softshrink",
    "softsign",
    "step",
    "tanh",
    "tanhshrink",
    "threshold",
    "top_k",
    "unflatten",
    "unfold",
    "xlogy",
]

_help_with(__name__)
