"""What the tests of compiled loops share."""

import pytest

from nnx_numpy import compiled


@pytest.fixture(params=["float32", "float64"])
def kind(request):
    return request.param


@pytest.fixture
def both(monkeypatch):
    """What a function gives by NumPy, and what by the compiled loops."""
    pytest.importorskip("numba", reason="Numba is not installed (the extra 'numba')")
    from nnx_numpy.compiled import numba_loops

    def run(f):
        results = []
        for module in (None, numba_loops):
            monkeypatch.setattr(compiled, "_settled", True)
            monkeypatch.setattr(compiled, "_loops", module)
            results.append(f())
        return results

    return run
