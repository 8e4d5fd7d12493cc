"""Training scikit-learn's digits, 64-100-10 with Adam at batch 200, beside its own MLPClassifier.

An epoch, and the training time until 97 % of a held-out quarter is right, each time from another seed.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..workload import Job, Workload

HIDDEN, BATCH, GOAL, LIMIT = 100, 200, 0.97, 200
Epoch, Accuracy = Callable[[], Any], Callable[[Any, Any], float]


@dataclass(frozen=True, kw_only=True)
class Digits(Workload):
    """An epoch, or with ``to_goal`` as many as it takes."""

    to_goal: bool

    def job(self, framework: str, device: str) -> Job:
        make = MAKERS[framework]
        x, y, test_x, test_y = _data()
        if not self.to_goal:
            epoch, accuracy = make(x, y, 0)

            def step() -> float:
                epoch()
                return accuracy(test_x, test_y) if next(steps) == 9 else 0.0

            steps = itertools.count()
            return Job(step)
        seeds = itertools.count()

        def timed() -> float:
            epoch, accuracy = make(x, y, next(seeds))
            seconds = 0.0
            for _ in range(LIMIT):
                start = time.perf_counter()
                epoch()
                seconds += time.perf_counter() - start
                if accuracy(test_x, test_y) >= GOAL:
                    return seconds
            raise RuntimeError(f"{framework} did not come to {GOAL:.0%} in {LIMIT} epochs")

        return Job(lambda: None, timed=timed)


def _data() -> tuple[Any, Any, Any, Any]:
    """Training and test images and labels: the package's own file, read without loading scikit-learn."""
    from importlib.util import find_spec
    from pathlib import Path

    spec = find_spec("sklearn")
    if spec is None or spec.origin is None:
        raise ImportError("scikit-learn, which has the digits, is not installed")
    table = np.loadtxt(Path(spec.origin).parent / "datasets" / "data" / "digits.csv.gz", delimiter=",")
    order = np.random.default_rng(0).permutation(len(table))
    x, y = (table[order, :-1] / 16).astype(np.float32), table[order, -1].astype(np.int64)
    return x[450:], y[450:], x[:450], y[:450]


def _batches(random: np.random.Generator, n: int) -> Any:
    order = random.permutation(n)
    return (order[i : i + BATCH] for i in range(0, n, BATCH))


def _nnx(x: Any, y: Any, seed: int) -> tuple[Epoch, Accuracy]:
    import nnx

    nnx.seed(seed)
    random = np.random.default_rng(seed)
    model = nnx.Sequential(nnx.Linear(64, HIDDEN), nnx.ReLU(), nnx.Linear(HIDDEN, 10))
    optimizer = nnx.optim.Adam(model, learning_rate=1e-3)
    gradient = nnx.value_and_grad(lambda model, x, y: nnx.losses.cross_entropy(model(x), y))

    def epoch() -> None:
        for rows in _batches(random, len(x)):
            _, grads = gradient(model, x[rows], y[rows])
            optimizer.update(grads)

    return epoch, lambda x, y: float((model(x).argmax(1) == y).mean())


def _torch(x: Any, y: Any, seed: int) -> tuple[Epoch, Accuracy]:
    import torch

    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    model = torch.nn.Sequential(torch.nn.Linear(64, HIDDEN), torch.nn.ReLU(), torch.nn.Linear(HIDDEN, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    inputs, targets = torch.tensor(x), torch.tensor(y)

    def epoch() -> None:
        for rows in _batches(random, len(x)):
            rows = torch.from_numpy(rows)
            optimizer.zero_grad(set_to_none=True)
            torch.nn.functional.cross_entropy(model(inputs[rows]), targets[rows]).backward()
            optimizer.step()

    def accuracy(x: Any, y: Any) -> float:
        with torch.inference_mode():
            return float((model(torch.tensor(x)).argmax(1).numpy() == y).mean())

    return epoch, accuracy


def _sklearn(x: Any, y: Any, seed: int) -> tuple[Epoch, Accuracy]:
    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier((HIDDEN,), alpha=0.0, batch_size=BATCH, random_state=seed)
    classes = np.arange(10)
    return lambda: model.partial_fit(x, y, classes=classes), lambda x, y: float(model.score(x, y))


MAKERS = {"nnx": _nnx, "torch": _torch, "sklearn": _sklearn}
COMMON: dict[str, Any] = {
    "group": "single",
    "frameworks": tuple(MAKERS),
    "compared": False,
    "reference": "sklearn",
}
WORKLOADS = [
    Digits(
        name="digits-epoch", title="an epoch of the digits, 64-100-10", to_goal=False, at_most=0.5, **COMMON
    ),
    Digits(
        name="digits-97",
        title="training time to 97 % on the digits, other weights each",
        to_goal=True,
        most_rounds=7,
        **COMMON,
    ),
]
