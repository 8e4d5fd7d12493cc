"""Images made larger or smaller: one axis after the other, by the maps of ``nnx.functional._resample_plan``.

One primitive applies a map along an axis; its derivative is the transposed map, so that any order follows.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

from ..autodiff import array_namespace, primitive
from ..backend import Array
from ._errors import check_arrays, complaint
from ._resample_plan import FEW, AxisMap, Taps, axis_map

__all__ = ["interpolate"]

MODES = {
    "nearest": ("nearest", (1, 2, 3)),
    "nearest-exact": ("nearest-exact", (1, 2, 3)),
    "area": ("area", (1, 2, 3)),
    "linear": ("linear", (1,)),
    "bilinear": ("linear", (2,)),
    "trilinear": ("linear", (3,)),
    "bicubic": ("cubic", (2,)),
    "lanczos": ("lanczos", (2,)),
}
"""How each axis is resampled, and how many axes there may be."""


@primitive("resample_axis", params=("axis", "plan"))
def resample_axis(xp: Any, x: Array, *, axis: int, plan: AxisMap) -> Array:
    """The map ``plan.there`` along one axis, which is not negative."""
    after = (1,) * (x.ndim - 1 - axis)
    out = (_one_by_one if plan.there.count <= FEW else _at_once)(xp, x, axis, plan.there, after)
    if not plan.there.idle:
        return out
    return xp.where(xp.reshape(plan.there.on(x)[2], (-1, *after)), 0, out)


resample_axis.defpullback(
    lambda xp, g, _out, _x, *, axis, plan: resample_axis(g, axis=axis, plan=AxisMap(plan.back, plan.there))
)


def _one_by_one(xp: Any, x: Array, axis: int, taps: Taps, after: tuple[int, ...]) -> Array:
    places, weights, _ = taps.on(x)
    total: Any = None
    for k in range(taps.count):
        if taps.even[k] is not None and (taps.count > 1 or not taps.unit[k]):
            part = x[(*(slice(None),) * axis, taps.even[k], ...)]
        else:
            part = xp.take(x, places[k, :], axis=axis)
        if not taps.unit[k]:
            part = part * xp.reshape(weights[k, :], (-1, *after))
        total = part if total is None else total + part
    return total


def _at_once(xp: Any, x: Array, axis: int, taps: Taps, after: tuple[int, ...]) -> Array:
    places, weights, _ = taps.on(x)
    parts = xp.take(x, xp.reshape(places, (-1,)), axis=axis)
    parts = xp.reshape(parts, (*x.shape[:axis], taps.count, taps.size, *x.shape[axis + 1 :]))
    return xp.sum(parts * xp.reshape(weights, (taps.count, taps.size, *after)), axis=axis, dtype=x.dtype)


def interpolate(
    x: Array,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Array:
    r"""An image, or a signal of 1 or 3 axes, at another size, as ``torch.nn.functional.interpolate``.

    Parameters
    ----------
    x
        Shape ``(N, C, *size)``, with 1 to 3 axes of positions; floating-point, but for the nearest modes.
    size
        The new lengths, one for each axis or one for all.
    scale_factor
        Instead, by how much the lengths are multiplied (and then rounded down).
    mode
        ``"nearest"`` (the element at or before the place), ``"nearest-exact"`` (the nearest, as Pillow's),
        ``"linear"``, ``"bilinear"`` or ``"trilinear"`` for 1, 2 or 3 axes, ``"bicubic"`` for 2 (Keys' convolution
        with a = -0.75), ``"lanczos"`` for 2 (antialiased only), ``"area"`` (means over adaptive windows).
    align_corners
        For the linear and cubic modes: whether the centres of the elements at the corners stay where they are, rather
        than the corners of these elements (by default).
    recompute_scale_factor
        Whether places are worked out from the sizes where scale factors are given that were rounded.
    antialias
        For the two-axis modes but nearest and area: whether the filter grows as the image shrinks, as Pillow's does
        (its cubic has a = -0.5).

    Returns
    -------
    Shape ``(N, C, *new size)``.

    Raises
    ------
    ValueError, TypeError
        Where the arguments don't fit each other or ``x``.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.asarray([[[1.0, 2.0]]])
    >>> interpolate(x, scale_factor=2)
    array([[[1., 1., 2., 2.]]])
    >>> interpolate(x, 4, mode="linear")
    array([[[1.  , 1.25, 1.75, 2.  ]]])
    """
    check_mode("interpolate", mode, align_corners, antialias)
    how, allowed = MODES[mode]
    check_arrays("interpolate", x=x)
    axes = x.ndim - 2
    if axes not in allowed:
        wanted = " or ".join(str(n + 2) for n in allowed)
        raise complaint(
            "interpolate", f'expected an input with {wanted} axes for "{mode}", got shape {tuple(x.shape)}'
        )
    old = tuple(x.shape[2:])
    new, factors = _sizes(old, size, scale_factor, recompute_scale_factor)
    if min(x.shape[2 if how == "area" else 1 :]) < 1 or min(new) < 1:
        raise complaint(
            "interpolate", f"expected sizes of at least 1, got {new} for an input of shape {tuple(x.shape)}"
        )
    xp: Any = array_namespace(x)
    if not how.startswith("nearest") and not xp.isdtype(x.dtype, "real floating"):
        raise complaint(
            "interpolate", f'expected floating-point numbers for "{mode}", got {x.dtype}', TypeError
        )
    single = x.dtype != getattr(xp, "float64", None)
    corners = bool(align_corners)
    for i in sorted(
        range(axes), key=lambda i: (new[i] / old[i], -i)
    ):  # what shrinks first, and rows before columns
        plan = axis_map(how, old[i], new[i], factors[i], corners, antialias, single)
        if plan is not None:
            x = resample_axis(x, axis=i + 2, plan=plan)
    return x


def check_mode(where: str, mode: str, align_corners: bool | None, antialias: bool = False) -> None:
    """Raise where these don't go together."""
    if mode not in MODES:
        raise complaint(where, f"expected a mode of {', '.join(MODES)}, got {mode!r}")
    smooth = mode not in ("nearest", "nearest-exact", "area")
    if align_corners is not None and not smooth:
        raise complaint(where, f'expected no align_corners in the mode "{mode}", got {align_corners}')
    if mode == "lanczos" and (align_corners or not antialias):
        raise complaint(where, 'expected antialias, and not align_corners, in the mode "lanczos"')
    if antialias and mode not in ("bilinear", "bicubic", "lanczos"):
        raise complaint(where, f'expected a mode of bilinear, bicubic or lanczos for antialias, got "{mode}"')


def _sizes(
    old: tuple[int, ...], size: Any, scale_factor: Any, recompute: bool | None
) -> tuple[tuple[int, ...], tuple[float | None, ...]]:
    """The new lengths, and the factors that coordinates are to be worked out with."""
    where, axes = "interpolate", len(old)
    if (size is None) == (scale_factor is None):
        raise complaint(
            where, f"expected either size or scale_factor, got size={size} and scale_factor={scale_factor}"
        )
    if size is not None:
        if recompute:
            raise complaint(where, "expected no recompute_scale_factor with a size")
        given = _each("size", size, axes)
        if any(isinstance(n, bool) or not hasattr(type(n), "__index__") for n in given):
            raise complaint(where, f"expected a size of whole numbers, got {size!r}", TypeError)
        return tuple(operator.index(n) for n in given), (None,) * axes
    factors = tuple(float(f) for f in _each("scale_factor", scale_factor, axes))
    if not all(f > 0 and math.isfinite(f) for f in factors):
        raise complaint(where, f"expected positive scale factors, got {scale_factor}")
    new = tuple(math.floor(n * f) for n, f in zip(old, factors, strict=True))
    return new, (None,) * axes if recompute else factors


def _each(name: str, value: Any, axes: int) -> tuple[Any, ...]:
    if not isinstance(value, Sequence):
        return (value,) * axes
    if len(value) != axes:
        raise complaint("interpolate", f"expected 1 or {axes} numbers for {name}, got {value}")
    return tuple(value)
