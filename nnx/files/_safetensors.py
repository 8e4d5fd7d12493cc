"""The safetensors format: 8 bytes with the length of the header, the header in JSON, then the arrays' bytes.

Read as https://huggingface.co/docs/safetensors defines it: little-endian, in C order, no byte unused and none
used twice.
"""

from __future__ import annotations

import json
from typing import Any

from ._stored import SIZES, Region, Source, Stored, proper, short

__all__ = ["arrays_in"]

_LARGEST_HEADER = 100_000_000
_DTYPES = {
    "BOOL": "bool", "U8": "uint8", "I8": "int8", "U16": "uint16", "I16": "int16", "U32": "uint32", "I32": "int32",
    "U64": "uint64", "I64": "int64", "BF16": "bfloat16", "F16": "float16", "F32": "float32", "F64": "float64",
    "C64": "complex64",
}  # fmt: skip


def arrays_in(source: Source) -> dict[str, Stored]:
    """Every array of the file by its name."""
    length = int.from_bytes(source.read(0, 8), "little")
    if length > min(_LARGEST_HEADER, source.length - 8):
        raise source.refuse(
            f"its header is to have {length} bytes, the file has {source.length}; it is damaged"
        )
    try:
        header = json.loads(source.read(8, length).decode(), object_pairs_hook=_once_each)
    except (ValueError, RecursionError) as error:
        raise source.refuse(f"its header is no proper JSON: {error}") from None
    header.pop("__metadata__", None)
    start = 8 + length
    found = {name: _stored(source, name, entry, start) for name, entry in header.items()}
    end = start
    for name, stored in sorted(found.items(), key=lambda item: item[1].region):
        if stored.region.start != end:
            raise source.refuse(
                f'"{name}" starts at byte {stored.region.start}, the array before it ends at {end}'
            )
        end += stored.region.length
    if end != source.length:
        raise source.refuse(f"its arrays end at byte {end}, the file has {source.length}")
    return found


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a name occurs twice")
    return result


def _stored(source: Source, name: str, entry: Any, start: int) -> Stored:
    try:
        kind, shape, (begin, end) = entry["dtype"], tuple(entry["shape"]), entry["data_offsets"]
    except (KeyError, TypeError, ValueError):
        raise source.refuse(f'"{name}": expected dtype, shape and data_offsets, got {short(entry)}') from None
    if not isinstance(kind, str) or kind not in _DTYPES:
        raise source.refuse(f'"{name}": expected a dtype of {", ".join(_DTYPES)}; got {kind!r}')
    if not proper(*shape, begin, end):
        raise source.refuse(
            f'"{name}": expected whole numbers for shape and data_offsets, got {short(entry)}'
        )
    stored = Stored(Region(start + begin, end - begin), _DTYPES[kind], shape)
    if stored.nbytes != end - begin:
        raise source.refuse(
            f'"{name}": {stored.dtype} of shape {shape} takes {stored.size * SIZES[stored.dtype]} bytes, '
            f"data_offsets have {end - begin}"
        )
    return stored
