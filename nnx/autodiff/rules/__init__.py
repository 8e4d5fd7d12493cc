"""The derivatives of the standard's functions, as data: one file a family."""

from __future__ import annotations

import importlib

from ..primitive import Rule

__all__ = ["FAMILIES", "NO_DERIVATIVE", "RULES"]

FAMILIES = ("elementwise", "statistical", "manipulation", "searching", "creation", "linalg", "fft")

RULES: dict[str, Rule] = {}
_none: set[str] = set()
for _family in FAMILIES:
    try:
        _module = importlib.import_module(f"{__name__}.{_family}")
    except ModuleNotFoundError:
        continue
    RULES.update(getattr(_module, "RULES", {}))
    _none.update(getattr(_module, "NO_DERIVATIVE", ()))
NO_DERIVATIVE = frozenset(_none)
