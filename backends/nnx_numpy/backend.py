"""The backend over NumPy."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import array_api_compat.numpy
import numpy as np

from nnx.backend import Array, Backend, Device, Namespace
from nnx.backend.protocol import methods_beyond_standard

from . import fast


class NumPyBackend(Backend):
    """NumPy on the CPU: no devices to choose from, calls that return when they are done.

    >>> NumPyBackend().scatter_add(np.zeros(3), np.array([0, 2, 2]), np.array([1.0, 2.0, 3.0]))
    array([1., 0., 5.])
    """

    name = "numpy"
    roots = ("numpy",)
    makes_bits = True

    def namespace(self) -> Namespace:
        """array-api-compat's NumPy."""
        return array_api_compat.numpy

    @cached_property
    def fast(self) -> Namespace:
        """The same functions for less: see nnx_numpy.fast."""
        return fast.namespace()

    @cached_property
    def array_methods(self) -> frozenset[str]:
        """Those of `numpy.ndarray`."""
        return methods_beyond_standard(np.ndarray)

    def to_host(self, x: Array) -> Array:
        """`x` itself."""
        return np.asarray(x)

    def from_host(self, array: Array, device: Device = None) -> Array:
        """The array itself."""
        return np.asarray(array)

    def bits(self, key: int, counter: int, count: int, device: Device = None) -> Array:
        """NumPy's own stream.

        >>> NumPyBackend().bits(key=7, counter=0, count=2)
        array([...], dtype=uint64)
        """
        return np.random.Philox(key=key, counter=counter).random_raw(count)

    def scatter_add(self, target: Array, index: Any, source: Array) -> Array:
        """A copy, and NumPy's `add.at`, which adds in the order of the index."""
        result = np.array(target)
        np.add.at(result, index, np.asarray(source, dtype=result.dtype))
        return result

    def set_item(self, x: Array, key: Any, value: Array) -> Array:
        """A copy, and an assignment."""
        result = np.array(x)
        result[key] = value
        return result

    def is_view(self, result: Array, source: Array) -> bool:
        """Whether their memory overlaps; by its bounds, so two interleaved views of an array count as one."""
        if result is source:
            return True
        if type(result) is np.ndarray and result.base is None and result.flags.owndata:
            return type(source) is np.ndarray and source.base is not None and np.may_share_memory(result, source)
        return np.may_share_memory(result, source)

    def owned(self, x: Array) -> Array:
        """`x` itself if it is a plain writable array over its own memory, else a copy."""
        if type(x) is np.ndarray and x.base is None and x.flags.owndata and x.flags.writeable:
            return x
        return np.array(x)
