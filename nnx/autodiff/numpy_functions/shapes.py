"""Reshaping, moving and repeating: views where NumPy makes views."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..views import register
from ._tools import as_array, as_arrays, axes_of, axis_of, dtype_of, places, unavailable, with_axes

__all__ = ["FUNCTIONS", "flat"]


def _order(order: Any, what: str) -> str:
    if order in ("C", None):
        return "C"
    if order in ("F", "f"):
        return "F"
    raise unavailable(f"{what} with order={order!r} (it depends on how the array lies in memory)")


def _several(x: Any) -> bool:
    """Whether this is a sequence or a vector."""
    return isinstance(x, (tuple, list)) or bool(getattr(x, "ndim", 0))


def _shape(shape: Any) -> tuple[int, ...]:
    return tuple(int(n) for n in shape) if _several(shape) else (int(shape),)


def _reversed(xp: Any, x: Any) -> Any:
    return xp.permute_dims(x, tuple(range(x.ndim))[::-1])


def _reshape(xp: Any, a: Any, /, shape: Any = None, order: Any = "C", *, copy: Any = None) -> Any:
    a = as_array(xp, a)
    params = {} if copy is None else {"copy": copy}
    if _order(order, "np.reshape") == "C":
        return xp.reshape(a, _shape(shape), **params)
    return _reversed(xp, xp.reshape(_reversed(xp, a), _shape(shape)[::-1], **params))


def _ravel(xp: Any, a: Any, order: Any = "C") -> Any:
    a = as_array(xp, a)
    if order in ("A", "K") and a.ndim < 2:
        order = "C"
    result = _reshape(xp, a, (-1,), _order(order, "np.ravel"))
    library = xp._library
    raw = library.raw(a)
    own = getattr(raw, "ravel", None)
    # A strided vector can be reshaped without a copy, but not ravelled without one.
    if own is not None and not library.backend.is_view(own(order), raw):
        return xp.asarray(result, copy=True)
    return result


def flat(xp: Any, a: Any) -> Any:
    """The elements in order, as a view however the array lies in memory: NumPy's ``.flat``."""
    library = xp._library
    out = xp.asarray(xp.reshape(a, (-1,)), copy=True)
    reshape = library.function("reshape")
    register(out, a, lambda parent: reshape(parent, (-1,)), lambda parent, new: reshape(new, parent.shape))
    return out


def _transpose(xp: Any, a: Any, axes: Any = None) -> Any:
    a = as_array(xp, a)
    return _reversed(xp, a) if axes is None else xp.permute_dims(a, tuple(int(i) for i in axes))


def _swapaxes(xp: Any, a: Any, axis1: int, axis2: int) -> Any:
    a = as_array(xp, a)
    order = list(range(a.ndim))
    i, j = axis_of(axis1, a.ndim), axis_of(axis2, a.ndim)
    order[i], order[j] = order[j], order[i]
    return xp.permute_dims(a, tuple(order))


def _moveaxis(xp: Any, a: Any, source: Any, destination: Any) -> Any:
    a = as_array(xp, a)
    return xp.moveaxis(a, axes_of(source, a.ndim), axes_of(destination, a.ndim))


def _rollaxis(xp: Any, a: Any, axis: int, start: int = 0) -> Any:
    a = as_array(xp, a)
    axis = axis_of(axis, a.ndim)
    start = start + a.ndim if start < 0 else start
    order = [i for i in range(a.ndim) if i != axis]
    order.insert(start - 1 if axis < start else start, axis)
    return xp.permute_dims(a, tuple(order))


def _squeeze(xp: Any, a: Any, axis: Any = None) -> Any:
    a = as_array(xp, a)
    axes = tuple(i for i, n in enumerate(a.shape) if n == 1) if axis is None else axes_of(axis, a.ndim)
    return xp.squeeze(a, axis=axes)


def _expand_dims(xp: Any, a: Any, axis: Any) -> Any:
    a = as_array(xp, a)
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    added = axes_of(axes, a.ndim + len(axes))
    key = tuple(None if i in added else slice(None) for i in range(a.ndim + len(axes)))
    return a[key]


def _matrix_transpose(xp: Any, x: Any, /) -> Any:
    return xp.matrix_transpose(as_array(xp, x))


def _broadcast_to(xp: Any, array: Any, shape: Any, subok: bool = False) -> Any:
    return xp.broadcast_to(as_array(xp, array), _shape(shape))


