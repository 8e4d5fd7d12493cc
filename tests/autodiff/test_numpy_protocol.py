"""NumPy's functions and methods on traced arrays: right, or refused by name."""

from __future__ import annotations

import contextlib
import inspect
import io
import math
import operator
import re
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


@pytest.mark.parametrize("name", sorted(name for name, f in everything().items() if f not in SAMPLED))
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


# raw arrays beside traced ones ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("f", "call"), [row for row in ROWS if len(samples.arguments(row.values[1])) > 1])
def test_one_argument_alone(f: Any, call: samples.Call) -> None:
    """The gradient of one argument, the others being plain arrays from outside, wherever they stand."""
    arrays = data(call)
    kept, pullback = traced(f, call, arrays)
    cotangents = [np.ones(x.shape, x.dtype) for x in kept if is_inexact(x)]
    together = pullback(cotangents)
    for i, x in enumerate(arrays):

        def alone(_: Any, arg: Any, i: int = i) -> Any:
            plain = data(call)
            return call(f, *plain[:i], arg, *plain[i + 1 :])

        try:
            found, pull = traced(f, alone, [x])
        except (
            DerivativeLostError,
            NotDifferentiableError,
            ValueError,
        ):  # the last when NumPy's fill asks float()
            continue
        (g,) = pull([np.ones(y.shape, y.dtype) for y in found if is_inexact(y)])
        np.testing.assert_allclose(g, together[i], rtol=1e-10, atol=1e-12)


X = samples.DATA["x"]
OPERATORS = "add sub mul truediv floordiv mod pow matmul lt le gt ge eq ne".split()


@pytest.mark.parametrize("name", OPERATORS)
def test_raw_left_operand(name: str) -> None:
    """A plain array on the left of a traced one goes by the traced one."""
    f, left = getattr(operator, name), abs(samples.DATA["m"])
    right = abs(samples.DATA["n"]) + 0.5

    def both(_xp: Any, a: Any, x: Any) -> Any:
        return [f(a, x) * 1.0 + 0.0 * x]

    _, pullback = nnx.vjp(lambda a, x: both(None, a, x), left, right)
    _, alone = nnx.vjp(lambda x: both(None, left, x), right)
    np.testing.assert_allclose(alone([np.ones((3, 3))])[0], pullback([np.ones((3, 3))])[1])
    np.testing.assert_array_equal(both(None, left, right), nnx.vjp(lambda x: both(None, left, x), right)[0])


@pytest.mark.parametrize("scalar", [np.float64(2.0), np.float32(2.0), np.int64(2), np.asarray(2.0)], ids=repr)
@pytest.mark.parametrize("name", ["add", "sub", "mul", "truediv", "pow"])
def test_numpy_scalar_beside_a_traced_array(name: str, scalar: Any) -> None:
    f, x = getattr(operator, name), single(samples.DATA["p"])
    for g in (lambda a: f(scalar, a), lambda a: f(a, scalar)):
        kept, _ = traced(None, lambda _, a, g=g: g(a), [x])
        assert kept[0].dtype == np.asarray(g(x)).dtype
        np.testing.assert_allclose(kept[0], g(x), rtol=1e-6)


# what is refused -----------------------------------------------------------------------------------------------

