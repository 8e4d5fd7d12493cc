"""Random calls of every function of the standard.

A call is drawn with NumPy arrays for its arrays, and a dtype or a device by a marker; whoever runs it makes arrays of
a library of them. Strategies follow the standard's signatures: a function whose arguments are like another's needs no
strategy of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from .standard import FUNCTIONS, signature

__all__ = ["Call", "DType", "ON_DEVICE", "array", "calls", "indices", "shapes"]

REAL = ("float32", "float64")
COMPLEX = ("complex64", "complex128")
INTEGER = ("int8", "int64", "uint8")
ON_DEVICE = object()
"""Stands for the device that arrays are made on."""


@dataclass(frozen=True)
class DType:
    """Stands for a dtype of the library."""

    name: str


@dataclass(frozen=True)
class Call:
    """One call with NumPy arrays."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)


Draw = Callable[[Any], Any]


def shapes(min_dims: int = 0, max_dims: int = 3, min_side: int = 0) -> Any:
    """Shapes, empty ones too."""
    return hnp.array_shapes(min_dims=min_dims, max_dims=max_dims, min_side=min_side, max_side=3)


def array(draw: Draw, shape: tuple[int, ...], dtypes: tuple[str, ...] = REAL + COMPLEX) -> np.ndarray:
    """Random numbers: anywhere, in (0, 1), or with many that are equal or zero."""
    dtype = np.dtype(draw(st.sampled_from(dtypes)))
    kind = draw(st.sampled_from(["anywhere", "fraction", "ties"]))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    if dtype.kind == "b":
        return rng.integers(0, 2, shape).astype(bool)
    if kind == "ties" or dtype.kind in "iu":
        low = 0 if dtype.kind == "u" else -2
        return np.asarray(rng.integers(low, 3, shape)).astype(dtype)
    make = rng.standard_normal if kind == "anywhere" else rng.random
    x = np.asarray(make(shape))
    if dtype.kind == "c":
        x = x + 1j * make(shape)
    return np.asarray(x).astype(dtype)


def axis(draw: Draw, ndim: int, several: bool = True, optional: bool = True) -> dict[str, Any]:
    """An ``axis`` keyword or none: an int, negative or not, or a tuple of them."""
    choices: list[Any] = [st.just({})] if optional else []
    if optional and several:
        choices.append(st.just({"axis": None}))
    if ndim:
        choices.append(st.builds(lambda a: {"axis": a}, st.integers(-ndim, ndim - 1)))
        if several:
            choices.append(st.builds(lambda a: {"axis": a}, hnp.valid_tuple_axes(ndim)))
    return dict(draw(st.one_of(choices))) if choices else {}


def some(draw: Draw, **options: Any) -> dict[str, Any]:
    """Any of these keywords, each with a value drawn."""
    return {name: draw(values) for name, values in options.items() if draw(st.booleans())}


