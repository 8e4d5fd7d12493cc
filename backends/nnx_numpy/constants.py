"""Arrays that NumPy need not make each time; none is to be written to."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

__all__ = ["counting", "ones", "reciprocal", "unit", "zero", "zeros"]

Array = Any


@lru_cache(64)
def ones(n: int, dtype: Any) -> Array:
    """As many ones; not to be written to."""
    return np.ones(n, dtype)


@lru_cache(16)
def zeros(n: int, dtype: Any) -> Array:
    """As many zeros; not to be written to."""
    return np.zeros(n, dtype)


@lru_cache(64)
def counting(n: int) -> Array:
    """0 to n - 1; not to be written to."""
    return np.arange(n)


@lru_cache(64)
def zero(dtype: Any) -> Array:
    """0 as an array, which NumPy need not make of a number each time; not to be written to."""
    return np.zeros((), dtype)


@lru_cache(64)
def unit(dtype: Any) -> Array:
    """1 likewise."""
    return np.ones((), dtype)


@lru_cache(64)
def reciprocal(n: int, dtype: Any) -> Array:
    """1 / n as a 0-d array; not to be written to."""
    return np.array(1.0 / n, dtype)