RNG = np.random.default_rng(0)
REFUSED: dict[str, Callable[[Any], Any]] = {
    "asarray": lambda x: np.asarray(x),
    "array of a list": lambda x: np.array([x[0, 0], 1.0]),
    "sum of a list": lambda x: np.sum([x[0, 0], x[0, 1]]),
    "float": lambda x: float(x[0, 0]),
    "math": lambda x: math.sin(x[0, 0]),
    "np.float64": lambda x: np.float64(x[0, 0]),
    "arange": lambda x: np.arange(x[0, 0]),
    "full": lambda x: np.full(3, x[0, 0]),
    "vectorize": lambda x: np.vectorize(lambda v: 2 * v)(x),
    "a ufunc of the user's": lambda x: np.frompyfunc(lambda v: 2 * v, 1, 1)(x),
    "a ufunc of the user's with NumPy's name": lambda x: x.__array_ufunc__(_Sin(), "__call__", x),
    "plain out": lambda x: np.add(x, x, out=np.zeros((3, 4))),
    "plain in place": lambda x: np.zeros((3, 4)).__iadd__(x),
    "plain assignment": lambda x: np.zeros((3, 4)).__setitem__(slice(None), x),
    "copyto": lambda x: np.copyto(np.zeros((3, 4)), x),
    "put": lambda x: np.put(np.zeros((3, 4)), [0], x),
    "add.at": lambda x: np.add.at(np.zeros(4), [0, 1], x[0, :2]),
    "where without out": lambda x: np.add(x, x, where=samples.MASK),
    "multiply.at": lambda x: np.multiply.at(x, ([0], [0]), 2.0),
    "order": lambda x: np.reshape(x, -1, order="A"),
    "quantile method": lambda x: np.quantile(x, 0.3, method="closest_observation"),
    "weighted quantile": lambda x: np.quantile(x, 0.3, weights=np.ones((3, 4)), method="inverted_cdf"),
    "pad by function": lambda x: np.pad(x, 1, lambda *_: None),
    "svd hermitian": lambda x: np.linalg.svd(x[:3, :3], hermitian=True),
    "qr raw": lambda x: np.linalg.qr(x, mode="raw"),
    "polyfit with covariance": lambda x: np.polyfit(x[0, :], x[1, :], 1, cov=True),
    "unique by row": lambda x: np.unique(x, axis=0),
    "shares_memory": lambda x: np.shares_memory(x, x[0, :]),
    "as_strided": lambda x: np.lib.stride_tricks.as_strided(x, (2, 2)),
    "save": lambda x: np.save(io.BytesIO(), x),
    "polynomial laid out by type": lambda x: np.polynomial.polynomial.polyval(x[0, :], np.ones((3, 4))),
    "another polynomial": lambda x: np.polynomial.chebyshev.chebval(x[0, :], np.ones((3, 4))),
    "a polynomial's roots": lambda x: np.polynomial.polynomial.polyvalfromroots(x[0, :], np.ones(4)),
    "Polynomial": lambda x: np.polynomial.Polynomial([1.0, 2.0])(x),
    "masked array": lambda x: np.ma.masked_array(X, samples.MASK) * x,
    "masked array on the right": lambda x: x * np.ma.masked_array(X, samples.MASK),
    "normal": lambda x: RNG.normal(x),
    "uniform": lambda x: np.random.uniform(x),
    "choice": lambda x: RNG.choice(x),
    "permutation": lambda x: np.random.permutation(x),
    "permuted": lambda x: RNG.permuted(x),
    "tolist": lambda x: x.tolist(),
    "item": lambda x: x[0, 0].item(),
    "x.ctypes": lambda x: x.ctypes,
    "x.flags": lambda x: x.flags,
    "x.data": lambda x: x.data,
    "x.strides": lambda x: x.strides,
    "x.view": lambda x: x.view(np.int64),
    "x.tobytes": lambda x: x.tobytes(),
    "x.resize": lambda x: x.resize((2, 2)),
    "x.shape =": lambda x: setattr(x, "shape", (4, 3)),
    "memoryview": lambda x: memoryview(x),
    "imaginary part of a real array": lambda x: setattr(x, "imag", 1.0),
    "an unknown argument": lambda x: np.linalg.norm(x, colour="red"),
}


class _Sin:
    """A universal function of somebody else's that has a name of NumPy's."""

    __name__ = "sin"


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    with pytest.raises((NotDifferentiableError, DerivativeLostError, AttributeError, TypeError)) as caught:
        nnx.vjp(lambda x: (REFUSED[name](x), x * 1.0)[1], samples.DATA["x"])
    assert len(str(caught.value)) > 10


@pytest.mark.parametrize(
    "name", ["np.add.at", "np.shares_memory", "np.copyto", "np.pad", "np.quantile", "np.unique"]
)
def test_refusal_names_the_function(name: str) -> None:
    case = {"np.pad": "pad by function", "np.quantile": "weighted quantile", "np.unique": "unique by row"}
    with pytest.raises(NotDifferentiableError, match=re.escape(name)):
        nnx.vjp(lambda x: (REFUSED[case.get(name, name[3:])](x), x * 1.0)[1], samples.DATA["x"])


def test_shuffle_of_a_vector_keeps_derivatives() -> None:
    def f(x: Any) -> Any:
        with pytest.warns(
            UserWarning, match="not guaranteed"
        ):  # NumPy's own; of a matrix it would repeat rows
            np.random.default_rng(3).shuffle(x)
        return np.sum(x * np.arange(5.0))

    order = np.random.default_rng(3).permutation(np.arange(5))
    plain = np.arange(5)
    np.random.default_rng(3).shuffle(plain)
    assert sorted(order) == sorted(plain)
    g = nnx.grad(f)(samples.DATA["v"])
    np.testing.assert_array_equal(np.sort(g), np.arange(5.0))


