"""The standard namespace of NumPy with its dearest wrappers replaced by cheaper equals.

For small arrays a call costs as much as its wrappers: `np.sum` and array-api-compat's `reshape` spend more
time in Python than in NumPy. Each takes the standard's arguments and gives what `array_api_compat.numpy`
gives; what is not here is array-api-compat's own.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import array_api_compat.numpy
import numpy as np

from .batch_last import in_order
from .compiled import FLOATS, loops
from .cores import product
from .reference import MASKS

Array = Any
standard: Any = array_api_compat.numpy
MANY = 2**13  # elements, from which on bits beat branches that nobody can foresee
Axes = int | tuple[int, ...] | None


def sum(x: Array, /, *, axis: Axes = None, dtype: Any = None, keepdims: bool = False) -> Array:
    """`np.sum` less its dispatch."""
    return np.add.reduce(x, axis=axis, dtype=dtype, keepdims=keepdims)


def prod(x: Array, /, *, axis: Axes = None, dtype: Any = None, keepdims: bool = False) -> Array:
    """`np.prod` less its dispatch."""
    return np.multiply.reduce(x, axis=axis, dtype=dtype, keepdims=keepdims)


def max(x: Array, /, *, axis: Axes = None, keepdims: bool = False) -> Array:
    """`np.max` less its dispatch."""
    return np.maximum.reduce(x, axis=axis, keepdims=keepdims)


def min(x: Array, /, *, axis: Axes = None, keepdims: bool = False) -> Array:
    """`np.min` less its dispatch."""
    return np.minimum.reduce(x, axis=axis, keepdims=keepdims)


def any(x: Array, /, *, axis: Axes = None, keepdims: bool = False) -> Array:
    """`np.any` less its dispatch."""
    return np.logical_or.reduce(x, axis=axis, keepdims=keepdims)


def all(x: Array, /, *, axis: Axes = None, keepdims: bool = False) -> Array:
    """`np.all` less its dispatch."""
    return np.logical_and.reduce(x, axis=axis, keepdims=keepdims)


def mean(x: Array, /, *, axis: Axes = None, keepdims: bool = False) -> Array:
    """The sum over the count, as `np.mean` has it, for floating-point arrays that are not half precision."""
    if x.dtype.char not in "fdFD" or x.size == 0:
        return standard.mean(x, axis=axis, keepdims=keepdims)
    total = np.add.reduce(x, axis=axis, keepdims=keepdims)
    return np.true_divide(total, total.dtype.type(x.size // total.size))


def argmax(x: Array, /, *, axis: int | None = None, keepdims: bool = False) -> Array:
    """`np.argmax` less its dispatch."""
    return x.argmax(axis=axis, keepdims=keepdims)


def argmin(x: Array, /, *, axis: int | None = None, keepdims: bool = False) -> Array:
    """`np.argmin` less its dispatch."""
    return x.argmin(axis=axis, keepdims=keepdims)


def reshape(x: Array, /, shape: tuple[int, ...], *, copy: bool | None = None) -> Array:
    """The array's own method; `copy` goes to NumPy's function."""
    if len(shape) == 2 and x.ndim > 2 and copy is None and x.size >= MANY:
        x = in_order(x)
    return x.reshape(shape) if copy is None else np.reshape(x, shape, copy=copy)


def permute_dims(x: Array, /, axes: tuple[int, ...]) -> Array:
    """The array's own method."""
    return x.transpose(axes)


def matrix_transpose(x: Array, /) -> Array:
    """The array's own attribute."""
    return x.mT


def squeeze(x: Array, /, axis: int | tuple[int, ...]) -> Array:
    """The array's own method."""
    return x.squeeze(axis)


def expand_dims(x: Array, /, *, axis: int | tuple[int, ...] = 0) -> Array:
    """A reshape."""
    if type(axis) is not int or not -x.ndim - 1 <= axis <= x.ndim:
        return standard.expand_dims(x, axis=axis)
    axis %= x.ndim + 1
    return x.reshape((*x.shape[:axis], 1, *x.shape[axis:]))


