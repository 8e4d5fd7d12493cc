"""JAX under jit, forward, backward and a hand-written Adam in one compiled step with donated buffers."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import jax
import jax.numpy as jnp

from ..workload import Job, MeanSquare, Net

Arrays = dict[str, Any]


def job(net: Net, device: str, variant: str) -> Job:
    """A training step or a forward pass."""
    jax.config.update("jax_default_matmul_precision", "highest")  # the same precision for everybody
    place = jax.devices("gpu" if device == "cuda" else "cpu")[0]
    with jax.default_device(place):
        arrays = {key: jnp.array(a) for key, a in net.weights().items()}
        buffers = {key: jnp.array(a) for key, a in net.buffers().items()}
        data = [jnp.array(a) for a in net.data()]
    made = _training(net, arrays, buffers, data) if net.training else _forward(net, arrays | buffers, data[0])
    if device == "cpu":
        return made
    return replace(made, memory=lambda: float((place.memory_stats() or {}).get("peak_bytes_in_use", 0)))


def _training(net: Net, parameters: Arrays, buffers: Arrays, data: list[Any]) -> Job:
    def loss_of(parameters: Arrays, buffers: Arrays, *data: Any) -> tuple[Any, Arrays]:
        state = {**parameters, **buffers}
        loss = net.jax_loss(state, *data)
        return loss, {key: state[key] for key in buffers}

    def compute(everything: Any, *data: Any) -> tuple[Any, Any]:
        parameters, buffers, m, v, t = everything
        (loss, buffers), grads = jax.value_and_grad(loss_of, has_aux=True)(parameters, buffers, *data)
        return loss, (*_adam(parameters, grads, m, v, t + 1, buffers), t + 1)

    compiled = jax.jit(compute, donate_argnums=0)
    zeros = {key: jnp.zeros_like(p) for key, p in parameters.items()}
    state: list[Any] = [(parameters, buffers, zeros, {k: jnp.zeros_like(p) for k, p in zeros.items()}, 0)]

    def step() -> Any:
        loss, state[0] = compiled(state[0], *data)
        return loss

    return Job(step, lambda: jax.block_until_ready(state[0]))


def _adam(p: Arrays, g: Arrays, m: Arrays, v: Arrays, t: Any, buffers: Arrays) -> tuple[Arrays, ...]:
    m = {k: 0.9 * m[k] + 0.1 * g[k] for k in p}
    v = {k: 0.999 * v[k] + 0.001 * g[k] * g[k] for k in p}
    rate, root = 1e-5 / (1 - 0.9**t), (1 - 0.999**t) ** 0.5
    new = {k: p[k] - rate * m[k] / (jnp.sqrt(v[k]) / root + 1e-8) for k in p}
    return new, buffers, m, v


def _forward(net: Net, state: Arrays, x: Any) -> Job:
    compiled = jax.jit(lambda state, x: net.jax(dict(state), x))
    last: list[Any] = [None]

    def step() -> Any:
        last[0] = compiled(state, x)
        return MeanSquare(last[0])

    return Job(step, lambda: jax.block_until_ready(last[0]))
