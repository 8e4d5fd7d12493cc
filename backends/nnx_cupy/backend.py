"""The backend over CuPy."""

from __future__ import annotations

from functools import cached_property
from math import prod
from typing import Any

from nnx.backend import Array, Backend, Device, Namespace
from nnx.backend.protocol import methods_beyond_standard
from nnx.backend.scatter import rows_of

from .kernels import kernel

_INSTALL = 'pip install "nnx-array[cuda12]" or "nnx-array[cuda13]" (nvidia-smi shows which)'
_THREADS = 256
_WORD = 2**64 - 1
_C_TYPES = {
    "float32": "float",
    "float64": "double",
    "int8": "signed char",
    "int16": "short",
    "int32": "int",
    "int64": "long long",
    "uint8": "unsigned char",
    "uint16": "unsigned short",
    "uint32": "unsigned int",
    "uint64": "unsigned long long",
}
_REAL_PARTS = {"complex64": "float32", "complex128": "float64"}


class CuPyBackend(Backend):
    """CuPy on CUDA GPUs.

    Random bits are made on the device; scatter-add gives NumPy's sums to the last bit.
    """

    name = "cupy"
    roots = ("cupy",)
    makes_bits = True

    def namespace(self) -> Namespace:
        """array-api-compat's CuPy."""
        import array_api_compat.cupy

        return array_api_compat.cupy

    @cached_property
    def special(self) -> Namespace:
        """CuPy's counterpart of SciPy."""
        import cupyx.scipy.special

        return cupyx.scipy.special

    @cached_property
    def array_methods(self) -> frozenset[str]:
        """Those of `cupy.ndarray`."""
        return methods_beyond_standard(self.xp.ndarray)

    def why_unavailable(self) -> str | None:
        """What is missing of CuPy, the driver and the GPU, and what to do; None where a kernel runs."""
        return self._missing

    @cached_property
    def _missing(self) -> str | None:
        try:
            import cupy
        except ImportError as error:
            return f"CuPy cannot be imported ({error}). Install it for your driver's CUDA: {_INSTALL}"
        if not cupy.cuda.is_available():
            return (
                f"CuPy {cupy.__version__} is installed, but finds no CUDA GPU ({_first_failure(cupy)}). "
                "Check with nvidia-smi that there are an NVIDIA GPU and a driver no older than CuPy's CUDA, "
                'and that CUDA_VISIBLE_DEVICES does not hide the GPU; without one use "numpy" or "auto"'
            )
        try:
            (cupy.arange(2) + 1).get()
        except Exception as error:  # whatever a broken set-up raises is the answer
            return (
                f"CuPy {cupy.__version__} finds a GPU but cannot run a kernel on it "
                f"({type(error).__name__}: {error}). Check that it fits the driver's CUDA: {_INSTALL}"
            )
        return None

    def device_named(self, device: Device) -> Device:
        """Also from its number, as in `1`, `"1"` and `"cuda:1"`; `"cuda"` is the current one."""
        if isinstance(device, str) and device.partition(":")[0] in ("cuda", "gpu"):
            number = device.partition(":")[2]
            device = number or self.default_device().id
        if isinstance(device, str) and device.isdecimal():
            device = int(device)
        if isinstance(device, int):
            device = next((known for known in self.devices() if known.id == device), f"cuda:{device}")
        return super().device_named(device)

    def to_host(self, x: Array) -> Array:
        """A copy in the host's memory, made when everything asked of `x` is done."""
        import cupy

        return cupy.asnumpy(x)

    def from_host(self, array: Array, device: Device = None) -> Array:
        """A copy in the GPU's memory."""
        import cupy

        with self.device if device is None else device:
            return cupy.array(array)

    def synchronize(self, device: Device = None) -> None:
        """Wait for everything asked of the device, on every stream."""
        (self.device if device is None else device).synchronize()

    def bits(self, key: int, counter: int, count: int, device: Device = None) -> Array:
        """NumPy's Philox stream, made on the device."""
        import cupy

        words = (*_words(key, 2), *_words(counter, 4), count)
        with self.device if device is None else device:
            out = cupy.empty(count, dtype=cupy.uint64)
            if count:
                blocks = -(-count // (4 * _THREADS))
                arguments = (*map(cupy.uint64, words), out)
                kernel("philox", "philox<unsigned long long>")((blocks,), (_THREADS,), arguments)
            return out

    def halves(self, words: Array) -> Array:
        """The same memory, seen as uint32."""
        return words.view("<u4")

    def scatter_add(self, target: Array, index: Any, source: Array) -> Array:
        """A copy, and each row's sources added in the order of the index: the same sums from run to run.

        `cupyx.scatter_add`, whose atomic additions come in any order, serves half precision only. Integers
        out of bounds are left out, for looking at them would wait for the GPU.
        """
        import cupy
        import cupyx

        dtype = target.dtype.name
        with target.device:
            result = cupy.array(target, order="C")
            if dtype not in _C_TYPES and dtype not in _REAL_PARTS:
                cupyx.scatter_add(result, index, source)
                return result
            rows = rows_of(self.xp, target.shape, index, target.device, check=False)
            width = prod(rows.trailing)
            number_of_rows = prod(target.shape[: target.ndim - len(rows.trailing)])
            source = cupy.broadcast_to(cupy.asarray(source, dtype=target.dtype), rows.shape + rows.trailing)
            count = int(rows.numbers.size)
            if count * width == 0:
                return result
            source = cupy.ascontiguousarray(source).reshape(count, width)
            flat = result.reshape(-1, width)
            if dtype in _REAL_PARTS:
                dtype, width = _REAL_PARTS[dtype], 2 * width
                source, flat = source.view(dtype), flat.view(dtype)
            order = cupy.argsort(rows.numbers)
            arguments = (
                rows.numbers[order], order, source, flat, *map(cupy.int64, (number_of_rows, count, width))
            )  # fmt: skip
            blocks = -(-count * width // _THREADS)
            kernel("scatter", f"scatter_add<{_C_TYPES[dtype]}>")((blocks,), (_THREADS,), arguments)
            return result

    def is_view(self, result: Array, source: Array) -> bool:
        """Whether the bounds of their memory overlap."""
        import cupy

        return result is source or bool(cupy.may_share_memory(result, source))

    def owned(self, x: Array) -> Array:
        """`x` itself if it is no view, else a copy."""
        return x if x.base is None and x.flags.owndata else x.copy()


def _words(number: int, count: int) -> tuple[int, ...]:
    return tuple(number >> 64 * i & _WORD for i in range(count))


def _first_failure(cupy: Any) -> str:
    try:
        return f"{cupy.cuda.runtime.getDeviceCount()} GPUs found"
    except cupy.cuda.runtime.CUDARuntimeError as error:
        return str(error)
