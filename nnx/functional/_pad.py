"""Arrays made longer or shorter at their ends.

Padding with a constant is a primitive whose derivative is padding with the numbers' signs turned: what was added
is cut off, what was cut off gets zeros. The other modes are joined from slices of the array, so that the way back
has slices only, too.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

from ..autodiff import array_namespace, primitive
from ..backend import Array
from ._arguments import number
from ._errors import check_arrays, complaint
from ._windows import Pairs, padded

__all__ = ["pad"]

MODES = ("constant", "reflect", "replicate", "circular")


@primitive("pad_constant", params=("pairs", "value"))
def pad_constant(xp: Any, x: Array, *, pairs: Pairs, value: Any = 0) -> Array:
    """The last axes longer by ``value``, by a pair of numbers each, in the order of the axes."""
    return padded(xp, x, pairs, value)


pad_constant.defpullback(
    lambda _xp, g, _out, _x, *, pairs, value=0: pad_constant(g, pairs=tuple((-a, -b) for a, b in pairs))
)


def _part(x: Array, axis: int, start: int | None, stop: int | None) -> Array:
    return x[(*(slice(None),) * axis, slice(start, stop), ...)]


def _extended(xp: Any, x: Array, axis: int, before: int, after: int, mode: str) -> Array:
    """One axis with other elements of it before and after."""
    n = x.shape[axis]
    if mode == "circular":
        pieces = [_part(x, axis, n - before, n), x, _part(x, axis, 0, after)]
    elif mode == "reflect":
        first, last = _part(x, axis, 1, before + 1), _part(x, axis, n - 1 - after, n - 1)
        pieces = [xp.flip(first, axis=axis), x, xp.flip(last, axis=axis)]
    else:
        pieces = [_repeated(xp, x, axis, 0, before), x, _repeated(xp, x, axis, n - 1, after)]
    kept = [piece for piece in pieces if piece.shape[axis]]
    return xp.concat(kept, axis=axis) if len(kept) > 1 else x


def _repeated(xp: Any, x: Array, axis: int, place: int, count: int) -> Array:
    edge = _part(x, axis, place, place + 1)
    return xp.broadcast_to(edge, (*x.shape[:axis], count, *x.shape[axis + 1 :]))


def _check_pads(x: Array, pads: Sequence[int], mode: str) -> Pairs:
    """The pairs in the order of the axes, the last ones of ``x``."""
    check_arrays("pad", x=x)
    if not isinstance(pads, Sequence) or any(  # pyright: ignore[reportUnnecessaryIsInstance]
        isinstance(n, bool) or not hasattr(type(n), "__index__") for n in pads
    ):
        raise complaint("pad", f"expected a sequence of whole numbers for pad, got {pads!r}", TypeError)
    pads = tuple(operator.index(n) for n in pads)
    if len(pads) % 2 or len(pads) > 2 * x.ndim:
        raise complaint("pad", f"expected a pair of numbers for each of at most {x.ndim} axes, got {pads}")
    pairs = tuple((pads[i], pads[i + 1]) for i in range(len(pads) - 2, -1, -2))
    sizes = x.shape[x.ndim - len(pairs) :]
    whole = mode in ("constant", "circular")  # of which what is left after cutting counts
    ends = [(min(a, 0), min(b, 0)) if whole else (a, b) for a, b in pairs]
    if any(n + a + b < 0 for n, (a, b) in zip(sizes, ends, strict=True)):
        raise complaint("pad", f"expected to cut off no more than there is, got {pads} for shape {x.shape}")
    if mode != "constant":
        _check_mode(x, pairs, sizes, mode)
    return pairs


def _constant(x: Array, value: Any) -> Any:
    """What to pad with, of the kind that ``x`` holds."""
    if value is None or isinstance(value, (bool, complex)):
        return value or 0
    value = number("pad", "value", value)
    if not math.isfinite(value) and array_namespace(x).isdtype(x.dtype, "integral"):
        raise complaint("pad", f"expected a value that {x.dtype} can hold, got {value}")
    return value


def _check_mode(x: Array, pairs: Pairs, sizes: tuple[int, ...], mode: str) -> None:
    """Raise where there is nothing to mirror, repeat or go round to, or no numbers."""
    if mode != "circular" and array_namespace(x).isdtype(x.dtype, "bool"):
        raise complaint("pad", f'expected numbers in the mode "{mode}", got dtype {x.dtype}', TypeError)
    if len(pairs) not in (1, 2, 3) or x.ndim - len(pairs) not in (1, 2):
        raise complaint(
            "pad",
            f'expected 2 numbers for 2 or 3 axes, 4 for 3 or 4, or 6 for 4 or 5 in the mode "{mode}", got '
            f"{2 * len(pairs)} for shape {x.shape}",
        )
    if mode != "circular" and 0 in (x.shape if x.ndim - len(pairs) == 1 else x.shape[1:]):
        raise complaint(
            "pad", f'expected no empty axis but the first in the mode "{mode}", got shape {x.shape}'
        )
    given = "".join(f"{pair} " for pair in reversed(pairs))
    for n, (a, b) in zip(sizes, pairs, strict=True):
        room = {"reflect": n - 1, "replicate": max(a, b), "circular": n + min(a, 0) + min(b, 0)}[mode]
        if max(a, b) > room:
            raise complaint(
                "pad", f'expected at most {room} in the mode "{mode}", got {given}for shape {x.shape}'
            )
    if mode != "circular" and all(n + a + b < 1 for n, (a, b) in zip(sizes, pairs, strict=True)):
        raise complaint("pad", f"expected to leave something, got {given}for shape {x.shape}")


def pad(x: Array, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Array:
    """Longer at the ends, as ``torch.nn.functional.pad``; shorter where a number is negative.

    Parameters
    ----------
    x
        Any shape for ``"constant"``; the other modes take the axes after one or two, of batch and channels.
    pad
        How many elements before and after, a pair for each axis *from the last one on*: ``(left, right, top,
        bottom)``.
    mode
        What is added: ``"constant"`` adds ``value``; ``"reflect"`` the elements mirrored at the edge, which is not
        repeated; ``"replicate"`` the edge; ``"circular"`` those of the other end.
    value
        The constant, 0 by default.

    Raises
    ------
    ValueError
        Where the numbers don't fit the shape.
    TypeError
        Where ``pad`` isn't a sequence of whole numbers.

    Examples
    --------
    >>> import numpy as np
    >>> import nnx.functional as F
    >>> F.pad(np.asarray([[1.0, 2.0, 3.0]]), (2, 1), "reflect")
    array([[3., 2., 1., 2., 3., 2.]])
    >>> F.pad(np.asarray([[1.0, 2.0, 3.0]]), (1, -1))
    array([[0., 1., 2.]])
    """
    if mode not in MODES:
        raise complaint("pad", f"expected a mode of {', '.join(MODES)}, got {mode!r}")
    pairs = _check_pads(x, pad, mode)
    if mode == "constant":
        return pad_constant(x, pairs=pairs, value=_constant(x, value))
    if value:
        raise complaint("pad", f'expected no value in the mode "{mode}", got {value}')
    xp = array_namespace(x)
    first = x.ndim - len(pairs)
    cut = tuple((min(a, 0), min(b, 0)) for a, b in pairs)
    if mode == "circular":
        x = _cut(x, cut)
    for axis, (a, b) in enumerate(pairs, first):
        x = _extended(xp, x, axis, max(a, 0), max(b, 0), mode)
    return x if mode == "circular" else _cut(x, cut)


def _cut(x: Array, pairs: Pairs) -> Array:
    return pad_constant(x, pairs=pairs) if any(n for pair in pairs for n in pair) else x
