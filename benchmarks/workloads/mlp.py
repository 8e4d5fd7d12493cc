"""One training step of a 64-128-10 network at batch 32, float32: forward, cross-entropy, backward, Adam."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

SIZES, BATCH = (64, 128, 10), 32
Step = tuple[Callable[[], Any], int]


def _data() -> tuple[Any, Any, list[tuple[Any, Any]]]:
    random = np.random.default_rng(0)
    x = random.standard_normal((BATCH, SIZES[0]), dtype=np.float32)
    y = random.integers(0, SIZES[-1], BATCH)
    weights = [
        (random.uniform(-1, 1, (n, m)).astype(np.float32) / m**0.5, np.zeros(n, np.float32))
        for m, n in zip(SIZES, SIZES[1:], strict=False)
    ]
    return x, y, weights


def nnx() -> Step:
    import nnx as library

    x, y, weights = _data()
    model = library.Sequential(library.Linear(*SIZES[:2]), library.ReLU(), library.Linear(*SIZES[1:]))
    model.load_state_dict(
        {
            f"{2 * i}.{name}": a
            for i, pair in enumerate(weights)
            for name, a in zip(("weight", "bias"), pair, strict=True)
        }
    )
    optimizer = library.optim.Adam(model, learning_rate=1e-3)

    @library.value_and_grad
    def loss_and_grad(model: Any, x: Any, y: Any) -> Any:
        return library.losses.cross_entropy(model(x), y)

    def step() -> Any:
        loss, grads = loss_and_grad(model, x, y)
        optimizer.update(grads)
        return loss

    return step, 1


def torch() -> Step:
    """PyTorch as it comes."""
    return _torch(fused=False)


def torch_fused() -> Step:
    """PyTorch with its fused Adam."""
    return _torch(fused=True)


def _torch(fused: bool) -> Step:
    import torch as library

    x, y, weights = _data()
    model = library.nn.Sequential(
        library.nn.Linear(*SIZES[:2]), library.nn.ReLU(), library.nn.Linear(*SIZES[1:])
    )
    with library.no_grad():
        for i, (weight, bias) in enumerate(weights):
            model[2 * i].weight.copy_(library.tensor(weight))
            model[2 * i].bias.copy_(library.tensor(bias))
    optimizer = library.optim.Adam(model.parameters(), lr=1e-3, fused=fused or None)
    inputs, targets = library.tensor(x), library.tensor(y)

    def step() -> Any:
        optimizer.zero_grad(set_to_none=True)
        loss = library.nn.functional.cross_entropy(model(inputs), targets)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step, 1


def autograd() -> Step:
    import autograd.numpy as anp
    from autograd import value_and_grad

    x, y, weights = _data()
    rows = np.arange(BATCH)

    def loss(weights: Any) -> Any:
        (w, b), (v, c) = weights
        z = anp.dot(anp.maximum(anp.dot(x, w.T) + b, 0), v.T) + c
        top = anp.max(z, axis=1, keepdims=True)
        return anp.mean(anp.log(anp.sum(anp.exp(z - top), axis=1)) + top[:, 0] - z[rows, y])

    both, adam = value_and_grad(loss), _Adam([a for pair in weights for a in pair])

    def step() -> Any:
        value, grads = both(weights)
        adam([g for pair in grads for g in pair])
        return value

    return step, 1


def mygrad() -> Step:
    import mygrad as library
    from mygrad.nnet.losses import softmax_crossentropy

    x, y, weights = _data()
    tensors = [library.tensor(a) for pair in weights for a in pair]
    adam = _Adam([t.data for t in tensors])

    def step() -> Any:
        w, b, v, c = tensors
        hidden = library.maximum(library.matmul(x, w.T) + b, 0)
        loss = softmax_crossentropy(library.matmul(hidden, v.T) + c, y)
        loss.backward()
        grads = [t.grad for t in tensors]
        for t in tensors:  # mygrad locks what a graph uses; release before writing
            t.data.flags.writeable = True
        adam(grads)
        return loss.item()

    return step, 1


def numpy() -> Step:
    """By hand: the floor."""
    x, y, weights = _data()
    (w, b), (v, c) = weights
    rows, adam = np.arange(BATCH), _Adam([w, b, v, c])

    def step() -> Any:
        z = x @ w.T
        z += b
        hidden = np.maximum(z, np.float32(0))
        p = hidden @ v.T
        p += c
        p -= p.max(axis=1, keepdims=True)
        picked = p[rows, y]
        np.exp(p, out=p)
        total = p.sum(axis=1, keepdims=True)
        loss = float((np.log(total[:, 0]) - picked).mean())
        p /= total
        p[rows, y] -= 1
        p *= np.float32(1 / BATCH)
        g = p @ v
        g *= hidden > 0
        adam([g.T @ x, g.sum(axis=0), p.T @ hidden, p.sum(axis=0)])
        return loss

    return step, 1


class _Adam:
    """Adam by hand, in place over one buffer."""

    def __init__(self, parameters: list[Any]) -> None:
        self.parameters, self.t = parameters, 0
        size = sum(p.size for p in parameters)
        self.m, self.v = np.zeros(size, np.float32), np.zeros(size, np.float32)
        self.g, self.s = np.empty(size, np.float32), np.empty(size, np.float32)

    def __call__(self, grads: list[Any]) -> None:
        self.t += 1
        g, s, m, v = self.g, self.s, self.m, self.v
        np.concatenate([x.reshape(-1) for x in grads], out=g)
        m *= np.float32(0.9)
        np.multiply(g, np.float32(0.1), out=s)
        m += s
        v *= np.float32(0.999)
        np.multiply(g, g, out=s)
        s *= np.float32(0.001)
        v += s
        np.sqrt(v, out=s)
        s *= np.float32((1 - 0.999**self.t) ** -0.5)
        s += np.float32(1e-8)
        np.divide(m, s, out=s)
        s *= np.float32(1e-3 / (1 - 0.9**self.t))
        at = 0
        for p in self.parameters:
            p -= s[at : at + p.size].reshape(p.shape)
            at += p.size
