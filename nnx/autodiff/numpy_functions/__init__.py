"""NumPy's functions and methods in functions of the standard, with NumPy's argument names.

Each family is a file with a table ``FUNCTIONS`` from NumPy's name (``"sum"``, ``"linalg.norm"``) to a function whose
first argument is the traced namespace, and the others NumPy's. ``out=`` is served here for all of them.
"""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable
from typing import Any

from ._tools import write_into
from .methods import methods, properties

__all__ = ["ALWAYS", "FUNCTIONS", "METHODS", "PROPERTIES", "RUNS"]

FAMILIES = (
    "calculus", "creation", "diagonals", "elementwise", "fourier", "joining", "linear_algebra", "nan_reductions",
    "order", "padding", "polynomials", "products", "quantiles", "reductions", "scimath", "selecting", "sets", "shapes",
    "splitting", "statistics", "writing",
)  # fmt: skip

RUNS = frozenset(
    """allclose argpartition argwhere array2string array_equal array_equiv array_repr array_str can_cast common_type
    diag_indices_from digitize einsum_path flatnonzero histogram histogram2d histogram_bin_edges histogramdd isclose
    iscomplex iscomplexobj isin isneginf isposinf isreal isrealobj ix_ lexsort min_scalar_type ndim packbits
    ravel_multi_index result_type shape size tril_indices_from triu_indices_from unpackbits
    unravel_index""".split()
)
"""What the library's own functions answer from the values alone. Where that is a floating array, a derivative that
would have to pass through it is an error that names the function."""

ALWAYS = frozenset(
    """apply_along_axis apply_over_axes copyto fill_diagonal nan_to_num piecewise place put put_along_axis
    putmask""".split()
)
"""Functions that write into an argument or call a function of the user's: ours also without a derivative."""


def _place_of_out(function: Callable[..., Any]) -> int | None:
    """Where ``out`` may come by position, the traced namespace not counted."""
    code = inspect.unwrap(function).__code__
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    if "out" not in names:
        return None
    place = names.index("out")
    return place - 1 if place < code.co_argcount else 64


def _with_out(function: Callable[..., Any]) -> Callable[..., Any]:
    """Serve ``out=``, given by name or by position."""
    place = _place_of_out(function)
    if place is None:
        return function

    @functools.wraps(function)
    def into(xp: Any, *args: Any, **kwargs: Any) -> Any:
        out = kwargs.pop("out", None)
        if len(args) > place and args[place] is not None:
            out, args = args[place], (*args[:place], None, *args[place + 1 :])
        result = function(xp, *args, **kwargs)
        return result if out is None else write_into(xp, out, result)

    into.place_of_out = place  # type: ignore[attr-defined]
    return into


FUNCTIONS: dict[str, Callable[..., Any]] = {
    name: _with_out(function)
    for family in FAMILIES
    for name, function in importlib.import_module(f"{__name__}.{family}").FUNCTIONS.items()
}
METHODS = {name: _with_out(method) for name, method in methods(FUNCTIONS).items()}
PROPERTIES = properties
