"""`python -m nnx info`."""

import os
import subprocess
import sys

import pytest

import nnx
from nnx.__main__ import info, main


def test_table():
    lines = info().split("\n")
    assert lines[0] == f"nnx {nnx.__version__}"
    assert any(line.startswith("  numpy             ") for line in lines)
    assert "* numpy             available, devices: cpu" in lines
    assert max(map(len, lines)) <= 80


@pytest.mark.skipif(nnx.backends_report()["cupy"] is None, reason="there is a GPU here")
def test_says_why_not():
    assert "\n  cupy              not available: CuPy" in info()
    assert all(len(line) <= 60 for line in info(60).split("\n"))


def test_devices_of_an_unregistered_library():
    with nnx.using("array_api_strict"):
        assert "* array_api_strict  available, devices: CPU_DEVICE, device1" in info(100)


@pytest.mark.parametrize("arguments", [["info"], []])
def test_command(arguments, capsys):
    assert main(arguments) == 0
    assert "Backends" in capsys.readouterr().out


def test_a_bad_choice_is_told_not_raised():
    done = subprocess.run(
        [sys.executable, "-m", "nnx", "info"],
        env={**os.environ, "NNX_BACKEND": "cuda"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "! environment variable NNX_BACKEND: unknown backend 'cuda'" in done.stdout
