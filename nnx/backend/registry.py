"""Which backends there are, and which one an array belongs to.

A backend is found in the entry-point group `nnx.backends`, by its name or by the root module of an array's
type. An array of a library that nobody registered gets a plain `Backend` over its standard namespace. Nothing
is imported before it is asked for.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import cache
from threading import RLock
from typing import Any, cast

from .protocol import Array, Backend, namespace_named

GROUP = "nnx.backends"

_OURS = {"numpy": "nnx_numpy:NumPyBackend", "cupy": "nnx_cupy:CuPyBackend"}  # also where nothing is installed
_loaded: dict[str, Backend] = {}
_by_type: dict[type, Backend] = {}
_lock = RLock()


def backend_of(x: Array) -> Backend:
    """The backend that an array, traced or not, or a Layer belongs to.

    Raises
    ------
    TypeError
        If ``x`` is no array of a library that speaks the Array API standard.

    Examples
    --------
    >>> import numpy as np
    >>> backend_of(np.ones(2)).name
    'numpy'
    """
    try:
        return _by_type[type(x)]
    except KeyError:
        return _find(x)


def named(name: str) -> Backend:
    """The backend of this name, registered or made for an importable library that speaks the standard.

    Raises
    ------
    ValueError
        If there is none; the message lists those that there are.
    """
    try:
        return _loaded[name]
    except KeyError:
        return _load(name)


def available_backends() -> tuple[str, ...]:
    """The names of the registered backends that would work here.

    >>> "numpy" in available_backends()
    True
    """
    return tuple(name for name, reason in backends_report().items() if reason is None)


def backends_report() -> dict[str, str | None]:
    """For each registered backend why it would not work here; None for one that would.

    >>> backends_report()["numpy"] is None
    True
    """
    return {name: _why_unavailable(name) for name in registered()}


def registered() -> tuple[str, ...]:
    """The names of the registered backends, whether they work here or not."""
    return tuple(dict.fromkeys((*_OURS, *sorted(_entry_points()))))


def _why_unavailable(name: str) -> str | None:
    try:
        return named(name).why_unavailable()
    except Exception as error:  # a stranger's package must not take the report down
        return f"its package could not be loaded: {type(error).__name__}: {error}"


@cache
def _entry_points() -> dict[str, Any]:
    from importlib.metadata import entry_points  # 30 ms, so not before somebody asks

    return {point.name: point for point in entry_points(group=GROUP)}


def _load(name: str) -> Backend:
    with _lock:
        if name in _loaded:
            return _loaded[name]
        make: Callable[[], Backend]
        if name in _OURS:
            module, _, attribute = _OURS[name].partition(":")
            make = getattr(importlib.import_module(module), attribute)
        elif (point := _entry_points().get(name)) is not None:
            make = point.load()
        else:
            make = _unregistered(name)
        _loaded[name] = backend = make()
        return backend


def _unregistered(name: str) -> Callable[[], Backend]:
    try:
        namespace = namespace_named(name)
    except (ImportError, ValueError):  # a ValueError of importlib: the name is empty
        raise ValueError(unknown(name)) from None
    return lambda: Backend(name, namespace)


def unknown(name: str) -> str:
    """What to say of a name that stands for no backend."""
    report = backends_report()
    known = ", ".join(f'"{other}"' + (" (not available here)" if report[other] else "") for other in report)
    return (
        f'unknown backend {name!r}: expected "auto", {known} or the module name of an installed library that '
        "speaks the Array API standard"
    )


def _find(x: Array) -> Backend:
    kind = cast(Any, type(x))
    of_traced = getattr(kind, "__nnx_backend__", None)
    if of_traced is not None:
        return of_traced if isinstance(of_traced, Backend) else x.__nnx_backend__
    if hasattr(kind, "__nnx_cells__"):
        return _of_layer(x)
    _by_type[kind] = backend = _of_type(x)
    return backend


def _of_layer(layer: Any) -> Backend:
    for cell in layer.__nnx_cells__().values():
        return backend_of(cell.value)
    from .selector import backend

    return backend()


def _of_type(x: Array) -> Backend:
    """By the root module of the type or of a base class, then by `__array_namespace__`."""
    for base in type(x).__mro__ if _is_array_type(type(x)) else ():
        root = base.__module__.partition(".")[0]
        if root in _OURS:
            return named(root)
        if root != "builtins" and (name := _registered_root(root)) is not None:
            return named(name)
    kind = cast(Any, type(x))
    own = hasattr(kind, "__array_namespace__")
    namespace = x.__array_namespace__() if own else _namespace_of_stranger(x)
    return _of_namespace(kind.__module__.partition(".")[0], namespace)


def _namespace_of_stranger(x: Any) -> Any:
    """From array-api-compat, which knows some libraries whose arrays have no `__array_namespace__`."""
    from array_api_compat import array_namespace

    try:
        return array_namespace(x)
    except TypeError:
        raise TypeError(
            "expected an array of a library that speaks the Array API standard, got "
            f"{type(x).__module__}.{type(x).__qualname__}"
        ) from None


def _is_array_type(kind: Any) -> bool:
    """Whether a library's type is one of arrays: its dtypes and generators come from the same module."""
    return hasattr(kind, "__dlpack__") or hasattr(kind, "__array_namespace__")


def backend_of_namespace(namespace: Any) -> Backend:
    """The backend of a standard namespace, such as `array_api_compat.numpy` or `array_api_strict`.

    Raises
    ------
    TypeError
        If this is no namespace of the standard.

    Examples
    --------
    >>> import array_api_compat.numpy
    >>> backend_of_namespace(array_api_compat.numpy).name
    'numpy'
    """
    name = getattr(namespace, "__name__", "")
    root = name.removeprefix("array_api_compat.").partition(".")[0]
    if not root or not hasattr(namespace, "asarray"):
        raise TypeError(f"expected a namespace of the Array API standard, got {namespace!r}")
    registered_name = root if root in _OURS else _registered_root(root)
    return named(registered_name) if registered_name is not None else _of_namespace(root, namespace)


def _registered_root(root: str) -> str | None:
    points = _entry_points()
    if root in points:
        return root
    for name in points:
        if _why_unavailable(name) is None and root in named(name).roots:
            return name
    return None


def _of_namespace(root: str, namespace: Any) -> Backend:
    with _lock:
        backend = _loaded.get(root)
        if backend is None:
            _loaded[root] = backend = Backend(root, namespace)
        return backend if backend.xp is namespace else Backend(root, namespace)
