"""What the networks are made of, in JAX by hand; ``state`` has arrays by PyTorch's keys."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

State = dict[str, Any]
ACTIVATIONS = {"ReLU": jax.nn.relu, "Tanh": jnp.tanh}


def cross_entropy(logits: Any, classes: Any) -> Any:
    """The mean over the batch."""
    picked = jnp.take_along_axis(logits, classes[:, None], axis=1)[:, 0]
    return jnp.mean(jax.nn.logsumexp(logits, axis=1) - picked)


def linear(state: State, name: str, x: Any) -> Any:
    """x Wᵀ + b."""
    return x @ state[name + ".weight"].T + state[name + ".bias"]


def conv(state: State, name: str, x: Any, padding: int = 0) -> Any:
    """A convolution of stride 1, channels first."""
    y = jax.lax.conv_general_dilated(x, state[name + ".weight"], (1, 1), [(padding, padding)] * 2)
    return y + state[name + ".bias"][:, None, None]


def max_pool(x: Any) -> Any:
    """Windows of 2 × 2."""
    return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")


def batch_norm(state: State, name: str, x: Any, training: bool) -> Any:
    """Over batch and positions; in training the running statistics move by a tenth."""
    keys = name + ".running_mean", name + ".running_var"
    if training:
        mean, var, n = x.mean((0, 2, 3)), x.var((0, 2, 3)), x.size // x.shape[1]
        for key, new in zip(keys, (mean, var * (n / (n - 1))), strict=True):
            state[key] = 0.9 * state[key] + 0.1 * new
        state[name + ".num_batches_tracked"] += 1
    else:
        mean, var = (state[key] for key in keys)
    scale = state[name + ".weight"] / jnp.sqrt(var + 1e-5)
    shift = state[name + ".bias"] - mean * scale
    return x * scale[:, None, None] + shift[:, None, None]


def layer_norm(state: State, name: str, x: Any) -> Any:
    """Over the last axis."""
    z = x - x.mean(-1, keepdims=True)
    z = z / jnp.sqrt((z * z).mean(-1, keepdims=True) + 1e-5)
    return z * state[name + ".weight"] + state[name + ".bias"]


def self_attention(state: State, name: str, x: Any, heads: int) -> Any:
    """Multi-head, with PyTorch's packed projections."""
    b, length, d = x.shape
    qkv = x @ state[name + ".in_proj_weight"].T + state[name + ".in_proj_bias"]
    q, k, v = jnp.moveaxis(qkv.reshape(b, length, 3, heads, d // heads), (2, 3), (0, 2))
    weights = jax.nn.softmax(q @ k.mT * (d // heads) ** -0.5, axis=-1)
    mixed = jnp.moveaxis(weights @ v, 1, 2).reshape(b, length, d)
    return linear(state, name + ".out_proj", mixed)


def lstm(state: State, name: str, x: Any) -> Any:
    """The hidden states of one layer, batch first; gates in PyTorch's order."""
    w, u = state[name + ".weight_ih_l0"], state[name + ".weight_hh_l0"]
    gates = jnp.moveaxis(x @ w.T + (state[name + ".bias_ih_l0"] + state[name + ".bias_hh_l0"]), 1, 0)

    def step(carried: Any, z: Any) -> Any:
        h, c = carried
        i, f, g, o = jnp.split(z + h @ u.T, 4, axis=1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    zeros = jnp.zeros((x.shape[0], u.shape[1]), x.dtype)
    return jnp.moveaxis(jax.lax.scan(step, (zeros, zeros), gates)[1], 0, 1)
