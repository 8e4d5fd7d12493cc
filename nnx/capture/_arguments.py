"""Of what kind arguments are: what a program depends on besides the elements of arrays.

`Kind` is the whole of it, as a key to look programs up by. `recognizer` makes of it a function that says in a
microsecond whether other arguments are of that kind, which is what nearly every call asks. `Given` are arguments as
the function takes them while it is watched.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from ..autodiff.library import library_of
from ..backend import backend_of
from ..layers import _tree as layers

__all__ = ["Given", "Kind", "layout", "recognizer", "state_of_layers"]

_STATIC = frozenset((bool, int, str, bytes, type(None)))


def state_of_layers() -> tuple[int, int]:
    """What changes whenever a layer is made or one of its attributes is set to another value."""
    return layers._version, layers._state


class Kind:
    """The kind of some arguments.

    Attributes
    ----------
    key
        Equal for arguments of the same kind.
    arrays
        The arrays in the arguments, in order.
    traced
        Whether there are traced ones among them.
    """

    def __init__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.arrays: list[Any] = []
        self.kept: list[Any] = []  # objects that the key knows by their id
        self.watched: list[Any] = []  # those that may go
        self.traced = False
        self._key: list[Any] = [*state_of_layers(), len(args)]
        for a in args:
            self._describe(a)
        for name, a in kwargs.items():
            self._key.append(name)
            self._describe(a)
        self.key = tuple(self._key)

    def _describe(self, a: Any) -> None:
        kind, key = type(a), self._key
        if library_of(a) is not None:
            self.arrays.append(a)
            self.traced = self.traced or hasattr(kind, "__nnx_traced__")
            key += kind, a.shape, a.dtype, a.device, layout(a)
        elif hasattr(kind, "__nnx_cells__"):
            self._by_id(layers.tree_of(a))
        elif kind in _STATIC:
            key += kind, a
        elif kind is float:
            key.append(repr(a))  # 0.0 == -0.0
        elif isinstance(a, (tuple, list)):
            key += kind, len(a)
            for item in a:
                self._describe(item)
        elif isinstance(a, dict):
            key += kind, tuple(a)
            for item in a.values():
                self._describe(item)
        elif hasattr(kind, "__dataclass_fields__"):
            key.append(kind)
            for name in kind.__dataclass_fields__:
                self._describe(getattr(a, name))
        else:
            self._by_id(a)

    def _by_id(self, a: Any) -> None:
        """What is known by its place in memory, as long as it is there."""
        self._key.append(id(a))
        (self.watched if hasattr(type(a), "__weakref__") else self.kept).append(a)


def layout(x: Any) -> Any:
    """How an array lies in memory, where it says so."""
    stride = getattr(x, "stride", None)
    return stride() if callable(stride) else getattr(x, "strides", None)


def _telling(x: Any) -> tuple[str, ...]:
    """What tells arrays of one type apart, but for their elements."""
    layout = ("strides",) if hasattr(x, "strides") else ()
    place = ("device",) if len(backend_of(x).devices()) > 1 else ()
    return ("shape", "dtype", *layout, *place)


def recognizer(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Callable[..., Any] | None:
    """A function of arguments that gives the arrays among them, or None where they are not of this kind.

    Written out for arrays, layers and plain values by position; None for arguments that have others.
    """
    scope: dict[str, Any] = {"layers": layers, "tree_of": layers.tree_of}
    version, state = state_of_layers()
    tests = [f"layers._version != {version}", f"layers._state != {state}"]
    arrays: list[str] = []
    for i, a in enumerate(args):
        name, kind = f"a{i}", type(a)
        scope[f"kind{i}"], scope[f"is{i}"] = kind, a
        tests.append(f"type({name}) is not kind{i}")
        if library_of(a) is not None:
            arrays.append(name)
            for attribute in _telling(a):
                scope[f"{attribute}{i}"] = getattr(a, attribute)
                tests.append(f"{name}.{attribute} != {attribute}{i}")
            if callable(getattr(a, "stride", None)):  # PyTorch's
                scope[f"stride{i}"] = a.stride()
                tests.append(f"{name}.stride() != stride{i}")
            del scope[f"is{i}"]
        elif hasattr(kind, "__nnx_cells__"):
            scope[f"is{i}"] = id(layers.tree_of(a))
            tests.append(f"id(tree_of({name})) != is{i}")
        elif kind in _STATIC:
            tests.append(f"{name} != is{i}")
        elif isinstance(a, (float, tuple, list, dict)) or hasattr(kind, "__dataclass_fields__"):
            return None
        else:
            scope[f"is{i}"] = id(a)
            tests.append(f"id({name}) != is{i}")
    if kwargs:
        return None
    parameters = "".join(f"a{i}, " for i in range(len(args)))
    lines = [
        "def recognize(args, kwargs):",
        f" if kwargs or len(args) != {len(args)}: return None",
        f" ({parameters}) = args" if args else "",
        f" if {' or '.join(tests)}: return None",
        f" return ({''.join(f'{name}, ' for name in arrays)})",
    ]
    exec("\n".join(lines), scope)
    return scope["recognize"]


class Given:
    """Arguments with other arrays in the place of theirs, and what is done to the containers among them."""

    def __init__(self, lift: Callable[[Any], Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._lift = lift
        self._containers: list[tuple[Any, Any, list[Any]]] = []
        self.args = tuple(map(self._lifted, args))
        self.kwargs = {name: self._lifted(a) for name, a in kwargs.items()}

    def _lifted(self, x: Any) -> Any:
        kind: Any = type(x)
        if library_of(x) is not None:
            return self._lift(x)
        if hasattr(kind, "__nnx_cells__"):
            return x
        if isinstance(x, tuple):
            items = map(self._lifted, x)
            return kind(*items) if hasattr(kind, "_fields") else tuple(items)
        if isinstance(x, (list, dict)) or hasattr(kind, "__dataclass_fields__"):
            made = copy.copy(x)
            _refill(made, [(key, self._lifted(item)) for key, item in _contents(x)])
            self._containers.append((x, made, _contents(made)))
            return made
        return x

    def changed(self, plain: Callable[[Any], Any]) -> bool:
        """Whether containers were changed; the caller's own are then changed likewise."""
        found = False
        for original, made, before in self._containers:
            now = _contents(made)
            if len(now) != len(before) or any(
                k is not j or a is not b for (k, a), (j, b) in zip(now, before, strict=True)
            ):
                _refill(original, [(key, plain(item)) for key, item in now])
                found = True
        return found


def _contents(x: Any) -> list[tuple[Any, Any]]:
    if isinstance(x, list):
        return [(None, item) for item in x]
    return list(x.items() if isinstance(x, dict) else vars(x).items())


def _refill(x: Any, contents: list[tuple[Any, Any]]) -> None:
    if isinstance(x, list):
        x[:] = [item for _, item in contents]
        return
    items = x if isinstance(x, dict) else vars(x)
    for key in set(items) - {key for key, _ in contents}:
        del items[key]
    items.update(contents)
