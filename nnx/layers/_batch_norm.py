"""Batch norm and instance norm: normalisation with running statistics."""

from __future__ import annotations

from typing import Any

from .. import init
from ..autodiff import array_namespace, stop_gradient
from ..backend import Array
from ..functional import _batch_norm as functional
from ..functional._arguments import number, whole
from ..functional._errors import complaint, not_arrays
from ..functional._standardize import check_dtype
from ._cells import Buffer, Parameter, two
from ._layer import Layer

__all__ = [
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "InstanceNorm1d",
    "InstanceNorm2d",
    "InstanceNorm3d",
]


class _Norm(Layer):
    """Normalisation with running statistics: what batch and instance norm share."""

    weight: Array | None
    bias: Array | None
    running_mean: Array | None
    running_var: Array | None
    num_batches_tracked: Array | None
    _axes: tuple[int, ...] = ()

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        name = type(self).__name__
        num_features = whole(name, "num_features", num_features, 1)
        self.num_features, self.eps = num_features, number(name, "eps", eps)
        self.momentum = None if momentum is None else number(name, "momentum", momentum)
        self.affine, self.track_running_stats = affine, track_running_stats
        where: dict[str, Any] = {"dtype": dtype, "device": device}
        shape = (num_features,)
        self.weight = Parameter(init.ones(shape, **where)) if affine else None
        self.bias = Parameter(init.zeros(shape, **where)) if affine and bias else None
        self.running_mean = Buffer(init.zeros(shape, **where)) if track_running_stats else None
        self.running_var = Buffer(init.ones(shape, **where)) if track_running_stats else None
        count = init.zeros((), dtype="int64", device=device) if track_running_stats else None
        self.num_batches_tracked = None if count is None else Buffer(count)

    def _check(self, x: Array) -> None:
        if not hasattr(x, "dtype"):
            raise not_arrays(type(self).__name__, x=x)
        if x.ndim not in self._axes:
            wanted = " or ".join(str(n) for n in self._axes)
            raise complaint(
                type(self).__name__, f"expected an input with {wanted} axes, got shape {tuple(x.shape)}"
            )

    def _keep(self, mean: Array, var: Array, count: int, share: float) -> None:
        """Bring the running statistics nearer to those of a batch; the variance without its bias."""
        assert self.running_mean is not None
        assert self.running_var is not None
        unbiased = stop_gradient(var) * (count / max(count - 1, 1))
        self.running_mean = self.running_mean * (1 - share) + stop_gradient(mean) * share
        self.running_var = self.running_var * (1 - share) + unbiased * share

    def extra_repr(self) -> str:
        """The configuration."""
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class _BatchNorm(_Norm):
    """Batch norm of any number of axes."""

    def forward(self, x: Array) -> Array:
        """Shape ``(N, C, *)``, kept."""
        self._check(x)
        if not self.training:
            mean, var = two(self, "running_mean", "running_var")
            if mean is not None:
                weight, bias = two(self, "weight", "bias")
                return functional.batch_norm(x, mean, var, weight, bias, False, 0.0, self.eps)
        if self.affine or self.track_running_stats:
            _channels(self, x)
        check_dtype(type(self).__name__, x, self.weight, self.running_mean)
        name = type(self).__name__
        out, _, mean, var = functional.batch_statistics(name, x, self.eps, self.weight, self.bias)
        if self.training and self.track_running_stats:
            shape = (self.num_features,)
            xp = array_namespace(mean)
            assert self.num_batches_tracked is not None
            self.num_batches_tracked = tracked = self.num_batches_tracked + 1
            share = 1 / int(tracked) if self.momentum is None else self.momentum
            if x.size:
                self._keep(xp.reshape(mean, shape), xp.reshape(var, shape), x.size // x.shape[1], share)
        return out


def _channels(layer: _Norm, x: Array, axis: int = 1) -> None:
    name, count = type(layer).__name__, layer.num_features
    if x.shape[axis] != count:
        raise complaint(
            name, f"expected {count} channels, got {x.shape[axis]} (input shape {tuple(x.shape)})"
        )


_BATCH = """Normalises each channel over the batch{positions}, then scales and shifts it.

    In training with the statistics of the batch, whose running averages are kept; in evaluation with these. Ioffe
    and Szegedy, ICML 2015. See ``nnx.functional.batch_norm`` for the formula.

    Parameters
    ----------
    num_features
        The number of channels C.
    eps
        Added to the variance.
    momentum
        The share of a new batch in the running statistics; None for the plain average over all batches.
    affine
        Whether to scale and shift, by ``weight`` (ones at first) and ``bias`` (zeros).
    track_running_stats
        Whether to keep running statistics; without them those of the batch serve in evaluation too.
    device, dtype
        Of the parameters and buffers.
    bias
        Whether to shift, where scaled.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> layer = nnx.{name}(3)
    >>> layer(np.ones({shape}, dtype=np.float32)).shape
    {shape}
    """


class BatchNorm1d(_BatchNorm):
    __doc__ = _BATCH.format(
        positions=" (and positions, if there are any)", name="BatchNorm1d", shape="(4, 3)"
    )
    _axes = (2, 3)


class BatchNorm2d(_BatchNorm):
    __doc__ = _BATCH.format(positions=" and the plane", name="BatchNorm2d", shape="(4, 3, 2, 2)")
    _axes = (4,)


class BatchNorm3d(_BatchNorm):
    __doc__ = _BATCH.format(positions=" and the volume", name="BatchNorm3d", shape="(4, 3, 2, 2, 2)")
    _axes = (5,)


class _InstanceNorm(_Norm):
    """Instance norm of any number of axes; one axis less is an input without a batch."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def forward(self, x: Array) -> Array:
        """Shape ``(N, C, *)`` or ``(C, *)``, kept."""
        self._check(x)
        if x.ndim == self._axes[0]:
            return self._batched(array_namespace(x).expand_dims(x, axis=0))[0, ...]
        return self._batched(x)

    def _batched(self, x: Array) -> Array:
        if self.affine or self.track_running_stats:
            _channels(self, x)
        mean, var = self.running_mean, self.running_var
        if not self.training and mean is not None:
            return functional.batch_norm(x, mean, var, self.weight, self.bias, False, 0.0, self.eps)
        check_dtype(type(self).__name__, x, self.weight, self.running_mean)
        out, _, mean, var = functional.instance_statistics(x, self.eps, self.weight, self.bias)
        if self.training and self.track_running_stats and x.size:
            xp, shape = array_namespace(mean), (x.shape[0], self.num_features)
            mean, var = (xp.mean(xp.reshape(s, shape), axis=0) for s in (mean, var))
            # As in PyTorch, batches are not counted here, and without a momentum nothing is kept.
            self._keep(mean, var, x.size // (shape[0] * shape[1]), self.momentum or 0.0)
        return out


_INSTANCE = """Normalises each channel of each example over {positions}. Ulyanov et al., 2016, arXiv:1607.08022.

    Parameters
    ----------
    num_features
        The number of channels C.
    eps
        Added to the variance.
    momentum
        The share of a new batch in the running statistics; None for the plain average over all batches.
    affine
        Whether to scale and shift, by ``weight`` (ones at first) and ``bias`` (zeros).
    track_running_stats
        Whether to keep running statistics and use them in evaluation.
    device, dtype
        Of the parameters and buffers.
    bias
        Whether to shift, where scaled.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.{name}(3)(np.zeros({shape})).shape
    {shape}
    """


class InstanceNorm1d(_InstanceNorm):
    __doc__ = _INSTANCE.format(positions="its positions", name="InstanceNorm1d", shape="(4, 3, 2)")
    _axes = (2, 3)


class InstanceNorm2d(_InstanceNorm):
    __doc__ = _INSTANCE.format(positions="its plane", name="InstanceNorm2d", shape="(4, 3, 2, 2)")
    _axes = (3, 4)


class InstanceNorm3d(_InstanceNorm):
    __doc__ = _INSTANCE.format(positions="its volume", name="InstanceNorm3d", shape="(4, 3, 2, 2, 2)")
    _axes = (4, 5)
