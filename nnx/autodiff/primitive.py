"""What a differentiable operation is: rules as data, and the decorator that makes new operations.

A *pullback* maps the cotangent ``g`` of an output to the cotangent of one argument. It is called as
``(xp, g, out, *arrays, **params)`` and written in standard functions only, so that it works on plain arrays
(first derivatives) and on traced ones (higher derivatives) alike. Its parameter names say what the tape keeps:

- ``x``: the array itself,
- ``x_like``: only its shape, dtype and device,
- ``_x``: nothing (None arrives).

Pullbacks neither sum over broadcast axes nor cast: the loop that calls them fits what they return.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import update_wrapper
from typing import Any

from .errors import MixedLibrariesError

__all__ = ["DROP", "KEEP", "LIKE", "Left", "Like", "Primitive", "Refused", "Rule", "joint", "primitive"]

Pullback = Callable[..., Any]

DROP, LIKE, KEEP = 0, 1, 2


class Like:
    """Shape, dtype and device of an array, without the array."""

    __slots__ = ("device", "dtype", "shape")

    def __init__(self, array: Any) -> None:
        self.shape = array.shape
        self.dtype = array.dtype
        self.device = array.device

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)


class Left:
    """The base of what a forward leaves for the pullback of a first derivative, in a parameter made for each call."""

    __slots__ = ()


class joint:
    """Marks one pullback that serves all arguments: ``(xp, g, out, *arrays, needed, **params)`` to a tuple."""

    __slots__ = ("pullback",)

    def __init__(self, pullback: Pullback) -> None:
        self.pullback = pullback


class Refused:
    """Stands in for a pullback that nnx does not have; raises by name when a derivative would need it."""

    __slots__ = ("reason",)

    def __init__(self, reason: str) -> None:
        self.reason = reason


class Rule:
    """How one operation is differentiated.

    Parameters
    ----------
    *pullbacks
        One for each array argument, or a single ``joint``; None for an argument without a derivative.
    params
        Names of parameters that may also be passed by position after the arrays.
    arrays
        Names of array arguments that may also be passed by keyword (``clip(x, min=..., max=...)``).
    outputs
        Whether the operation returns several arrays; then ``g`` and ``out`` are tuples.
    variadic
        Whether the arrays come as one list; the pullback is ``(xp, g, out, arrays, needed, **params)`` to a list.
    elementwise
        Whether ``out[i]`` depends on element ``i`` of each argument only.
    masks
        Whether the operation selects elements, so that a zero cotangent has to stay zero further back.
    unkept
        The numbers of those of several outputs that the pullback does without: None stands for them in ``out``.
    """

    __slots__ = (
        "arrays",
        "elementwise",
        "joint",
        "masks",
        "outputs",
        "params",
        "pullbacks",
        "unkept",
        "variadic",
    )

    def __init__(
        self,
        *pullbacks: Pullback | joint | Refused | None,
        params: tuple[str, ...] = (),
        arrays: tuple[str, ...] = (),
        outputs: bool = False,
        variadic: bool = False,
        elementwise: bool = False,
        masks: bool = False,
        unkept: tuple[int, ...] = (),
    ) -> None:
        self.joint: Pullback | None = None
        if len(pullbacks) == 1 and isinstance(pullbacks[0], joint):
            self.joint = pullbacks[0].pullback
            pullbacks = ()
        self.pullbacks = pullbacks
        self.params = params
        self.arrays = arrays
        self.outputs = outputs
        self.variadic = variadic
        self.elementwise = elementwise
        self.masks = masks
        self.unkept = unkept


def keep_modes(pullback: Pullback | None, count: int) -> tuple[int, ...]:
    """What a pullback needs of ``out`` and of its first ``count`` arrays, read off its parameter names."""
    code = getattr(pullback, "__code__", None)
    if code is None:
        return (KEEP,) * (count + 1)
    names = code.co_varnames[2 : code.co_argcount][: count + 1]
    modes = [DROP if n.startswith("_") else LIKE if n.endswith("_like") else KEEP for n in names]
    return tuple(modes) + (KEEP,) * (count + 1 - len(modes))


class Primitive:
    """An operation of nnx's own, callable on plain and on traced arrays."""

    registry: dict[str, Primitive] = {}

    def __init__(self, name: str, forward: Callable[..., Any], options: Mapping[str, Any]) -> None:
        before = Primitive.registry.get(name)
        # a module may be loaded again
        if before is not None and before.forward.__module__ != forward.__module__:
            raise ValueError(f"primitive {name!r} is already defined")
        self.name = name
        self.forward = forward
        self.rule = Rule(**options)
        self._options = options
        self._functions: dict[type | tuple[type, ...], Callable[..., Any]] = {}
        Primitive.registry[name] = self
        update_wrapper(self, forward)

    def defpullback(self, *pullbacks: Pullback | joint | Refused | None) -> Primitive:
        """Give the pullbacks, one for each array argument or a single ``joint``."""
        self.rule = self.with_pullbacks(pullbacks)
        self._functions.clear()
        return self

    def with_pullbacks(self, pullbacks: Sequence[Pullback | joint | Refused | None]) -> Rule:
        """The rule with other pullbacks."""
        return Rule(*pullbacks, **self._options)

    def __call__(self, *args: Any, **params: Any) -> Any:
        """Run on plain arrays, record on traced ones."""
        count = len(args)
        if count == 1:  # cases that spare small operations a tenth of their time
            kinds: Any = type(args[0])
        elif count == 3:
            x, y, z = args
            kinds = (type(x), type(y), type(z))
        else:
            kinds = tuple(map(type, args))
        function = self._functions.get(kinds) or self._choose(args, kinds)
        try:
            return function(*args, **params)
        except Exception as error:
            self._check(args, isinstance(error, AttributeError))
            raise

    def _choose(self, args: tuple[Any, ...], kinds: Any) -> Callable[..., Any]:
        """The function for arguments of these types: the traced one if there is a traced array among them."""
        from .library import bind_primitive

        found = None
        for a in args:
            function = bind_primitive(self, a)
            if function is not None and getattr(type(a), "__nnx_traced__", False):
                found = function
                break
            if found is None or getattr(type(a), "__nnx_captured__", False):
                found = function or found
        if found is None:
            self._check(args, True)
            raise TypeError(f"{self.name}: expected arrays")
        self._functions[kinds] = found
        return found

    def _check(self, args: tuple[Any, ...], strict: bool) -> None:
        """Say so if it failed for being given something other than arrays of one library.

        Numbers and None may be all right; ``strict`` says that something lacked what arrays have.
        """
        from .library import library_of

        if self.rule.variadic:
            return
        scalars = (bool, int, float, complex, type(None))
        given = [a for a in args if strict or not isinstance(a, scalars)]
        libraries = [library_of(a) for a in given]
        names = list({library.label: None for library in libraries if library is not None})
        kind: type[Exception] = TypeError
        if not names or None in libraries:
            kinds = [type(a).__name__ if library_of(a) is None else "array" for a in args]
            detail = f"expected arrays, got {', '.join(kinds)}"
        elif len(names) > 1:
            kind = MixedLibrariesError
            detail = f"arrays of two libraries met: {' and '.join(names)}; convert one of them first"
        else:
            return
        error = kind(f"{self.name}: {detail}")
        error.__dict__["nnx_detail"] = detail  # a layer that it passes says more exactly where
        raise error from None

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"


def primitive(name: str, **options: Any) -> Callable[[Callable[..., Any]], Primitive]:
    """Define a differentiable operation from a forward ``(xp, *arrays, **params)`` in standard functions.

    Examples
    --------
    >>> from nnx.autodiff import primitive, grad
    >>> import numpy as np
    >>> @primitive("cube_of_docs")
    ... def cube(xp, x):
    ...     return x * x * x
    >>> _ = cube.defpullback(lambda xp, g, _out, x: 3 * g * x * x)
    >>> grad(cube)(np.asarray(2.0))
    array(12.)
    """

    def decorate(forward: Callable[..., Any]) -> Primitive:
        return Primitive(name, forward, options)

    return decorate
