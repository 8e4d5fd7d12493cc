"""How loops are compiled, and kept on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import config, njit
from numba.core.caching import FunctionCache, IndexDataCacheFile

if getattr(config, "DISABLE_JIT", False):
    raise ImportError("Numba is not to compile")

__all__ = ["compiled"]

STAMP = sorted((p.name, p.stat().st_mtime, p.stat().st_size) for p in Path(__file__).parent.glob("*.py"))
"""Of all files of loops: code that was compiled of others is not used any more, for loops call each other."""


class _Cache(FunctionCache):
    """Numba's cache, with files of its own for each kind of arguments.

    Numba keeps a list of them for each function. Two processes that compile for the first time at once, one for float32
    and the other for float64, would make one list that names the code of the other.
    """

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        self._cache_file = self._file(sig)
        return super().load_overload(sig, target_context)

    def save_overload(self, sig: Any, data: Any) -> None:
        self._cache_file = self._file(sig)
        super().save_overload(sig, data)

    def _file(self, sig: Any) -> Any:
        kind = hashlib.sha256(str(sig).encode()).hexdigest()[:16]
        return IndexDataCacheFile(self._cache_path, f"{self._impl.filename_base}-{kind}", STAMP)


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compiled when first called with arrays of a kind, and kept on disk, where there is a place for that."""
    dispatcher: Any = njit(nogil=True, error_model="numpy")(function)  # division by zero gives infinity
    try:
        cache = _Cache(function)
        cache._file(())
    except (
        AttributeError,
        RuntimeError,
        TypeError,
    ):  # no place for it, or a Numba that keeps it in another way
        return dispatcher
    dispatcher._cache = cache
    return dispatcher
