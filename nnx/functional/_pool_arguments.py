"""The arguments of pooling: checked, and laid out once for each set of sizes."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from ..autodiff import array_namespace
from ..backend import Array
from ._errors import complaint, not_arrays
from ._known import Known
from ._pool_windows import Adaptive, Axis, Strided, Windows
from ._pooling import Counts, max_pool, max_positions, mean_pool
from ._windows import spread

__all__ = [
    "Ints",
    "Sizes",
    "adaptive_max",
    "adaptive_mean",
    "check_input",
    "check_divisor",
    "check_sizes",
    "check_windows",
    "largest",
    "mean",
    "unpooled_size",
]

Ints = tuple[int, ...]
Sizes = int | Sequence[int | None] | None


def check_windows(
    where: str, axes: int, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1
) -> tuple[Ints, Ints, Ints, Ints]:
    """Kernel, stride, padding and dilation, a number for each axis."""
    kernel = spread("a kernel_size", where, kernel_size, axes, 1)
    stride = kernel if stride is None else spread("a stride", where, stride, axes, 1)
    padding = spread("a padding", where, padding, axes)
    if any(2 * p > k for p, k in zip(padding, kernel, strict=True)):
        raise complaint(where, f"expected a padding of at most half the kernel_size {kernel}, got {padding}")
    return kernel, stride, padding, spread("a dilation", where, dilation, axes, 1)


def check_input(
    where: str, x: Array, axes: int, kinds: str | tuple[str, ...] = "real floating", channels: bool = True
) -> Ints:
    """The last axes' sizes; raise where that's no input: of the batch alone there may be nothing."""
    if not hasattr(x, "dtype"):
        raise not_arrays(where, input=x)
    shape = tuple(x.shape)
    if len(shape) not in (axes + 1, axes + 2):
        raise complaint(
            where, f"expected an input with {axes + 2} axes, or {axes + 1} without a batch, got shape {shape}"
        )
    if 0 in shape[-axes - channels :]:
        raise complaint(where, f"expected nothing empty but the batch, got shape {shape}")
    if not array_namespace(x).isdtype(x.dtype, kinds):
        raise complaint(where, f"expected a floating-point input, got {x.dtype}", TypeError)
    return shape[-axes:]


@lru_cache(maxsize=1024)
def _strided(
    where: str, sizes: Ints, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, ceil_mode: bool
) -> Windows:
    """The windows; with ``ceil_mode`` one more that the end cuts off, if it starts before that."""
    windows: list[Strided] = []
    for n, k, s, p, d in zip(sizes, kernel, stride, padding, dilation, strict=True):
        room = n + 2 * p - d * (k - 1) - 1
        out = (room + (s - 1 if ceil_mode else 0)) // s + 1
        if ceil_mode and (out - 1) * s >= n + p:
            out -= 1
        if out < 1:
            raise _too_small(where, sizes, kernel)
        windows.append(Strided(n, k, out, s, d, p))
    return tuple(windows)


def largest(
    axes: int, x: Array, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool,
    return_indices: bool,
) -> Any:  # fmt: skip
    """The largest elements, and where they are if wanted."""
    try:
        shapes = axes, type(x), x.shape, x.dtype
        windows = _known.get(shapes, kernel_size, stride, padding, dilation, ceil_mode)
    except (AttributeError, TypeError):  # of what is no array; the checks say so
        shapes = windows = None
    if windows is None:
        where = f"max_pool{axes}d"
        sizes = check_input(where, x, axes, ("real floating", "integral"))
        wanted = check_windows(where, axes, kernel_size, stride, padding, dilation)
        windows = _strided(where, sizes, *wanted, ceil_mode)
        _known.keep(windows, shapes, kernel_size, stride, padding, dilation, ceil_mode)
    return _with_indices(x, windows, return_indices)


_known = Known()


def _too_small(where: str, sizes: Ints, kernel: Ints) -> Exception:
    return complaint(
        where, f"expected an input as large as a window, got {sizes} for a kernel_size of {kernel}"
    )


def _with_indices(x: Array, windows: Windows, return_indices: bool) -> Any:
    out = max_pool(x, windows=windows)
    return (out, max_positions(x, windows=windows)) if return_indices else out


@lru_cache(maxsize=1024)
def _counts(windows: tuple[Strided, ...], include_pad: bool) -> Counts:
    """How many elements windows have, padding included or not; never what is beyond the padding."""
    counts: list[Ints] = []
    for axis in windows:
        low, high = (-axis.before, axis.size + axis.before) if include_pad else (0, axis.size)
        numbers = tuple(min(start + axis.kernel, high) - max(start, low) for start in axis.starts)
        counts.append(numbers[:1] if len(set(numbers)) == 1 else numbers)
    return tuple(counts)


def mean(
    axes: int, x: Array, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool, count_include_pad: bool,
    divisor_override: int | None, where: str = "avg_pool",
) -> Array:  # fmt: skip
    """The mean of every window."""
    where = f"{where}{axes}d"
    sizes = check_input(where, x, axes)
    wanted = check_windows(where, axes, kernel_size, stride, padding)
    windows: Any = _strided(where, sizes, *wanted, ceil_mode)
    if axes == 3 and any(n < k for n, k in zip(sizes, wanted[0], strict=True)):  # in PyTorch's 3d only
        raise _too_small(where, sizes, wanted[0])
    if divisor_override is None:
        return mean_pool(x, windows=windows, counts=_counts(windows, bool(count_include_pad)))
    check_divisor(where, divisor_override)
    counts = ((divisor_override,), *((1,),) * (axes - 1))
    return mean_pool(x, windows=windows, counts=counts)


def check_divisor(where: str, divisor: int | None) -> None:
    """Raise where it can't be divided by."""
    if divisor is not None and (isinstance(divisor, bool) or not hasattr(type(divisor), "__index__")):
        raise complaint(
            where, f"expected a divisor_override that is a whole number, got {divisor!r}", TypeError
        )
    if divisor == 0:
        raise complaint(where, "expected a divisor_override other than 0")


