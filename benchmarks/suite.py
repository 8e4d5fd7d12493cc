"""The command line that the suites share: choose, measure, print, write."""

from __future__ import annotations

import argparse
import datetime
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from .plot import plot
from .tables import NAMES, machine, tables
from .turns import Result, Settings, measure
from .workload import Workload

__all__ = ["arguments", "run"]

RESULTS = Path(__file__).parent / "results"


def arguments(
    program: str, about: str | None, workloads: Mapping[str, Workload], kind: str
) -> argparse.ArgumentParser:
    """The options of both suites."""
    parser = argparse.ArgumentParser(
        prog=program, description=about, epilog=f"workloads: {', '.join(workloads)}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument(
        "workloads", nargs="*", default=[], help="names, or beginnings of names; all by default"
    )
    parser.add_argument("--frameworks", nargs="+", choices=NAMES, help="only these")
    parser.add_argument("--rounds", type=int, help="how many turns each framework gets (11; quick: 3)")
    parser.add_argument("--threads", type=int, default=2, help="threads of each framework (2)")
    parser.add_argument(
        "--quick", action="store_true", help="to see that everything runs: few and short blocks"
    )
    parser.add_argument(
        "--output", nargs="?", type=Path, const=RESULTS / f"{datetime.date.today()}-{kind}.md",
        help="also write the tables to this file, and the plot beside it (benchmarks/results/ without a name)",
    )  # fmt: skip
    return parser


def run(
    options: argparse.Namespace,
    parser: argparse.ArgumentParser,
    workloads: Mapping[str, Workload],
    device: str = "cpu",
    frameworks: tuple[str, ...] | None = None,
) -> list[Result]:
    """Measure what the options choose; print each result when it is there, then all tables."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # stopped workers must not be left behind
    chosen = _chosen(options.workloads, workloads, parser)
    rounds = options.rounds or (3 if options.quick else 11)
    settings = Settings(rounds, options.threads, 0.02 if options.quick else 0.06, device)
    about, results = machine(settings), []
    for i, workload in enumerate(chosen):
        names = [
            n for n in frameworks or workload.frameworks if not options.frameworks or n in options.frameworks
        ]
        if not names:
            continue
        result = measure(workload, tuple(names), settings)
        results.append(result)
        figures = ", ".join(
            f"{n} {result.median(n) * 1e6:.4g}" for n in sorted(result.seconds, key=result.median)
        )
        print(
            f"[{i + 1}/{len(chosen)}] {workload.name}: {figures} µs",
            *result.mismatches(),
            sep="\n  ",
            flush=True,
        )
    text = f"{about}\n{tables(results)}"
    print("\n" + text)
    if options.output is not None:
        _write(options.output, text, results)
    return results


def _chosen(
    names: list[str], workloads: Mapping[str, Workload], parser: argparse.ArgumentParser
) -> list[Workload]:
    for name in names:
        if not any(key.startswith(name) for key in workloads):
            parser.error(f"no workload begins with {name!r}; there are {', '.join(workloads)}")
    exact = [name for name in names if name in workloads]
    loose = tuple(name for name in names if name not in workloads)
    return [
        w for key, w in workloads.items() if not names or key in exact or (loose and key.startswith(loose))
    ]


def _write(path: Path, text: str, results: list[Result]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = path.with_suffix(".png")
    try:
        plot(results, picture)
    except ImportError as error:
        print(f"no plot: {error}")
    shown = f"\n![nnx beside its peers]({picture.name})\n" if picture.exists() else ""
    path.write_text(f"# {path.stem}\n\n{text}{shown}", encoding="utf-8")
    print(f"written to {path}")
