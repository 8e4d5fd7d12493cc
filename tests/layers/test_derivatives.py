"""Derivatives of whole networks: nested, checkpointed, frozen, on every library, against PyTorch."""

from typing import Any

import numpy as np
import pytest

import nnx

X = np.random.default_rng(0).standard_normal((5, 2))


def pair(lib: Any, torch: Any) -> tuple[Any, Any]:
    theirs = torch.nn.Sequential(torch.nn.Linear(2, 6), torch.nn.Tanh(), torch.nn.Linear(6, 1)).double()
    ours = nnx.Sequential(nnx.Linear(2, 6), nnx.Tanh(), nnx.Linear(6, 1)).astype("float64")
    ours.load_state_dict({name: lib.asarray(t.detach().numpy()) for name, t in theirs.state_dict().items()})
    return ours, theirs


def total(x: Any) -> Any:
    return nnx.array_namespace(x).sum(x)


def test_a_derivative_inside_the_loss(lib: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    ours, theirs = pair(lib, torch)

    def residual(model: Any, x: Any) -> Any:
        slope = nnx.grad(lambda x: total(model(x)))(x)
        curved = nnx.grad(lambda x: total(nnx.grad(lambda x: total(model(x)))(x) ** 2))(x)
        return total(slope**3) + total(curved * slope)

    gradients = nnx.grad(residual)(ours, lib.asarray(X))
    x = torch.tensor(X, requires_grad=True)
    (slope,) = torch.autograd.grad(theirs(x).sum(), x, create_graph=True)
    (curved,) = torch.autograd.grad((slope**2).sum(), x, create_graph=True)
    ((slope**3).sum() + (curved * slope).sum()).backward()
    for name, t in theirs.named_parameters():
        expected = np.zeros(t.shape) if t.grad is None else t.grad.numpy()
        lib.assert_close(gradients[name], expected, rtol=1e-9, atol=1e-12)


def test_a_checkpointed_part_draws_the_same_mask_again(lib: Any) -> None:
    model = nnx.Sequential(
        nnx.Linear(2, 8), nnx.Dropout(0.5, generator=nnx.random.Generator(1)), nnx.Linear(8, 1)
    )
    x, start = lib.asarray(X, "float32"), model[1].generator.state

    def plain(model: Any, x: Any) -> Any:
        return total(model(x))

    def kept(model: Any, x: Any) -> Any:
        return total(model[2](nnx.checkpoint(lambda x: model[1](model[0](x)))(x)))

    expected = nnx.grad(plain)(model, x)
    model[1].generator.state = start
    for name, g in nnx.grad(kept)(model, x).items():
        lib.assert_close(g, lib.to_numpy(expected[name]), rtol=1e-6)


def test_losses_are_the_same_on_every_library(lib: Any) -> None:
    """To rounding: matrix products and reductions add in an order that is the library's own."""

    def run() -> list[float]:
        nnx.random.seed(5)
        model = nnx.Sequential(nnx.Linear(6, 16), nnx.ReLU(), nnx.Dropout(0.3), nnx.Linear(16, 3))
        optimizer = nnx.optim.Adam(model, learning_rate=0.01)
        x = nnx.init.normal((20, 6))
        y = nnx.random.default_generator().integers(0, 3, (20,))
        step = nnx.value_and_grad(lambda model, x, y: nnx.losses.cross_entropy(model(x), y))
        losses = []
        for _ in range(10):
            loss, gradients = step(model, x, y)
            optimizer.update(gradients)
            losses.append(float(loss))
        return losses

    losses = run()
    with nnx.using("numpy"):
        np.testing.assert_allclose(losses, run(), rtol=1e-5)
