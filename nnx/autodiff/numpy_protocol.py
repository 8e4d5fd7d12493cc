"""NumPy's protocols on traced arrays, from explicit tables.

``np.exp(x)``, ``np.sum(x, axis=0)`` and ``x.sum()`` go to the functions of the standard under NumPy's own names
and keywords. What has no entry here is refused by name: nothing is silently converted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .errors import NotDifferentiableError

if TYPE_CHECKING:
    from .library import Library

__all__ = ["attribute", "function", "ufunc"]

# NumPy's name for a ufunc, where the standard's differs.
UFUNCS = {
    "absolute": "abs", "arccos": "acos", "arccosh": "acosh", "arcsin": "asin", "arcsinh": "asinh",
    "arctan": "atan", "arctan2": "atan2", "arctanh": "atanh", "conjugate": "conj", "true_divide": "divide",
    "power": "pow", "invert": "bitwise_invert", "left_shift": "bitwise_left_shift", "fabs": "abs",
    "right_shift": "bitwise_right_shift", "rint": "round", "float_power": "pow", "mod": "remainder",
}  # fmt: skip
SAME = frozenset(
    """add subtract multiply divide negative positive exp expm1 log log1p log2 log10 sqrt square sin cos tan sinh
    cosh tanh hypot logaddexp maximum minimum remainder floor ceil trunc sign signbit copysign isfinite isinf isnan
    equal not_equal less less_equal greater greater_equal logical_and logical_or logical_xor logical_not
    floor_divide bitwise_and bitwise_or bitwise_xor matmul vecdot reciprocal nextafter""".split()
)
# Short formulas for ufuncs that the standard lacks.
FORMULAS: dict[str, Callable[..., Any]] = {
    "exp2": lambda xp, x: xp.pow(2.0, x),
    "logaddexp2": lambda xp, x, y: xp.logaddexp(x * _LN2, y * _LN2) / _LN2,
    "deg2rad": lambda xp, x: x * (xp.pi / 180),
    "radians": lambda xp, x: x * (xp.pi / 180),
    "rad2deg": lambda xp, x: x * (180 / xp.pi),
    "degrees": lambda xp, x: x * (180 / xp.pi),
    "cbrt": lambda xp, x: xp.sign(x) * xp.pow(xp.abs(x), 1 / 3),
    "fmax": lambda xp, x, y: xp.where(xp.isnan(y), x, xp.where(xp.isnan(x), y, xp.maximum(x, y))),
    "fmin": lambda xp, x, y: xp.where(xp.isnan(y), x, xp.where(xp.isnan(x), y, xp.minimum(x, y))),
    "heaviside": lambda xp, x, y: xp.where(x == 0, y, xp.astype(x > 0, x.dtype)),
}
_LN2 = 0.6931471805599453


def refuse(library: Library, name: str) -> NotDifferentiableError:
    """The error for a function of NumPy that has no traced version."""
    return NotDifferentiableError(
        f"{name} is not available on traced arrays: nnx has no derivative for it, and will not convert silently; "
        "write it with functions of nnx.array_namespace(x), or read the value with nnx.stop_gradient(x)"
    )


def ufunc(library: Library, ufunc: Any, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``numpy_ufunc(*inputs)``, and ``add.reduce`` and its like."""
    xp, name = library.namespace, ufunc.__name__
    inputs = tuple(_number(library, x) for x in inputs)
    out = kwargs.pop("out", None)
    where = kwargs.pop("where", True)
    kwargs = {k: v for k, v in kwargs.items() if not (k in ("casting", "order", "subok") or v is None)}
    if method == "reduce" and name in REDUCTIONS:
        kwargs.setdefault("axis", 0)
        result = call(library, REDUCTIONS[name], inputs, kwargs)
    elif method == "accumulate" and name in ("add", "multiply"):
        result = call(library, "cumsum" if name == "add" else "cumprod", inputs, {"axis": 0, **kwargs})
    elif method != "__call__":
        raise refuse(library, f"np.{name}.{method}")
    elif name == "matmul" and out is None and not kwargs:
        result = xp.matmul(*inputs)
    else:
        dtype = kwargs.pop("dtype", None)
        if kwargs:
            raise refuse(library, f"np.{name} with {', '.join(kwargs)}=")
        result = _elementwise(library, name, inputs)
        if dtype is not None:
            result = xp.astype(result, dtype)
    if where is not True:
        if out is None:
            raise refuse(library, f"np.{name} with where= and no out=")
        result = xp.where(where, result, out[0] if isinstance(out, tuple) else out)
    return result if out is None else write_out(library, out, result)


