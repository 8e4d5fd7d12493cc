"""CuPy's backend with NumPy's arrays in the place of CuPy's, and its kernels launched on the CPU.

What a GPU alone can show is in the tests of every library, which run on CuPy under `pytest -m gpu`; this finds
mistaken arguments, shapes and launches without one.
"""

import ctypes
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import array_api_compat.numpy as compat
import numpy as np
import pytest

from nnx_cupy import CuPyBackend
from nnx_cupy.backend import _C_TYPES
from nnx_cupy.kernels import kernel

ENTRY = """
extern "C" void go(unsigned blocks, unsigned threads, {parameters}) {{
    launch({function}, blocks, threads, {names});
}}
"""
PARAMETERS = {
    "philox": ["word"] * 7 + ["word*"],
    "scatter_add": ["const long long*"] * 2 + ["const {kind}*", "{kind}*"] + ["long long"] * 3,
}


class Device:
    """A GPU, as far as `with device:` goes."""

    current = None
    id = 0
    synchronized = 0

    def __enter__(self):
        Device.current = self

    def __exit__(self, *_):
        Device.current = None

    def synchronize(self):
        Device.synchronized += 1


DEVICE = Device()


class Array(np.ndarray):
    """NumPy's array, on a GPU by its own account."""

    device = DEVICE


def on_device(function):
    def made(*arguments, **keywords):
        assert keywords.pop("device", DEVICE) is DEVICE
        result = function(*arguments, **keywords)
        return result.view(Array) if type(result) is np.ndarray else result

    return made


class Namespace(ModuleType):
    """Functions of NumPy that give arrays on the device."""

    def __getattr__(self, name):
        value = getattr(compat, name)
        return on_device(value) if callable(value) and not isinstance(value, type) else value


def argument(value):
    if isinstance(value, np.ndarray):
        return ctypes.c_void_p(value.ctypes.data)
    return {np.uint64: ctypes.c_uint64, np.int64: ctypes.c_int64}[type(value)](int(value))


@pytest.fixture(scope="module")
def fake(tmp_path_factory):
    compiler = shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        pytest.skip("needs g++ or clang++ to compile the kernels for the CPU")
    words = (Path(__file__).parent / "cuda_words.h").read_text()

    class RawModule:
        def __init__(self, code, options, name_expressions):
            self.code, self.expressions = code, name_expressions
            self.options = [option for option in options if option.startswith("-std")]

        def get_function(self, function):
            assert function in self.expressions
            name, _, kind = function.rstrip(">").partition("<")
            kinds = [parameter.format(kind=kind) for parameter in PARAMETERS[name]]
            names = [f"a{i}" for i in range(len(kinds))]
            parameters = ", ".join(f"{k} {n}" for k, n in zip(kinds, names, strict=True))
            entry = ENTRY.format(parameters=parameters, function=function, names=", ".join(names))
            folder = tmp_path_factory.mktemp(name)
            (folder / "code.cpp").write_text(words + self.code + entry)
            command = [compiler, *self.options, "-O1", "-shared", "-fPIC", "-o", "code.so", "code.cpp"]
            subprocess.run(command, cwd=folder, check=True)
            go = ctypes.CDLL(str(folder / "code.so")).go

            def launch(grid, block, arguments):
                assert Device.current is DEVICE
                assert all(not isinstance(a, np.ndarray) or a.flags.c_contiguous for a in arguments)
                assert len(arguments) == len(kinds)
                go(*grid, *block, *map(argument, arguments))

            return launch

    cupy = Namespace("cupy")
    cupy.RawModule = RawModule
    cupy.asnumpy = np.array
    cupy.array = on_device(np.array)
    cupy.ascontiguousarray = on_device(np.ascontiguousarray)
    cupy.cuda = ModuleType("cupy.cuda")
    kernel.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "cupy", cupy)
        patch.setitem(sys.modules, "cupyx", ModuleType("cupyx"))
        backend = CuPyBackend()
        backend.namespace = lambda: Namespace("array_api_compat.cupy")
        backend.device = DEVICE
        yield backend
    kernel.cache_clear()


