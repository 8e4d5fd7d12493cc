"""Dense layers and activations in fewer passes, or with less overhead, than the standard functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnx.autodiff import joint

from .batch_last import first, last, lies_last, like
from .compiled import FLOATS, loops
from .constants import ones, unit, zero, zeros
from .cores import LEAST, product
from .reference import MASKS, reference, reference_pullback

Array = Any

# length of the last axis and size, from which on a row of zeros beats a single one; zeros for memory in one piece
SHORT, WORTHWHILE, ROW = 16, 4096, 2**14

# elements of a result, from which on turning it costs more than the product of the transposes saves
WIDE = 2**17
MANY = 4096  # rows, above which one product with ones takes longer than NumPy's sum

BYTE = np.dtype(np.int8)


def linear(x: Array, weight: Array, bias: Array | None = None) -> Array:
    """One product; where the layer is wider than the batch, that of the transposes, which BLAS does faster."""
    if bias is None or x.ndim != 2 or weight.ndim != 2 or not (x.dtype is weight.dtype is bias.dtype):
        if x.ndim > 2 and x.size and bias is not None and x.shape[-1:] == weight.shape[1:]:
            return linear(x.reshape(-1, x.shape[-1]), weight, bias).reshape(*x.shape[:-1], -1)
        return reference("linear")(x, weight, bias)
    (rows, length), (columns, wanted) = x.shape, weight.shape
    if length != wanted or bias.shape != (columns,):
        return reference("linear")(x, weight, bias)
    if rows == 1:
        out = x.dot(weight.T) if weight.size < LEAST else product(x, weight.T)
        row = out[0]
        row += bias  # vectors of one shape: half of what broadcasting costs
        return out
    if columns < 2 * rows or rows * columns > WIDE:
        out = product(x, weight.T)
        out += bias
        return out
    return np.add(product(weight, x.T).T, bias, np.empty((rows, columns), x.dtype))


def linear_back(
    xp: Any, g: Array, _out: Any, x: Array, weight: Array, _bias: Any, *, needed: tuple[bool, ...]
) -> tuple[Array | None, ...]:
    """Products through the arrays' own method, the sum over the rows as one of them: a third of the time of both."""
    if type(g) is np.ndarray and g.ndim == x.ndim > 2 and g.size and x.size:
        rows = x.reshape(-1, x.shape[-1])
        to_x, *others = linear_back(xp, g.reshape(-1, g.shape[-1]), None, rows, weight, None, needed=needed)
        return None if to_x is None else to_x.reshape(x.shape), *others
    if type(g) is not np.ndarray or g.ndim != 2 or x.ndim != 2 or g.dtype.char not in "fd" or len(g) > MANY:
        return reference_pullback("linear")(xp, g, _out, x, weight, _bias, needed=needed)
    to_x, to_weight, to_bias = needed
    return (
        product(g, weight) if to_x else None,
        product(g.T, x) if to_weight else None,
        ones(len(g), g.dtype).dot(g) if to_bias else None,
    )


def relu(x: Array) -> Array:
    """NumPy's maximum is vectorised for two arrays, not for an array and a number; in long rows it is twice as fast."""
    if x.size < WORTHWHILE:
        return np.maximum(x, zero(x.dtype))
    if not x.flags.c_contiguous:
        if lies_last(x):
            return first(relu(last(x)))
        return np.maximum(x, zero(x.dtype) if x.shape[-1] < SHORT else np.zeros(x.shape[-1:], x.dtype))
    return _rectified(x, np.empty(x.shape, x.dtype))


def _rectified(x: Array, out: Array) -> Array:
    """ReLU of contiguous memory."""
    whole, of, to, none = x.size // ROW * ROW, x.reshape(-1), out.reshape(-1), zeros(ROW, x.dtype)
    if whole:
        np.maximum(of[:whole].reshape(-1, ROW), none, out=to[:whole].reshape(-1, ROW))
    if whole < x.size:
        np.maximum(of[whole:], none[: x.size - whole], out=to[whole:])
    return out


def relu_in_place(x: Array) -> Array:
    """The result in the memory of ``x``."""
    if x.flags.carray:
        return _rectified(x, x)
    if lies_last(x) and x.flags.writeable:
        return first(_rectified(last(x), last(x)))
    return relu(x)


def relu_back(xp: Any, g: Array, out: Array, _x: Any) -> Array:
    """`where_positive`, without asking again for whom."""
    return where_positive(out, g) if type(g) is np.ndarray else reference_pullback("relu")(xp, g, out, _x)


def relu_back_in_place(xp: Any, g: Array, out: Array, _x: Any) -> Array:
    """The result in the memory of ``g``, where that has the order of ``out``."""
    plain = type(g) is np.ndarray and g.dtype is out.dtype and g.dtype in FLOATS and g.shape == out.shape
    if plain and g.strides == out.strides and g.flags.writeable:
        fast = loops(g.size)
        if fast is not None and g.flags.carray:
            fast.positive_in_place(out.reshape(-1), g.reshape(-1))
            return g
        if fast is not None and lies_last(g):
            fast.positive_in_place(last(out).reshape(-1), last(g).reshape(-1))
            return g
    return relu_back(xp, g, out, _x)


