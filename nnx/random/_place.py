"""Where the result of a draw goes."""

from __future__ import annotations

import math
from operator import index
from typing import Any, TypeAlias

from ..backend import Array, Backend, Device, named, selector

Shape: TypeAlias = int | tuple[int, ...]
Which: TypeAlias = str | Backend | None


def shape_of(shape: Shape) -> tuple[int, ...]:
    """A shape as Python's integers: those of an array library would overflow where the stream counts on."""
    try:
        lengths = tuple(map(index, shape)) if isinstance(shape, (tuple, list)) else (index(shape),)
    except TypeError:
        raise TypeError(f"shape: expected an integer or a tuple of them, got {shape!r}") from None
    if any(n < 0 for n in lengths):
        raise ValueError(f"shape: expected lengths of at least 0, got {shape}")
    return lengths


class Place:
    """Where the result of a draw goes, its shape, and the backend that makes it."""

    __slots__ = ("backend", "count", "device", "maker", "native", "shape")

    def __init__(self, shape: Shape, device: Device, backend: Which, on_host: bool = False) -> None:
        self.backend = selector.backend(backend) if backend is None or isinstance(backend, str) else backend
        self.device = self.backend.device_named(device) if isinstance(device, str) else device
        if device is None:
            self.device = self.backend.device
        self.shape = shape_of(shape)
        self.count = math.prod(self.shape)
        host = named("numpy")
        self.maker = self.backend if self.backend.makes_bits and not on_host else host
        self.native = self.backend.name == self.maker.name

    def deliver(self, made: Array, dtype: Any = None) -> Array:
        """What the maker made, in shape, on the device."""
        made = self.maker.fast.reshape(made, self.shape)
        result = made if self.native else self.backend.from_host(made, self.device)
        return result if dtype is None else self.backend.fast.astype(result, dtype, copy=False)

    def dtype(self, dtype: Any) -> Any:
        """A dtype of the backend from itself or its name."""
        if isinstance(dtype, str):
            found = getattr(self.backend.xp, dtype, None)
            if found is None:
                raise ValueError(f'dtype: backend "{self.backend.name}" has no dtype {dtype!r}')
            return found
        return dtype

    def floating(self, dtype: Any) -> tuple[Any, bool]:
        """A real floating dtype, float32 by default, and whether it is float64."""
        xp = self.backend.xp
        if dtype is None or dtype == "float32":
            return xp.float32, False
        dtype = self.dtype(dtype)
        if not self.backend.is_inexact(dtype) or "complex" in str(dtype):
            raise TypeError(f"dtype: expected a real floating dtype, got {dtype}")
        return dtype, dtype == getattr(xp, "float64", None)
