"""What a workload is: a network told once, with weights by PyTorch's keys and data from a seed, for every framework.

``Net`` is what networks share: a subclass gives the shapes of its weights, its data, the model in each framework, and
the matrix products (or bytes) that nobody gets round. How a step is made of that is the frameworks' part.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

__all__ = ["Absent", "Job", "MeanSquare", "Net", "Product", "Workload", "linear_products"]

Shapes = dict[str, tuple[int, ...]]
FRAMEWORKS = (
    "nnx", "nnx_numba", "nnx_compile", "nnx_compile_numba", "torch", "torch_unfused", "torch_compile", "jax",
    "floor",
)  # fmt: skip


class Absent(Exception):
    """A framework does not have this workload; the text is the reason."""


@dataclass(frozen=True)
class Job:
    """What a worker runs: a step that returns its loss, and how to wait until everything asked for is done.

    ``timed``, where there is one, does a whole measurement by itself and returns seconds; ``memory`` says how many
    bytes a device had to have, by default those of the process count.
    """

    step: Callable[[], Any]
    finish: Callable[[], Any] = lambda: None
    units: int = 1
    timed: Callable[[], float] | None = None
    memory: Callable[[], float] | None = None


@dataclass(frozen=True)
class MeanSquare:
    """A figure to compare outputs by, computed only when it is asked for as a number."""

    out: Any
    host: Callable[[Any], np.ndarray] = np.asarray

    def __float__(self) -> float:
        return float((self.host(self.out) ** 2).mean())


@dataclass(frozen=True)
class Product:
    """A matrix product (m, k) @ (k, n), ``count`` of them at once; which operand lies transposed in memory."""

    m: int
    k: int
    n: int
    transposed: str = ""
    count: int = 1


@dataclass(frozen=True, kw_only=True)
class Workload:
    """A row of the tables.

    nnx is held to a share ``at_most`` of the time of ``reference``, to ``of_floor`` times the floor's, to ``seconds``.
    """

    name: str
    title: str = ""
    group: str = "training"
    at_most: float | None = None
    of_floor: float | None = None
    seconds: float | None = None
    reference: str = "torch"
    frameworks: tuple[str, ...] = FRAMEWORKS
    compared: bool = True
    most_rounds: int = 1000  # for what takes long and varies little

    def job(self, framework: str, device: str) -> Job:
        """The work of one framework; ImportError or Absent where it has none."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Net(Workload):
    """A network, trained by Adam at 1e-5 or run forward; float32.

    At a rate of 1e-3 the largest has learnt its one batch by heart after 30 steps: most probabilities are too small for
    normal numbers then, and products with them take ten times as long, in whichever framework has made so many steps.
    """

    batch: int
    classes: int = 10
    training: bool = True

    def job(self, framework: str, device: str) -> Job:
        """The framework's own module makes a step of the parts below."""
        module, _, variant = framework.partition("_")
        make = import_module(f"benchmarks.frameworks.{module}_steps").job
        return make(self, device, variant)

    # what a subclass gives -----------------------------------------------------------------------------------

    def shapes(self) -> Shapes:
        """Shapes of the parameters by PyTorch's keys."""
        raise NotImplementedError

    def inputs(self, random: np.random.Generator) -> np.ndarray:
        """What the network is given."""
        raise NotImplementedError

    def nnx(self) -> Any:
        """The model in nnx."""
        raise NotImplementedError

    def torch(self) -> Any:
        """The model in PyTorch."""
        raise NotImplementedError

    def jax(self, state: dict[str, Any], x: Any) -> Any:
        """The output in JAX; buffers that change are assigned to ``state``."""
        raise NotImplementedError

    def products(self) -> Iterator[Product]:
        """The matrix products of a step."""
        return iter(())

    def bytes(self) -> int:
        """Bytes that a step must read and write at least, where that is what takes the time."""
        return 0

    # what a subclass may change ------------------------------------------------------------------------------

    def buffers(self) -> dict[str, np.ndarray]:
        """What the state dict holds beside the parameters."""
        return {}

    def targets(self, random: np.random.Generator) -> tuple[np.ndarray, ...]:
        """What the loss compares with: classes."""
        return (random.integers(0, self.classes, self.batch),)

    def nnx_loss(self, model: Any, x: Any, *targets: Any) -> Any:
        """The loss in nnx."""
        import nnx

        return nnx.losses.cross_entropy(model(x), *targets)

    def torch_loss(self, model: Any, x: Any, *targets: Any) -> Any:
        """The loss in PyTorch."""
        import torch

        return torch.nn.functional.cross_entropy(model(x), *targets)

    def jax_loss(self, state: dict[str, Any], x: Any, *targets: Any) -> Any:
        """The loss in JAX."""
        from .frameworks.jax_layers import cross_entropy

        return cross_entropy(self.jax(state, x), *targets)

    # what all are given alike --------------------------------------------------------------------------------

    def weights(self) -> dict[str, np.ndarray]:
        """The same parameters for everybody: uniform by fan-in, near 1 for a norm's weight."""
        random = np.random.default_rng(0)
        return {key: _drawn(random, key, shape) for key, shape in self.shapes().items()}

    def data(self) -> tuple[np.ndarray, ...]:
        """The same batch for everybody: the inputs, then the targets when training."""
        random = np.random.default_rng(1)
        x = self.inputs(random)
        return (x, *self.targets(random)) if self.training else (x,)


def _drawn(random: np.random.Generator, key: str, shape: tuple[int, ...]) -> np.ndarray:
    centre, bound = 0.0, 0.1
    if len(shape) > 1:
        bound = math.prod(shape[1:]) ** -0.5
    elif key.endswith("weight"):
        centre = 1.0
    return np.float32(centre - bound) + random.random(shape, np.float32) * np.float32(2 * bound)


def linear_products(
    rows: int, n_in: int, n_out: int, training: bool, first: bool = False
) -> Iterator[Product]:
    """Those of a linear layer: forward, and back to its weight and, unless it is the first, to its input."""
    yield Product(rows, n_in, n_out, "b")
    if training:
        yield Product(n_out, rows, n_in, "a")
        if not first:
            yield Product(rows, n_out, n_in)
