"""Which layer an error came from: added while the exception passes the layers on its way out.

A complaint of nnx about an argument is rewritten to start with the innermost layer and its path, as in
``Linear "encoder.2": expected a last axis of 128, got 64``; any other exception gets a note.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..autodiff import MixedLibrariesError, array_namespace
from ..autodiff.library import library_of
from ..functional._errors import complaint
from ._tree import tree_of

if TYPE_CHECKING:
    from ._layer import Layer

__all__ = ["add_context", "refused_input"]


def add_context(error: Exception, layer: Layer) -> None:
    """Tell ``error`` that it is passing ``layer``; the outermost layer to do so gives the path."""
    state = error.__dict__
    inner: Layer = state.setdefault("nnx_layer", layer)
    path = next((path for path, other in tree_of(layer).layers.items() if other is inner), None)
    if path is None:
        return
    name = f'{type(inner).__name__} "{path}"' if path else type(inner).__name__
    detail = state.get("nnx_detail")
    if detail is not None:
        error.args = (f"{name}: {detail}",)
    elif path:
        notes: list[str] = state.setdefault("__notes__", [])
        if "nnx_note" in state and state["nnx_note"] in notes:
            notes.remove(state["nnx_note"])
        state["nnx_note"] = f"nnx: in {name}"
        notes.append(state["nnx_note"])


def refused_input(error: Exception, layer: Layer, inputs: tuple[Any, ...]) -> Exception | None:
    """What to raise instead, where a layer of nnx failed since its input is no array, or one of another library.

    Functions look at shapes and dtypes first, so that an attribute which lists and tensors lack is what fails there.
    """
    state = error.__dict__
    if "nnx_layer" in state or "nnx_detail" in state or not type(layer).__module__.startswith("nnx."):
        return None
    if not isinstance(error, (AttributeError, TypeError)):
        return None
    kind = type(layer).__name__
    wrong = next((type(x).__name__ for x in inputs if isinstance(x, (list, tuple, dict, str))), None)
    if wrong is not None:
        return complaint(
            kind, f"expected arrays, got {wrong}; numpy.asarray makes an array of numbers", TypeError
        )
    arrays = [x for x in inputs if library_of(x) is not None]
    try:
        array_namespace(*arrays, *layer.parameters().values()) if arrays else None
    except MixedLibrariesError as mixed:
        return complaint(kind, str(mixed).partition(": ")[2], MixedLibrariesError)
    return None
