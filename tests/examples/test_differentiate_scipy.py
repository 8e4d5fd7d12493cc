"""examples/differentiate_scipy.py finds what the closed forms and derivative-free searches find."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy", minversion="1.17", reason="SciPy 1.17 is not installed")
pytest.importorskip("sklearn", minversion="1.9", reason="scikit-learn 1.9 is not installed")

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_fits_agree_with_what_is_expected() -> None:
    # In a process of its own: SciPy reads SCIPY_ARRAY_API when it is first imported.
    code = (
        "import json, differentiate_scipy as d; r = d.main();"
        "print(json.dumps([[list(map(float, d.np.ravel(x))) for x in pair] for pair in r.values()]))"
    )
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(
            [str(EXAMPLES), str(EXAMPLES.parent), os.environ.get("PYTHONPATH", "")]
        ),
    }
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout.splitlines()[-1])
    assert len(results) == 4
    for (measured, expected), tolerance in zip(results, (1e-5, 1e-5, 1e-6, 1e-4), strict=True):
        np.testing.assert_allclose(measured, expected, rtol=0, atol=tolerance)
