"""What nnx is held to, and which of it a run does not show."""

from __future__ import annotations

import statistics

from .turns import Result

__all__ = ["PEERS", "missed"]

PEERS = ("torch", "torch_compile", "torch_reduce_overhead", "jax")
VARIANTS = {
    "nnx_numba": "with Numba", "nnx_compile": "by nnx.compile", "nnx_compile_numba": "by nnx.compile with Numba",
}  # fmt: skip
MEMORY = 0.6  # of PyTorch's process
MEAN_OF_TORCH, MEAN_OF_BEST = 0.72, 1.3  # geometric means over the training steps


def missed(results: list[Result]) -> list[str]:
    """A line for each bound that does not hold; bounds of what was not measured are passed over."""
    lines = [line for r in results for line in _of_one(r)]
    steps = [r for r in results if r.workload.group == "training"]
    for bound, name, peers in (
        (MEAN_OF_TORCH, "PyTorch's", ("torch",)),
        (MEAN_OF_BEST, "the best peer's", PEERS),
    ):
        means = {own: _mean(steps, own, peers) for own in ("nnx", *VARIANTS)}
        mean = means.pop("nnx")
        if mean is not None and mean > bound:
            also = ", ".join(f"{m:.2f} {VARIANTS[own]}" for own, m in means.items() if m is not None)
            lines.append(
                f"training steps: {mean:.2f} ({also}) of {name} time in the geometric mean, at most {bound}"
            )
    return lines


def _mean(results: list[Result], own: str, peers: tuple[str, ...]) -> float | None:
    """The geometric mean of the shares of the best of these peers' time."""
    shares = [r.ratio(own, best) for r in results if (best := r.best(peers))]
    found = [share for share in shares if share is not None]
    return statistics.geometric_mean(found) if found else None


def _of_one(r: Result) -> list[str]:
    w, lines = r.workload, []
    for peer, bound in ((w.reference, w.at_most), ("floor", w.of_floor)):
        share = r.ratio("nnx", peer)
        if bound is not None and share is not None and share > bound:
            others = [(r.ratio(name, peer), how) for name, how in VARIANTS.items()]
            found = ", ".join(f"{other:.2f} {how}" for other, how in others if other is not None)
            also = f" ({found})" if found else ""
            lines.append(f"{w.name}: {share:.2f} of the time of {peer}{also}, at most {bound}")
    if w.seconds is not None and "nnx" in r.seconds and r.median("nnx") > w.seconds:
        lines.append(f"{w.name}: {r.median('nnx'):.3g} s, at most {w.seconds:g} s")
    if w.group == "training" and {"nnx", "torch"} <= r.memory.keys():
        share = r.memory["nnx"] / r.memory["torch"]
        if share > MEMORY:
            lines.append(f"{w.name}: {share:.2f} of PyTorch's memory, at most {MEMORY}")
    return lines
