"""Values that are not drawn."""

from __future__ import annotations

from typing import Any

from ..backend import Array, Device, named
from ..backend.selector import backend
from ..functional._errors import complaint
from ._place import Shape, delivered, dtype_named

__all__ = ["constant", "dirac", "eye", "ones", "zeros"]


def constant(shape: Shape, val: float, dtype: Any = None, device: Device = None) -> Array:
    """The same number everywhere.

    >>> constant((2,), 3.0)
    array([3., 3.], dtype=float32)
    """
    place = backend()
    where = place.device if device is None else place.device_named(device)
    return place.xp.full(shape, float(val), dtype=dtype_named(dtype), device=where)


def zeros(shape: Shape, dtype: Any = None, device: Device = None) -> Array:
    """Zeros.

    >>> zeros((2,))
    array([0., 0.], dtype=float32)
    """
    return constant(shape, 0.0, dtype, device)


def ones(shape: Shape, dtype: Any = None, device: Device = None) -> Array:
    """Ones.

    >>> ones((2,))
    array([1., 1.], dtype=float32)
    """
    return constant(shape, 1.0, dtype, device)


def eye(shape: Shape, dtype: Any = None, device: Device = None) -> Array:
    """Ones on the diagonal of a matrix, zeros elsewhere.

    >>> eye((2, 3))
    array([[1., 0., 0.],
           [0., 1., 0.]], dtype=float32)
    """
    if len(shape) != 2:
        raise complaint("eye", f"expected a shape with 2 axes, got {shape}")
    return delivered(named("numpy").xp.eye(*shape), dtype, device)


def dirac(shape: Shape, groups: int = 1, dtype: Any = None, device: Device = None) -> Array:
    """A convolution's weight that passes its input channels on unchanged, as many as there are outputs for.

    >>> dirac((1, 1, 3))
    array([[[0., 1., 0.]]], dtype=float32)
    """
    if len(shape) not in (3, 4, 5):
        raise complaint("dirac", f"expected a shape with 3, 4 or 5 axes, got {shape}")
    if groups < 1 or shape[0] % groups:
        raise complaint("dirac", f"expected {groups} groups to divide the first axis, got shape {shape}")
    xp = named("numpy").xp
    weight = xp.concat([xp.eye(shape[0] // groups, shape[1])] * groups)
    for n in shape[2:]:
        weight = xp.expand_dims(weight, axis=-1) * xp.astype(xp.arange(n) == n // 2, weight.dtype)
    return delivered(weight, dtype, device)
