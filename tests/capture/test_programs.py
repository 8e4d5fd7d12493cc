"""``nnx.compile``: the same results without the function's Python, whatever it does to arrays."""

import warnings
from typing import Any

import numpy as np
import pytest

import nnx
from nnx.autodiff import primitive

from .steps import Box, Pair, X, Y, called, compiled, same


def test_arguments_and_results_in_containers() -> None:
    def f(pair: Any, boxes: Any, *, scale: float, name: str = "z") -> Any:
        out = pair.first * scale + boxes["a"][0].array
        return {name: Pair(out, [out[0], 3, None]), "same": pair.second}

    quick, counted = compiled(f)
    for i in range(4):
        pair, boxes = Pair(X + i, Y), {"a": [Box(X * i)]}
        found = quick(pair, boxes, scale=0.5)
        same(found, f(pair, boxes, scale=0.5))
        assert found["same"] is Y
    assert counted.calls == 2
    for scale in (2.0, -0.0, 0.0):
        same(quick(pair, boxes, scale=scale, name="q"), f(pair, boxes, scale=scale, name="q"))
    assert counted.calls == 5


def test_the_name_and_the_docstring_stay() -> None:
    @nnx.compile
    def step(x: Any) -> Any:
        """Doubles."""
        return 2 * x

    assert (step.__name__, step.__doc__) == ("step", "Doubles.")
    with pytest.raises(TypeError, match=r"nnx.compile: expected a function, got int"):
        nnx.compile(3)  # type: ignore[type-var]

    def later(x: Any) -> Any:
        yield x

    with pytest.raises(TypeError, match=r"done when it returns, got a generator"):
        nnx.compile(later)


def test_a_method(lib: Any) -> None:
    class Doubler:
        factor = 2.0

        @nnx.compile
        def double(self, x: Any) -> Any:
            return self.factor * x

    one, other = Doubler(), Doubler()
    other.factor = 3.0
    x = lib.asarray(X)
    for _ in range(3):
        lib.assert_equal(one.double(x), 2 * X)
        lib.assert_equal(other.double(x), 3 * X)


def test_writing_in_place_reaches_what_it_reaches_without() -> None:
    total = np.zeros(4)

    def f(x: Any, y: Any) -> Any:
        row = x[0]
        row *= 2.0
        x[1:, 0] = y[1:, 0] + row[0]
        np.add(x, 1.0, out=y)
        total[...] += 0  # nothing captured is written here
        np.add(total, y[2], out=total)
        return x.T[0], y.sum()

    quick, counted = compiled(f)
    ours, theirs = (X.copy(), X * 3), (X.copy(), X * 3)
    for _ in range(5):
        before = total.copy()
        found = quick(*ours)
        after, total[...] = total.copy(), before
        same(found, f(*theirs))
        same(after, total)
        same(ours, theirs)
        assert found[0].base is not None
    assert counted.calls == 2


@primitive("doubled_in_place_of_compile")
def doubled_in_place(_xp: Any, y: Any) -> Any:
    y *= 2
    return y


def test_an_operation_that_gives_what_it_was_given_has_written_to_it() -> None:
    quick, counted = compiled(lambda x: doubled_in_place(np.abs(x) + 1.0))
    for i in range(4):
        same(quick(X + i), (np.abs(X + i) + 1.0) * 2)
    assert counted.calls == 2


def test_derivatives_of_every_kind() -> None:
    def f(x: Any) -> Any:
        return np.sum(np.sin(x) * x**2) + np.log(x[0, 0] ** 2 + 1)

    x, v = X, np.cos(X)
    for g in (
        lambda x: nnx.hvp(f, (x,), (v,)),
        lambda x: nnx.jvp(f, (x,), (v,)),
        lambda x: nnx.jacobian(lambda x: x[:, 0] * x[0, :].sum())(x),
        lambda x: nnx.hessian(lambda x: f(x[:2, :2]))(x),
        lambda x: nnx.vjp(f, x)[1](np.asarray(2.0)),
        lambda x: nnx.grad(lambda x: nnx.grad(f)(x).sum())(x),
        lambda x: nnx.grad(nnx.checkpoint(f))(x),
        lambda x: nnx.grad(lambda x, y: (x * nnx.stop_gradient(y)).sum(), (0, 1))(x, x),
    ):
        quick, counted = compiled(g)
        for i in range(3):
            same(quick(x + i), g(x + i))
        assert counted.calls == 2


