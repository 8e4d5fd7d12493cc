"""Gradients of scalar functions."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, overload

from ..library import library_of
from ..trace import Call, call_name
from ..traced import TracedArray
from .common import Argnums, named, numbers_of

__all__ = ["differentiated", "grad", "value_and_grad"]


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
    if not library.is_inexact(out) or library.is_complex(out):
        raise TypeError(
            f"{what}: {call_name(call.f)} has to return a real floating scalar, got {out.dtype}; "
            "take the real part, or use nnx.vjp"
        )
    if not isinstance(out, TracedArray) or out.tape is not call.tape:
        return {}, False
    inner = out.value
    nested = isinstance(inner, TracedArray)
    if nested:
        return {out.index: library.namespace.ones((), dtype=inner.dtype, device=inner.device)}, True
    return {out.index: library.one(inner.dtype, inner.device)}, False


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
        Whatever else ``f`` uses is constant: other arguments, and arrays and Layers that it takes from outside.
    has_aux
        Whether ``f`` returns ``(scalar, aux)``; then the value is ``(scalar, aux)`` with plain arrays in ``aux``.

    Returns
    -------
    function
        ``(value, gradient)`` of the same arguments. The gradient has the structure of the argument; for a Layer it
        is a dict from dotted path to array, of its trainable parameters; numbers and the like in a container have
        None. Parameters come back as they were; what is written to buffers is kept. For complex arguments it
        follows JAX's convention, ``u_x - i u_y``.

    Examples
    --------
    >>> import nnx, numpy as np
    >>> nnx.value_and_grad(lambda x: (x * x).sum())(np.asarray([1.0, 2.0]))
    (array(5.), array([2., 4.]))
    """
    if f is None:
        return functools.partial(value_and_grad, argnums=argnums, has_aux=has_aux)
    return differentiated("nnx.value_and_grad", f, argnums, has_aux)


def differentiated(what: str, f: Callable[..., Any], argnums: Argnums, has_aux: bool) -> Callable[..., Any]:
    """``value_and_grad`` for the transform called ``what``."""
    if not callable(f):
        raise TypeError(f"{what}: expected a function, got {type(f).__name__}")
    numbers = numbers_of(what, argnums)

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
        grads = call.gather(cotangents, seeds.values())
        value = call.lower(out)
        return (value if not has_aux else (value, call.lower(aux))), (
            grads[0] if isinstance(argnums, int) else grads
        )

    return named(function, f)


@overload
def grad(f: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]: ...
@overload
def grad(
    *, argnums: Argnums = 0, has_aux: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]: ...
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
    both = differentiated("nnx.grad", f, argnums, has_aux)

    def function(*args: Any, **kwargs: Any) -> Any:
        value, gradient = both(*args, **kwargs)
        return (gradient, value[1]) if has_aux else gradient

    return named(function, f)
