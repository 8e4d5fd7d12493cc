"""What importing costs, and what is not imported."""

import subprocess
import sys

ARRAY_LIBRARIES = {
    "array_api_compat",
    "array_api_strict",
    "autograd",
    "cupy",
    "dask",
    "jax",
    "mygrad",
    "numpy",
    "scipy",
    "sklearn",
    "torch",
}


def modules_after(code):
    code += "; import sys; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_nnx_imports_no_array_library():
    assert not modules_after("import nnx") & ARRAY_LIBRARIES


def test_importing_nnx_leaves_dear_modules_alone():
    dear = {"asyncio", "hypothesis", "matplotlib", "pytest", "tqdm"}
    assert not modules_after("import nnx") & (dear - modules_after("pass"))
    done = subprocess.run(
        [sys.executable, "-c", "import nnx, sys; print('importlib.metadata' in sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "False"


def test_the_default_backend_imports_numpy_only():
    loaded = modules_after("import nnx; nnx.backend()") & ARRAY_LIBRARIES
    assert loaded == {"numpy", "array_api_compat"}


def test_backends_import_without_their_libraries():
    assert "cupy" not in modules_after("import nnx_cupy, nnx_cupy.kernels")
    assert "cupy" not in modules_after("import sys; sys.modules['cupy'] = None; import nnx_cupy") - {"cupy"}
