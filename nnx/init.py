"""Initial values for weights: ``torch.nn.init``'s functions, returning new arrays.

Every function takes the shape, then PyTorch's arguments, then ``generator`` (nnx's own stream by default),
``dtype`` (or its name; float32 by default) and ``device`` (where ``nnx.use`` says by default). The same seed
gives the same weights on every library: what needs more than the generator is computed on the host in float64.
"""

from __future__ import annotations

import math
from typing import Any, Literal

from .autodiff.special.error import ndtri
from .backend import Array, Device, named
from .backend.selector import backend
from .functional._errors import complaint
from .random import Generator, default_generator

__all__ = [
    "calculate_gain",
    "constant",
    "dirac",
    "eye",
    "kaiming_normal",
    "kaiming_uniform",
    "normal",
    "ones",
    "orthogonal",
    "sparse",
    "trunc_normal",
    "uniform",
    "xavier_normal",
    "xavier_uniform",
    "zeros",
]

Shape = tuple[int, ...]
Mode = Literal["fan_in", "fan_out"]


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    r"""The factor by which weights before a nonlinearity should be larger: :math:`\sqrt 2` for ReLU, for example.

    ``param`` is the negative slope of ``"leaky_relu"``, 0.01 by default.

    >>> calculate_gain("tanh")
    1.6666666666666667
    """
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        if isinstance(slope, bool) or not isinstance(slope, (int, float)):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise complaint("calculate_gain", f"expected a number for the negative slope, got {param!r}")
        return math.sqrt(2.0 / (1.0 + slope**2))
    gains = {"sigmoid": 1.0, "tanh": 5.0 / 3.0, "relu": math.sqrt(2.0), "selu": 0.75, "linear": 1.0}
    gains |= {f"conv{transposed}{n}d": 1.0 for transposed in ("", "_transpose") for n in (1, 2, 3)}
    if nonlinearity not in gains:
        raise complaint(
            "calculate_gain", f"expected one of {', '.join([*gains, 'leaky_relu'])}, got {nonlinearity!r}"
        )
    return gains[nonlinearity]


def fans(name: str, shape: Shape) -> tuple[int, int]:
    """How many inputs each output has, and how many outputs each input, of a weight ``(out, in, *window)``."""
    if len(shape) < 2:
        raise complaint(name, f"expected a shape with at least 2 axes, got {shape}")
    window = math.prod(shape[2:])
    return shape[1] * window, shape[0] * window


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
    if not a < b or std <= 0:
        raise complaint("trunc_normal", f"expected a < b and std > 0, got a={a}, b={b}, std={std}")
    low, high = (a - mean) / std, (b - mean) / std
    sign = -1.0 if low + high > 0 else 1.0  # the lower tail has the more exact numbers
    low, high = sorted((sign * low, sign * high))
    first, last = (0.5 * math.erfc(-z / math.sqrt(2.0)) for z in (low, high))
    host = named("numpy")
    u = (generator or default_generator()).uniform(shape, dtype="float64", backend=host)
    z = host.xp.clip(ndtri(host.xp, u * (last - first) + first), low, high)
    return _delivered(host.xp.clip(z * (sign * std) + mean, a, b), dtype, device)


def constant(shape: Shape, val: float, dtype: Any = None, device: Device = None) -> Array:
    """The same number everywhere.

    >>> constant((2,), 3.0)
    array([3., 3.], dtype=float32)
    """
    place = backend()
    where = place.device if device is None else place.device_named(device)
    return place.xp.full(shape, float(val), dtype=_dtype(dtype), device=where)


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
    return _delivered(named("numpy").xp.eye(*shape), dtype, device)


