"""When the compiled loops take over, and that they are never needed."""

import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import nnx
import nnx.functional
import nnx.functional._recurrent
from nnx.autodiff import scatter as scatter
from nnx_numpy import compiled

from .comparing import same


def test_a_training_run_is_the_same_to_the_bit(both):
    def run():
        generator = nnx.random.Generator(0)
        model = nnx.Sequential(
            nnx.Linear(4, 300, generator=generator), nnx.Tanh(), nnx.Linear(300, 300, generator=generator),
            nnx.ReLU(), nnx.Linear(300, 3, generator=generator),
        )  # fmt: skip
        optimizer = nnx.optim.Adam(model, learning_rate=1e-2)
        x, y = rng_of_data.standard_normal((32, 4), np.float32), rng_of_data.integers(0, 3, 32)
        step = nnx.value_and_grad(lambda model, x, y: nnx.losses.cross_entropy(model(x), y))
        for _ in range(20):
            optimizer.update(step(model, x, y)[1])
        return list(model.parameters().values())

    def fresh():
        nonlocal rng_of_data
        rng_of_data = np.random.default_rng(3)
        return run()

    rng_of_data = np.random.default_rng(3)
    same(*both(fresh))


def test_they_are_loaded_when_enough_was_done_in_numpy(monkeypatch):
    numba = pytest.importorskip("numba", reason="Numba is not installed (the extra 'numba')")
    monkeypatch.setattr(compiled, "_settled", False)
    monkeypatch.setattr(compiled, "_loops", None)
    monkeypatch.setattr(compiled, "_spent", 0.0)
    monkeypatch.setattr(compiled, "_price", 0.5)
    assert compiled.loops(10_000_000) is None
    assert compiled.loops(300_000_000) is None
    assert compiled.loops(300_000_000) is not None
    assert compiled.loops(1) is not None
    assert numba


def test_what_was_never_compiled_has_to_be_worth_that(monkeypatch, tmp_path):
    monkeypatch.delenv("NNX_NUMBA", raising=False)
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setattr(compiled, "__file__", str(tmp_path / "__init__.py"))
    assert compiled._asked() == compiled.UNCOMPILED
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "numba_loops.adam-1.py311-0.nbi").touch()
    assert compiled._asked() == compiled.PRICE
    for setting, price in (("always", 0.0), ("never", np.inf), ("", compiled.PRICE)):
        monkeypatch.setenv("NNX_NUMBA", setting)
        assert compiled._asked() == price


@pytest.mark.parametrize("error", [ImportError, OSError])
def test_a_numba_that_cannot_be_loaded_is_done_without(monkeypatch, error):
    def refuse(*_):
        raise error

    monkeypatch.setattr(compiled, "import_module", refuse)
    monkeypatch.setattr(compiled, "_settled", False)
    monkeypatch.setattr(compiled, "_loops", None)
    monkeypatch.setattr(compiled, "_spent", 1e9)
    monkeypatch.setattr(compiled, "_price", 0.5)
    assert compiled.loops(1) is None
    assert compiled._settled


def test_nothing_is_loaded_before_and_without_numba_it_goes_on():
    code = """
        import sys, nnx, numpy as np
        optimizer = nnx.optim.Adam({"w": np.ones(100)})
        optimizer.update({"w": np.ones(100)})
        assert "numba" not in sys.modules
        sys.modules["numba"] = None  # as if it were not installed
        from nnx_numpy import compiled
        compiled._spent = 1e9
        optimizer.update({"w": np.ones(100)})
        assert compiled._settled and compiled._loops is None
        optimizer.update({"w": np.ones(100)})
    """
    unset = {k: v for k, v in os.environ.items() if k != "NNX_NUMBA"}
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True, env=unset)


@pytest.mark.parametrize(("setting", "loaded"), [("never", "False"), ("always", "True")])
def test_the_environment_decides(setting, loaded):
    pytest.importorskip("numba", reason="Numba is not installed (the extra 'numba')")
    code = """
        import sys, nnx, numpy as np
        from nnx_numpy import compiled
        compiled._spent = 1e9 if sys.argv[1] == "never" else 0.0
        nnx.optim.Adam({"w": np.ones(100)}).update({"w": np.ones(100)})
        print("numba" in sys.modules)
    """
    run = [sys.executable, "-c", textwrap.dedent(code), setting]
    found = subprocess.run(
        run, check=True, capture_output=True, text=True, env=os.environ | {"NNX_NUMBA": setting}
    )
    assert found.stdout.strip() == loaded


def test_processes_that_compile_at_once_do_not_mix_up_kinds(tmp_path):
    """Numba by itself would keep one list of kinds, which each writes as if it were alone."""
    pytest.importorskip("numba", reason="Numba is not installed (the extra 'numba')")
    code = """
        import sys, numpy as np
        from nnx_numpy.compiled import numba_loops
        for kind in sys.argv[1:]:
            x = np.linspace(-1, 1, 9, dtype=kind)
            numba_loops.positive(x, x, out := np.empty_like(x))
            assert (out == np.maximum(x, 0)).all()
            print(sum(numba_loops.positive.stats.cache_hits.values()))
    """
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-c", textwrap.dedent(code)]
    both = [subprocess.Popen([*command, kind], env=environment) for kind in ("float32", "float64")]
    assert [process.wait() for process in both] == [0, 0]
    later = [*command, "float64", "float32"]
    found = subprocess.run(later, check=True, capture_output=True, text=True, env=environment)
    assert found.stdout.split() == ["1", "2"]
