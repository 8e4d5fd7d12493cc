"""Values drawn from a distribution that the number of a layer's inputs and outputs decides."""

from __future__ import annotations

import math
from typing import Any, Literal

from ..backend import Array, Device
from ..functional._errors import complaint
from ..random import Generator
from ._drawn import normal, uniform
from ._place import Shape

__all__ = ["calculate_gain", "kaiming_normal", "kaiming_uniform", "xavier_normal", "xavier_uniform"]

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
    if not isinstance(shape, (tuple, list)):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise complaint(name, f"expected a shape, a tuple of integers, got {type(shape).__name__}", TypeError)
    if len(shape) < 2:
        raise complaint(name, f"expected a shape with at least 2 axes, got {shape}")
    window = math.prod(shape[2:])
    return shape[1] * window, shape[0] * window


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
    bound = _xavier_std("xavier_uniform", shape, gain) * math.sqrt(3.0)
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
    std = _xavier_std("xavier_normal", shape, gain)
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


def _xavier_std(name: str, shape: Shape, gain: float) -> float:
    if not gain >= 0.0:
        raise complaint(name, f"expected gain of at least 0, got {gain!r}")
    return gain * math.sqrt(2.0 / max(sum(fans(name, shape)), 1))


def _kaiming_std(name: str, shape: Shape, a: float, mode: Mode, nonlinearity: str) -> float:
    fan_in, fan_out = fans(name, shape)
    found = {"fan_in": fan_in, "fan_out": fan_out}.get(str(mode).lower())
    if found is None:
        raise complaint(name, f'expected a mode of "fan_in" or "fan_out", got {mode!r}')
    return calculate_gain(nonlinearity, a) / math.sqrt(max(found, 1))
