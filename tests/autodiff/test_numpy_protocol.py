"""NumPy's functions and methods on traced arrays: right, or refused by name."""

from __future__ import annotations

import contextlib
import inspect
import io
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import nnx
from nnx.autodiff import DerivativeLostError, MixedLibrariesError, NotDifferentiableError
from nnx.autodiff.numpy_functions import FUNCTIONS
from nnx.autodiff.traced import TracedArray

from . import numpy_samples as samples
from .differences import LIBRARIES, check

NUMPY, STRICT = LIBRARIES


def leaves(x: Any) -> list[Any]:
    return [leaf for item in x for leaf in leaves(item)] if isinstance(x, (tuple, list)) else [x]


def is_inexact(x: Any) -> bool:
    dtype = str(getattr(x, "dtype", ""))
    return "float" in dtype or "complex" in dtype


def raw(x: Any) -> Any:
    return x._library.raw(x) if isinstance(x, TracedArray) else x


def called(name: str) -> Callable[..., Any]:
    """A function of NumPy by its name."""
    f: Any = np
    for part in name.split("."):
        f = getattr(f, part)
    return f


def method(name: str) -> Callable[..., Any]:
    return lambda x, *args, **kwargs: getattr(x, name)(*args, **kwargs)


def attribute(name: str) -> Callable[..., Any]:
    return lambda x: getattr(x, name)


ROWS: list[Any] = [
    pytest.param(f(name), call, id=f"{prefix}{name}-{i}")
    for prefix, f, table in (
        ("", called, samples.FUNCTIONS),
        ("ufunc ", called, samples.UFUNCS),
        ("x.", method, samples.METHODS),
        ("x.", attribute, samples.ATTRIBUTES),
        ("", called, samples.WRITERS),
        ("", called, samples.UFUNC_METHODS),
        ("out ", called, samples.OPTIONS),
    )
    for name, calls in table.items()
    for i, call in enumerate(calls)
]


def data(call: samples.Call) -> list[Any]:
    return [np.array(samples.DATA[name]) for name in samples.arguments(call)]


def traced(f: Any, call: samples.Call, arrays: list[Any]) -> tuple[list[Any], Any]:
    """The leaves of what a call returns on differentiated arrays, and the pullback of the floating ones."""
    kept: list[Any] = []

    def run(*args: Any) -> Any:
        kept[:] = leaves(call(f, *args))
        found = [x for x in kept if is_inexact(x)]
        plain = [x for x in found if not isinstance(x, TracedArray)]
        assert not plain, "a plain array came out of a derivative"
        return found

    _, pullback = nnx.vjp(run, *arrays)
    return [raw(x) for x in kept], pullback


def single(x: Any) -> Any:
    return x.astype({"d": "f", "D": "F"}[x.dtype.char])


PRECISIONS = pytest.mark.parametrize("convert", [np.asarray, single], ids=["double", "single"])


@PRECISIONS
@pytest.mark.parametrize(("f", "call"), ROWS)
def test_value_is_numpys(f: Any, call: samples.Call, convert: Callable[..., Any]) -> None:
    arrays = [convert(x) for x in data(call)]
    want = leaves(call(f, *map(np.array, arrays)))
    got, _ = traced(f, call, arrays)
    tolerance = 1e-12 if convert is np.asarray else 1e-4
    assert len(got) == len(want)
    for g, w in zip(got, want, strict=True):
        assert np.shape(g) == np.shape(w)
        assert np.asarray(g).dtype == np.asarray(w).dtype
        np.testing.assert_allclose(g, w, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("f", "call"), ROWS)
def test_gradient_is_the_differences(f: Any, call: samples.Call) -> None:
    def inexact(_xp: Any, *arrays: Any) -> Any:
        return [x for x in leaves(call(f, *arrays)) if is_inexact(x)]

    first = getattr(f, "__name__", "") in samples.FIRST_ORDER
    check(NUMPY, inexact, *data(call), order=1 if first else 2, h=3e-4, tolerance=1e-5)


# the same over a strict library on a device that is not the default: what CuPy would object to ------------------


