"""What the pages of the course share: their two options, the claims they print, and how their figures are drawn.

A page is a file with a function ``run(page)``. It computes, calls ``page.claim`` for every number that it proves and,
where looking beats reading, draws into ``page.figure()``.
"""

import argparse
import contextlib
import itertools
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
    "axes.titlesize": 9,
    "figure.constrained_layout.use": True,
    "figure.dpi": 150,
    "font.size": 9,
    "grid.alpha": 0.3,
    "legend.fontsize": 7,
    "legend.frameon": False,
}
COLOURS = ("tab:blue", "tab:orange", "tab:green")  # of the first, second and third class of points
WORDS = {"==": "", "<=": "at most ", ">=": "at least "}


class Claim(NamedTuple):
    """One number of a page, beside what it should be."""

    what: str
    measured: float
    expected: float
    relation: str
    tolerance: float
    apart: bool = False  # whether what is measured is the largest distance between two arrays

    @property
    def holds(self) -> bool:
        """Whether the one is the other, to the tolerance."""
        if self.relation == "==":
            return abs(self.measured - self.expected) <= self.tolerance
        return self.measured <= self.expected if self.relation == "<=" else self.measured >= self.expected

    def __str__(self) -> str:
        measured = f"apart by {self.measured:.2g}" if self.apart else f"{self.measured:.10g}"
        expected = f"{WORDS[self.relation]}{self.expected:.10g}"
        if self.relation == "==" and self.tolerance:
            expected += f" ± {self.tolerance:.0e}"
        return f"  {self.what:<54} {measured:>17} {expected:>22}  {'yes' if self.holds else 'NO'}"


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
        apart = getattr(measured, "shape", ()) != () or getattr(expected, "shape", ()) != ()
        if apart:
            distance = np.abs(nnx.to_numpy(measured) - nnx.to_numpy(expected))
            measured, expected, relation = distance.max(), tolerance, "<="
        claim = Claim(what, float(measured) + 0.0, float(expected), relation, tolerance, apart)
        if not self.claims:
            print(f"  {'claim':<54} {'measured':>17} {'expected':>22}  holds")
        print(claim)
        self.claims.append(claim)

    def over_plane(
        self, f: Callable[[Any], Any], across: Any, up: Any = None, count: int = 120
    ) -> tuple[Any, ...]:
        """A grid over a rectangle, and f of its points (an array with a row for each): what contours are drawn of."""
        x, y = np.meshgrid(np.linspace(*across, count), np.linspace(*(up or across), count))
        points = self.array(np.stack([x.ravel(), y.ravel()], axis=1))
        return x, y, nnx.to_numpy(f(points)).reshape(count, count)

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


def draw_classes(ax: Any, points: Any, labels: Any, names: Any = ("y = 0", "y = 1"), **style: Any) -> None:
    """The points in a plane of each class, in a colour of its own."""
    for k, name in enumerate(names):
        here = points[np.asarray(labels).ravel() == k]
        ax.plot(*here.T, **{"marker": ".", "ls": "", "ms": 4, "color": COLOURS[k], "label": name, **style})


def draw_boundary(ax: Any, surface: tuple[Any, ...], line: str, label: str) -> None:
    """Where a surface (of `over_plane`) is 0, with its entry in the legend."""
    ax.contour(*surface, [0], colors=line[0], linestyles=line[1:])
    ax.plot([], [], line, label=label)


def draw_network(ax: Any, layers: list[list[str]], weights: list[str]) -> None:
    """Neurons in columns, and on each edge its weight: in the order of layers, of where it ends, of where it starts."""
    ax.axis("off")
    ax.set(xlim=(-0.15, len(layers) - 0.85), ylim=(-0.35, 1.3))
    texts = iter(weights)
    for column, (starts, ends) in enumerate(itertools.pairwise(layers)):
        for j, i in itertools.product(range(len(ends)), range(len(starts))):
            along = 0.5 if i == j else 0.28
            ax.plot([column, column + 1], [1 - i, 1 - j], color="tab:gray", lw=1, zorder=1)
            at, box = (column + along, 1 - i + along * (i - j)), {"fc": "white", "ec": "none", "pad": 1}
            ax.text(*at, next(texts), fontsize=7, ha="center", va="center", bbox=box)
    for column, neurons in enumerate(layers):
        for i, neuron in enumerate(neurons):
            ax.plot(column, 1 - i, "o", ms=30, mfc="white", mec="tab:blue", zorder=2)
            ax.text(column, 1 - i, neuron, fontsize=7, ha="center", va="center", zorder=3)


def minimise(model: Any, cost: Callable[..., Any], *data: Any, steps: int = 150) -> Any:
    """The model, gone down cost(model, *data) by L-BFGS, as on page 3, until the gradient is next to nothing."""
    optimizer = nnx.optim.LBFGS(
        model, max_iter=steps, tolerance_grad=1e-9, tolerance_change=0.0, line_search_fn="strong_wolfe"
    )
    optimizer.update(lambda: nnx.value_and_grad(cost)(model, *data))
    return model


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
