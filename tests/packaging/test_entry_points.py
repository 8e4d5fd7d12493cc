"""A backend from another distribution is found through its entry point."""

import os
import subprocess
import sys

import pytest

BACKEND = '''
from array_api_compat import numpy as xp
from nnx.backend import Backend

class Array:
    """Not NumPy's, as far as nnx can see."""

    __dlpack__ = None

class Strange(Backend):
    name = "strange"
    roots = ("stranger",)

    def namespace(self):
        return xp
'''


@pytest.fixture
def python(tmp_path):
    """Installs a distribution with one entry point, and runs code beside it."""

    def run(code, value="stranger:Strange", source=BACKEND):
        (tmp_path / "stranger.py").write_text(source)
        metadata = tmp_path / "stranger-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text(f"[nnx.backends]\nstrange = {value}\n")
        path = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert not done.returncode, done.stderr
        return done.stdout.split("\n")

    return run


def test_it_is_found(python):
    printed = python(
        "import nnx, stranger\n"
        "print(nnx.available_backends())\n"
        "print(nnx.use('strange'))\n"
        "print(nnx.backend().xp.ones(2))\n"
        "print(nnx.backend_of(stranger.Array()) is nnx.backend('strange'))\n"
    )
    assert "'strange'" in printed[0]
    assert printed[1:4] == ["<nnx backend strange>", "[1. 1.]", "True"]


@pytest.mark.parametrize("value", ["missing:Backend", "stranger:Missing"])
def test_a_broken_one_is_reported(python, value):
    printed = python(
        "import nnx, numpy as np\n"
        "print(nnx.backends_report()['strange'])\n"
        "print(nnx.available_backends()[0])\n"
        "print(nnx.backend_of(np.ones(1)).name)\n",
        value,
    )
    assert printed[0].startswith("its package could not be loaded: ")
    assert printed[1:3] == ["numpy", "numpy"]


def test_it_is_in_the_table(python):
    assert any(
        "strange" in line and "available" in line
        for line in python("from nnx.__main__ import *; print(info())")
    )
