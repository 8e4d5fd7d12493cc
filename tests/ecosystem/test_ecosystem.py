"""SciPy and scikit-learn functions are differentiated as they are, and none is silently wrong.

The rows are in `cases.py`, what is done with each in `harness.py`, and what must come of it in `expected.py`.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("scipy", minversion="1.17", reason="SciPy 1.17 is not installed")
pytest.importorskip("sklearn", minversion="1.9", reason="scikit-learn 1.9 is not installed")

from .expected import EXPECTED, VERSIONS

ROOT = Path(__file__).parents[2]
LIBRARIES = ("numpy", "strict", "device1")
Outcomes = dict[str, dict[str, dict[str, str]]]


@pytest.fixture(scope="session")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    """What became of each row; in a process of its own, for SciPy reads its switch once."""
    file = tmp_path_factory.mktemp("ecosystem") / "outcomes.json"
    command = [sys.executable, "-m", "tests.ecosystem.harness", "--json", str(file), "--library", *LIBRARIES]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ}, capture_output=True, text=True, check=False)
    assert file.exists(), done.stderr
    return {
        library: {row["name"]: row for row in rows} for library, rows in json.loads(file.read_text()).items()
    }


@pytest.mark.parametrize("library", LIBRARIES)
def test_none_is_silently_wrong(outcomes: Outcomes, library: str) -> None:
    wrong = {name: row["detail"] for name, row in outcomes[library].items() if row["status"] == "wrong"}
    assert not wrong


@pytest.mark.parametrize("library", LIBRARIES)
def test_every_row_ends_as_it_should(outcomes: Outcomes, library: str) -> None:
    """Everything is right but for the rows that `expected.py` lists."""
    for name, wanted in VERSIONS.items():
        found = importlib.import_module(name).__version__
        if not found.startswith(wanted + "."):
            pytest.skip(f"the expectations are those of {name} {wanted}, and {found} is installed")
    listed = {name: status for status, names in EXPECTED[library].items() for name in names}
    surprises = {
        name: (row["status"], row["detail"])
        for name, row in outcomes[library].items()
        if row["status"] != listed.get(name, "right")
    }
    assert not surprises
    assert set(listed) <= set(outcomes[library])


@pytest.mark.parametrize("library", LIBRARIES)
def test_refusals_say_why(outcomes: Outcomes, library: str) -> None:
    """A refusal names what it is about and what to do."""
    for name, row in outcomes[library].items():
        if row["status"] == "refused":
            assert "nnx" in row["detail"], name


def test_enough_functions_are_right(outcomes: Outcomes) -> None:
    right = {n.partition("(")[0] for n, row in outcomes["numpy"].items() if row["status"] == "right"}
    assert len(right) >= 125
