"""Derivatives of functions: the public transforms.

All of them run the function once on traced arrays and pull cotangents back through the tape; forward-mode
products come from pulling back twice, so there is one set of rules.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, overload

from . import tree
from .library import Library, library_of
from .trace import Call, call_name
from .traced import TracedArray

__all__ = ["grad", "hessian", "hvp", "jacobian", "jvp", "lift", "stop_gradient", "value_and_grad", "vjp"]

Argnums = int | Sequence[int]


def _tuple(what: str, argnums: Argnums) -> tuple[int, ...]:
    if isinstance(argnums, int):
        return (argnums,)
    numbers = tuple(argnums)
    if not numbers or not all(isinstance(n, int) for n in numbers):
        raise TypeError(f"{what}: argnums has to be an int or a non-empty sequence of ints, got {argnums!r}")
    return numbers


def _seed(what: str, call: Call, out: Any) -> tuple[dict[int, Any], bool]:
    """The cotangent of a scalar result: one, at its slot."""
    library = library_of(out)
    if library is None:
        raise TypeError(
            f"{what}: {call_name(call.f)} has to return a 0-d array, got {type(out).__name__}; "
            "return further results as a second one, with has_aux=True"
        )
    if out.shape != ():
        raise ValueError(
            f"{what}: {call_name(call.f)} has to return a scalar (0-d array), got shape {tuple(out.shape)}; "
            "reduce it with sum or mean, or use nnx.jacobian"
        )
    if not library.xp.isdtype(out.dtype, "real floating"):
        raise TypeError(
            f"{what}: {call_name(call.f)} has to return a real floating scalar, got {out.dtype}; "
            "take the real part, or use nnx.vjp"
        )
    if not isinstance(out, TracedArray) or out.tape is not call.tape:
        return {}, False
    inner = out.value
    nested = isinstance(inner, TracedArray)
    xp = library.namespace if nested else library.fast
    return {out.index: xp.ones((), dtype=inner.dtype, device=inner.device)}, nested


@overload
def value_and_grad(
    f: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False
) -> Callable[..., tuple[Any, Any]]: ...
@overload
def value_and_grad(
    *, argnums: Argnums = 0, has_aux: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., tuple[Any, Any]]]: ...
def value_and_grad(f: Any = None, argnums: Argnums = 0, has_aux: bool = False) -> Any:
    """A function that returns the value of ``f`` and its gradient.

    Parameters
    ----------
    f
        A function that returns a real scalar (a 0-d array); with ``has_aux`` a pair of it and anything else.
    argnums
        Which positional arguments to differentiate. An int gives one gradient, a sequence a tuple of them.
    has_aux
        Whether ``f`` returns ``(scalar, aux)``; then the value is ``(scalar, aux)`` with plain arrays in ``aux``.

    Returns
    -------
    function
        ``(value, gradient)`` of the same arguments. The gradient has the structure of the argument; for a Layer it
        is a dict from dotted path to array, of its trainable parameters. For complex arguments it follows JAX's
        convention, ``u_x - i u_y``.

    Examples
    --------
    >>> import nnx, numpy as np
    >>> nnx.value_and_grad(lambda x: (x * x).sum())(np.asarray([1.0, 2.0]))
    (array(5.), array([2., 4.]))
    """
    if f is None:
        return functools.partial(value_and_grad, argnums=argnums, has_aux=has_aux)
    return _value_and_grad("nnx.value_and_grad", f, argnums, has_aux)


def _value_and_grad(what: str, f: Callable[..., Any], argnums: Argnums, has_aux: bool) -> Callable[..., Any]:
    if not callable(f):
        raise TypeError(f"{what}: expected a function, got {type(f).__name__}")
    numbers = _tuple(what, argnums)

    def function(*args: Any, **kwargs: Any) -> Any:
        call = Call(what, f, numbers, args, kwargs)
        try:
            out = call.run()
            aux = None
            if has_aux:
                if not isinstance(out, tuple) or len(out) != 2:
                    raise TypeError(f"{what}: with has_aux=True {call_name(f)} has to return (scalar, aux)")
                out, aux = out
            seeds, nested = _seed(what, call, out)
            cotangents = call.pull(seeds, call.tape.entries, nested) if seeds else [None] * len(call.inputs)
        finally:
            call.tape.close()
        grads = call.gather(cotangents)
        value = call.lower(out)
        return (value if not has_aux else (value, call.lower(aux))), (
            grads[0] if isinstance(argnums, int) else grads
        )

    return _named(function, f)


def _named(function: Callable[..., Any], f: Callable[..., Any]) -> Callable[..., Any]:
    try:
        return functools.update_wrapper(function, f)
    except (AttributeError, TypeError):  # pragma: no cover - objects that refuse attributes
        return function


@overload
def grad(f: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]: ...
@overload
def grad(*, argnums: Argnums = 0, has_aux: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]: ...
def grad(f: Any = None, argnums: Argnums = 0, has_aux: bool = False) -> Any:
    """A function that returns the gradient of ``f``; with ``has_aux`` a pair of it and what ``f`` gave besides.

    See ``nnx.value_and_grad`` for the parameters.

    Examples
    --------
    >>> import nnx, numpy as np
    >>> nnx.grad(lambda x: np.sin(x))(np.asarray(0.0))
    array(1.)
    >>> nnx.grad(nnx.grad(lambda x: x**3))(np.asarray(2.0))
    array(12.)
    """
    if f is None:
        return functools.partial(grad, argnums=argnums, has_aux=has_aux)
    both = _value_and_grad("nnx.grad", f, argnums, has_aux)

    def function(*args: Any, **kwargs: Any) -> Any:
        value, gradient = both(*args, **kwargs)
        return (gradient, value[1]) if has_aux else gradient

    return _named(function, f)


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
    return _vjp("nnx.vjp", f, tuple(range(len(primals))), primals)


def _vjp(what: str, f: Callable[..., Any], numbers: tuple[int, ...], primals: Any) -> Any:
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
    outputs = tree.leaves(out)

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

        tree.zip_leaves(seed, outputs, cotangents, what)
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
        raise TypeError(f"{what}: expected a cotangent array of shape {tuple(x.shape)}, got {type(g).__name__}")
    if isinstance(g, TracedArray):
        g = library.coerce(g, what)
        if g.tape is None:
            g = g.value
    if tuple(g.shape) != tuple(x.shape):
        raise ValueError(f"{what}: expected a cotangent of shape {tuple(x.shape)}, got {tuple(g.shape)}")
    if g.dtype != x.dtype:
        raise TypeError(f"{what}: expected a cotangent of dtype {x.dtype}, got {g.dtype}")
    return g


def jvp(f: Callable[..., Any], primals: Any, tangents: Any, argnums: Argnums | None = None) -> tuple[Any, Any]:
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
    out, pullback = _vjp(what, f, numbers, primals)
    leaves = tree.leaves(out)
    zeros = [_zeros_like(x) for x in leaves]
    moves = [_is_inexact(x) for x in leaves]

    def transposed(u: list[Any]) -> Any:
        seeds = iter(u)
        cotangents = [next(seeds) if m else z for m, z in zip(moves, zeros, strict=True)]
        return _pair(what, pullback(_like(out, iter(cotangents))), tangents)

    found = iter(_value_and_grad(what, transposed, 0, False)([z for m, z in zip(moves, zeros, strict=True) if m])[1])
    directions = iter([next(found) if m else z for m, z in zip(moves, zeros, strict=True)])
    return out, _like(out, directions)


def _directions(what: str, primals: Any, tangents: Any, argnums: Argnums | None) -> tuple[Any, Any, tuple[int, ...]]:
    if not isinstance(primals, (tuple, list)):
        raise TypeError(f"{what}: primals has to be a tuple with the arguments of the function")
    if argnums is None:
        numbers = tuple(range(len(primals)))
    else:
        numbers = _tuple(what, argnums)
        if isinstance(argnums, int) and not isinstance(tangents, (tuple, list)):
            tangents = (tangents,)
    if not isinstance(tangents, (tuple, list)) or len(tangents) != len(numbers):
        raise TypeError(f"{what}: expected a tuple of {len(numbers)} tangents")
    return tuple(primals), tuple(tangents), numbers


def _zeros_like(x: Any) -> Any:
    library = library_of(x)
    if library is None:
        return x
    xp = library.namespace if isinstance(x, TracedArray) else library.xp
    return xp.zeros(x.shape, dtype=x.dtype, device=x.device)


def _is_inexact(x: Any) -> bool:
    library = library_of(x)
    return library is not None and library.is_inexact(x)


def _like(structure: Any, values: Any) -> Any:
    """Values one by one in place of the leaves of a structure."""
    return tree.map_tree(lambda _x, _path: next(values), structure)


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

    tree.zip_leaves(add, cotangents, tangents, what)
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
    first = _value_and_grad(what, f, numbers, False)

    def slope(*args: Any) -> Any:
        return _pair(what, first(*args)[1], tangents)

    product = _value_and_grad(what, slope, numbers, False)(*primals)[1]
    return product[0] if isinstance(argnums, int) else product


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
    numbers = _tuple(what, argnums)

    def function(*args: Any, **kwargs: Any) -> Any:
        called = functools.partial(f, **kwargs) if kwargs else f
        out, pullback = _vjp(what, called, tuple(n % len(args) if args else n for n in numbers), args)
        outputs = tree.leaves(out)
        zeros = [_zeros_like(x) for x in outputs]
        rows = [_rows(pullback, out, outputs, zeros, k) for k in range(len(outputs))]
        result = _like(out, iter(rows))
        if isinstance(argnums, int):
            return tree.map_tree(lambda row, _path: row.value[0], result)
        return tree.map_tree(lambda row, _path: row.value, result)

    return _named(function, f)


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
    one = xp.eye(max(x.size, 1), dtype=x.dtype, device=x.device)
    pulled = []
    for i in range(x.size):
        seeds = list(zeros)
        seeds[k] = xp.reshape(one[i, :], x.shape)
        pulled.append(pullback(_like(out, iter(seeds))))
    if not pulled:
        empty = pullback(_like(out, iter(zeros)))
        return _Row(tree.map_tree(lambda g, _path: xp.zeros(x.shape + g.shape, dtype=g.dtype, device=g.device), empty))
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
    return _named(jacobian(grad(f, argnums), argnums), f)


def stop_gradient(x: Any) -> Any:
    """The same arrays with no derivative passing through; plain arrays are returned as they are.

    Examples
    --------
    >>> import nnx, numpy as np
    >>> nnx.grad(lambda x: x * nnx.stop_gradient(x))(np.asarray(3.0))
    array(3.)
    """

    def stop(leaf: Any, _path: Any) -> Any:
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
