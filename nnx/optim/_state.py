"""Reading an optimizer's snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..autodiff.cells import Cell
from ..backend import Array, backend_of

__all__ = ["checked", "following", "moved_with"]


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
    problems = [f'"{path}": missing' for path in cells if path not in entries]
    problems += [f'"{path}": unexpected' for path in entries if path not in cells]
    for path in cells:
        entry = entries.get(path)
        if entry is None:
            continue
        wanted = shapes[path]
        if set(entry) != {"step", *wanted}:
            problems.append(f'"{path}": expected {", ".join(["step", *wanted])}, got {", ".join(entry)}')
            continue
        problems += [
            f'"{path}": expected {key} of shape {shape}, got {tuple(entry[key].shape)}'
            for key, shape in wanted.items()
            if tuple(entry[key].shape) != shape
        ]
    if problems:
        raise ValueError(f"{name}: the state does not fit, nothing was loaded:\n  " + "\n  ".join(problems))
    return {
        path: (
            int(entries[path]["step"]),
            {key: _converted(entries[path][key], cell.value) for key in shapes[path]},
        )
        for path, cell in cells.items()
    }


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
