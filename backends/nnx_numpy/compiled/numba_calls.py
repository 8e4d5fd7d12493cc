"""What compiled loops call of NumPy's: BLAS's products and sums, and NumPy's own exp, log and tanh.

With these a part of the work is one call without the interpreter, from beginning to end, and cores do not wait for
each other in between. They are the very functions that NumPy calls, found where it finds them, so that results are
the same to the bit. Only builds with 64-bit BLAS are known, as NumPy's wheels are; with others `usable` is False,
and nothing that needs this is used.
"""

from __future__ import annotations

import ctypes
from importlib import import_module
from typing import Any

import llvmlite.binding as llvm
import numpy as np
from numba import types
from numba.core.imputils import impl_ret_borrowed
from numba.core.types import ExternalFunction
from numba.extending import intrinsic, overload

from .numba_compiled import compiled

__all__ = ["address", "dot", "dot_at", "exp", "log", "long_dot", "product", "tanh", "unit", "usable"]

Array = Any

KINDS = {"s": (types.float32, 11), "d": (types.float64, 12)}
PREFIXES = ("scipy_cblas_{}64_", "cblas_{}64_")  # the first are those of NumPy's own wheels

_int, _size, _pointer = types.int32, types.int64, types.voidptr


class _Functions(ctypes.Structure):
    """The beginning of NumPy's ``PyUFuncObject``, which its C API promises."""

    _fields_ = (
        ("head", ctypes.c_byte * object.__basicsize__),
        ("counts", ctypes.c_int * 4),
        ("functions", ctypes.POINTER(ctypes.c_void_p)),
        ("data", ctypes.POINTER(ctypes.c_void_p)),
        ("count", ctypes.c_int),
        ("reserved", ctypes.c_int),
        ("name", ctypes.c_char_p),
        ("types", ctypes.POINTER(ctypes.c_char)),
    )


def _blas(name: str) -> int | None:
    """Where a function of NumPy's BLAS is."""
    try:  # symbols are looked for in what the extension is linked to as well
        library = ctypes.PyDLL(import_module("numpy._core._multiarray_umath").__file__)
    except (ImportError, OSError):
        return None
    for prefix in PREFIXES:
        if hasattr(library, prefix.format(name)):
            return ctypes.cast(getattr(library, prefix.format(name)), ctypes.c_void_p).value
    return None


def _inner(function: np.ufunc, number: int) -> int | None:
    """Where the loop of a function of one argument is, for the dtype with this number."""
    it = _Functions.from_address(id(function))
    for i in range(it.count):
        if it.types[2 * i] == it.types[2 * i + 1] == bytes((number,)):
            return it.functions[i] if not it.data or not it.data[i] else None
    return None


def _named(name: str, address: int | None) -> bool:
    """Let compiled code call it by that name, which it can be kept on disk with."""
    if address:
        llvm.add_symbol(name, address)
    return bool(address)


def _external() -> tuple[dict[Any, Any], bool]:
    found: dict[Any, Any] = {}
    every = True
    for kind, (real, number) in KINDS.items():
        gemm = types.void(
            _int, _int, _int, _size, _size, _size, real, _pointer, _size, _pointer, _size, real, _pointer, _size
        )  # fmt: skip
        gemv = types.void(
            _int, _int, _size, _size, real, _pointer, _size, _pointer, _size, real, _pointer, _size
        )  # fmt: skip
        functions = {
            "gemm": (gemm, _blas(f"{kind}gemm")),
            "gemv": (gemv, _blas(f"{kind}gemv")),
            "dot": (real(_size, _pointer, _size, _pointer, _size), _blas(f"{kind}dot")),
            **{
                f.__name__: (types.void(_pointer, _pointer, _pointer, _pointer), _inner(f, number))
                for f in (np.exp, np.log, np.tanh)
            },
        }
        for what, (signature, address) in functions.items():
            name = f"nnx_numpy_{what}_{kind}"
            every = _named(name, address) and every
            found[what, real] = ExternalFunction(name, signature)
    return found, every


_FOUND, usable = _external()
"""Whether all of them were found."""


def product(a: Array, b: Array, out: Array) -> None:
    """``np.matmul(a, b, out)`` for matrices with neighbours along one axis each, and two rows at least in ``a``.

    Where ``b`` has one column, ``a`` has two columns at least.
    """
    np.matmul(a, b, out)


def dot(x: Array, y: Array) -> Any:
    """``np.vecdot(x, y)`` for vectors without gaps."""
    return np.vecdot(x, y)


