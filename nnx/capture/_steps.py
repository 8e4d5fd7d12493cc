"""What a program is made of: steps, and the registers and constants that stand for arrays in them."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any, NamedTuple

from ..autodiff.dispatch.common import rewrap
from ..backend import backend_of

__all__ = [
    "CALL",
    "CHANGES",
    "DRAWS",
    "GUARD",
    "LOAD",
    "NOTHING",
    "STORE",
    "WRITES",
    "Constant",
    "Like",
    "Register",
    "Step",
    "about_types",
    "chooses",
    "mapped",
    "passes_on",
    "shape",
    "statically_known",
    "writes_in_place",
]

CALL, LOAD, STORE, GUARD = range(4)
NOTHING, WRITES, DRAWS, CHANGES = range(4)
"""What a call does besides what it gives; the last cannot be taken back."""


class Register:
    """Where an array is while a program runs."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number

    def __eq__(self, other: object) -> bool:
        return type(other) is Register and other.number == self.number

    def __hash__(self) -> int:
        return self.number


class Constant:
    """An array from elsewhere: the same one each time."""

    __slots__ = ("array",)

    def __init__(self, array: Any) -> None:
        self.array = array


class Step(NamedTuple):
    """A call with its arguments, registers and constants in the place of arrays, and what came of it likewise.

    A LOAD reads a cell, perhaps after something was changed for good; a STORE writes one; a GUARD expects ``result`` of
    a call that gives a Python number or a shape. A step that is ``pure`` does no more than give its result,
    one that is ``lasting`` cannot be taken back.
    """

    kind: int
    function: Any
    args: tuple[Any, ...] = ()
    kwargs: Any = None
    result: Any = None
    pure: bool = True
    where: str = ""
    lasting: bool = False


class Like:
    """What the source of a program needs to know of an array."""

    __slots__ = ("backend", "device", "dtype", "kind", "ndim", "shape", "size", "strides")

    def __init__(self, x: Any) -> None:
        self.kind, self.dtype, self.shape, self.device = type(x), x.dtype, x.shape, x.device
        self.size, self.strides = math.prod(x.shape), getattr(x, "strides", None)
        self.ndim, self.backend = len(x.shape), backend_of(x)


_IN_PLACE = frozenset(
    getattr(operator, name)
    for name in (
        "iadd isub imul itruediv ipow imatmul imod ifloordiv iand ior ixor ilshift irshift setitem".split()
    )
)


def writes_in_place(function: Any) -> bool:
    """Whether an operator writes to its first argument."""
    return function in _IN_PLACE


def passes_on(function: Any) -> bool:
    """Whether it may give back its argument as it is; another that does so has written to it."""
    return getattr(function, "__name__", "") in _PASSING


_PASSING = frozenset(
    "asarray asanyarray ascontiguousarray astype atleast_1d atleast_2d atleast_3d broadcast_arrays broadcast_to conj "
    "conjugate contiguous owned ravel real reshape squeeze to_device".split()
)


def about_types(function: Any) -> bool:
    """Whether a function answers what depends on dtypes and shapes only."""
    return getattr(function, "__name__", "") in _ABOUT_TYPES


_ABOUT_TYPES = frozenset(
    "result_type finfo iinfo can_cast isdtype issubdtype min_scalar_type common_type promote_types broadcast_shapes "
    "ndim shape size".split()
)


def chooses(function: Any, args: tuple[Any, ...]) -> bool:
    """Whether the shape of what a call gives depends on elements, as far as can be told from the call."""
    if function is operator.getitem:
        keys = args[1] if isinstance(args[1], tuple) else (args[1],)
        return any((type(k) is slice and _has_array((k.start, k.stop, k.step))) or _is_mask(k) for k in keys)
    name = getattr(function, "__name__", "")
    if name in _BY_NUMBERS:
        return _has_array(args[1:])
    return name in _CHOOSING or (name == "where" and len(args) == 1)


def _has_array(x: Any) -> bool:
    return any(map(_has_array, x)) if isinstance(x, (tuple, list)) else hasattr(x, "__nnx_captured__")


def _is_mask(x: Any) -> bool:
    return "bool" in str(getattr(x, "dtype", "")) or (isinstance(x, list) and any(type(i) is bool for i in x))


def shape(x: Any) -> tuple[int, ...]:
    """The shape, as a call that can be looked at."""
    return tuple(x.shape)


_CHOOSING = frozenset(
    "nonzero flatnonzero argwhere unique unique_all unique_counts unique_inverse unique_values compress extract "
    "repeat repeat_interleave delete insert bincount trim_zeros setdiff1d setxor1d intersect1d union1d masked_select "
    "histogram ix_".split()
)
_BY_NUMBERS = frozenset(
    "split array_split hsplit vsplit dsplit tile pad resize roll broadcast_to reshape".split()
)


def statically_known(result: Any) -> bool:
    """Whether numbers can be no more than lengths: what is asked of an array's shape, not of its elements."""
    return isinstance(result, tuple) and all(type(x) is int for x in result)


def mapped(x: Any, f: Callable[[Any], Any]) -> Any:
    """``x`` with ``f`` of what is in its tuples, lists, dicts and slices."""
    kind: Any = type(x)
    if kind is tuple or kind is list or (issubclass(kind, tuple) and hasattr(kind, "_fields")):
        return rewrap(x, [mapped(item, f) for item in x])
    if issubclass(kind, dict):
        return {k: mapped(v, f) for k, v in x.items()}
    if kind is slice:
        return slice(mapped(x.start, f), mapped(x.stop, f), mapped(x.step, f))
    return f(x)