def check_sizes(where: str, output_size: Sizes, axes: int) -> tuple[int | None, ...]:
    """A size for each axis, None where it is to stay."""
    sizes: Any = tuple(output_size) if isinstance(output_size, Sequence) else (output_size,) * axes
    if any(n is not None and (isinstance(n, bool) or not hasattr(type(n), "__index__")) for n in sizes):
        raise complaint(
            where, f"expected an output_size of whole numbers or None, got {output_size!r}", TypeError
        )
    sizes = tuple(None if n is None else operator.index(n) for n in sizes)
    if len(sizes) != axes or any(n is not None and n < 0 for n in sizes):
        raise complaint(
            where, f"expected an output_size of {axes} numbers of at least 0, got {output_size!r}"
        )
    return sizes


def _share(size: int, out: int) -> Axis:
    if out and size % out == 0:
        return Strided(size, size // out, out, size // out)
    return Adaptive(size, out)


def _shared_out(
    name: str, axes: int, x: Array, output_size: Sizes, channels: bool
) -> tuple[Windows, tuple[int, ...] | None]:
    """The windows; the shape of the result if there are none."""
    where = f"{name}{axes}d"
    wanted, sizes = check_sizes(where, output_size, axes), check_input(where, x, axes, channels=channels)
    outs = tuple(n if out is None else out for n, out in zip(sizes, wanted, strict=True))
    shape = (*x.shape[:-axes], *outs) if 0 in outs else None
    return tuple(map(_share, sizes, outs)), shape


def adaptive_mean(axes: int, x: Array, output_size: Sizes) -> Array:
    """The means of as many windows as wanted."""
    windows, empty = _shared_out("adaptive_avg_pool", axes, x, output_size, channels=False)
    if empty:
        return array_namespace(x).zeros(empty, dtype=x.dtype, device=x.device)
    counts = tuple(
        (axis.kernel,) if isinstance(axis, Strided) or len(set(axis.lengths)) == 1 else axis.lengths
        for axis in windows
    )
    return mean_pool(x, windows=windows, counts=counts)


def adaptive_max(axes: int, x: Array, output_size: Sizes, return_indices: bool) -> Any:
    """The largest elements of as many windows as wanted."""
    windows, empty = _shared_out("adaptive_max_pool", axes, x, output_size, channels=False)
    if not empty:
        return _with_indices(x, windows, return_indices)
    xp = array_namespace(x)
    out = xp.zeros(empty, dtype=x.dtype, device=x.device)
    return (out, xp.zeros(empty, dtype=xp.int64, device=x.device)) if return_indices else out


def unpooled_size(
    where: str, sizes: Ints, kernel_size: Any, stride: Any, padding: Any, output_size: Sequence[int] | None
) -> Ints:
    """The size that was pooled: the least that it can have been, or the one given if it can have been that."""
    axes = len(sizes)
    kernel, stride, padding, _ = check_windows(where, axes, kernel_size, stride, padding)
    least = tuple((n - 1) * s + k - 2 * p for n, k, s, p in zip(sizes, kernel, stride, padding, strict=True))
    if output_size is None:
        return least
    given = spread("an output_size", where, tuple(output_size)[-axes:], axes)
    if len(output_size) not in (axes, axes + 2) or any(
        not n - s < size < n + s for n, s, size in zip(least, stride, given, strict=True)
    ):
        raise complaint(
            where,
            f"expected an output_size of {axes} numbers less than {stride} away from {least}, "
            f"got {tuple(output_size)}",
        )
    return given
