"""Checkpoints written byte by byte, so that tests need neither PyTorch nor safetensors, and can write hostile ones."""

import io
import json
import zipfile
from typing import Any

import numpy as np

SHORT = {
    "f4": "F32",
    "f8": "F64",
    "f2": "F16",
    "i8": "I64",
    "i4": "I32",
    "u1": "U8",
    "b1": "BOOL",
    "c8": "C64",
}
SHORT |= {"i1": "I8", "i2": "I16", "u2": "U16", "u4": "U32", "u8": "U64"}
STORAGES = {
    "f4": "Float",
    "f8": "Double",
    "f2": "Half",
    "i8": "Long",
    "i4": "Int",
    "u1": "Byte",
    "b1": "Bool",
}
STORAGES |= {"c8": "ComplexFloat", "c16": "ComplexDouble", "i1": "Char", "i2": "Short"}


def safetensors(arrays: dict[str, np.ndarray], **changes: Any) -> bytes:
    """A file in the safetensors format; `changes` are entries of its header that replace the true ones."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    data = b""
    for name, x in arrays.items():
        raw = np.ascontiguousarray(x).tobytes()
        entry = {
            "dtype": SHORT[x.dtype.str[1:]],
            "shape": x.shape,
            "data_offsets": [len(data), len(data) + len(raw)],
        }
        header[name] = entry
        data += raw
    return with_header(json.dumps({**header, **changes}).encode(), data)


def with_header(header: bytes, data: bytes = b"") -> bytes:
    return len(header).to_bytes(8, "little") + header + data


def torch_zip(program: bytes, records: dict[str, bytes] | None = None, compression: int = 0) -> bytes:
    """A file as `torch.save` writes it, of a pickle and the records of storages by their names."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, data in {"data.pkl": program, "byteorder": b"little", **(records or {})}.items():
            archive.writestr(f"archive/{name}", data)
    return file.getvalue()


# A pickle in the small: each function gives the instructions that put something on the stack.


def program(body: bytes) -> bytes:
    return b"\x80\x02" + body + b"."


def name(module: str, attribute: str) -> bytes:
    return f"c{module}\n{attribute}\n".encode()


def text(value: str) -> bytes:
    raw = value.encode()
    return b"X" + len(raw).to_bytes(4, "little") + raw


def number(value: int) -> bytes:
    return b"\x8a\x10" + value.to_bytes(16, "little", signed=True)


def group(*parts: bytes) -> bytes:
    return b"(" + b"".join(parts) + b"t"


def call(function: bytes, *arguments: bytes) -> bytes:
    return function + group(*arguments) + b"R"


def table(entries: dict[str, bytes]) -> bytes:
    ordered = call(name("collections", "OrderedDict"))
    return ordered + b"(" + b"".join(text(key) + value for key, value in entries.items()) + b"u"


def numbers(values: Any) -> bytes:
    return group(*map(number, values))


def storage(kind: str, key: str, size: int) -> bytes:
    return (
        group(text("storage"), name("torch", f"{kind}Storage"), text(key), text("cpu"), number(size)) + b"Q"
    )


def tensor(of: bytes, offset: int, shape: Any, strides: Any) -> bytes:
    hooks = call(name("collections", "OrderedDict"))
    rebuild = name("torch._utils", "_rebuild_tensor_v2")
    return call(rebuild, of, number(offset), numbers(shape), numbers(strides), b"\x89", hooks)


def state(arrays: dict[str, np.ndarray]) -> bytes:
    """The file of a state dict of these arrays, as `torch.save` writes it."""
    entries: dict[str, bytes] = {}
    records: dict[str, bytes] = {}
    for key, x in arrays.items():
        record = str(len(records))
        records[f"data/{record}"] = x.tobytes()
        strides = [step // x.itemsize for step in np.zeros(x.shape, x.dtype).strides]
        entries[key] = tensor(storage(STORAGES[x.dtype.str[1:]], record, x.size), 0, x.shape, strides)
    metadata = b"}" + text("_metadata") + b"}" + text("") + b"}" + text("version") + number(1) + b"sssb"
    return torch_zip(program(table(entries) + metadata), records)
