"""The errors that differentiation raises.

Each subclasses the built-in error that a caller would catch for the same mistake with plain arrays.
"""

from __future__ import annotations

__all__ = ["DerivativeLostError", "LeakedArrayError", "MixedLibrariesError", "NotDifferentiableError"]


class NotDifferentiableError(TypeError):
    """A derivative would have to pass through something that has none, or none that nnx knows."""


class DerivativeLostError(TypeError):
    """A conversion would take a differentiated array out of its trace and drop its derivative."""


class LeakedArrayError(RuntimeError):
    """A traced array was used after the derivative that it belongs to had ended."""


class MixedLibrariesError(TypeError):
    """Arrays of two libraries, or of two devices, met in one operation."""
