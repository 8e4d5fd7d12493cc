"""Special functions against PyTorch. One row each."""

from typing import Any, NamedTuple

import numpy as np
import pytest

import nnx.functional as F

X = np.random.default_rng(3).standard_normal((3, 4)) * 2.0
POSITIVE = np.abs(X) + 0.1
SHARE = np.linspace(0.02, 0.98, 12).reshape(3, 4)


class Row(NamedTuple):
    name: str
    inputs: tuple[Any, ...]
    torch_name: str = ""
    args: tuple[Any, ...] = ()
    rtol: float = 1e-9
    second: bool = True
    smooth: bool = True


ROWS = [
    Row("erf", (X,)),
    Row("erfc", (X,)),
    Row("erfinv", (1.9 * (SHARE - 0.5),), rtol=1e-8),
    Row("ndtr", (X,), "special.ndtr"),
    Row("ndtri", (SHARE,), "special.ndtri", rtol=1e-7),
    Row("log_ndtr", (X * 3,), "special.log_ndtr", second=False),
    Row("lgamma", (POSITIVE,)),
    Row("lgamma", (X,)),
    Row("digamma", (POSITIVE,), rtol=1e-7),
    Row("digamma", (X,), rtol=1e-7),
    Row("expit", (X,), "special.expit"),
    Row("logit", (SHARE,)),
    Row("logit", (np.array([0.005, 0.5, 0.995, 0.01, 0.99]),), args=(0.01,), smooth=False),
    Row(
        "logit", (np.array([0.0, 1.0, 1.2]),), args=(0.01,), second=False
    ),  # PyTorch's second derivative is NaN
    Row("logit", (np.array([0.0, 1.0]),), second=False),
    Row("xlogy", (X, POSITIVE)),
    Row("xlogy", (np.zeros(2), POSITIVE[0, :2])),
    Row("xlogy", (X[0], POSITIVE[:, :1])),
    Row("erf", (np.asarray(0.3),)),
    Row("lgamma", (X[:0],)),
]


def named(torch: Any, name: str) -> Any:
    for part in name.split("."):
        torch = getattr(torch, part)
    return torch


@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.name}-{np.shape(row.inputs[0])}-{row.args}")
def test_a_function_is_that_of_torch(row: Row, agrees_with_torch: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    theirs = named(torch, row.torch_name or row.name)
    agrees_with_torch(
        lambda *xs: getattr(F, row.name)(*xs, *row.args),
        lambda *xs: theirs(*xs, *row.args),
        row.inputs,
        rtol=row.rtol,
        second=row.second,
        single=1e-3,
        differences=row.smooth,
    )


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_polygamma_is_that_of_torch(n: int, agrees_with_torch: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    agrees_with_torch(
        lambda x: F.polygamma(n, x), lambda x: torch.polygamma(n, x), [POSITIVE + 1], rtol=1e-7, single=1e-3
    )


EDGES = [
    ("erf", [-np.inf, np.inf, np.nan, 0.0]),
    ("erfc", [-np.inf, np.inf, np.nan, 0.0]),
    ("erfinv", [1.0, -1.0, 1.5, np.nan]),
    ("lgamma", [0.0, -0.0, -1.0, np.inf, np.nan, 1.0]),
    ("digamma", [0.0, -0.0, -1.0, np.inf, np.nan]),
    ("logit", [0.0, 1.0, -0.1, np.nan]),
]


@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize(("name", "x"), EDGES)
def test_edges_are_those_of_torch(name: str, x: list[float], lib: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    expected = getattr(torch, name)(torch.tensor(x, dtype=torch.float64))
    lib.assert_close(getattr(F, name)(lib.asarray(x)), expected.numpy(), rtol=1e-12)


@pytest.mark.filterwarnings("ignore:divide by zero")
def test_xlogy_at_zero_and_with_numbers(lib: Any) -> None:
    x, y = lib.asarray([0.0, 0.0, 1.0, 0.0]), lib.asarray([0.0, np.nan, 0.0, 2.0])
    lib.assert_equal(F.xlogy(x, y), [0.0, np.nan, -np.inf, 0.0])
    lib.assert_close(F.xlogy(lib.asarray([3.0]), 2.0), [3 * np.log(2.0)], rtol=1e-15)
    lib.assert_close(F.xlogy(0.0, lib.asarray([1.0, 2.0])), [0.0, 0.0])


def test_integers_become_floating_point_numbers(lib: Any) -> None:
    out = F.erf(lib.asarray([1, 2], "int32"))
    lib.assert_close(out, [0.8427007929497149, 0.9953222650189527], rtol=1e-12)
    assert out.dtype == lib.xp.float64


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        *[
            (lambda a, name=name: getattr(F, name)(a([1j])), TypeError, f"{name}: expected real numbers")
            for name in ("erf erfc erfinv ndtr ndtri log_ndtr lgamma digamma expit logit".split())
        ],
        (lambda a: F.xlogy(a([1j]), a([1.0])), TypeError, "xlogy: expected real numbers"),
        (lambda a: F.xlogy(a([1.0]), 1j), TypeError, "xlogy: expected real numbers"),
        (lambda a: F.xlogy(1.0, 1.0), TypeError, "xlogy: expected x to be an array, got float"),
        (lambda a: F.erf(1.0), TypeError, "erf: expected x to be an array, got float"),
        (lambda a: F.polygamma(1, a([1j])), TypeError, "polygamma: expected real numbers"),
        (lambda a: F.polygamma(-1, a([1.0])), ValueError, "polygamma: expected n to be a whole number"),
        (lambda a: F.polygamma(0.5, a([1.0])), TypeError, "polygamma: expected n to be a whole number"),
    ],
)
def test_bad_input_is_refused(call: Any, kind: type[Exception], message: str, lib: Any) -> None:
    with pytest.raises(kind, match=message):
        call(lib.asarray)