@pytest.mark.parametrize("count", [0, 1, 5, 3000])
def test_bits(fake, count):
    key, counter = 2**127 + 3, 2**64 - 2
    bits = fake.bits(key, counter, count)
    assert bits.dtype == np.uint64
    np.testing.assert_array_equal(bits, np.random.Philox(key=key, counter=counter).random_raw(count))
    halves = [int(word) >> shift & 0xFFFFFFFF for word in bits for shift in (0, 32)]
    assert fake.halves(bits).tolist() == halves


RNG = np.random.default_rng(5)


@pytest.mark.parametrize("dtype", [*_C_TYPES, "complex64", "complex128"])
def test_scatter_add_in_every_dtype(fake, dtype):
    target = (RNG.normal(size=(5, 3)) * 9).astype("int8").astype(dtype).view(Array)
    source = RNG.uniform(0, 9, size=(400, 3)) + 1j * ("complex" in dtype)
    source = (source if "complex" in dtype else source.real).astype(dtype).view(Array)
    index = RNG.integers(-5, 5, size=400).view(Array)
    expected = np.array(target)
    np.add.at(expected, index, source)
    before = target.copy()
    np.testing.assert_array_equal(fake.scatter_add(target, (index,), source), expected)
    np.testing.assert_array_equal(target, before)


@pytest.mark.parametrize(
    "index",
    [
        (slice(None), RNG.integers(0, 3, size=(2, 5)).view(Array)),
        (0, slice(None), RNG.integers(0, 2, size=4).view(Array)),
        (RNG.integers(0, 4, size=3).view(Array), ..., 1),
        (slice(1, 3),),
        (..., slice(None, None, -1)),
        (1, 2, 1),
        (),
        np.zeros(0, dtype=int).view(Array),
    ],
)
def test_scatter_add_at_every_kind_of_index(fake, index):
    target = RNG.normal(size=(4, 3, 2)).view(Array).transpose(0, 1, 2)
    source = RNG.normal(size=target[index].shape).view(Array)
    expected = np.array(target)
    np.add.at(expected, index, source)
    np.testing.assert_array_equal(fake.scatter_add(target, index, source), expected)


def test_arrays_that_are_not_contiguous(fake):
    target = RNG.normal(size=(3, 4)).view(Array).T
    expected = np.array(target)
    np.add.at(expected, np.array([1, 1]), RNG.normal(size=(3, 2)).T * 0 + 1)
    one = np.ones((3, 2)).view(Array).T
    np.testing.assert_array_equal(fake.scatter_add(target, np.array([1, 1]).view(Array), one), expected)


def test_host_device_and_views(fake):
    x = fake.from_host(np.arange(3.0))
    assert type(x) is Array
    assert type(fake.to_host(x)) is np.ndarray
    assert fake.is_view(x[1:], x)
    assert not fake.is_view(x + 1, x)
    part = fake.owned(x[1:])
    assert part.base is None
    fake.synchronize()
    fake.synchronize(DEVICE)
    assert Device.synchronized == 2


def test_device_names(monkeypatch):
    backend = CuPyBackend()
    devices = [type("D", (), {"id": i, "__str__": lambda self: f"<CUDA Device {self.id}>"})() for i in (0, 1)]
    monkeypatch.setattr(CuPyBackend, "devices", lambda self: tuple(devices))
    monkeypatch.setattr(CuPyBackend, "default_device", lambda self: devices[0])
    for name, expected in ((1, 1), ("1", 1), ("cuda:1", 1), ("cuda", 0), ("gpu", 0), (devices[1], 1)):
        assert backend.on(name).device is devices[expected]
    for name in (7, "cuda:7", "tpu"):
        with pytest.raises(
            ValueError, match='device of backend "cupy": expected one of <CUDA Device 0>, .*got'
        ):
            backend.on(name)
