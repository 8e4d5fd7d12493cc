"""Which layer an error came from: added while the exception passes the layers on its way out.

A complaint of nnx about an argument is rewritten to start with the innermost layer and its path, as in
``Linear "encoder.2": expected a last axis of 128, got 64``; any other exception gets a note.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._tree import tree_of

if TYPE_CHECKING:
    from ._layer import Layer

__all__ = ["add_context"]


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
