"""Max pooling to a fraction of the size: windows of one length, at random distances."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..autodiff import array_namespace
from ..backend import Array, backend_of
from ._errors import complaint
from ._pool_arguments import check_input
from ._pool_windows import Strided
from ._pooling import max_pool, max_positions
from ._windows import spread

if TYPE_CHECKING:
    from ..random import Generator

__all__ = ["fractional_max_pool2d", "fractional_max_pool3d"]

Numbers = int | Sequence[int]
Ratio = float | Sequence[float]
Ints = tuple[int, ...]


def ratios(where: str, axes: int, output_ratio: Any) -> tuple[float, ...]:
    """A ratio for each axis."""
    given = tuple(output_ratio) if isinstance(output_ratio, Sequence) else (output_ratio,) * axes
    if len(given) != axes or not all(isinstance(r, (int, float)) and 0 < r < 1 for r in given):
        raise complaint(
            where, f"expected an output_ratio of 1 or {axes} numbers between 0 and 1, got {output_ratio!r}"
        )
    return given


def _sizes(
    where: str, size: Ints, kernel_size: Any, output_size: Any, output_ratio: Any
) -> tuple[Ints, Ints]:
    """Kernel and output."""
    axes = len(size)
    if output_size is None and output_ratio is None:
        raise complaint(where, "expected an output_size or an output_ratio")
    if output_size is None:
        output_size = tuple(int(n * r) for n, r in zip(size, ratios(where, axes, output_ratio), strict=True))
    kernel = spread("a kernel_size", where, kernel_size, axes, 1)
    out = spread("an output_size", where, output_size, axes, 1)
    spare = 0 if axes == 2 else 1  # PyTorch's 3d wants one element more
    if any(o + k - 1 + spare > n for n, k, o in zip(size, kernel, out, strict=True)):
        raise complaint(
            where, f"expected room for {out} windows of {kernel} that all start elsewhere, got {size}"
        )
    return kernel, out


def _elements(xp: Any, samples: Array, size: int, kernel: int, out: int) -> Array:
    """The elements of the windows along an axis, one window after the other: ``(N, C, out * kernel)``."""
    samples = xp.expand_dims(samples, axis=-1)
    options: dict[str, Any] = {"dtype": samples.dtype, "device": samples.device}
    starts = xp.full((*samples.shape[:2], 1), size - kernel, dtype=xp.int64, device=samples.device)
    if out > 1:
        step = (size - kernel) / (out - 1)
        first = xp.floor(samples * step)
        some = xp.floor((xp.arange(out - 1, **options) + samples) * step) - first
        starts = xp.concat([xp.astype(some, xp.int64), starts], axis=-1)
    places = xp.arange(kernel, dtype=xp.int64, device=samples.device)
    elements = xp.expand_dims(starts, axis=-1) + places
    return xp.reshape(elements, (*samples.shape[:2], out * kernel))


def _samples(where: str, x: Array, axes: int, given: Array | None, generator: Generator | None) -> Array:
    if given is None:
        if generator is None:
            from ..random import default_generator

            generator = default_generator()
        shape = (*x.shape[:2], axes)
        return generator.uniform(shape, dtype=x.dtype, backend=backend_of(x), device=x.device)
    if given.dtype != x.dtype:
        raise complaint(where, f"expected _random_samples of dtype {x.dtype}, got {given.dtype}", TypeError)
    if given.ndim != 3 or given.shape[0] < x.shape[0] or given.shape[1:] != (x.shape[1], axes):
        raise complaint(
            where, f"expected _random_samples of shape {(*x.shape[:2], axes)}, got {tuple(given.shape)}"
        )
    return given[: x.shape[0], ...]


def _fractional(
    axes: int, x: Array, kernel_size: Any, output_size: Any, output_ratio: Any, return_indices: bool,
    random_samples: Array | None, generator: Generator | None,
) -> Any:  # fmt: skip
    """The windows' elements side by side, which are then pooled."""
    where = f"fractional_max_pool{axes}d"
    size = check_input(where, x, axes)
    kernel, out = _sizes(where, size, kernel_size, output_size, output_ratio)
    xp, single = array_namespace(x, random_samples), x.ndim == axes + 1
    if single:
        x = xp.expand_dims(x, axis=0)
    samples = _samples(where, x, axes, random_samples, generator)
    order = (1, 0) if axes == 2 else (0, 1, 2)  # PyTorch's 2d has the width first
    elements = [_elements(xp, samples[..., order[i]], size[i], kernel[i], out[i]) for i in range(axes)]
    for axis, numbers in enumerate(elements, 2):
        length = numbers.shape[-1]
        along = (*x.shape[:2], *(1,) * (axis - 2), length, *(1,) * (axes + 1 - axis))
        wide = (*x.shape[:axis], length, *x.shape[axis + 1 :])
        x = xp.take_along_axis(x, xp.broadcast_to(xp.reshape(numbers, along), wide), axis=axis)
    windows = tuple(Strided(k * o, k, o, k) for k, o in zip(kernel, out, strict=True))
    pooled = max_pool(x, windows=windows)
    results = [pooled]
    if return_indices:
        results.append(_indices(xp, max_positions(x, windows=windows), elements, size, windows))
    results = [xp.squeeze(z, axis=0) for z in results] if single else results
    return tuple(results) if return_indices else results[0]


