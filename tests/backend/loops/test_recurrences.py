"""Recurrent layers by compiled loops, all steps in one call."""

import numpy as np
import pytest

import nnx
import nnx.functional
import nnx.functional._recurrent
from nnx.autodiff import scatter as scatter
from nnx.autodiff.primitive import Primitive
from nnx.functional._recurrences import rnn
from nnx_numpy import compiled, recurrent

from .comparing import rng, same

RECURRENT = [(5, 3, 4), (1, 1, 1), (7, 40, 33), (4, 1, 6), (4, 17, 1), (2, 2, 2), (9, 64, 128), (1, 5, 7)]
"""Steps, sequences, and size of the state."""


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("shapes", RECURRENT)
@pytest.mark.parametrize("which", ["h", "c", "both", "idle"])
def test_lstm(both, kind, reverse, shapes, which):
    steps, rows, size = shapes

    def draw(*shape):
        return rng.standard_normal(shape).astype(kind)

    z, h, c, weight = draw(steps, rows, 4 * size), draw(rows, size), draw(rows, size), draw(4 * size, size)
    g_h = None if which == "c" else draw(steps, rows, size)
    g_c = None if which == "h" else draw(steps, rows, size)
    idle = (rng.random((steps, rows, 1)) < 0.5).astype(kind) if which == "idle" else None
    x, weights = draw(steps, rows, 2), (draw(4 * size, 2), draw(4 * size), weight, None)
    layer, forward, back = (Primitive.registry[name] for name in ("lstm_layer", "lstm", "lstm_back"))

    def run():
        hs, cs, gates = forward(z, h, c, weight, None, idle, reverse=reverse)
        found = back(g_h, g_c, None, hs, cs, gates, h, c, weight, None, idle, reverse=reverse)
        return [hs, cs, gates, *found[:4], *layer(x, h, c, *weights, reverse=reverse)]

    same(*both(run))


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("shapes", RECURRENT)
@pytest.mark.parametrize("bias", [False, True])
def test_gru(both, kind, reverse, shapes, bias):
    steps, rows, size = shapes

    def draw(*shape):
        return rng.standard_normal(shape).astype(kind)

    z, h, weight, g_h = (
        draw(steps, rows, 3 * size),
        draw(rows, size),
        draw(3 * size, size),
        draw(steps, rows, size),
    )
    b = draw(3 * size) if bias else None
    forward, back = (Primitive.registry[name] for name in ("gru", "gru_back"))

    def run():
        hs, gates = forward(z, h, weight, b, reverse=reverse)
        return [hs, gates, *back(g_h, None, hs, gates, h, weight, reverse=reverse)]

    same(*both(run))


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("shapes", RECURRENT)
@pytest.mark.parametrize("relu", [False, True])
def test_rnn(both, kind, reverse, shapes, relu):
    steps, rows, size = shapes
    z, g, first = rng.standard_normal((3, steps, rows, size)).astype(kind)
    h, weight = first[0], rng.standard_normal((size, size)).astype(kind)

    def run():
        hs, back = nnx.vjp(lambda *args: rnn(*args, None, relu=relu, reverse=reverse), z, h, weight)
        return [hs, *back(g)]

    same(*both(run))


@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_recurrent_layers_laid_out_otherwise(both, kind, name):
    """Transposed, not to be written to, and with a step between elements."""
    gates, steps, rows, size = 4 if name == "lstm" else 3, 4, 6, 5
    shapes = (
        (rows, steps, gates * size),
        (size, rows),
        (rows, 2 * size),
        (size, gates * size),
        (rows, steps, size),
    )
    z, h, c, weight, g = (rng.standard_normal(shape).astype(kind) for shape in shapes)
    z, g, h, weight, states = z.swapaxes(0, 1), g.swapaxes(0, 1), h.T, weight.T, [c[:, ::2]][: gates - 3]
    for x in (z, h, g, c, weight):
        x.flags.writeable = False
    rest = [None, None] if name == "lstm" else [None]
    forward, back = (Primitive.registry[n] for n in (name, name + "_back"))

    def run():
        outs = forward(z, h, *states, weight, *rest, reverse=False)
        gradients = back(
            g, *[None] * (len(outs) - 1), *outs, h, *states, weight, *rest[1:] * 2, reverse=False
        )
        return [*outs, *(x for x in gradients if x is not None)]

    same(*both(run))


def recurrence(name, width=4, state_rows=20, gates=None):
    """One of a primitive's calls, with these sizes."""
    count = {"rnn": 1, "gru": 3}.get(name, 4)
    z, state, weight = (
        np.ones((3, 20, 4 * (gates or count))),
        np.ones((state_rows, 4)),
        np.ones((4 * count, width)) / 9,
    )
    states = [state] * (1 + (count == 4))
    inputs = [np.ones((4 * count, z.shape[2])) / 9, np.ones(4 * count)] if name == "lstm_layer" else []
    settings = {"relu": False} if name == "rnn" else {}
    none = [None] * (1 + (name == "lstm"))
    outs = Primitive.registry[name](z, *states, *inputs, weight, *none, reverse=False, **settings)
    return outs if isinstance(outs, tuple) else (outs,)


@pytest.mark.parametrize("name", ["lstm", "lstm_layer", "gru", "rnn"])
def test_recurrent_layers_of_other_shapes(both, name):
    """Loops would write to somebody else's memory where NumPy complains, or repeats what there is one of."""
    same(*both(lambda: recurrence(name)))
    if name in ("lstm_layer", "rnn"):
        same(*both(lambda: recurrence(name, state_rows=1)))
    assert compiled._loops is not None  # what comes second stays
    for wrong in ({"width": 3}, {"width": 5}, {"state_rows": 19}, {"state_rows": 21}, {"gates": 5}):
        if name != "lstm_layer" or "gates" not in wrong:
            with pytest.raises(ValueError, match="."):
                recurrence(name, **wrong)


@pytest.mark.parametrize("name", ["lstm", "lstm_layer", "gru", "rnn"])
def test_recurrent_layers_with_another_blas(both, monkeypatch, name):
    from nnx_numpy.compiled import numba_loops

    monkeypatch.setattr(numba_loops, "usable", False)
    for family in ("lstm", "gru", "rnn"):
        for way in ("_steps", "_steps_back"):
            monkeypatch.setattr(numba_loops, family + way, None)
    same(*both(lambda: recurrence(name)))


@pytest.mark.parametrize("shapes", [(40, 64, 64), (10, 128, 96), (30, 96, 80)])
@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_recurrent_layers_in_parts(both, monkeypatch, kind, shapes, name):
    """By several cores, each with sequences of its own."""
    monkeypatch.setattr(recurrent, "WORTH", 0)
    monkeypatch.setattr(recurrent, "cores", lambda: 3)
    (steps, rows, size), gates = shapes, 4 if name == "lstm" else 3

    def draw(*shape):
        return rng.standard_normal(shape).astype(kind) / 5

    z, states = draw(steps, rows, gates * size), [draw(rows, size) for _ in range(gates - 2)]
    weight, g = draw(gates * size, size), draw(steps, rows, size)
    rest = [None, None] if name == "lstm" else [None]
    forward, back = (Primitive.registry[n] for n in (name, name + "_back"))

    def run():
        outs = forward(z, *states, weight, *rest, reverse=False)
        gradients = back(g, *[None] * (len(outs) - 1), *outs, *states, weight, *rest[1:] * 2, reverse=False)
        return [*outs, *(x for x in gradients if x is not None)]

    same(*both(run))
