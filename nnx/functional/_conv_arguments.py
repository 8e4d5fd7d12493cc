"""The arguments of convolutions: checked, and laid out once for each set of sizes."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from ..autodiff import array_namespace
from ..backend import Array
from ._arguments import whole
from ._convolution import convolution, transposed_convolution
from ._errors import check_arrays, complaint, other_dtype
from ._known import Known
from ._windows import Geometry, Pairs, spread

__all__ = ["Ints", "Numbers", "convolve", "convolve_transposed", "same_padding"]

Ints = tuple[int, ...]
Numbers = int | Ints


def same_padding(kernel: tuple[int, ...], dilation: tuple[int, ...]) -> Pairs:
    """Zeros before and after that leave the size as it is; an odd one goes behind."""
    totals = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
    return tuple((total // 2, total - total // 2) for total in totals)


def _pairs(name: str, padding: Ints | str, kernel: Ints, stride: Ints, dilation: Ints) -> Pairs:
    if not isinstance(padding, str):
        return tuple((p, p) for p in padding)
    if padding not in ("same", "valid"):
        raise complaint(name, f'expected a padding of "same", "valid" or numbers, got {padding!r}')
    if padding == "same" and any(s != 1 for s in stride):
        raise complaint(name, f'expected a stride of 1 for the padding "same", got {stride}')
    return same_padding(kernel, dilation if padding == "same" else (0,) * len(kernel))


def _check(name: str, x: Array, weight: Array, bias: Array | None, axes: int, groups: int) -> None:
    """Raise where these cannot be convolved, whatever the windows."""
    check_arrays(name, x=x, weight=weight)
    if bias is not None:
        check_arrays(name, bias=bias)
    if weight.ndim != axes + 2:
        raise complaint(name, f"expected a weight with {axes + 2} axes, got shape {weight.shape}")
    if x.ndim not in (axes + 1, axes + 2):
        raise complaint(
            name, f"expected an input with {axes + 2} axes, or {axes + 1} for one image, got shape {x.shape}"
        )
    if x.dtype != weight.dtype:
        array_namespace(x, weight)  # says so if they are of two libraries
        raise other_dtype(name, x, weight.dtype)
    if weight.shape[0] < 1 or weight.shape[0] % groups:
        raise complaint(
            name, f"expected a first axis of the weight that {groups} groups divide, got shape {weight.shape}"
        )
    if 0 in weight.shape[2:]:
        raise complaint(name, f"expected a kernel of at least 1 along every axis, got {weight.shape[2:]}")
    if bias is not None and bias.dtype != weight.dtype:
        raise complaint(name, f"expected a bias of dtype {weight.dtype}, got {bias.dtype}", TypeError)


def _check_channels(name: str, x: Array, axes: int, wanted: int) -> None:
    if x.shape[-axes - 1] != wanted:
        raise complaint(name, f"expected {wanted} channels, got {x.shape[-axes - 1]} (input shape {x.shape})")


def _check_bias(name: str, bias: Array | None, channels: int) -> None:
    if bias is not None and bias.shape != (channels,):
        raise complaint(name, f"expected a bias of shape {(channels,)}, got {bias.shape}")


def _apply(primitive: Any, x: Array, weight: Array, bias: Array | None, geometry: Geometry) -> Array:
    """The primitive, also for one image without the batch's axis."""
    if x.ndim == weight.ndim:
        return primitive(x, weight, bias, geometry=geometry)
    xp = array_namespace(x)
    out = primitive(xp.expand_dims(x, axis=0), weight, bias, geometry=geometry)
    return xp.squeeze(out, axis=0)