def _elementwise(library: Library, name: str, inputs: tuple[Any, ...]) -> Any:
    xp = library.namespace
    if name in FORMULAS:
        return FORMULAS[name](xp, *(x if _is_scalar(x) else library.coerce(x, f"np.{name}") for x in inputs))
    if name in SAME or name in UFUNCS:
        return getattr(xp, UFUNCS.get(name, name))(*inputs)
    special = getattr(xp.special, name, None)
    if special is not None:
        return special(*inputs)
    raise refuse(library, f"np.{name}")


def _number(library: Library, x: Any) -> Any:
    """NumPy's scalars beside another library's arrays, as the Python numbers that it takes them for."""
    if isinstance(x, library.base) or getattr(x, "shape", None) != () or library.owns(x):
        return x
    return x.item() if type(x).__module__ == "numpy" else x


def _is_scalar(x: Any) -> bool:
    return isinstance(x, (int, float, complex)) and type(x).__module__ == "builtins"


def write_out(library: Library, out: Any, result: Any) -> Any:
    """``out=``: bind the given traced array to the result."""
    target = out[0] if isinstance(out, tuple) else out
    if not isinstance(target, library.base):
        raise refuse(library, "out= with a plain array (its values would lose their derivative)")
    target[...] = result
    return target


REDUCTIONS = {
    "add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min", "logical_and": "all", "logical_or": "any",
}  # fmt: skip


def function(library: Library, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A function of NumPy (or CuPy) that asks its arguments what to do."""
    module = (getattr(func, "__module__", "") or "").removeprefix("numpy").removeprefix("cupy").strip("._")
    name = func.__name__
    if module.startswith(("linalg", "fft")):
        name = f"{module.partition('.')[0]}.{name}"
    if name not in _table():
        raise refuse(library, f"np.{name}")
    out = kwargs.pop("out", None)
    result = call(library, name, args, kwargs)
    return result if out is None else write_out(library, out, result)


def call(library: Library, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A function by NumPy's name, with NumPy's keywords."""
    try:
        return _table()[name](library.namespace, *args, **kwargs)
    except TypeError as error:
        if "unexpected keyword" in str(error) or "positional argument" in str(error):
            raise NotDifferentiableError(
                f"np.{name}: these arguments have no counterpart on traced arrays: {error}"
            ) from error
        raise


def _table() -> dict[str, Callable[..., Any]]:
    from .numpy_functions import FUNCTIONS

    return FUNCTIONS


def attribute(x: Any, name: str) -> Any:
    """A method or attribute beyond the standard, where the library's own arrays have one of that name."""
    from .numpy_functions import METHODS, PROPERTIES

    library = x._library
    if name not in library.backend.array_methods:
        raise AttributeError(f"a traced array of {library.label} has no attribute {name!r}")
    if name in PROPERTIES:
        return PROPERTIES[name](library.namespace, x)
    if name in METHODS:
        method = METHODS[name]
        return lambda *args, **kwargs: method(library.namespace, x, *args, **kwargs)
    raise AttributeError(
        f"{name!r} is not available on a traced array: nnx has no derivative for it; "
        "use functions of nnx.array_namespace(x)"
    )
