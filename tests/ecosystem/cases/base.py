"""What the tables are made of: a row, and the arrays that rows take.

Inputs keep away from kinks and ties, so that finite differences can be trusted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

Array = Any


@dataclass(frozen=True)
class Fixed:
    """A floating array that is handed in but not differentiated."""

    value: np.ndarray


@dataclass(frozen=True)
class Case:
    """One function of a library, called as it is."""

    name: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...]


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    """Standard normal numbers."""
    return np.random.default_rng(seed).standard_normal(shape)


def between(low: float, high: float, *shape: int, seed: int = 0) -> np.ndarray:
    """Uniform numbers between two bounds."""
    return np.random.default_rng(seed).uniform(low, high, shape)


def spread(*shape: int, low: float = 0.3, high: float = 3.0, seed: int = 0) -> np.ndarray:
    """Numbers between two bounds of which no two are close, in random order."""
    rng = np.random.default_rng(seed)
    size = int(np.prod(shape))
    steps = np.linspace(low, high, size) + rng.uniform(-0.2, 0.2, size) * (high - low) / size
    return rng.permutation(steps).reshape(shape)


def unit(*shape: int, seed: int = 0) -> np.ndarray:
    """Vectors of length one along the last axis."""
    x = normal(*shape, seed=seed)
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def probabilities(*shape: int, seed: int = 0) -> np.ndarray:
    """Rows that sum to one."""
    x = between(0.2, 1.0, *shape, seed=seed)
    return x / x.sum(axis=-1, keepdims=True)


def symmetric(n: int, seed: int = 0) -> np.ndarray:
    """A positive definite matrix."""
    x = normal(n, n, seed=seed)
    return x @ x.T + n * np.eye(n)


def scalar(value: float) -> np.ndarray:
    """A zero-dimensional array."""
    return np.asarray(value, dtype=np.float64)


def whole(*values: float) -> np.ndarray:
    return np.asarray(values, dtype=np.int64)


def real(*values: float) -> np.ndarray:
    return np.asarray(values, dtype=np.float64)


class Table(list[Case]):
    """Rows in the order they were added."""

    def add(self, name: str, function: Callable[..., Any], *arguments: Any) -> None:
        """Add a row: a name, a function of (namespace, *arrays), and the arrays."""
        self.append(Case(name, function, arguments))

    def add_family(self, prefix: str, module: Any, rows: dict[str, tuple[Any, ...]]) -> None:
        """Add a row for each elementwise function; `name(a)` is a further row for the function `name`."""
        for name, arguments in rows.items():
            function = getattr(module, name.partition("(")[0])
            self.add(f"{prefix}.{name}", lambda xp, *a, function=function: function(*a), *arguments)

    def add_each(
        self, prefix: str, module: Any, names: Iterable[str], function: Callable[..., Any], *arguments: Any
    ) -> None:
        """Add a row for each of several functions called alike: `function(f, namespace, *arrays)`."""
        for name in names:
            f = getattr(module, name.partition("(")[0])
            self.add(f"{prefix}.{name}", partial(function, f), *arguments)
