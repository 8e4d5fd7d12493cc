"""What the optimizers' checks and rules have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..backend import Array
from ..functional._errors import complaint

__all__ = ["check_at_least", "check_betas", "check_two", "part_way", "prepared"]


def check_at_least(name: str, settings: Mapping[str, Any], *keys: str, low: float = 0.0) -> None:
    """Raise, as the optimizer ``name``, unless these settings are at least ``low``."""
    for key in keys:
        try:
            possible = settings[key] >= low
        except TypeError:
            raise complaint(
                name, f"expected {key} to be a number, got {settings[key]!r}", TypeError
            ) from None
        if not possible:
            raise complaint(name, f"expected {key} of at least {low:g}, got {settings[key]!r}")


def check_two(name: str, settings: Mapping[str, Any], key: str) -> None:
    """Raise unless a setting is a pair."""
    if not isinstance(settings[key], (tuple, list)) or len(settings[key]) != 2:
        raise complaint(name, f"expected two {key}, got {settings[key]!r}")


def check_betas(name: str, settings: Mapping[str, Any]) -> None:
    """Raise unless there are two betas, from 0 to below 1."""
    check_two(name, settings, "betas")
    for i, beta in enumerate(settings["betas"]):
        if not 0.0 <= beta < 1.0:
            raise complaint(name, f"expected betas[{i}] from 0 to below 1, got {beta!r}")


def prepared(p: Array, g: Array, weight_decay: float, maximize: bool) -> Array:
    """The gradient with its sign and with the weight decay that is added to it."""
    if maximize:
        g = -g
    return g + weight_decay * p if weight_decay else g


def part_way(start: Array, end: Array, share: float) -> Array:
    """Between two arrays, from the nearer: exactly the end where the share is 1."""
    if share == 1.0:
        return end * 1.0
    return start + (end - start) * share if share < 0.5 else end - (end - start) * (1.0 - share)
