"""Damaged and hostile files are refused by name, and nothing of them is run."""

import io
import json
import os
import pickle
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nnx
from nnx.files import _unpickle

from . import written
from .written import call, group, name, number, numbers, program, storage, table, tensor, text

ORDERED = name("collections", "OrderedDict")
REBUILD = name("torch._utils", "_rebuild_tensor_v2")
ONE = storage("Float", "0", 1)
LAUGHS = b"](NNe" + b"".join(b"q%c](" % i + b"h%c" % i * 10 + b"e" for i in range(9))
"""A list of 10 lists of 10 lists …, each of them one list: little to write, 2 billion entries to print."""
RECORD = {"data/0": b"\0\0\x80\x3f"}


def load(data: bytes) -> Any:
    return nnx.load_torch_state(io.BytesIO(data))


class Reduced:
    """Pickles as a call."""

    def __init__(self, function: Any, *args: Any) -> None:
        self.call = (function, args)

    def __reduce__(self) -> Any:
        return self.call


PICKLES = {
    "os.system": (pickle.dumps({"x": Reduced(os.system, "touch harm")}), r"asks for \w+\.system"),
    "eval": (pickle.dumps({"x": Reduced(eval, "open('harm', 'w')")}, 2), r"asks for __builtin__\.eval"),
    "exec": (pickle.dumps([Reduced(exec, "open('harm', 'w')")], 4), r"asks for builtins\.exec"),
    "getattr": (pickle.dumps(Reduced(getattr, "", "join")), r"asks for builtins\.getattr"),
    "open": (program(call(name("io", "open"), text("harm"), text("w"))), "asks for io.open"),
    "import": (program(call(name("importlib", "import_module"), text("os"))), "asks for importlib.import_module"),
    "nested names": (b"\x80\x04\x8c\x0bcollections\x8c\x14OrderedDict.__init__\x93.", "OrderedDict.__init__"),
    "dunder": (program(name("collections", "OrderedDict.__class__")), "OrderedDict.__class__"),
    "numpy": (program(name("numpy.core.multiarray", "_reconstruct")), "numpy.core.multiarray._reconstruct"),
    "load in torch": (program(call(name("torch", "load"), text("x"))), "asks for torch.load"),
    "hub": (program(name("torch.hub", "load")), "asks for torch.hub.load"),
    "a whole model": (program(name("torch.nn.modules.linear", "Linear")), "torch.nn.modules.linear.Linear"),
    "INST": (b"\x80\x02(S'touch harm'\nios\nsystem\n.", "the instruction INST"),
    "OBJ": (program(b"(" + ORDERED + b"o"), "the instruction OBJ"),
    "NEWOBJ": (program(ORDERED + b")\x81"), "the instruction NEWOBJ"),
    "EXT": (program(b"\x82\x01"), "the instruction EXT1"),
    "PERSID": (b"\x80\x02Pstorage\n.", "the instruction PERSID"),
    "note far away": (program(b"N" + b"r\xff\xff\xff\x7f"), "note number 2147483647"),
    "change of a function": (program(REBUILD + b"}" + text("make") + ORDERED + b"sb"), "a change of torch._utils"),
    "change by slots": (program(REBUILD + b"(N}" + text("make") + ORDERED + b"stb"), "a change of torch._utils"),
    "change of a type": (program(ORDERED + b"}" + text("update") + REBUILD + b"sb"), "a change of collections"),
    "call of a type": (program(call(name("torch", "FloatStorage"))), "a call of torch.FloatStorage"),
    "call of a dtype": (program(call(name("torch", "float32"))), "a call of torch.float32"),
    "call of a text": (program(call(text("print"), text("x"))), "pickle is damaged"),
    "call by another": (
        program(call(name("torch._tensor", "_rebuild_from_type_v2"), text("print"), b"N", b")", b"N")),
        "a call of 'print'",
    ),
    "a parameter of text": (program(call(name("torch._utils", "_rebuild_parameter"), text("x"))), "a parameter of"),
    "a tensor of text": (program(tensor(text("x"), 0, (1,), (1,))), "a tensor of 'x'"),
    "a dtype of text": (
        program(
            call(name("torch._utils", "_rebuild_tensor_v3"), ONE, number(0), b")", b")", b"\x89", b"N", text("f"))
        ),
        "a tensor of dtype 'f'",
    ),
    "a foreign storage": (program(group(text("file"), text("harm")) + b"Q"), "the storage"),
    "a storage of a function": (
        program(group(text("storage"), REBUILD, text("0"), text("cpu"), number(1)) + b"Q"),
        "the storage",
    ),
    "no end": (b"\x80\x02}", "pickle is damaged"),
    "nothing": (b"", "pickle is damaged"),
    "a text without end": (b"\x80\x02X\xff\xff\xff\x7fabc.", "pickle is damaged"),
    "an empty stack": (b"\x80\x02R.", "pickle is damaged"),
    "lists in lists": (b"\x80\x02" + b"]" * 70 + b"a" * 69 + b".", "nested too deeply"),
    "a list in itself": (b"\x80\x02]q\x00h\x00a.", "nested too deeply"),
    "laughs": (
        program(LAUGHS),
        "too many entries",
    ),
    "laughs in a tensor": (
        b"\x80\x02" + tensor(LAUGHS, 0, (1,), (1,)) + b".",
        "a tensor of ",
    ),
    "laughs in a shape": (
        program(table({"x": call(REBUILD, ONE, number(0), group(LAUGHS), b")")})),
        "whole numbers",
    ),
    "laughs in a storage": (program(LAUGHS + b"Q"), "the storage"),
    "a storage without end": (
        program(group(text("storage"), name("torch", "FloatStorage"), text("0"), text("cpu"), number(2**63)) + b"Q"),
        "the storage",
    ),
    "a set": (pickle.dumps({1}, 4), "the instruction EMPTY_SET"),
    "two of a name": (
        program(
            b"}" + text("a.b") + tensor(ONE, 0, (1,), (1,)) + b"s" + text("a")
            + b"}" + text("b") + tensor(ONE, 0, (1,), (1,)) + b"ss"
        ),
        'two tensors have the path "a.b"',
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", PICKLES)
def test_pickles_that_ask_for_more_are_refused_and_not_run(case: str, tmp_path: Path) -> None:
    data, message = PICKLES[case]
    path = tmp_path / "harm"
    file = tmp_path / "weights.pt"
    file.write_bytes(written.torch_zip(data, RECORD))
    before, here = vars(_unpickle).copy(), os.getcwd()
    os.chdir(tmp_path)
    try:
        with pytest.raises(ValueError, match=message) as error:
            nnx.load_torch_state(file)
    finally:
        os.chdir(here)
    assert str(file) in str(error.value)
    assert not path.exists()
    assert vars(_unpickle) == before


def test_attributes_of_a_state_dict_are_let_be() -> None:
    """PyTorch keeps versions in `_metadata`; names of methods do no harm either."""
    changed = b"}" + text("items") + number(1) + b"s" + text("_metadata") + b"}sb"
    body = table({"x": tensor(ONE, 0, (1,), (1,))}) + changed
    assert load(written.torch_zip(program(body), RECORD)) == {"x": np.ones(1, "f4")}


TENSORS = {
    "beyond its record": (ONE, 0, (2,), (1,), "reaches beyond"),
    "an offset beyond": (ONE, 1, (1,), (1,), "reaches beyond"),
    "an offset before": (ONE, -1, (1,), (1,), "at least 0"),
    "a stride before": (ONE, 0, (2,), (-1,), "at least 0"),
    "a stride beyond": (ONE, 0, (2,), (2**62,), "reaches beyond"),
    "a shape below": (ONE, 0, (-1,), (1,), "at least 0"),
    "a shape of large numbers": (ONE, 0, (2**100, 0), (1, 1), "at least 0"),
    "a shape of many numbers": (ONE, 0, (1,) * 150, (1,) * 150, "at least 0"),
    "fewer strides": (ONE, 0, (1, 1), (1,), "2 axes and 1 strides"),
    "too large": (ONE, 0, (2**40,), (0,), "asks for arrays of 4398046511104 bytes"),
    "too long for an array": (ONE, 0, (2**62, 0), (0, 0), '"x": '),
    "too many axes": (ONE, 0, (1,) * 100, (1,) * 100, '"x": '),
    "a record that is larger": (storage("Byte", "0", 1), 0, (1,), (1,), "its record has 4 bytes"),
    "a record that is smaller": (storage("Double", "0", 1), 0, (1,), (1,), "its record has 4 bytes"),
    "no record": (storage("Float", "1", 1), 0, (1,), (1,), "no record data/1"),
    "a record elsewhere": (storage("Float", "../data.pkl", 1), 0, (1,), (1,), "no record"),
}


@pytest.mark.parametrize("case", TENSORS)
def test_tensors_that_do_not_fit_their_records_are_refused(case: str) -> None:
    *arguments, message = TENSORS[case]
    with pytest.raises(ValueError, match=message):
        load(written.torch_zip(program(table({"x": tensor(*arguments)})), RECORD))


def test_tensors_of_no_whole_numbers_are_refused() -> None:
    for shape in (text("ab"), group(text("a")), b"N", group(b"G" + b"\0" * 8)):
        body = call(REBUILD, ONE, number(0), shape, numbers((1,)), b"\x89", b"N")
        with pytest.raises(ValueError, match="load_torch_state"):
            load(written.torch_zip(program(table({"x": body})), RECORD))


def test_keys_that_are_no_text_have_some_name() -> None:
    one = tensor(ONE, 0, (1,), (1,))
    body = b"}" + number(7) + one + b"s" + number(10**30) + b"}" + group(text("a")) + one + b"s" + b"s"
    assert list(load(written.torch_zip(program(body), RECORD))) == ["7", "(int).(tuple)"]


def test_unreadable_dtypes_are_refused() -> None:
    quantized = storage("QInt8", "0", 4)
    with pytest.raises(ValueError, match="QInt8Storage"):
        load(written.torch_zip(program(table({"x": tensor(quantized, 0, (4,), (1,))})), RECORD))
    small = call(
        name("torch._utils", "_rebuild_tensor_v3"),
        group(text("storage"), name("torch.storage", "UntypedStorage"), text("0"), text("cpu"), number(4)) + b"Q",
        number(0), numbers((4,)), numbers((1,)), b"\x89", b"N", name("torch", "float8_e5m2"),
    )  # fmt: skip
    with pytest.raises(ValueError, match='"x" has dtype float8_e5m2'):
        load(written.torch_zip(program(table({"x": small})), RECORD))


GOOD = written.state({"weight": np.arange(6.0), "bias": np.ones(3, "f4")})


def test_zip_files_that_are_none_of_torch_are_refused() -> None:
    empty = io.BytesIO()
    with zipfile.ZipFile(empty, "w") as archive:
        archive.writestr("hello.txt", "hello")
    for data, message in (
        (empty.getvalue(), "no data.pkl"),
        (GOOD[:-30], "damaged zip"),
        (GOOD[: len(GOOD) // 2], "damaged zip"),
        (written.torch_zip(b"}.", {"constants.pkl": b""}), "TorchScript"),
        (written.torch_zip(b"}.", {"byteorder": b"middle"}), "byte order b'middle'"),
        (written.torch_zip(b"}.", {"data/0": bytes(10**6)}, zipfile.ZIP_DEFLATED), "compressed"),
        (GOOD.replace(np.arange(6.0).tobytes(), np.ones(6).tobytes()), "checksum"),
    ):
        with pytest.raises(ValueError, match=message):
            load(data)


def test_records_that_lie_over_each_other_are_refused() -> None:
    """One large record under many names would take many times its memory."""
    data = written.torch_zip(program(b"}"), {f"data/{i}": bytes(1000) for i in range(5)})
    at = data.index(b"PK\x01\x02")
    first = next(i for i in range(at, len(data)) if data[i : i + 14] == b"archive/data/0") - 46
    directory, start = bytearray(data), data[first + 42 : first + 46]
    for i in range(1, 5):
        entry = data.index(b"archive/data/%d" % i, at) - 46
        directory[entry + 42 : entry + 46] = start
    shorter = bytes(directory[: data.index(b"archive/data/1") - 30] + directory[at:])
    end = bytearray(shorter)
    end[-6:-2] = (at - (len(data) - len(shorter))).to_bytes(4, "little")
    with pytest.raises(ValueError, match="more bytes than the file"):
        load(bytes(end))


def test_other_files_are_refused_with_advice() -> None:
    legacy = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03."
    for data, message in (
        (legacy, r"before PyTorch 1.6.*torch.save\(torch.load\(path, weights_only=True\), path\)"),
        (pickle.dumps({"x": 1}), "is a pickle"),
        (b"", "neither a safetensors file"),
        (b"PK", "neither a safetensors file"),
        (b"\x93NUMPY\x01\x00v\x00{'descr'", "neither a safetensors file"),
    ):
        with pytest.raises(ValueError, match=message):
            load(data)


def entry(dtype: Any = "F32", shape: Any = (1,), offsets: Any = (0, 4)) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


HEADERS: dict[str, tuple[Any, bytes, str]] = {
    "no JSON": (b"{no", b"", "no proper JSON"),
    "no text": (b"{\xff\xff", b"", "no proper JSON"),
    "deep": (b"{" + b'"a":{' * 100_000, b"", "no proper JSON"),
    "a name twice": (b'{"x":{"dtype":"F32","dtype":"F32"}}', bytes(4), "occurs twice"),
    "no dtype": ({"x": {"shape": [1]}}, bytes(4), "expected dtype, shape and data_offsets"),
    "an entry of text": ({"x": "y"}, bytes(4), "expected dtype, shape and data_offsets"),
    "an unknown dtype": ({"x": entry("F8_E4M3")}, bytes(4), "expected a dtype of BOOL"),
    "a dtype of lists": ({"x": entry([])}, bytes(4), "expected"),
    "a shape below": ({"x": entry(shape=(-1,))}, bytes(4), "whole numbers"),
    "a shape of text": ({"x": entry(shape="ab")}, bytes(4), "whole numbers"),
    "a shape of truth": ({"x": entry(shape=(True,))}, bytes(4), "whole numbers"),
    "a larger shape": ({"x": entry(shape=(2,))}, bytes(4), "takes 8 bytes, data_offsets have 4"),
    "an endless shape": ({"x": entry(shape=(2**62, 2**62))}, bytes(4), "data_offsets have 4"),
    "offsets before": ({"x": entry(offsets=(-4, 0))}, bytes(4), "whole numbers"),
    "offsets backwards": ({"x": entry(offsets=(4, 0))}, bytes(4), "data_offsets have -4"),
    "offsets beyond": ({"x": entry(offsets=(4, 8))}, bytes(4), "starts at byte"),
    "three offsets": ({"x": entry(offsets=(0, 4, 8))}, bytes(4), "expected dtype"),
    "overlap": ({"x": entry(), "y": entry()}, bytes(4), "starts at byte"),
    "a hole": ({"x": entry(), "y": entry(offsets=(8, 12))}, bytes(12), "starts at byte"),
    "bytes left over": ({"x": entry()}, bytes(5), "arrays end at byte"),
    "bytes missing": ({"x": entry()}, bytes(3), "arrays end at byte"),
    "too many axes": ({"x": entry(shape=(1,) * 100)}, bytes(4), '"x": '),
}


@pytest.mark.parametrize("case", HEADERS)
def test_headers_that_do_not_fit_are_refused(case: str) -> None:
    header, data, message = HEADERS[case]
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    with pytest.raises(ValueError, match=message):
        load(written.with_header(raw, data))


def test_lengths_beyond_the_file_ask_for_no_memory() -> None:
    for length in (10, 2**32, 2**63, 2**64 - 1):
        with pytest.raises(ValueError, match="its header is to have"):
            load(length.to_bytes(8, "little") + b"{}")
    with pytest.raises(ValueError, match="its header is to have 200000000 bytes"):
        load((2 * 10**8).to_bytes(8, "little") + b"{}")


@pytest.mark.parametrize("good", [GOOD, written.safetensors({"x": np.ones(3, "f4"), "y": np.zeros((2, 2))})])
def test_random_damage_is_refused_or_harmless(good: bytes) -> None:
    rng = np.random.default_rng(0)
    refused: list[str] = []
    for _ in range(1500):
        data = bytearray(good)
        for _ in range(rng.integers(1, 4)):
            data[rng.integers(len(data))] = rng.integers(256)
        if rng.random() < 0.2:
            del data[rng.integers(len(data)) :]
        try:
            found = load(bytes(data))
            assert all(isinstance(x, np.ndarray) for x in found.values())
        except ValueError as error:
            refused.append(str(error))
    assert 500 < len(refused) < 1500
    assert all(message.startswith("load_torch_state: ") for message in refused)


def test_torch_is_not_imported() -> None:
    import subprocess

    code = (
        "import nnx, sys, io; sys.path.insert(0, sys.argv[1]); import written, numpy as np; "
        "print(nnx.load_torch_state(io.BytesIO(written.state({'x': np.ones(2)}))), 'torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(Path(__file__).parent)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "{'x': array([1., 1.])} False"
