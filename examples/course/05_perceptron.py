"""5. The perceptron: fires where a weighted sum passes a threshold, and learns from its mistakes alone.

    z = w · x + b,   ŷ = step(z) = 1 where z ≥ 0, else 0
    w ← w + (y - ŷ) x,   b ← b + (y - ŷ)            the perceptron rule, one point after the other

Rosenblatt's rule ends on any data that a line separates (Novikoff: after at most (R/γ)² mistakes, R the length of the
longest point with a 1 added, γ the widest margin). It is no gradient descent: the step is flat on both sides, its
derivative is zero, and descent on it would never move.

    uv run examples/course/05_perceptron.py [--backend numpy]
"""

import matplotlib
import numpy as np
from page import Page, draw_classes, main

import nnx
import nnx.functional as F


def points(m: int = 80) -> tuple[np.ndarray, np.ndarray]:
    """Points that a line separates, with a gap."""
    rng = np.random.default_rng(5)
    x = rng.uniform(-1, 1, (4 * m, 2))
    height = x @ [0.6, 0.8] - 0.1
    apart = np.abs(height) > 0.08
    return x[apart][:m], (height[apart][:m] > 0).astype(float)


def run(page: Page) -> None:
    data, labels = points()
    x, y = page.array(data), page.array(labels)
    w, b = page.array([0.0, 0.0]), page.array(0.0)

    lines, mistakes, epochs = [], 0, 0
    while True:
        wrong = 0
        for i in range(x.shape[0]):
            error = y[i] - F.step(page.xp.vecdot(w, x[i, :]) + b)
            w, b = w + error * x[i, :], b + error
            if float(error):
                wrong += 1
                lines.append((*nnx.to_numpy(w), float(b)))
        mistakes, epochs = mistakes + wrong, epochs + 1
        if not wrong:
            break

    fired = F.step(x @ w + b)
    longest = np.sqrt((data**2).sum(axis=1).max() + 1)
    margin = np.abs(data @ [0.6, 0.8] - 0.1).min() / np.sqrt(1 + 0.1**2)
    page.claim("points on the wrong side at the end", page.xp.sum(page.xp.abs(fired - y)), 0)
    page.claim("mistakes on the way, Novikoff's bound", mistakes, (longest / margin) ** 2, relation="<=")

    def half_squared_error(w, x, y):
        return nnx.losses.half_squared_error(F.step(x @ w), y)

    start = page.array([1.0, -1.0])
    error = half_squared_error(start, x, y)
    page.claim("error of another line, for descent to lower", error, 1, relation=">=")
    steepest = page.xp.max(page.xp.abs(nnx.grad(half_squared_error)(start, x, y)))
    page.claim("largest gradient of that error", steepest, 0)

    with page.figure(height=3.6) as axes:
        draw_classes(axes, data, labels, marker="o")
        across = np.linspace(-1.1, 1.1, 2)
        for k, (w0, w1, b0) in enumerate(lines):
            last = k == len(lines) - 1
            shade = "k" if last else matplotlib.colormaps["YlGn"](0.2 + 0.8 * k / len(lines))
            label = {0: "early lines", len(lines) - 2: "late lines", len(lines) - 1: "the last line"}.get(k)
            axes.plot(across, -(b0 + w0 * across) / w1, color=shade, lw=2 if last else 1, label=label)
        axes.set(xlabel="x₁", ylabel="x₂", xlim=(-1.1, 1.1), ylim=(-1.1, 1.1))
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1))


if __name__ == "__main__":
    main(__file__, run)
