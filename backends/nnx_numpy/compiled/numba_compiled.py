"""How loops are compiled."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from numba import config, njit

if getattr(config, "DISABLE_JIT", False):
    raise ImportError("Numba is not to compile")

__all__ = ["compiled"]


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compiled when first called with arrays of a kind, and kept on disk, where there is a place for that."""
    with_numpys_errors = partial(njit, nogil=True, error_model="numpy")  # division by zero gives infinity
    try:
        return with_numpys_errors(cache=True)(function)
    except RuntimeError:
        return with_numpys_errors()(function)
