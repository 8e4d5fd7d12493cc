"""Of what kind arguments are: what a program depends on besides the elements of arrays.

`Kind` is the whole of it, as a key to look programs up by. `recognizer` makes of it a function that says in a
microsecond whether other arguments are of that kind, which is what nearly every call asks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..autodiff.library import library_of
from ..backend import backend_of
from ..layers import _tree as layers

__all__ = ["Kind", "recognizer", "state_of_layers"]

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
            key += kind, a.shape, a.dtype, a.device, getattr(a, "strides", None)
        elif hasattr(kind, "__nnx_cells__"):
            key.append(layers.tree_of(a))
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
            key.append(id(a))
            self.kept.append(a)


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
            del scope[f"is{i}"]
        elif hasattr(kind, "__nnx_cells__"):
            scope[f"is{i}"] = layers.tree_of(a)
            tests.append(f"tree_of({name}) is not is{i}")
        elif kind in _STATIC:
            tests.append(f"{name} != is{i}")
        elif isinstance(a, (float, tuple, list, dict)) or hasattr(kind, "__dataclass_fields__"):
            return None
        else:
            tests.append(f"{name} is not is{i}")
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
