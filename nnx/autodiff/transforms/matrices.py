"""Whole Jacobians and Hessians."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

from .. import tree
from ..library import library_of
from ..traced import TracedArray
from .common import Argnums, like, named, numbers_of, zeros_like
from .products import pulled
from .scalar import grad

__all__ = ["hessian", "jacobian"]


def jacobian(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """A function that returns the Jacobian of ``f``: an array of shape ``out.shape + x.shape``.

    Where the value or the argument is a container, the result has the value's structure, and in each place the
    argument's. One pullback for each element of the value.

    Examples
    --------
    >>> import nnx, numpy as np
    >>> nnx.jacobian(lambda x: x * x)(np.asarray([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """
    what = "nnx.jacobian"
    numbers = numbers_of(what, argnums)

    def function(*args: Any, **kwargs: Any) -> Any:
        called = functools.partial(f, **kwargs) if kwargs else f
        out, pullback = pulled(what, called, tuple(n % len(args) if args else n for n in numbers), args)
        outputs = tree.leaves(out)
        zeros = [zeros_like(x) for x in outputs]
        rows = [_rows(pullback, out, outputs, zeros, k) for k in range(len(outputs))]
        result = like(out, iter(rows))
        if isinstance(argnums, int):
            return tree.map_tree(lambda row, _path: row.value[0], result)
        return tree.map_tree(lambda row, _path: row.value, result)

    return named(function, f)


class _Row:
    """The derivative of one array of the value, as one leaf."""

    def __init__(self, value: Any) -> None:
        self.value = value


def _rows(pullback: Any, out: Any, outputs: list[Any], zeros: list[Any], k: int) -> _Row:
    x = outputs[k]
    library = library_of(x)
    if library is None:
        raise TypeError(f"nnx.jacobian: expected arrays in the value, got {type(x).__name__}")
    xp = library.namespace if isinstance(x, TracedArray) else library.xp
    size = math.prod(x.shape)
    one = xp.eye(max(size, 1), dtype=x.dtype, device=x.device)
    pulled = []
    for i in range(size):
        seeds = list(zeros)
        seeds[k] = xp.reshape(one[i, :], x.shape)
        pulled.append(pullback(like(out, iter(seeds))))
    if not pulled:
        empty = pullback(like(out, iter(zeros)))
        return _Row(
            tree.map_tree(lambda g, _path: xp.zeros(x.shape + g.shape, dtype=g.dtype, device=g.device), empty)
        )
    stacks = iter(zip(*[tree.leaves(p) for p in pulled], strict=True))

    def stack(g: Any, _path: Any) -> Any:
        column = next(stacks)
        if library_of(g) is None:
            return g
        space = library_of(g).namespace if isinstance(g, TracedArray) else xp  # type: ignore[union-attr]
        return space.reshape(space.stack(list(column)), x.shape + g.shape)

    return _Row(tree.map_tree(stack, pulled[0]))


def hessian(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """A function that returns the Hessian of a scalar ``f``: an array of shape ``x.shape + x.shape``.

    Examples
    --------
    >>> import nnx, numpy as np
    >>> nnx.hessian(lambda x: (x**3).sum())(np.asarray([1.0, 2.0]))
    array([[ 6.,  0.],
           [ 0., 12.]])
    """
    return named(jacobian(grad(f, argnums), argnums), f)
