"""NumPy's protocols on traced arrays, from explicit tables.

``np.exp(x)``, ``np.sum(x, axis=0)`` and ``x.sum()`` go to functions of the standard under NumPy's own names and
keywords (``numpy_functions``). Where no argument carries a derivative the library's own function runs. What has no
entry is refused by name: nothing is silently converted. CuPy's universal functions ask here too.
"""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from .errors import NotDifferentiableError
from .numpy_plain import carries, plain, refuse, speaks
from .numpy_ufuncs import kernel, refuse_polynomials, ufunc

if TYPE_CHECKING:
    from .library import Library

__all__ = ["attribute", "extra", "function", "kernel", "members", "ufunc"]

Function = Callable[..., Any]


@lru_cache(1024)
def _function_name(function: Any) -> str:
    """``sum``, ``linalg.norm``, ``emath.sqrt``; a name with its module in front for whatever is not NumPy's."""
    module = getattr(function, "__module__", "") or ""
    if module == "numpy":
        return function.__name__
    module = (
        module.removeprefix("numpy.").replace("lib.scimath", "emath").replace("lib._stride_tricks_impl", "")
    )
    return f"{module}.{function.__name__}"


def extra(library: Library, name: str, own: Function) -> Function | None:
    """The traced version of what a namespace has beyond the standard (``xp.median``); None if there is none."""
    if not speaks(library) or name not in _tables().FUNCTIONS:
        return None
    return functools.wraps(own, updated=())(lambda *args, **kwargs: _served(library, name, own, args, kwargs))


def function(library: Library, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A function of NumPy that asks its arguments what to do."""
    refuse_polynomials()
    return _served(library, _function_name(function), function, args, kwargs)


def _served(library: Library, name: str, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    tables = _tables()
    own, base = tables.FUNCTIONS.get(name), library.base
    if kwargs:
        kwargs = {k: v for k, v in kwargs.items() if type(v).__name__ != "_NoValueType"}
    if not carries(base, args) and not carries(base, kwargs) and speaks(library):
        writes = name in tables.ALWAYS or not {"out", "overwrite_input", "copy"}.isdisjoint(kwargs)
        if not writes and not _out_by_position(own, args):
            served, result = plain(library, function, args, kwargs)
            if served:
                return result
    if own is not None:
        return _call("np", name, own, library.namespace, args, kwargs)
    if name in tables.RUNS and speaks(library):
        from .dispatch import opaque

        return opaque(library, name, function)(*args, **kwargs)
    raise refuse(f"np.{name}")


@functools.cache
def _tables() -> Any:
    """The tables of functions, which are not needed before the first of them is called."""
    return importlib.import_module(f"{__package__}.numpy_functions")


def _out_by_position(own: Function | None, args: tuple[Any, ...]) -> bool:
    place = getattr(own, "place_of_out", None)
    return place is not None and len(args) > place and args[place] is not None


def _call(of: str, name: str, own: Function, xp: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a function of the tables; arguments that it does not have are refused by name."""
    try:
        return own(xp, *args, **kwargs)
    except TypeError as error:
        try:
            inspect.signature(own).bind(xp, *args, **kwargs)
        except TypeError as mismatch:
            raise NotDifferentiableError(
                f"{of}.{name}: these arguments have no counterpart on traced arrays: {mismatch}"
            ) from error
        raise


# methods and attributes ----------------------------------------------------------------------------------------


def attribute(x: Any, name: str) -> Any:
    """A method or attribute beyond the standard, where the library's own arrays have one of that name."""
    library = x._library
    if name not in library.backend.array_methods:
        if name in _PROPERTIES and speaks(library):
            return _tables().PROPERTIES[name](library.namespace, library.coerce(x, name))
        from .._torch_names import of_arrays  # only here, where it has failed

        raise AttributeError(
            f"a traced array of {library.label} has no attribute {name!r}: inside a derivative of nnx there is what "
            "the standard has, and what of the library's own can be differentiated; functions are those of "
            "nnx.array_namespace(x)" + of_arrays(name)
        )
    method, xp = _tables().METHODS.get(name), library.namespace
    if method is None:
        raise AttributeError(
            f"{name!r} is not available on a traced array: nnx has no derivative for it; "
            "use functions of nnx.array_namespace(x)"
        )
    return lambda *args, **kwargs: _call("x", name, method, xp, (x, *args), kwargs)


_PROPERTIES = frozenset(("flat", "itemsize", "nbytes"))


def members(library: Library) -> dict[str, Any]:
    """What the traced array type has where the library's arrays are like NumPy's: parts that can be assigned to."""
    if not speaks(library):
        return {}

    def part(name: str) -> property:
        def get(x: Any) -> Any:
            return _tables().FUNCTIONS[name](library.namespace, x)

        def put(x: Any, value: Any) -> None:
            if library.namespace.isdtype(x.dtype, "complex floating"):
                get(x)[...] = value
            elif name == "real":
                x[...] = value
            else:
                raise TypeError("array does not have imaginary part to set")

        return property(get, put)

    return {
        "real": part("real"),
        "imag": part("imag"),
        "__divmod__": lambda x, y: (x // y, x % y),
        "__rdivmod__": lambda x, y: (y // x, y % x),
    }