@lru_cache(maxsize=1024)
def _geometry(
    name: str, size: Ints, kernel: Ints, stride: Ints, padding: Ints | str, dilation: Ints, groups: int
) -> Geometry:
    """Where the windows of a convolution lie."""
    pairs = _pairs(name, padding, kernel, stride, dilation)
    room = tuple(n + sum(pair) for n, pair in zip(size, pairs, strict=True))
    reach = tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True))
    if any(n < r for n, r in zip(room, reach, strict=True)):
        raise complaint(
            name, f"expected an input, padded, of at least {reach}, got {room} (of which the input is {size})"
        )
    out = tuple((n - r) // s + 1 for n, r, s in zip(room, reach, stride, strict=True))
    return Geometry(size, kernel, out, stride, dilation, pairs, groups)


def convolve(
    axes: int,
    x: Array,
    weight: Array,
    bias: Array | None,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: int,
) -> Array:
    """A convolution over the last ``axes`` axes."""
    try:
        added = None if bias is None else (type(bias), bias.shape, bias.dtype)
        kinds = axes, type(x), type(weight)  # dtypes of two libraries are not to be compared
        shapes = kinds, x.shape, x.dtype, weight.shape, weight.dtype, added
        geometry = _known.get(shapes, stride, padding, dilation, groups)
    except (AttributeError, TypeError):  # of what is no array; the checks say so
        shapes = geometry = None
    if geometry is None:
        geometry = _laid(axes, x, weight, bias, stride, padding, dilation, groups)
        _known.keep(geometry, shapes, stride, padding, dilation, groups)
    return _apply(convolution, x, weight, bias, geometry)


_known = Known()


def _laid(
    axes: int, x: Array, weight: Array, bias: Array | None, stride: Any, padding: Any, dilation: Any, groups: int
) -> Geometry:  # fmt: skip
    """Where the windows lie, or what is wrong with the arguments."""
    name = f"conv{axes}d"
    groups = whole(name, "groups", groups, 1)
    _check(name, x, weight, bias, axes, groups)
    _check_channels(name, x, axes, weight.shape[1] * groups)
    _check_bias(name, bias, weight.shape[0])
    stride = spread("a stride", name, stride, axes, 1)
    dilation = spread("a dilation", name, dilation, axes, 1)
    if not isinstance(padding, str):
        padding = spread("a padding", name, padding, axes)
    kernel, size = tuple(weight.shape[2:]), tuple(x.shape[-axes:])
    return _geometry(name, size, kernel, stride, padding, dilation, groups)


@lru_cache(maxsize=1024)
def _transposed_geometry(
    name: str, out: Ints, kernel: Ints, stride: Ints, padding: Ints, extra: Ints, groups: int, dilation: Ints
) -> Geometry:
    """Where the windows of a transposed convolution are laid."""
    if any(e >= max(s, d) for e, s, d in zip(extra, stride, dilation, strict=True)):
        raise complaint(
            name,
            f"expected an output_padding below the stride {stride} or the dilation {dilation}, got {extra}",
        )
    size = tuple(
        (n - 1) * s - 2 * p + d * (k - 1) + 1 + e
        for n, s, p, d, k, e in zip(out, stride, padding, dilation, kernel, extra, strict=True)
    )
    if 0 in out or min(size) < 1:
        raise complaint(
            name, f"expected an output of at least 1 along every axis, got {size} for an input of {out}"
        )
    return Geometry(size, kernel, out, stride, dilation, tuple((p, p) for p in padding), groups)


def convolve_transposed(
    axes: int, x: Array, weight: Array, bias: Array | None, stride: Any, padding: Any, output_padding: Any,
    groups: int, dilation: Any,
) -> Array:  # fmt: skip
    """A transposed convolution over the last ``axes`` axes."""
    name = f"conv_transpose{axes}d"
    groups = whole(name, "groups", groups, 1)
    _check(name, x, weight, bias, axes, groups)
    _check_channels(name, x, axes, weight.shape[0])
    _check_bias(name, bias, weight.shape[1] * groups)
    geometry = _transposed_geometry(
        name,
        tuple(x.shape[-axes:]),
        tuple(weight.shape[2:]),
        spread("a stride", name, stride, axes, 1),
        spread("a padding", name, padding, axes),
        spread("an output_padding", name, output_padding, axes),
        groups,
        spread("a dilation", name, dilation, axes, 1),
    )
    return _apply(transposed_convolution, x, weight, bias, geometry)
