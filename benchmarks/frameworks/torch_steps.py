"""PyTorch: eager with fused Adam, and its variants ``unfused``, ``compile`` and ``reduce_overhead``."""

from __future__ import annotations

import shutil
from typing import Any

import torch

from ..workload import Absent, Job, MeanSquare, Net

MODES = {"compile": "default", "reduce_overhead": "reduce-overhead"}


def job(net: Net, device: str, variant: str) -> Job:
    """A training step or a forward pass."""
    if variant == "unfused" and not net.training:
        raise Absent("no optimizer here")
    if variant in MODES and not any(map(shutil.which, ("c++", "g++", "clang++", "cl"))):
        raise Absent("torch.compile needs a C++ compiler, and none is on the path")
    torch.backends.cudnn.allow_tf32 = False  # the same precision for everybody
    model = net.torch()
    state = {**net.weights(), **net.buffers()}
    model.load_state_dict({key: torch.tensor(a) for key, a in state.items()})
    model.to(device)
    data = [torch.tensor(a, device=device) for a in net.data()]
    finish = torch.cuda.synchronize if device == "cuda" else lambda: None
    memory = torch.cuda.max_memory_reserved if device == "cuda" else None
    if not net.training:
        return Job(_forward(model.eval(), data[0], variant), finish, memory=memory)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-5, fused=True if variant != "unfused" else None)

    def compute(*data: Any) -> Any:
        return net.torch_loss(model, *data)

    loss_of = torch.compile(compute, mode=MODES[variant]) if variant in MODES else compute

    def step() -> Any:
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(*data)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return Job(step, finish, memory=memory)


def _forward(model: Any, x: Any, variant: str) -> Any:
    run = torch.compile(model, mode=MODES[variant]) if variant in MODES else model

    @torch.inference_mode()
    def step() -> Any:
        return MeanSquare(run(x), lambda out: out.cpu().numpy())

    return step
