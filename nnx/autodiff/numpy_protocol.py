"""NumPy's protocols on traced arrays, from explicit tables.

``np.exp(x)``, ``np.sum(x, axis=0)`` and ``x.sum()`` go to functions of the standard under NumPy's own names and
keywords (``numpy_functions``). Where no argument carries a derivative the library's own function runs. What has no
entry is refused by name: nothing is silently converted. CuPy's universal functions ask here too.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from .errors import NotDifferentiableError

if TYPE_CHECKING:
    from .library import Library

__all__ = ["attribute", "function", "kernel", "members", "ufunc"]

Function = Callable[..., Any]


def refuse(name: str) -> NotDifferentiableError:
    """The error for a function that has no traced version."""
    return NotDifferentiableError(
        f"{name} is not available on traced arrays: nnx has no derivative for it, and will not convert silently; "
        "write it with functions of nnx.array_namespace(x), or read the value with nnx.stop_gradient(x)"
    )


# the library's own functions, where nothing carries a derivative -----------------------------------------------


def _speaks(library: Library) -> bool:
    """Whether NumPy's functions take the library's own arrays."""
    return bool(library.backend.array_methods)


def _plain(library: Library, function: Function, args: Any, kwargs: Any) -> tuple[bool, Any]:
    """Whether the library's own function served, and what it returned: not where the result is a view."""
    raw, named = library.strip_all(tuple(args)), library.strip_all(dict(kwargs))
    result = function(*raw, **named)
    inputs = [x for x in _leaves((raw, list(named.values()))) if library.owns(x)]
    shares = library.backend.is_view
    if any(library.owns(r) and any(shares(r, x) for x in inputs) for r in _leaves(result)):
        return False, None
    return True, library.wrap_all(result)


def _leaves(tree: Any) -> list[Any]:
    if isinstance(tree, (tuple, list)):
        return [leaf for item in tree for leaf in _leaves(item)]
    return [tree]


def _has_traced(library: Library, x: Any) -> bool:
    return any(isinstance(leaf, library.base) for leaf in _leaves(x))


# universal functions -------------------------------------------------------------------------------------------


@lru_cache(1024)
def _ufunc_name(ufunc: Any) -> str | None:
    """NumPy's name of a universal function of NumPy, ``special.<name>`` for SciPy's, None for anyone else's."""
    for module, prefix in (
        ("numpy", ""),
        ("scipy.special", "special."),
        ("scipy.special._ufuncs", "special."),
    ):
        if getattr(sys.modules.get(module), ufunc.__name__, None) is ufunc:
            return prefix + ufunc.__name__
    return None


@lru_cache(256)
def _kernel_name(kernel: Any) -> str | None:
    """The same for CuPy's."""
    for module, prefix in (("cupy", ""), ("cupyx.scipy.special", "special.")):
        for name, value in vars(sys.modules.get(module, object)).items():
            if value is kernel:
                return prefix + name
    name = getattr(kernel, "name", "")
    return name.removeprefix("cupy_") if name in ("cupy_where", "cupy_clip") else None


# What SciPy and NumPy both have, with the same meaning.
_SHARED = frozenset(("cbrt", "exp2", "expm1", "log1p", "i0", "sinc"))


@lru_cache(4096)
def _elementwise(library: Library, name: str | None, ufunc: Any) -> Function | None:
    """The traced version of a universal function called on its arguments alone."""
    from .dispatch import opaque
    from .numpy_functions import FUNCTIONS
    from .numpy_functions._tools import weak_arrays
    from .numpy_functions.ufuncs import FORMULAS, NAMES, RUNS

    xp = library.namespace
    if name is None:
        return None
    if name.startswith("special."):
        special = getattr(xp.special, name.removeprefix("special."), None)
        if special is not None:
            return special
        name = name.removeprefix("special.")
        if name not in _SHARED:
            return opaque(library, f"special.{name}", ufunc) if _speaks(library) else None
    if name in NAMES:
        own = getattr(xp, NAMES[name])
        plain = (library.traced, library.stale, int, float, complex, bool)
        return lambda *inputs: own(
            *[x if type(x) in plain else library.coerce(x, f"np.{name}") for x in inputs]
        )
    formula = FORMULAS.get(name) or FUNCTIONS.get(name)
    if formula is not None:
        return lambda *inputs, **options: formula(xp, *weak_arrays(xp, inputs), **options)
    return opaque(library, name, ufunc) if name in RUNS and _speaks(library) else None


