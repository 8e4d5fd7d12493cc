"""Random programs over arrays that share memory: views of views, writes and operators in place, in any order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnx import array_namespace, vjp
from nnx.testing import check_gradients

LIBRARIES = ["numpy", "strict", pytest.param("cupy", marks=pytest.mark.gpu)]
X = np.random.default_rng(0).uniform(0.5, 1.5, (2, 3, 2))

VIEWS = {
    "first": lambda xp, a: a[0, ...],
    "last along the last axis": lambda xp, a: a[..., -1],
    "every second": lambda xp, a: a[::2, ...],
    "backwards": lambda xp, a: a[..., ::-1],
    "tail": lambda xp, a: a[..., 1:],
    "element as an array": lambda xp, a: a[:1, ...],
    "new axis": lambda xp, a: a[None, ...],
    "flat": lambda xp, a: xp.reshape(a, (-1,)),
    "column": lambda xp, a: xp.reshape(a, (-1, 1)),
    "axes reversed": lambda xp, a: xp.permute_dims(a, tuple(range(a.ndim))[::-1]),
    "flipped": lambda xp, a: xp.flip(a),
    "expanded": lambda xp, a: xp.expand_dims(a, axis=-1),
    "same": lambda xp, a: xp.asarray(a),
    "copy": lambda xp, a: xp.asarray(a, copy=True),
    "product": lambda xp, a: xp.asarray(a * 1.5),
}
NEEDS_AXIS = {"first", "last along the last axis", "every second", "backwards", "tail", "element as an array"}
ACTIONS = ("write", "write all", "add", "multiply", "subtract other", "square")


def run(xp: Any, x: Any, program: list[tuple[str, int, int]]) -> list[Any]:
    """Every array that the program has made, at its end."""
    arrays = [x * 1]
    for name, i, j in program:
        a, b = arrays[i % len(arrays)], arrays[j % len(arrays)]
        if name in VIEWS:
            if (a.ndim or name not in NEEDS_AXIS) and a.ndim < 5 and a.size:
                arrays.append(VIEWS[name](xp, a))
            continue
        some = xp.mean(b) if b.size else 1.0
        if name == "write" and a.ndim and a.shape[0]:
            a[0, ...] = some * 0.5 if a.ndim > 1 else some
        elif name == "write all":
            a[...] = a * 0.5 + some
        elif name == "add":
            a += some
        elif name == "multiply":
            a *= 0.8
        elif name == "subtract other":
            a -= 0.5 * some
        elif name == "square":
            a *= a
    return arrays


steps = st.tuples(st.sampled_from([*VIEWS, *ACTIONS, *ACTIONS]), st.integers(0, 9), st.integers(0, 9))


@pytest.mark.parametrize("lib", LIBRARIES, indirect=True)
def test_compiled_programs(lib: Any, compiled_alike: Any) -> None:
    @settings(max_examples=40)
    @given(st.lists(steps, min_size=3, max_size=12))
    def walk(program: list[tuple[str, int, int]]) -> None:
        def f(x: Any) -> Any:
            return run(array_namespace(x), x, program)

        def pulled_back(x: Any) -> Any:
            out, pull = vjp(f, x)
            return pull(out)

        compiled_alike(lib, f, lib.asarray(X))
        compiled_alike(lib, pulled_back, lib.asarray(X))

    walk()


@pytest.mark.parametrize("lib", LIBRARIES, indirect=True)
def test_programs(lib: Any) -> None:
    @settings(max_examples=60)
    @given(st.lists(steps, min_size=3, max_size=12))
    def walk(program: list[tuple[str, int, int]]) -> None:
        check_gradients(
            lambda x: run(array_namespace(x), x, program), lib.asarray(X), order=1, modes=("vjp",), rtol=1e-5
        )

    walk()
