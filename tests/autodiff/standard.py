"""The standard as tables: its functions with their signatures, and sample calls of the differentiable ones.

A row is one call with random arguments. The kinds of a row say whether it is run on real (f) and on complex (c)
data; a function that is not smooth, or is defined up to a choice, is called through ``call``, which makes of it
something that is.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import array_api_strict as strict
import numpy as np

__all__ = [
    "FUNCTIONS",
    "Draw",
    "Row",
    "far",
    "grid",
    "normal",
    "positive",
    "run",
    "signature",
    "unit",
    "values",
]


def _functions() -> Iterator[str]:
    for prefix, namespace in (("", strict), ("linalg.", strict.linalg), ("fft.", strict.fft)):
        for name in namespace.__all__:
            if inspect.isfunction(getattr(namespace, name)) and not name.endswith("_flags"):
                yield prefix + name


FUNCTIONS = tuple(sorted(_functions()))
"""Every function of the standard (2025.12), as ``"sin"`` or ``"linalg.svd"``."""


def find(xp: Any, name: str) -> Any:
    """A function of a namespace by its dotted name."""
    for part in name.split("."):
        xp = getattr(xp, part)
    return xp


def signature(name: str) -> inspect.Signature:
    """The standard's signature of a function."""
    return inspect.signature(find(strict, name))


@dataclass(frozen=True)
class Draw:
    """A random array to be made: a shape, and where its elements lie."""

    shape: tuple[int, ...]
    kind: str = "normal"

    def make(self, rng: np.random.Generator, is_complex: bool) -> np.ndarray:
        """The array in double precision."""
        real = self._real(rng)
        if not is_complex:
            return real
        if self.kind == "positive":  # the right half of the plane, clear of branch cuts
            return real * np.exp(1j * rng.uniform(-1, 1, self.shape))
        return real + 1j * self._real(rng)

    def _real(self, rng: np.random.Generator) -> np.ndarray:
        if self.kind == "positive":
            return rng.uniform(0.5, 2, self.shape)
        if self.kind == "unit":
            return rng.uniform(-0.8, 0.8, self.shape)
        if self.kind == "far":  # no two elements near each other, none near zero
            size = int(np.prod(self.shape))
            return (rng.permutation(size) - size // 2 + rng.uniform(0.3, 0.7, size)).reshape(self.shape)
        return np.asarray(rng.standard_normal(self.shape))


def normal(*shape: int) -> Draw:
    """Standard normal numbers."""
    return Draw(shape)


def positive(*shape: int) -> Draw:
    """Numbers between 1/2 and 2; complex: with phases up to 1."""
    return Draw(shape, "positive")


def unit(*shape: int) -> Draw:
    """Numbers between -0.8 and 0.8."""
    return Draw(shape, "unit")


def far(*shape: int) -> Draw:
    """Numbers at least 0.6 from each other and 0.3 from zero."""
    return Draw(shape, "far")


def values(*numbers: Any) -> np.ndarray:
    """These numbers."""
    return np.asarray(numbers if len(numbers) != 1 else numbers[0])


@dataclass(frozen=True)
class Row:
    """One sample call."""

    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)
    kinds: str = "fc"
    call: Callable[..., Any] | None = None
    note: str = ""
    narrow: bool = True
    order: int = 2

    def __str__(self) -> str:
        shown = ", ".join(
            [
                *(_shown(a) for a in self.args),
                *(f"{k}={v}" for k, v in self.kwargs.items()),
                *filter(None, [self.note]),
            ]
        )
        return f"{self.name}({shown})"

    def function(self, array_namespace: Callable[..., Any]) -> Callable[..., Any]:
        """The call as a function of its arguments."""

        def f(*args: Any) -> Any:
            xp = array_namespace(
                *(x for a in args for x in (a if isinstance(a, list | tuple) else [a]) if is_array(x))
            )
            return run(self, xp, args)

        f.__qualname__ = str(self)
        return f

    def arguments(
        self, asarray: Callable[[Any, str | None], Any], kind: str, single: bool, seed: int = 0
    ) -> list[Any]:
        """The arguments with arrays made: ``kind`` is f or c."""
        rng = np.random.default_rng(seed)
        dtype = {"f": "float64", "c": "complex128"}[kind]
        if single:
            dtype = {"f": "float32", "c": "complex64"}[kind]

        def make(a: Any) -> Any:
            if isinstance(a, list):
                return [make(item) for item in a]
            if isinstance(a, Draw):
                return asarray(a.make(rng, kind == "c"), dtype)
            if isinstance(a, np.ndarray):
                return asarray(a, dtype if a.dtype == np.float64 or a.dtype == np.complex128 else None)
            return a

        return [make(a) for a in self.args]


def is_array(x: Any) -> bool:
    return hasattr(x, "dtype") and hasattr(x, "shape")


def run(row: Row, xp: Any, args: Any) -> Any:
    """The call of a row on arrays of a namespace; dtypes are given by name."""
    if row.call is not None:
        return row.call(xp, *args)
    kwargs = {k: getattr(xp, v) if k == "dtype" else v for k, v in row.kwargs.items()}
    return find(xp, row.name)(*args, **kwargs)


def _shown(a: Any) -> str:
    if isinstance(a, Draw):
        return f"{a.kind}{list(a.shape)}".replace(" ", "")
    if isinstance(a, np.ndarray):
        return str(a.tolist())
    if isinstance(a, list):
        return f"[{', '.join(map(_shown, a))}]"
    return str(a)


def grid(name: str, args: tuple[Any, ...], *keywords: dict[str, Any], **options: Any) -> list[Row]:
    """A row for each set of keywords."""
    return [Row(name, args, kwargs, **options) for kwargs in keywords or ({},)]
