"""What a profile found: tables by layer and by primitive, and a trace to look at."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

from ._recorder import Event, Node, Recorder

__all__ = ["LayerRow", "PrimitiveRow", "Report"]

OUTSIDE, UNSEEN, OWN = "(outside layers)", "(not measured)", "(layers' own code)"


class LayerRow(NamedTuple):
    """A layer; seconds with those of the layers below it, and without them (``_self``)."""

    layer: str
    kind: str
    calls: int
    forward: float
    forward_self: float
    backward: float
    backward_self: float
    bytes: int


class PrimitiveRow(NamedTuple):
    """A primitive or function; seconds without those of primitives inside it."""

    primitive: str
    calls: int
    forward: float
    backward_calls: int
    backward: float
    bytes: int


class Report:
    """Tables to print, rows to work with, and a trace to save.

    Attributes
    ----------
    seconds
        How long the block took.
    layers
        A ``LayerRow`` for each layer in the order of the calls, optimizers' updates and what is outside of layers last.
    primitives
        A ``PrimitiveRow`` for each primitive, the most expensive first.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._start = 0
        self.seconds = 0.0
        self.layers: list[LayerRow] = []
        self.primitives: list[PrimitiveRow] = []

    def close(self, start: int, stop: int) -> None:
        """Add up the events; called when the block ends."""
        self._start, self.seconds = start, (stop - start) / 1e9
        self._events = sorted(self._recorder.events, key=lambda e: e.start)
        self.layers = _layer_rows(self._recorder.outside, self._events)
        self.primitives = _primitive_rows(self._events)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a trace that ``chrome://tracing`` and https://ui.perfetto.dev show: JSON, one event a call, in µs."""
        process = os.getpid()
        events = [
            {
                "name": e.name, "cat": "backward" if e.backward else "forward", "ph": "X",
                "ts": (e.start - self._start) / 1e3, "dur": e.length / 1e3, "pid": process, "tid": e.thread,
                "args": {"kind": e.category, "layer": e.node.path or OUTSIDE, "bytes": e.size},
            }
            for e in self._events
        ]  # fmt: skip
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"traceEvents": events, "displayTimeUnit": "ms"}, file)

    def __str__(self) -> str:
        return "\n".join([*self._layer_table(), "", *self._primitive_table()])

    __repr__ = __str__

    def _layer_table(self) -> list[str]:
        header = ("layer", "calls", "forward", "self", "backward", "self", "self of all", "results")
        rows: list[tuple[str, ...]] = [header]
        for r in self.layers:
            own = r.forward_self + r.backward_self
            times = [_ms(t) for t in (r.forward, r.forward_self, r.backward, r.backward_self)]
            name = f"{r.layer} {r.kind}" if r.kind and r.kind != r.layer else r.layer
            rows.append((name, f"{r.calls or ''}", *times, self._share(own), _mb(r.bytes)))
        seen = sum(r.forward_self + r.backward_self for r in self.layers)
        rest = max(0.0, self.seconds - seen)
        rows.append((UNSEEN, "", _ms(rest), _ms(rest), "", "", self._share(rest), ""))
        return _table(rows)

    def _primitive_table(self) -> list[str]:
        rows: list[tuple[str, ...]] = [
            ("primitive", "calls", "forward", "calls back", "backward", "of all", "results")
        ]
        for r in self.primitives:
            rows.append(
                (
                    r.primitive, f"{r.calls or ''}", _ms(r.forward), f"{r.backward_calls or ''}", _ms(r.backward),
                    self._share(r.forward + r.backward), _mb(r.bytes),
                )
            )  # fmt: skip
        return _table(rows)

    def _share(self, seconds: float) -> str:
        return f"{seconds / self.seconds:.1%}" if self.seconds else ""


def _layer_rows(outside: Node, events: list[Event]) -> list[LayerRow]:
    own: dict[Node, list[float]] = defaultdict(lambda: [0, 0.0, 0.0, 0])  # calls, forward, backward, bytes
    for e in events:
        figures = own[e.node]
        figures[0] += e.category == "layer"
        figures[2 if e.backward else 1] += e.own / 1e9
        figures[3] += e.size
    nodes = list(_walk(outside))
    inclusive: dict[Node, list[float]] = {}
    for node in reversed(nodes):  # those below come after those above
        below = [inclusive[child] for child in node.children.values()]
        inclusive[node] = [sum(column) for column in zip(own[node], *below, strict=True)]
    rows: dict[str, LayerRow] = {}
    for node in nodes[1:]:
        mine = own[node]
        total = (
            [0, 0.0, 0.0, 0] if _again(node) else inclusive[node]
        )  # a layer inside itself is counted already
        row = rows.get(node.path, LayerRow(node.path, node.kind, 0, 0.0, 0.0, 0.0, 0.0, 0))
        rows[node.path] = LayerRow(
            row.layer, row.kind, row.calls + int(mine[0]), row.forward + total[1], row.forward_self + mine[1],
            row.backward + total[2], row.backward_self + mine[2], row.bytes + int(total[3]),
        )  # fmt: skip
    _, forward, backward, size = own[outside]
    last = LayerRow(OUTSIDE, "", 0, forward, forward, backward, backward, int(size))
    return [*sorted(rows.values(), key=lambda row: row.kind == ""), last]  # stable: updates have no kind


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children.values():
        yield from _walk(child)


def _again(node: Node) -> bool:
    above = node.parent
    while above is not None and above.path != node.path:
        above = above.parent
    return above is not None


def _primitive_rows(events: list[Event]) -> list[PrimitiveRow]:
    found: dict[str, list[Any]] = defaultdict(lambda: [0, 0.0, 0, 0.0, 0])
    for e in events:
        figures = found[OWN if e.category == "layer" else e.name]
        at = 2 if e.backward else 0
        figures[at] += e.category != "layer"
        figures[at + 1] += e.own / 1e9
        figures[4] += e.size
    rows = [PrimitiveRow(name, *figures) for name, figures in found.items()]
    return sorted(rows, key=lambda r: -(r.forward + r.backward))


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.3f} ms" if seconds else ""


def _mb(size: int) -> str:
    return f"{size / 1e6:.3f} MB" if size else ""


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            text.ljust(w) if i == 0 else text.rjust(w)
            for i, (text, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    rule = "─" * (sum(widths) + 2 * len(widths) - 2)
    return [lines[0], rule, *(line.rstrip() for line in lines[1:])]