# what carries no derivative ------------------------------------------------------------------------------------


def test_constants_go_to_numpy_itself() -> None:
    """Data that is not differentiated is served by functions that nnx has no rule for."""
    data_, bins = np.asarray([0.1, 0.4, 0.45, 0.9]), np.linspace(0, 1, 5)

    def f(x: Any, fixed: Any) -> Any:
        counts, edges = np.histogram(fixed, bins=bins)
        assert isinstance(counts, TracedArray)
        assert isinstance(edges, TracedArray)
        assert isinstance(np.spacing(fixed), TracedArray)
        assert isinstance(np.frompyfunc(lambda v: 2.0 * v, 1, 1)(fixed), np.ndarray | TracedArray)
        plain = np.zeros(4)
        plain += fixed  # an array of the caller's own, and no derivative to lose
        return x * np.sum(counts * 1.0) + np.quantile(fixed, 0.3, method="closest_observation") + plain.sum()

    assert nnx.grad(f)(np.asarray(2.0), data_) == 4.0


def test_constants_that_alias_do_so_still() -> None:
    def f(x: Any, fixed: Any) -> Any:
        np.transpose(fixed)[0, 0] = 5.0
        np.ravel(fixed)[-1] = 7.0
        np.put(fixed, [1], 9.0)
        return np.sum(x * fixed)

    fixed = np.ones((2, 2))
    np.testing.assert_array_equal(nnx.grad(f)(np.ones((2, 2)), fixed), [[5.0, 9.0], [1.0, 7.0]])
    np.testing.assert_array_equal(fixed, np.ones((2, 2)))


def test_integers_come_out_of_derivatives() -> None:
    def f(x: Any) -> Any:
        assert np.shape(x) == (3, 4)
        assert np.ndim(x) == 2
        assert np.size(x) == 12
        assert np.iscomplexobj(x) is False
        assert np.result_type(x, np.float32) == np.float64
        assert np.allclose(x, x)
        assert np.array_equal(x, x)
        for found in (
            np.argmax(x),
            np.argsort(x),
            np.isclose(x, 0.0),
            np.digitize(x, [0.0]),
            np.lexsort((x[0], x[1])),
        ):
            assert isinstance(found, TracedArray)
        assert f"{np.array_repr(x)}".startswith("array")
        return np.sum(x[np.unravel_index(np.argmax(x), x.shape)])

    assert nnx.grad(f)(samples.DATA["x"]).sum() == 1.0


def test_no_rule_is_an_error_only_when_it_matters() -> None:
    def edges(x: Any) -> Any:
        return np.histogram(x)[1]

    x = samples.DATA["v"]
    assert nnx.grad(lambda x: (edges(x), np.sum(x))[1])(x).sum() == 5.0
    with pytest.raises(NotDifferentiableError, match="histogram"):
        nnx.grad(lambda x: np.sum(edges(x)))(x)


# writing -------------------------------------------------------------------------------------------------------

WRITES: dict[str, samples.Call] = {
    "real": lambda _, z, x: (setattr(z, "real", x), z * z)[1],
    "imag": lambda _, z, x: (setattr(z, "imag", x * 2), z * z)[1],
    "part of real": lambda _, z, r: (z.real.__setitem__((slice(None), 1), r), z * z)[1],
    "real of real": lambda _, x, y: (setattr(x, "real", y), x * x)[1],
    "flat": lambda _, x, v: (x.flat.__setitem__(slice(2, 7), v), x * x)[1],
    "flat of a transpose": lambda _, x, v: (x.T.flat.__setitem__(slice(2, 7), v), x * x)[1],
    "through a transpose": lambda _, x, y: (np.transpose(x).__setitem__(slice(None), y.T), x * x)[1],
    "through a split": lambda _, x, y: (np.split(x, 2, axis=1)[1].__imul__(y[:, :2]), x * x)[1],
    "through atleast_2d": lambda _, v, w: (np.atleast_2d(v).__setitem__((0, slice(2)), w[:2]), v * v)[1],
    "through rot90": lambda _, x, y: (np.rot90(x).__imul__(y.T), x * x)[1],
    "through expand_dims": lambda _, v, w: (np.expand_dims(v, 1).__imul__(w[:, None]), v * v)[1],
    "read after": lambda _, x, y: (r := np.ravel(x), x.__setitem__((0, slice(None)), y[1]), r * r)[2],
    "ravel of a stride copies": lambda _, v, w: (np.ravel(v[::2]).__setitem__(0, 3.0), v * w)[1],
    "out of a view": lambda _, x, y: (np.exp(y, out=x.T.T), x * x)[1],
    "nested": lambda _, x, v: (np.add.at(np.transpose(x)[1:, :], (0, [0, 0, 1]), v[:3]), x * x)[1],
}


