"""What compiled loops call of NumPy's is NumPy's, to the bit."""

import numpy as np
import pytest

from nnx.autodiff import scatter as scatter

from .comparing import rng, same, vectors


@pytest.fixture(scope="module")
def calls():
    """What compiled loops call of NumPy's, each as a function."""
    pytest.importorskip("numba", reason="Numba is not installed (the extra 'numba')")
    from nnx_numpy.compiled import numba_calls as of
    from nnx_numpy.compiled.numba_compiled import compiled

    if not of.usable:
        pytest.skip("this NumPy is built with another BLAS than its wheels are")
    return {
        "product": compiled(lambda a, b, out: of.product(a, b, out)),
        "dot": compiled(lambda x, y: of.dot(x, y)),
        "exp": compiled(lambda x, out: of.exp(x, out)),
        "log": compiled(lambda x, out: of.log(x, out)),
        "tanh": compiled(lambda x, out: of.tanh(x, out)),
    }


@pytest.mark.parametrize(
    ("rows", "inner", "columns"),
    [(2, 2, 2), (64, 32, 64), (7, 1, 5), (130, 257, 96), (2, 2, 1), (65, 130, 1)],
)
def test_products_within_loops_are_numpys(calls, kind, rows, inner, columns):
    a, b = rng.standard_normal((rows, inner)).astype(kind), rng.standard_normal((inner, columns)).astype(kind)
    for left in (a, a.T.copy().T, np.repeat(a, 2, axis=0)[::2]):
        for right in (b, b.T.copy().T, np.pad(b, 3)[3:-3, 3:-3]):
            found = np.full((rows, columns + 4), np.nan, kind)
            calls["product"](left, right, found[:, 2:-2])
            same([found[:, 2:-2]], [np.matmul(left, right)])
            assert np.isnan(found[:, [0, 1, -2, -1]]).all()


@pytest.mark.filterwarnings("ignore:overflow", "ignore:divide by zero", "ignore:invalid value")
def test_functions_within_loops_are_numpys(calls, kind):
    (x,) = vectors(kind, 1, 8192)
    for function in (np.exp, np.log, np.tanh):
        for part in (x, x[5:19], x[:1], x[:0]):
            found = np.empty_like(part)
            calls[function.__name__](part, found)
            same([found], [function(part)])
            calls[function.__name__](found, found)
            same([found], [function(function(part))])
    x, y = rng.standard_normal((2, 8192)).astype(kind)
    for n in (8192, 1000, 3, 1):
        assert calls["dot"](x[:n], y[-n:]) == np.vecdot(x[:n], y[-n:])
