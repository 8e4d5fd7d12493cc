"""Views: traced arrays alias as the arrays of their library do.

A view remembers its parent, how to read it again and how to write it back. Writing to an array marks the other
views of the same data stale (their class changes, so that the hot paths need no check), and a stale view is read
again when it is next used. Nothing that was recorded is ever overwritten.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .traced import TracedArray

if TYPE_CHECKING:
    from .library import Library

__all__ = ["VIEWS", "invalidate", "rebind", "refresh", "register", "shows"]


def _reshape_back(library: Library, parent: Any, new: Any, **_: Any) -> Any:
    return library.function("reshape")(new, parent.shape)


def _permute_back(library: Library, _parent: Any, new: Any, *, axes: Any) -> Any:
    order = [a % new.ndim for a in axes]
    inverse = tuple(order.index(i) for i in range(len(order)))
    return library.function("permute_dims")(new, axes=inverse)


def _transpose_back(library: Library, _parent: Any, new: Any) -> Any:
    return library.function("matrix_transpose")(new)


def _flip_back(library: Library, _parent: Any, new: Any, *, axis: Any = None) -> Any:
    return library.function("flip")(new, axis=axis)


def _move_back(library: Library, _parent: Any, new: Any, *, source: Any, destination: Any) -> Any:
    return library.function("moveaxis")(new, destination, source)


def _real_back(library: Library, parent: Any, new: Any) -> Any:
    return new + 1j * library.function("imag")(parent)


def _imag_back(library: Library, parent: Any, new: Any) -> Any:
    return library.function("real")(parent) + 1j * new


def _read_only(_library: Library, _parent: Any, _new: Any, **_: Any) -> Any:
    raise ValueError("assignment destination is a read-only view; copy it first")


VIEWS: dict[str, Callable[..., Any]] = {
    "reshape": _reshape_back,
    "expand_dims": _reshape_back,
    "squeeze": _reshape_back,
    "permute_dims": _permute_back,
    "matrix_transpose": _transpose_back,
    "linalg.matrix_transpose": _transpose_back,
    "flip": _flip_back,
    "moveaxis": _move_back,
    "real": _real_back,
    "imag": _imag_back,
    "broadcast_to": _read_only,
    "linalg.diagonal": _read_only,
}


def register(
    view: TracedArray,
    parent: TracedArray,
    read: Callable[[Any], Any],
    write: Callable[[Any, Any], Any],
    key: Any = None,
) -> None:
    """Make ``view`` a view of ``parent``, read by ``key`` if it is one of items."""
    view.parent = (parent, read, write, key)
    try:
        views = parent.views
    except AttributeError:
        views = parent.views = []
    if (
        len(views) > 32 and len(views) & (len(views) - 1) == 0
    ):  # forget dead ones whenever the list has doubled
        views[:] = [ref for ref in views if ref() is not None]
    views.append(weakref.ref(view))


def invalidate(array: Any, stale: type) -> None:
    """Mark every live view of an array, and their views, to be read again."""
    for ref in getattr(array, "views", ()):
        view = ref()
        if view is not None:
            invalidate(view, stale)
            view.__class__ = stale


def rebind(library: Library, array: Any, new: Any) -> None:
    """Give ``array`` the value and the place of ``new``, and carry that to its views and its parents.

    A view is itself read again afterwards: ``new`` need not lie in memory as a part of its parent does, and that
    decides whether a reshaped view is another one or a copy.
    """
    array.__class__ = library.traced
    array.value = new.value
    array.tape = new.tape
    if new.tape is not None:
        array.index = new.index
    invalidate(array, library.stale)
    child = array
    while (link := getattr(child, "parent", None)) is not None:
        parent, _, write, _ = link
        if type(parent) is library.stale:
            parent.refresh()
        written = write(parent, child)
        parent.value, parent.tape = written.value, written.tape
        if written.tape is not None:
            parent.index = written.index
        invalidate(parent, library.stale)
        child = parent


def shows(view: Any, array: Any, key: Any) -> bool:
    """Whether ``view`` is what ``array[key]`` gave, and so always is: what ``x[key] += y`` ends in writing."""
    link = getattr(view, "parent", None)
    return link is not None and link[0] is array and link[3] is not None and link[3] == key


def refresh(library: Library, view: Any) -> None:
    """Read a stale view again from its parent."""
    view.__class__ = library.traced
    parent, read, _, _ = view.parent
    if type(parent) is library.stale:
        refresh(library, parent)
    new = read(parent)
    view.value, view.tape = new.value, new.tape
    if new.tape is not None:
        view.index = new.index
