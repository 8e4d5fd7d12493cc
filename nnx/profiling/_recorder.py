"""What is written down while a profile runs: one event for each call, and the tree of layers that called each other."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from time import perf_counter_ns
from typing import Any, NamedTuple

from ..autodiff.traced import TracedArray
from ..layers._layer import Layer
from ..layers._report import _bytes

__all__ = ["Event", "Frame", "Node", "Recorder"]


class Node:
    """A layer as it was called: inside which other one, and under which dotted path; the root of all is outside."""

    __slots__ = ("children", "kind", "parent", "path")

    def __init__(self, path: str, kind: str, parent: Node | None = None) -> None:
        self.path = path
        self.kind = kind
        self.parent = parent
        self.children: dict[str, Node] = {}

    def child(self, path: str, kind: str) -> Node:
        """The layer of this path called from this one."""
        return self.children.setdefault(path, Node(path, kind, self))  # one call: threads get the same


class Event(NamedTuple):
    """One call; times in ns, ``own`` without the calls inside it that have events themselves."""

    category: str
    name: str
    node: Node
    backward: bool
    start: int
    length: int
    own: int
    size: int
    thread: int


class Frame:
    """A call in progress."""

    __slots__ = ("backward", "category", "given", "inner", "name", "node")

    def __init__(self, category: str, name: str, node: Node, backward: bool) -> None:
        self.category = category
        self.name = name
        self.node = node
        self.backward = backward
        self.inner = 0  # time of the calls inside
        self.given: Any = None  # what the last of them returned: handed on, it is counted once


class Recorder:
    """Measures calls; each thread has a stack of its own, the events of all are together."""

    def __init__(self, roots: tuple[Layer, ...]) -> None:
        self.active = True
        self.events: list[Event] = []
        self.outside = Node("", "")
        self.waits: list[Callable[[], Any]] = []
        self._local = threading.local()
        self._roots: list[tuple[Layer, str, dict[int, str]]] = []
        for root in roots:
            self._root(root)

    @property
    def stack(self) -> list[Frame]:
        """The calls in progress in this thread."""
        try:
            return self._local.stack
        except AttributeError:
            self._local.stack = []
            return self._local.stack

    def call(
        self,
        category: str,
        name: str,
        f: Callable[..., Any],
        args: Any,
        kwargs: Any,
        node: Node | None = None,
        backward: bool = False,
    ) -> Any:
        """Run and measure; without a node it belongs to the layer that is running."""
        stack = self.stack
        above = stack[-1] if stack else None
        node = node or (above.node if above else self.outside)
        frame = Frame(category, name, node, backward or (above is not None and above.backward))
        self.wait()
        stack.append(frame)
        result, size = None, 0
        start = perf_counter_ns()
        try:
            result = f(*args, **kwargs)
            self.wait()
            size = _size(result) if category in ("primitive", "pullback") else 0
        finally:
            length = perf_counter_ns() - start
            stack.pop()
            counts = size > 0 or category != "primitive"  # what gives no arrays is its caller's time
            if counts:
                size = 0 if frame.given is not None and _raw(result) is frame.given else size
                own, thread = length - frame.inner, threading.get_ident()
                self.events.append(
                    Event(category, name, node, frame.backward, start, length, own, size, thread)
                )
            if above is not None:
                above.inner += length if counts else frame.inner
                above.given = _raw(result)
        return result

    def wait(self) -> None:
        """Until devices have done what they were asked for."""
        for wait in self.waits:
            wait()

    # which layer ---------------------------------------------------------------------------------------------

    def node_of(self, layer: Layer) -> Node:
        """The place of a layer that is called now."""
        stack = self.stack
        above = stack[-1].node if stack else self.outside
        kind = type(layer).__name__
        for _, prefix, paths in self._roots:
            path = paths.get(id(layer))
            if path is not None:
                if above is self.outside and path:  # called by itself, as a checkpoint does
                    above = self.outside.child(prefix, type(self._layer(prefix)).__name__)
                return above.child(_joined(prefix, path), kind)
        if above is self.outside:
            return above.child(self._root(layer), kind)
        return above.child(_joined(above.path, kind), kind)  # made on the way: in nobody's tree

    def _root(self, layer: Layer) -> str:
        kind = type(layer).__name__
        same = sum(type(other).__name__ == kind for other, _, _ in self._roots)
        prefix = f"{kind}#{same + 1}" if same else kind
        paths = {id(below): path for path, below in layer.layers().items()}
        self._roots.append((layer, prefix, paths))
        return prefix

    def _layer(self, prefix: str) -> Layer:
        return next(layer for layer, other, _ in self._roots if other == prefix)


def _joined(prefix: str, path: str) -> str:
    return f"{prefix}.{path}" if path else prefix


def _raw(x: Any) -> Any:
    while isinstance(x, TracedArray):
        x = x.value
    return x


def _size(x: Any) -> int:
    """The bytes of the arrays in a result."""
    if isinstance(x, (tuple, list)):
        return sum(map(_size, x))
    x = _raw(x)
    if not hasattr(x, "shape") or not hasattr(x, "dtype") or isinstance(x, Layer):
        return 0
    size = getattr(x, "nbytes", None)
    return size if isinstance(size, int) else math.prod(x.shape) * _bytes(x)
