"""examples/digits.py learns to read digits, and draws what it has done."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nnx

pytest.importorskip("sklearn", reason="scikit-learn, whose digits these are, is not installed")
pytest.importorskip("matplotlib", reason="matplotlib, which draws the picture, is not installed")
pytest.importorskip("tqdm", reason="tqdm, which shows the progress, is not installed")


@pytest.fixture(scope="module")
def digits() -> Any:
    path = Path(__file__).parents[2] / "examples" / "digits.py"
    spec = importlib.util.spec_from_file_location("digits", path)
    assert spec is not None
    assert spec.loader is not None
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    return example


def test_digits_are_read_and_drawn(digits: Any, tmp_path: Path, capsys: Any) -> None:
    picture = tmp_path / "digits.png"
    accuracy = digits.main(["--backend", "numpy", "--picture", str(picture)])
    assert accuracy >= 0.97
    printed, progress = capsys.readouterr()
    assert f"test accuracy {accuracy:.1%}" in printed
    assert "Sequential" in printed
    assert "100%" in progress
    assert "val_accuracy" in progress
    table = printed.split("val. accuracy")[1].strip().splitlines()
    first, last = (line.split() for line in (table[0], table[9]))
    assert (first[0], last[0]) == ("1", "28")
    assert float(last[1]) < 0.25 * float(first[1])
    assert float(last[3]) < 0.5 * float(first[3])
    image = np.round(255 * digits.plt.imread(picture)[..., :3]).astype(int)
    assert min(image.shape[:2]) > 600
    drawn = {"blue curves": (31, 119, 180), "orange curves": (255, 127, 14), "wrong digits": (255, 0, 0)}
    for what, colour in drawn.items():
        assert (image == colour).all(axis=-1).sum() > 100, what
    assert len(np.unique(image.reshape(-1, 3), axis=0)) > 50  # the shades of the digits


def test_a_wrong_backend_is_refused(digits: Any, capsys: Any) -> None:
    with pytest.raises(SystemExit):
        digits.main(["--backend", "abacus"])
    assert "'abacus'" in capsys.readouterr().err


def test_it_trains_alike_on_every_library(digits: Any, lib: Any) -> None:
    """The first 256 images, twice."""

    def losses() -> list[float]:
        nnx.seed(digits.SEED)
        x, y, *_ = (nnx.backend().from_host(array[:256]) for array in digits.load())
        return digits.train(digits.make_model(), (x, y, x, y), epochs=2)["loss"]

    found = losses()
    with nnx.using("numpy"):
        np.testing.assert_allclose(found, losses(), rtol=1e-5)
    assert found[1] < found[0] < 2.3
