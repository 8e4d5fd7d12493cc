"""What it takes to begin, each time in a fresh process: the import, and everything up to the end of the first step."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass

from ..workload import Job, Workload

FRAMEWORKS = ("nnx", "torch", "jax", "floor")
MODULES = {"floor": "numpy"}
NET = "mlp-64-128-10"
IMPORT = "import {module}"
FIRST = "from benchmarks.workloads import find; job = find({net!r}).job({framework!r}, 'cpu'); job.step(); job.finish()"


@dataclass(frozen=True, kw_only=True)
class Startup(Workload):
    """Seconds that one line of Python takes in a new interpreter."""

    line: str

    def job(self, framework: str, device: str) -> Job:
        module = MODULES.get(framework, framework)
        line = self.line.format(module=module, framework=framework, net=NET)
        code = f"import time; start = time.perf_counter(); {line}; print(time.perf_counter() - start)"

        def timed() -> float:
            done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
            if done.returncode:
                raise ImportError(done.stderr.strip().rpartition("\n")[2])
            return float(done.stdout.split()[-1])

        timed()  # so that files are in the cache and compiled to bytecode
        return Job(lambda: None, timed=timed)


WORKLOADS = [
    Startup(
        name="import", title="import in a fresh process (floor: NumPy's)", group="single",
        frameworks=FRAMEWORKS, line=IMPORT, compared=False, most_rounds=5, seconds=0.04,
    ),
    Startup(
        name="first-step", title=f"a fresh process up to the end of the first step of {NET}", group="single",
        frameworks=FRAMEWORKS, line=FIRST, compared=False, most_rounds=5, seconds=0.25,
    ),
]  # fmt: skip
