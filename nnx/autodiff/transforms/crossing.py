"""Into a derivative and out of it on purpose."""

from __future__ import annotations

from typing import Any

from .. import tree
from ..library import library_of
from ..traced import TracedArray

__all__ = ["lift", "stop_gradient"]


def stop_gradient(x: Any) -> Any:
    """The same arrays with no derivative passing through; plain arrays are returned as they are.

    Examples
    --------
    >>> import nnx, numpy as np
    >>> nnx.grad(lambda x: x * nnx.stop_gradient(x))(np.asarray(3.0))
    array(3.)
    """

    def stop(leaf: Any, _path: Any) -> Any:
        if tree.is_layer(leaf):
            raise TypeError(
                "nnx.stop_gradient: expected arrays, got a Layer; stop what it returns, freeze it, or let the function "
                "close over it instead of taking it as an argument"
            )
        if not isinstance(leaf, TracedArray):
            return leaf
        library = leaf._library
        return library.constant(library.raw(leaf))

    return tree.map_tree(stop, x)


def lift(x: Any) -> Any:
    """An array from outside, usable beside traced ones: the same values as a constant of the traced namespace.

    Operators and functions of the traced namespace take plain arrays too; ``lift`` is for code that asks its
    arguments for their namespace and would see two.

    Examples
    --------
    >>> import nnx, numpy as np
    >>> nnx.lift(np.asarray([1.0, 2.0]))
    traced(array([1., 2.]))
    """

    def one(leaf: Any, _path: Any) -> Any:
        if isinstance(leaf, TracedArray):
            return leaf
        library = library_of(leaf)
        return leaf if library is None else library.constant(leaf)

    return tree.map_tree(one, x)
