"""nnx on NumPy or CuPy."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import nnx

from ..workload import Absent, Job, MeanSquare, Net


def job(net: Net, device: str, variant: str) -> Job:
    """A training step or a forward pass."""
    if "numba" in variant and (not net.training or find_spec("numba") is None):
        raise Absent("Numba has no part in inference" if not net.training else "Numba is not installed")
    captured = nnx.compile if variant.startswith("compile") else lambda f: f
    nnx.use("cupy" if device == "cuda" else "numpy")
    place = nnx.backend()
    model = net.nnx()
    model.load_state_dict({**net.weights(), **net.buffers()})
    data = [place.from_host(a) for a in net.data()]
    memory = _device_memory if device == "cuda" else None
    if not net.training:
        model.eval()
        (x,) = data
        predict = captured(lambda x: model(x))
        return Job(lambda: MeanSquare(predict(x), nnx.to_numpy), place.synchronize, memory=memory)
    optimizer = nnx.optim.Adam(model, learning_rate=1e-5)
    loss_and_grad = nnx.value_and_grad(net.nnx_loss)

    @captured
    def step(*data: Any) -> Any:
        loss, grads = loss_and_grad(model, *data)
        optimizer.update(grads)
        return loss

    return Job(lambda: step(*data), place.synchronize, memory=memory)


def _device_memory() -> float:
    import cupy

    return float(cupy.get_default_memory_pool().total_bytes())