@pytest.mark.parametrize("name", WRITES)
def test_writing(name: str) -> None:
    call = WRITES[name]
    want = call(None, *data(call))
    got, _ = traced(None, call, data(call))
    np.testing.assert_allclose(got[0], want)
    check(NUMPY, lambda _xp, *a: call(None, *a), *data(call), h=3e-4, tolerance=1e-5)


def test_arguments_of_the_caller_are_left_alone() -> None:
    x = np.array(samples.DATA["x"])

    def f(x: Any) -> Any:
        x.sort()
        x.flat[0] = 2.0
        np.add(x, 1.0, out=x)
        np.fill_diagonal(x, 0.0)
        return np.sum(x)

    nnx.grad(f)(x)
    np.testing.assert_array_equal(x, samples.DATA["x"])


def test_nested_derivatives_through_numpy() -> None:
    """Levels do not mix: the derivative of x times that of x + y with respect to y is 1."""
    g = nnx.grad(lambda x: x * nnx.grad(lambda y: np.add(x, y))(np.asarray(1.0)))(np.asarray(3.0))
    assert g == 1.0


# CuPy's functions, which ask in their own way ------------------------------------------------------------------


def test_cupys_universal_functions_ask() -> None:
    cupy = pytest.importorskip("cupy")
    special = pytest.importorskip("cupyx.scipy.special")
    x = samples.DATA["p"]
    for f, g in ((cupy.exp, np.exp), (cupy.sinc, np.sinc), (cupy.cbrt, np.cbrt), (special.erf, None)):
        expected = None if g is None else nnx.grad(lambda x, g=g: np.sum(g(x)))(x)
        got = nnx.grad(lambda x, f=f: np.sum(f(x)))(x)
        assert expected is None or np.allclose(got, expected)
    np.testing.assert_allclose(nnx.grad(lambda x: np.sum(cupy.multiply(x, 3.0)))(x), np.full((3, 4), 3.0))
    kernel = cupy.ElementwiseKernel("T x", "T y", "y = x * 2", "twice_for_a_test")
    with pytest.raises(NotDifferentiableError, match="twice_for_a_test"):
        nnx.grad(lambda x: np.sum(kernel(x)))(x)


# the tests above find faults -----------------------------------------------------------------------------------


def fault(monkeypatch: pytest.MonkeyPatch, name: str, f: Callable[..., Any]) -> samples.Call:
    monkeypatch.setitem(FUNCTIONS, name, f)
    return samples.FUNCTIONS[name][0]


def test_a_wrong_derivative_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right = FUNCTIONS["diff"]

    def wrong(xp: Any, a: Any, *args: Any, **kwargs: Any) -> Any:
        d = right(xp, a, *args, **kwargs)
        return d + 0.001 * (d - nnx.stop_gradient(d))  # the value is right, the slope a thousandth off

    call = fault(monkeypatch, "diff", wrong)
    test_value_is_numpys(np.diff, call, np.asarray)
    with pytest.raises(AssertionError, match="against"):
        test_gradient_is_the_differences(np.diff, call)


def test_a_lost_derivative_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    call = fault(monkeypatch, "sum", lambda xp, a, *args, **kwargs: np.sum(raw(a), *args, **kwargs))
    with pytest.raises(AssertionError, match="plain array"):
        test_value_is_numpys(np.sum, call, np.asarray)


def test_a_lost_view_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right = FUNCTIONS["transpose"]
    call = fault(
        monkeypatch,
        "transpose",
        lambda xp, *args, **kwargs: xp.asarray(right(xp, *args, **kwargs), copy=True),
    )
    with pytest.raises(AssertionError):
        test_results_share_memory_as_numpys_do(np.transpose, call)
