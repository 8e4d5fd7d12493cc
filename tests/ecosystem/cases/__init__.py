"""Functions of SciPy and scikit-learn that take standard arrays and have a differentiable result, a row each.

A row is a name, a function of (namespace, *arrays) that calls the library exactly as its documentation says,
and the arrays. Floating arrays are differentiated; integer arrays and those wrapped in `Fixed` are handed in
beside them. A function returns an array, or a tuple of arrays of which the floating ones count. A name in
parentheses tells rows of one function apart.

Needs SCIPY_ARRAY_API=1 in the environment before SciPy is first imported (`harness.py` sees to it).
"""

from __future__ import annotations

from . import compiled, estimators, filters, fourier, measures, numerics, rotations, special, stats
from .base import Case, Fixed

__all__ = ["CASES", "Case", "Fixed"]

CASES: list[Case] = [
    *special.CASES,
    *stats.CASES,
    *fourier.CASES,
    *numerics.CASES,
    *filters.CASES,
    *rotations.CASES,
    *measures.CASES,
    *estimators.CASES,
    *compiled.CASES,
]