def leaky_relu(x: Array, *, negative_slope: float = 0.01) -> Array:
    """The larger of two arrays."""
    if not 0.0 < negative_slope < 1.0:
        return reference("leaky_relu")(x, negative_slope=negative_slope)
    return np.maximum(x, x * negative_slope)


def sigmoid(x: Array) -> Array:
    """Without the case distinction: an overflow gives infinity, of which the reciprocal is right."""
    if x.dtype.kind != "f" or not x.ndim:
        return reference("sigmoid")(x)
    with np.errstate(over="ignore"):
        out = np.exp(np.negative(x))
    out += 1
    return np.reciprocal(out, out)


def tanh_back(g: Array, out: Array) -> Array:
    """In the memory of the first product."""
    if not out.ndim or g.shape != out.shape or g.dtype != out.dtype:
        return reference("tanh_back")(g, out)
    (out, g), turned = like(out, g)
    if turned:
        return first(tanh_back(g, out))
    if (fast := _compiled(g, out)) is not None:
        fast.tanh_back(g.reshape(-1), out.reshape(-1), (slope := np.empty(g.shape, g.dtype)).reshape(-1))
        return slope
    slope = np.multiply(out, out)
    np.subtract(unit(out.dtype), slope, slope)
    return np.multiply(g, slope, slope)


def sigmoid_back(g: Array, out: Array) -> Array:
    """In the memory of the first difference."""
    if not out.ndim or g.shape != out.shape or g.dtype != out.dtype:
        return reference("sigmoid_back")(g, out)
    (out, g), turned = like(out, g)
    if turned:
        return first(sigmoid_back(g, out))
    if (fast := _compiled(g, out)) is not None:
        fast.sigmoid_back(g.reshape(-1), out.reshape(-1), (slope := np.empty(g.shape, g.dtype)).reshape(-1))
        return slope
    slope = np.subtract(unit(out.dtype), out)
    np.multiply(slope, out, slope)
    return np.multiply(g, slope, slope)


def where_positive(x: Array, y: Array) -> Array:
    """The elements of ``y``, 0 where ``x`` is not positive."""
    if y.dtype not in MASKS or x.shape != y.shape or not x.ndim:
        return reference("where_positive")(x, y)
    (x, y), turned = like(x, y)
    if turned:
        return first(where_positive(x, y))
    if (fast := _compiled(x, y)) is not None:
        fast.positive(x.reshape(-1), y.reshape(-1), (out := np.empty(x.shape, x.dtype)).reshape(-1))
        return out
    negative, kind = np.less_equal(x, zero(x.dtype)), MASKS[y.dtype]
    if x.size < WORTHWHILE:
        bits = np.subtract(negative, unit(kind))  # all of them where it is False
    else:
        bits = np.subtract(negative.view(np.int8), unit(BYTE)).astype(kind)
    return np.bitwise_and(y.view(kind), bits, bits).view(y.dtype)


def _compiled(x: Array, y: Array) -> Any:
    """The compiled loops, where they can go through two arrays of a shape side by side and it is time for them."""
    alike = x.dtype is y.dtype and x.dtype in FLOATS and x.flags.c_contiguous and y.flags.c_contiguous
    return loops(x.size) if alike else None


def masked_scale(x: Array, mask: Array, *, scale: float) -> Array:
    """Dropout's mask."""
    if x.dtype not in MASKS or x.shape != mask.shape or not x.ndim:
        return reference("masked_scale")(x, mask, scale=scale)
    (x, mask), turned = like(x, mask)
    if turned:
        return first(masked_scale(x, mask, scale=scale))
    plain = x.dtype in FLOATS and mask.dtype == np.bool_ and type(scale) is float
    if plain and x.flags.c_contiguous and mask.flags.c_contiguous and (fast := loops(x.size)):
        out, factor = np.empty(x.shape, x.dtype), x.dtype.type(scale)
        fast.masked_scale(x.reshape(-1), mask.reshape(-1), factor, out.reshape(-1))
        return out
    return masked(x * scale, mask)


def masked(x: Array, mask: Array) -> Array:
    """``where(mask, x, 0)`` by the bits of ``x``: NumPy's ``where`` branches at every element."""
    bits = MASKS[x.dtype]
    ones = np.negative(mask.view(np.int8)).astype(bits)  # all of them where the mask is True
    return np.bitwise_and(x.view(bits), ones, ones).view(x.dtype)


OVERRIDES: dict[str, Any] = {"linear": (linear, (joint(linear_back),)), "relu": (relu, (relu_back,))}
OVERRIDES |= {
    function.__name__: (function, ())
    for function in (
        leaky_relu,
        sigmoid,
        sigmoid_back,
        tanh_back,
        where_positive,
        masked_scale,
    )
}
