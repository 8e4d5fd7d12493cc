"""What PyTorch and safetensors write comes back, array by array, without either."""

import collections
import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nnx

from . import written
from .written import number, storage, tensor, text

RNG = np.random.default_rng(2)
ARRAYS = {
    "weight": RNG.standard_normal((3, 4)).astype("f4"),
    "deep.weight": RNG.standard_normal((2, 3, 2)),
    "count": np.asarray(7, "i8"),
    "empty": np.zeros((0, 3), "f4"),
    "mask": np.asarray([True, False, True]),
    "bytes": np.arange(5, dtype="u1"),
    "small": np.arange(-2, 2, dtype="i4").reshape(2, 2),
    "wave": np.asarray([1 + 2j, -3j], "c8"),
}
WRITERS = {"safetensors": written.safetensors, "torch": written.state}


def assert_same(lib: Any, found: dict[str, Any], expected: dict[str, np.ndarray]) -> None:
    assert list(found) == list(expected)
    for key, x in expected.items():
        lib.assert_equal(found[key], x)
        assert lib.to_numpy(found[key]).dtype == x.dtype


@pytest.mark.parametrize("writer", WRITERS)
def test_arrays_come_back(writer: str, lib: Any) -> None:
    data = WRITERS[writer](ARRAYS)
    assert_same(lib, nnx.load_torch_state(io.BytesIO(data)), ARRAYS)


@pytest.mark.parametrize("writer", WRITERS)
def test_files_are_found_by_path_and_told_apart_by_their_contents(writer: str, tmp_path: Path) -> None:
    path = tmp_path / "weights.bin"
    path.write_bytes(WRITERS[writer](ARRAYS))
    for given in (path, str(path)):
        assert list(nnx.load_torch_state(given)) == list(ARRAYS)
    with pytest.raises(FileNotFoundError):
        nnx.load_torch_state(tmp_path / "nowhere.pt")


@pytest.mark.parametrize("writer", WRITERS)
def test_half_precision_and_devices(writer: str, lib: Any) -> None:
    data = WRITERS[writer]({"half": np.asarray([1.5, -2.0], "f2")})
    found = nnx.load_torch_state(io.BytesIO(data), device=lib.device)["half"]
    lib.assert_equal(found, [1.5, -2.0])
    assert found.dtype == getattr(lib.xp, "float16", lib.xp.float32)
    with pytest.raises(ValueError, match="device of backend"):
        nnx.load_torch_state(io.BytesIO(data), device="abacus")


def test_every_integer_type_comes_back() -> None:
    arrays = {
        kind: np.asarray([0, 1, np.iinfo(kind).max], kind) for kind in "i1 i2 i4 i8 u1 u2 u4 u8".split()
    }
    found = nnx.load_torch_state(io.BytesIO(written.safetensors(arrays)))
    for kind, x in arrays.items():
        assert found[kind].dtype == kind
        np.testing.assert_array_equal(found[kind], x)


def test_bfloat16_comes_as_the_same_values_in_float32(lib: Any) -> None:
    values = np.asarray([1.0, -2.5, 3.140625, np.inf, 2.0**-130], "f4")
    raw = (values.view("u4") >> 16).astype("u2").tobytes()
    header = b'{"x":{"dtype":"BF16","shape":[5],"data_offsets":[0,10]}}'
    as_torch = written.torch_zip(
        written.program(written.table({"x": tensor(storage("BFloat16", "0", 5), 0, (5,), (1,))})),
        {"data/0": raw},
    )
    for data in (written.with_header(header, raw), as_torch):
        found = nnx.load_torch_state(io.BytesIO(data))["x"]
        lib.assert_equal(found, values)
        assert found.dtype == lib.xp.float32


def test_what_is_loaded_can_be_written_to_and_shares_nothing() -> None:
    shared = storage("Double", "0", 6)
    data = written.torch_zip(
        written.program(written.table({k: tensor(shared, 0, (6,), (1,)) for k in "ab"})),
        {"data/0": np.arange(6.0).tobytes()},
    )
    for file in (data, written.state({"a": np.arange(6.0), "b": np.arange(6.0)})):
        found = nnx.load_torch_state(io.BytesIO(file))
        found["a"][0] = 9.0
        np.testing.assert_array_equal(found["b"], np.arange(6.0))


@pytest.mark.parametrize(
    ("offset", "shape", "strides"),
    [
        (0, (3, 4), (4, 1)),
        (0, (4, 3), (1, 4)),
        (1, (2, 3), (5, 2)),
        (5, (), ()),
        (2, (3, 2), (0, 1)),
        (0, (2, 3, 2), (1, 2, 6)),
        (11, (1, 1), (7, 9)),
        (12, (0,), (1,)),
        (3, (2, 0, 4), (1, 1, 1)),
    ],
)
def test_tensors_are_views_of_their_storage(offset: int, shape: Any, strides: Any, lib: Any) -> None:
    base = np.arange(12.0) + 0.5
    data = written.torch_zip(
        written.program(written.table({"x": tensor(storage("Double", "0", 12), offset, shape, strides)})),
        {"data/0": base.tobytes()},
    )
    expected = np.lib.stride_tricks.as_strided(base[min(offset, 11) :], shape, [8 * step for step in strides])
    lib.assert_equal(nnx.load_torch_state(io.BytesIO(data))["x"], expected)


