"""Frameworks in turns: each in its own process with the same number of threads, round by round.

A round asks every framework for one timed block, so that a machine that slows down slows all of them; figures are
medians over rounds and ratios within rounds. The losses of all frameworks are compared, so that nobody does less.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

__all__ = ["Result", "measure", "serve"]

BLOCK_SECONDS = 0.1


@dataclass
class Result:
    """Seconds per unit of work of each framework by round, and why those that are absent are."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    losses: dict[str, float] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)

    def median(self, framework: str) -> float:
        """The median over rounds."""
        return statistics.median(self.seconds[framework])

    def ratio(self, framework: str, peer: str) -> float:
        """The median of the ratios within rounds."""
        pairs = zip(self.seconds[framework], self.seconds[peer], strict=True)
        return statistics.median(a / b for a, b in pairs)


def measure(workload: str, frameworks: tuple[str, ...], rounds: int, threads: int = 2) -> Result:
    """Run one workload of ``benchmarks.workloads`` on every framework, taking turns."""
    result = Result()
    workers: dict[str, subprocess.Popen[str]] = {}
    environment = dict(os.environ)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        environment[name] = str(threads)
    try:
        for framework in frameworks:
            worker = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.turns", workload, framework],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
            )  # fmt: skip
            answer = _ask(worker, None)
            if "absent" in answer:
                result.absent[framework] = answer["absent"]
                worker.wait()
                continue
            workers[framework] = worker
            result.losses[framework] = answer["loss"]
            result.seconds[framework] = []
        for _ in range(rounds):
            for framework, worker in workers.items():
                result.seconds[framework].append(_ask(worker, "block")["seconds"])
    finally:
        for worker in workers.values():
            worker.kill()
            worker.wait()
    return result


def _ask(worker: subprocess.Popen[str], request: str | None) -> dict[str, Any]:
    assert worker.stdin is not None
    assert worker.stdout is not None
    if request is not None:
        worker.stdin.write(request + "\n")
        worker.stdin.flush()
    line = worker.stdout.readline()
    return json.loads(line) if line else {"absent": f"the process ended with {worker.wait()}"}


def serve(workload: str, framework: str) -> None:
    """The worker: build, warm up, say the loss, then time a block whenever asked."""
    module = import_module(f"benchmarks.workloads.{workload}")
    if not hasattr(module, framework):
        print(json.dumps({"absent": "it has no version of this workload"}), flush=True)
        return
    try:
        step, units = getattr(module, framework)()
    except ImportError as error:
        print(json.dumps({"absent": str(error)}), flush=True)
        return
    loss = _warm(step)
    count = _calibrate(step)
    print(json.dumps({"loss": loss}), flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        for _ in range(count):
            step()
        print(json.dumps({"seconds": (time.perf_counter() - start) / count / units}), flush=True)


def _warm(step: Callable[[], Any]) -> float:
    """The loss of the tenth step: by then every framework has done the same work."""
    loss = None
    for _ in range(10):
        loss = step()
    return float(loss)  # type: ignore[arg-type]


def _calibrate(step: Callable[[], Any]) -> int:
    start = time.perf_counter()
    step()
    return max(1, int(BLOCK_SECONDS / max(time.perf_counter() - start, 1e-7)))


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2])
