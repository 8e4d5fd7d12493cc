"""The methods and attributes that NumPy's arrays have beyond the standard's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ._tools import as_array, axis_of, dtype_of, is_complex, unavailable
from .shapes import flat

__all__ = ["SAME", "methods", "properties"]

# Methods whose arguments are those of the function of the same name, after the array.
SAME = frozenset(
    """all any argmax argmin argsort choose clip copy cumprod cumsum diagonal dot max mean min nonzero prod put ravel
    repeat round searchsorted squeeze std sum swapaxes take trace var""".split()
)


def _astype(
    xp: Any,
    x: Any,
    dtype: Any,
    order: str = "K",
    casting: str = "unsafe",
    subok: bool = True,
    copy: bool = True,
) -> Any:
    if casting != "unsafe":
        _ = xp._library.raw(x)[: 0 if x.ndim else ...].astype(
            dtype, casting=casting
        )  # raises where it must not be cast
    kind = dtype_of(xp, dtype)
    return x if x.dtype == kind and not copy else xp.astype(x, kind)


def _reshape(xp: Any, x: Any, *shape: Any, order: str = "C", copy: Any = None) -> Any:
    from .shapes import FUNCTIONS

    return FUNCTIONS["reshape"](xp, x, shape[0] if len(shape) == 1 else shape, order, copy=copy)


def _transpose(xp: Any, x: Any, *axes: Any) -> Any:
    from .shapes import FUNCTIONS

    order = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes or None
    return FUNCTIONS["transpose"](xp, x, order)


def _flatten(xp: Any, x: Any, order: str = "C") -> Any:
    from .shapes import FUNCTIONS

    return xp.asarray(FUNCTIONS["reshape"](xp, x, (-1,), order), copy=True)


def _sort(
    xp: Any, x: Any, axis: int = -1, kind: Any = None, order: Any = None, *, stable: Any = None
) -> None:
    from .order import FUNCTIONS

    x[...] = FUNCTIONS["sort"](xp, x, axis_of(axis, x.ndim), kind, order)


def _partition(
    xp: Any, x: Any, kth: Any, axis: int = -1, kind: str = "introselect", order: Any = None
) -> None:
    from .order import FUNCTIONS

    x[...] = FUNCTIONS["partition"](xp, x, kth, axis, kind, order)


def _argpartition(
    xp: Any, x: Any, kth: Any, axis: Any = -1, kind: str = "introselect", order: Any = None
) -> Any:
    if order is not None:
        raise unavailable("argpartition with order=")
    return xp._library.wrap(xp._library.raw(x).argpartition(kth, axis=axis))


def _fill(xp: Any, x: Any, value: Any) -> None:
    x[...] = value if isinstance(value, (int, float, complex)) else as_array(xp, value, x)


def _compress(xp: Any, x: Any, condition: Any, axis: Any = None, out: Any = None) -> Any:
    from .selecting import FUNCTIONS

    return FUNCTIONS["compress"](xp, condition, x, axis)


def _conj(xp: Any, x: Any) -> Any:
    return xp.conj(x) if is_complex(xp, x) else x


def methods(functions: Mapping[str, Callable[..., Any]]) -> dict[str, Callable[..., Any]]:
    """Every method, given NumPy's functions."""
    return {
        **{name: functions[name] for name in SAME},
        "argpartition": _argpartition,
        "astype": _astype,
        "compress": _compress,
        "conj": _conj,
        "conjugate": _conj,
        "fill": _fill,
        "flatten": _flatten,
        "partition": _partition,
        "reshape": _reshape,
        "sort": _sort,
        "transpose": _transpose,
    }


def _itemsize(xp: Any, x: Any) -> int:
    return xp._library.raw(x).itemsize


properties: dict[str, Callable[..., Any]] = {
    "flat": flat,
    "itemsize": _itemsize,
    "nbytes": lambda xp, x: x.size * _itemsize(xp, x),
}
