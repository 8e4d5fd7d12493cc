"""SciPy's special functions: values, derivatives in every parameter, and what is refused."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import nnx
from nnx.autodiff import primitive
from nnx.autodiff.errors import NotDifferentiableError
from nnx.autodiff.primitive import Refused
from nnx.autodiff.rules.special import RULES
from nnx.autodiff.special import forward, functions, names, reference
from nnx.testing import check_gradients

scipy_special = pytest.importorskip("scipy.special", reason="SciPy supplies the values on NumPy")

Draw = Callable[[np.random.Generator], Any]
N = 5


def between(low: float, high: float) -> Draw:
    return lambda rng: rng.uniform(low, high, N)


def whole(low: int, high: int) -> Draw:
    return lambda rng: rng.integers(low, high, N).astype(float)


positive, share, real = between(0.3, 5.0), between(0.1, 0.9), between(-3.0, 3.0)

# Where to draw arguments; by default from -3 to 3.
DOMAINS: dict[str, tuple[Draw, ...]] = {
    **dict.fromkeys(("bdtr", "bdtrc", "bdtri"), (whole(0, 4), whole(5, 9), share)),
    **dict.fromkeys(("betainc", "betaincc", "betaincinv", "betainccinv"), (positive, positive, share)),
    **dict.fromkeys(("chdtr", "chdtrc", "gammainc", "gammaincc"), (positive, positive)),
    **dict.fromkeys(("chdtri", "gammaincinv", "gammainccinv", "stdtrit"), (positive, share)),
    **dict.fromkeys(("fdtr", "fdtrc", "gdtr", "gdtrc"), (positive, positive, positive)),
    "fdtri": (positive, positive, share),
    **dict.fromkeys(("nbdtr", "nbdtrc", "nbdtri"), (whole(1, 5), whole(1, 5), share)),
    **dict.fromkeys(("pdtr", "pdtrc"), (whole(0, 5), positive)),
    "pdtri": (whole(1, 5), share),
    "stdtr": (positive, real),
    **dict.fromkeys(("ndtri", "logit"), (share,)),
    "erfinv": (between(-0.9, 0.9),),
    "erfcinv": (between(0.1, 1.9),),
    "expn": (whole(0, 4), positive),
    **dict.fromkeys(
        ("exp1", "spence", "loggamma", "k0", "k1", "k0e", "k1e", "y0", "y1", "entr"), (positive,)
    ),
    **dict.fromkeys(
        ("beta", "betaln", "poch", "kl_div", "rel_entr", "xlogy", "xlog1py"), (positive, positive)
    ),
    "binom": (between(5.0, 8.0), between(1.0, 4.0)),
    "polygamma": (whole(0, 4), positive),
    "zeta": (between(1.5, 6.0), positive),
    "zetac": (between(1.5, 6.0),),
    **dict.fromkeys(("ellipe", "ellipk"), (between(-1.0, 0.95),)),
    "ellipkm1": (between(0.05, 0.9),),
    "hyp1f1": (positive, positive, between(-2.0, 2.0)),
    "hyp2f1": (positive, positive, positive, between(-0.8, 0.8)),
    **dict.fromkeys(("iv", "ive", "jv", "kv", "kve", "yv"), (positive, positive)),
    "lpmv": (whole(0, 2), whole(2, 5), between(-0.9, 0.9)),
    "yn": (whole(0, 4), positive),
    **dict.fromkeys(("boxcox", "boxcox1p", "huber", "pseudo_huber"), (positive, real)),
    **dict.fromkeys(("inv_boxcox", "inv_boxcox1p"), (between(0.1, 1.0), between(0.1, 2.0))),
    "multigammaln": (between(3.0, 6.0),),
}
ITERATED = {n for n in RULES if n.startswith(("bet", "chd", "fd", "gammainc", "gd", "std"))} - {
    "beta",
    "betaln",
}
"""Functions with a parameter whose derivative takes a series or a continued fraction."""


def arguments(name: str) -> list[Any]:
    rng = np.random.default_rng(sum(map(ord, name)))
    count = len(RULES[name].pullbacks)
    return [draw(rng) for draw in DOMAINS.get(name, (real,) * count)]


def special(name: str, *xs: Any) -> Any:
    """The function on traced arrays, or on plain ones."""
    xp = nnx.array_namespace(*xs)
    extra = {"d": 2} if name == "multigammaln" else {}
    return getattr(getattr(xp, "special", functions), name)(*xs, **extra)


def differentiable(name: str) -> list[int]:
    return [i for i, p in enumerate(RULES[name].pullbacks) if p is not None and not isinstance(p, Refused)]


@pytest.mark.parametrize("name", sorted(RULES))
def test_derivatives(lib: Any, name: str) -> None:
    """Of first and second order, in all parameters at once."""
    given = [lib.asarray(a) for a in arguments(name)]
    order = 1 if name in ITERATED and lib.name != "numpy" else 2
    check_gradients(
        lambda *xs: special(name, *xs), *given, order=order, argnums=differentiable(name), rtol=1e-5
    )


def test_scipys_table_is_covered() -> None:
    """Every function that SciPy looks for in a namespace is here."""
    table = importlib.import_module("scipy.special._support_alternative_backends")
    assert set(table.__all__) <= names()


def test_scipy_finds_them(lib: Any) -> None:
    def f(x: Any) -> Any:
        xp = nnx.array_namespace(x)
        return xp.sum(scipy_special.betainc(x, 2.0, 0.3) + scipy_special.gammaln(x) * scipy_special.ndtr(x))

    x = np.asarray([0.5, 1.0, 2.0])
    gradient = nnx.grad(f)(lib.asarray(x))
    h = 1e-6
    expected = [(np.sum(f(x + h * e)) - np.sum(f(x - h * e))) / (2 * h) for e in np.eye(3)]
    lib.assert_close(gradient, expected, rtol=1e-7)


@pytest.mark.parametrize("name", ["erf", "gammaln", "betainc", "stdtr", "j0", "xlogy", "polygamma", "expit"])
def test_single_precision(lib: Any, name: str) -> None:
    given = [lib.asarray(a, "float32") for a in arguments(name)]
    i = differentiable(name)[-1]
    gradient = nnx.grad(lambda *xs: nnx.array_namespace(*xs).sum(special(name, *xs)), argnums=i)(*given)
    assert gradient.dtype == lib.dtype("float32")
    exact = nnx.grad(lambda *xs: nnx.array_namespace(*xs).sum(special(name, *xs)), argnums=i)(
        *arguments(name)
    )
    np.testing.assert_allclose(lib.to_numpy(gradient), exact, rtol=2e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["erf", "gammaln", "digamma", "ndtri", "entr", "expit", "i0e", "j0"])
@pytest.mark.parametrize("shape", [(), (0,), (2, 0)])
def test_shapes(lib: Any, name: str, shape: tuple[int, ...]) -> None:
    x = lib.asarray(np.full(shape, 0.3))
    gradient = nnx.grad(lambda a: nnx.array_namespace(a).sum(special(name, a)))(x)
    assert gradient.shape == shape
    assert gradient.dtype == x.dtype


def test_broadcasting_and_scalars(lib: Any) -> None:
    a, x = lib.asarray([[0.5], [1.5]]), lib.asarray([0.2, 0.4, 0.6])
    check_gradients(lambda a, x: special("gammainc", a, x), a, x, order=1)
    one = nnx.grad(lambda x: nnx.array_namespace(x).sum(special("betainc", 2, 0.5, x)))(x)
    two = nnx.grad(lambda x: nnx.array_namespace(x).sum(special("betainc", 2.0 + 0 * x, 0.5 + 0 * x, x)))(x)
    lib.assert_close(one, lib.to_numpy(two), rtol=1e-14)


@pytest.mark.parametrize("name", ["hyp1f1", "hyp2f1", "jv", "iv", "kve", "lpmv"])
def test_parameters_without_derivative_are_refused_by_name(name: str) -> None:
    i = next(i for i, p in enumerate(RULES[name].pullbacks) if isinstance(p, Refused))
    with pytest.raises(NotDifferentiableError, match=f"special.{name} .* argument {i}"):
        nnx.grad(lambda *xs: nnx.array_namespace(*xs).sum(special(name, *xs)), argnums=i)(*arguments(name))


# Beside SciPy and exact values


def references() -> list[str]:
    return sorted(n for n in names() if reference(n) is not None)


@pytest.mark.parametrize("name", references())
def test_standard_version_is_scipys(lib: Any, name: str) -> None:
    args = arguments(name)
    expected = getattr(scipy_special, name)(*args)
    function = reference(name)
    assert function is not None
    lib.assert_close(function(lib.xp, *(lib.asarray(a) for a in args)), expected, rtol=2e-13, atol=1e-16)


NORMAL = np.random.default_rng(2).normal(size=200)
WIDE = np.concatenate([NORMAL * s for s in (1e-3, 0.3, 1, 3, 8)] + [[0.0, -0.0]])
UNIT = np.concatenate([scipy_special.ndtr(NORMAL), 10.0 ** -np.arange(1, 300, 17), [0.0, 1.0, 0.25, 0.5]])
LARGE = np.concatenate([np.linspace(2.1, 40, 200), 10.0 ** np.arange(-300, 300, 11)])
EVERY: dict[str, Any] = {
    **dict.fromkeys(("erf", "erfc", "erfcx", "ndtr", "log_ndtr", "i0", "i0e", "i1", "i1e", "expit"), WIDE),
    **dict.fromkeys(("log_expit", "sinc"), WIDE),
    **dict.fromkeys(("ndtri", "erfcinv", "logit", "erfinv"), UNIT),
    **dict.fromkeys(("gammaln", "digamma"), LARGE),
    "entr": np.abs(WIDE),
}


@pytest.mark.parametrize("name", sorted(EVERY))
def test_standard_version_over_its_range(lib: Any, name: str) -> None:
    function = reference(name)
    assert function is not None
    expected = getattr(scipy_special, name)(EVERY[name])
    with np.errstate(all="ignore"):
        got = function(lib.xp, lib.asarray(EVERY[name]))
    lib.assert_close(got, expected, rtol=1e-13 if name != "erfcx" else 1e-12)


@pytest.mark.parametrize("size", [1e1, 1e3, 1e5])
def test_incomplete_functions_with_large_parameters(size: float) -> None:
    import array_api_compat.numpy as xp

    rng = np.random.default_rng(4)
    a, b = size * rng.uniform(0.5, 1, 50), size * rng.uniform(0.5, 1, 50)
    x = a * np.exp(2 * rng.normal(size=50) / np.sqrt(a))
    z = scipy_special.expit(np.log(a / b) + 2 * rng.normal(size=50) / np.sqrt(size))
    for name, args in (
        ("gammainc", (a, x)),
        ("gammaincc", (a, x)),
        ("betainc", (a, b, z)),
        ("betaincc", (a, b, z)),
    ):
        function = reference(name)
        assert function is not None
        np.testing.assert_allclose(function(xp, *args), getattr(scipy_special, name)(*args), rtol=1e-10)


# The derivative in argument i, by mpmath with 50 digits
EXACT: list[tuple[str, int, tuple[float, ...], float]] = [
    ("gammainc", 0, (0.5, 0.3), -0.77057035137535192),
    ("gammainc", 0, (2.5, 7.0), -0.021723057738324142),
    ("gammainc", 0, (30.0, 25.0), -0.049954877425834856),
    ("gammainc", 0, (0.01, 2.0), -0.050434467693165115),
    ("gammainc", 0, (400.0, 430.0), -0.0065875344022187937),
    ("betainc", 0, (0.5, 2.0, 0.3), -0.50684234554167633),
    ("betainc", 1, (0.5, 2.0, 0.3), 0.13315103712235119),
    ("betainc", 0, (7.0, 0.4, 0.9), -0.028831070711540793),
    ("betainc", 1, (7.0, 0.4, 0.9), 0.50123738193241838),
    ("betainc", 0, (50.0, 60.0, 0.4), -0.022734555624912564),
    ("betainc", 1, (50.0, 60.0, 0.4), 0.016943943405125275),
    ("stdtr", 0, (3.0, -2.0), -0.015255481525655007),
    ("stdtr", 0, (40.0, 1.5), 9.7643085979681724e-5),
    ("zeta", 0, (2.5, 1.0), -0.38734195032620997),
    ("zeta", 0, (1.1, 0.3), -95.507314920580724),
]


@pytest.mark.parametrize(("name", "i", "at", "expected"), EXACT)
def test_parameter_derivatives_to_full_precision(
    lib: Any, name: str, i: int, at: tuple[float, ...], expected: float
) -> None:
    gradient = nnx.grad(lambda *xs: special(name, *xs), argnums=i)(*(lib.asarray(a) for a in at))
    lib.assert_close(gradient, expected, rtol=1e-11)


def test_riemanns_zeta_left_of_its_pole(lib: Any) -> None:
    x = lib.asarray([-4.5, -2.0, -0.3, 0.0, 0.4, 0.9])
    for name in ("zeta", "zetac"):
        check_gradients(lambda a, name=name: special(name, a), x)


def test_outside_of_the_domain_derivatives_are_nan(lib: Any) -> None:
    """As the values are: a zero would be a silent loss."""
    for name, args in (("gammainc", (-1.0, 2.0)), ("betainc", (-1.0, 2.0, 0.5)), ("zeta", (0.5, 2.0))):
        given = [lib.asarray(a) for a in args]
        assert np.isnan(lib.to_numpy(special(name, *given)))
        assert np.isnan(lib.to_numpy(nnx.grad(lambda *xs, name=name: special(name, *xs))(*given)))
    a, x = lib.asarray([-1.0, 2.0]), lib.asarray([2.0, 2.0])
    both = lib.to_numpy(
        nnx.grad(lambda a: nnx.array_namespace(a).sum(special("gammainc", a, nnx.lift(x))))(a)
    )
    assert np.isnan(both[0])
    assert np.isfinite(both[1])


def test_edges_are_finite(lib: Any) -> None:
    """Limits that the formula as it stands would make NaN."""
    zero = lib.asarray([0.0])
    for name, slope in (
        ("sinc", 0.0),
        ("j1", 0.5),
        ("i1", 0.5),
        ("i1e", 0.5),
        ("exprel", 0.5),
        ("ellipk", np.pi / 8),
    ):
        gradient = nnx.grad(lambda x, name=name: nnx.array_namespace(x).sum(special(name, x)))(zero)
        lib.assert_close(gradient, [slope], rtol=1e-13, atol=1e-15)
    poles = nnx.grad(lambda x: nnx.array_namespace(x).sum(special("rgamma", x)))(
        lib.asarray([0.0, -1.0, -2.0, -3.0])
    )
    lib.assert_close(poles, [1.0, -1.0, 2.0, -6.0], rtol=1e-13)
    tails = nnx.grad(lambda x: nnx.array_namespace(x).sum(special("log_ndtr", x)))(
        lib.asarray([-1e5, -40.0, 40.0])
    )
    lib.assert_close(tails, [1e5 + 1e-5, 40.02496882, 0.0], rtol=1e-9)
    nothing = nnx.grad(lambda x, y: nnx.array_namespace(x).sum(special("xlogy", x, y)), argnums=(0, 1))(
        zero, zero
    )
    for gradient in nothing:
        lib.assert_equal(gradient, [0.0])


def test_against_torch() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle")
    for name in ("erfcx", "log_ndtr", "entr", "i1e", "ndtri", "logit"):
        x = np.random.default_rng(7).uniform(0.1, 0.9, 9)
        t = torch.tensor(x, requires_grad=True)
        getattr(torch.special, name)(t).sum().backward()
        mine = nnx.grad(lambda a, name=name: nnx.array_namespace(a).sum(special(name, a)))(x)
        np.testing.assert_allclose(mine, t.grad.numpy(), rtol=1e-11)


def test_without_scipy(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nnx itself needs is there without SciPy; the rest is missing by name."""
    backend = nnx.backend("numpy")
    monkeypatch.setitem(backend.__dict__, "special", None)
    for name in references():
        assert forward(name, backend) is not None
    assert forward("hyp1f1", backend) is None


@primitive("tests.erf_off_by_a_thousandth")
def erf_off(xp: Any, x: Any) -> Any:
    return functions.erf(x)


erf_off.defpullback(lambda xp, g, out, x: 1.001 * RULES["erf"].pullbacks[0](xp, g, out, x))


def test_a_planted_fault_is_found(lib: Any) -> None:
    with pytest.raises(AssertionError, match="vjp"):
        check_gradients(erf_off, lib.asarray([0.3, 0.8]))
