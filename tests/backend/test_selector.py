"""Where new arrays are made, and which backend an array belongs to."""

import asyncio
import subprocess
import sys
import threading
from types import SimpleNamespace

import array_api_strict as strict
import numpy as np
import pytest

import nnx
from nnx.backend import Backend, registry
from nnx.backend.registry import backend_of_namespace

NO_GPU = nnx.backends_report()["cupy"]


def python(code, **environment):
    """What a fresh interpreter prints, errors included."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PATH": "", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def test_numpy_is_the_default():
    backend = nnx.backend()
    assert backend.name == "numpy"
    assert backend.device == "cpu"
    assert backend.xp.__name__ == "array_api_compat.numpy"
    assert backend is nnx.backend("numpy") is nnx.backend_of(np.ones(2))


def test_use_stays_in_force():
    assert nnx.use("array-api-strict", device="device1") is nnx.backend()
    assert nnx.backend().device == strict.Device("device1")
    assert nnx.use("array_api_strict").device == strict.Device("CPU_DEVICE")
    nnx.use("numpy")
    assert nnx.backend().name == "numpy"


def test_using_ends_with_its_block():
    nnx.use("array_api_strict")
    with nnx.using("numpy") as outer:
        assert nnx.backend() is outer
        with nnx.using("array_api_strict", "device2"):
            assert nnx.backend().device == strict.Device("device2")
        assert nnx.backend() is outer
        with pytest.raises(ZeroDivisionError), nnx.using("array_api_strict"):
            1 / 0  # noqa: B018
        assert nnx.backend() is outer
    assert nnx.backend().name == "array_api_strict"


def test_using_is_of_one_thread():
    seen = []
    with nnx.using("array_api_strict"):
        thread = threading.Thread(target=lambda: seen.append(nnx.backend().name))
        thread.start()
        thread.join()
        seen.append(nnx.backend().name)
    assert seen == ["numpy", "array_api_strict"]


def test_using_is_of_one_task():
    async def task(name, entered, other):
        with nnx.using(name):
            entered.set()
            await other.wait()
            return nnx.backend().name

    async def both():
        first, second = asyncio.Event(), asyncio.Event()
        return await asyncio.gather(task("numpy", first, second), task("array_api_strict", second, first))

    assert asyncio.run(both()) == ["numpy", "array_api_strict"]


def test_environment_variable():
    code = "import nnx; print(nnx.backend().name); nnx.use('numpy'); print(nnx.backend().name)"
    assert python(code, NNX_BACKEND="array-api-strict") == "array_api_strict\nnumpy\n"
    printed = python("import nnx; nnx.backend()", NNX_BACKEND="cuda")
    assert "ValueError: environment variable NNX_BACKEND: unknown backend 'cuda'" in printed
    assert '"numpy"' in printed


def test_unknown_name():
    message = r"""unknown backend 'numpi': expected "auto", "numpy", "cupy".* or the module name"""
    for function in (nnx.use, nnx.backend, lambda name: nnx.using(name).__enter__()):
        with pytest.raises(ValueError, match=message):
            function("numpi")
    with pytest.raises(ValueError, match="unknown backend ''"):
        nnx.use("")
    with pytest.raises(ValueError, match="unknown backend 'json'"):  # importable, but no array library
        nnx.use("json")
    with pytest.raises(TypeError, match="name of a backend: expected a string, got int"):
        nnx.use(3)
    assert nnx.backend().name == "numpy"


@pytest.mark.skipif(NO_GPU is None, reason="there is a GPU here")
def test_no_gpu():
    pytest.importorskip("cupy", reason="needs CuPy")
    with pytest.raises(
        RuntimeError, match=r'"cupy" cannot work here: CuPy .* finds no CUDA GPU .*nvidia-smi'
    ):
        nnx.use("cupy")
    assert nnx.use("auto").name == "numpy"
    assert nnx.available_backends() == ("numpy",)


def test_no_cupy(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    fresh = type(registry.named("cupy"))()
    assert 'pip install "nnx-array[cuda12]"' in fresh.why_unavailable()


@pytest.mark.skipif(NO_GPU is None, reason="there is a GPU here")
def test_cupy_without_a_driver_is_known_by_its_arrays_type():
    backend = registry.named("cupy")
    assert backend.roots == ("cupy",)
    assert backend.makes_bits


@pytest.mark.gpu
def test_auto_takes_the_gpu():
    assert nnx.use("auto").name == "cupy"
    assert nnx.use("cupy", device=0).device.id == 0
    assert nnx.use("cupy", device="cuda:0").device.id == 0


def test_report():
    report = nnx.backends_report()
    assert list(report)[:2] == ["numpy", "cupy"]
    assert report["numpy"] is None
    assert set(nnx.available_backends()) == {name for name, reason in report.items() if reason is None}


def test_backend_of_arrays(lib):
    assert nnx.backend_of(lib.asarray([1.0])).name == lib.backend.name
    assert nnx.backend_of(lib.asarray([1.0])) is nnx.backend_of(lib.asarray([2]))
    assert backend_of_namespace(lib.xp) is nnx.backend_of(lib.asarray([1.0]))


def test_backend_of_numpy_subclasses_and_scalars():
    class Mine(np.ndarray):
        pass

    for x in (np.float64(1.0), np.ma.masked_array([1.0]), np.ones(2).view(Mine)):
        assert nnx.backend_of(x).name == "numpy"


@pytest.mark.parametrize("x", [1.0, [1.0], "text", None, np.float64, np.dtype("float32"), object()])
def test_backend_of_what_is_no_array(x):
    with pytest.raises(
        TypeError, match="expected an array of a library that speaks the Array API standard, got"
    ):
        nnx.backend_of(x)


def test_backend_of_traced_arrays():
    class Traced:
        __nnx_backend__ = nnx.backend("array_api_strict")

    class TracedBySlot:
        __nnx_backend__ = property(lambda self: nnx.backend("numpy"))

    assert nnx.backend_of(Traced()).name == "array_api_strict"
    assert nnx.backend_of(TracedBySlot()).name == "numpy"


def test_backend_of_layers():
    class Layer:
        def __init__(self, *values):
            self.values = values

        def __nnx_cells__(self):
            return {str(i): SimpleNamespace(value=value) for i, value in enumerate(self.values)}

    assert nnx.backend_of(Layer(strict.ones(1), np.ones(1))).name == "array_api_strict"
    assert nnx.backend_of(Layer(np.ones(1))).name == "numpy"
    with nnx.using("array_api_strict"):
        assert nnx.backend_of(Layer()).name == "array_api_strict"


def test_two_array_types_of_one_unregistered_module():
    one, two = SimpleNamespace(asarray=1), SimpleNamespace(asarray=2)

    def kind(namespace):
        return type("Array", (), {"__array_namespace__": lambda self, api_version=None: namespace})

    first, second = nnx.backend_of(kind(one)()), nnx.backend_of(kind(two)())
    assert (first.xp, second.xp) == (one, two)
    assert type(first) is Backend


def test_a_layer_has_no_numpy_array():
    with pytest.raises(
        TypeError, match=r"nnx.to_numpy: expected an array, got a Layer; its arrays are in parameters"
    ):
        nnx.to_numpy(nnx.Linear(2, 2))
