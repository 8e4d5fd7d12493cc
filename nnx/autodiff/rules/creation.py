"""Rules of the functions that make arrays, where what they make depends on an array.

``asarray`` and ``full`` take values in any form (nested lists, scalars), so the traced namespace has its own
versions of them, which end in functions that have rules.
"""

from __future__ import annotations

from typing import Any

from ..primitive import Rule

__all__ = ["NO_DERIVATIVE", "RULES"]


def _copied(xp: Any, g: Any, _out: Any, _x: Any, **_: Any) -> Any:
    return g


def _fractions(xp: Any, g: Any, num: int, endpoint: bool) -> Any:
    """How far each element of a linspace is from start to stop."""
    t = xp.linspace(0.0, 1.0, num, endpoint=endpoint, dtype=g.dtype, device=g.device)
    return xp.reshape(t, (num,) + (1,) * (g.ndim - 1))


def _linspace_start(
    xp: Any, g: Any, _out: Any, _start: Any, _stop: Any, *, num: int, endpoint: bool = True, **_: Any
) -> Any:
    return g * (1 - _fractions(xp, g, num, endpoint))


def _linspace_stop(
    xp: Any, g: Any, _out: Any, _start: Any, _stop: Any, *, num: int, endpoint: bool = True, **_: Any
) -> Any:
    return g * _fractions(xp, g, num, endpoint)


def _meshgrid(
    xp: Any, g: Any, _out: Any, arrays_like: Any, needed: Any, *, indexing: str = "xy"
) -> list[Any]:
    places = list(range(len(arrays_like)))
    if indexing == "xy" and len(places) > 1:
        places[:2] = [1, 0]
    cotangents: list[Any] = []
    for part, x, place, wanted in zip(g, arrays_like, places, needed, strict=True):
        if part is None or not wanted:
            cotangents.append(None)
            continue
        others = tuple(i for i in range(part.ndim) if i != place)
        cotangents.append(xp.reshape(xp.sum(part, axis=others), x.shape))
    return cotangents


RULES: dict[str, Rule] = {
    "asarray": Rule(_copied),
    "full_like": Rule(None, lambda xp, g, _out, _x, _value, **_: g, arrays=("x", "fill_value")),
    "linspace": Rule(_linspace_start, _linspace_stop, params=("num",)),
    "meshgrid": Rule(_meshgrid, variadic=True, outputs=True),
    "tril": Rule(lambda xp, g, _out, _x, *, k=0: xp.tril(g, k=k)),
    "triu": Rule(lambda xp, g, _out, _x, *, k=0: xp.triu(g, k=k)),
}

NO_DERIVATIVE: frozenset[str] = frozenset(
    {
        "arange",
        "empty",
        "empty_like",
        "eye",
        "from_dlpack",
        "ones",
        "ones_like",
        "zeros",
        "zeros_like",
    }
)
