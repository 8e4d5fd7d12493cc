"""Reshaping, moving and repeating: views where NumPy makes views."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..views import register
from ._tools import as_array, as_arrays, axes_of, axis_of, unavailable, with_axes

__all__ = ["FUNCTIONS", "flat", "several", "shape_of"]


def _order(order: Any, what: str) -> str:
    if order in ("C", None):
        return "C"
    if order in ("F", "f"):
        return "F"
    raise unavailable(f"{what} with order={order!r} (it depends on how the array lies in memory)")


def several(x: Any) -> bool:
    """Whether this is a sequence or a vector."""
    return isinstance(x, (tuple, list)) or bool(getattr(x, "ndim", 0))


def shape_of(shape: Any) -> tuple[int, ...]:
    """A tuple of lengths from one, or from several."""
    return tuple(int(n) for n in shape) if several(shape) else (int(shape),)


def _reversed(xp: Any, x: Any) -> Any:
    return xp.permute_dims(x, tuple(range(x.ndim))[::-1])


def _reshape(xp: Any, a: Any, /, shape: Any = None, order: Any = "C", *, copy: Any = None) -> Any:
    a = as_array(xp, a)
    params = {} if copy is None else {"copy": copy}
    if _order(order, "np.reshape") == "C":
        return xp.reshape(a, shape_of(shape), **params)
    return _reversed(xp, xp.reshape(_reversed(xp, a), shape_of(shape)[::-1], **params))


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
    return _reversed(xp, a) if axes is None else xp.permute_dims(a, shape_of(axes))


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
    if not a.ndim:
        return a
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
    return xp.broadcast_to(as_array(xp, array), shape_of(shape))


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
    shift = shape_of(shift) if several(shift) else int(shift)
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
    return xp.repeat(a if a.ndim or axis is None else a[None], repeats, axis=axis)


def _tile(xp: Any, A: Any, reps: Any) -> Any:
    return xp.tile(as_array(xp, A), shape_of(reps))


def _resize(xp: Any, a: Any, new_shape: Any) -> Any:
    a, shape = xp.reshape(as_array(xp, a), (-1,)), shape_of(new_shape)
    size = 1
    for n in shape:
        size *= n
    if not a.size:
        return xp.zeros(shape, dtype=a.dtype, device=a.device)
    return xp.reshape(xp.tile(a, (-(-size // a.size),))[:size], shape)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "atleast_1d": _at_least(1),
    "atleast_2d": _at_least(2),
    "atleast_3d": _at_least(3),
    "broadcast_arrays": _broadcast_arrays,
    "broadcast_to": _broadcast_to,
    "expand_dims": _expand_dims,
    "flip": _flip,
    "fliplr": lambda xp, m: _flip(xp, m, 1),
    "flipud": lambda xp, m: _flip(xp, m, 0),
    "linalg.matrix_transpose": _matrix_transpose,
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
    "squeeze": _squeeze,
    "swapaxes": _swapaxes,
    "tile": _tile,
    "transpose": _transpose,
}
