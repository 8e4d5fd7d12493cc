"""What every test may use: `lib`, one array library after the other; and no test leaves anything behind.

A test that takes `lib` runs on NumPy, on NumPy with arrays that must not be written to, on array-api-strict's
second device (which refuses what the standard doesn't promise, mixed devices and silent conversion to NumPy)
and, marked `gpu`, on CuPy. New arrays, of layers say, are made on the same library.
"""

from __future__ import annotations

import os
import warnings

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # the tests run in several processes as it is
    os.environ.setdefault(variable, "1")
os.environ.setdefault("SCIPY_ARRAY_API", "1")  # read when SciPy is first imported
os.environ.pop("NNX_BACKEND", None)

from collections.abc import Iterator
from functools import cache
from typing import Any

import hypothesis
import numpy as np
import pytest

import nnx
import nnx.random
from nnx.autodiff.tree import is_array, leaves
from nnx.backend import selector
from nnx.testing import check_gradients

hypothesis.settings.register_profile("nnx", deadline=None, derandomize=True, print_blob=True, max_examples=50)
hypothesis.settings.load_profile("nnx")


class Library:
    """An array library under test, on one of its devices."""

    def __init__(self, name: str, backend: str, device: str | None = None, read_only: bool = False) -> None:
        self.name = name
        self.read_only = read_only
        self.backend = nnx.backend(backend).on(device)
        self.xp = self.backend.xp
        self.device = self.backend.device

    def __repr__(self) -> str:
        return self.name

    def dtype(self, name: str) -> Any:
        return getattr(self.xp, name)

    def asarray(self, obj: Any, dtype: str | None = None) -> Any:
        """An array of the library, on its device; `dtype` by name, by default what NumPy makes of `obj`."""
        array = self.backend.from_host(np.array(obj, dtype=dtype))
        if self.read_only:
            array.flags.writeable = False
        return array

    def to_numpy(self, x: Any) -> np.ndarray:
        return np.array(self.backend.to_host(x))

    def owns(self, x: Any) -> bool:
        """Whether `x` is an array of the library on this device."""
        return nnx.backend_of(x).name == self.backend.name and x.device == self.device

    def assert_close(self, x: Any, expected: Any, rtol: float = 1e-7, atol: float = 0.0) -> None:
        """`x` is an array of the library on this device, and equals `expected`, in shape too, to rounding."""
        assert self.owns(x), f"expected an array of {self} on {self.device}, got {type(x)}"
        expected = np.asarray(expected)
        assert tuple(x.shape) == expected.shape
        np.testing.assert_allclose(self.to_numpy(x), expected, rtol=rtol, atol=atol)

    def assert_equal(self, x: Any, expected: Any) -> None:
        """`x` is an array of the library on this device, and equals `expected`, in shape too, to the bit."""
        self.assert_close(x, expected, rtol=0.0)


LIBRARIES = {
    "numpy": ("numpy", None, False),
    "numpy-read-only": ("numpy", None, True),
    "strict": ("array_api_strict", "device1", False),
    "cupy": ("cupy", None, False),
}


@cache
def library(name: str) -> Library:
    return Library(name, *LIBRARIES[name])


@cache
def why_no_gpu() -> str | None:
    return nnx.backends_report()["cupy"]


@pytest.fixture(
    scope="session",
    params=[pytest.param(name, marks=pytest.mark.gpu if name == "cupy" else ()) for name in LIBRARIES],
)
def lib(request: pytest.FixtureRequest) -> Library:
    """An array library under test: `lib.xp`, `lib.device`, `lib.asarray(…)`, `lib.to_numpy(x)` …"""
    return library(request.param)


@pytest.fixture(scope="session")
def xp(lib: Library) -> Any:
    """The standard namespace of the library under test."""
    return lib.xp


