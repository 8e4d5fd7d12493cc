"""Functions with a derivative of one's own."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from . import tree
from .library import library_of
from .primitive import Like
from .tape import SEVERAL, Step, Tape
from .trace import call_name
from .traced import TracedArray

__all__ = ["custom_vjp"]


class custom_vjp:
    """A function whose pullback is given instead of traced.

    ``f.defvjp(forward, backward)``: ``forward(*args)`` returns ``(value, residuals)``; ``backward(residuals, g)``
    returns a tuple with one gradient for each argument, None where there is none. Both are written on arrays of the
    enclosing level: plain ones for first derivatives.

    Parameters
    ----------
    f
        The function, called as it is outside a derivative.
    nondiff_argnums
        Positions of arguments that are no arrays or need no gradient; ``backward`` still returns None for them.

    Examples
    --------
    >>> import nnx, numpy as np
    >>> @nnx.custom_vjp
    ... def clipped(x):
    ...     return x
    >>> clipped.defvjp(lambda x: (x, None), lambda _, g: (np.clip(g, -1.0, 1.0),))
    >>> nnx.grad(lambda x: 5.0 * clipped(x))(np.asarray(1.0))
    array(1.)
    """

    def __init__(self, f: Callable[..., Any], nondiff_argnums: tuple[int, ...] = ()) -> None:
        if not callable(f):
            raise TypeError(f"nnx.custom_vjp: expected a function, got {type(f).__name__}")
        self.f = f
        self.nondiff_argnums = frozenset(nondiff_argnums)
        self.forward: Callable[..., Any] | None = None
        self.backward: Callable[..., Any] | None = None
        functools.update_wrapper(self, f)

    def defvjp(self, forward: Callable[..., Any], backward: Callable[..., Any]) -> None:
        """Give the forward function and the pullback."""
        for what, f in (("forward", forward), ("backward", backward)):
            if not callable(f):
                raise TypeError(f"nnx.custom_vjp: expected {what} to be a function, got {type(f).__name__}")
        self.forward, self.backward = forward, backward

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function, recording the given pullback inside a derivative."""
        inputs = [x for n, a in enumerate(args) if n not in self.nondiff_argnums for x in tree.leaves(a)]
        if any(tree.is_layer(x) for x in inputs):
            raise TypeError(
                f"nnx.custom_vjp: {call_name(self.f)} was given a Layer; pass the arrays that it uses instead"
            )
        tapes = [x.tape for x in inputs if isinstance(x, TracedArray) and x.tape is not None]
        if not tapes:
            return self.f(*args, **kwargs)
        if self.forward is None or self.backward is None:
            raise TypeError(
                f"nnx.custom_vjp: {call_name(self.f)} has no pullback yet; give it one with defvjp"
            )
        tape = max(tapes, key=lambda t: t.level)
        return self._record(tape, args, kwargs)

    def _record(self, tape: Tape, args: Any, kwargs: Any) -> Any:
        assert self.forward is not None
        assert self.backward is not None
        backward, name = self.backward, call_name(self.f)

        def lower(x: Any, _path: Any) -> Any:
            if not isinstance(x, TracedArray):
                return x
            x = x._library.coerce(x, name)
            return x.value if x.tape is tape or x.tape is None else x

        def box(x: Any, _path: Any) -> Any:
            library = library_of(x)
            return x if library is None else library.box(x)

        lowered = tree.map_tree(lower, (args, kwargs))
        if any(isinstance(x, TracedArray) for x in tree.leaves(lowered)):
            lowered = tree.map_tree(box, lowered)
        result = self.forward(*lowered[0], **lowered[1])
        if not isinstance(result, tuple) or len(result) != 2:
            raise TypeError(
                f"nnx.custom_vjp: the forward function of {name} has to return (value, residuals)"
            )
        value, residuals = result
        outputs = tree.leaves(value)
        for x in outputs:
            if isinstance(x, TracedArray) and x.tape is tape:
                raise TypeError(
                    f"nnx.custom_vjp: {name} uses a differentiated array that is not among its arguments; pass it"
                )
        arguments = tree.leaves(args)
        owners = [n for n, a in enumerate(args) for _ in tree.leaves(a)]
        taken = [
            isinstance(x, TracedArray) and x.tape is tape and n not in self.nondiff_argnums
            for x, n in zip(arguments, owners, strict=True)
        ]
        library = next(x._library for x, t in zip(arguments, taken, strict=True) if t)
        zeros = [(x.shape, x.dtype, x.device) if library_of(x) is not None else None for x in outputs]

        def pull(xp: Any, g: Any, _out: Any, *, needed: Any) -> list[Any]:
            full = [
                xp.zeros(z[0], dtype=z[1], device=z[2]) if gi is None and z is not None else gi
                for gi, z in zip(g, zeros, strict=True)
            ]
            parts = iter(full)
            back = backward(residuals, tree.map_tree(lambda _x, _path: next(parts), value))
            if not isinstance(back, tuple) or len(back) != len(args):
                raise TypeError(
                    f"nnx.custom_vjp: the pullback of {name} has to return a tuple with one gradient for each of "
                    f"its {len(args)} arguments, got {type(back).__name__}"
                    + (f" of {len(back)}" if isinstance(back, tuple) else "")
                )
            return _flat(name, args, back)

        parents = tuple(x.index if t else None for x, t in zip(arguments, taken, strict=True))
        fits = tuple(Like(x) if t else None for x, t in zip(arguments, taken, strict=True))
        step = Step(name, library.fast, (), pull, False, parents, fits, (), {}, None, len(outputs))
        base = len(tape.entries)
        tape.entries.append((SEVERAL, step))
        tape.entries.extend([None] * (len(outputs) - 1))
        wrapped = iter(
            [
                library.on_tape(x, tape, base + i)
                if library_of(x) is not None and library.is_inexact(x)
                else x
                for i, x in enumerate(outputs)
            ]
        )
        return tree.map_tree(lambda _x, _path: next(wrapped), value)


def _flat(name: str, args: Any, back: tuple[Any, ...]) -> list[Any]:
    """The gradients in the order of the arguments' leaves; None for an array or a container that has none."""
    flat: list[Any] = []
    for n, (a, g) in enumerate(zip(args, back, strict=True)):
        for x, c in tree.paired(a, g, f"nnx.custom_vjp: the pullback of {name}: argument {n}"):
            if library_of(x) is None or c is None:
                flat.append(None)
                continue
            if library_of(c) is None:
                raise TypeError(
                    f"nnx.custom_vjp: the pullback of {name} gave {type(c).__name__} for argument {n}; expected an "
                    "array, or None"
                )
            if tuple(c.shape) != tuple(x.shape):
                raise ValueError(
                    f"nnx.custom_vjp: the pullback of {name} gave shape {tuple(c.shape)} for argument {n}, which has "
                    f"shape {tuple(x.shape)}"
                )
            flat.append(c)
    return flat