def _loss(library: Any, f: Any, call: samples.Call, weights: list[Any]) -> Callable[..., Any]:
    def loss(*arrays: Any) -> Any:
        xp = nnx.array_namespace(*arrays)
        found = [x for x in leaves(call(f, *arrays)) if is_inexact(x)]
        total = 0.0
        for leaf, weight in zip(found, weights, strict=True):
            term = leaf * xp.asarray(library.array(weight.astype(str(leaf.dtype).rpartition(".")[2])))
            total = total + xp.astype(xp.sum(xp.real(term) if weight.dtype.kind == "c" else term), xp.float64)
        return total

    return loss


@PRECISIONS
@pytest.mark.parametrize(("f", "call"), [row for row in ROWS if not row.id.startswith("x.")])
def test_strict_library(f: Any, call: samples.Call, convert: Callable[..., Any]) -> None:
    if getattr(f, "__name__", "") in samples.NUMPY_ONLY:
        pytest.skip("asks the library's own arrays for what the standard lacks")
    arrays = [convert(x) for x in data(call)]
    plain = [np.asarray(x) for x in leaves(call(f, *arrays)) if is_inexact(x)]
    rng = np.random.default_rng(1)
    weights = [
        np.asarray(
            rng.standard_normal(x.shape) + (1j * rng.standard_normal(x.shape) if x.dtype.kind == "c" else 0)
        )
        for x in plain
    ]
    gradients = []
    for library in (NUMPY, STRICT):
        loss = _loss(library, f, call, weights)
        try:
            found = nnx.grad(loss, argnums=tuple(range(len(arrays))))(*[library.array(x) for x in arrays])
        except MixedLibrariesError:
            pytest.skip("the call holds NumPy arrays")
        gradients.append([library.numpy(g) for g in found])
    tolerance = 1e-9 if convert is np.asarray else 2e-3
    for g, h, x in zip(*gradients, arrays, strict=True):
        assert g.dtype == h.dtype == x.dtype
        np.testing.assert_allclose(g, h, rtol=tolerance, atol=tolerance)


# views ---------------------------------------------------------------------------------------------------------


def after_writing(f: Any, call: samples.Call, arrays: list[Any]) -> list[Any] | None:
    """The arguments once 7 was written into every floating array that a call returned; None if it must not be."""
    for leaf in leaves(call(f, *arrays)):
        if is_inexact(leaf) and np.ndim(leaf):
            try:
                leaf[...] = 7.0
            except ValueError:  # a read-only view
                return None
    return [np.array(raw(x)) for x in arrays]


@pytest.mark.filterwarnings("ignore:Numpy has detected that you:DeprecationWarning")
@pytest.mark.parametrize(("f", "call"), ROWS)
def test_results_share_memory_as_numpys_do(f: Any, call: samples.Call) -> None:
    want = after_writing(f, call, data(call))
    got: list[Any] = []
    nnx.vjp(
        lambda *arrays: (got.append(after_writing(f, call, list(arrays))), arrays[0] * 1.0)[1], *data(call)
    )
    if want is None or got[0] is None:
        assert want is None or getattr(f, "__name__", "") in samples.READ_ONLY
        return
    for g, w in zip(got[0], want, strict=True):
        np.testing.assert_array_equal(g, w)


# completeness --------------------------------------------------------------------------------------------------


def public(module: Any, prefix: str = "") -> dict[str, Any]:
    names = getattr(module, "__all__", None) or dir(module)
    found = {f"{prefix}{name}": getattr(module, name, None) for name in names if not name.startswith("_")}
    return {name: f for name, f in found.items() if callable(f)}


def everything() -> dict[str, Any]:
    """All of NumPy's public functions and classes."""
    found = public(np)
    for name in (
        "linalg", "fft", "emath", "lib.stride_tricks", "lib.array_utils", "random", "char", "strings", "ma", "testing",
        "polynomial.polynomial", "polynomial.chebyshev", "polynomial.legendre", "polynomial.hermite",
        "polynomial.hermite_e", "polynomial.laguerre",
    ):  # fmt: skip
        found.update(public(called(name), f"{name}."))
    return {name: f for name, f in found.items() if name not in samples.LEFT_ALONE}


