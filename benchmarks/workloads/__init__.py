"""The workloads by name, in the order of the tables. A new one is one entry in the list of its family."""

from __future__ import annotations

from ..workload import Workload
from . import digits, embedding, images, mlp, pinn, recurrent, small_operation, startup, transformer

__all__ = ["CPU", "GPU", "find"]

FAMILIES = (mlp, images, transformer, recurrent, embedding, pinn)
_cpu: list[Workload] = [w for family in FAMILIES for w in family.WORKLOADS]
_cpu += [w for family in (mlp, images) for w in family.inference()]
_cpu += [*small_operation.WORKLOADS, *startup.WORKLOADS, *digits.WORKLOADS]
_gpu: list[Workload] = [w for family in FAMILIES for w in getattr(family, "GPU", ())]

CPU = {w.name: w for w in _cpu}
GPU = {w.name: w for w in _gpu}


def find(name: str) -> Workload:
    """The workload of this name, of either suite."""
    return CPU[name] if name in CPU else GPU[name]
