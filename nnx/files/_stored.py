"""An array in a file, before it is read: where its bytes are, and how they make numbers.

Both formats come down to this. Whatever a file claims is checked here against the bytes that it has, before any
memory is asked for.
"""

from __future__ import annotations

import os
import reprlib
import zlib
from array import array
from math import prod
from typing import Any, BinaryIO, NamedTuple

from ..backend import Array, Backend, Device

__all__ = ["LARGEST", "SIZES", "Region", "Source", "Stored", "proper", "refusal", "short", "to_array"]

SIZES = {
    "bool": 1, "uint8": 1, "int8": 1, "uint16": 2, "int16": 2, "uint32": 4, "int32": 4, "uint64": 8, "int64": 8,
    "bfloat16": 2, "float16": 2, "float32": 4, "float64": 8, "complex64": 8, "complex128": 16,
}  # fmt: skip
"""Bytes of one number of each dtype that can be read."""


LARGEST = 2**63
"""What lengths and counts have to stay below."""


def proper(*lengths: Any) -> bool:
    """Whether these are whole numbers that a file may have; their product is then soon known."""
    return len(lengths) < 200 and all(type(n) is int and 0 <= n < LARGEST for n in lengths)


def short(value: Any) -> str:
    """What to print of something from a file: not more than a line, however much it holds."""
    try:
        return reprlib.repr(value)
    except ValueError:  # a number of more digits than Python prints
        return f"a {type(value).__name__}"


def refusal(name: str, detail: str) -> ValueError:
    """What to raise where a file is not what it should be."""
    return ValueError(f"load_torch_state: {name}: {detail}")


class Source:
    """An open file: its name, its length, and bytes of it."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self.file = file
        self.name = name
        self.length = file.seek(0, os.SEEK_END)

    def refuse(self, detail: str) -> ValueError:
        """What to raise where the file is not what it should be."""
        return refusal(self.name, detail)

    def read(self, start: int, count: int) -> bytearray:
        """``count`` bytes from ``start`` on, or an error where the file has not as many."""
        if start < 0 or count < 0 or start + count > self.length:
            raise self.refuse(
                f"ends after {self.length} bytes, but is to have {count} at {start}; it is cut off or damaged"
            )
        self.file.seek(start)
        data = bytearray(count)
        view, done = memoryview(data), 0
        while done < count:
            got: int | None = self.file.readinto(view[done:])  # pyright: ignore[reportAttributeAccessIssue]
            if not got:
                raise self.refuse(f"gave {done} of {count} bytes")
            done += got
        return data


class Region(NamedTuple):
    """Bytes of a file, and their checksum where the file has one."""

    start: int
    length: int
    checksum: int = 0

    def read(self, source: Source) -> bytearray:
        """The bytes, checked."""
        data = source.read(self.start, self.length)
        if self.checksum and zlib.crc32(data) != self.checksum:
            raise source.refuse(
                f"the {self.length} bytes at {self.start} do not fit their checksum: it is damaged"
            )
        return data


class Stored(NamedTuple):
    """One array: the numbers ``offset + index · strides`` of a region; strides of None are those of C order."""

    region: Region
    dtype: str
    shape: tuple[int, ...]
    offset: int = 0
    strides: tuple[int, ...] | None = None
    big_endian: bool = False
    conjugate: bool = False
    negative: bool = False

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return prod(self.shape)

    @property
    def nbytes(self) -> int:
        """How many bytes they take."""
        return self.size * SIZES[self.dtype]

    def span(self) -> int:
        """How many numbers lie between its first and its last, both counted."""
        if self.strides is None or not self.size:
            return self.size
        return 1 + sum((n - 1) * step for n, step in zip(self.shape, self.strides, strict=True))

    def misfit(self) -> str | None:
        """Why the region cannot hold it; None if it can."""
        if not proper(self.offset, *self.shape, *(self.strides or ())):
            return (
                "expected whole numbers of at least 0 for its offset, shape and strides, got "
                f"{short(self.offset)}, {short(self.shape)} and {short(self.strides)}"
            )
        if self.strides is not None and len(self.strides) != len(self.shape):
            return f"has {len(self.shape)} axes and {len(self.strides)} strides"
        if self.size and (self.offset + self.span()) * SIZES[self.dtype] > self.region.length:
            return (
                f"{self.dtype} of shape {self.shape}, strides {self.strides} and offset {self.offset} reaches "
                f"beyond its {self.region.length} bytes"
            )
        return None


def to_array(
    stored: Stored, data: bytearray, shared: bool, target: Backend, device: Device, host: Backend
) -> Array:
    """The array of ``target`` that ``data``, the bytes of the region, make; its own copy if they are ``shared``."""
    xp, size = host.xp, SIZES[stored.dtype]
    first, last = stored.offset * size, (stored.offset + stored.span()) * size
    numbers = _numbers(host, memoryview(data)[first:last], stored)
    if stored.strides is None or stored.strides == _contiguous(stored.shape):
        result = xp.reshape(numbers, stored.shape)
        if shared:
            result = xp.asarray(result, copy=True)
    else:
        places: Any = xp.zeros((), dtype=xp.int64)
        for axis, (n, step) in enumerate(zip(stored.shape, stored.strides, strict=True)):
            along = xp.arange(n, dtype=xp.int64) * step
            places = places + xp.reshape(along, (n,) + (1,) * (len(stored.shape) - axis - 1))
        result = xp.reshape(xp.take(numbers, xp.reshape(places, (-1,)), axis=0), stored.shape)
    if stored.conjugate:
        result = xp.conj(result)
    if stored.negative:
        result = -result
    if stored.dtype == "float16" and not hasattr(target.xp, "float16"):
        result = xp.astype(result, xp.float32)
    return target.from_host(result, device)


def _contiguous(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(prod(shape[i + 1 :]) for i in range(len(shape)))


def _numbers(host: Backend, data: memoryview, stored: Stored) -> Array:
    """The numbers in a row; bfloat16 as the float32 that has the same upper half, and so the same value."""
    dtype: str = stored.dtype
    if stored.big_endian and SIZES[dtype] > 1:
        part = SIZES[dtype] // 2 if dtype.startswith("complex") else SIZES[dtype]
        swapped = array({2: "H", 4: "I", 8: "Q"}[part], bytes(data))
        swapped.byteswap()
        data = memoryview(swapped).cast("B")
    if dtype == "bfloat16":
        wide = bytearray(2 * len(data))
        wide[2::4], wide[3::4] = data[::2], data[1::2]
        return host.from_buffer(wide, "float32")
    if dtype == "bool":
        return host.from_buffer(data, "uint8") != 0
    return host.from_buffer(data, dtype)
