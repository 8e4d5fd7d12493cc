"""NumPy's and CuPy's universal functions on traced arrays, with their keywords and their methods."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from .numpy_plain import carries, has_traced, plain, refuse, speaks

if TYPE_CHECKING:
    from .library import Library

__all__ = ["kernel", "refuse_polynomials", "ufunc"]

Function = Callable[..., Any]


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
            return opaque(library, f"special.{name}", ufunc) if speaks(library) else None
    if name in NAMES:
        own = getattr(xp, NAMES[name])
        if ufunc.nin == 1:
            return own
        kinds = (library.traced, library.stale, int, float, complex, bool)
        return lambda *inputs: own(
            *[x if type(x) in kinds else library.coerce(x, f"np.{name}") for x in inputs]
        )
    formula = FORMULAS.get(name) or FUNCTIONS.get(name)
    if formula is not None:
        return lambda *inputs, **options: formula(xp, *weak_arrays(xp, inputs), **options)
    return opaque(library, name, ufunc) if name in RUNS and speaks(library) else None


def ufunc(library: Library, ufunc: Any, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``np.exp(x)``, ``np.add.reduce(x)`` and their like."""
    name = _ufunc_name(ufunc)
    if len(inputs) > 1:
        refuse_polynomials(inputs)
        inputs = tuple(_number(library, x) for x in inputs)
    return _apply(library, ufunc, name, method, inputs, kwargs)


def refuse_polynomials(inputs: tuple[Any, ...] = ()) -> None:
    """``numpy.polynomial`` lays out coefficients by whether x is NumPy's own array, so wrongly beside a traced one.

    With coefficients in one dimension its universal functions are right; these are then scalars.
    """
    if not inputs or any(getattr(x, "ndim", 0) and not hasattr(type(x), "__nnx_traced__") for x in inputs):
        module = sys._getframe(3).f_globals.get("__name__", "")
        if module.startswith("numpy.polynomial"):
            raise refuse(module)


def _number(library: Library, x: Any) -> Any:
    """NumPy's scalars beside another library's arrays, as the Python numbers that it takes them for."""
    if isinstance(x, library.base) or getattr(x, "shape", None) != () or library.owns(x):
        return x
    return x.item() if type(x).__module__ == "numpy" else x


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
        speaks(library)
        and method != "at"
        and not has_traced(library.base, out)
        and not carries(library.base, (inputs, kwargs))
    ):
        own = ufunc if method == "__call__" else getattr(ufunc, method)
        served, result = plain(library, own, inputs, kwargs if out is None else {**kwargs, "out": out})
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
        options: dict[str, Any] = {"axis": 0, **kwargs, **({} if where is True else {"where": where})}
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
