"""Derivatives that do not exist, or cannot be told, and may yet be dropped on the way back.

A rule puts NaN in the place of such a term and says so here. If NaN reaches the end of the way back, the call
refuses with the reason; if it does not, nothing depended on the term.
"""

from __future__ import annotations

from contextvars import ContextVar

__all__ = ["ask", "asked"]

asked: ContextVar[list[str] | None] = ContextVar("nnx_asked", default=None)


def ask(what: str) -> None:
    """Note that the innermost way back has met a term that cannot be told."""
    found = asked.get()
    if found is not None:
        found.append(what)