def test_somebody_elses_code_is_captured_too() -> None:
    stats = pytest.importorskip("scipy.stats", reason="SciPy is not installed")
    special = pytest.importorskip("scipy.special", reason="SciPy is not installed")

    def f(x: Any) -> Any:
        return stats.skew(x[:, 0]) + special.logsumexp(x) + special.gammaln(x**2 + 1).sum()

    quick, counted = compiled(nnx.value_and_grad(f))
    for i in range(3):
        same(quick(X + i), nnx.value_and_grad(f)(X + i))
    assert counted.calls == 2


def test_custom_derivatives_are_captured() -> None:
    @nnx.custom_vjp
    def clipped(x: Any) -> Any:
        return x * 1.0

    clipped.defvjp(lambda x: (x * 1.0, x), lambda x, g: (np.clip(g, -1.0, 1.0) + 0 * x,))
    f = nnx.grad(lambda x: (5.0 * clipped(x)).sum())
    quick, counted = compiled(f)
    for _ in range(3):
        same(quick(X), f(X))
    assert counted.calls == 2


def test_a_branch_is_taken_as_long_as_its_condition_holds() -> None:
    def f(x: Any) -> Any:
        return x * 2 if x.sum() > 0 else x - 1

    quick, counted = compiled(f)
    for sign in (1, 1, 1, 1, -1, -1, -1, 1, 1):
        same(quick(sign * np.abs(X)), f(sign * np.abs(X)))
    assert counted.calls == 6
    warned = r"is run as it is, not compiled: what bool \(at .*\) depends on changes"
    found = called(quick, *[(sign * np.abs(X),) for sign in (-1, -1, -1, 1, 1, 1, -1)], warned=warned)
    same(found, [f(sign * np.abs(X)) for sign in (-1, -1, -1, 1, 1, 1, -1)])


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x[x > 0].sum() / 2,
        lambda x: nnx.grad(lambda x: (x[x > 0] ** 2).mean())(x),
        lambda x: np.repeat(x[0], np.nonzero(x[1] > 0)[0].shape[0]),
        lambda x: np.unique(x.round()),
        lambda x: (x.compress(x[0] > 0, axis=1) * 2).sum(axis=0),
    ],
)
def test_shapes_that_depend_on_elements(f: Any) -> None:
    quick, counted = compiled(f)
    for _ in range(4):
        same(quick(X), f(X))
    same(quick(X[::-1]), f(X[::-1]))
    assert counted.calls == 3
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*is run as it is.*(the shape of an array|depends on changes)")
        for i in range(8):  # another number of elements each time
            same(quick(X * (-1) ** i), f(X * (-1) ** i))


def test_inside_a_derivative_and_inside_another_it_is_the_function() -> None:
    square, counted = compiled(lambda x: x * x)
    same(nnx.grad(lambda x: square(x).sum())(X), 2 * X)
    outer = nnx.compile(lambda x: square(x) + 1)
    for _ in range(3):
        same(outer(X), X * X + 1)
    assert counted.calls == 3


def test_arrays_from_outside() -> None:
    table, shifts = np.cos(X), [1.0, 2.0]

    def f(x: Any) -> Any:
        steps = np.arange(4.0)  # made anew each time, always the same
        xp = nnx.array_namespace(x, table)
        return xp.asarray(table) * x + steps + nnx.functional.linear(table, x).sum() + shifts[0]

    quick, counted = compiled(f)
    g, _ = compiled(nnx.grad(lambda x: f(x).sum()))
    for i in range(4):
        same(quick(X), f(X))
        same(g(X), nnx.grad(lambda x: f(x).sum())(X))
        table *= 1.5  # written to, so it is seen
        assert counted.calls == min(i + 1, 2)
