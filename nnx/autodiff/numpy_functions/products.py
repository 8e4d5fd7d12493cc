"""Products of vectors, matrices and tensors."""

from __future__ import annotations

import string
from collections.abc import Callable
from typing import Any

from ..einsum import einsum
from ._tools import as_arrays, axes_of, axis_of, is_complex, places, same_dtype, unavailable, with_axes

__all__ = ["FUNCTIONS", "UFUNCS", "convolution"]


def _conj(xp: Any, x: Any) -> Any:
    return xp.conj(x) if is_complex(xp, x) else x


def _dot(xp: Any, a: Any, b: Any, out: Any = None) -> Any:
    a, b = same_dtype(xp, as_arrays(xp, (a, b)))
    if a.ndim == 0 or b.ndim == 0:
        return a * b
    if b.ndim < 3 and a.ndim < 3:
        return xp.matmul(a, b)
    return xp.tensordot(a, b, axes=((a.ndim - 1,), (max(b.ndim - 2, 0),)))


def _inner(xp: Any, a: Any, b: Any, /) -> Any:
    a, b = same_dtype(xp, as_arrays(xp, (a, b)))
    if a.ndim == 0 or b.ndim == 0:
        return a * b
    return xp.tensordot(a, b, axes=((a.ndim - 1,), (b.ndim - 1,)))


def _outer(xp: Any, a: Any, b: Any, out: Any = None) -> Any:
    a, b = (xp.reshape(x, (-1,)) for x in as_arrays(xp, (a, b)))
    return a[:, None] * b[None, :]


def _vdot(xp: Any, a: Any, b: Any, /) -> Any:
    a, b = (xp.reshape(x, (-1,)) for x in same_dtype(xp, as_arrays(xp, (a, b))))
    return xp.matmul(_conj(xp, a), b)


def _tensordot(xp: Any, a: Any, b: Any, axes: Any = 2) -> Any:
    a, b = same_dtype(xp, as_arrays(xp, (a, b)))
    if not isinstance(axes, int):
        left, right = axes
        axes = (axes_of(left, a.ndim), axes_of(right, b.ndim))
    return xp.tensordot(a, b, axes=axes)


def _matmul(xp: Any, x1: Any, x2: Any, /) -> Any:
    return xp.matmul(*same_dtype(xp, as_arrays(xp, (x1, x2))))