def _broadcast_arrays(xp: Any, *args: Any, subok: bool = False) -> Any:
    items = as_arrays(xp, args)
    shape = xp.broadcast_shapes(*[x.shape for x in items])
    return tuple(x if x.shape == tuple(shape) else xp.broadcast_to(x, tuple(shape)) for x in items)


def _at_least(ndim: int) -> Callable[..., Any]:
    """``atleast_1d`` and its like."""

    def one(x: Any) -> Any:
        if x.ndim >= ndim:
            return x
        if x.ndim == 0:
            return with_axes(x, ndim)
        if x.ndim == 1:
            return x[None, :] if ndim == 2 else x[None, :, None]
        return x[:, :, None]

    def function(xp: Any, *arys: Any) -> Any:
        results = tuple(one(x) for x in as_arrays(xp, arys))
        return results[0] if len(results) == 1 else results

    return function


def _flip(xp: Any, m: Any, axis: Any = None) -> Any:
    m = as_array(xp, m)
    return xp.flip(m, axis=None if axis is None else axes_of(axis, m.ndim))


def _rot90(xp: Any, m: Any, k: int = 1, axes: Any = (0, 1)) -> Any:
    m = as_array(xp, m)
    first, second = axes_of(tuple(axes), m.ndim)
    k %= 4
    if k == 0:
        return m[...]
    if k == 2:
        return xp.flip(m, axis=(first, second))
    turned = _swapaxes(xp, xp.flip(m, axis=second) if k == 1 else m, first, second)
    return turned if k == 1 else xp.flip(turned, axis=second)


def _roll(xp: Any, a: Any, shift: Any, axis: Any = None) -> Any:
    a = as_array(xp, a)
    shift = _shape(shift) if _several(shift) else int(shift)
    if isinstance(shift, tuple) and not isinstance(axis, (tuple, list)):
        if axis is None:
            return xp.roll(a, sum(shift))
        axis = (axis,) * len(shift)
    return xp.roll(a, shift, axis=tuple(axis) if isinstance(axis, list) else axis)


def _repeat(xp: Any, a: Any, repeats: Any, axis: Any = None) -> Any:
    a = as_array(xp, a)
    if not isinstance(repeats, int):
        repeats = as_array(xp, repeats, a)
        if repeats.size == 1:
            repeats = int(repeats[(0,) * repeats.ndim])
    return xp.repeat(a, repeats, axis=axis)


def _tile(xp: Any, A: Any, reps: Any) -> Any:
    return xp.tile(as_array(xp, A), _shape(reps))


