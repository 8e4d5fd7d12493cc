"""Frameworks in turns: each in its own process with the same number of threads, round by round.

A round asks every framework for one timed block while the others' processes are stopped, so that a machine that slows
down slows all of them and no idle pool spins; figures are medians over rounds, ratios medians of those within rounds.
The losses of the first and the tenth step are compared, so that nobody does less.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .workload import Absent, Job, Workload

__all__ = ["PINS", "Result", "measure", "serve"]

THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)
PINS = (  # they hold one library to less than it can do, and not the others
    "OPENBLAS_CORETYPE",
    "OPENBLAS_L2_SIZE",
    "MKL_DEBUG_CPU_TYPE",
    "MKL_ENABLE_INSTRUCTIONS",
    "MKL_CBWR",
    "ONEDNN_MAX_CPU_ISA",
    "DNNL_MAX_CPU_ISA",
    "ATEN_CPU_CAPABILITY",
    "NPY_DISABLE_CPU_FEATURES",
    "PYTHONDONTWRITEBYTECODE",  # pip has compiled the others
)
FIRST, CHANGE = 1e-5, 1e-2  # by how much the first losses may differ, and what nine steps take off them


@dataclass
class Result:
    """Seconds per unit of work of each framework by round, and why those that are absent are."""

    workload: Workload
    seconds: dict[str, list[float]] = field(default_factory=dict)
    losses: dict[str, tuple[float, float]] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)

    def median(self, framework: str) -> float:
        """The median over rounds."""
        return statistics.median(self.seconds[framework])

    def ratio(self, framework: str, peer: str) -> float | None:
        """The median of the ratios within rounds; None where either is absent."""
        if framework not in self.seconds or peer not in self.seconds:
            return None
        pairs = zip(self.seconds[framework], self.seconds[peer], strict=True)
        return statistics.median(a / b for a, b in pairs)

    def best(self, peers: tuple[str, ...]) -> str | None:
        """The fastest of these that is there."""
        return min((p for p in peers if p in self.seconds), key=self.median, default=None)

    def mismatches(self) -> list[str]:
        """Frameworks whose losses are not those of PyTorch, or of the first that is there."""
        if not self.workload.compared or not self.losses:
            return []
        reference = "torch" if "torch" in self.losses else next(iter(self.losses))
        wanted = self.losses[reference]
        return [
            f"{name} has losses {got[0]:.6g}, {got[1]:.6g} where {reference} has {wanted[0]:.6g}, {wanted[1]:.6g}"
            for name, got in self.losses.items()
            if not _alike(got, wanted)
        ]


def _alike(got: tuple[float, float], wanted: tuple[float, float]) -> bool:
    """Whether the first and the tenth loss show the same work: the same network, the same steps down."""
    change = wanted[1] - wanted[0]
    first = abs(got[0] - wanted[0]) <= FIRST * (abs(wanted[0]) + 1e-6)
    return first and abs(got[1] - got[0] - change) <= CHANGE * abs(change)


@dataclass(frozen=True)
class Settings:
    """How to measure."""

    rounds: int = 11
    threads: int = 2
    block: float = 0.06
    device: str = "cpu"


def measure(workload: Workload, frameworks: tuple[str, ...], settings: Settings) -> Result:
    """Run one workload on these frameworks, taking turns."""
    result = Result(workload)
    workers: dict[str, subprocess.Popen[str]] = {}
    try:
        for framework in frameworks:  # they get ready at the same time
            workers[framework] = _start(workload.name, framework, settings)
        for framework, worker in list(workers.items()):
            _note_ready(result, workers, framework, _ask(worker, None))
        for worker in workers.values():
            worker.send_signal(signal.SIGSTOP)
        for _ in range(min(settings.rounds, workload.most_rounds)):
            for framework, worker in list(workers.items()):
                _note_block(result, workers, framework, _turn(worker))
    finally:
        for worker in workers.values():
            worker.kill()
            worker.wait()
    return result


def _start(workload: str, framework: str, settings: Settings) -> subprocess.Popen[str]:
    environment = {k: v for k, v in os.environ.items() if k not in PINS}
    environment |= dict.fromkeys(THREADS, str(settings.threads))
    environment["TORCHINDUCTOR_COMPILE_THREADS"] = "1"  # no pool of compilers that stays
    environment["NNX_NUMBA"] = "always" if framework.endswith("numba") else "never"
    if settings.device == "cpu":
        environment["JAX_PLATFORMS"] = "cpu"
    else:
        environment["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"  # all of them share one GPU
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.turns", workload, framework, settings.device, str(settings.block)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment,
    )  # fmt: skip


def _note_ready(result: Result, workers: dict[str, Any], framework: str, answer: dict[str, Any]) -> None:
    if "absent" in answer:
        result.absent[framework] = answer["absent"]
        worker = workers.pop(framework)
        worker.kill()
        worker.wait()
        return
    result.seconds[framework] = []
    if answer["losses"] is not None:
        result.losses[framework] = tuple(answer["losses"])


def _note_block(result: Result, workers: dict[str, Any], framework: str, answer: dict[str, Any]) -> None:
    if "absent" in answer:  # it failed on the way: its figures go
        result.seconds.pop(framework)
        _note_ready(result, workers, framework, answer)
        return
    result.seconds[framework].append(answer["seconds"])
    result.memory[framework] = answer["memory"]


def _turn(worker: subprocess.Popen[str]) -> dict[str, Any]:
    worker.send_signal(signal.SIGCONT)
    answer = _ask(worker, "block")
    worker.send_signal(signal.SIGSTOP)
    return answer


def _ask(worker: subprocess.Popen[str], request: str | None) -> dict[str, Any]:
    assert worker.stdin is not None
    assert worker.stdout is not None
    if request is not None:
        worker.stdin.write(request + "\n")
        worker.stdin.flush()
    line = worker.stdout.readline()
    return json.loads(line) if line else {"absent": f"the process ended with {worker.wait()}"}


# the worker ------------------------------------------------------------------------------------------------------


def serve(workload: str, framework: str, device: str, block: float) -> None:
    """The worker: build, warm up, say the losses, then time a block whenever asked."""
    from .workloads import find

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a framework prints must not be taken for an answer

    def say(**answer: Any) -> None:
        print(json.dumps(answer), file=answers, flush=True)

    try:
        job = find(workload).job(framework, device)
        losses = _warm(job) if job.timed is None else None
        count = _calibrate(job, block) if job.timed is None else 1
        say(losses=losses)
        for _ in sys.stdin:
            say(seconds=_block(job, count), memory=(job.memory or _peak_memory)())
    except (Absent, ImportError) as error:
        say(absent=str(error))
    except Exception as error:
        say(absent=f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}")


def _warm(job: Job) -> list[float] | None:
    """The losses of the first and the tenth step: by then every framework has done the same work."""
    first = _number(job.step)
    for _ in range(8):
        job.step()
    tenth = _number(job.step)
    return None if first is None or tenth is None else [first, tenth]


def _number(step: Callable[[], Any]) -> float | None:
    loss = step()
    return None if loss is None else float(loss)


def _calibrate(job: Job, block: float) -> int:
    """How many steps fill a block."""
    job.finish()
    start = time.perf_counter()
    for _ in range(3):
        job.step()
    job.finish()
    return max(1, int(3 * block / max(time.perf_counter() - start, 1e-7)))


def _block(job: Job, count: int) -> float:
    if job.timed is not None:
        return job.timed()
    step = job.step
    step()  # wakes the threads
    job.finish()
    start = time.perf_counter()
    for _ in range(count):
        step()
    job.finish()
    return (time.perf_counter() - start) / count / job.units


def _peak_memory() -> float:
    """Peak resident bytes of this process; the kernel's own figure, for getrusage's begins with the parent's."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024.0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1.0 if sys.platform == "darwin" else 1024.0)


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4]))
