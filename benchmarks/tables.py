"""Results as Markdown: a table for each group of workloads, with ratios and geometric means."""

from __future__ import annotations

import datetime
import os
import platform
import statistics
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from .bounds import PEERS, missed
from .turns import PINS, Result, Settings

__all__ = ["NAMES", "machine", "tables"]

NAMES = {
    "nnx": "nnx", "nnx_numba": "nnx, Numba", "nnx_compile": "nnx.compile", "nnx_compile_numba": "nnx.compile, Numba",
    "torch": "PyTorch", "torch_unfused": "PyTorch, Adam unfused",
    "torch_compile": "torch.compile",
    "torch_reduce_overhead": "torch.compile, reduce-overhead", "jax": "JAX jit", "sklearn": "scikit-learn",
    "autograd": "autograd", "mygrad": "MyGrad", "floor": "floor",
}  # fmt: skip
VARIANTS = ("nnx_numba", "nnx_compile", "nnx_compile_numba")
PACKAGES = (
    "numpy cupy-cuda12x cupy-cuda13x numexpr numba torch jax jaxlib scikit-learn autograd mygrad scipy-openblas64"
).split()
GROUPS = {
    "training": "Training steps: forward, backward and Adam",
    "inference": "Inference",
    "single": "Single figures",
}


def machine(settings: Settings) -> str:
    """When, where and with which versions."""
    packages = []
    for name in PACKAGES:
        try:
            packages.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    pins = [name for name in PINS if name in os.environ]
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    return "\n".join(
        [
            f"- {datetime.date.today()}, nnx {_commit()}, Python {platform.python_version()}",
            f"- {', '.join(packages)}",
            f"- {_processor()}, {os.cpu_count()} cores, {settings.threads} threads each, {platform.system()}; "
            f"load before the run {load} (above about 0.3 the figures are no evidence)",
            f"- medians of {settings.rounds} rounds with blocks of {settings.block} s; float32 throughout",
            *([f"- set on this machine, dropped for every framework: {', '.join(pins)}"] if pins else []),
            "",
        ]
    )


def _commit() -> str:
    run = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--abbrev=9"]
    try:
        return subprocess.run(run, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "of an unknown commit"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def tables(results: list[Result]) -> str:
    """All results; in each group one row a workload."""
    parts = []
    for group, heading in GROUPS.items():
        chosen = [r for r in results if r.workload.group == group]
        if chosen:
            parts += [f"## {heading}\n", _times(chosen), _ratios(chosen, group)]
            parts += [_memory(chosen)] if group == "training" else []
    lines = missed(results)
    parts += ["## Bounds that do not hold\n", *(f"- {line}" for line in lines), ""] if lines else []
    notes = sorted({note for r in results for note in _notes(r)})
    return "\n".join([*parts, *notes, ""])


def _table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _frameworks(results: list[Result]) -> list[str]:
    return [name for name in NAMES if any(name in r.seconds for r in results)]


def _times(results: list[Result]) -> str:
    names = _frameworks(results)
    rows = [
        [r.workload.title, *(_duration(r.median(n)) if n in r.seconds else "–" for n in names)]
        for r in results
    ]
    return _table(["median", *(NAMES[n] for n in names)], rows)


def _duration(seconds: float) -> str:
    """Three digits and a unit."""
    scale, unit = next(
        (s, u) for s, u in ((1, "s"), (1e3, "ms"), (1e6, "µs")) if seconds * s >= 1 or s == 1e6
    )
    return f"{float(f'{seconds * scale:.3g}'):g} {unit}"


def _ratios(results: list[Result], group: str) -> str:
    """Where nnx stands: below 1 it takes less time."""
    if group == "single":
        names = [n for n in _frameworks(results) if n != "nnx"]
        rows = [[r.workload.title, *(_share(r.ratio("nnx", n)) for n in names)] for r in results]
        return _table(["nnx's time as a share of", *(f"{NAMES[n]}'s" for n in names)], rows)
    heads = ["PyTorch's", "the best peer's", "the floor"]
    pairs = [("nnx", "torch"), ("nnx", "best"), ("nnx", "floor")]
    for own in VARIANTS:
        if any(own in r.seconds for r in results):
            heads += [f"{NAMES[own]}: PyTorch's", "the best peer's"]
            pairs += [(own, "torch"), (own, "best")]
    rows, columns = [], [[] for _ in pairs]
    for r in results:
        best = r.best(PEERS) or ""
        shares = [r.ratio(own, best if peer == "best" else peer) for own, peer in pairs]
        for column, share in zip(columns, shares, strict=True):
            column += [] if share is None else [share]
        cells = [_share(s) for s in shares]
        cells[1] += f" ({NAMES[best]})" if best else ""
        bound = r.workload.at_most
        rows.append([r.workload.title, *cells, "" if bound is None else f"{bound:.2f}"])
    means = [f"{statistics.geometric_mean(column):.2f}" if column else "–" for column in columns]
    rows.append(["**geometric mean**", *means, ""])
    return _table(["nnx's time as a share of", *heads, "PyTorch's at most"], rows)


def _share(share: float | None) -> str:
    return "–" if share is None else f"{share:.2f}"


def _memory(results: list[Result]) -> str:
    """Of the whole process; on a GPU of what each framework's allocator had to have."""
    names = [n for n in _frameworks(results) if n != "floor"]
    rows = []
    for r in results:
        share = r.memory["nnx"] / r.memory["torch"] if {"nnx", "torch"} <= r.memory.keys() else None
        figures = [f"{r.memory[n] / 2**20:.0f} MiB" if n in r.memory else "–" for n in names]
        rows.append([r.workload.title, *figures, _share(share)])
    return _table(["peak memory", *(NAMES[n] for n in names), "nnx of PyTorch's"], rows)


def _notes(r: Result) -> list[str]:
    gone = [f"- {r.workload.name} without {NAMES[name]}: {reason}" for name, reason in r.absent.items()]
    return gone + [f"- **MISMATCH** {r.workload.name}: {text}" for text in r.mismatches()]
