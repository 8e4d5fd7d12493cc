"""Loops that Numba compiles, where it is installed: one pass over memory in the place of NumPy's several.

They do the same operations on each element in the same order as what they stand in for, so that results are the same
to the bit, and nobody can tell when they take over. That is when NumPy has worked on what they could have done for
about as long as it takes to load them, or to compile them where they never were; a process that trains for a moment
never does.

The environment variable ``NNX_NUMBA`` says otherwise: ``never``, or ``always``, which loads them at the first occasion.
Without Numba (the extra ``numba``) everything goes on in NumPy.
"""

from __future__ import annotations

import os
import threading
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["FLOATS", "loaded", "loops"]

FLOATS = frozenset((np.dtype(np.float32), np.dtype(np.float64)))
"""What the loops are compiled for: not for the bytes of other machines."""

# seconds to load Numba and the loops that it has compiled before, 120 MB besides, and to compile some of them first
PRICE, UNCOMPILED = 0.5, 5.0
CALL, ELEMENT = 5e-6, 1e-9  # seconds that NumPy takes for a call and for an element, about


def _asked() -> float:
    """After how many seconds they are to be loaded."""
    setting = os.environ.get("NNX_NUMBA", "")
    if setting in ("never", "always"):
        return 0.0 if setting == "always" else float("inf")
    kept = "NUMBA_CACHE_DIR" in os.environ or any((Path(__file__).parent / "__pycache__").glob("*.nbi"))
    return PRICE if kept else UNCOMPILED


_loading = threading.Lock()
_spent, _price = 0.0, _asked()
_settled, _loops = False, None


def loops(elements: int) -> Any:
    """The module of compiled loops; None where NumPy is to do this work, of so many elements, itself."""
    global _spent
    if _settled:
        return _loops
    _spent += CALL + ELEMENT * elements
    if _spent < _price:
        return None
    return _load()


def loaded() -> bool:
    """Whether the compiled loops have taken over."""
    return _loops is not None


def _load() -> Any:
    global _settled, _loops
    with _loading:
        if not _settled:
            try:
                _loops = import_module(".numba_loops", __name__)
            except (ImportError, OSError):  # not installed, too old for this NumPy, or without its LLVM
                _loops = None
            _settled = True
    return _loops