@pytest.fixture(autouse=True)
def _fresh(request: pytest.FixtureRequest) -> Iterator[None]:
    """Each test starts with the same random stream, on NumPy or the library under test."""
    nnx.random.seed(0)
    used, selector._used = selector._used, None
    chosen = request.getfixturevalue("lib").backend if "lib" in request.fixturenames else None
    token = selector._using.set(chosen)
    yield
    selector._using.reset(token)
    selector._used = used


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("gpu") and why_no_gpu():
        pytest.skip(f"needs CuPy and a CUDA GPU: {why_no_gpu()}")


@pytest.fixture(scope="session", name="compiled_alike")
def _compiled_alike() -> Any:
    """`check(lib, f, *args)`: `nnx.compile(f)` gives what `f` does, to the bit."""
    return compiled_alike


def compiled_alike(lib: Library, f: Any, *args: Any, before: Any = lambda: None) -> None:
    """``nnx.compile(f)`` gives what ``f`` does, to the bit: while it is watched and when it is run without it."""
    compiled, drawn = nnx.compile(f), nnx.random.default_generator()
    state = drawn.state
    before()
    expected = leaves(f(*args))
    for _ in range(3):
        before()
        drawn.state = state
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".*is run as it is.*: a random generator is made in it")
            found = leaves(compiled(*args))
        assert [type(x) for x in found] == [type(x) for x in expected]
        for x, y in zip(found, expected, strict=True):
            if is_array(y):
                assert (x.dtype, x.device) == (y.dtype, y.device)
                np.testing.assert_array_equal(lib.to_numpy(x), lib.to_numpy(y), strict=True)
            else:
                assert x == y


@pytest.fixture
def agrees_with_torch(lib: Library) -> Any:
    """`check(ours, theirs, inputs, constants)`: values, gradients and second derivatives are PyTorch's.

    `ours` and `theirs` take the inputs, float64 NumPy arrays that are differentiated, and the constants, as arrays
    of the library under test and as tensors. Values and gradients are compared in float32 too, to `single`, and on
    NumPy the first and second derivatives with finite differences, where all is finite. `differences=False` is for
    kinks, and for gradients that are by definition not the derivative.
    """
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    rng = np.random.default_rng(0)

    def check(
        ours: Any,
        theirs: Any,
        inputs: Any,
        constants: Any = (),
        rtol: float = 1e-9,
        second: bool = True,
        single: float | None = 1e-4,
        differences: bool = True,
    ) -> None:
        mine, fixed = [lib.asarray(x) for x in inputs], [lib.asarray(x) for x in constants]
        tensors = [torch.tensor(np.asarray(x), requires_grad=True) for x in inputs]
        expected = theirs(*tensors, *[torch.tensor(np.asarray(x)) for x in constants])
        value = ours(*mine, *fixed)
        lib.assert_close(value, expected.detach().numpy(), rtol=rtol, atol=rtol)
        argnums, count = tuple(range(len(mine))), len(mine)
        weights = np.asarray(rng.standard_normal(tuple(expected.shape)))
        directions = [np.asarray(rng.standard_normal(np.shape(x))) for x in inputs]

        def scalar(*args: Any) -> Any:
            xp = nnx.array_namespace(args[0])
            return xp.sum(ours(*args[:-1]) * args[-1])

        def slope(*args: Any) -> Any:
            xp = nnx.array_namespace(args[0])
            grads = nnx.grad(scalar, argnums)(*args[: -len(directions)])
            return sum(xp.sum(g * d) for g, d in zip(grads, args[-count:], strict=True))

        first = torch.autograd.grad(
            (expected * torch.tensor(weights)).sum(), tensors, create_graph=second, materialize_grads=True
        )
        found = nnx.grad(scalar, argnums)(*mine, *fixed, lib.asarray(weights))
        for g, t in zip(found, first, strict=True):
            lib.assert_close(g, t.detach().numpy(force=True), rtol=rtol, atol=rtol)
        compiled_alike(lib, nnx.value_and_grad(scalar, argnums), *mine, *fixed, lib.asarray(weights))
        if single is not None:
            narrow = [lib.asarray(x, "float32") for x in inputs]
            given = [
                lib.asarray(x, "float32" if np.asarray(x).dtype.kind == "f" else None) for x in constants
            ]
            found = nnx.grad(scalar, argnums)(*narrow, *given, lib.asarray(weights, "float32"))
            for x, t in zip((ours(*narrow, *given), *found), (expected, *first), strict=True):
                wanted = t.numpy(force=True)
                finite = np.abs(wanted[np.isfinite(wanted)])
                lib.assert_close(x, wanted, rtol=single, atol=single * max([1.0, *finite.ravel()]))
                assert x.dtype == lib.dtype("float32")
        if not second:
            return
        finite = all(np.isfinite(x).all() for x in (*inputs, expected.detach().numpy()))
        if differences and finite and lib.name == "numpy":
            check_gradients(lambda *xs: ours(*xs, *fixed), *mine, order=2)
        total = sum((t * torch.tensor(d)).sum() for t, d in zip(first, directions, strict=True))
        if not total.requires_grad:
            wanted = [torch.zeros_like(t) for t in tensors]
        else:
            wanted = torch.autograd.grad(total, tensors, materialize_grads=True)
        found = nnx.grad(slope, argnums)(*mine, *fixed, lib.asarray(weights), *map(lib.asarray, directions))
        for g, t in zip(found, wanted, strict=True):
            lib.assert_close(g, t.detach().numpy(force=True), rtol=rtol, atol=rtol)

    return check


