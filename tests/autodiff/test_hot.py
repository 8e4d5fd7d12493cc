"""That hot mode notices a rule that gives the wrong shape, dtype or device, or uses what it did not ask for."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

import nnx
from nnx.autodiff import NotDifferentiableError, joint, primitive

numbers = count()


def operation(*pullbacks: Any, outputs: bool = False, forward: Callable[..., Any] | None = None) -> Any:
    """A new operation of one or two arguments with these pullbacks."""
    name = f"operation_{next(numbers)}_of_test_hot"

    def one(_xp: Any, x: Any) -> Any:
        return 2 * x

    def two(_xp: Any, x: Any, y: Any) -> Any:
        return x * y

    own = primitive(name, outputs=outputs)(forward or (one if len(pullbacks) == 1 else two))
    return own.defpullback(*pullbacks)


def hot(lib: Any) -> tuple[Any, Any, Any]:
    """A namespace in hot mode, a vector and a matrix of it."""
    xp = nnx.traced_namespace(lib.xp, record=True)
    wrap = xp._library.wrap
    return xp, wrap(lib.asarray([1.0, 2.0, 3.0], "float32")), wrap(lib.asarray([[1.0], [2.0]], "float64"))


def call(xp: Any, own: Any, *args: Any) -> Any:
    """A primitive on arrays in hot mode: those of a namespace of its own, not of the library's ordinary one."""
    return xp._library.function(own.name)(*args)


def test_right_rules_pass_and_are_counted_once(lib: Any) -> None:
    xp, x, y = hot(lib)
    z = xp.sin(x) * y + 1.0
    z[0, :] = x
    z = z[1:, ...] @ xp.ones((3, 2), dtype=z.dtype, device=lib.device)
    assert xp.pull_back() == 6  # sin, multiply, add, write, read, matmul
    assert xp.pull_back() == 0
    xp.exp(z)
    assert xp.pull_back(seed=3) == 1


def test_every_floating_array_is_recorded(lib: Any) -> None:
    xp = nnx.traced_namespace(lib.xp, record=True)
    made = [
        xp.ones(3, device=lib.device),
        xp.linspace(0.0, 1.0, 3, device=lib.device),
        xp.asarray(lib.asarray([1.0])),
        xp.eye(2, dtype=lib.dtype("complex64"), device=lib.device),
    ]
    assert all(x.tape is xp._library.hot for x in made)
    assert xp.arange(3, device=lib.device).tape is None
    assert (made[0] > 0).tape is None


def test_conversions_are_allowed(lib: Any) -> None:
    xp, x, _ = hot(lib)
    assert float(xp.sum(x)) == 6.0
    assert complex(x[0]) == 1.0


WRONG = {
    "shape": (operation(lambda xp, g, _out, _x: g[1:]), "expected shape"),
    "dtype": (operation(lambda xp, g, _out, _x: xp.astype(g, xp.complex128)), "expected dtype"),
    "undeclared argument": (operation(lambda xp, g, _out, _x: g * _x), "raised TypeError"),
    "undeclared output": (operation(lambda xp, g, _out, x: g * _out * x), "raised TypeError"),
    "data of a likeness": (operation(lambda xp, g, _out, x_like: g * x_like), "raised TypeError"),
    "exception": (operation(lambda xp, g, _out, x: xp.nothing(g)), "raised AttributeError"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_rule_of_one_argument(lib: Any, wrong: str) -> None:
    own, message = WRONG[wrong]
    xp, x, _ = hot(lib)
    call(xp, own, x)
    if wrong == "dtype" or "likeness" in wrong:
        message = "expected dtype|raised"  # some libraries refuse sooner
    with pytest.raises(AssertionError, match=f"the pullback of {own.name}.*float32.*({message})"):
        xp.pull_back()


def test_a_wrong_rule_of_two_arguments(lib: Any) -> None:
    own = operation(lambda xp, g, _out, _x, y: g * y, lambda xp, g, _out, _x, _y: g * _x)
    xp, x, _ = hot(lib)
    call(xp, own, x, 2.0)
    xp.pull_back()  # nothing is asked of the wrong one
    call(xp, own, x, x)
    with pytest.raises(AssertionError, match=f"the pullback of {own.name}"):
        xp.pull_back()


def test_a_wrong_joint_rule(lib: Any) -> None:
    own = operation(
        joint(lambda xp, g, _out, x, _y, *, needed: (g * x, g[:1, :])), forward=lambda xp, x, y: x * y
    )
    xp, x, y = hot(lib)
    call(xp, own, x, y)
    with pytest.raises(AssertionError, match=f"the pullback of {own.name}"):
        xp.pull_back()


def test_outputs_that_nobody_used_are_none(lib: Any) -> None:
    def pullback(xp: Any, g: Any, _out: Any, _x: Any) -> Any:
        return g[0] + g[1]

    own = operation(pullback, outputs=True, forward=lambda xp, x: (x, 2 * x))
    xp, x, _ = hot(lib)
    for _ in range(8):
        call(xp, own, x)
    with pytest.raises(AssertionError, match=f"the pullback of {own.name}.*NoneType"):
        xp.pull_back()


def test_refusals_pass(lib: Any) -> None:
    def refuse(xp: Any, g: Any, _out: Any, _x: Any) -> Any:
        raise NotDifferentiableError("on purpose")

    xp, x, _ = hot(lib)
    call(xp, operation(refuse), x)
    assert xp.pull_back() == 1


def test_pull_back_needs_a_namespace_that_records(lib: Any) -> None:
    with pytest.raises(NotDifferentiableError, match="record=True"):
        nnx.traced_namespace(lib.xp).pull_back()
