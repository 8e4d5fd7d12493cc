"""Checking derivatives against finite differences: for code that differentiates with nnx.

New primitives, custom pullbacks, layers, losses, and functions of other libraries.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Sequence
from typing import Any

from ..random import recording, replaying
from ._check import Check
from ._point import Function, Point, floating_arguments

__all__ = ["check_gradients"]


def check_gradients(
    f: Function,
    *args: Any,
    order: int = 2,
    argnums: int | Sequence[int] | None = None,
    modes: Sequence[str] = ("vjp", "jvp"),
    rtol: float = 1e-6,
    atol: float = 1e-9,
    step: float = 1e-2,
    seed: int = 0,
) -> None:
    """Check that the derivatives of ``f`` at ``args`` are those of the function that it computes.

    Difference quotients are central, and extrapolated to step zero (Ridders 1982), so that each has an
    estimate of its own error. For each array in the arguments a random direction t is drawn, for each array
    of the value a random w; D is the difference quotient of ``f`` along t. Then

    - values: ``f`` gives the same on traced arrays as on plain ones;
    - vjp: Re <pullback(w), t> is Re <w, D>, and a gradient has the shape, dtype and device of its argument;
    - jvp: the directional derivative is D, element by element;
    - with ``order=2`` the first two hold for the function from ``args`` to pullback(w) as well, and so on.

    Arguments in single precision are checked in double precision; the derivatives in single precision then
    have to agree with those to the square root of their rounding error. Complex arguments and values follow
    JAX's convention: the gradient of a real u at x + iy is u_x - i u_y.

    Parameters
    ----------
    f
        A function of arrays, Layers, and containers of them, that does the same at every call. Numbers that it
        draws through ``nnx.random`` are drawn again the same; what it writes to buffers of a Layer is forgotten.
    order
        The highest order of derivative to check.
    argnums
        Which arguments to differentiate; by default those that hold floating arrays and no integer ones.
    modes
        ``"vjp"``, ``"jvp"`` or both.
    rtol
        How far a derivative may be off, relative to the largest element (vjp: to the sum of all magnitudes).
    atol
        How far it may be off besides, in units of 1 + the largest element of the value.
    step
        The largest step, in units of the argument's root mean square (of the square root of that above 1).
    seed
        Of the random directions.

    Raises
    ------
    AssertionError
        A derivative is wrong, or differences cannot tell because ``f`` is not smooth here.

    Examples
    --------
    >>> import nnx, numpy as np
    >>> nnx.testing.check_gradients(lambda x, y: np.sin(x) * y, np.asarray([1.0, 2.0]), np.asarray(3.0))
    >>> nnx.testing.check_gradients(lambda x: nnx.stop_gradient(x) * x, np.asarray([1.0, 2.0]))
    Traceback (most recent call last):
        ...
    AssertionError: check_gradients: order 1, vjp of <lambda>, argument 0: expected ...
    """
    for mode in modes:
        if mode not in ("vjp", "jvp"):
            raise ValueError(f'check_gradients: modes has to be of "vjp" and "jvp", got {mode!r}')
    point = Point(args, floating_arguments(args, argnums), {})
    if not point.places:
        raise ValueError("check_gradients: no argument holds a floating array that could be differentiated")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # differences may step out of a function's domain
        with recording() as states:
            point.call(f)
        f = _repeating(f, states)
        wide = point.widened()
        check = Check(f, tuple(modes), rtol, atol, step, seed)
        check.all_orders(f, wide, order)
        if wide is not point:
            check.narrow(f, point, wide, order)


def _repeating(f: Function, states: Any) -> Function:
    """``f`` with its random numbers drawn the same at every call."""

    @functools.wraps(f, updated=())
    def function(*args: Any) -> Any:
        with replaying(states):
            return f(*args)

    return function
