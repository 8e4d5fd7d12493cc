"""Where the elements of a resampled axis come from: pure Python, cached, no arrays.

Every resampling is linear and goes axis by axis: an output is a weighted sum of a few inputs, its *taps*. The way
back is the transposed map, of the same kind. Coordinates are PyTorch's (and so OpenCV's, and Pillow's where
antialiased): an output ``i`` has its centre at ``scale * (i + 1/2)``, or lies at ``scale * i`` with
``align_corners``.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

__all__ = ["AxisMap", "Taps", "axis_map"]

Row = dict[int, float]
"""The weight of each input in one output."""


class Taps(NamedTuple):
    """A linear map along an axis: output ``i`` is the sum over k of ``weights[k][i] * x[places[k][i]]``."""

    places: tuple[Sequence[int], ...]
    """Ranges where they can be, else tuples."""
    weights: tuple[tuple[float, ...] | None, ...]
    """None where all are one."""
    idle: tuple[bool, ...] | None
    """Which outputs have no input at all, if there are any."""


class AxisMap(NamedTuple):
    """There and back."""

    there: Taps
    back: Taps


def _single(value: float) -> float:
    """Rounded to single precision."""
    return struct.unpack("f", struct.pack("f", value))[0]


def _linear(x: float) -> float:
    return max(1.0 - abs(x), 0.0)


def _cubic(a: float) -> Callable[[float], float]:
    """Keys' cubic convolution; ``a`` is its slope at 1."""

    def kernel(x: float) -> float:
        x = abs(x)
        if x < 1.0:
            return ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0
        return ((a * x - 5.0 * a) * x + 8.0 * a) * x - 4.0 * a if x < 2.0 else 0.0

    return kernel


def _lanczos(x: float) -> float:
    if x == 0.0:
        return 1.0
    x *= math.pi
    return math.sin(x) * math.sin(x / 3.0) * 3.0 / (x * x) if abs(x) < 3.0 * math.pi else 0.0


FILTERS = {"linear": (1.0, _linear), "cubic": (2.0, _cubic(-0.5)), "lanczos": (3.0, _lanczos)}
"""Of antialiasing: how far they reach to either side, and the weight at a distance. Pillow's."""


def _nearest(n: int, out: int, scale: float, single: bool, exact: bool) -> list[Row]:
    """PyTorch works the places out in the dtype of the data, and rounds to single precision in the end."""
    rounded = _single if single else float
    scale, half = rounded(scale), 0.5 if exact else 0.0
    rows: list[Row] = []
    for i in range(out):
        place = rounded(scale * (i + half) - half)
        rows.append({min(math.floor(_single(place + half)), n - 1): 1.0})
    return rows


def _filtered(n: int, out: int, scale: float, kernel: str) -> list[Row]:
    """All within the filter's reach, which grows as the image shrinks."""
    reach, weight = FILTERS[kernel]
    stretch = max(scale, 1.0)
    rows: list[Row] = []
    for i in range(out):
        centre = scale * (i + 0.5)
        first = max(int(centre - reach * stretch + 0.5), 0)
        last = min(int(centre + reach * stretch + 0.5), n)
        weights = [weight((j - centre + 0.5) / stretch) for j in range(first, last)]
        total = sum(weights)
        rows.append({j: w / total for j, w in enumerate(weights, first)})
    return rows


def _smooth(n: int, out: int, scale: float, align_corners: bool, cubic: bool) -> list[Row]:
    """Two or four neighbours; what lies outside is the element at the edge."""
    kernel = _cubic(-0.75) if cubic else _linear
    rows: list[Row] = []
    for i in range(out):
        place = scale * i if align_corners else scale * (i + 0.5) - 0.5
        if not cubic:
            place = min(max(place, 0.0), n - 1.0)
        below = math.floor(place)
        row: Row = {}
        for j in range(below - 1, below + 3) if cubic else (below, below + 1):
            w, j = kernel(place - j), min(max(j, 0), n - 1)
            row[j] = row.get(j, 0.0) + w
        rows.append(row)
    return rows


def _area(n: int, out: int) -> list[Row]:
    rows: list[Row] = []
    for i in range(out):
        first, last = i * n // out, -((i + 1) * n // -out)
        rows.append(dict.fromkeys(range(first, last), 1.0 / (last - first)))
    return rows


def _rows(
    mode: str, n: int, out: int, factor: float | None, align_corners: bool, antialias: bool, single: bool
) -> list[Row]:
    scale = 1.0 / factor if factor is not None and factor > 0.0 else n / out
    if align_corners:
        scale = (n - 1) / (out - 1) if out > 1 else 0.0
    if mode == "area":
        return _area(n, out)
    if n == out and (antialias or mode == "linear"):
        return [{i: 1.0} for i in range(n)]
    if antialias:
        return _filtered(n, out, scale, mode)
    if mode in ("linear", "cubic"):
        return _smooth(n, out, scale, align_corners, mode == "cubic")
    return _nearest(n, out, scale, single, mode == "nearest-exact")


def _taps(rows: Sequence[Row]) -> Taps:
    """Rows of equal length: what is missing is another input of the row, with the weight 0."""
    count = max((len(row) for row in rows), default=0) or 1
    filled = [[*row.items(), *[(next(iter(row), 0), 0.0)] * (count - len(row))] for row in rows]
    places = tuple(_evenly([row[k][0] for row in filled]) for k in range(count))
    weights = [tuple(row[k][1] for row in filled) for k in range(count)]
    idle = tuple(not row for row in rows)
    return Taps(
        places,
        tuple(None if all(w == 1.0 for w in part) else part for part in weights),
        idle if any(idle) else None,
    )


def _evenly(places: list[int]) -> Sequence[int]:
    step = places[1] - places[0] if len(places) > 1 else 1
    even = range(places[0], places[-1] + 1, step) if step > 0 else ()
    return even if list(even) == places else tuple(places)


@lru_cache(256)
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
    >>> plan = axis_map("linear", 2, 4)
    >>> plan.there.places, plan.there.weights
    (((0, 0, 0, 1), (1, 1, 1, 1)), ((1.0, 0.75, 0.25, 1.0), (0.0, 0.25, 0.75, 0.0)))
    """
    rows = _rows(mode, n, out, factor, align_corners, antialias, single)
    if rows == [{i: 1.0} for i in range(n)]:
        return None
    columns: list[Row] = [{} for _ in range(n)]
    for i, row in enumerate(rows):
        for j, w in row.items():
            columns[j][i] = w
    return AxisMap(_taps(rows), _taps(columns))
