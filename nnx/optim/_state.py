"""Reading an optimizer's snapshot."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

from ..autodiff.cells import Cell
from ..backend import Array, backend_of

__all__ = ["checked", "following", "is_count", "moved_with", "unlike"]


def checked(
    name: str,
    state: Mapping[str, Any],
    cells: Mapping[str, Cell],
    shapes: Mapping[str, Mapping[str, tuple[int, ...]]],
) -> dict[str, tuple[int, dict[str, Array]]]:
    """Step and copied statistics of every parameter; raises with all that doesn't fit."""
    entries = state.get("parameters") if isinstance(state, Mapping) else None  # pyright: ignore[reportUnnecessaryIsInstance]
    if not isinstance(entries, Mapping) or "step" not in state:
        raise ValueError(f'{name}: expected what state_dict() gives, a dict with "step" and "parameters"')
    problems = [] if is_count(state["step"]) else [f"expected step to be a count, got {state['step']!r}"]
    problems += [f'"{path}": unexpected' for path in entries if path not in cells]
    frozen = state.get("frozen", {})
    if not isinstance(frozen, Mapping) or not all(map(_is_entry, frozen.values())):
        problems, frozen = [*problems, 'expected entries of parameters under "frozen"'], {}
    entries = {**frozen, **entries}
    problems += [f'"{path}": missing' for path in cells if path not in entries]
    for path in cells:
        if path not in entries:
            continue
        entry, wanted = entries[path], shapes[path]
        if not isinstance(entry, Mapping) or set(entry) != {"step", *wanted}:
            got = ", ".join(map(str, entry)) if isinstance(entry, Mapping) else repr(entry)
            problems.append(f'"{path}": expected {", ".join(["step", *wanted])}, got {got}')
            continue
        if not is_count(entry["step"]):
            problems.append(f'"{path}": expected step to be a count, got {entry["step"]!r}')
        problems += [
            f'"{path}": expected {key} of shape {shape}, got {got}'
            for key, shape in wanted.items()
            if (got := unlike(entry[key], shape))
        ]
    if problems:
        raise ValueError(f"{name}: the state does not fit, nothing was loaded:\n  " + "\n  ".join(problems))
    likes = {path: cell.value for path, cell in cells.items()}
    return {
        path: (
            int(entry["step"]),
            {key: _converted(x, likes.get(path, x)) for key, x in entry.items() if key != "step"},
        )
        for path, entry in entries.items()
    }


def _is_entry(entry: Any) -> bool:
    """Whether this is a count and arrays by name."""
    return (
        isinstance(entry, Mapping)
        and is_count(entry.get("step"))
        and all(key == "step" or not unlike(x, tuple(getattr(x, "shape", ()))) for key, x in entry.items())
    )


def is_count(x: Any) -> bool:
    """Whether this is a whole number of at least 0, or a 0-d array of one."""
    try:
        return operator.index(x) >= 0
    except TypeError:
        return False


def unlike(x: Any, shape: tuple[int, ...]) -> str:
    """What there is in place of an array of real numbers of this shape; nothing where that is there."""
    try:
        xp = backend_of(x).xp
    except TypeError:
        return type(x).__name__
    if not xp.isdtype(x.dtype, ("real floating", "integral")):
        return str(x.dtype)
    return "" if tuple(x.shape) == shape else str(tuple(x.shape))


def moved_with(value: Array, arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Statistics where their parameter now is, in its dtype."""
    return {name: _converted(x, value) for name, x in arrays.items()}


def following(x: Array, like: Array) -> Array:
    """An array where another now is, in its dtype: itself where it is there already."""
    if type(x) is type(like) and x.dtype == like.dtype and x.device == like.device:
        return x
    return _converted(x, like)


def _converted(x: Array, like: Array) -> Array:
    source, target = backend_of(x), backend_of(like)
    if source.name != target.name or x.device != like.device:
        x = target.from_host(source.to_host(x), like.device)
    return target.xp.astype(x, like.dtype, copy=True)