def test_table_names_functions_of_numpy() -> None:
    assert all(callable(called(name)) for name in FUNCTIONS)


def test_table_has_numpys_signatures() -> None:
    """Arguments have NumPy's names, places and kinds."""
    wrong = []
    for name, f in FUNCTIONS.items():
        own = list(inspect.signature(f).parameters.values())[1:]
        theirs = list(inspect.signature(called(name)).parameters.values())
        shapes = [
            [(p.name, p.kind) for p in parameters if p.name not in ("like",)] for parameters in (own, theirs)
        ]
        if shapes[0] != shapes[1] and name not in samples.OWN_SIGNATURES:
            wrong.append((name, shapes))
    assert not wrong


def outcome(f: Any, arrays: list[Any]) -> tuple[str, Any]:
    """How a function takes some arrays: what it returned, or how it refused."""
    with warnings.catch_warnings(), np.errstate(all="ignore"), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            return "returned", f(*arrays)
        except (DerivativeLostError, NotDifferentiableError) as error:
            return "refused", error
        except Exception as error:  # whatever it may raise
            return "raised", error


ARGUMENTS = (["f"], ["f", "g"], ["m"], ["m", "n"], ["v"], ["f", "g", "q"])
SAMPLED = {called(name) for table in (samples.FUNCTIONS, samples.UFUNCS) for name in table}


@pytest.mark.parametrize("name", [name for name, f in everything().items() if f not in SAMPLED])
def test_function_without_a_row(name: str) -> None:
    """Whatever has no row above refuses a differentiated array by name, or is right all the same."""
    f = everything()[name]
    for names in ARGUMENTS:
        arrays = [np.array(samples.DATA[n]) for n in names]
        how, plain = outcome(f, [np.array(x) for x in arrays])
        seen: list[tuple[str, Any]] = []

        def run(*differentiated: Any, f: Any = f, seen: Any = seen) -> Any:
            seen.append(outcome(f, list(differentiated)))
            return [x for x in leaves(seen[-1][1]) if isinstance(x, TracedArray) and is_inexact(x)]

        _, pullback = nnx.vjp(run, *arrays)
        traced_how, got = seen[0]
        if traced_how == "refused" or how == "raised" or got is None:
            continue
        if traced_how == "raised":
            assert name in samples.UNNAMED or name.startswith("ma."), f"{name} raised {got!r}"
            continue
        if any(np.any(np.isnan(w)) for w in leaves(plain) if is_inexact(w)):
            continue
        for g, w in zip(leaves(got), leaves(plain), strict=True):
            if is_inexact(w) or isinstance(w, (float, complex)):
                assert isinstance(g, TracedArray), f"{name} returned a plain {type(g).__name__}"
                assert name == "empty_like" or np.allclose(raw(g), w, equal_nan=True), name
        outputs = [x for x in leaves(got) if isinstance(x, TracedArray) and is_inexact(x)]
        if outputs and name != "empty_like":
            right_or_refused(name, f, arrays, pullback, [raw(x) for x in outputs])


def right_or_refused(name: str, f: Any, arrays: list[Any], pullback: Any, cotangents: list[Any]) -> None:
    try:
        pullback(cotangents)
    except NotDifferentiableError as error:
        message = str(error)
    else:
        message = ""
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            check(NUMPY, lambda _xp, *a: [x for x in leaves(f(*a)) if is_inexact(x)], *arrays, order=1)
    assert not message or name.rpartition(".")[2] in message


@pytest.mark.parametrize("name", [n for n in dir(np.ndarray) if not n.startswith("__")])
def test_every_attribute_of_an_array(name: str) -> None:
    """It has a row, or a traced array does not have it, or says what is wrong."""
    if name in samples.METHODS or name in samples.ATTRIBUTES:
        return
    found: list[Any] = []

    def run(x: Any) -> Any:
        try:
            found.append(getattr(x, name))
        except AttributeError:
            found.append(None)
        return x * 1.0

    nnx.vjp(run, np.ones((3, 4)))
    assert found[0] is None or name in samples.OTHER_ATTRIBUTES
