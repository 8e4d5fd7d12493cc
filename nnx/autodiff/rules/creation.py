"""Rules of the functions that make arrays, where what they make depends on an array.

``asarray``, ``full`` and ``linspace`` take arrays in any place and form, so ``nnx.autodiff.composite``
writes them in terms of functions that have rules.
"""

from __future__ import annotations

from typing import Any

from ..primitive import Rule

__all__ = ["NO_DERIVATIVE", "RULES"]


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
    "meshgrid": Rule(_meshgrid, variadic=True, outputs=True),
    "tril": Rule(lambda xp, g, _out, _x, *, k=0: xp.tril(g, k=k), params=("k",)),
    "triu": Rule(lambda xp, g, _out, _x, *, k=0: xp.triu(g, k=k), params=("k",)),
}

NO_DERIVATIVE: frozenset[str] = frozenset(
    {
        "arange",
        "empty",
        "empty_like",
        "eye",
        "ones",
        "ones_like",
        "zeros",
        "zeros_like",
    }
)
