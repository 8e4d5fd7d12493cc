"""Products with the Jacobian, from the left (vjp) and from the right (jvp, hvp)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import tree
from ..library import Library, library_of
from ..trace import Call
from ..traced import TracedArray
from .common import Argnums, is_inexact, like, numbers_of, zeros_like
from .scalar import differentiated

__all__ = ["hvp", "jvp", "pulled", "vjp"]


def vjp(f: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """The value of ``f`` at ``primals``, and the pullback there.

    ``pullback(cotangents)`` takes arrays in the structure of the value and returns a tuple with one gradient for
    each primal: the transposed Jacobian times the cotangents. It may be called any number of times.

    Examples
    --------
    >>> import nnx, numpy as np
    >>> out, pullback = nnx.vjp(np.multiply, np.asarray(3.0), np.asarray(4.0))
    >>> out, pullback(np.asarray(1.0))
    (array(12.), (array(4.), array(3.)))
    """
    return pulled("nnx.vjp", f, tuple(range(len(primals))), primals)


def pulled(what: str, f: Callable[..., Any], numbers: tuple[int, ...], primals: Any) -> Any:
    """``vjp`` for the transform called ``what``, with respect to some of the arguments."""
    if not callable(f):
        raise TypeError(f"{what}: expected a function, got {type(f).__name__}")
    if not primals:
        raise TypeError(f"{what}: expected at least one argument to differentiate")
    call = Call(what, f, numbers, primals, {})
    try:
        out = call.run()
        entries = call.tape.entries
        len(entries)
    finally:
        call.tape.close()

    def pullback(cotangents: Any) -> tuple[Any, ...]:
        seeds: dict[int, Any] = {}
        boxes: dict[int, Library] = {}
        nested = False

        def seed(x: Any, g: Any) -> None:
            nonlocal nested
            if not isinstance(x, TracedArray):
                return
            library = x._library
            g = _cotangent(what, library, x, g)
            if x.tape is not call.tape:
                return
            nested = nested or isinstance(g, TracedArray) or isinstance(x.value, TracedArray)
            p = seeds.get(x.index)
            seeds[x.index] = g if p is None else p + g
            boxes[x.index] = library

        for x, g in tree.paired(out, cotangents, f"{what}: cotangent"):
            seed(x, g)
        if nested:
            seeds = {i: boxes[i].box(g) for i, g in seeds.items()}
        was_nested, call.nested = call.nested, call.nested or nested
        try:
            pulled = call.pull(seeds, entries[:], nested) if seeds else [None] * len(call.inputs)
            return call.gather(pulled, seeds.values())
        finally:
            call.nested = was_nested

    return call.lower(out), pullback


def _cotangent(what: str, library: Library, x: Any, g: Any) -> Any:
    if library_of(g) is None:
        raise TypeError(
            f"{what}: expected a cotangent array of shape {tuple(x.shape)}, got {type(g).__name__}"
        )
    if isinstance(g, TracedArray):
        g = library.coerce(g, what)
        if g.tape is None:
            g = g.value
    if tuple(g.shape) != tuple(x.shape):
        raise ValueError(f"{what}: expected a cotangent of shape {tuple(x.shape)}, got {tuple(g.shape)}")
    if g.dtype != x.dtype:
        raise TypeError(f"{what}: expected a cotangent of dtype {x.dtype}, got {g.dtype}")
    return g


def jvp(
    f: Callable[..., Any], primals: Any, tangents: Any, argnums: Argnums | None = None
) -> tuple[Any, Any]:
    """The value of ``f`` at ``primals`` and its directional derivative along ``tangents``.

    Had from two pullbacks, so every rule serves. ``argnums`` says which of the primals the tangents belong to; by
    default all, in order. Integer arrays in the value get zeros.

    Examples
    --------
    >>> import nnx, numpy as np
    >>> nnx.jvp(np.sin, (np.asarray(0.0),), (np.asarray(2.0),))
    (array(0.), array(2.))
    """
    what = "nnx.jvp"
    primals, tangents, numbers = _directions(what, primals, tangents, argnums)
    out, pullback = pulled(what, f, numbers, primals)
    leaves = tree.leaves(out)
    zeros = [zeros_like(x) for x in leaves]
    moves = [is_inexact(x) for x in leaves]

    def transposed(u: list[Any]) -> Any:
        seeds = iter(u)
        cotangents = [next(seeds) if m else z for m, z in zip(moves, zeros, strict=True)]
        return _pair(what, pullback(like(out, iter(cotangents))), tangents)

    found = iter(
        differentiated(what, transposed, 0, False)([z for m, z in zip(moves, zeros, strict=True) if m])[1]
    )
    directions = iter([next(found) if m else z for m, z in zip(moves, zeros, strict=True)])
    return out, like(out, directions)


def _directions(
    what: str, primals: Any, tangents: Any, argnums: Argnums | None
) -> tuple[Any, Any, tuple[int, ...]]:
    if not isinstance(primals, (tuple, list)):
        raise TypeError(f"{what}: primals has to be a tuple with the arguments of the function")
    if argnums is None:
        numbers = tuple(range(len(primals)))
    else:
        numbers = numbers_of(what, argnums)
        if isinstance(argnums, int) and not isinstance(tangents, (tuple, list)):
            tangents = (tangents,)
    if not isinstance(tangents, (tuple, list)) or len(tangents) != len(numbers):
        raise TypeError(f"{what}: expected a tuple of {len(numbers)} tangents")
    return tuple(primals), tuple(tangents), numbers


def _pair(what: str, cotangents: Any, tangents: Any) -> Any:
    """The real part of sum(c * t) over all leaves."""
    total: Any = None

    def add(c: Any, t: Any) -> None:
        nonlocal total
        library = library_of(c)
        if library is None:
            return
        xp = library.namespace
        if library_of(t) is None or tuple(t.shape) != tuple(c.shape):
            raise ValueError(
                f"{what}: expected a tangent of shape {tuple(c.shape)}, got {getattr(t, 'shape', type(t).__name__)}"
            )
        product = c * t
        if xp.isdtype(product.dtype, "complex floating"):
            product = xp.real(product)
        part = xp.sum(product)
        total = part if total is None else total + part

    for c, t in tree.paired(cotangents, tangents, f"{what}: tangent"):
        add(c, t)
    return total


def hvp(f: Callable[..., Any], primals: Any, tangents: Any, argnums: Argnums | None = None) -> Any:
    """The Hessian of a scalar function times a vector: the gradient of ⟨grad f, v⟩.

    Returns the product in the structure of the primals that the tangents belong to (a tuple of them; with
    ``argnums`` an int, one).

    Examples
    --------
    >>> import nnx, numpy as np
    >>> nnx.hvp(lambda x: (x**3).sum(), (np.asarray([1.0, 2.0]),), (np.asarray([1.0, 0.0]),))
    (array([6., 0.]),)
    """
    what = "nnx.hvp"
    primals, tangents, numbers = _directions(what, primals, tangents, argnums)
    first = differentiated(what, f, numbers, False)

    def slope(*args: Any) -> Any:
        return _pair(what, first(*args)[1], tangents)

    product = differentiated(what, slope, numbers, False)(*primals)[1]
    return product[0] if isinstance(argnums, int) else product
