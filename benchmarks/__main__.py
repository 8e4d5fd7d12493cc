"""Run the benchmarks and print a table: ``python -m benchmarks [WORKLOAD ...] [--rounds N] [--output FILE]``.

Needs the dependency group ``benchmarks``; a framework that is not installed is left out, with the reason.
"""

from __future__ import annotations

import argparse
import datetime
import os
import pathlib
import platform
from importlib.metadata import PackageNotFoundError, version

from .turns import Result, measure

FRAMEWORKS = ("nnx", "torch", "torch_fused", "autograd", "mygrad", "numpy")
WORKLOADS = {
    "small_operation": "one small operation, recorded and pulled back (chain of sin and multiply, 10 float64)",
    "mlp": "a training step of 64-128-10 at batch 32, float32, with Adam",
}


def main() -> None:
    """Parse the arguments, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "workloads", nargs="*", default=[], help=f"which of {', '.join(WORKLOADS)}; all by default"
    )
    parser.add_argument("--rounds", type=int, default=15, help="how many turns each framework gets")
    parser.add_argument("--threads", type=int, default=2, help="threads of each framework")
    parser.add_argument("--output", type=pathlib.Path, help="also write the tables to this file")
    options = parser.parse_args()
    unknown = set(options.workloads) - set(WORKLOADS)
    if unknown:
        parser.error(f"unknown workload {', '.join(sorted(unknown))}; there are {', '.join(WORKLOADS)}")
    parts = [_machine(options.threads)]
    for workload in options.workloads or WORKLOADS:
        parts.append(table(workload, measure(workload, FRAMEWORKS, options.rounds, options.threads)))
        print(parts[-1] if len(parts) > 2 else "\n".join(parts), flush=True)
    if options.output is not None:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text("\n".join(parts), encoding="utf-8")


def _machine(threads: int) -> str:
    packages = []
    for name in ("numpy", "torch", "autograd", "mygrad"):
        try:
            packages.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return (
        f"{datetime.date.today()}, Python {platform.python_version()}, {platform.machine()}, "
        f"{os.cpu_count()} cores, {threads} threads each; {', '.join(packages)}\n"
    )


def table(workload: str, result: Result) -> str:
    """The figures of one workload as Markdown."""
    lines = [
        f"### {workload}: {WORKLOADS[workload]}\n",
        "| framework | µs | of PyTorch's | of NumPy by hand | loss |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for framework in sorted(result.seconds, key=result.median):
        shares = [
            f"{result.ratio(framework, peer):.2f}" if peer in result.seconds else "–"
            for peer in ("torch", "numpy")
        ]
        lines.append(
            f"| {framework} | {result.median(framework) * 1e6:.2f} | {shares[0]} | {shares[1]} "
            f"| {result.losses[framework]:.6g} |"
        )
    lines.extend(f"\nwithout {name}: {reason}" for name, reason in result.absent.items())
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
