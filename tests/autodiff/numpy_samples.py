"""Sample calls of NumPy's functions, methods and attributes: one row a function, one lambda a way to call it.

The first parameter of a lambda is the function; the names of the others say what it is given (``DATA``). A function
that is to be differentiated needs a row and nothing else.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = [
    "ATTRIBUTES",
    "Call",
    "DATA",
    "FIRST_ORDER",
    "FUNCTIONS",
    "LEFT_ALONE",
    "METHODS",
    "NUMPY_ONLY",
    "OPTIONS",
    "OTHER_ATTRIBUTES",
    "OWN_SIGNATURES",
    "READ_ONLY",
    "UFUNCS",
    "UFUNC_METHODS",
    "UNNAMED",
    "WRITERS",
    "arguments",
]  # fmt: skip

Call = Callable[..., Any]

_rng = np.random.default_rng(20)


def _normal(*shape: int) -> Any:
    return _rng.standard_normal(shape)


def _holed(*shape: int) -> Any:
    x = _normal(*shape)
    x[0, 1] = x[2, 3] = np.nan
    return x


DATA: dict[str, Any] = {
    "x": _normal(3, 4),
    "y": _normal(3, 4),
    "p": _rng.uniform(0.5, 2.0, (3, 4)),  # positive
    "q": _rng.uniform(0.5, 2.0, (3, 4)),
    "u": _rng.uniform(-0.9, 0.9, (3, 4)),  # inside the unit interval
    "o": _rng.uniform(1.1, 3.0, (3, 4)),  # beyond it
    "f": _rng.uniform(0.05, 0.95, (3, 4)),  # fractions
    "g": _rng.uniform(0.05, 0.95, (3, 4)),
    "v": _normal(5),
    "w": _normal(5),
    "r": _normal(3),
    "k": np.sort(_rng.uniform(0.0, 4.0, 6)),  # knots
    "c": _normal(6),
    "m": _normal(3, 3) + 2 * np.eye(3),
    "n": _normal(3, 3) + 2 * np.eye(3),
    "t": _normal(2, 3, 4),
    "s": np.asarray(0.7),
    "z": _normal(3, 4) + 1j * _normal(3, 4),
    "zv": _normal(5) + 1j * _normal(5),
    "zw": _normal(5) + 1j * _normal(5),
    "zm": _normal(3, 3) + 1j * _normal(3, 3) + 2 * np.eye(3),
    "h": _holed(3, 4),  # with NaN
}


def arguments(call: Call) -> list[str]:
    """The names of what a sample call is given after the function."""
    parameters = list(inspect.signature(call).parameters.values())[1:]
    return [p.name for p in parameters if p.default is inspect.Parameter.empty]


MASK = np.asarray([[True, False, True, True], [False, True, True, False], [True, True, False, True]])
INDEX = np.asarray([[2, 0], [1, 1]])


def spd(m: Any) -> Any:
    """A symmetric positive definite matrix, its lower triangle being what counts."""
    return m @ m.T + 3 * np.eye(m.shape[0])


def then(_: Any, x: Any) -> Any:
    """What an array has become."""
    return x * x


def _reduction(*more: Call) -> list[Call]:
    return [
        lambda f, x: f(x),
        lambda f, x: f(x, 0),
        lambda f, x: f(x, axis=-1, keepdims=True),
        lambda f, t: f(t, axis=(0, 2)),
        *more,
    ]


_QUANTILES: list[Call] = [
    lambda f, x: f(x, 0.3),
    lambda f, x: f(x, [0.1, 0.5, 1.0], axis=1),
    lambda f, t: f(t, 0.45, axis=(0, 2), keepdims=True),
    *(
        (lambda f, v, method=method: f(v, 0.37, method=method))
        for method in """linear hazen weibull median_unbiased normal_unbiased interpolated_inverted_cdf lower higher
        midpoint nearest inverted_cdf""".split()
    ),
]


def _percent(calls: list[Call]) -> list[Call]:
    return [
        lambda f, x: f(x, 30),
        lambda f, x: f(x, [10, 50, 100.0], axis=1),
        lambda f, t: f(t, 45, axis=(0, 2), keepdims=True),
        lambda f, v: f(v, 37.0, method="hazen"),
    ]


_SPLIT: list[Call] = [lambda f, x: f(x, 1), lambda f, x: f(x, [1, 2])]
_FFT: list[Call] = [
    lambda f, z: f(z),
    lambda f, x: f(x, n=5, axis=0, norm="ortho"),
    lambda f, z: f(z, 3, 1, "forward"),
]
_FFT_REAL: list[Call] = [lambda f, x: f(x), lambda f, x: f(x, n=5, axis=0, norm="ortho")]
_FFTN: list[Call] = [lambda f, z: f(z), lambda f, t: f(t, s=(3, 5), axes=(0, 1), norm="forward")]
_FFTN_REAL: list[Call] = [lambda f, x: f(x), lambda f, t: f(t, s=(3, 5), axes=(0, 1), norm="ortho")]

FUNCTIONS: dict[str, list[Call]] = {
    # reductions
    "sum": _reduction(
        lambda f, x: f(x, where=MASK),
        lambda f, x: f(x, axis=1, initial=2.0),
        lambda f, x: f(x, dtype=np.float64),
        lambda f, z: f(z, axis=0),
    ),
    "prod": _reduction(lambda f, x: f(x, where=MASK, axis=0), lambda f, x: f(x, initial=2.0)),
    "mean": _reduction(
        lambda f, x: f(x, axis=0, where=MASK), lambda f, z: f(z, axis=1), lambda f, x: f(x, dtype=float)
    ),
    "std": _reduction(
        lambda f, x: f(x, ddof=1),
        lambda f, x: f(x, axis=1, correction=1),
        lambda f, x: f(x, axis=0, where=MASK),
        lambda f, x: f(x, axis=0, mean=np.mean(x, axis=0, keepdims=True)),
        lambda f, z: f(z, axis=0),
    ),
    "var": _reduction(
        lambda f, x: f(x, ddof=1),
        lambda f, x: f(x, 0, None, None, 1),
        lambda f, x: f(x, axis=0, ddof=1, where=MASK),
        lambda f, z: f(z, axis=0, ddof=1),
    ),
    "max": _reduction(lambda f, x: f(x, axis=0, initial=0.2), lambda f, x: f(x, where=MASK, initial=-3.0)),
    "min": _reduction(lambda f, x: f(x, axis=0, initial=0.2)),
    "amax": _reduction(),
    "amin": _reduction(),
    "ptp": _reduction(),
    "median": _reduction(lambda f, v: f(v)),
    "quantile": _QUANTILES + [lambda f, x: f(x, x[0, 0] * 0 + 0.33)],
    "percentile": _percent(_QUANTILES),
    "average": [
        lambda f, x: f(x),
        lambda f, x, p: f(x, weights=p),
        lambda f, x, p: f(x, axis=1, weights=p[0, :], keepdims=True),
        lambda f, x, p: f(x, axis=0, weights=p, returned=True),
    ],
    "nansum": _reduction(lambda f, h: f(h, axis=0)),
    "nanprod": _reduction(lambda f, h: f(h, axis=0)),
    "nanmean": _reduction(lambda f, h: f(h, axis=0), lambda f, h: f(h, where=MASK)),
    "nanvar": _reduction(lambda f, h: f(h, axis=0), lambda f, h: f(h, ddof=1)),
    "nanstd": _reduction(lambda f, h: f(h, axis=1), lambda f, h: f(h, ddof=1)),
    "nanmax": _reduction(lambda f, h: f(h, axis=0)),
    "nanmin": _reduction(lambda f, h: f(h, axis=0)),
    "nanmedian": _reduction(lambda f, h: f(h), lambda f, h: f(h, axis=1)),
    "nanquantile": [*_QUANTILES[:3], lambda f, h: f(h, [0.2, 0.9], axis=1), lambda f, h: f(h, 0.4)],
    "nanpercentile": [lambda f, h: f(h, [20, 90], axis=0)],
    "cumsum": [lambda f, x: f(x), lambda f, x: f(x, axis=1), lambda f, x: f(x, 0, np.float64)],
    "cumprod": [lambda f, x: f(x), lambda f, x: f(x, axis=1)],
    "nancumsum": [lambda f, h: f(h), lambda f, h: f(h, axis=1)],
    "nancumprod": [lambda f, h: f(h), lambda f, h: f(h, axis=1)],
    "cumulative_sum": [lambda f, x: f(x, axis=1), lambda f, x: f(x, axis=0, include_initial=True)],
    "cumulative_prod": [lambda f, x: f(x, axis=1), lambda f, x: f(x, axis=0, include_initial=True)],
    # differences, integrals, signals
    "diff": [
        lambda f, x: f(x),
        lambda f, x: f(x, 2, axis=0),
        lambda f, x: f(x, prepend=0.5, append=x[:, :2]),
    ],
    "ediff1d": [lambda f, x: f(x), lambda f, x, r: f(x, to_begin=-1.0, to_end=r)],
    "gradient": [
        lambda f, v: f(v),
        lambda f, x: f(x),
        lambda f, x: f(x, 2.0, axis=0, edge_order=2),
        lambda f, x: f(x, 2.0, 0.5),
        lambda f, c, k: f(c, k),
        lambda f, c, k: f(c, k, edge_order=2),
        lambda f, x, s: f(x, s, axis=1),
    ],
    "trapezoid": [
        lambda f, v: f(v),
        lambda f, x: f(x, dx=0.5, axis=0),
        lambda f, c, k: f(c, k),
        lambda f, x, r: f(x, r, axis=0),
        lambda f, x, y: f(x, y),
    ],
    "interp": [
        lambda f, p, k, c: f(p, k, c),
        lambda f, v, k, c: f(v, k, c, left=-1.0, right=2.0),
        lambda f, v, k, c: f(v, xp=k, fp=c, period=5.0),
    ],
    "unwrap": [
        lambda f, v: f(4 * v),
        lambda f, x: f(3 * x, axis=0, period=2.5),
        lambda f, v: f(4 * v, discont=4.0),
    ],
    "sinc": [lambda f, x: f(x), lambda f, x: f(x * 0), lambda f, x: f(x * 0.02)],
    "i0": [lambda f, x: f(x)],
    "convolve": [
        *((lambda f, v, r, mode=mode: f(v, r, mode)) for mode in ("full", "same", "valid")),
        *((lambda f, v, c, mode=mode: f(v, c, mode)) for mode in ("full", "same", "valid")),
        lambda f, zv, v: f(zv, v),
    ],
    "correlate": [
        *((lambda f, v, r, mode=mode: f(v, r, mode)) for mode in ("full", "same", "valid")),
        *((lambda f, v, c, mode=mode: f(v, c, mode)) for mode in ("full", "same", "valid")),
        *((lambda f, v, x, mode=mode: f(x[0, :], v, mode)) for mode in ("full", "same", "valid")),
        lambda f, zv, zw: f(zv, zw[:3], "same"),
    ],
    # shapes
    "reshape": [
        lambda f, x: f(x, (4, 3)),
        lambda f, x: f(x, -1),
        lambda f, x: f(x, (2, -1), order="F"),
        lambda f, x: f(x, shape=[6, 2], copy=True),
        lambda f, x: f(x.T, (2, 6)),
    ],
    "ravel": [lambda f, x: f(x), lambda f, x: f(x, "F"), lambda f, x: f(x[:, ::2]), lambda f, v: f(v[::2])],
    "transpose": [lambda f, x: f(x), lambda f, t: f(t, (1, 0, 2)), lambda f, t: f(t, axes=(-1, 0, 1))],
    "permute_dims": [lambda f, t: f(t, (1, 0, 2))],
    "matrix_transpose": [lambda f, t: f(t)],
    "linalg.matrix_transpose": [lambda f, t: f(t)],
    "swapaxes": [lambda f, t: f(t, 0, -1)],
    "moveaxis": [lambda f, t: f(t, 0, -1), lambda f, t: f(t, [0, 1], [-1, 0])],
    "rollaxis": [
        lambda f, t: f(t, 2),
        lambda f, t: f(t, 0, 2),
        lambda f, t: f(t, 1, 3),
        lambda f, t: f(t, -1, -2),
    ],
    "squeeze": [lambda f, x: f(x[None, :, None, :]), lambda f, x: f(x[None, :, None, :], axis=0)],
    "expand_dims": [lambda f, x: f(x, 1), lambda f, x: f(x, (0, -1))],
    "broadcast_to": [lambda f, x: f(x, (2, 3, 4)), lambda f, s: f(s, 3)],
    "broadcast_arrays": [lambda f, x, r: f(x, r[:, None]), lambda f, x, y: f(x, y)],
    "atleast_1d": [lambda f, s: f(s), lambda f, s, x: f(s, x)],
    "atleast_2d": [lambda f, v: f(v), lambda f, s, x: f(s, x)],
    "atleast_3d": [lambda f, v: f(v), lambda f, x: f(x), lambda f, s, t: f(s, t)],
    "flip": [lambda f, x: f(x), lambda f, x: f(x, 0), lambda f, t: f(t, axis=(0, -1))],
    "fliplr": [lambda f, x: f(x)],
    "flipud": [lambda f, x: f(x)],
    "rot90": [*((lambda f, x, k2=k: f(x, k2)) for k in range(-1, 4)), lambda f, t: f(t, 1, (1, 2))],
    "roll": [
        lambda f, x: f(x, 2),
        lambda f, x: f(x, -1, axis=0),
        lambda f, x: f(x, (1, 2), axis=(0, 1)),
        lambda f, x: f(x, (1, 2), axis=1),
        lambda f, x: f(x, 1, axis=(0, 1)),
    ],
    "repeat": [
        lambda f, x: f(x, 2),
        lambda f, x: f(x, 2, axis=1),
        lambda f, x: f(x, [1, 0, 3], axis=0),
        lambda f, x: f(x, [2], axis=0),
    ],
    "tile": [lambda f, x: f(x, 2), lambda f, x: f(x, (2, 1, 3)), lambda f, v: f(v, (2, 2))],
    "resize": [lambda f, x: f(x, (2, 2)), lambda f, x: f(x, (5, 5)), lambda f, v: f(v, 12)],
    "split": [*_SPLIT, lambda f, x: f(x, 2, axis=1), lambda f, x: f(x, [1, 3], 1)],
    "array_split": [*_SPLIT, lambda f, x: f(x, 2), lambda f, v: f(v, 3)],
    "hsplit": [*_SPLIT, lambda f, v: f(v, [2])],
    "vsplit": _SPLIT,
    "dsplit": [lambda f, t: f(t, 2), lambda f, t: f(t, [1])],
    "unstack": [lambda f, x: f(x), lambda f, x: f(x, axis=1)],
    "lib.stride_tricks.sliding_window_view": [
        lambda f, v: f(v, 3),
        lambda f, x: f(x, (2, 2)),
        lambda f, x: f(x, 2, axis=1),
    ],
    "tril": [lambda f, x: f(x), lambda f, t: f(t, 1), lambda f, r: f(r)],
    "triu": [lambda f, x: f(x), lambda f, t: f(t, k=-1), lambda f, r: f(r, 1)],
    "diag": [lambda f, v: f(v), lambda f, v: f(v, -2), lambda f, x: f(x), lambda f, x: f(x, k=1)],
    "diagflat": [lambda f, x: f(x), lambda f, v: f(v, 1)],
    "diagonal": [lambda f, x: f(x), lambda f, t: f(t, 1, 2, 0), lambda f, t: f(t, axis1=1, axis2=2)],
    "linalg.diagonal": [lambda f, t: f(t), lambda f, t: f(t, offset=-1)],
    "trace": [lambda f, x: f(x), lambda f, t: f(t, 1, 1, 2)],
    "linalg.trace": [lambda f, t: f(t), lambda f, t: f(t, offset=1)],
    # joining
    "concatenate": [
        lambda f, x, y: f([x, y]),
        lambda f, x, y: f((x, y), axis=1),
        lambda f, x, v: f([x, v], axis=None),
        lambda f, x: f([x, np.ones((3, 1))], axis=-1),
        lambda f, x, z: f([x, z], dtype=complex),
    ],
    "concat": [lambda f, x, y: f([x, y], axis=1)],
    "stack": [
        lambda f, x, y: f([x, y]),
        lambda f, x, y: f([x, y, 2 * x], axis=-1),
        lambda f, s: f([s, s * s, 1.0]),
    ],
    "vstack": [lambda f, x, u: f([x, u[0, :], x])],
    "hstack": [lambda f, v, w: f([v, w, 1.0]), lambda f, x, y: f((x, y))],
    "dstack": [lambda f, x, y: f([x, y]), lambda f, v, w: f([v, w])],
    "column_stack": [lambda f, r, x: f([r, x, r])],
    "block": [
        lambda f, x, y: f([x, y]),
        lambda f, m, n: f([[m, np.zeros((3, 1))], [n, np.ones((3, 1))]]),
        lambda f, s: f([s, 2.0, s]),
        lambda f, x: f(x),
    ],
    "append": [lambda f, x, v: f(x, v), lambda f, x, y: f(x, y, axis=0), lambda f, v: f(v, 3.0)],
    "insert": [
        lambda f, v: f(v, 1, 9.0),
        lambda f, v, s: f(v, [1, 3, 3], s),
        lambda f, x, r: f(x, 1, r, axis=1),
        lambda f, x: f(x, slice(0, 2), 7.0, axis=0),
        lambda f, x, y: f(x, [0, 2], y[:2, :], axis=0),
        lambda f, x: f(x, -1, 5.0),
        lambda f, x, y: f(x, [2], y[:, :1], axis=1),
    ],
    "delete": [
        lambda f, v: f(v, 1),
        lambda f, x: f(x, [0, -1], axis=1),
        lambda f, x: f(x, slice(1, 3), 0),
        lambda f, v: f(v, np.asarray([True, False, False, True, False])),
    ],
    "meshgrid": [
        lambda f, v, r: f(v, r),
        lambda f, v, r: f(v, r, indexing="ij"),
        lambda f, v, r: f(v, r, sparse=True),
        lambda f, v: f(v),
    ],
    # choosing
    "where": [
        lambda f, x, y: f(x > y, x, y),
        lambda f, x: f(MASK, x, 0.0),
        lambda f, x: f(x, 1.0, x),
        lambda f, x: f(MASK[0], x, np.pi),
    ],
    "clip": [
        lambda f, x: f(x, -0.5, 0.5),
        lambda f, x, p: f(x, None, p),
        lambda f, x, p: f(x, a_min=-p, a_max=p),
        lambda f, x: f(x, min=0.1, max=None),
        lambda f, x: f(x, 0.5, -0.5),
    ],
    "take": [
        lambda f, x: f(x, 3),
        lambda f, x: f(x, INDEX),
        lambda f, x: f(x, INDEX, axis=1),
        lambda f, x: f(x, [-1, 5], axis=0, mode="wrap"),
        lambda f, x: f(x, [-1, 5], axis=0, mode="clip"),
        lambda f, x: f(x, -1, axis=1),
    ],
    "take_along_axis": [
        lambda f, x: f(x, np.argsort(x, axis=1), axis=1),
        lambda f, x: f(x, np.asarray([3, 3, 0]), None),
        lambda f, x: f(x, np.asarray([[0, 2, 1, 0]]), 0),
    ],
    "choose": [
        lambda f, x, y: f(INDEX, [x[:2, :2], y[:2, :2], 1.0]),
        lambda f, t: f(np.asarray([0, 1, 1, 0]), [t[0, ...], t[1, ...]]),
    ],
    "compress": [lambda f, x: f([True, False, True], x, axis=0), lambda f, x: f([0, 1, 1], x)],
    "extract": [lambda f, x: f(MASK, x), lambda f, x: f(x > 0, x)],
    "select": [lambda f, x, y: f([x > 0.5, y > 0], [x, y * y], 3.0), lambda f, x: f([MASK], [x])],
    "piecewise": [
        lambda f, x: f(x, [x < 0, x >= 0.5], [lambda a: -a, lambda a: a * a]),
        lambda f, x: f(x, [x < 0], [np.sin, np.exp]),
        lambda f, v: f(v, v < 0, [2.0, np.exp]),
    ],
    "apply_along_axis": [
        lambda f, x: f(np.sum, 0, x),
        lambda f, x: f(lambda row: row[:2] * row[2], 1, x),
        lambda f, t: f(lambda row, n: np.outer(row, row)[:n, :], 1, t, 2),
    ],
    "apply_over_axes": [lambda f, t: f(np.sum, t, [0, 2]), lambda f, x: f(np.mean, x, 1)],
    "nan_to_num": [
        lambda f, h: f(h),
        lambda f, h: f(h, nan=2.0),
        lambda f, z: f(z),
        lambda f, h: f(h, copy=True, posinf=1.0),
    ],
    "real": [lambda f, z: f(z), lambda f, x: f(x)],
    "imag": [lambda f, z: f(z)],
    "angle": [lambda f, z: f(z), lambda f, z: f(z, deg=True)],
    "real_if_close": [lambda f, x: f(x), lambda f, z: f(z), lambda f, x: f(x + 0j)],
    "round": [lambda f, x: f(x), lambda f, x: f(x, 2), lambda f, x: f(100 * x, decimals=-1)],
    "around": [lambda f, x: f(x, 1)],
    "fix": [lambda f, x: f(3 * x)],
    "bincount": [
        lambda f, v: f(np.asarray([3, 0, 3, 1, 1]), v),
        lambda f, v: f(np.asarray([3, 0, 3, 1, 1]), weights=v, minlength=6),
    ],
    "trim_zeros": [lambda f, v: f(np.concatenate([np.zeros(2), v, np.zeros(1)])), lambda f, v: f(v, "b")],
    # order
    "sort": [lambda f, x: f(x), lambda f, x: f(x, axis=0), lambda f, x: f(x, None), lambda f, z: f(z)],
    "sort_complex": [lambda f, x: f(x), lambda f, z: f(z)],
    "partition": [lambda f, v: f(v, 2), lambda f, x: f(x, 1, axis=0)],
    "unique": [
        lambda f, v: f(v),
        lambda f, v: f(np.concatenate([v, v[:2]]), True, True, True),
        lambda f, x: f(x, return_inverse=True),
    ],
    "unique_all": [lambda f, v: f(v)],
    "unique_counts": [lambda f, v: f(v)],
    "unique_inverse": [lambda f, v: f(v)],
    "unique_values": [lambda f, v: f(v)],
    "union1d": [lambda f, v, w: f(v, w)],
    "intersect1d": [
        lambda f, v, w: f(np.concatenate([v, w]), np.concatenate([w, w])),
        lambda f, v, w: f(np.concatenate([v, w]), w, return_indices=True),
    ],
    "setdiff1d": [lambda f, v, w: f(np.concatenate([v, w]), w), lambda f, v: f(v, [0.0], assume_unique=True)],
    "setxor1d": [lambda f, v, w, r: f(np.concatenate([v, r]), np.concatenate([w, r]))],
    # products
    "dot": [
        lambda f, x, y: f(x, y.T),
        lambda f, v, w: f(v, w),
        lambda f, t, x: f(t, x.T),
        lambda f, t, u: f(t, u[0, :]),
        lambda f, x, t: f(x, np.swapaxes(t, 1, 2)),
        lambda f, x, s: f(x, s),
        lambda f, r, m: f(r, m),
        lambda f, z, x: f(z, x.T),
    ],
    "inner": [
        lambda f, x, y: f(x, y),
        lambda f, v, w: f(v, w),
        lambda f, t, x: f(t, x),
        lambda f, s, x: f(s, x),
    ],
    "outer": [lambda f, v, r: f(v, r), lambda f, x, r: f(x, r), lambda f, zv, r: f(zv, r)],
    "linalg.outer": [lambda f, v, r: f(v, r)],
    "vdot": [lambda f, x, y: f(x, y), lambda f, zv, zw: f(zv, zw)],
    "vecdot": [lambda f, x, y: f(x, y), lambda f, z, x: f(z, x), lambda f, x, y: f(x, y, axis=0)],
    "linalg.vecdot": [lambda f, x, y: f(x, y), lambda f, z, x: f(z, x, axis=0)],
    "matvec": [lambda f, t, u: f(t, u[0, :]), lambda f, x, u: f(x, u)],
    "vecmat": [lambda f, r, x: f(r, x), lambda f, zm, z: f(zm, z)],
    "matmul": [lambda f, x, y: f(x, y.T), lambda f, t, x: f(t, x.T), lambda f, r, m: f(r, m)],
    "linalg.matmul": [lambda f, x, y: f(x, y.T)],
    "tensordot": [
        lambda f, x, y: f(x, y),
        lambda f, x, y: f(x, y, 0),
        lambda f, t, x: f(t, x, axes=([1, 2], [0, 1])),
        lambda f, t, x: f(t, x, axes=(-1, 1)),
    ],
    "linalg.tensordot": [lambda f, x, y: f(x, y), lambda f, t, x: f(t, x, axes=([1, 2], [0, 1]))],
    "kron": [
        lambda f, x, m: f(x, m),
        lambda f, v, x: f(v, x),
        lambda f, t, m: f(t, m),
        lambda f, s, x: f(s, x),
    ],
    "cross": [
        lambda f, m, n: f(m, n),
        lambda f, x, y: f(x, y, axis=0),
        lambda f, m, r: f(m, r),
        lambda f, x, m: f(x[:, :3], m, 0, 1, 0),
    ],
    "linalg.cross": [lambda f, m, n: f(m, n), lambda f, x, y: f(x, y, axis=0)],
    "einsum": [
        lambda f, x, y: f("ij,ij", x, y),
        lambda f, x, y: f("ij,kj->ik", x, y),
        lambda f, m: f("ii", m),
        lambda f, m: f("ii->i", m),
        lambda f, x: f("ij->ji", x),
        lambda f, x: f("ij->", x),
        lambda f, x: f("ij", x),
        lambda f, x: f("ji", x),
        lambda f, t, x: f("...ij,kj->...ik", t, x),
        lambda f, t, x: f("bij,ij->bi", t, x),
        lambda f, t, x, r: f("bij,ij,i->bj", t, x, r, optimize=True),
        lambda f, t, m, n: f("bij,ik,il->bjkl", t, m, n),
        lambda f, v, r: f("i,j", v, r),
        lambda f, x: f("ij,ij->j", x, x),
        lambda f, x, r: f("ij,kj->ikj", x, r[:, None]),
        lambda f, x, y: f(x, [0, 1], y, [2, 1], [0, 2]),
        lambda f, t: f(t, [Ellipsis, 1], [1, Ellipsis]),
        lambda f, zm, m: f("ij,jk", zm, m),
        lambda f, t: f("ijk,ijk,ijk->k", t, t, t),
        lambda f, m: f("iij->j", np.stack([m, m, m])),
        lambda f, x: f("i...->...", x),
    ],
    "linalg.multi_dot": [lambda f, x, y, m: f([m, x, y.T]), lambda f, r, m, n: f([r, m, n, r])],
    # linear algebra
    "linalg.norm": [
        lambda f, x: f(x),
        lambda f, v: f(v),
        lambda f, t: f(t),
        lambda f, z: f(z),
        *((lambda f, v, order=order: f(v, order)) for order in (1, 2, 3, 0.5, -1, -2.5, np.inf, -np.inf)),
        *((lambda f, m, order=order: f(m, order)) for order in ("fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)),
        lambda f, t: f(t, axis=1, keepdims=True),
        lambda f, t: f(t, "fro", axis=(0, 2), keepdims=True),
        lambda f, t: f(t, 1, (2, 0)),
    ],
    "linalg.vector_norm": [lambda f, x: f(x), lambda f, t: f(t, axis=(0, 1), ord=3)],
    "linalg.matrix_norm": [lambda f, t: f(t), lambda f, t: f(t, ord="nuc", keepdims=True)],
    "linalg.det": [lambda f, m: f(m), lambda f, m, n: f(np.stack([m, n]))],
    "linalg.slogdet": [lambda f, m: f(m), lambda f, zm: f(zm)],
    "linalg.inv": [lambda f, m: f(m)],
    "linalg.pinv": [
        lambda f, m: f(m),
        lambda f, x: f(x),
        lambda f, x: f(x, rtol=None),
        lambda f, x: f(x, 1e-10),
    ],
    "linalg.solve": [lambda f, m, r: f(m, r), lambda f, m, x: f(m, x), lambda f, zm, x: f(zm, x)],
    "linalg.tensorsolve": [
        lambda f, m, r: f(m, r),
        lambda f, t: f(np.reshape(spd(np.reshape(t[0, ...], (6, 2))), (2, 3, 6)), t[0, :2, :3]),
    ],
    "linalg.tensorinv": [lambda f, m: f(m, ind=1)],
    "linalg.lstsq": [lambda f, x, r: f(x.T, np.concatenate([r, r[:1]])), lambda f, x, m: f(x, m)],
    "linalg.cholesky": [lambda f, m: f(spd(m)), lambda f, m: f(spd(m), upper=True)],
    "linalg.qr": [lambda f, x: f(x.T), lambda f, m: f(m), lambda f, x: f(x.T, mode="r")],
    "linalg.svd": [
        lambda f, x: f(x, compute_uv=False),
        lambda f, x: f(x, full_matrices=False),
        lambda f, m: f(m),
    ],
    "linalg.eigh": [lambda f, m: f(spd(m)), lambda f, m: np.abs(f(m + m.T, UPLO="U")[1])],
    "linalg.eig": [lambda f, m: f(spd(m) + 0.1 * np.triu(m))],
    "linalg.matrix_rank": [
        lambda f, x: (x * 2, f(x)),
        lambda f, t: (t * 2, f(t, tol=0.1)),
        lambda f, v: (v * 2, f(v)),
        lambda f, x: (x * 2, f(x, rtol=0.1)),
    ],
    "empty_like": [lambda f, x: f(x) * 0, lambda f, x: f(x, shape=(2,)) * 0],
    "linalg.svdvals": [lambda f, x: f(x)],
    "linalg.eigvalsh": [lambda f, m: f(spd(m)), lambda f, m: f(m + m.T, "U")],
    "linalg.eigvals": [lambda f, m: f(spd(m) + np.triu(m)), lambda f, zm: f(zm)],
    "linalg.cond": [lambda f, m: f(m), lambda f, m: f(m, 1), lambda f, m: f(m, "fro"), lambda f, m: f(m, -2)],
    "linalg.matrix_power": [lambda f, m: f(m, 3), lambda f, m: f(m, -2), lambda f, m: f(m, 0)],
    # Fourier
    **{f"fft.{name}": _FFT for name in ("fft", "ifft", "irfft", "hfft")},
    **{f"fft.{name}": _FFT_REAL for name in ("rfft", "ihfft")},
    **{f"fft.{name}": _FFTN for name in ("fft2", "ifft2", "fftn", "ifftn", "irfft2", "irfftn")},
    **{f"fft.{name}": _FFTN_REAL for name in ("rfft2", "rfftn")},
    "fft.fftshift": [lambda f, x: f(x), lambda f, x: f(x, axes=1)],
    "fft.ifftshift": [lambda f, x: f(x), lambda f, x: f(x, axes=(0,))],
    # polynomials
    "polyval": [
        lambda f, v, x: f(v, x),
        lambda f, v: f([1.0, 2.0, 3.0], v),
        lambda f, v: f(np.poly1d([1.0, 2.0]), v),
    ],
    "polyadd": [lambda f, v, r: f(v, r)],
    "polysub": [lambda f, r, v: f(r, v)],
    "polymul": [lambda f, v, r: f(v, r)],
    "polydiv": [lambda f, v, r: f(v, r), lambda f, r, v: f(r, v)],
    "polyder": [lambda f, v: f(v), lambda f, v: f(v, 2)],
    "polyint": [lambda f, v: f(v), lambda f, v: f(v, 2, k=[1.0, 3.0]), lambda f, v, s: f(v, k=s)],
    "poly": [lambda f, r: f(r), lambda f, m: f(spd(m))],
    "roots": [lambda f, r: f(np.poly(r)), lambda f, v: f(v)],
    "polyfit": [lambda f, k, c: f(k, c, 2), lambda f, k, c, p: f(k, c, 1, w=np.reshape(p, -1)[:6])],
    "vander": [lambda f, v: f(v), lambda f, v: f(v, 3, increasing=True)],
    # statistics
    "cov": [
        lambda f, x: f(x),
        lambda f, x, y: f(x, y, bias=True),
        lambda f, x: f(x, rowvar=False, ddof=0),
        lambda f, v, w: f(v, w),
        lambda f, v: f(v),
        lambda f, x: f(x, fweights=[1, 2, 1, 3]),
        lambda f, x, p: f(x, aweights=p[0, :]),
        lambda f, z: f(z),
    ],
    "corrcoef": [lambda f, x: f(x), lambda f, v, w: f(v, w), lambda f, x: f(x, rowvar=False)],
    # padding
    "pad": [
        lambda f, x: f(x, 2),
        lambda f, x: f(x, ((1, 2), (0, 3)), constant_values=((1, 2), (3, 4))),
        lambda f, v, s: f(v, (2, 1), "constant", constant_values=(s, 2.0)),
        *(
            (lambda f, x, mode=mode: f(x, ((1, 2), (2, 1)), mode))
            for mode in "edge reflect symmetric wrap linear_ramp maximum minimum mean median".split()
        ),
        *((lambda f, v, mode=mode: f(v, 7, mode=mode)) for mode in ("reflect", "symmetric", "wrap")),
        lambda f, x: f(x, 2, "linear_ramp", end_values=(1.0, -2.0)),
        lambda f, x: f(x, 1, "mean", stat_length=2),
        lambda f, x: f(x, {-1: 2}),
    ],
    # new arrays
    "copy": [lambda f, x: f(x)],
    "astype": [lambda f, x: f(x, np.complex128)],
    "zeros_like": [lambda f, x: f(x), lambda f, x: f(x, shape=(2,), dtype="float32")],
    "ones_like": [lambda f, x: f(x), lambda f, x: f(x, dtype=complex)],
    "full_like": [lambda f, x: f(x, 2.5), lambda f, x, s: f(x, s)],
    "linspace": [
        lambda f, s: f(s, 3.0, 5),
        lambda f, r, m: f(r, m[0, :], 4, endpoint=False, axis=-1),
        lambda f, s: f(0, s, num=4, retstep=True),
    ],
    "logspace": [lambda f, s: f(s, 2.0, 5), lambda f, s: f(0.0, s, 4, base=2.0)],
    "geomspace": [
        lambda f, s: f(s, 8.0, 5),
        lambda f, p: f(p[0, :], p[1, :], 4, endpoint=False),
        lambda f, s: f(-s, -8.0, 5),
    ],
    "asarray": [lambda f, x: f(x, like=x), lambda f, s: f([s, 2.0, s * s], like=s)],
    "array": [lambda f, x: f(x, like=x), lambda f, s: f([[s, 1.0], [2.0, s]], like=s, ndmin=3)],
    "full": [lambda f, s: f((2, 3), s, like=s)],
    # complex results of real arrays
    "emath.sqrt": [lambda f, x: f(x), lambda f, p: f(p)],
    "emath.log": [lambda f, x: f(x), lambda f, p: f(p)],
    "emath.log2": [lambda f, x: f(x)],
    "emath.log10": [lambda f, x: f(x)],
    "emath.logn": [lambda f, x: f(3.0, x), lambda f, p: f(2.0, p)],
    "emath.power": [lambda f, x: f(x, 2), lambda f, x: f(x, 0.5), lambda f, p, u: f(p, u)],
    "emath.arccos": [lambda f, u: f(u), lambda f, o: f(o)],
    "emath.arcsin": [lambda f, u: f(u), lambda f, o: f(o)],
    "emath.arctanh": [lambda f, u: f(u), lambda f, o: f(o)],
}

WRITERS: dict[str, list[Call]] = {
    "copyto": [lambda f, x, y: then(f(x, y), x), lambda f, x, r: then(f(x, r[:, None], where=x > 0), x)],
    "fill_diagonal": [
        lambda f, x, s: then(f(x, s), x),
        lambda f, m, r: then(f(m, r), m),
        lambda f, x: then(f(x.T, [1.0, 2.0]), x),
    ],
    "nan_to_num": [lambda f, h: then(f(h, copy=False), h)],
    "place": [lambda f, x, v: then(f(x, MASK, v), x), lambda f, x: then(f(x, x > 0, [1.0]), x)],
    "put": [
        lambda f, x, v: then(f(x, [0, -1, 5], v[:3]), x),
        lambda f, x, v: then(f(x.T, [3, 3, 20], v, mode="wrap"), x),
    ],
    "put_along_axis": [lambda f, x, y: then(f(x, np.asarray([[1], [0], [3]]), y[:, :1], axis=1), x)],
    "putmask": [lambda f, x, v: then(f(x, MASK, v), x)],
    "add.at": [
        lambda f, x, v: then(f(x[0, ...], [1, 3, 3, 0, 1], v), x),
        lambda f, x, y: then(f(x, (slice(None), np.asarray([0, 0])), y[:, :2]), x),
        lambda f, x: then(f(x, MASK, 2.0), x),
    ],
    "subtract.at": [lambda f, x, v: then(f(x, (np.asarray([0, 1, 0]), np.asarray([2, 2, 2])), v[:3]), x)],
}
"""Functions that write into an argument; a row gives what became of it."""

UFUNC_METHODS: dict[str, list[Call]] = {
    "add.reduce": [
        lambda f, x: f(x),
        lambda f, x: f(x, axis=None, keepdims=True),
        lambda f, x: f(x, 1, where=MASK),
    ],
    "multiply.reduce": [lambda f, x: f(x, axis=(0, 1))],
    "maximum.reduce": [lambda f, x: f(x, axis=1), lambda f, x: f(x, initial=0.3)],
    "minimum.reduce": [lambda f, x: f(x)],
    "logaddexp.reduce": [lambda f, x: f(x), lambda f, x: f(x, axis=1, keepdims=True)],
    "subtract.reduce": [lambda f, x: f(x, axis=-1)],
    "add.accumulate": [lambda f, x: f(x), lambda f, x: f(x, axis=1)],
    "multiply.accumulate": [lambda f, x: f(x)],
    "maximum.accumulate": [lambda f, x: f(x, 1), lambda f, v: f(v)],
    "logaddexp.accumulate": [lambda f, x: f(x)],
    "add.outer": [lambda f, x, v: f(x, v)],
    "multiply.outer": [lambda f, v, x: f(v, x), lambda f, v: f(v, [1.0, 2.0]), lambda f, s, v: f(s, v)],
    "arctan2.outer": [lambda f, v, w: f(v, w)],
    "add.reduceat": [lambda f, c: f(c, [0, 4, 2, 3]), lambda f, x: f(x, [0, 2], axis=1)],
    "maximum.reduceat": [lambda f, c: f(c, [1, 3])],
}

OPTIONS: dict[str, list[Call]] = {
    "add": [
        lambda f, x, y: then(f(x, y, out=x), x),
        lambda f, x, y: f(x, y, out=np.zeros_like(x)),
        lambda f, x, y, p: f(x, y, where=MASK, out=p),
        lambda f, x, y: f(x, y, dtype=np.complex128),
        lambda f, x, y: f(x, y, np.empty_like(y)),
        lambda f, v, x: f(v[0], 1.0, out=x[0, :]),
    ],
    "exp": [lambda f, x: then(f(x, out=x), x), lambda f, x, p: f(x, out=p, where=x > 0)],
    "divmod": [lambda f, x, p: f(x, p, out=(None, np.zeros_like(x)))],
    "sum": [lambda f, x, u: f(x, axis=0, out=u[0, :]), lambda f, x, u: then(f(x, 1, None, u[:, 0]), u)],
    "mean": [lambda f, x, r: then(f(x, axis=1, out=r), r)],
    "clip": [lambda f, x: then(f(x, -0.5, 0.5, x), x), lambda f, x: then(f(x, -0.5, 0.5, out=x), x)],
    "matmul": [lambda f, m, n: then(f(m, n, out=m), m)],
    "take": [lambda f, x, u: then(f(x, [2, 0], axis=0, out=u[:2, :]), u)],
    "cumsum": [lambda f, x: then(f(x, axis=1, out=x), x)],
    "median": [lambda f, x: f(np.copy(x), overwrite_input=True)],
    "dot": [lambda f, m, n: then(f(m, n, m), m)],
}
"""``out=``, ``where=`` and ``dtype=``."""

_UNARY: list[Call] = [lambda f, x: f(x)]
_COMPLEX: list[Call] = [lambda f, x: f(x), lambda f, z: f(z)]
_BINARY: list[Call] = [
    lambda f, x, y: f(x, y),
    lambda f, x: f(x, 1.5),
    lambda f, x, r: f(x, r[:, None]),
    lambda f, y: f(DATA["x"], y),
]
_DIVISION: list[Call] = [
    lambda f, x, p: f(x, p),
    lambda f, x: f(x, 1.5),
    lambda f, x, p: f(x, -p[0, :]),
    lambda f, p: f(DATA["x"], p),
]
_POSITIVE: list[Call] = [lambda f, p: f(p), lambda f, z: f(z)]

_ONE = """expm1 exp2 tan arctan arcsinh fabs cbrt deg2rad rad2deg degrees radians sign floor ceil trunc rint modf
frexp"""
_TWO = "maximum minimum fmax fmin hypot logaddexp logaddexp2 copysign arctan2 nextafter"

UFUNCS: dict[str, list[Call]] = {
    **{name: [*_BINARY, lambda f, z, x: f(z, x)] for name in ("add", "subtract", "multiply", "divide")},
    **dict.fromkeys(_TWO.split(), _BINARY),
    **dict.fromkeys(("remainder", "floor_divide", "divmod", "fmod"), _DIVISION),
    **dict.fromkeys(_ONE.split(), _UNARY),
    **dict.fromkeys(
        "negative positive exp sin cos tanh square sinh cosh conjugate absolute".split(), _COMPLEX
    ),
    **dict.fromkeys(("log", "log2", "log10", "log1p", "sqrt", "reciprocal"), _POSITIVE),
    **{name: [lambda f, u: f(u)] for name in ("arcsin", "arccos", "arctanh")},
    "arccosh": [lambda f, o: f(o)],
    "power": [lambda f, p, x: f(p, x), lambda f, x: f(x, 3), lambda f, x: f(2.0, x), lambda f, z: f(z, 2)],
    "float_power": [lambda f, p, x: f(p, x), lambda f, x: f(x, 2)],
    "heaviside": [lambda f, x, y: f(x, y), lambda f, x, y: f(x * 0, y)],
    "ldexp": [lambda f, x: f(x, np.asarray([1, -2, 3, 0]))],
    "matmul": FUNCTIONS["matmul"],
    "vecdot": FUNCTIONS["vecdot"],
    "matvec": FUNCTIONS["matvec"],
    "vecmat": FUNCTIONS["vecmat"],
}

_REDUCED: list[Call] = [lambda f, x: f(x), lambda f, x: f(x, 0), lambda f, x: f(x, axis=1, keepdims=True)]

METHODS: dict[str, list[Call]] = {
    **dict.fromkeys(("sum", "prod", "mean", "std", "var", "max", "min"), _REDUCED),
    "argsort": [lambda f, x: x + f(x)],
    "astype": [lambda f, x: f(x, np.complex128), lambda f, x: f(x, "float64", copy=False)],
    "choose": [lambda f, x, y: f(np.zeros((3, 4), dtype=int) + 0 * (x > y), [x, y])],
    "clip": [lambda f, x: f(x, -0.5, 0.5), lambda f, x: f(x, max=0.1)],
    "compress": [lambda f, x: f(x, [True, False, True], axis=0)],
    "conj": [lambda f, z: f(z), lambda f, x: f(x)],
    "conjugate": [lambda f, z: f(z)],
    "copy": [lambda f, x: f(x)],
    "cumprod": [lambda f, x: f(x, 0)],
    "cumsum": [lambda f, x: f(x, axis=1), lambda f, x: f(x)],
    "diagonal": [lambda f, x: f(x), lambda f, t: f(t, 1, 1, 2)],
    "dot": [lambda f, x, y: f(x, y.T)],
    "fill": [lambda f, x, s: (f(x, s), x)[1], lambda f, x: (f(x, 2.0), x * 1.0)[1]],
    "flatten": [lambda f, x: f(x), lambda f, x: f(x, "F")],
    "partition": [lambda f, v: (f(v, 2), v * 1)[1]],
    "put": [
        lambda f, x: (f(x, [1, -1], [5.0, 6.0]), x * x)[1],
        lambda f, x, v: (f(x, [0, 7, 7], v[:2]), x * x)[1],
    ],
    "ravel": [lambda f, x: f(x), lambda f, x: f(x.T)],
    "repeat": [lambda f, x: f(x, 2, axis=1)],
    "reshape": [lambda f, x: f(x, 2, 6), lambda f, x: f(x, (4, -1)), lambda f, x: f(x, 12, order="F")],
    "round": [lambda f, x: f(x, 1)],
    "sort": [lambda f, x: (f(x), x * x)[1], lambda f, x: (f(x, axis=0), x * x)[1]],
    "squeeze": [lambda f, x: f(x[None, ...])],
    "swapaxes": [lambda f, t: f(t, 0, 2)],
    "take": [lambda f, x: f(x, [0, 2], axis=1)],
    "trace": [lambda f, x: f(x, 1)],
    "transpose": [
        lambda f, t: f(t),
        lambda f, t: f(t, 1, 0, 2),
        lambda f, t: f(t, (2, 0, 1)),
        lambda f, t: f(t, None),
    ],
}

ATTRIBUTES: dict[str, list[Call]] = {
    "T": [lambda f, x: f(x)],
    "mT": [lambda f, t: f(t)],
    "real": [lambda f, z: f(z), lambda f, x: f(x)],
    "imag": [lambda f, z: f(z)],
    "flat": [lambda f, x: f(x)[2:5] * 1.0, lambda f, x: f(x.T)[3] * 1.0],
}

NUMPY_ONLY = frozenset(("at", "partition", "place", "put", "put_along_axis"))
"""Functions that need more than the standard."""

FIRST_ORDER = frozenset(("unique_all", "unique_counts", "unique_inverse", "unique_values"))
"""Functions that are checked to first order only."""

READ_ONLY = frozenset(("broadcast_arrays", "einsum"))
"""Functions whose results may be written to in NumPy, and not on traced arrays."""

OWN_SIGNATURES = frozenset(("einsum",))
"""Functions that spell out what NumPy passes on as ``**kwargs``."""

FILL_VALUES = frozenset(f"ma.{name}_fill_value" for name in ("common", "default", "maximum", "minimum"))
"""What depends on the dtype alone."""

UNNAMED = frozenset(("frombuffer", "isfortran", "lib.array_utils.byte_bounds", "nditer"))
"""Functions that look at raw memory without asking: a traced array has none, and Python says so."""

LEFT_ALONE = FILL_VALUES | frozenset(
    """test info show_config show_runtime get_include setbufsize seterr seterrcall set_printoptions printoptions
    errstate testing.rundocs testing.runstring testing.measure random.seed random.set_state testing.tempdir
    testing.temppath save savez savez_compressed savetxt load loadtxt genfromtxt fromfile fromregex""".split()
)
"""What would change the process, or look for files."""

OTHER_ATTRIBUTES = frozenset(
    """all any argmax argmin argpartition device dtype item itemsize nbytes ndim nonzero searchsorted shape size
    to_device tolist""".split()
)
"""What an array has beside numbers that depend on it."""
