"""The zip files that ``torch.save`` writes: a pickle of what was saved, and a record of raw bytes for each storage."""

from __future__ import annotations

import struct
import zipfile
from typing import Any

from ._stored import LARGEST, SIZES, Region, Source, Stored
from ._unpickle import Storage, Tensor, unpickled

__all__ = ["arrays_in"]

_DEEPEST, _MOST_ENTRIES = 64, 1_000_000


def arrays_in(source: Source) -> dict[str, Stored]:
    """Every tensor of what was saved, by its path: keys and numbers of entries joined by dots."""
    records = _records(source)
    pickles = [name for name in records if name.endswith("/data.pkl") and name.count("/") == 1]
    if len(pickles) != 1:
        raise source.refuse("is a zip file, but has no data.pkl as torch.save writes it")
    root = pickles[0].removesuffix("data.pkl")
    if root + "constants.pkl" in records:
        raise source.refuse(
            "is a TorchScript program; save its weights: torch.save(model.state_dict(), path)"
        )
    order = bytes(records[root + "byteorder"].read(source)) if root + "byteorder" in records else b"little"
    if order not in (b"little", b"big"):
        raise source.refuse(f"has the byte order {order!r:.40}")
    tree = unpickled(source, records[pickles[0]].read(source))
    found: dict[str, Stored] = {}
    for path, tensor in _tensors(source, tree):
        if path in found:
            raise source.refuse(f'two tensors have the path "{path}"')
        record = records.get(f"{root}data/{tensor.storage.key}")
        found[path] = _stored(source, path, tensor, record, order == b"big")
    return found


def _records(source: Source) -> dict[str, Region]:
    """Where the bytes of each record are. Python's zipfile reads the table; the bytes are where they lie."""
    try:
        with zipfile.ZipFile(source.file) as archive:
            table = archive.infolist()
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        ValueError,
        OverflowError,
        struct.error,
        OSError,
    ) as error:
        raise source.refuse(f"is a damaged zip file: {error}") from None
    found: dict[str, Region] = {}
    for info in table:
        name = info.filename
        if name in found:
            raise source.refuse(f'has two records "{name}"')
        if (
            info.compress_type != zipfile.ZIP_STORED
            or info.compress_size != info.file_size
            or info.flag_bits & 1
        ):
            raise source.refuse(
                f'its record "{name}" is compressed or encrypted, which torch.save never does'
            )
        local = source.read(info.header_offset, 30)
        if bytes(local[:4]) != b"PK\x03\x04":
            raise source.refuse(f'its record "{name}" is not where its table says')
        lengths = struct.unpack("<HH", local[26:])
        found[name] = Region(info.header_offset + 30 + sum(lengths), info.file_size, info.CRC)
    if sum(region.length for region in found.values()) > source.length:
        raise source.refuse("its records have more bytes than the file")
    return found


def _tensors(source: Source, tree: Any) -> list[tuple[str, Tensor]]:
    """Path and tensor of everything in dicts, lists and tuples; other values are passed over."""
    found: list[tuple[str, Tensor]] = []
    todo, seen = [("", tree, 0)] if isinstance(tree, (dict, list, tuple)) else [], 0
    while todo:
        path, value, depth = todo.pop()
        if isinstance(value, Tensor):
            found.append((path, value))
            continue
        prefix = path + "." if path else ""
        items: Any = value.items() if isinstance(value, dict) else enumerate(value)
        below = [
            (prefix + _text(key), item, depth + 1)
            for key, item in items
            if isinstance(item, (dict, list, tuple))
        ]
        seen += len(below)
        if depth > _DEEPEST or seen > _MOST_ENTRIES:
            raise source.refuse(f'is nested too deeply or has too many entries (at "{path:.80}")')
        todo += reversed(below)
    return found


def _text(key: Any) -> str:
    if isinstance(key, str):
        return key
    return str(key) if type(key) is int and abs(key) < LARGEST else f"({type(key).__name__})"


def _stored(source: Source, path: str, tensor: Tensor, record: Region | None, big_endian: bool) -> Stored:
    storage: Storage = tensor.storage
    dtype = tensor.dtype or storage.dtype
    if dtype not in SIZES:
        raise source.refuse(f'"{path}" has dtype {dtype}, which cannot be read; convert it before saving')
    if record is None:
        raise source.refuse(f'"{path}" has no record data/{storage.key}')
    if storage.size * SIZES[storage.dtype or "uint8"] != record.length:
        raise source.refuse(
            f'"{path}" is to be {storage.size} {storage.dtype or "byte"} numbers, its record has {record.length} bytes'
        )
    marks = tensor.marks
    stored = Stored(
        record, dtype, tensor.shape, tensor.offset, tensor.strides, big_endian,
        bool(marks.get("conj")), bool(marks.get("neg")),
    )  # fmt: skip
    problem = stored.misfit()
    if problem:
        raise source.refuse(f'"{path}": {problem}')
    return stored
