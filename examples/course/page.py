"""What the pages of the course share: their two options, the claims they print, and how their figures look.

A page is a file with a function ``run(page)``. It computes, calls ``page.claim`` for every number that it proves and,
where looking beats reading, draws into ``page.figure()``.
"""

import argparse
import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib

matplotlib.use("Agg")  # draw to files: no window needed
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image
from threadpoolctl import threadpool_limits

import nnx

HERE = Path(__file__).parent
STYLE = {
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.constrained_layout.use": True,
    "figure.dpi": 150,
    "font.size": 9,
    "grid.alpha": 0.3,
    "legend.frameon": False,
}
WORDS = {"==": "", "<=": "at most ", ">=": "at least "}


class Claim(NamedTuple):
    """One number of a page, beside what it should be."""

    what: str
    measured: float
    expected: float
    relation: str
    tolerance: float

    @property
    def holds(self) -> bool:
        """Whether the one is the other, to the tolerance."""
        if self.relation == "==":
            return abs(self.measured - self.expected) <= self.tolerance
        return self.measured <= self.expected if self.relation == "<=" else self.measured >= self.expected

    def __str__(self) -> str:
        expected = f"{WORDS[self.relation]}{self.expected:.10g}"
        mark = "yes" if self.holds else "NO"
        return f"  {self.what:<54} {self.measured:>14.10g} {expected:>24}  {mark}"


class Page:
    """The backend in force, the claims so far, and where figures go (nowhere where ``figures`` is None)."""

    def __init__(self, name: str, figures: Path | None = None) -> None:
        self.name, self.figures, self.claims = name, figures, list[Claim]()
        self.xp = nnx.backend().xp
        nnx.seed(0)

    def array(self, values: Any, dtype: str = "float64") -> Any:
        """An array of the backend in force."""
        return nnx.backend().from_host(np.asarray(values, dtype=dtype))

    def claim(
        self, what: str, measured: Any, expected: Any, tolerance: float = 0.0, relation: str = "=="
    ) -> None:
        """Print a number and what it should be. Arrays: the number is their largest distance, and should be 0."""
        if getattr(measured, "shape", ()) != () or getattr(expected, "shape", ()) != ():
            apart = np.abs(nnx.to_numpy(measured) - nnx.to_numpy(expected))
            measured, expected, relation = apart.max(), tolerance, "<="
        claim = Claim(what, float(measured), float(expected), relation, tolerance)
        if not self.claims:
            print(f"  {'':<54} {'measured':>14} {'expected':>24}")
        print(claim)
        self.claims.append(claim)

    @contextlib.contextmanager
    def figure(self, columns: int = 1, rows: int = 1, height: float = 2.8) -> Iterator[Any]:
        """Matplotlib's axes to draw into; the figure, as wide as a narrow column, is saved under the page's name."""
        with plt.rc_context(STYLE):
            figure, axes = plt.subplots(rows, columns, figsize=(max(4.6, 2.4 * columns), height * rows))
            yield axes
            if self.figures is not None:
                self.figures.mkdir(parents=True, exist_ok=True)
                figure.canvas.draw()
                picture = Image.fromarray(np.asarray(figure.canvas.buffer_rgba())).convert("RGB")
                # A palette of 256 colours: a third of the bytes, and no difference to see.
                picture.quantize(256, dither=Image.Dither.NONE).save(
                    self.figures / f"{self.name}.png", optimize=True
                )
                print(f"  figure: {self.figures / self.name}.png")
            plt.close(figure)


def main(path: str, run: Callable[[Page], None]) -> None:
    """What a page does when it is started: ends with an error where a claim doesn't hold."""
    doc = sys.modules[run.__module__].__doc__ or ""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--backend", default="auto", help="numpy, cupy, array_api_strict, … (default: auto)")
    parser.add_argument("--figures", type=Path, default=HERE / "figures", help="a folder for the figure")
    options = parser.parse_args()
    nnx.use(options.backend)
    page = Page(Path(path).stem, options.figures)
    print(f"{doc.splitlines()[0]} ({nnx.backend().name})")
    with threadpool_limits(1):  # matrices are small here: on busy cores threads would wait for each other
        run(page)
    if not all(claim.holds for claim in page.claims):
        sys.exit("not every claim holds")
