"""What nnx is held to, and which of it a run does not show."""

from __future__ import annotations

import statistics

from .turns import Result

__all__ = ["PEERS", "missed"]

PEERS = ("torch", "torch_compile", "torch_reduce_overhead", "jax")
MEMORY = 0.6  # of PyTorch's process
MEAN_OF_TORCH, MEAN_OF_BEST = 0.72, 1.3  # geometric means over the training steps


def missed(results: list[Result]) -> list[str]:
    """A line for each bound that does not hold; bounds of what was not measured are passed over."""
    lines = [line for r in results for line in _of_one(r)]
    steps = [r for r in results if r.workload.group == "training"]
    for bound, name, shares in (
        (MEAN_OF_TORCH, "PyTorch's", [r.ratio("nnx", "torch") for r in steps]),
        (MEAN_OF_BEST, "the best peer's", [r.ratio("nnx", best) for r in steps if (best := r.best(PEERS))]),
    ):
        found = [share for share in shares if share is not None]
        mean = statistics.geometric_mean(found) if found else 0.0
        if mean > bound:
            lines.append(f"training steps: {mean:.2f} of {name} time in the geometric mean, at most {bound}")
    return lines


def _of_one(r: Result) -> list[str]:
    w, lines = r.workload, []
    for peer, bound in ((w.reference, w.at_most), ("floor", w.of_floor)):
        share, compiled = r.ratio("nnx", peer), r.ratio("nnx_numba", peer)
        if bound is not None and share is not None and share > bound:
            also = f" ({compiled:.2f} with Numba)" if compiled is not None else ""
            lines.append(f"{w.name}: {share:.2f} of the time of {peer}{also}, at most {bound}")
    if w.seconds is not None and "nnx" in r.seconds and r.median("nnx") > w.seconds:
        lines.append(f"{w.name}: {r.median('nnx'):.3g} s, at most {w.seconds:g} s")
    if w.group == "training" and {"nnx", "torch"} <= r.memory.keys():
        share = r.memory["nnx"] / r.memory["torch"]
        if share > MEMORY:
            lines.append(f"{w.name}: {share:.2f} of PyTorch's memory, at most {MEMORY}")
    return lines