@pytest.mark.parametrize(
    ("kind", "code"), [("Double", ">f8"), ("Short", ">i2"), ("ComplexFloat", ">c8"), ("Byte", "u1")]
)
def test_files_of_machines_with_the_high_byte_first_are_turned_around(kind: str, code: str) -> None:
    x = np.asarray([1, 2, 200], code)
    data = written.torch_zip(
        written.program(written.table({"x": tensor(storage(kind, "0", 3), 0, (3,), (1,))})),
        {"data/0": x.tobytes(), "byteorder": b"big"},
    )
    np.testing.assert_array_equal(nnx.load_torch_state(io.BytesIO(data))["x"], x)


def test_entries_of_a_checkpoint_are_chosen_by_key() -> None:
    one, two = (tensor(storage("Float", key, 1), 0, (), ()) for key in "01")
    model = written.table({"module.weight": one, "module.bias": two})
    body = written.table(
        {"epoch": number(3), "name": text("run"), "state_dict": model, "list": b"](" + one + b"e"}
    )
    data = written.torch_zip(
        written.program(body), {f"data/{i}": struct.pack("<f", value) for i, value in enumerate((0.5, 2.0))}
    )

    def load(key: str | None = None) -> dict[str, float]:
        return {name: float(x) for name, x in nnx.load_torch_state(io.BytesIO(data), key).items()}

    expected = {"weight": 0.5, "bias": 2.0}
    assert load() == {**{f"state_dict.module.{k}": v for k, v in expected.items()}, "list.0": 0.5}
    assert load("state_dict") == {f"module.{k}": v for k, v in expected.items()}
    assert load("state_dict.module") == expected
    with pytest.raises(ValueError, match='no arrays in an entry "model"; its entries are state_dict, list'):
        load("model")
    flat = written.safetensors({"module.weight": np.ones(1, "f4"), "step": np.ones(1, "f4")})
    assert list(nnx.load_torch_state(io.BytesIO(flat), key="module")) == ["weight"]


def test_what_safetensors_writes_comes_back(lib: Any) -> None:
    library = pytest.importorskip("safetensors.numpy", reason="safetensors is not installed")
    data = library.save(ARRAYS)
    found = nnx.load_torch_state(io.BytesIO(data))
    assert_same(lib, {key: found[key] for key in ARRAYS}, ARRAYS)


def test_what_torch_saves_comes_back(lib: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    base = torch.arange(24.0).reshape(2, 3, 4)
    parameter = torch.nn.Parameter(base[0])
    parameter.note = "kept aside"
    with_attribute = torch.ones(2)
    with_attribute.note = 1
    tensors = collections.OrderedDict(
        plain=base,
        turned=base.permute(2, 0, 1),
        part=base[1:, ::2, 1::2],
        expanded=torch.ones(1, 2).expand(3, 2),
        channels_last=torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last),
        scalar=torch.tensor(3),
        empty=torch.empty(0, 3),
        parameter=torch.nn.Parameter(torch.ones(2)),
        noted=parameter,
        with_attribute=with_attribute,
        conjugate=torch.tensor([1 + 2j]).conj(),
        negative=torch.tensor([1 + 2j]).conj().imag,
        half=torch.tensor([1.5, 2.0], dtype=torch.bfloat16),
        mask=torch.tensor([True, False]),
        unsigned=torch.tensor([1, 65535], dtype=torch.uint16),
        **{str(dtype)[6:]: torch.tensor([1, 2], dtype=dtype) for dtype in DTYPES(torch)},
    )
    tensors._metadata = {"": {"version": 1}}  # pyright: ignore[reportAttributeAccessIssue]
    saved = {"model": tensors, "size": torch.Size([1]), "dtype": torch.float32, "device": torch.device("cpu")}
    file = io.BytesIO()
    torch.save(saved, file)
    expected = {}
    for key, t in tensors.items():
        t = t.detach().resolve_conj().resolve_neg()
        expected[key] = t.float().numpy() if t.dtype == torch.bfloat16 else t.numpy()
    assert_same(lib, nnx.load_torch_state(file, key="model"), expected)


def DTYPES(torch: Any) -> list[Any]:
    names = "int8 int16 int32 int64 uint8 uint32 uint64 float32 float64 complex64 complex128"
    return [getattr(torch, dtype) for dtype in names.split()]


def test_files_without_checksums_load() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    file, before = io.BytesIO(), torch.serialization.get_crc32_options()
    torch.serialization.set_crc32_options(False)
    try:
        torch.save({"x": torch.ones(3)}, file)
    finally:
        torch.serialization.set_crc32_options(before)
    np.testing.assert_array_equal(nnx.load_torch_state(file)["x"], np.ones(3))


def test_checkpoints_with_optimizers_load() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.ones(4, 2)).sum().backward()
    optimizer.step()
    file = io.BytesIO()
    torch.save(
        {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3, "lr": 0.1}, file
    )
    found = nnx.load_torch_state(file)
    np.testing.assert_array_equal(
        found["optimizer.state.1.exp_avg"], optimizer.state_dict()["state"][1]["exp_avg"]
    )
    ours = nnx.Sequential(nnx.Linear(2, 3), nnx.BatchNorm1d(3))
    assert ours.load_state_dict(nnx.load_torch_state(file, key="model")) == ([], [])
    x = np.ones((4, 2), "f4")
    np.testing.assert_allclose(ours.eval()(x), model.eval()(torch.tensor(x)).detach(), rtol=1e-6)