def pair(draw: Draw) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Two shapes that broadcast."""
    found = draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, min_side=0, max_side=3))
    return found.input_shapes


def indices(draw: Draw, shape: tuple[int, ...], integer_arrays: bool = True) -> Any:
    """A key for an array of this shape, as the standard allows them."""
    kind = draw(st.sampled_from(["basic", "basic", "mask", "integers"]))
    if kind == "mask" and shape:
        return array(draw, shape, ("bool",))
    if kind == "integers" and integer_arrays and shape and all(shape):
        common = draw(shapes(min_dims=1, max_dims=2, min_side=1))
        rng = np.random.default_rng(draw(st.integers(0, 99)))
        return tuple(rng.integers(-n, n, common) for n in shape)
    key = draw(hnp.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True))
    items = key if isinstance(key, tuple) else (key,)
    return key if Ellipsis in items else (*items, ...)


# one strategy a kind of function ---------------------------------------------------------------------------------

REAL_ONLY = frozenset(
    """atan2 ceil copysign floor floor_divide greater greater_equal hypot less less_equal logaddexp maximum minimum
    nextafter remainder round signbit trunc clip max min mean var std sort argsort argmax argmin searchsorted
    linalg.cross unique_all unique_counts unique_inverse unique_values""".split()
)
INTEGERS_TOO = frozenset(
    """abs add all any ceil clip conj count_nonzero equal floor floor_divide greater greater_equal less less_equal
    maximum minimum multiply negative not_equal positive pow prod remainder round sign square subtract sum trunc
    isfinite isinf isnan cumulative_sum cumulative_prod max min sort argsort argmax argmin matmul tensordot vecdot
    linalg.matmul linalg.tensordot linalg.vecdot linalg.outer linalg.cross linalg.trace linalg.diagonal where
    unique_all unique_counts unique_inverse unique_values isin diff""".split()
)
BOOLEAN = frozenset("logical_and logical_not logical_or logical_xor".split())
BITS = frozenset("bitwise_and bitwise_invert bitwise_or bitwise_xor".split())
SHIFTS = frozenset(("bitwise_left_shift", "bitwise_right_shift"))


def dtypes_of(name: str) -> tuple[str, ...]:
    """What a function takes."""
    if name in BOOLEAN:
        return ("bool",)
    if name in BITS or name in SHIFTS:
        return ("uint8",)
    floating = REAL if name in REAL_ONLY else COMPLEX if name in ("real", "imag") else REAL + COMPLEX
    return floating + INTEGER if name in INTEGERS_TOO else floating


def unary(draw: Draw, name: str) -> Call:
    return Call((array(draw, draw(shapes()), dtypes_of(name)),))


def binary(draw: Draw, name: str) -> Call:
    first, second = pair(draw)
    x = array(draw, first, dtypes_of(name))
    y = array(draw, second, tuple(d for d in dtypes_of(name) if np.dtype(d).kind == x.dtype.kind))
    if x.dtype.kind == "f" and name not in ("nextafter", "atan2", "hypot", "copysign", "logaddexp"):
        scalar = draw(st.sampled_from([None, None, None, "x", "y"]))
        number = draw(st.sampled_from([0.5, -2.0, 3.0, 2, 0]))
        return Call((number, y) if scalar == "x" else (x, number) if scalar == "y" else (x, y))
    return Call((x, y))


def reduction(draw: Draw, name: str) -> Call:
    shape = draw(shapes(min_side=1 if name in ("max", "min", "argmax", "argmin") else 0))
    several = name not in ("argmax", "argmin")
    options = {"keepdims": st.booleans()}
    if name in ("var", "std"):
        options["correction"] = st.sampled_from([0, 1, 0.5, 2.0])
    x = array(draw, shape, dtypes_of(name))
    if name in ("sum", "prod"):
        wide = "complex128" if x.dtype.kind == "c" else "float64"
        options["dtype"] = st.just(DType(wide))
    return Call((x,), {**axis(draw, len(shape), several), **some(draw, **options)})


def cumulative(draw: Draw, name: str) -> Call:
    shape = draw(shapes(min_dims=1))
    x = array(draw, shape, dtypes_of(name))
    options = some(draw, include_initial=st.booleans())
    return Call((x,), {**axis(draw, len(shape), several=False, optional=len(shape) == 1), **options})


def along(draw: Draw, name: str) -> Call:
    """sort, argsort"""
    x = array(draw, draw(shapes(min_dims=1)), dtypes_of(name))
    return Call(
        (x,), {**axis(draw, x.ndim, False), **some(draw, descending=st.booleans(), stable=st.booleans())}
    )


def _matrices(draw: Draw, square: bool = False, min_side: int = 0) -> tuple[int, ...]:
    stack = draw(shapes(max_dims=1))
    m, n = (draw(st.integers(min_side, 3)) for _ in range(2))
    return (*stack, m, m if square else n)


def square_matrix(draw: Draw, name: str) -> Call:
    x = array(draw, _matrices(draw, square=True, min_side=1))
    x = x + 3 * np.eye(x.shape[-1], dtype=x.dtype)
    if name in ("linalg.cholesky", "linalg.eigh", "linalg.eigvalsh"):
        x = np.matmul(x, np.conj(np.swapaxes(x, -1, -2)))
    options = some(draw, upper=st.booleans()) if name == "linalg.cholesky" else {}
    power = (draw(st.integers(-2, 4)),) if name == "linalg.matrix_power" else ()
    return Call((x, *power), options)


def matrix(draw: Draw, name: str) -> Call:
    least = (
        0 if name in ("matrix_transpose", "linalg.matrix_transpose", "linalg.diagonal", "linalg.trace") else 1
    )
    x = array(draw, _matrices(draw, min_side=least), dtypes_of(name))
    orders = st.sampled_from([1, -1, 2, -2, "fro", "nuc", float("inf"), -float("inf")])
    options: dict[str, dict[str, Any]] = {
        "linalg.matrix_norm": {"ord": orders, "keepdims": st.booleans()},
        "linalg.qr": {"mode": st.sampled_from(["reduced", "complete"])},
        "linalg.svd": {"full_matrices": st.booleans()},
        "linalg.diagonal": {"offset": st.integers(-3, 3)},
        "linalg.trace": {"offset": st.integers(-3, 3)},
        "linalg.pinv": {"rtol": st.sampled_from([1e-3, 1e-6])},
        "linalg.matrix_rank": {"rtol": st.sampled_from([1e-3, 1e-6])},
    }
    return Call((x,), some(draw, **options.get(name, {})))


def triangle(draw: Draw, name: str) -> Call:
    return Call((array(draw, _matrices(draw)),), some(draw, k=st.integers(-3, 3)))


def product(draw: Draw, name: str) -> Call:
    dtypes = dtypes_of(name)
    n, kind = draw(st.integers(0, 3)), name.rpartition(".")[2]
    if kind == "outer":
        x, y = (array(draw, draw(shapes(1, 1)), dtypes) for _ in range(2))
    elif kind == "tensordot":
        m = draw(st.integers(0, 2))
        x, y = array(draw, (2, n, m), dtypes), array(draw, (n, m, 3), dtypes)
        options = some(draw, axes=st.sampled_from([2, ((1, 2), (0, 1)), ((-1, 1), (1, 0)), 0]))
        return Call((x, _same_kind(draw, y, x)), options)
    elif kind == "vecdot":
        first, second = pair(draw)
        x, y = array(draw, (*first, n), dtypes), array(draw, (*second, n), dtypes)
    else:
        m, k = draw(st.integers(0, 3)), draw(st.integers(0, 3))
        first, second = pair(draw)
        x, y = draw(
            st.sampled_from([((n,), (n,)), ((n,), (*second, n, k)), ((*first, m, n), (n,)), 0, 0])
        ) or (
            (*first, m, n),
            (*second, n, k),
        )
        x, y = array(draw, x, dtypes), array(draw, y, dtypes)
    return Call((x, _same_kind(draw, y, x)))


def _same_kind(draw: Draw, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    return np.asarray(y.real).astype(x.dtype) if y.dtype.kind != x.dtype.kind else y


def cross(draw: Draw, name: str) -> Call:
    first, second = pair(draw)
    x, y = array(draw, (*first, 3)), array(draw, (*second, 3))
    return Call((x, _same_kind(draw, y, x)))


def solve(draw: Draw, name: str) -> Call:
    n, dtypes = draw(st.integers(1, 3)), (REAL, COMPLEX)[draw(st.integers(0, 1))]
    stack = draw(shapes(max_dims=1))
    x = array(draw, (*stack, n, n), dtypes)
    y = array(draw, draw(st.sampled_from([(n,), (n, 2), (*stack, n, 2)])), dtypes)
    return Call((x + 3 * np.eye(n, dtype=x.dtype), y))


def vector_norm(draw: Draw, name: str) -> Call:
    x = array(draw, draw(shapes(min_side=1)))
    orders = st.sampled_from([0, 1, 2, 3, 0.5, -1, -2, float("inf"), -float("inf")])
    return Call((x,), {**axis(draw, x.ndim), **some(draw, ord=orders, keepdims=st.booleans())})


def fourier(draw: Draw, name: str) -> Call:
    real = name in ("fft.rfft", "fft.ihfft", "fft.rfftn")
    x = array(draw, draw(shapes(min_dims=1, min_side=1)), REAL if real else COMPLEX)
    norm = some(draw, norm=st.sampled_from(["backward", "ortho", "forward"]))
    if "n" in signature(name).parameters:
        lengths = some(draw, n=st.integers(1 if name not in ("fft.hfft", "fft.irfft") else 2, 5))
        if name in ("fft.hfft", "fft.irfft") and not lengths:
            lengths = {"n": 4}
        return Call((x,), {**lengths, **axis(draw, x.ndim, False), **norm})
    axes = tuple(draw(st.permutations(range(x.ndim)))[: draw(st.integers(1, x.ndim))])
    sizes = some(draw, s=st.tuples(*[st.integers(2, 4) for _ in axes]))
    if name == "fft.irfftn" and not sizes:
        sizes = {"s": (2,) * len(axes)}
    return Call((x,), {"axes": axes, **sizes, **norm})


def shift(draw: Draw, name: str) -> Call:
    x = array(draw, draw(shapes(min_dims=1)))
    return Call((x,), {k.replace("axis", "axes"): v for k, v in axis(draw, x.ndim).items() if v != ()})


def several(draw: Draw, name: str) -> Call:
    """concat, stack"""
    shape = draw(shapes(min_dims=1))
    count = draw(st.integers(1, 3))
    at = axis(draw, len(shape), False)
    if name == "concat" and draw(st.booleans()):
        return Call(([array(draw, draw(shapes())) for _ in range(count)],), {"axis": None})
    along = at.get("axis", 0)
    arrays = []
    for _ in range(count):
        new = list(shape)
        if name == "concat":
            new[along] = draw(st.integers(0, 3))
        arrays.append(array(draw, tuple(new)))
    return Call((arrays,), at)


def calls(name: str) -> Any:
    """Calls of one function."""
    from .walk_others import OTHERS

    strategy = OTHERS.get(name) or KINDS.get(name)
    assert strategy is not None, f"{name}: no strategy"

    @st.composite
    def drawn(draw: Draw) -> Call:
        return strategy(draw, name)

    return drawn()


KINDS: dict[str, Callable[[Draw, str], Call]] = {
    **{name: unary for name in FUNCTIONS if list(signature(name).parameters) == ["x"]},
    **{name: binary for name in FUNCTIONS if list(signature(name).parameters) == ["x1", "x2"]},
    **dict.fromkeys("sum prod max min mean var std all any count_nonzero argmax argmin".split(), reduction),
    **dict.fromkeys(("cumulative_sum", "cumulative_prod"), cumulative),
    **dict.fromkeys(("sort", "argsort"), along),
    **dict.fromkeys(
        [f"linalg.{n}" for n in "cholesky det eigh eigvalsh inv matrix_power slogdet".split()], square_matrix
    ),
    **dict.fromkeys(
        [
            f"linalg.{n}"
            for n in "matrix_norm matrix_rank matrix_transpose pinv qr svd svdvals diagonal trace".split()
        ],
        matrix,
    ),
    "matrix_transpose": matrix,
    **dict.fromkeys(("tril", "triu"), triangle),
    **{p + n: product for p in ("", "linalg.") for n in ("matmul", "tensordot", "vecdot")},
    "linalg.outer": product,
    "linalg.cross": cross,
    "linalg.solve": solve,
    "linalg.vector_norm": vector_norm,
    **{f"fft.{n}": fourier for n in "fft ifft rfft irfft hfft ihfft fftn ifftn rfftn irfftn".split()},
    **dict.fromkeys(("fft.fftshift", "fft.ifftshift"), shift),
    **dict.fromkeys(("concat", "stack"), several),
}
