"""From numbers made on the host to an array of the library in force."""

from __future__ import annotations

from typing import Any

from ..backend import Array, Device, named
from ..backend.selector import backend

__all__ = ["Shape", "delivered", "dtype_named"]

Shape = tuple[int, ...]


def dtype_named(dtype: Any) -> Any:
    return getattr(backend().xp, dtype or "float32") if dtype is None or isinstance(dtype, str) else dtype


def delivered(values: Array, dtype: Any, device: Device) -> Array:
    """Numbers made on the host as an array of the library in force."""
    place, dtype = backend(), dtype_named(dtype)
    host = named("numpy").xp
    narrow = host.astype(values, host.float64 if "64" in str(dtype) else host.float32)
    return place.xp.astype(
        place.from_host(narrow, device if device is None else place.device_named(device)), dtype
    )
