"""Where the elements of a resampled axis come from: worked out on the host, once, apart from the data.

Every resampling is linear and goes axis by axis: an output is a weighted sum of a few inputs, its *taps*. The way
back is the transposed map, of the same kind. Coordinates are PyTorch's (and so OpenCV's, and Pillow's where
antialiased): an output ``i`` has its centre at ``scale * (i + 1/2)``, or lies at ``scale * i`` with
``align_corners``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from ..backend import Array, backend_of, named

__all__ = ["FEW", "AxisMap", "Taps", "axis_map"]

FEW = 8  # so many taps are added one after the other; more are taken at once and summed
LONG = 2**16  # plans for longer axes are not kept

Pair = tuple[Array, Array]
"""Of places and weights, ``(taps, outputs)`` each."""


class Taps:
    """A linear map along an axis: output ``i`` is the sum over k of ``weights[k, i] * x[places[k, i]]``.

    Attributes
    ----------
    count, size
        How many taps and how many outputs there are.
    even
        For each tap a slice, where its places are evenly spaced.
    unit
        For each tap whether its weights are all 1.
    idle
        Whether some outputs have no input at all; their weights are 0.
    """

    def __init__(self, places: Array, weights: Array) -> None:
        xp = _host()
        needed = xp.any(weights != 0.0, axis=1)
        if not bool(xp.all(needed)) and bool(xp.any(needed)):
            which = xp.nonzero(needed)[0]
            places, weights = xp.take(places, which, axis=0), xp.take(weights, which, axis=0)
        self.count, self.size = places.shape
        self.even = [_evenly(xp, places[k, :]) for k in range(self.count)]
        self.unit = [bool(xp.all(weights[k, :] == 1.0)) for k in range(self.count)]
        idle = xp.all(weights == 0.0, axis=0)
        self.idle = bool(xp.any(idle))
        self._host = (places, weights, idle)
        self._held: dict[Any, tuple[Array, Array, Array]] = {}

    def on(self, x: Array) -> tuple[Array, Array, Array]:
        """Places, weights and which outputs are idle, as arrays beside ``x``; kept for the next call."""
        backend = backend_of(x)
        key = (backend.name, x.device, x.dtype)
        if key not in self._held:
            places, weights, idle = self._host
            xp = backend.xp
            if xp.isdtype(x.dtype, "real floating") and x.dtype != getattr(xp, "float64", None):
                weights = _host().astype(weights, _host().float32)  # not every device has more
            places, weights, idle = (backend.from_host(array, x.device) for array in (places, weights, idle))
            if xp.isdtype(x.dtype, "real floating"):
                weights = xp.astype(weights, x.dtype)
            self._held[key] = places, weights, idle
        return self._held[key]


class AxisMap(NamedTuple):
    """There and back."""

    there: Taps
    back: Taps


def _host() -> Any:
    return named("numpy").xp


def _evenly(xp: Any, places: Array) -> slice | None:
    n = places.shape[0]
    first, step = int(places[0]), int(places[1] - places[0]) if n > 1 else 1
    if step < 1 or not bool(xp.all(places == xp.arange(n, dtype=places.dtype) * step + first)):
        return None
    return slice(first, first + step * (n - 1) + 1, step)


def _linear(xp: Any, x: Array) -> Array:
    return xp.clip(1.0 - xp.abs(x), 0.0, None)


def _cubic(a: float) -> Callable[[Any, Array], Array]:
    """Keys' cubic convolution; ``a`` is its slope at 1."""

    def kernel(xp: Any, x: Array) -> Array:
        x = xp.abs(x)
        near = ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0
        far = ((a * x - 5.0 * a) * x + 8.0 * a) * x - 4.0 * a
        return xp.where(x < 1.0, near, xp.where(x < 2.0, far, 0.0))

    return kernel


def _lanczos(xp: Any, x: Array) -> Array:
    x = xp.where(x == 0.0, 1e-20, x) * math.pi  # whose quotients are exactly 1
    return xp.where(xp.abs(x) < 3.0 * math.pi, xp.sin(x) * xp.sin(x / 3.0) * 3.0 / (x * x), 0.0)


FILTERS = {"linear": (1.0, _linear), "cubic": (2.0, _cubic(-0.5)), "lanczos": (3.0, _lanczos)}
"""Of antialiasing: how far they reach to either side, and the weight at a distance. Pillow's."""


def _nearest(xp: Any, n: int, out: int, scale: float, single: bool, exact: bool) -> Pair:
    """PyTorch works the places out in the dtype of the data, and rounds to single precision in the end."""

    def rounded(values: Array) -> Array:
        return xp.astype(xp.astype(values, xp.float32), xp.float64) if single else values

    half = 0.5 if exact else 0.0
    factor = rounded(xp.asarray(scale, dtype=xp.float64))
    place = rounded(factor * (xp.arange(out, dtype=xp.float64) + half) - half)
    place = xp.floor(xp.astype(place + half, xp.float32))
    place = xp.expand_dims(xp.clip(xp.astype(place, xp.int64), None, n - 1), axis=0)
    return place, xp.ones((1, out), dtype=xp.float64)


def _filtered(xp: Any, n: int, out: int, scale: float, kernel: str) -> Pair:
    """All within the filter's reach, which grows as the image shrinks."""
    reach, weight = FILTERS[kernel]
    stretch = max(scale, 1.0)
    centre = scale * (xp.arange(out, dtype=xp.float64) + 0.5)
    first = xp.clip(xp.astype(xp.floor(centre - reach * stretch + 0.5), xp.int64), 0, None)
    last = xp.clip(xp.astype(xp.floor(centre + reach * stretch + 0.5), xp.int64), None, n)
    places, inside = _between(xp, first, last)
    distance = (xp.astype(places, xp.float64) - centre + 0.5) / stretch
    weights = xp.where(inside, weight(xp, distance), 0.0)
    return places, weights / xp.sum(weights, axis=0)


