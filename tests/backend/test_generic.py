"""Libraries that nobody registered: array-api-strict, PyTorch's tensors, immutable arrays."""

import array_api_strict as strict
import numpy as np
import pytest

import nnx
from nnx.backend import Backend
from nnx.backend.protocol import device_name

DEVICES = [strict.Device("CPU_DEVICE"), strict.Device("device1"), strict.Device("device2")]


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128", "int8", "uint64", "bool"])
@pytest.mark.parametrize("shape", [(), (0, 2), (2, 3)])
def test_to_the_host_and_back(lib, dtype, shape):
    host = (np.arange(np.prod(shape, dtype=int)).reshape(shape) % 2).astype(dtype)
    x = lib.backend.from_host(host)
    assert x.dtype == lib.dtype(dtype)
    lib.assert_equal(x, host)
    back = nnx.to_numpy(x)
    assert type(back) is np.ndarray
    np.testing.assert_array_equal(back, host, strict=True)


@pytest.mark.parametrize("device", DEVICES, ids=device_name)
def test_every_device_of_strict(device):
    backend = nnx.backend("array_api_strict")
    x = backend.from_host(np.arange(3.0), device)
    assert x.device == device
    assert nnx.to_numpy(x).tolist() == [0, 1, 2]
    assert backend.on(device_name(device)).device == device
    bits = backend.bits(7, 3, 5, device)
    assert bits.device == device
    assert bits.dtype == strict.uint64


def test_read_only_host_arrays_are_not_shared():
    host = np.arange(3.0)
    host.flags.writeable = False
    x = nnx.backend("array_api_strict").from_host(host)
    x[0] = 9.0
    assert host[0] == 0.0


def test_views(lib):
    x = lib.asarray(np.ones((3, 4)))
    assert not lib.backend.is_view(x + 1, x)
    assert not lib.backend.is_view(lib.xp.take(x, lib.asarray([0]), axis=0), x)
    if not lib.read_only:
        assert lib.backend.is_view(x[0, :], x)
        assert lib.backend.is_view(x, x)


def test_owned_arrays_may_be_written_to(lib):
    x = lib.asarray(np.ones(3))
    mine = lib.backend.owned(x)
    if lib.read_only:
        assert mine is not x
    mine[0] = 5.0
    lib.assert_equal(mine, [5, 1, 1])
    part = lib.backend.owned(x[1:])
    part[0] = 7.0
    assert lib.to_numpy(x)[1] == 1.0


def test_set_item(lib):
    x = lib.asarray(np.zeros((2, 3)))
    result = lib.backend.set_item(x, (0, slice(1, None)), lib.asarray([1.0, 2.0]))
    lib.assert_equal(result, [[0, 1, 2], [0, 0, 0]])
    lib.assert_equal(lib.backend.set_item(x, x == 0, 4.0), np.full((2, 3), 4.0))
    lib.assert_equal(x, np.zeros((2, 3)))


def test_halves_of_words(lib):
    words = lib.asarray(np.array([0x0000000200000001, 0xFFFFFFFF80000000], dtype=np.uint64))
    halves = lib.backend.halves(words)
    assert halves.dtype == lib.xp.uint32
    lib.assert_equal(halves, np.array([1, 2, 0x80000000, 0xFFFFFFFF], dtype=np.uint32))
    plain = Backend("plain", lib.xp).halves(words)
    lib.assert_equal(plain, lib.to_numpy(halves))


def test_inexact_dtypes(lib):
    assert lib.backend.is_inexact(lib.xp.float32)
    assert lib.backend.is_inexact(lib.xp.complex128)
    assert not lib.backend.is_inexact(lib.xp.int64)
    assert not lib.backend.is_inexact(lib.xp.bool)


def test_unknown_device():
    with pytest.raises(ValueError, match=r'"array_api_strict": expected one of CPU_DEVICE, .*got'):
        nnx.backend("array_api_strict").on("device7")
    with pytest.raises(ValueError, match="expected one of cpu; got 'cuda'"):
        nnx.backend("numpy").on("cuda")


def test_synchronize(lib):
    lib.backend.synchronize()
    lib.backend.synchronize(lib.device)


def test_a_bound_backend_is_a_copy():
    plain = nnx.backend("array_api_strict")
    bound = plain.on("device1")
    assert device_name(bound.device) == "device1"
    assert device_name(plain.device) == "CPU_DEVICE"
    assert bound.xp is plain.xp
    assert plain.on(None) is plain
    assert repr(bound) == "<nnx backend array_api_strict, device=array_api_strict.Device('device1')>"


def test_torch_tensors():
    torch = pytest.importorskip("torch", reason="needs PyTorch")
    x = torch.ones(2, 3)
    backend = nnx.backend_of(x)
    assert backend.name == "torch"
    assert backend is nnx.backend("torch")
    assert nnx.to_numpy(x).tolist() == [[1, 1, 1], [1, 1, 1]]
    assert backend.is_view(x[0], x)
    assert not backend.is_view(x + 1, x)
    total = backend.scatter_add(x, (torch.asarray([1, 1, 0]), slice(1, 2)), torch.ones(3, 1))
    assert total.tolist() == [[1, 2, 1], [1, 3, 1]]
    assert x.tolist() == [[1, 1, 1], [1, 1, 1]]
    assert backend.bits(7, 0, 2).dtype == torch.uint64


class Frozen:
    """An array that can't be written to, with JAX's way around it."""

    def __init__(self, values):
        self.values = values

    @property
    def at(self):
        return self

    def __getitem__(self, key):
        self.key = key
        return self

    def set(self, value):
        changed = list(self.values)
        changed[self.key] = value
        return Frozen(changed)


def test_immutable_arrays():
    x = Frozen([1, 2, 3])
    assert Backend("frozen", object()).set_item(x, 1, 9).values == [1, 9, 3]
    assert x.values == [1, 2, 3]
