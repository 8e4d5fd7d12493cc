"""NumPy's recurrent primitives, and their ways back, against those in standard functions."""

import itertools
from typing import Any, NamedTuple

import numpy as np
import pytest

import nnx
from nnx.autodiff.primitive import Primitive
from nnx.functional import _recurrences
from nnx.testing import check_gradients
from nnx_numpy.reference import reference_pullback

rng = np.random.default_rng(0)


class Case(NamedTuple):
    steps: int = 4
    rows: int = 3
    projected: bool = False
    idle: bool = False
    bias: bool = True
    turned: bool = False
    """Whether arrays are laid out otherwise than NumPy does by itself."""


CASES = [
    Case(steps=2, rows=130),
    Case(),
    Case(steps=1),
    Case(rows=1, bias=False),
    Case(rows=0),
    Case(projected=True),
    Case(idle=True, turned=True),
    Case(projected=True, idle=True, bias=False),
]


def arguments(name: str, case: Case, kind: str) -> list[Any]:
    """What the forward takes, for a hidden size of 5."""

    def draw(*shape: int) -> Any:
        x = rng.standard_normal(shape).astype(kind)
        return np.asarray(x, order="F") if case.turned else x

    state, gates = 2 if case.projected and name == "lstm" else 5, {"lstm": 4, "gru": 3}[name]
    z, h, weight = (
        draw(case.steps, case.rows, gates * 5),
        draw(case.rows, state),
        draw(gates * 5, state),
    )
    if name == "gru":
        return [z, h, weight, draw(15) if case.bias else None]
    idle = (rng.random((case.steps, case.rows, 1)) < 0.5).astype(kind) if case.idle else None
    return [z, h, draw(case.rows, 5), weight, draw(state, 5) if case.projected else None, idle]


def compare(found: Any, expected: Any, kind: str) -> None:
    tolerance = {"float16": 3e-2, "float32": 1e-5, "float64": 1e-13}[kind]
    for x, y in zip(found, expected, strict=True):
        assert (x is None) == (y is None)
        if y is not None:
            assert (x.dtype, x.shape) == (y.dtype, y.shape)
            np.testing.assert_allclose(
                x, y, rtol=tolerance, atol=tolerance * max(1, np.abs(y).max(initial=0))
            )


@pytest.mark.parametrize("kind", ["float16", "float32", "float64"])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize(("name", "back"), [("lstm", "lstm_back"), ("gru", "gru_back")])
def test_the_fast_version_is_the_one_in_standard_functions(
    name: str, back: str, case: Case, reverse: bool, kind: str
) -> None:
    own, way_back, xp = Primitive.registry[name], Primitive.registry[back], nnx.backend("numpy").xp
    args = arguments(name, case, kind)
    for x in args:
        if x is not None:
            x.flags.writeable = False
    outs = own.forward(xp, *args, reverse=reverse)
    compare(own(*args, reverse=reverse), outs, kind)
    state = args[1:-1] if name == "gru" else args[1:]
    for given in itertools.product((True, False), repeat=len(outs)):
        if any(given):
            cotangents = [
                rng.standard_normal(y.shape).astype(kind) if g else None
                for y, g in zip(outs, given, strict=True)
            ]
            before = [None if g is None else g.copy() for g in cotangents]
            expected = way_back.forward(xp, *cotangents, *outs, *state, reverse=reverse)
            compare(way_back(*cotangents, *outs, *state, reverse=reverse), expected, kind)
            for x, y in zip(cotangents, before, strict=True):
                np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize("kind", ["float16", "float32", "float64"])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("case", [case for case in CASES if not case.projected], ids=str)
def test_the_simplest_recurrence_is_the_one_in_standard_functions(
    case: Case, relu: bool, reverse: bool, kind: str
) -> None:
    own, xp = Primitive.registry["rnn"], nnx.backend("numpy").xp
    args = [x[..., :5] for x in arguments("gru", case, kind)[:2]]
    args.append(np.asarray(rng.standard_normal((5, 5)), kind, order="F" if case.turned else "C"))
    idle = (rng.random((case.steps, case.rows, 1)) < 0.5).astype(kind) if case.idle else None
    settings: dict[str, Any] = {"relu": relu, "reverse": reverse}
    out, pull = nnx.vjp(lambda *args: _recurrences.rnn(*args, idle, **settings), *args)
    expected = own.forward(xp, *args, idle, **settings)
    compare([out], [expected], kind)
    g = rng.standard_normal(out.shape).astype(kind)
    slopes = reference_pullback("rnn")(xp, g, expected, *args, idle, needed=[True] * 4, **settings)
    compare(pull(g), slopes[:3], kind)


@pytest.mark.parametrize("relu", [False, True])
def test_the_simplest_recurrence_has_its_derivatives(relu: bool) -> None:
    args = rng.standard_normal((3, 2, 4)), rng.standard_normal((2, 4)), rng.standard_normal((4, 4))
    check_gradients(lambda *args: _recurrences.rnn(*args, None, relu=relu, reverse=False), *args, order=2)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_every_output_has_its_derivatives(name: str, reverse: bool) -> None:
    """The gates too, which a second derivative goes through."""
    args = arguments(name, Case(2, 2, name == "lstm", name == "lstm"), "float64")
    idle = args.pop() if name == "lstm" else None

    def all_outputs(*args: Any) -> Any:
        return getattr(_recurrences, name)(*args, *(() if idle is None else (idle,)), reverse=reverse)

    check_gradients(all_outputs, *args, order=2)


@pytest.mark.parametrize("kind", ["float16", "float32", "float64"])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(
    ("rows", "size", "projected", "bias"),
    [
        (3, 5, False, True),
        (16, 5, False, True),
        (17, 5, True, True),
        (130, 3, False, True),
        (16, 5, False, False),
    ]
    + [(16, 200, False, True)],  # weights too large for the cache
)
def test_the_inputs_part_within_the_step_is_that_in_standard_functions(
    rows: int, size: int, projected: bool, bias: bool, reverse: bool, kind: str
) -> None:
    own, width = Primitive.registry["lstm_layer"], 4 if projected else size

    def draw(*shape: int) -> Any:
        x = (rng.standard_normal(shape) * 0.3).astype(kind)
        x.flags.writeable = False
        return x

    args = [draw(rows, 3, 7).swapaxes(0, 1), draw(rows, width), draw(rows, size), draw(4 * size, 7)]
    args += [draw(4 * size) if bias else None, draw(4 * size, width), draw(4, size) if projected else None]
    expected = own.forward(nnx.backend("numpy").xp, *args, reverse=reverse)
    compare(own(*args, reverse=reverse), expected, kind)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("projected", [False, True])
def test_a_whole_layer_has_its_derivatives(projected: bool, reverse: bool) -> None:
    rng = np.random.default_rng(5)
    width = 2 if projected else 3
    shapes = [(2, 17, 2), (17, width), (17, 3), (12, 2), (12,), (12, width)] + [(2, 3)] * projected
    args = [rng.standard_normal(shape) for shape in shapes]

    def all_outputs(*args: Any) -> Any:
        return _recurrences.lstm_layer(*args, *(() if projected else (None,)), reverse=reverse)

    check_gradients(all_outputs, *args, order=2)