def dirac(shape: Shape, groups: int = 1, dtype: Any = None, device: Device = None) -> Array:
    """A convolution's weight that passes its input channels on unchanged, as many as there are outputs for.

    >>> dirac((1, 1, 3))
    array([[[0., 1., 0.]]], dtype=float32)
    """
    if len(shape) not in (3, 4, 5):
        raise complaint("dirac", f"expected a shape with 3, 4 or 5 axes, got {shape}")
    if shape[0] % groups:
        raise complaint("dirac", f"expected {groups} groups to divide the first axis, got shape {shape}")
    xp = named("numpy").xp
    weight = xp.concat([xp.eye(shape[0] // groups, shape[1])] * groups)
    for n in shape[2:]:
        weight = xp.expand_dims(weight, axis=-1) * xp.astype(xp.arange(n) == n // 2, weight.dtype)
    return _delivered(weight, dtype, device)


def xavier_uniform(
    shape: Shape,
    gain: float = 1.0,
    generator: Generator | None = None,
    dtype: Any = None,
    device: Device = None,
) -> Array:
    r"""Uniform in :math:`\pm\,\mathrm{gain} \sqrt{6 / (\mathrm{fan\_in} + \mathrm{fan\_out})}`.

    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010.

    >>> import nnx
    >>> float(abs(xavier_uniform((3, 3), generator=nnx.random.Generator(7))).max()) <= 1.0
    True
    """
    bound = gain * math.sqrt(6.0 / max(sum(fans("xavier_uniform", shape)), 1))
    return uniform(shape, -bound, bound, generator, dtype, device)


def xavier_normal(
    shape: Shape,
    gain: float = 1.0,
    generator: Generator | None = None,
    dtype: Any = None,
    device: Device = None,
) -> Array:
    r"""Normal with standard deviation :math:`\mathrm{gain} \sqrt{2 / (\mathrm{fan\_in} + \mathrm{fan\_out})}`.

    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010.

    >>> import nnx
    >>> xavier_normal((3, 4), generator=nnx.random.Generator(7)).shape
    (3, 4)
    """
    std = gain * math.sqrt(2.0 / max(sum(fans("xavier_normal", shape)), 1))
    return normal(shape, 0.0, std, generator, dtype, device)


def kaiming_uniform(
    shape: Shape,
    a: float = 0.0,
    mode: Mode = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
    dtype: Any = None,
    device: Device = None,
) -> Array:
    r"""Uniform in :math:`\pm\,\mathrm{gain} \sqrt{3 / \mathrm{fan}}`, with the gain of ``nonlinearity``.

    ``a`` is the negative slope of ``"leaky_relu"``. He et al., https://arxiv.org/abs/1502.01852.

    >>> import nnx
    >>> kaiming_uniform((3, 4), generator=nnx.random.Generator(7)).shape
    (3, 4)
    """
    bound = math.sqrt(3.0) * _kaiming_std("kaiming_uniform", shape, a, mode, nonlinearity)
    return uniform(shape, -bound, bound, generator, dtype, device)


def kaiming_normal(
    shape: Shape,
    a: float = 0.0,
    mode: Mode = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
    dtype: Any = None,
    device: Device = None,
) -> Array:
    r"""Normal with standard deviation :math:`\mathrm{gain} / \sqrt{\mathrm{fan}}`, with the gain of ``nonlinearity``.

    ``a`` is the negative slope of ``"leaky_relu"``. He et al., https://arxiv.org/abs/1502.01852.

    >>> import nnx
    >>> kaiming_normal((3, 4), nonlinearity="relu", generator=nnx.random.Generator(7)).shape
    (3, 4)
    """
    std = _kaiming_std("kaiming_normal", shape, a, mode, nonlinearity)
    return normal(shape, 0.0, std, generator, dtype, device)


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
    >>> (q @ q.T).round(12)
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
    return _delivered(xp.reshape((z if rows >= columns else z.T) * gain, shape), dtype, device)


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
    return _delivered(values, dtype, device)


def _kaiming_std(name: str, shape: Shape, a: float, mode: Mode, nonlinearity: str) -> float:
    fan_in, fan_out = fans(name, shape)
    if mode not in ("fan_in", "fan_out"):
        raise complaint(name, f'expected a mode of "fan_in" or "fan_out", got {mode!r}')
    return calculate_gain(nonlinearity, a) / math.sqrt(max(fan_in if mode == "fan_in" else fan_out, 1))


def _dtype(dtype: Any) -> Any:
    return getattr(backend().xp, dtype or "float32") if dtype is None or isinstance(dtype, str) else dtype


def _delivered(values: Array, dtype: Any, device: Device) -> Array:
    """Numbers made on the host as an array of the library in force."""
    place, dtype = backend(), _dtype(dtype)
    host = named("numpy").xp
    narrow = host.astype(values, host.float64 if "64" in str(dtype) else host.float32)
    return place.xp.astype(
        place.from_host(narrow, device if device is None else place.device_named(device)), dtype
    )
