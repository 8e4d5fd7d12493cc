"""The backend over NumPy."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

import array_api_compat.numpy
import numpy as np

from nnx.backend import Array, Backend, Device, Namespace
from nnx.backend.protocol import methods_beyond_standard

from . import compiled, cores, fast
from .overrides import OVERRIDES
from .prepared import FRESH, IN_PLACE, PREPARED
from .scattering import at_rows

_EMPTY = np.zeros(4, dtype=np.uint64)

MANY, MANY_COMPILED = 200_000, 1_000_000  # elements from which another core's help outweighs the asking

# glibc hands the memory of arrays back to the system as they are freed, and each step pays anew for pages to be made
# and zeroed, until a larger array was freed. So here is one, never touched: from then on up to 64 MiB stay.
np.empty(2**25 - 2**13, dtype=np.uint8)


class NumPyBackend(Backend):
    """NumPy on the CPU: no devices to choose from, calls that return when they are done.

    >>> NumPyBackend().scatter_add(np.zeros(3), np.array([0, 2, 2]), np.array([1.0, 2.0, 3.0]))
    array([1., 0., 5.])
    """

    name = "numpy"
    roots = ("numpy",)
    makes_bits = True
    overrides = OVERRIDES
    prepared = PREPARED
    in_place = IN_PLACE
    fresh = FRESH
    _local = threading.local()

    def namespace(self) -> Namespace:
        """array-api-compat's NumPy."""
        return array_api_compat.numpy

    @cached_property
    def fast(self) -> Namespace:
        """The same functions for less: see nnx_numpy.fast."""
        return fast.namespace()

    @cached_property
    def special(self) -> Namespace | None:
        """SciPy's, where SciPy is installed."""
        try:
            return importlib.import_module("scipy.special")
        except ImportError:
            return None

    @cached_property
    def array_methods(self) -> frozenset[str]:
        """Those of `numpy.ndarray`."""
        return methods_beyond_standard(np.ndarray)

    def error_handling(self) -> Any:
        """What `numpy.errstate` has set.

        >>> NumPyBackend().error_handling()["over"]
        'warn'
        """
        return np.geterr()

    def handling_errors(self, function: Callable[..., Any], handling: Any) -> Callable[..., Any]:
        """Within `numpy.errstate`."""
        return np.errstate(**handling)(function)

    def to_host(self, x: Array) -> Array:
        """`x` itself."""
        return np.asarray(x)

    def from_host(self, array: Array, device: Device = None) -> Array:
        """The array itself."""
        return np.asarray(array)

    def from_buffer(self, buffer: Any, dtype: str, device: Device = None) -> Array:
        """An array over the same memory, where this machine has the low byte first.

        >>> NumPyBackend().from_buffer(bytes([1, 0, 2, 1]), "uint16")
        array([  1, 258], dtype=uint16)
        """
        native = np.dtype(dtype)
        return np.frombuffer(buffer, native.newbyteorder("<")).astype(native, copy=False)

    def bits(self, key: int, counter: int, count: int, device: Device = None) -> Array:
        """NumPy's own stream.

        >>> NumPyBackend().bits(key=7, counter=0, count=2)
        array([...], dtype=uint64)
        """
        try:
            stream = self._local.stream
        except AttributeError:
            stream = self._local.stream = np.random.Philox(key=0)
        stream.state = {  # a tenth of the time that making another Philox takes
            "bit_generator": "Philox",
            "state": {"key": _words(key, 2), "counter": _words(counter, 4)},
            "buffer": _EMPTY,
            "buffer_pos": 4,
            "has_uint32": 0,
            "uinteger": 0,
        }
        return stream.random_raw(count)

    def halves(self, words: Array) -> Array:
        """The same memory, seen as uint32."""
        return words.astype("<u8", copy=False).view("<u4")

    def scatter_add(self, target: Array, index: Any, source: Array) -> Array:
        """A copy, and NumPy's `add.at`, which adds in the order of the index."""
        result = np.array(target, order="C")
        source = np.asarray(source, dtype=result.dtype)
        rows = index[0] if type(index) is tuple and len(index) == 1 else index
        if type(rows) is np.ndarray and rows.dtype.kind in "iu" and result.ndim > 1 and result.size:
            at_rows(np.add, result, rows, source)
        else:
            np.add.at(result, index, source)
        return result

    def set_item(self, x: Array, key: Any, value: Array) -> Array:
        """A copy, and an assignment."""
        result = np.array(x)
        result[key] = value
        return result

    def share(self, work: Callable[[Any], Any], parts: Iterable[Any], elements: int) -> None:
        """On several threads: see nnx_numpy.cores."""
        if elements >= (MANY_COMPILED if compiled.loaded() else MANY):
            cores.share(work, parts)
        else:
            for part in parts:
                work(part)

    def is_view(self, result: Array, source: Array) -> bool:
        """Whether their memory overlaps; by its bounds, so two interleaved views of an array count as one."""
        if result is source:
            return True
        if getattr(result, "base", None) is None and getattr(source, "base", None) is None:
            return False
        return np.may_share_memory(result, source)

    def owned(self, x: Array) -> Array:
        """`x` itself if it is a plain writable array over its own memory, else a copy."""
        if type(x) is np.ndarray and x.base is None and (flags := x.flags).owndata and flags.writeable:
            return x
        return np.array(x)


def _words(number: int, count: int) -> Array:
    return np.array([number >> 64 * i & 0xFFFFFFFFFFFFFFFF for i in range(count)], dtype=np.uint64)