@pytest.fixture
def layer_agrees_with_torch(lib: Library) -> Any:
    """`check(ours, theirs, inputs, constants)`: a layer holds and does what PyTorch's does, in training and evaluation.

    `ours` and `theirs` are freshly made; theirs gives its state to ours. Compared, in float64: names and shapes of
    parameters and buffers, what is printed, every floating result, its gradients by every parameter and input, the
    second derivatives of these along random directions, buffers afterwards. Then values and gradients in float32,
    and on NumPy, in evaluation, first and second derivatives against finite differences (as for `agrees_with_torch`).
    `call(layer, *inputs, *constants)` says how both are called, where not plainly so.
    """
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")

    def check(
        ours: Any,
        theirs: Any,
        inputs: Any,
        constants: Any = (),
        call: Any = lambda layer, *args: layer(*args),
        rtol: float = 1e-9,
        single: float | None = 2e-4,
        second: bool = True,
        printed: bool = True,
        modes: tuple[bool, ...] = (True, False),
        differences: bool = True,
    ) -> None:
        if printed:
            assert repr(ours) == repr(theirs).replace(", inplace=False", "")
        theirs.double()
        ours.astype("float64")
        for mode in modes:
            state = {name: t.detach().numpy().copy() for name, t in theirs.state_dict().items()}
            theirs.train(mode)
            ours.train(mode)
            load(ours, state)
            expected = by_torch(theirs, inputs, constants, call, second)
            compare(by_nnx(ours, inputs, constants, call, second, "float64"), expected, rtol)
            finite = all(np.isfinite(y).all() for y in expected[0])
            if second and differences and finite and not mode and lib.name == "numpy":
                arrays = tuple(lib.asarray(x, "float64") for x in inputs)
                check_gradients(
                    lambda layer, *xs: call_total(layer, xs, constants, call), ours, *arrays, order=2
                )
            after = ours.state_dict()
            for name, t in theirs.state_dict().items():
                lib.assert_close(after[name], t.numpy(), rtol=rtol, atol=rtol)
            if single is not None:
                load(ours.astype("float32"), state)
                compare(by_nnx(ours, inputs, constants, call, False, "float32"), expected[:2], single)
                ours.astype("float64")

    def load(layer: Any, state: dict[str, Any]) -> None:
        assert {name: tuple(x.shape) for name, x in layer.state_dict().items()} == {
            name: x.shape for name, x in state.items()
        }
        layer.load_state_dict({name: lib.asarray(x) for name, x in state.items()})

    def by_torch(layer: Any, inputs: Any, constants: Any, call: Any, second: bool) -> list[list[Any]]:
        tensors = [torch.tensor(np.asarray(x), requires_grad=True) for x in inputs]
        wanted = [*tensors, *layer.parameters()]
        out = floats(
            call(layer, *tensors, *[torch.tensor(np.asarray(x)) for x in constants]),
            lambda x: x.is_floating_point(),
        )
        loss = sum(((k + 1) * y + y * y / 2).sum() for k, y in enumerate(out))
        first = torch.autograd.grad(loss, wanted, create_graph=second, materialize_grads=True)
        results = [out, first]
        if second:
            slope = sum((g * g).sum() for g in first)
            results.append(torch.autograd.grad(slope, wanted, materialize_grads=True))
        return [[t.numpy(force=True) for t in ts] for ts in results]

    def by_nnx(
        layer: Any, inputs: Any, constants: Any, call: Any, second: bool, dtype: str
    ) -> list[list[Any]]:
        arrays = tuple(lib.asarray(x, dtype) for x in inputs)
        fixed = [lib.asarray(x, dtype if np.asarray(x).dtype.kind == "f" else None) for x in constants]

        def run(layer: Any, arrays: Any) -> list[Any]:
            def is_float(y: Any) -> bool:
                return nnx.array_namespace(y).isdtype(y.dtype, "real floating")

            return floats(call(layer, *arrays, *fixed), is_float)

        def loss(layer: Any, arrays: Any) -> Any:
            out = run(layer, arrays)
            return sum(nnx.array_namespace(y).sum((k + 1) * y + y * y / 2) for k, y in enumerate(out))

        def slope(layer: Any, arrays: Any) -> Any:
            of_layer, of_arrays = nnx.grad(loss, (0, 1))(layer, arrays)
            return sum(nnx.array_namespace(g).sum(g * g) for g in (*of_arrays, *of_layer.values()))

        buffers = {name: nnx.to_numpy(x).copy() for name, x in layer.buffers().items()}
        results = [run(layer, arrays)]
        for f in (loss, slope)[: 1 + second]:
            load_buffers(layer, buffers)
            of_layer, of_arrays = nnx.grad(f, (0, 1))(layer, arrays)
            names = list(layer.parameters())
            assert list(of_layer) == names
            results.append([*of_arrays, *of_layer.values()])
        compiled_alike(
            lib, nnx.value_and_grad(loss, (0, 1)), layer, arrays, before=lambda: load_buffers(layer, buffers)
        )
        return results

    def call_total(layer: Any, arrays: Any, constants: Any, call: Any) -> Any:
        fixed = [lib.asarray(x) for x in constants]
        out = floats(
            call(layer, *arrays, *fixed),
            lambda y: nnx.array_namespace(y).isdtype(y.dtype, "real floating"),
        )
        return sum(nnx.array_namespace(y).sum((k + 1) * y + y * y / 2) for k, y in enumerate(out))

    def load_buffers(layer: Any, buffers: dict[str, Any]) -> None:
        layer.load_state_dict({**layer.state_dict(), **{name: lib.asarray(x) for name, x in buffers.items()}})

    def compare(found: list[list[Any]], expected: list[list[Any]], rtol: float) -> None:
        for ours, theirs in zip(found, expected, strict=True):
            scale = max([1.0, *(float(np.abs(y).max()) for y in theirs if y.size)])
            for x, y in zip(ours, theirs, strict=True):
                lib.assert_close(x, y, rtol=rtol, atol=rtol * (scale if rtol > 1e-6 else 1.0))

    def floats(out: Any, is_float: Any) -> list[Any]:
        if isinstance(out, (tuple, list)):
            return [y for part in out for y in floats(part, is_float)]
        return [] if out is None or not is_float(out) else [out]

    return check