def _indices(xp: Any, positions: Array, elements: list[Array], size: Ints, windows: Any) -> Array:
    """Where those elements came from."""
    rest = xp.reshape(positions, (*positions.shape[:2], math.prod(positions.shape[2:])))
    flat, inner = xp.zeros_like(rest), 1
    for numbers, n, along in reversed(list(zip(elements, size, windows, strict=True))):
        flat = flat + inner * xp.take_along_axis(numbers, rest % along.size, axis=-1)
        rest, inner = rest // along.size, inner * n
    return xp.reshape(flat, positions.shape)


def fractional_max_pool2d(
    x: Array,
    kernel_size: Numbers,
    output_size: Numbers | None = None,
    output_ratio: Ratio | None = None,
    return_indices: bool = False,
    _random_samples: Array | None = None,
    *,
    generator: Generator | None = None,
) -> Any:
    r"""The largest element of windows at random distances, as ``torch.nn.functional.fractional_max_pool2d``.

    The i-th of o windows of k elements among n starts at :math:`\lfloor (i + u) a \rfloor - \lfloor u a \rfloor`
    with :math:`a = (n - k) / (o - 1)` and :math:`u` random, another for each channel of each image; the last
    window at the end. Graham, "Fractional max-pooling", 2014, https://arxiv.org/abs/1412.6071.

    Parameters
    ----------
    x
        Shape ``(N, C, H, W)``, or ``(C, H, W)`` without a batch.
    kernel_size
        The window: a number, or one for each axis.
    output_size
        How many windows: a number, or one for each axis.
    output_ratio
        In place of that, a share of the size between 0 and 1.
    return_indices
        As ``max_pool2d``'s.
    _random_samples
        The :math:`u`, shape ``(N, C, 2)``, for the width and the height.
    generator
        Where they are drawn from otherwise; nnx's own stream (``nnx.seed``) by default.

    Returns
    -------
    Shape ``(N, C, *output_size)``; with ``return_indices`` a tuple of that and the indices.

    Raises
    ------
    ValueError
        Where shapes or numbers don't fit.
    TypeError
        Where numbers aren't whole, or ``x`` is no array of floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> fractional_max_pool2d(np.arange(9.0).reshape(1, 3, 3), 2, 2)
    array([[[4., 5.],
            [7., 8.]]])
    """
    return _fractional(
        2, x, kernel_size, output_size, output_ratio, return_indices, _random_samples, generator
    )


def fractional_max_pool3d(
    x: Array,
    kernel_size: Numbers,
    output_size: Numbers | None = None,
    output_ratio: Ratio | None = None,
    return_indices: bool = False,
    _random_samples: Array | None = None,
    *,
    generator: Generator | None = None,
) -> Any:
    """That of volumes, with ``_random_samples (N, C, 3)`` in the order of the axes; see ``fractional_max_pool2d``.

    Examples
    --------
    >>> import numpy as np
    >>> fractional_max_pool3d(np.ones((2, 5, 5, 5)), 2, output_ratio=0.5).shape
    (2, 2, 2, 2)
    """
    return _fractional(
        3, x, kernel_size, output_size, output_ratio, return_indices, _random_samples, generator
    )