def dot_at(like: Array, count: int, x: int, y: int) -> Any:
    """The same for so many elements at two addresses, of the dtype of an array: to cut one out takes 20 ns."""
    raise NotImplementedError("this is for compiled loops")


def exp(x: Array, out: Array) -> None:
    """``np.exp(x, out)`` for vectors without gaps."""
    np.exp(x, out)


def log(x: Array, out: Array) -> None:
    """``np.log(x, out)`` for vectors without gaps."""
    np.log(x, out)


def tanh(x: Array, out: Array) -> None:
    """``np.tanh(x, out)`` for vectors without gaps."""
    np.tanh(x, out)


def unit(x: Array) -> Array:
    """The vector, of which the compiler is told that it has no gaps, so that loops over it are vectorised."""
    return x


@compiled
def address(x: Array) -> Any:
    """Where an array begins; signed, as sums with other numbers are to be."""
    return np.int64(x.ctypes.data)


@compiled
def long_dot(like: Array, count: int, x: int, y: int, step: int, most: int) -> Any:
    """`nnx_numpy.normalizing_rows.dots`: at most so many elements at a time, and then ``step`` bytes on in ``y``."""
    total = dot_at(like, min(most, count), x, y)
    for start in range(most, count, most):
        x += most * like.itemsize
        y += step
        total += dot_at(like, min(most, count - start), x, y)
    return total


@compiled
def _turned(x: Array) -> bool:
    """Whether a matrix's columns lie in memory as rows would."""
    return x.strides[1] != x.itemsize


@compiled
def _leading(x: Array) -> int:
    """BLAS's leading dimension: from one row to the next; NumPy's stride may be anything where there is but one."""
    if _turned(x):
        return max(x.strides[1] // x.itemsize, x.shape[0])
    return max(x.strides[0] // x.itemsize, x.shape[1])


def _told(_typing: Any, x: Any) -> Any:
    def same(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return impl_ret_borrowed(context, builder, signature.return_type, args[0])

    return x.copy(layout="C")(x), same


_without_gaps: Any = intrinsic(_told)


@overload(unit)
def _unit(x: Array) -> Any:
    def call(x: Array) -> Array:
        return _without_gaps(x)

    return call


@overload(product)
def _product(a: Array, b: Array, out: Array) -> Any:
    gemm, gemv, one, zero = _FOUND["gemm", a.dtype], _FOUND["gemv", a.dtype], a.dtype(1), a.dtype(0)

    def call(a: Array, b: Array, out: Array) -> None:
        if out.shape[1] == 1:
            gemv(
                102 if _turned(a) else 101, 111, a.shape[0], a.shape[1], one, a.ctypes.data, _leading(a),
                b.ctypes.data, b.strides[0] // b.itemsize, zero, out.ctypes.data, out.strides[0] // out.itemsize,
            )  # fmt: skip
            return
        gemm(
            101, 112 if _turned(a) else 111, 112 if _turned(b) else 111, out.shape[0], out.shape[1], a.shape[1],
            one, a.ctypes.data, _leading(a), b.ctypes.data, _leading(b),
            zero, out.ctypes.data, _leading(out),
        )  # fmt: skip

    return call


@overload(dot)
def _dot(x: Array, y: Array) -> Any:
    inner = _FOUND["dot", x.dtype]

    def call(x: Array, y: Array) -> Any:
        return inner(x.size, x.ctypes.data, 1, y.ctypes.data, 1)

    return call


@overload(dot_at)
def _dot_at(like: Array, count: int, x: int, y: int) -> Any:
    inner = _FOUND["dot", like.dtype]

    def call(like: Array, count: int, x: int, y: int) -> Any:
        return inner(count, x, 1, y, 1)

    return call


def _elementwise(name: str) -> Any:
    def function(x: Array, out: Array) -> Any:
        inner, step = _FOUND[name, x.dtype], x.dtype.bitwidth // 8

        def call(x: Array, out: Array) -> None:
            numbers = np.empty(5, np.int64)  # two places, a count, two steps
            numbers[0], numbers[1], numbers[2] = x.ctypes.data, out.ctypes.data, x.size
            numbers[3] = numbers[4] = step
            inner(numbers.ctypes.data, numbers[2:].ctypes.data, numbers[3:].ctypes.data, 0)

        return call

    return function


overload(exp)(_elementwise("exp"))
overload(log)(_elementwise("log"))
overload(tanh)(_elementwise("tanh"))