def astype(x: Array, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Array:
    """The array's own method, not called where there is nothing to do."""
    if not copy and x.dtype == dtype and device is None:
        return x
    return standard.astype(x, dtype, copy=copy, device=device)


def asarray(obj: Any, /, *, dtype: Any = None, device: Any = None, copy: bool | None = None) -> Array:
    """NumPy's function, or an array as it is."""
    if type(obj) is np.ndarray and copy is None and device is None and (dtype is None or obj.dtype == dtype):
        return obj
    return standard.asarray(obj, dtype=dtype, device=device, copy=copy)


def zeros_like(x: Array, /, *, dtype: Any = None, device: Any = None) -> Array:
    """`np.zeros`: its memory comes zeroed from the system, where `np.zeros_like` writes the zeros itself."""
    if type(x) is not np.ndarray or device is not None:
        return standard.zeros_like(x, dtype=dtype, device=device)
    return np.zeros(x.shape, x.dtype if dtype is None else dtype)


def take(x: Array, indices: Array, /, *, axis: int | None = None) -> Array:
    """The array's own method."""
    return x.take(indices, axis=axis)


def sign(x: Array, /) -> Array:
    """NumPy's function; array-api-compat's mending of NaN is for older releases."""
    return np.sign(x)


def matmul(x1: Array, x2: Array, /) -> Array:
    """NumPy's function; of two matrices that BLAS multiplies see nnx_numpy.cores."""
    if x1.ndim == 2 == x2.ndim and x1.dtype is x2.dtype and x1.dtype.char in "fd":
        return product(x1, x2)
    return np.matmul(x1, x2)


def where(condition: Array, x1: Array, x2: Array, /) -> Array:
    """By the bits of large floating-point arrays of one shape, or of one and a number: `np.where` goes by branches."""
    like = x1 if type(x1) is np.ndarray else x2
    if (
        type(condition) is not np.ndarray
        or condition.size < MANY
        or condition.dtype != np.bool_
        or type(like) is not np.ndarray
        or like.dtype not in MASKS
        or like.shape != condition.shape
        or not (_alike(x1, like) and _alike(x2, like))
    ):
        return standard.where(condition, x1, x2)
    if (fast := _compiled(condition, x1, x2)) is not None:
        out = np.empty(like.shape, like.dtype)
        fast.chosen(condition.reshape(-1), x1.reshape(-1), x2.reshape(-1), out.reshape(-1))
        return out
    bits = MASKS[like.dtype]
    one, other = (np.asarray(x, like.dtype).view(bits) for x in (x1, x2))
    ones = np.negative(condition.view(np.int8)).astype(bits)  # all of them where it is True
    out = np.bitwise_xor(one, other)
    out &= ones
    out ^= other
    return out.view(like.dtype)


def _compiled(condition: Array, x1: Any, x2: Any) -> Any:
    """The compiled loops, where they can go through three arrays side by side and it is time for them."""
    side_by_side = (
        type(x1) is type(x2) is np.ndarray
        and x1.dtype in FLOATS
        and condition.flags.c_contiguous
        and x1.flags.c_contiguous
        and x2.flags.c_contiguous
    )
    return loops(condition.size) if side_by_side else None


def _alike(x: Any, like: Array) -> bool:
    """Whether it is an array of that shape and dtype, or a plain number."""
    if type(x) is np.ndarray:
        return x.shape == like.shape and x.dtype == like.dtype
    return type(x) is float or type(x) is int


def clip(x: Array, /, min: Array = None, max: Array = None) -> Array:
    """The array's own method for plain numbers around floating-point arrays, which is the common case."""
    plain = (min is None or type(min) is float or type(min) is int) and (
        max is None or type(max) is float or type(max) is int
    )
    if not plain or min is max or x.dtype.kind != "f":
        return standard.clip(x, min, max)
    return x.clip(min, max)


OWN = (
    sum, prod, max, min, any, all, mean, argmax, argmin, reshape, permute_dims, matrix_transpose, squeeze,
    expand_dims, astype, asarray, zeros_like, take, sign, matmul, where, clip,
)  # fmt: skip


def namespace() -> ModuleType:
    """A module with everything that `array_api_compat.numpy` has, and the functions of this file."""
    module = ModuleType("nnx_numpy.fast", __doc__)
    vars(module).update({name: value for name, value in vars(standard).items() if not name.startswith("__")})
    vars(module).update({function.__name__: function for function in OWN})
    for name in ("__array_api_version__", "__array_namespace_info__"):
        setattr(module, name, getattr(standard, name))
    return module
