"""The CUDA kernels without a GPU: run by way of a C++ compiler, and compiled for one by NVRTC and by nvcc."""

import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from nnx_cupy.kernels import source

INSTANCES = {
    "philox": [
        "void philox<unsigned long long>(unsigned long long, unsigned long long, unsigned long long, "
        "unsigned long long, unsigned long long, unsigned long long, unsigned long long, unsigned long long*)"
    ],
    "scatter": [
        f"void scatter_add<{kind}>(const long long*, const long long*, const {kind}*, {kind}*, long long, "
        "long long, long long)"
        for kind in ("float", "double", "signed char", "unsigned long long")
    ],
}
ENTRIES = """
extern "C" void run_philox(const word* key, const word* counter, word count, word* out) {
    launch(philox<word>, (count + 31) / 32, 8, key[0], key[1], counter[0], counter[1], counter[2], counter[3],
           count, out);
}
extern "C" void run_scatter(const long long* numbers, const long long* order, const float* source, float* out,
                            long long rows, long long count, long long width) {
    launch(scatter_add<float>, (count * width + 15) / 16, 16, numbers, order, source, out, rows, count,
           width);
}
"""


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    compiler = shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        pytest.skip("needs g++ or clang++ to compile the kernels for the CPU")
    folder = tmp_path_factory.mktemp("kernels")
    words = (Path(__file__).parent / "cuda_words.h").read_text()
    (folder / "all.cpp").write_text(words + source("philox") + source("scatter") + ENTRIES)
    command = [compiler, "-std=c++17", "-O1", "-Wall", "-Werror", "-shared", "-fPIC"]
    subprocess.run([*command, "-o", folder / "all.so", folder / "all.cpp"], check=True)
    return ctypes.CDLL(str(folder / "all.so"))


def pointer(array):
    return ctypes.c_void_p(array.ctypes.data)


def words(number, count):
    return np.array([number >> 64 * i & (2**64 - 1) for i in range(count)], dtype=np.uint64)


@pytest.mark.parametrize("key", [0, 7, 2**64 + 5, 2**128 - 1])
@pytest.mark.parametrize("counter", [0, 12345, 2**64 - 3, 2**128 - 1, 2**192 - 2, 2**256 - 1])
@pytest.mark.parametrize("count", [1, 4, 37])
def test_philox_is_numpys(compiled, key, counter, count):
    out = np.zeros(count + 1, dtype=np.uint64)
    compiled.run_philox(
        pointer(words(key, 2)), pointer(words(counter, 4)), ctypes.c_ulonglong(count), pointer(out)
    )
    assert (out[:count] == np.random.Philox(key=key, counter=counter).random_raw(count)).all()
    assert out[count] == 0  # nothing is written past the end


def test_scatter_adds_as_numpy_does(compiled):
    rng = np.random.default_rng(3)
    rows, count, width = 7, 100, 3
    index = rng.integers(0, rows - 1, size=count)
    values = rng.normal(size=(count, width)).astype(np.float32)
    target = rng.normal(size=(rows, width)).astype(np.float32)
    expected = target.copy()
    np.add.at(expected, index, values)
    order = np.argsort(index, kind="stable")
    sizes = map(ctypes.c_longlong, (rows, count, width))
    compiled.run_scatter(*map(pointer, (index[order], order, values, target)), *sizes)
    assert (target == expected).all()


def test_scatter_leaves_out_what_is_out_of_bounds(compiled):
    index, order = np.array([-1, 1, 9]), np.arange(3)
    values, out = np.ones((3, 1), np.float32), np.zeros((4, 1), np.float32)
    sizes = map(ctypes.c_longlong, (2, 3, 1))
    compiled.run_scatter(*map(pointer, (index, order, values, out)), *sizes)
    assert out.ravel().tolist() == [0, 1, 0, 0]


def with_instances(name):
    return source(name) + "\n".join(f"template __global__ {instance};" for instance in INSTANCES[name])


@pytest.mark.parametrize("name", INSTANCES)
def test_nvrtc_compiles(name):
    nvrtc = pytest.importorskip("cuda.bindings.nvrtc", reason="needs cuda-bindings and NVRTC")
    try:
        error, program = nvrtc.nvrtcCreateProgram(with_instances(name).encode(), b"kernel.cu", 0, [], [])
    except RuntimeError as missing:
        pytest.skip(f"needs the NVRTC library: {missing}")
    assert error == nvrtc.nvrtcResult.NVRTC_SUCCESS
    (error,) = nvrtc.nvrtcCompileProgram(program, 2, [b"--gpu-architecture=sm_90", b"-std=c++17"])
    log = b" " * (
        nvrtc.nvrtcGetProgramLogSize(program)[1] + 1
    )  # it is written to: not Python's one b" " for all
    nvrtc.nvrtcGetProgramLog(program, log)
    assert error == nvrtc.nvrtcResult.NVRTC_SUCCESS, log.decode()
    assert nvrtc.nvrtcGetCUBINSize(program)[1] > 1000


@pytest.mark.parametrize("name", INSTANCES)
def test_nvcc_compiles(name, tmp_path):
    nvcc = shutil.which("nvcc")
    if nvcc is None:
        pytest.skip("needs nvcc")
    (tmp_path / "kernel.cu").write_text(with_instances(name))
    command = [nvcc, "-cubin", "-arch=sm_90", "-std=c++17", "-Werror", "all-warnings", "-o", "kernel.cubin"]
    done = subprocess.run([*command, "kernel.cu"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