def ufunc(library: Library, ufunc: Any, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``np.exp(x)``, ``np.add.reduce(x)`` and their like."""
    _refuse_polynomials(inputs)
    inputs = tuple(_number(library, x) for x in inputs)
    return _apply(library, ufunc, _ufunc_name(ufunc), method, inputs, kwargs)


def _number(library: Library, x: Any) -> Any:
    """NumPy's scalars beside another library's arrays, as the Python numbers that it takes them for."""
    if isinstance(x, library.base) or getattr(x, "shape", None) != () or library.owns(x):
        return x
    return x.item() if type(x).__module__ == "numpy" else x


def _refuse_polynomials(inputs: tuple[Any, ...] = ()) -> None:
    """``numpy.polynomial`` lays out coefficients by whether x is NumPy's own array, so wrongly beside a traced one.

    With coefficients in one dimension its universal functions are right; these are then scalars.
    """
    if not inputs or any(getattr(x, "ndim", 0) and not hasattr(type(x), "__nnx_traced__") for x in inputs):
        module = sys._getframe(3).f_globals.get("__name__", "")
        if module.startswith("numpy.polynomial"):
            raise refuse(module)


def kernel(library: Library, kernel: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """CuPy's universal functions and kernels."""
    if not hasattr(kernel, "reduce"):
        raise refuse(getattr(kernel, "name", repr(kernel)))
    if len(args) > kernel.nin:
        args, kwargs = args[: kernel.nin], {**kwargs, "out": args[kernel.nin :]}
    return _apply(library, kernel, _kernel_name(kernel), "__call__", args, dict(kwargs))


def _apply(
    library: Library,
    ufunc: Any,
    name: str | None,
    method: str,
    inputs: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    call = _elementwise(library, name, ufunc)
    if method == "__call__" and not kwargs and call is not None:
        return call(*inputs)
    title = f"np.{name}" if name else getattr(ufunc, "__name__", repr(ufunc))
    out, where = kwargs.pop("out", None), kwargs.get("where", True)
    if isinstance(out, tuple):
        out = None if all(o is None for o in out) else out[0] if len(out) == 1 else out
    if (
        _speaks(library)
        and method != "at"
        and not _has_traced(library, out)
        and not library.tapes((inputs, kwargs))
    ):
        own = ufunc if method == "__call__" else getattr(ufunc, method)
        served, result = _plain(library, own, inputs, kwargs if out is None else {**kwargs, "out": out})
        if served or out is not None:
            return result if out is None else out
    if call is None:
        raise refuse(title)
    given = {k: v for k, v in kwargs.items() if v is not None or k == "axis"}
    kwargs = {k: v for k, v in given.items() if k not in _IGNORED and type(v).__name__ != "_NoValueType"}
    if method == "__call__":
        result = _called(library, title, call, inputs, kwargs)
        if where is not True:
            result = _chosen(library, title, where, result, out)
    else:
        result = _method(library, name or "", title, call, method, inputs, kwargs, where)
    return _into(library, out, result)


_IGNORED = frozenset(("casting", "order", "subok", "where"))


def _called(
    library: Library, title: str, call: Function, inputs: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """A call with ``dtype=``, which is what the computation is done in."""
    from .numpy_functions._tools import dtype_of, is_complex

    xp = library.namespace
    dtype = dtype_of(xp, kwargs.pop("dtype", None))
    if kwargs.keys() - ({"axis"} if title in ("np.vecdot",) else set()):
        raise refuse(f"{title} with {', '.join(kwargs)}=")
    if dtype is None:
        return call(*inputs, **kwargs)
    arrays = [x if type(x) in (int, float, complex) else xp.asarray(x) for x in inputs]
    to_real = xp.isdtype(dtype, "real floating")
    arrays = [
        x
        if not hasattr(x, "dtype") or x.dtype == dtype or (to_real and is_complex(xp, x))
        else xp.astype(x, dtype)
        for x in arrays
    ]
    result = call(*arrays)
    return result if result.dtype == dtype else xp.astype(result, dtype)


def _chosen(library: Library, title: str, where: Any, result: Any, out: Any) -> Any:
    if out is None or isinstance(out, tuple):
        raise refuse(f"{title} with where= and no out= (what it leaves out would be undefined)")
    from .numpy_functions._tools import as_array

    xp = library.namespace
    return xp.where(as_array(xp, where, result), result, out)


def _into(library: Library, out: Any, result: Any) -> Any:
    from .numpy_functions._tools import write_into

    xp = library.namespace
    if out is None:
        return result
    if isinstance(out, tuple):
        pairs = zip(out, result, strict=True)
        return tuple(r if o is None else write_into(xp, o, r) for o, r in pairs)
    return write_into(xp, out, result)


def _method(
    library: Library, name: str, title: str, call: Function, method: str, inputs: tuple[Any, ...],
    kwargs: dict[str, Any], where: Any,
) -> Any:  # fmt: skip
    """``reduce``, ``accumulate``, ``outer``, ``at`` and ``reduceat``."""
    from .numpy_functions import FUNCTIONS
    from .numpy_functions.ufuncs import REDUCTIONS, add_at, fold, outer, reduce_at, running

    xp = library.namespace
    if method == "outer":
        return outer(xp, lambda *pair: _called(library, title, call, pair, dict(kwargs)), *inputs)
    if method == "at" and name in ("add", "subtract"):
        return add_at(xp, name, *inputs)
    if method == "reduce":
        options = {"axis": 0, **kwargs, **({} if where is True else {"where": where})}
        if name in REDUCTIONS:
            return FUNCTIONS[REDUCTIONS[name]](xp, inputs[0], **options)
        if len(inputs) == 1 and set(options) <= {"axis", "keepdims"}:
            return fold(xp, call, inputs[0], **options)
    if method == "accumulate" and len(inputs) == 1:
        if name in ("add", "multiply"):
            return FUNCTIONS["cumsum" if name == "add" else "cumprod"](xp, inputs[0], **{"axis": 0, **kwargs})
        if set(kwargs) <= {"axis"}:
            return running(xp, call, inputs[0], **kwargs)
    if method == "reduceat" and name in REDUCTIONS and set(kwargs) <= {"axis"}:
        return reduce_at(xp, FUNCTIONS[REDUCTIONS[name]], *inputs, **kwargs)
    raise refuse(f"{title}.{method}" + (f" with {', '.join(kwargs)}=" if kwargs else ""))


# other functions -----------------------------------------------------------------------------------------------


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
    from .numpy_functions import FUNCTIONS

    if not _speaks(library) or name not in FUNCTIONS:
        return None
    return functools.wraps(own, updated=())(lambda *args, **kwargs: _served(library, name, own, args, kwargs))


def function(library: Library, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A function of NumPy that asks its arguments what to do."""
    _refuse_polynomials()
    return _served(library, _function_name(function), function, args, kwargs)


def _served(library: Library, name: str, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    from .dispatch import opaque
    from .numpy_functions import ALWAYS, FUNCTIONS, RUNS

    kwargs = {k: v for k, v in kwargs.items() if type(v).__name__ != "_NoValueType"}
    own = FUNCTIONS.get(name)
    writes = name in ALWAYS or not {"out", "overwrite_input", "copy"}.isdisjoint(kwargs)
    if (
        _speaks(library)
        and not writes
        and not _out_by_position(own, args)
        and not library.tapes((args, kwargs))
    ):
        served, result = _plain(library, function, args, kwargs)
        if served:
            return result
    if own is not None:
        return _call(f"np.{name}", own, library.namespace, args, kwargs)
    if name in RUNS and _speaks(library):
        return opaque(library, name, function)(*args, **kwargs)
    raise refuse(f"np.{name}")


def _out_by_position(own: Function | None, args: tuple[Any, ...]) -> bool:
    place = getattr(own, "place_of_out", None)
    return place is not None and len(args) > place and args[place] is not None


def _call(title: str, own: Function, xp: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a function of the tables; arguments that it does not have are refused by name."""
    try:
        return own(xp, *args, **kwargs)
    except TypeError as error:
        try:
            inspect.signature(own).bind(xp, *args, **kwargs)
        except TypeError as mismatch:
            raise NotDifferentiableError(
                f"{title}: these arguments have no counterpart on traced arrays: {mismatch}"
            ) from error
        raise


# methods and attributes ----------------------------------------------------------------------------------------


def attribute(x: Any, name: str) -> Any:
    """A method or attribute beyond the standard, where the library's own arrays have one of that name."""
    library = x._library
    if name not in library.backend.array_methods:
        if name in _PROPERTIES and _speaks(library):
            from .numpy_functions import PROPERTIES

            return PROPERTIES[name](library.namespace, library.coerce(x, name))
        raise AttributeError(
            f"a traced array of {library.label} has no attribute {name!r}: inside a derivative of nnx there is what "
            "the standard has, and what of the library's own can be differentiated"
        )
    from .numpy_functions import METHODS

    if name not in METHODS:
        raise AttributeError(
            f"{name!r} is not available on a traced array: nnx has no derivative for it; "
            "use functions of nnx.array_namespace(x)"
        )
    method, xp = METHODS[name], library.namespace
    return lambda *args, **kwargs: _call(f"x.{name}", method, xp, (x, *args), kwargs)


_PROPERTIES = frozenset(("flat", "itemsize", "nbytes"))


def members(library: Library) -> dict[str, Any]:
    """What the traced array type has where the library's arrays are like NumPy's: parts that can be assigned to."""
    if not _speaks(library):
        return {}

    def part(name: str) -> property:
        def get(x: Any) -> Any:
            from .numpy_functions import FUNCTIONS

            return FUNCTIONS[name](library.namespace, x)

        def put(x: Any, value: Any) -> None:
            if library.namespace.isdtype(x.dtype, "complex floating"):
                get(x)[...] = value
            elif name == "real":
                x[...] = value
            else:
                raise TypeError("array does not have imaginary part to set")

        return property(get, put)

    def divide(x: Any, y: Any) -> Any:
        return x // y, x % y

    return {
        "real": part("real"),
        "imag": part("imag"),
        "__divmod__": divide,
        "__rdivmod__": lambda x, y: (y // x, y % x),
    }
