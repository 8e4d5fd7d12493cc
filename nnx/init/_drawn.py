"""Values drawn from a given distribution."""

from __future__ import annotations

import math
from typing import Any

from ..autodiff.special.error import ndtri
from ..backend import Array, Device, named
from ..functional._errors import complaint
from ..random import Generator, default_generator
from ._place import Shape, delivered

__all__ = ["normal", "orthogonal", "sparse", "trunc_normal", "uniform"]


def uniform(
    shape: Shape,
    a: float = 0.0,
    b: float = 1.0,
    generator: Generator | None = None,
    dtype: Any = None,
    device: Device = None,
) -> Array:
    """Numbers evenly distributed between ``a`` and ``b``.

    >>> import nnx
    >>> uniform((2,), -1.0, 1.0, generator=nnx.random.Generator(7)).round(3)
    array([-0.673,  0.744], dtype=float32)
    """
    if not a <= b:
        raise complaint("uniform", f"expected a of at most b, got a={a} and b={b}")
    return (generator or default_generator()).uniform(shape, a, b, dtype=dtype, device=device)


def normal(
    shape: Shape,
    mean: float = 0.0,
    std: float = 1.0,
    generator: Generator | None = None,
    dtype: Any = None,
    device: Device = None,
) -> Array:
    """Normally distributed numbers.

    >>> import nnx
    >>> normal((2,), generator=nnx.random.Generator(7)).shape
    (2,)
    """
    if not std >= 0:
        raise complaint("normal", f"expected std of at least 0, got {std}")
    return (generator or default_generator()).normal(shape, mean, std, dtype=dtype, device=device)


def trunc_normal(
    shape: Shape,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
    dtype: Any = None,
    device: Device = None,
) -> Array:
    """The normal distribution cut off below ``a`` and above ``b``, by its inverse distribution function.

    >>> import nnx
    >>> float(abs(trunc_normal((1000,), generator=nnx.random.Generator(7))).max()) <= 2.0
    True
    """
    if not a <= b or std <= 0:
        raise complaint("trunc_normal", f"expected a <= b and std > 0, got a={a}, b={b}, std={std}")
    low, high = (a - mean) / std, (b - mean) / std
    sign = -1.0 if low + high > 0 else 1.0  # the lower tail has the more exact numbers
    low, high = sorted((sign * low, sign * high))
    first, last = (0.5 * math.erfc(-z / math.sqrt(2.0)) for z in (low, high))
    host = named("numpy")
    u = (generator or default_generator()).uniform(shape, dtype="float64", backend=host)
    z = host.xp.clip(ndtri(host.xp, u * (last - first) + first), low, high)
    return delivered(host.xp.clip(z * (sign * std) + mean, a, b), dtype, device)


def orthogonal(
    shape: Shape,
    gain: float = 1.0,
    generator: Generator | None = None,
    dtype: Any = None,
    device: Device = None,
) -> Array:
    """A random matrix with orthonormal rows or columns; axes after the second are joined to it.

    Saxe, McClelland and Ganguli, https://arxiv.org/abs/1312.6120.

    >>> import nnx
    >>> q = orthogonal((2, 4), generator=nnx.random.Generator(7), dtype="float64")
    >>> abs(q @ q.T).round(12)
    array([[1., 0.],
           [0., 1.]])
    """
    if len(shape) < 2:
        raise complaint("orthogonal", f"expected a shape with at least 2 axes, got {shape}")
    host = named("numpy")
    xp, rows, columns = host.xp, shape[0], math.prod(shape[1:])
    tall = (max(rows, columns), min(rows, columns))
    z = (generator or default_generator()).normal(tall, dtype="float64", backend=host)
    if z.size:
        q, r = xp.linalg.qr(z)
        z = q * xp.sign(xp.linalg.diagonal(r))  # so that every orthogonal matrix is as likely as any other
    return delivered(xp.reshape((z if rows >= columns else z.T) * gain, shape), dtype, device)


def sparse(
    shape: Shape,
    sparsity: float,
    std: float = 0.01,
    generator: Generator | None = None,
    dtype: Any = None,
    device: Device = None,
) -> Array:
    """Normally distributed numbers with a share ``sparsity`` of each column, rounded up, set to zero.

    Martens, "Deep learning via Hessian-free optimization", 2010.

    >>> import nnx
    >>> (sparse((4, 3), 0.5, generator=nnx.random.Generator(7)) == 0).sum(axis=0)
    array([2, 2, 2])
    """
    if len(shape) != 2:
        raise complaint("sparse", f"expected a shape with 2 axes, got {shape}")
    generator, host = generator or default_generator(), named("numpy")
    values = generator.normal(shape, 0.0, std, dtype="float64", backend=host)
    zeros_each, columns = math.ceil(sparsity * shape[0]), range(shape[1])
    if values.size:
        order = host.xp.stack([generator.permutation(shape[0], backend=host) for _ in columns], axis=1)
        values = host.xp.where(order < zeros_each, 0.0, values)
    return delivered(values, dtype, device)