def _vecdot(xp: Any, x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    x1, x2 = same_dtype(xp, as_arrays(xp, (x1, x2)))
    if axis != -1:
        x1, x2 = xp.moveaxis(x1, axis, -1), xp.moveaxis(x2, axis, -1)
    return xp.vecdot(x1, x2)


def _matvec(xp: Any, x1: Any, x2: Any, /) -> Any:
    x1, x2 = same_dtype(xp, as_arrays(xp, (x1, x2)))
    return xp.matmul(x1, x2[..., None])[..., 0]


def _vecmat(xp: Any, x1: Any, x2: Any, /) -> Any:
    x1, x2 = same_dtype(xp, as_arrays(xp, (x1, x2)))
    return xp.matmul(_conj(xp, x1)[..., None, :], x2)[..., 0, :]


def _kron(xp: Any, a: Any, b: Any) -> Any:
    a, b = as_arrays(xp, (a, b))
    ndim = max(a.ndim, b.ndim)
    a, b = with_axes(a, ndim), with_axes(b, ndim)
    wide = xp.reshape(a, tuple(m for n in a.shape for m in (n, 1)))
    fine = xp.reshape(b, tuple(m for n in b.shape for m in (1, n)))
    return xp.reshape(wide * fine, tuple(m * n for m, n in zip(a.shape, b.shape, strict=True)))


def _cross(
    xp: Any, a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Any:
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = as_arrays(xp, (a, b))
    a, b = xp.moveaxis(a, axis_of(axisa, a.ndim), -1), xp.moveaxis(b, axis_of(axisb, b.ndim), -1)
    if a.shape[-1] != 3 or b.shape[-1] != 3:
        raise unavailable("np.cross of vectors that have not three components")
    x, y = ([v[..., i] for i in range(3)] for v in (a, b))
    parts = [x[i] * y[j] - x[j] * y[i] for i, j in ((1, 2), (2, 0), (0, 1))]
    result = xp.stack(parts, axis=-1)
    return xp.moveaxis(result, -1, axis_of(axisc, result.ndim))


def _einsum(
    xp: Any, *operands: Any, out: Any = None, optimize: Any = False, dtype: Any = None, order: str = "K",
    casting: str = "safe",
) -> Any:  # fmt: skip
    if isinstance(operands[0], str):
        subscripts, *items = operands
    else:
        subscripts, items = _from_lists(operands)
    return einsum(xp, subscripts, *same_dtype(xp, as_arrays(xp, items), dtype))


def _from_lists(operands: Any) -> tuple[str, list[Any]]:
    """``einsum(x, [0, 1], y, [1, 2], [0, 2])`` in letters."""

    def letters(sublist: Any) -> str:
        return "".join("..." if i is Ellipsis else string.ascii_letters[int(i)] for i in sublist)

    pairs = len(operands) // 2
    text = ",".join(letters(operands[2 * i + 1]) for i in range(pairs))
    if len(operands) % 2:
        text += "->" + letters(operands[-1])
    return text, [operands[2 * i] for i in range(pairs)]


def _multi_dot(xp: Any, arrays: Any, *, out: Any = None) -> Any:
    items = same_dtype(xp, as_arrays(xp, arrays))
    if len(items) < 2:
        raise ValueError("Expecting at least two arrays.")
    while len(items) > 1:  # the product that shrinks most first
        i = max(range(len(items) - 1), key=lambda i: items[i].shape[-1])
        items[i : i + 2] = [xp.matmul(items[i], items[i + 1])]
    return items[0]


def _linalg_outer(xp: Any, x1: Any, x2: Any, /) -> Any:
    x1, x2 = as_arrays(xp, (x1, x2))
    if x1.ndim != 1 or x2.ndim != 1:
        raise ValueError(f"Input arrays must be one-dimensional, but they are {x1.ndim=} and {x2.ndim=}.")
    return _outer(xp, x1, x2)


def convolution(xp: Any, a: Any, v: Any, mode: str, conjugate: bool) -> Any:
    """``convolve``, and ``correlate`` where ``v`` comes turned and conjugated."""
    from ..convolution import convolve1d

    a, v = same_dtype(xp, [xp.reshape(x, (-1,)) if x.ndim == 0 else x for x in as_arrays(xp, (a, v))])
    if a.ndim > 1 or v.ndim > 1:
        raise ValueError("object too deep for desired array")
    if not a.shape[0] or not v.shape[0]:
        raise ValueError("a and v cannot be empty")
    full = convolve1d(a, _conj(xp, xp.flip(v)) if conjugate else v)
    short, long = sorted((a.shape[0], v.shape[0]))
    if mode == "full":
        return full
    if mode == "valid":
        return full[places(0, slice(short - 1, long))]
    if mode != "same":
        raise ValueError(f"mode must be one of 'valid', 'same', or 'full' (got {mode!r})")
    turned = conjugate and v.shape[0] > a.shape[0]
    start = short // 2 if turned else short - 1 - short // 2
    return full[places(0, slice(start, start + long))]


def _convolve(xp: Any, a: Any, v: Any, mode: str = "full") -> Any:
    return convolution(xp, a, v, mode, False)


def _correlate(xp: Any, a: Any, v: Any, mode: str = "valid") -> Any:
    return convolution(xp, a, v, mode, True)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "convolve": _convolve,
    "correlate": _correlate,
    "cross": _cross,
    "dot": _dot,
    "einsum": _einsum,
    "inner": _inner,
    "kron": _kron,
    "linalg.cross": lambda xp, x1, x2, /, *, axis=-1: _cross(xp, x1, x2, axis=axis),
    "linalg.matmul": _matmul,
    "linalg.multi_dot": _multi_dot,
    "linalg.outer": _linalg_outer,
    "linalg.tensordot": lambda xp, x1, x2, /, *, axes=2: _tensordot(xp, x1, x2, axes),
    "linalg.vecdot": _vecdot,
    "outer": _outer,
    "tensordot": _tensordot,
    "vdot": _vdot,
}

UFUNCS: dict[str, Callable[..., Any]] = {
    "matmul": _matmul,
    "matvec": _matvec,
    "vecdot": _vecdot,
    "vecmat": _vecmat,
}
"""Universal functions of NumPy's that are products."""
