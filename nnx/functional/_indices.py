"""Arrays of integers that name places: what is taken for one."""

from __future__ import annotations

from typing import Any

from ..autodiff import array_namespace
from ..backend import Array
from ..backend.effects import whole
from ._errors import complaint

__all__ = ["check_range", "integers"]


def integers(where: str, name: str, x: Array) -> Array:
    """An index as int32 or int64, other integers converted; raises for what is no array of integers."""
    xp: Any = array_namespace(x) if hasattr(x, "dtype") else None
    if xp is None or not xp.isdtype(x.dtype, "integral"):
        got = type(x).__name__ if xp is None else x.dtype
        raise complaint(where, f"expected {name} to be an array of integers, got {got}", TypeError)
    return x if x.dtype in (xp.int64, xp.int32) else xp.astype(x, xp.int64)


@whole
def check_range(where: str, name: str, index: Array, count: int) -> None:
    """Raise for integers outside ``[0, count)``."""
    if not index.size:
        return
    xp = array_namespace(index)
    low, high = int(xp.min(index)), int(xp.max(index))
    if low < 0 or high >= count:
        wanted = f"expected {name} from 0 to {count - 1}" if count else f"expected no {name} at all"
        raise complaint(where, f"{wanted}, got {low if low < 0 else high}", IndexError)
