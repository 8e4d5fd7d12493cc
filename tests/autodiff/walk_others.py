"""Random calls of the functions that have arguments like no other's: creation, manipulation, searching."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from .walk import COMPLEX, ON_DEVICE, REAL, Call, Draw, DType, array, axis, dtypes_of, pair, shapes, some

__all__ = ["OTHERS"]


def _x(draw: Draw, **options: Any) -> np.ndarray:
    return array(draw, draw(shapes(**options)))


def _dtype(draw: Draw) -> dict[str, Any]:
    return some(draw, dtype=st.sampled_from([DType(name) for name in (*REAL, *COMPLEX, "int64", "bool")]))


def _made(draw: Draw, name: str) -> Call:
    return Call((draw(shapes()),), {**_dtype(draw), "device": ON_DEVICE})


def _like(draw: Draw, name: str) -> Call:
    return Call((_x(draw),), _dtype(draw))


def _full(draw: Draw, name: str) -> Call:
    value = draw(st.sampled_from([2.5, -1, 1 + 2j, True]))
    return Call((draw(shapes()), value), {"device": ON_DEVICE})


def _full_like(draw: Draw, name: str) -> Call:
    return Call((_x(draw), draw(st.sampled_from([2.5, -1, 0]))), some(draw, dtype=st.just(DType("float64"))))


def _arange(draw: Draw, name: str) -> Call:
    start, stop, step = (draw(st.sampled_from(v)) for v in ([0, 1.5, -2], [4, 6.5], [1, 0.5, 2]))
    return Call((start, stop, step), {"device": ON_DEVICE})


def _eye(draw: Draw, name: str) -> Call:
    options = {**some(draw, k=st.integers(-2, 2)), **_dtype(draw)}
    return Call((draw(st.integers(0, 3)), draw(st.integers(0, 3))), {**options, "device": ON_DEVICE})


def _linspace(draw: Draw, name: str) -> Call:
    numbers = st.sampled_from([0.0, 1.5, -2, 1 + 1j])
    return Call((draw(numbers), draw(numbers), draw(st.integers(0, 4))),
                {**some(draw, endpoint=st.booleans()), "device": ON_DEVICE})  # fmt: skip


def _meshgrid(draw: Draw, name: str) -> Call:
    dtypes = (draw(st.sampled_from(REAL + COMPLEX)),)
    arrays = tuple(array(draw, draw(shapes(1, 1)), dtypes) for _ in range(draw(st.integers(1, 3))))
    return Call(arrays, some(draw, indexing=st.sampled_from(["xy", "ij"])))


def _asarray(draw: Draw, name: str) -> Call:
    return Call(
        (_x(draw),), some(draw, copy=st.sampled_from([True, None]), dtype=st.just(DType("complex128")))
    )


def _astype(draw: Draw, name: str) -> Call:
    x = _x(draw)
    targets = (*REAL, *COMPLEX, "int64", "bool") if x.dtype.kind == "f" else COMPLEX
    return Call((x, DType(draw(st.sampled_from(targets)))), some(draw, copy=st.booleans()))


def _broadcast_to(draw: Draw, name: str) -> Call:
    shape = draw(shapes())
    return Call((array(draw, shape), (*draw(shapes(max_dims=1)), *shape)))


def _broadcast_arrays(draw: Draw, name: str) -> Call:
    return Call(tuple(array(draw, shape) for shape in pair(draw)))


def _clip(draw: Draw, name: str) -> Call:
    shape, bound = pair(draw)
    x = array(draw, shape, ("float64",))
    if np.broadcast_shapes(shape, bound) != shape:  # bounds broadcast to x, not x to them
        bound = ()
    low = array(draw, bound, ("float64",))
    choices = [
        {},
        {"min": low},
        {"max": low},
        {"min": low, "max": low + 0.5},
        {"min": -0.5, "max": 1},
        {"max": 0.25},
    ]
    return Call((x,), draw(st.sampled_from(choices)))


def _diff(draw: Draw, name: str) -> Call:
    shape = draw(shapes(min_dims=1))
    dtypes = (draw(st.sampled_from(REAL + COMPLEX)),)
    at = axis(draw, len(shape), False)
    edge = list(shape)
    edge[at.get("axis", -1)] = draw(st.integers(0, 2))
    ends = {k: array(draw, tuple(edge), dtypes) for k in ("prepend", "append") if draw(st.booleans())}
    return Call((array(draw, shape, dtypes),), {**at, **some(draw, n=st.integers(0, 3)), **ends})


def _expand_dims(draw: Draw, name: str) -> Call:
    x = _x(draw)
    return Call((x,), {"axis": draw(st.integers(-x.ndim - 1, x.ndim))})


def _flip(draw: Draw, name: str) -> Call:
    x = _x(draw)
    return Call((x,), axis(draw, x.ndim))


def _moveaxis(draw: Draw, name: str) -> Call:
    x = _x(draw, min_dims=1)
    axes = st.integers(-x.ndim, x.ndim - 1)
    if draw(st.booleans()):
        order = tuple(draw(st.permutations(range(x.ndim))))
        return Call((x, tuple(range(x.ndim)), order))
    return Call((x, draw(axes), draw(axes)))


def _permute_dims(draw: Draw, name: str) -> Call:
    x = _x(draw)
    return Call((x, tuple(draw(st.permutations(range(x.ndim))))))


def _repeat(draw: Draw, name: str) -> Call:
    x = _x(draw, min_dims=1)
    at = axis(draw, x.ndim, False)
    n = x.shape[at["axis"]] if at else x.size
    if draw(st.booleans()) and n:
        return Call((x, np.random.default_rng(draw(st.integers(0, 9))).integers(0, 3, n)), at)
    return Call((x, draw(st.integers(0, 3))), at)


def _reshape(draw: Draw, name: str) -> Call:
    x = _x(draw)
    shape = draw(st.sampled_from([(x.size,), x.shape[::-1], (1, *x.shape), (-1,) if x.size else (x.size, 1)]))
    return Call((x, shape), some(draw, copy=st.sampled_from([True, None])))


def _roll(draw: Draw, name: str) -> Call:
    x = _x(draw, min_dims=1)
    if draw(st.booleans()):
        return Call((x, (1, -2)), {"axis": (0, -1)})
    return Call((x, draw(st.integers(-4, 4))), axis(draw, x.ndim, False))


def _squeeze(draw: Draw, name: str) -> Call:
    x = _x(draw)
    at = draw(st.integers(0, x.ndim))
    return Call((np.expand_dims(x, at),), {"axis": draw(st.sampled_from([at, at - x.ndim - 1, (at,)]))})


def _tile(draw: Draw, name: str) -> Call:
    return Call((_x(draw), tuple(draw(st.lists(st.integers(0, 2), max_size=4)))))


def _unstack(draw: Draw, name: str) -> Call:
    x = _x(draw, min_dims=1)
    return Call((x,), axis(draw, x.ndim, False))


def _isin(draw: Draw, name: str) -> Call:
    dtypes = ("int64",)
    return Call(
        (array(draw, draw(shapes()), dtypes), array(draw, draw(shapes()), dtypes)),
        some(draw, invert=st.booleans()),
    )


def _searchsorted(draw: Draw, name: str) -> Call:
    x = np.sort(array(draw, draw(shapes(1, 1, 1)), REAL))
    options = some(draw, side=st.sampled_from(["left", "right"]))
    if draw(st.booleans()):
        return Call((x[::-1].copy(), array(draw, draw(shapes()), (x.dtype.name,))),
                    {**options, "sorter": np.arange(x.size)[::-1].copy()})  # fmt: skip
    return Call((x, array(draw, draw(shapes()), (x.dtype.name,))), options)


def _take(draw: Draw, name: str) -> Call:
    x = _x(draw, min_dims=1, min_side=1)
    at = axis(draw, x.ndim, False, optional=x.ndim == 1)
    n = x.shape[at.get("axis", 0)]
    return Call(
        (x, np.random.default_rng(draw(st.integers(0, 9))).integers(-n, n, draw(st.integers(0, 4)))), at
    )


def _take_along_axis(draw: Draw, name: str) -> Call:
    x = _x(draw, min_dims=1, min_side=1)
    at = axis(draw, x.ndim, False)
    where = at.get("axis", -1)
    shape = list(x.shape)
    shape[where] = draw(st.integers(0, 4))
    n = x.shape[where]
    return Call((x, np.random.default_rng(draw(st.integers(0, 9))).integers(-n, n, tuple(shape))), at)


def _where(draw: Draw, name: str) -> Call:
    first, second = pair(draw)
    dtypes = draw(st.sampled_from([REAL, COMPLEX]))
    x, y = array(draw, first, dtypes), array(draw, second, dtypes)
    condition = array(draw, np.broadcast_shapes(first, second), ("bool",))
    return Call((condition, *draw(st.sampled_from([(x, y), (x, y), (x, 0.5), (2.0, y)]))))


def _shift(draw: Draw, name: str) -> Call:
    first, second = pair(draw)
    return Call((array(draw, first, ("uint8",)), array(draw, second, ("uint8",))))


def _nonzero(draw: Draw, name: str) -> Call:
    return Call((array(draw, draw(shapes(min_dims=1)), dtypes_of(name)),))


def _frequencies(draw: Draw, name: str) -> Call:
    return Call(
        (draw(st.integers(1, 5)),), {**some(draw, d=st.sampled_from([0.5, 2.0])), "device": ON_DEVICE}
    )


def _fixed(*args: Any) -> Callable[[Draw, str], Call]:
    return lambda draw, name: Call(args)


OTHERS: dict[str, Callable[[Draw, str], Call]] = {
    **dict.fromkeys(("ones", "zeros", "empty"), _made),
    **dict.fromkeys(("ones_like", "zeros_like", "empty_like"), _like),
    "full": _full, "full_like": _full_like, "arange": _arange, "eye": _eye, "linspace": _linspace,
    "meshgrid": _meshgrid, "asarray": _asarray, "astype": _astype, "broadcast_to": _broadcast_to,
    "broadcast_arrays": _broadcast_arrays, "clip": _clip, "diff": _diff, "expand_dims": _expand_dims, "flip": _flip,
    "moveaxis": _moveaxis, "permute_dims": _permute_dims, "repeat": _repeat, "reshape": _reshape, "roll": _roll,
    "squeeze": _squeeze, "tile": _tile, "unstack": _unstack, "isin": _isin, "searchsorted": _searchsorted,
    "take": _take, "take_along_axis": _take_along_axis, "where": _where, "nonzero": _nonzero,
    "bitwise_left_shift": _shift, "bitwise_right_shift": _shift,
    "from_dlpack": lambda draw, name: Call((_x(draw),), {"device": ON_DEVICE}),
    "fft.fftfreq": _frequencies, "fft.rfftfreq": _frequencies,
    "broadcast_shapes": _fixed((3, 1), (2,)),
    "can_cast": _fixed(DType("float32"), DType("float64")),
    "finfo": _fixed(DType("float32")), "iinfo": _fixed(DType("int8")),
    "isdtype": _fixed(DType("float32"), "real floating"),
    "result_type": lambda draw, name: Call((_x(draw), DType("float64"), 1.0)),
}  # fmt: skip
"""By name; all others are served by ``walk.KINDS``."""
