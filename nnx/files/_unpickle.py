"""The pickle inside a file of ``torch.save``, read so that nothing in it can run.

A pickle is a program: it names functions and calls them. Here every name that a state dict needs stands for a
stand-in of this module that only notes what it was given, and any other name is refused before anything is called.
"""

from __future__ import annotations

import io
import pickle
import pickletools
from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn

from ._stored import LARGEST, Source, short

__all__ = ["Storage", "Tensor", "unpickled"]


class Storage(NamedTuple):
    """A record of the file: the dtype of its numbers (None: bytes), its name, and how many there are."""

    dtype: str | None
    key: str
    size: int


class Tensor(NamedTuple):
    """What a tensor is made of."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: str | None = None
    marks: Any = ()


_STORAGES = {
    "Bool": "bool", "Byte": "uint8", "Char": "int8", "Short": "int16", "Int": "int32", "Long": "int64",
    "BFloat16": "bfloat16", "Half": "float16", "Float": "float32", "Double": "float64",
    "ComplexFloat": "complex64", "ComplexDouble": "complex128",
}  # fmt: skip
_OPCODES = frozenset(
    "PROTO FRAME STOP MARK POP POP_MARK DUP MEMOIZE PUT BINPUT LONG_BINPUT GET BINGET LONG_BINGET GLOBAL STACK_GLOBAL "
    "REDUCE BUILD BINPERSID NONE NEWTRUE NEWFALSE INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT UNICODE "
    "BINUNICODE SHORT_BINUNICODE BINUNICODE8 STRING BINSTRING SHORT_BINSTRING BINBYTES SHORT_BINBYTES BINBYTES8 "
    "EMPTY_TUPLE TUPLE TUPLE1 TUPLE2 TUPLE3 EMPTY_LIST LIST APPEND APPENDS EMPTY_DICT DICT SETITEM SETITEMS".split()
)


class _Refused(Exception):
    """Something that a state dict has no use for."""


class _Name:
    """What a name in the pickle stands for; it can be called, where that makes sense, and nothing else."""

    __slots__ = ("make", "name")

    def __init__(self, name: str, make: Callable[..., Any] | None = None) -> None:
        self.name = name
        self.make = make

    def __call__(self, *args: Any) -> Any:
        if self.make is None:
            raise _Refused(f"a call of {self.name}")
        return self.make(*args)

    def __setstate__(self, state: Any) -> NoReturn:
        raise _Refused(f"a change of {self.name}")


class _Dict(dict[Any, Any]):
    """An OrderedDict; the attributes that state dicts have (``_metadata``) are of no use here."""

    __slots__ = ()

    def __setstate__(self, state: Any) -> None: ...


def _tensor(storage: Any, offset: Any, shape: Any, strides: Any, *rest: Any) -> Tensor:
    return _made(storage, offset, shape, strides, None, rest[2] if len(rest) > 2 else None)


def _tensor_of_dtype(
    storage: Any,
    offset: Any,
    shape: Any,
    strides: Any,
    _grad: Any,
    _hooks: Any,
    dtype: Any,
    marks: Any = None,
) -> Tensor:
    if not isinstance(dtype, _Name):
        raise _Refused(f"a tensor of dtype {short(dtype)}")
    return _made(storage, offset, shape, strides, dtype.name.removeprefix("torch."), marks)


def _made(storage: Any, offset: Any, shape: Any, strides: Any, dtype: str | None, marks: Any) -> Tensor:
    if not isinstance(storage, Storage) or not isinstance(shape, tuple) or not isinstance(strides, tuple):
        raise _Refused(f"a tensor of {short(storage)}, shape {short(shape)} and strides {short(strides)}")
    return Tensor(storage, offset, shape, strides, dtype, dict(marks) if marks else {})


def _parameter(data: Any, *_rest: Any) -> Tensor:
    if not isinstance(data, Tensor):
        raise _Refused(f"a parameter of {short(data)}")
    return data


def _of_type(make: Any, _kind: Any, args: Any, _state: Any) -> Any:
    if not isinstance(make, _Name):
        raise _Refused(f"a call of {short(make)}")
    return make(*args)


_CALLS: dict[str, Callable[..., Any]] = {
    "collections.OrderedDict": _Dict,
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_tensor_v3": _tensor_of_dtype,
    "torch._utils._rebuild_parameter": _parameter,
    "torch._utils._rebuild_parameter_with_state": _parameter,
    "torch._tensor._rebuild_from_type_v2": _of_type,
    "torch.Size": lambda *_: None,
    "torch.device": lambda *_: None,
}
_NAMES = {
    "torch.Tensor",
    "torch._tensor.Tensor",
    "torch.nn.parameter.Parameter",
    "torch.storage.UntypedStorage",
}
_NAMES |= {f"torch.{name}Storage" for name in _STORAGES}
_NAMES |= {
    f"torch.{name}"
    for name in "bool uint8 uint16 uint32 uint64 int8 int16 int32 int64 bfloat16 float16 float32 float64 complex64 "
    "complex128 float8_e4m3fn float8_e5m2".split()
}


class _Unpickler(pickle.Unpickler):
    """Python's own, with nothing to call but the stand-ins above."""

    def find_class(self, module: str, name: str, /) -> Any:
        """A stand-in, or a refusal."""
        full = f"{module}.{name}"
        if full in _CALLS:
            return _Name(full, _CALLS[full])
        if full in _NAMES:
            return _Name(full)
        raise _Refused(full)

    def persistent_load(self, pid: Any, /) -> Storage:
        """A record of the file."""
        match pid:
            case ("storage", _Name(name=name), str(key), _, int(size)) if 0 <= size < LARGEST:
                kind = name.removeprefix("torch.").removesuffix("Storage")
                if kind in _STORAGES or name == "torch.storage.UntypedStorage":
                    return Storage(_STORAGES.get(kind), key, size)
            case _:
                pass
        raise _Refused(f"the storage {short(pid)}")


def unpickled(source: Source, data: bytes | bytearray) -> Any:
    """Plain dicts, lists, tuples, numbers and strings, and a `Tensor` for each tensor."""
    try:
        _look_over(data)
        return _Unpickler(io.BytesIO(data), encoding="utf-8").load()
    except _Refused as asked:
        raise source.refuse(
            f"asks for {asked}, which a state dict has no use for; nothing of it was run. If you trust the file, "
            "save the state dict alone: torch.save(model.state_dict(), path)"
        ) from None
    except Exception as error:  # whatever a damaged pickle makes of the unpickler
        raise source.refuse(f"its pickle is damaged: {type(error).__name__}: {error}") from None


def _look_over(data: bytes | bytearray) -> None:
    """Refuse instructions that no state dict needs, and memory for numbers of notes that it cannot have."""
    for opcode, argument, position in pickletools.genops(io.BytesIO(data)):
        if opcode.name not in _OPCODES:
            raise _Refused(f"the instruction {opcode.name}")
        if opcode.name in ("PUT", "BINPUT", "LONG_BINPUT") and not 0 <= int(argument or 0) <= (position or 0):
            raise _Refused(f"note number {argument}")
