"""One form for every complaint about an argument: where, what was wanted, what came.

A complaint starts with the function's name. A layer that the exception passes on its way out puts its own type
and path there instead (``nnx.layers._context``), so the message a user reads names the layer.
"""

from __future__ import annotations

from typing import Any

__all__ = ["check_arrays", "complaint", "not_arrays", "other_dtype"]


def complaint(where: str, detail: str, kind: type[Exception] = ValueError) -> Exception:
    """An exception that reads ``where: detail`` and whose ``where`` can still be made more exact.

    Examples
    --------
    >>> raise complaint("linear", "expected a last axis of 3, got 2")
    Traceback (most recent call last):
    ValueError: linear: expected a last axis of 3, got 2
    """
    error = kind(f"{where}: {detail}")
    error.__dict__["nnx_detail"] = detail
    return error


def not_arrays(where: str, **arguments: Any) -> Exception:
    """What to raise where these arguments should have been arrays, and one is none."""
    name, value = next((name, x) for name, x in arguments.items() if not hasattr(x, "dtype"))
    hint = "; numpy.asarray makes an array of numbers" if isinstance(value, (list, tuple)) else ""
    return complaint(where, f"expected {name} to be an array, got {type(value).__name__}{hint}", TypeError)


def other_dtype(where: str, x: Any, dtype: Any) -> Exception:
    """What to raise where an input is not of the parameters' dtype."""
    return complaint(
        where,
        f"expected an input of the weight's dtype {dtype}, got {x.dtype}; convert the input, or the model with .astype",
        TypeError,
    )


def check_arrays(where: str, **arguments: Any) -> None:
    """Raise unless all of these are arrays."""
    for x in arguments.values():
        if not hasattr(x, "dtype"):
            raise not_arrays(where, **arguments)