def _resize(xp: Any, a: Any, new_shape: Any) -> Any:
    a, shape = xp.reshape(as_array(xp, a), (-1,)), _shape(new_shape)
    size = 1
    for n in shape:
        size *= n
    if not a.size:
        return xp.zeros(shape, dtype=a.dtype, device=a.device)
    return xp.reshape(xp.tile(a, (-(-size // a.size),))[:size], shape)


def _split_at(xp: Any, x: Any, cuts: list[int], axis: int) -> list[Any]:
    edges = [0, *cuts, x.shape[axis]]
    return [x[places(axis, slice(i, j))] for i, j in zip(edges[:-1], edges[1:], strict=True)]


def _array_split(xp: Any, ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    x = as_array(xp, ary)
    axis = axis_of(axis, x.ndim)
    if _several(indices_or_sections):
        return _split_at(xp, x, [int(i) for i in indices_or_sections], axis)
    sections = int(indices_or_sections)
    if sections <= 0:
        raise ValueError("number sections must be larger than 0.")
    each, extra = divmod(x.shape[axis], sections)
    return _split_at(xp, x, [i * each + min(i, extra) for i in range(1, sections)], axis)


def _split(xp: Any, ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    x = as_array(xp, ary)
    if not _several(indices_or_sections) and x.shape[axis_of(axis, x.ndim)] % int(indices_or_sections):
        raise ValueError("array split does not result in an equal division")
    return _array_split(xp, x, indices_or_sections, axis)


def _hsplit(xp: Any, ary: Any, indices_or_sections: Any) -> list[Any]:
    x = as_array(xp, ary)
    return _split(xp, x, indices_or_sections, 1 if x.ndim > 1 else 0)


def _unstack(xp: Any, x: Any, /, *, axis: int = 0) -> Any:
    return xp.unstack(as_array(xp, x), axis=axis)


def _read_only(_parent: Any, _new: Any) -> Any:
    raise ValueError("assignment destination is read-only; copy it first")


def _sliding_window_view(
    xp: Any, x: Any, window_shape: Any, axis: Any = None, *, subok: bool = False, writeable: bool = False
) -> Any:
    if writeable:
        raise unavailable("np.lib.stride_tricks.sliding_window_view with writeable=True")
    x, window = as_array(xp, x), _shape(window_shape)
    axes = axes_of(axis, x.ndim)
    if len(axes) != len(window):
        raise ValueError("sliding_window_view: as many axes as window lengths are needed")

    def windows(x: Any) -> Any:
        for a, n in zip(axes, window, strict=True):
            count = x.shape[a] - n + 1
            if count < 1 or n < 0:
                raise ValueError("window shape cannot be larger than input array shape")
            at = xp.arange(count, device=x.device)[:, None] + xp.arange(n, device=x.device)[None, :]
            rows = xp.take(x, xp.reshape(at, (-1,)), axis=a)
            rows = xp.reshape(rows, (*x.shape[:a], count, n, *x.shape[a + 1 :]))
            x = xp.moveaxis(rows, a + 1, -1)
        return x

    out = windows(x)
    register(out, x, windows, _read_only)
    return out


def _tril(name: str) -> Callable[..., Any]:
    def function(xp: Any, m: Any, k: int = 0) -> Any:
        m = as_array(xp, m)
        if m.ndim == 1:
            m = xp.broadcast_to(m, (m.shape[0], m.shape[0]))
        return getattr(xp, name)(m, k=k)

    return function


def _diagonal(xp: Any, a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    a = as_array(xp, a)
    if a.ndim < 2:
        raise ValueError("diag requires an array of at least two dimensions")
    moved = xp.moveaxis(a, (axis_of(axis1, a.ndim), axis_of(axis2, a.ndim)), (a.ndim - 2, a.ndim - 1))
    return xp.linalg.diagonal(moved, offset=offset)


def _diag(xp: Any, v: Any, k: int = 0) -> Any:
    v = as_array(xp, v)
    if v.ndim == 2:
        return _diagonal(xp, v, k)
    if v.ndim != 1:
        raise ValueError("Input must be 1- or 2-d.")
    n = v.shape[0] + abs(k)
    out = xp.zeros((n * n,), dtype=v.dtype, device=v.device)
    if v.shape[0]:
        start = k if k >= 0 else -k * n
        out[start : start + (v.shape[0] - 1) * (n + 1) + 1 : n + 1] = v
    return xp.asarray(xp.reshape(out, (n, n)), copy=True)


def _diagflat(xp: Any, v: Any, k: int = 0) -> Any:
    return _diag(xp, xp.reshape(as_array(xp, v), (-1,)), k)


def _trace(
    xp: Any, a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: Any = None
) -> Any:
    params = {} if dtype is None else {"dtype": dtype_of(xp, dtype)}
    return xp.sum(_diagonal(xp, a, offset, axis1, axis2), axis=-1, **params)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "array_split": _array_split,
    "atleast_1d": _at_least(1),
    "atleast_2d": _at_least(2),
    "atleast_3d": _at_least(3),
    "broadcast_arrays": _broadcast_arrays,
    "broadcast_to": _broadcast_to,
    "diag": _diag,
    "diagflat": _diagflat,
    "diagonal": _diagonal,
    "dsplit": lambda xp, ary, indices_or_sections: _split(xp, ary, indices_or_sections, 2),
    "expand_dims": _expand_dims,
    "flip": _flip,
    "fliplr": lambda xp, m: _flip(xp, m, 1),
    "flipud": lambda xp, m: _flip(xp, m, 0),
    "hsplit": _hsplit,
    "lib.stride_tricks.sliding_window_view": _sliding_window_view,
    "linalg.diagonal": lambda xp, x, /, *, offset=0: _diagonal(xp, x, offset, -2, -1),
    "linalg.matrix_transpose": _matrix_transpose,
    "linalg.trace": lambda xp, x, /, *, offset=0, dtype=None: _trace(xp, x, offset, -2, -1, dtype),
    "matrix_transpose": _matrix_transpose,
    "moveaxis": _moveaxis,
    "permute_dims": _transpose,
    "ravel": _ravel,
    "repeat": _repeat,
    "reshape": _reshape,
    "resize": _resize,
    "roll": _roll,
    "rollaxis": _rollaxis,
    "rot90": _rot90,
    "split": _split,
    "squeeze": _squeeze,
    "swapaxes": _swapaxes,
    "tile": _tile,
    "trace": _trace,
    "transpose": _transpose,
    "tril": _tril("tril"),
    "triu": _tril("triu"),
    "unstack": _unstack,
    "vsplit": lambda xp, ary, indices_or_sections: _split(xp, ary, indices_or_sections, 0),
}
