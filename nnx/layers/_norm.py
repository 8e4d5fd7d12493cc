"""Normalisation of each example by itself: over groups of channels, over the last axes, over nearby channels."""

from __future__ import annotations

from typing import Any

from .. import init
from ..backend import Array
from ..functional import _norm as functional
from ..functional._arguments import whole
from ..functional._errors import complaint
from ._cells import Parameter, two
from ._layer import Layer

__all__ = ["GroupNorm", "LayerNorm", "LocalResponseNorm", "RMSNorm"]


class GroupNorm(Layer):
    """Normalises groups of channels of each example, then scales and shifts each channel.

    Wu and He, ECCV 2018. See ``nnx.functional.group_norm``.

    Parameters
    ----------
    num_groups, num_channels
        The number of groups divides that of channels.
    eps
        Added to the variance.
    affine
        Whether to scale and shift, by ``weight`` (ones at first) and ``bias`` (zeros).
    device, dtype
        Of the parameters.
    bias
        Whether to shift, where scaled.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.GroupNorm(2, 4)(np.ones((1, 4, 3), dtype=np.float32)).shape
    (1, 4, 3)
    """

    weight: Array | None
    bias: Array | None

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        num_groups = whole("GroupNorm", "num_groups", num_groups, 1)
        if num_channels % num_groups:
            raise complaint(
                "GroupNorm", f"expected num_groups to divide {num_channels} channels, got {num_groups}"
            )
        self.num_groups, self.num_channels, self.eps, self.affine = num_groups, num_channels, eps, affine
        where: dict[str, Any] = {"dtype": dtype, "device": device}
        self.weight = Parameter(init.ones((num_channels,), **where)) if affine else None
        self.bias = Parameter(init.zeros((num_channels,), **where)) if affine and bias else None

    def forward(self, x: Array) -> Array:
        """Shape ``(N, C, *)``, kept."""
        return functional.group_norm(x, self.num_groups, *two(self, "weight", "bias"), self.eps)

    def extra_repr(self) -> str:
        """The configuration."""
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


class LayerNorm(Layer):
    """Normalises over the last axes, then scales and shifts. Ba, Kiros and Hinton, 2016, arXiv:1607.06450.

    Parameters
    ----------
    normalized_shape
        The lengths of the axes to normalise over.
    eps
        Added to the variance.
    elementwise_affine
        Whether to scale (``weight``, ones at first) and shift (``bias``, zeros).
    bias
        Whether to shift, where scaled.
    device, dtype
        Of the parameters.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.LayerNorm(4)(np.ones((2, 3, 4), dtype=np.float32)).shape
    (2, 3, 4)
    """

    weight: Array | None
    bias: Array | None

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        shape = functional.normalized_axes(normalized_shape)
        self.normalized_shape, self.eps, self.elementwise_affine = shape, eps, elementwise_affine
        where: dict[str, Any] = {"dtype": dtype, "device": device}
        self.weight = Parameter(init.ones(shape, **where)) if elementwise_affine else None
        self.bias = Parameter(init.zeros(shape, **where)) if elementwise_affine and bias else None

    def forward(self, x: Array) -> Array:
        """Shape ``(*, *normalized_shape)``, kept."""
        return functional.layer_norm(x, self.normalized_shape, *two(self, "weight", "bias"), self.eps)

    def extra_repr(self) -> str:
        """The configuration."""
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class RMSNorm(Layer):
    """Divides by the root mean square over the last axes, then scales. Zhang and Sennrich, NeurIPS 2019.

    Parameters
    ----------
    normalized_shape
        The lengths of the axes.
    eps
        Added to the mean square; the resolution of the dtype by default.
    elementwise_affine
        Whether to scale, by ``weight`` (ones at first).
    device, dtype
        Of the parameter.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.RMSNorm(2, eps=0.0)(np.asarray([[3.0, -3.0]], dtype=np.float32))
    array([[ 1., -1.]], dtype=float32)
    """

    weight: Array | None

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...],
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        shape = functional.normalized_axes(normalized_shape)
        self.normalized_shape, self.eps, self.elementwise_affine = shape, eps, elementwise_affine
        self.weight = Parameter(init.ones(shape, dtype=dtype, device=device)) if elementwise_affine else None

    def forward(self, x: Array) -> Array:
        """Shape ``(*, *normalized_shape)``, kept."""
        return functional.rms_norm(x, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        """The configuration."""
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class LocalResponseNorm(Layer):
    """Divides by the activity of neighbouring channels; see ``nnx.functional.local_response_norm``.

    Examples
    --------
    >>> import numpy as np, nnx
    >>> nnx.LocalResponseNorm(2)(np.ones((1, 3, 4))).shape
    (1, 3, 4)
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, x: Array) -> Array:
        """Shape ``(N, C, *)``, kept."""
        return functional.local_response_norm(x, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        """The configuration."""
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
