"""Results as a picture: each workload's time as a share of PyTorch's, on a logarithmic axis."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .tables import NAMES
from .turns import Result

__all__ = ["plot"]

MARKS = {
    "nnx_numba": ("^", "#66ccee"), "nnx_compile": (">", "#228833"), "nnx_compile_numba": ("P", "#aa3377"),
    "torch_compile": ("D", "#ee7733"), "torch_reduce_overhead": ("D", "#ee7733"), "jax": ("o", "#cc3311"),
    "floor": ("|", "black"),
}  # fmt: skip
BAR = "#4477aa"


def plot(results: list[Result], path: Path) -> None:
    """Draw bars for nnx and marks for the others; one panel for training and one for inference."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    groups = {
        name: [r for r in results if r.workload.group == group and r.ratio("nnx", "torch") is not None]
        for group, name in (("training", "Training step"), ("inference", "Inference"))
    }
    groups = {name: rows for name, rows in groups.items() if rows}
    if not groups:
        return
    heights = [len(rows) for rows in groups.values()]
    figure, panels = pyplot.subplots(
        len(groups), 1, figsize=(9, 1.6 + 0.34 * sum(heights)), height_ratios=heights, squeeze=False,
        layout="constrained",
    )  # fmt: skip
    for (name, rows), axes in zip(groups.items(), panels[:, 0], strict=True):
        _panel(axes, name, rows)
    panels[-1, 0].set_xlabel("time as a share of PyTorch eager's (less is faster)")
    shown = [axes.get_legend_handles_labels() for axes in panels[:, 0]]
    handles = {label: handle for pair in shown for handle, label in zip(*pair, strict=True)}
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=5, frameon=False)
    figure.savefig(path, dpi=150)
    pyplot.close(figure)


def _panel(axes: Any, name: str, rows: list[Result]) -> None:
    places = range(len(rows))
    shares = [r.ratio("nnx", "torch") for r in rows]
    axes.barh(places, shares, height=0.62, color=BAR, label="nnx")
    for i, share in zip(places, shares, strict=True):  # in a column, where no mark covers them
        axes.text(
            1.01, i, f"{share:.2f}", transform=axes.get_yaxis_transform(), va="center", fontsize=8, color=BAR
        )
    for framework, (marker, colour) in MARKS.items():
        points = [(r.ratio(framework, "torch"), i) for i, r in enumerate(rows) if framework in r.seconds]
        if points:
            axes.scatter(
                *zip(*points, strict=True), marker=marker, color=colour, label=NAMES[framework], zorder=3,
                s=120 if marker == "|" else 28, linewidths=2 if marker == "|" else 0.5,
                edgecolors=None if marker == "|" else "white",
            )  # fmt: skip
    axes.axvline(1.0, color="grey", linewidth=1, label="PyTorch eager, fused Adam")
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_yticks(places, [r.workload.title for r in rows], fontsize=8)
    axes.invert_yaxis()
    axes.margins(x=0.12, y=0.02)
    axes.set_title(name, loc="left", fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
