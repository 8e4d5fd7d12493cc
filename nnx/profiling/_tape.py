"""Tape entries that know by which layer and primitive they were recorded, so that the way back is told apart, too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..autodiff.tape import BINARY1, BINARY2, FIXED, GENERAL, PARAMETRIC, READ, SEVERAL, UNARY, WRITE
from ._recorder import Node, Recorder

__all__ = ["Noted", "measured_entries"]

_PLACES = {UNARY: (1,), BINARY1: (1,), PARAMETRIC: (1,), BINARY2: (1, 4), FIXED: (1, 2)}


class Noted(tuple[Any, ...]):
    """An entry without a pullback of its own, and the layer that recorded it."""

    node: Node


class _Pullback:
    """A pullback that is measured; in tables of pullbacks it counts as the one it calls."""

    __slots__ = ("function", "name", "node", "recorder")

    def __init__(self, recorder: Recorder, function: Callable[..., Any], name: str, node: Node) -> None:
        self.recorder = recorder
        self.function = function
        self.name = name
        self.node = node

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        recorder = self.recorder
        if not recorder.active:  # pulled back after the profile had ended
            return self.function(*args, **kwargs)
        return recorder.call("pullback", self.name, self.function, args, kwargs, self.node, True)

    def __hash__(self) -> int:
        return hash(self.function)

    def __eq__(self, other: object) -> bool:
        return self.function is (other.function if isinstance(other, _Pullback) else other)


class _Entries(list[Any]):
    """What a tape appends to."""

    recorder: Recorder

    def append(self, entry: Any) -> None:
        super().append(entry if entry is None or not self.recorder.active else _noted(self.recorder, entry))


def measured_entries(recorder: Recorder) -> list[Any]:
    """An empty list of entries for a tape."""
    entries = _Entries()
    entries.recorder = recorder
    return entries


def _noted(recorder: Recorder, entry: Any) -> Any:
    kind, stack = entry[0], recorder.stack
    frame = stack[-1] if stack else None
    node = frame.node if frame else recorder.outside
    name = frame.name if frame and frame.category != "layer" else "other"

    def measured(pullback: Any, name: str = name) -> Any:
        if type(pullback) is tuple:
            return tuple([measured(p, name) for p in pullback])
        return None if pullback is None else _Pullback(recorder, pullback, name, node)

    if kind in (GENERAL, SEVERAL):
        step = entry[1]
        step.pullbacks = measured(step.pullbacks, step.name)
        step.joint = measured(step.joint, step.name)
        return entry
    if kind in (READ, WRITE):
        noted = Noted(entry)
        noted.node = node
        return noted
    parts = list(entry)
    for place in _PLACES.get(kind, ()):
        parts[place] = measured(parts[place])
    return tuple(parts)