def _area(xp: Any, n: int, out: int) -> Pair:
    """The windows of adaptive pooling, which may overlap."""
    i = xp.arange(out, dtype=xp.int64)
    first, last = i * n // out, -((i + 1) * n // -out)
    places, inside = _between(xp, first, last)
    return places, xp.where(inside, 1.0 / xp.astype(last - first, xp.float64), 0.0)


def _between(xp: Any, first: Array, last: Array) -> Pair:
    """The places from ``first`` up to ``last``, and where there are any; elsewhere the last one."""
    places = first + xp.expand_dims(xp.arange(int(xp.max(last - first)), dtype=xp.int64), axis=1)
    return xp.minimum(places, last - 1), places < last


def _smooth(xp: Any, n: int, out: int, scale: float, align_corners: bool, cubic: bool) -> Pair:
    """Two or four neighbours; what lies outside is the element at the edge."""
    kernel, offsets = (_cubic(-0.75), range(-1, 3)) if cubic else (_linear, range(2))
    i = xp.arange(out, dtype=xp.float64)
    place = i * scale if align_corners else (i + 0.5) * scale - 0.5
    if not cubic:
        place = xp.clip(place, 0.0, n - 1.0)
    below = xp.floor(place)
    places = [xp.clip(xp.astype(below, xp.int64) + j, 0, n - 1) for j in offsets]
    weights = [kernel(xp, place - below - j) for j in offsets]
    for k in range(len(weights) - 1):  # an element that counts twice has one weight
        same = places[k] == places[k + 1]
        weights[k + 1] = weights[k + 1] + xp.where(same, weights[k], 0.0)
        weights[k] = xp.where(same, 0.0, weights[k])
    return xp.stack(places), xp.stack(weights)


def _transposed(xp: Any, n: int, places: Array, weights: Array) -> Pair:
    """For each of the ``n`` inputs, the outputs that it counts in."""
    count, out = places.shape
    outputs = xp.reshape(xp.broadcast_to(xp.arange(out, dtype=xp.int64), (count, out)), (-1,))
    places, weights = xp.reshape(places, (-1,)), xp.reshape(weights, (-1,))
    kept = xp.nonzero(weights != 0.0)[0]
    kept = xp.take(kept, xp.argsort(xp.take(places * out + outputs, kept)))
    places, weights, outputs = (xp.take(array, kept) for array in (places, weights, outputs))
    inputs = xp.arange(n, dtype=xp.int64)
    start = xp.searchsorted(places, inputs, side="left")
    number = xp.searchsorted(places, inputs, side="right") - start
    k = xp.expand_dims(xp.arange(int(xp.max(number)), dtype=xp.int64), axis=1)
    which = xp.minimum(start + xp.clip(xp.minimum(k, number - 1), 0, None), places.shape[0] - 1)
    shape, which = which.shape, xp.reshape(which, (-1,))
    found = xp.where(k < number, xp.reshape(xp.take(weights, which), shape), 0.0)
    return xp.reshape(xp.take(outputs, which), shape), found


def axis_map(
    mode: str,
    n: int,
    out: int,
    factor: float | None = None,
    align_corners: bool = False,
    antialias: bool = False,
    single: bool = False,
) -> AxisMap | None:
    """How ``n`` elements become ``out``; None where they stay as they are.

    Parameters
    ----------
    mode
        ``"nearest"``, ``"nearest-exact"``, ``"linear"``, ``"cubic"``, ``"lanczos"`` or ``"area"``.
    factor
        The user's scale factor, which counts for the coordinates where it is given.
    single
        Whether the data are of less than double precision, on which the nearest depends where two are equally near.

    Examples
    --------
    >>> taps = axis_map("linear", 2, 4).there
    >>> places, weights, _ = taps.on(named("numpy").xp.zeros(2))
    >>> places
    array([[0, 0, 0, 1],
           [1, 1, 1, 1]])
    >>> weights
    array([[1.  , 0.75, 0.25, 0.  ],
           [0.  , 0.25, 0.75, 1.  ]])
    """
    plan = _planned if max(n, out) <= LONG else _planned.__wrapped__
    return plan(mode, n, out, factor, align_corners, antialias, single)


@lru_cache(256)
def _planned(
    mode: str, n: int, out: int, factor: float | None, align_corners: bool, antialias: bool, single: bool
) -> AxisMap | None:
    if n == out and (antialias or mode == "linear"):
        return None
    xp = _host()
    scale = 1.0 / factor if factor is not None and factor > 0.0 else n / out
    if align_corners:
        scale = (n - 1) / (out - 1) if out > 1 else 0.0
    if mode == "area":
        places, weights = _area(xp, n, out)
    elif antialias:
        places, weights = _filtered(xp, n, out, scale, mode)
    elif mode in ("linear", "cubic"):
        places, weights = _smooth(xp, n, out, scale, align_corners, mode == "cubic")
    else:
        places, weights = _nearest(xp, n, out, scale, single, mode == "nearest-exact")
    there = Taps(places, weights)
    if there.unit == [True] and there.even == [slice(0, n, 1)]:
        return None
    return AxisMap(there, Taps(*_transposed(xp, n, places, weights)))
